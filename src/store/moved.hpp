// Where the catalog of a home is, said at the place where it is not.
#pragma once

#include "store/database.hpp"

namespace rollcall::store {

// Errors: conflict, where the catalog is elsewhere by now, or was not moved here to the end.
Status refuse_moved(Database& database);
// The file of SQLite in the home says that the catalog is in `database`, so that who forgets to name
// that does not begin another. Errors: conflict, where the file holds a catalog itself.
Status point_to(Database& database, Disk& disk, const std::filesystem::path& home, Time now);

}  // namespace rollcall::store
