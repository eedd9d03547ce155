// What kinds have in common that are servers: one query at a time, described before it is run, and
// with its first rows read ahead, because errors come with them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/quote.hpp"
#include "source/source.hpp"

namespace rollcall::source {

inline std::string literal(std::string_view text) { return quoted(text, '\''); }
inline std::string identifier(std::string_view name) { return quoted(name, '"'); }

// A column, and how the server is asked for it: with {} for the column; empty: as it is.
struct ColumnPlan {
  ColumnInfo info;
  std::string cast = {};
};

class ServerConnection : public Connection {
 public:
  // `stop` ends whatever has no stop token of its own.
  explicit ServerConnection(std::stop_token stop) : stop_(std::move(stop)) {}

  Result<std::vector<ColumnInfo>> describe_query(const std::string& sql) override;

 protected:
  // Of a query, which is not run.
  virtual Result<std::vector<ColumnPlan>> plans_of(const std::string& sql,
                                                   const std::stop_token& stop) = 0;
  // Begins a query, ending the one before; reads its next rows, for any thread; ends it.
  virtual Status start(const std::string& sql, std::vector<ColumnInfo> columns,
                       const std::stop_token& stop) = 0;
  virtual Result<bool> read(RowBatch& batch) = 0;
  virtual void finish() = 0;

  // Starts a query whose rows a caller wants.
  Result<std::unique_ptr<RowStream>> stream(const std::string& sql, std::vector<ColumnInfo> columns,
                                            const std::stop_token& stop);
  // All values of a query with one column of texts.
  Result<std::vector<std::string>> texts(const std::string& sql);

  const std::stop_token stop_;

 private:
  class Rows;
  uint64_t streams_ = 0;
};

// That a table, `name` in its schema, is not among those there.
Error no_table(const std::string& full_name, const std::string& name,
               const std::vector<std::string>& tables);

}  // namespace rollcall::source
