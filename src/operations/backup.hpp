// A home kept in one file, and a home out of such a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "operations/world.hpp"

namespace rollcall::operations {

struct Backup {
  Time made_at;
  int64_t activations = 0;  // whose record and ledger are in it
  uint64_t bytes = 0;       // of all files in it
  std::vector<std::string> warnings = {};
};

// Writes a tar archive: the catalog database as it is at one moment, the key that opens it, and of
// each activation the record with its ledger; who uses the home meanwhile is not held up. What is
// damaged is left out, with a warning. Errors: conflict (there is a file already, the key is being
// replaced), those of the disk.
Result<Backup> back_up(const World& world, const std::filesystem::path& to);

// Makes the home, all of it or nothing, from an archive whose every byte has been checked. Errors:
// conflict (the home is there and not empty), invalid (there is no such file), corrupt (not what
// back_up has written), those of the disk.
Result<Backup> restore(Disk& disk, Clock& clock, Random& random, const std::filesystem::path& from,
                       const Home& home);

nlohmann::ordered_json to_json(const Backup& backup);

}  // namespace rollcall::operations
