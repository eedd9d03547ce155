#include "source/attached.hpp"

#include <fmt/format.h>

namespace rollcall::source {

std::string AttachedConnection::full_name(const std::string& table) const {
  return "source." + duck::identifier(schema_) + "." + duck::identifier(table);
}

Result<std::vector<std::string>> AttachedConnection::tables() {
  if (tables_.empty())
    tables_ =
        TRY(texts("SELECT name FROM (SELECT table_name AS name, schema_name, database_name FROM "
                  "duckdb_tables() UNION ALL SELECT view_name, schema_name, database_name FROM "
                  "duckdb_views()) WHERE database_name = 'source' AND schema_name = " +
                  duck::literal(schema_) + " ORDER BY name LIMIT 10000"));
  return tables_;
}

Result<std::vector<std::string>> AttachedConnection::selects_of(const std::string& table) {
  for (const std::string& one : TRY(tables()))
    if (same_name(one, table)) return std::vector<std::string>{TRY(select_of(one))};
  return std::vector<std::string>();
}

Error AttachedConnection::no_table(const std::string& table) {
  return {.kind = ErrorKind::not_found,
          .message = fmt::format("there is no table `{}` in {}{}", table, where_,
                                 did_you_mean(table, tables_)),
          .remedy = tables_.empty() ? "It holds no tables that this user may read."
                                    : "Tables: " + some(tables_) + "."};
}

}  // namespace rollcall::source
