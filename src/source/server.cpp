#include "source/server.hpp"

#include <atomic>
#include <utility>

#include "source/sql_text.hpp"

namespace rollcall::source {

class ServerConnection::Rows : public RowStream {
 public:
  Rows(ServerConnection& connection, std::vector<ColumnInfo> columns)
      : connection_(connection), columns_(std::move(columns)), number_(++connection.streams_) {}
  ~Rows() override {
    if (number_ == connection_.streams_) connection_.finish();
  }
  // Errors come with the first rows, and belong to the query.
  Status first() {
    more_ = TRY(connection_.read(ahead_));
    return ok_status();
  }
  [[nodiscard]] const std::vector<ColumnInfo>& columns() const override { return columns_; }
  Result<bool> next(RowBatch& batch) override {
    if (number_ != connection_.streams_)
      return Error{.kind = ErrorKind::conflict, .message = "another query was begun meanwhile"};
    if (!has_ahead_.exchange(false)) return connection_.read(batch);
    std::swap(batch, ahead_);
    return more_;
  }

 private:
  ServerConnection& connection_;
  std::vector<ColumnInfo> columns_;
  uint64_t number_;
  RowBatch ahead_;
  bool more_ = false;
  std::atomic<bool> has_ahead_ = true;
};

Result<std::vector<ColumnInfo>> ServerConnection::describe_query(const std::string& sql) {
  std::vector<ColumnInfo> out;
  for (ColumnPlan& plan : TRY(plans_of(as_subquery(sql), stop_)))
    out.push_back(std::move(plan.info));
  return out;
}

Result<std::unique_ptr<RowStream>> ServerConnection::stream(const std::string& sql,
                                                            std::vector<ColumnInfo> columns,
                                                            const std::stop_token& stop) {
  auto rows = std::make_unique<Rows>(*this, columns);
  TRY(start(sql, std::move(columns), stop));
  TRY(rows->first());
  return std::unique_ptr<RowStream>(std::move(rows));
}

Result<std::vector<std::string>> ServerConnection::texts(const std::string& sql) {
  TRY(start(sql, std::vector<ColumnInfo>(1), stop_));
  std::vector<std::string> out;
  RowBatch batch;
  while (TRY(read(batch)))
    for (size_t row = 0; row < batch.rows; ++row) out.emplace_back(batch.columns[0].texts[row]);
  return out;
}

Error no_table(const std::string& full_name, const std::string& name,
               const std::vector<std::string>& tables) {
  return {.kind = ErrorKind::not_found,
          .message = "there is no table `" + full_name + "`" + did_you_mean(name, tables),
          .remedy = tables.empty() ? "Its schema holds no tables that we may see."
                                   : "Tables: " + some(tables) + "."};
}

}  // namespace rollcall::source
