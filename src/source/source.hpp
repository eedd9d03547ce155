// A source: where the company's data is. One small interface, one implementation a kind, and one
// conformance suite over all of them.
//
// A Connection is one consistent view of the data for as long as it lives: everything a run reads
// comes from one Connection. It is opened read-only for the snapshot alone and closed after it, because
// another program may hold the file. Errors: invalid (SQL or settings; names the place), not_found,
// denied, unavailable (lost, timed out, locked by another program), cancelled.
// Threads: a Connection and its streams belong to one thread; cancelling goes by the stop token.
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/rows.hpp"
#include "core/source.hpp"
#include "core/sql_query.hpp"

namespace rollcall::source {

class RowStream {
 public:
  virtual ~RowStream() = default;
  [[nodiscard]] virtual const std::vector<ColumnInfo>& columns() const = 0;
  // Fills `batch` (reusing its memory) with the next rows, at most a few thousand; false at the end.
  virtual Result<bool> next(RowBatch& batch) = 0;
};

class Connection {
 public:
  virtual ~Connection() = default;
  // Columns and types of a table (as named in a model's `table`) or of a query, without reading rows.
  virtual Result<std::vector<ColumnInfo>> describe_table(const std::string& table) = 0;
  virtual Result<std::vector<ColumnInfo>> describe_query(const std::string& sql) = 0;
  virtual Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                                   const std::stop_token& stop) = 0;
};

struct OpenOptions {
  std::filesystem::path temp_directory = {};
  int64_t memory_limit_mb = 128;
};

// The kinds there are, for messages and validation.
const std::vector<std::string>& kinds();
// Opens by `source.kind`.
Result<std::unique_ptr<Connection>> open(const Source& source, const OpenOptions& options = {});

}  // namespace rollcall::source
