// What lies between a catalog that was read and the store, the same for a file and for one object.
#pragma once

#include "operations/apply.hpp"

namespace rollcall::operations {

// Compares `file` with what is stored, looks at the data of what it names, and stores it unless it
// is a dry run or there are problems.
Result<Applied> bring_in(const World& world, const Stored& stored, const Catalog& file, bool prune,
                         bool dry_run, const std::stop_token& stop);

}  // namespace rollcall::operations
