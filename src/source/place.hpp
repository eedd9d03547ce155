// Where files are that a source reads: a folder, one file or a pattern, on this machine or in an
// object store that speaks as S3 does.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/source.hpp"
#include "source/views.hpp"

namespace rollcall::source {

bool has_pattern(std::string_view text);
// As DuckDB takes a path: letter by letter, whatever characters of patterns are in it.
std::string literal_path(const std::string& path);
// Likewise of a path with patterns in it: folders that are there letter by letter are none.
std::string pattern_of(const std::string& path);

struct Place {
  std::string root;          // without a slash at its end
  std::string pattern = {};  // as DuckDB takes it, where the root is one
  bool remote = false;
  bool is_folder = false;

  // The last part of its name.
  [[nodiscard]] std::string last() const;
  // The path of a table that is named relative to the folder. Errors: denied (one outside).
  [[nodiscard]] Result<std::string> below(const std::string& table) const;
  // The folder or file without whatever is a pattern.
  [[nodiscard]] std::filesystem::path fixed() const;
  // That, and as DuckDB is asked for it.
  [[nodiscard]] std::vector<std::filesystem::path> reachable() const;
  // Names in the folder, and whether each is a folder; the first ten thousand. Nothing where it is
  // remote: asking would be a listing of everything below.
  [[nodiscard]] std::vector<std::pair<std::string, bool>> entries() const;
};

// Of the source's `path`. In a store, what ends with one of the endings is a file. Errors: invalid
// (missing, or an address of another kind), not_found.
Result<Place> place_of(const Source& source, const std::vector<std::string>& file_endings);

// What DuckDB needs to read there. Errors: invalid (options of a store without one).
Status add_store(const Source& source, const Place& place, ViewsConnection::Needs& needs);

}  // namespace rollcall::source
