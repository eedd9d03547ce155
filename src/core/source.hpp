// A source: a connection to the company's own data. `kind` names the implementation; `options` are
// the keys that kind documents (duckdb: path; parquet, csv: path; postgres: url …), as written.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/base.hpp"
#include "core/rule.hpp"

namespace rollcall {

struct Source {
  std::string name;
  std::optional<std::string> id = std::nullopt;
  std::string kind;  // duckdb | parquet | csv | …
  std::map<std::string, std::string> options = {};
  std::map<std::string, Secret> secrets = {};  // those options that are secret (password, token)
  // Where those came from, by the same names: "${NAME}" or "file:PATH" as written.
  std::map<std::string, std::string> secret_references = {};
  std::string uid = {};  // given by the store, for ever. Never in a file
  Place place = {};
};

}  // namespace rollcall
