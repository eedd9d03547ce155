#include "store/database.hpp"

namespace rollcall::store {

Result<int64_t> number_of(Database& database, const char* sql) {
  Statement row(database, sql);
  if (row.step() != Step::row) return row.trouble();
  return row.number(0);
}

}  // namespace rollcall::store
