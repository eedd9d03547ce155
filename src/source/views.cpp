#include "source/views.hpp"

#include <algorithm>
#include <mutex>

#include "base/file.hpp"

namespace rollcall::source {

// Tells the connection of an error, after which its transaction is of no more use.
class ViewsConnection::Rows : public RowStream {
 public:
  Rows(ViewsConnection& connection, std::unique_ptr<RowStream> rows)
      : connection_(connection), rows_(std::move(rows)) {}
  [[nodiscard]] const std::vector<ColumnInfo>& columns() const override { return rows_->columns(); }
  Result<bool> next(RowBatch& batch) override {
    auto more = rows_->next(batch);
    if (more.ok() && *more) return true;
    const std::lock_guard lock(mutex_);
    more = connection_.kept(std::move(more));
    TRY(connection_.unchanged());
    return more;
  }

 private:
  ViewsConnection& connection_;
  std::unique_ptr<RowStream> rows_;
  std::mutex mutex_;  // protects the connection, at the end
};

Status ViewsConnection::open(const Needs& needs, const OpenOptions& options) {
  needs_ = needs;
  options_ = options;
  memory_mb_ = options.memory_limit_mb;
  return start();
}

Status ViewsConnection::start() {
  std::vector<std::filesystem::path> extensions;
  for (const std::string_view name : needs_.extensions) {
    const auto file = installed_file(std::string(name) + ".duckdb_extension");
    if (std::error_code ignored; !std::filesystem::exists(file, ignored))
      return Error{.kind = ErrorKind::not_found,
                   .message = "the file " + file.filename().string() +
                              ", with which DuckDB reads it, is not installed",
                   .remedy =
                       "Put it beside the program, or in lib/rollcall beside its folder: it "
                       "is DuckDB's own extension, of the same version."};
    extensions.push_back(file);
  }
  auto opened = duck::Database::open(":memory:", {.memory_limit_mb = memory_mb_,
                                                  .temp_directory = options_.temp_directory,
                                                  .extensions = extensions,
                                                  .setup = needs_.setup,
                                                  .select_only = true,
                                                  .reachable = needs_.reachable});
  if (!opened.ok()) return told(std::move(opened.error()));
  connection_.reset();
  database_ = std::move(opened.value());
  connection_ = TRY(
      database_->connect({.stop = options_.stop, .statement_timeout = options_.statement_timeout}));
  return ok_status();
}

Result<std::vector<ColumnInfo>> ViewsConnection::describe_table(const std::string& table) {
  TRY(ready());
  TRY(make_views({table}));
  return kept(in_context(describe_rows(*connection_, "SELECT * FROM " + duck::identifier(table)),
                         "table " + table));
}

Result<std::vector<ColumnInfo>> ViewsConnection::describe_query(const std::string& sql) {
  const std::string text = as_subquery(sql);
  TRY(ready());
  TRY(make_views(connection_->tables(text)));
  return kept(describe_rows(*connection_, text));
}

Result<std::unique_ptr<RowStream>> ViewsConnection::query(const SqlQuery& query,
                                                          const std::stop_token& stop) {
  TRY(ready());
  TRY(make_views(connection_->tables(query.text)));
  auto rows = TRY(kept(stream_rows(*connection_, query.text, stop)));
  return std::unique_ptr<RowStream>(std::make_unique<Rows>(*this, std::move(rows)));
}

Result<std::vector<std::string>> ViewsConnection::texts(const std::string& sql) {
  std::vector<std::string> out;
  auto rows = TRY(kept(connection_->stream(sql)));
  for (;;) {
    const duck::Chunk* chunk = TRY(kept(rows->next()));
    if (!chunk) return out;
    for (size_t row = 0; row < chunk->rows(); ++row) out.emplace_back(chunk->text(0, row));
  }
}

Status ViewsConnection::run(const std::string& sql) { return kept(connection_->run(sql)); }

Result<std::vector<duck::Stream::ColumnType>> ViewsConnection::types_of(const std::string& sql) {
  return kept(connection_->describe(sql));
}

Status ViewsConnection::ready() {
  if (!needs_.one_transaction || in_transaction_) return ok_status();
  (void)connection_->run("ROLLBACK");  // there may be none
  views_.clear();
  TRY(connection_->run("BEGIN TRANSACTION"));
  in_transaction_ = true;
  return ok_status();
}

Status ViewsConnection::make_views(const std::vector<std::string>& tables) {
  for (const std::string& table : tables) TRY(make_view(table));
  const int64_t needed = std::max(options_.memory_limit_mb, memory_needed_mb());
  if (needed <= memory_mb_) return ok_status();
  memory_mb_ = needed;
  views_.clear();
  TRY(start());
  for (const std::string& table : tables) TRY(make_view(table));
  return ok_status();
}

Status ViewsConnection::make_view(const std::string& table) {
  if (views_.contains(table)) return ok_status();
  const std::vector<std::string> selects = TRY(selects_of(table));
  for (const std::string& select : selects) {
    auto made = kept(connection_->run("CREATE VIEW " + duck::identifier(table) + " AS " + select));
    if (made.ok()) {
      const std::string typed = TRY(in_context(with_types(select), "table " + table));
      if (typed != select)
        TRY(run("CREATE OR REPLACE VIEW " + duck::identifier(table) + " AS " + typed));
      views_.insert(table);
      return ok_status();
    }
    if (made.error().kind != ErrorKind::not_found)
      return std::move(made.error()).in("table " + table);
  }
  return no_table(table);
}

// Without the source's secrets.
Error ViewsConnection::told(Error error) const {
  for (const Secret& secret : needs_.secrets)
    for (size_t at = 0;
         !secret.empty() && (at = error.message.find(secret.reveal(), at)) != std::string::npos;)
      error.message.replace(at, secret.reveal().size(), "***");
  return error;
}

template <class T>
Result<T> ViewsConnection::kept(Result<T> result) {
  if (result.ok()) return result;
  in_transaction_ = false;
  return told(std::move(result.error()));
}

}  // namespace rollcall::source
