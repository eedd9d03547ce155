// The kinds of source and the keys of each, once: a catalog file is read by it, a source is opened
// by it, a table's name is printed by it, and docs/sources.md is held to it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

// Whose SQL a source speaks.
enum class Dialect { duckdb, postgres, trino };

struct SourceOption {
  enum class Kind { text, path, url, flag, port, lines, sample, span, secret };
  std::string key;
  Kind kind = Kind::text;
  bool required = false;
  std::vector<std::string> words = {};  // text: when not empty, one of these
};

struct SourceKind {
  std::string name = {};
  std::vector<SourceOption> options = {};
  Dialect dialect = Dialect::duckdb;
  // Tables are files that lie somewhere; what is wrong with one, every run trips over.
  bool of_files = false;
  // The files do not say the types of their columns; they are found, and keys are as written.
  bool of_texts = false;
  // A dot in a table's name parts what it is in from what it is.
  bool names_are_parted = false;
  // A warehouse: snapshots could be kept and compared there.
  bool keeps_state = false;
};

// By name.
const std::vector<SourceKind>& source_kinds();
// One without a name where there is no such kind.
const SourceKind& source_kind(std::string_view name);
std::vector<std::string> source_kind_names();

}  // namespace rollcall
