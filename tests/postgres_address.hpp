// Where the server is that tests/postgres.py started.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <string>

namespace rollcall::tests {

// As tests/postgres.py has it.
inline const std::string kPostgresPassword = "p'a\\ss %&=\u00e9\"word";

// Empty where no server was started.
inline std::string postgres_port() {
  std::ifstream in(POSTGRES_PORT_FILE);
  std::string out;
  std::getline(in, out);
  return out;
}

inline std::string in_an_address(const std::string& text) {
  std::string out;
  for (const char c : text) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

// As its administrator, who sees one schema alone, under its name.
inline std::string postgres_address(const std::string& schema) {
  return "postgresql://postgres:" + in_an_address(kPostgresPassword) +
         "@127.0.0.1:" + postgres_port() + "/postgres?application_name=" + schema +
         "&options=-csearch_path%3D" + schema;
}

}  // namespace rollcall::tests
