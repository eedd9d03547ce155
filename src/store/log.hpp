// The log of what people and programs did. Whoever calls holds the store's lock.
#pragma once

#include <vector>

#include "store/database.hpp"
#include "store/store.hpp"

namespace rollcall::store {

Status write_log(Database& database, const LogLine& line);
Result<std::vector<LogLine>> read_log(Database& database, const LogQuery& query);

}  // namespace rollcall::store
