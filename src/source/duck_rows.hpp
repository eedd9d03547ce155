// What DuckDB returns as core's rows.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "duck/duck.hpp"
#include "source/source.hpp"
#include "source/sql_text.hpp"

namespace rollcall::source {

// The columns of a query as core's types, without reading rows.
Result<std::vector<ColumnInfo>> describe_rows(duck::Connection& connection, const std::string& sql);

Result<std::unique_ptr<RowStream>> stream_rows(duck::Connection& connection, const std::string& sql,
                                               const std::stop_token& stop);

}  // namespace rollcall::source
