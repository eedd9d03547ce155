// Runs SQL files against a DuckDB file: how the sample shop is made and changed. Usage:
//   shopgen DATABASE [--extension FILE] [--set NAME=VALUE] FILE.sql…
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "duck/duck.hpp"

int main(int argc, char** argv) {
  using namespace rollcall;
  constexpr int64_t kMemoryMb = 4000;  // generating TPC-DS at scale 1 sorts some of it
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: shopgen DATABASE [--extension FILE] [--set NAME=VALUE] FILE.sql…\n");
    return 2;
  }
  duck::Options options{.memory_limit_mb = kMemoryMb};
  std::vector<std::string> files;
  std::string variables;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--extension" && i + 1 < argc) {
      options.extensions.emplace_back(argv[++i]);
    } else if (argument == "--set" && i + 1 < argc) {
      const std::string pair = argv[++i];
      const size_t is = pair.find('=');
      if (is == std::string::npos) {
        std::fprintf(stderr, "shopgen: --set NAME=VALUE\n");
        return 2;
      }
      variables += "SET VARIABLE " + duck::identifier(pair.substr(0, is)) + " = " +
                   pair.substr(is + 1) + ";\n";
    } else {
      files.push_back(argument);
    }
  }
  const auto work = [&]() -> Status {
    const auto database = TRY(duck::Database::open(argv[1], options));
    const auto connection = TRY(database->connect());
    if (!variables.empty()) TRY(connection->run(variables));
    for (const std::string& name : files) {
      std::ifstream in(name, std::ios::binary);
      if (!in) return Error{ErrorKind::not_found, "cannot read " + name};
      const std::string sql((std::istreambuf_iterator<char>(in)), {});
      TRY(in_context(connection->run(sql), name));
    }
    return ok_status();
  };
  const Status done = work();
  if (done.ok()) return 0;
  std::fprintf(stderr, "shopgen: %s\n", done.error().text().c_str());
  return 1;
}
