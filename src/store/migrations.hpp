// The tables, step by step: one list for both engines.
#pragma once

#include <cstdint>
#include <string>

#include "store/database.hpp"

namespace rollcall::store {

enum class Engine { sqlite, postgres };

// How many steps there are. A database says how many it has taken.
int64_t newest_version();
// What leads from `version` to the next one.
std::string migration(int64_t version, Engine engine);

struct Table {
  const char* name;
  const char* columns;
};
// All that is kept, in an order in which each may be filled after those before it. Leases are not:
// they belong to whoever holds them.
extern const Table kTables[10];
// All of them, within a transaction of each, in place of what is there. Leases stay where they are.
Status copy_all(Database& from, Database& to);

}  // namespace rollcall::store
