#include "source/limited.hpp"

#include "base/json.hpp"

namespace rollcall::source {
namespace {

std::string bytes(size_t count) { return thousands(static_cast<int64_t>(count)) + " bytes"; }

class LimitedRows : public RowStream {
 public:
  explicit LimitedRows(std::unique_ptr<RowStream> rows) : rows_(std::move(rows)) {}

  [[nodiscard]] const std::vector<ColumnInfo>& columns() const override { return rows_->columns(); }

  Result<bool> next(RowBatch& batch) override {
    if (!TRY(rows_->next(batch))) return false;
    TRY(check(batch));
    return true;
  }

 private:
  Status check(const RowBatch& batch) const {
    size_t all = 0;
    for (const Column& column : batch.columns) all += column.texts.all().size();
    std::vector<size_t> row_bytes(batch.rows);
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      const Column& column = batch.columns[i];
      const bool nests = column.type == FieldType::list || column.type == FieldType::object ||
                         column.type == FieldType::json;
      if (!nests && all <= kValueBytesMax) continue;  // together they are fewer than one may have
      for (size_t row = 0; row < column.texts.size(); ++row) {
        const std::string_view text = column.texts[row];
        if (text.size() > kValueBytesMax)
          return too_much(i, "holds a value of " + bytes(text.size()) + "; " +
                                 bytes(kValueBytesMax) + " are the most");
        if (nests && nests_deeper(text))
          return too_much(i, "holds a value that nests more than " +
                                 std::to_string(kJsonLevelsMax) + " levels deep");
        row_bytes[row] += text.size();
        if (row_bytes[row] > kRowBytesMax)
          return too_much(
              i, "ends a row of more than " + bytes(kRowBytesMax) + ", the most there may be");
      }
    }
    return ok_status();
  }

  [[nodiscard]] Error too_much(size_t column, const std::string& what) const {
    return {.kind = ErrorKind::invalid,
            .message = "column `" + columns()[column].name + "` " + what,
            .remedy = "Shorten it in the model's `sql`, or leave the field out of the model."};
  }

  std::unique_ptr<RowStream> rows_;
};

class LimitedConnection : public Connection {
 public:
  explicit LimitedConnection(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)) {}

  Result<std::vector<std::string>> tables() override { return connection_->tables(); }
  Result<std::vector<ColumnInfo>> describe_table(const std::string& table) override {
    return connection_->describe_table(table);
  }
  Result<std::vector<ColumnInfo>> describe_query(const std::string& sql) override {
    return connection_->describe_query(sql);
  }
  Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                           const std::stop_token& stop) override {
    auto rows = TRY(connection_->query(query, stop));
    return std::unique_ptr<RowStream>(std::make_unique<LimitedRows>(std::move(rows)));
  }
  Result<std::optional<ValueCounts>> count_values(const std::string& table,
                                                  const std::string& column) override {
    return connection_->count_values(table, column);
  }
  [[nodiscard]] std::vector<Look> looks() const override { return connection_->looks(); }

 private:
  std::unique_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<Connection> limited(std::unique_ptr<Connection> connection) {
  return std::make_unique<LimitedConnection>(std::move(connection));
}

}  // namespace rollcall::source
