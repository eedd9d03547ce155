// The command line: parses, calls one function, prints. The world comes from app.
//
// What is asked for goes to stdout (with --json exactly one JSON value), everything else to stderr.
// Nothing that is printed holds an API key.
#pragma once

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"
#include "core/observer.hpp"
#include "http/http.hpp"
#include "store/store.hpp"

namespace rollcall::cli {

struct World {
  Clock& clock;
  Random& random;
  http::Transport& transport;
  Workers& workers;
  Disk& disk;
  Observer& observer;  // sees every named point; progress is shown by this room
  // `server`: the address of its database; nothing: SQLite, in the home.
  std::function<Result<std::unique_ptr<store::Store>>(const std::filesystem::path& home,
                                                      const std::optional<Secret>& server)>
      open_store;
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::FILE* out;
  std::FILE* err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int columns = 80;  // of the terminal
  std::string version;
};

// Runs one command; `words` without the program's name. Returns the exit code.
int main(const World& world, std::vector<std::string> words, const std::stop_token& stop);

}  // namespace rollcall::cli
