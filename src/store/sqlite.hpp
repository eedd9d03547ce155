// SQLite, in a file of the home.
#pragma once

#include "store/database.hpp"

namespace rollcall::store {

// Opens a file, making it if need be, and brings it to the newest version. What is not ours, or
// newer than we are, is refused before anything is written to it.
Result<std::unique_ptr<Database>> open_sqlite(Disk& disk, const std::filesystem::path& path);
// One that is read and never written, and is ours.
Result<std::unique_ptr<Database>> look_at_sqlite(const std::filesystem::path& path);

}  // namespace rollcall::store
