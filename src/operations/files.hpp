// Files that people bring for sources of files. They lie in the home, under a name of their own,
// and a source says that name as its `path`.
//
// A file comes in pieces, so that a request is small and one that is cut off loses a piece alone.
// It is not there before its last piece is, and replaces what bore its name then.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "operations/world.hpp"

namespace rollcall::operations {

struct BroughtFile {
  std::string name;
  std::filesystem::path path = {};
  uint64_t bytes = 0;
  bool complete = true;
  // Sources, by name: of this file, or of its folder with a model that reads it.
  std::vector<std::string> used_by = {};
};

struct FilePiece {
  std::string name;
  std::string by = {};          // whose upload it is: two may bring the same name at once
  uint64_t from = 0;            // where in the file; 0 begins anew
  std::string_view bytes = {};  // of this piece
  bool more = false;            // pieces come
};

// By name.
Result<std::vector<BroughtFile>> files(const World& world, const Stored& stored);
// Errors: invalid (name, size: `bytes_max` of the whole file), conflict (code `upload_elsewhere`: the
// piece does not follow what is there), unavailable (a full disk).
Result<BroughtFile> bring_file(const World& world, const FilePiece& piece, uint64_t bytes_max);
// Errors: not_found; conflict while a source reads it.
Status remove_file(const World& world, const Stored& stored, const std::string& name);

nlohmann::ordered_json to_json(const BroughtFile& file);

}  // namespace rollcall::operations
