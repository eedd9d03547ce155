// Conditions as SQL.
//
// A printed condition may be null where a field is: within WHERE, CASE and under AND and OR that is
// as good as false. Only where a condition is turned round or handed on must it be made false
// first, so that every operator is false for a null and only `none` negates. Conditions that need
// no wrapping reach the table as they are, and the engine skips what they exclude.
#pragma once

#include <functional>
#include <string>

#include "base/base.hpp"
#include "compile/graph.hpp"

namespace rollcall::compile {

// A row that an expression is over.
struct Row {
  const Model* model = nullptr;
  std::string alias;
};

class ConditionPrinter {
 public:
  // `rows`: the name of the table that holds a model's columns up to a level.
  ConditionPrinter(const Printer& printer, Time now,
                   std::function<std::string(const Model& model, int level)> rows)
      : printer_(printer), now_(now), rows_(std::move(rows)) {}

  // Parts stand a line each; lines after the first are indented by `indent` spaces. Errors: a value
  // of the wrong type.
  Result<std::string> print(const Condition& condition, const Row& row, size_t indent);
  // Likewise, and never null.
  Result<std::string> print_sure(const Condition& condition, const Row& row, size_t indent);

  // The rows a relation leads to: what follows FROM, and the column that is equal to the join's
  // key.
  struct Related {
    std::string from;
    std::string key;
    Row row;
  };
  // `level`: the highest of what is used of the other model. `once`: each related row is found
  // once, whatever the join model holds.
  Related related(const Join& join, int level, size_t indent, bool once);

  [[nodiscard]] std::string column(const Row& row, const Node& node) const {
    return row.alias + "." + printer_.identifier(node.column);
  }
  [[nodiscard]] std::string literal(const Scalar& value) const;
  [[nodiscard]] std::string today(const std::string& zone) const;

 private:
  Result<std::string> test(const Condition& condition, const Row& row) const;
  Result<std::string> text_test(const Condition& condition, const std::string& value) const;
  Result<std::string> number_test(const Condition& condition, const std::string& value) const;
  Result<std::string> list_test(const Condition& condition, const std::string& value) const;
  Result<std::string> day_test(const Condition& condition, const std::string& value, bool is_date,
                               const std::string& zone) const;
  Result<std::string> duration_test(const Condition& condition, const std::string& value,
                                    bool is_date, const std::string& zone) const;
  Result<std::string> related_test(const Condition& condition, const Row& row, size_t indent);
  [[nodiscard]] std::string now() const;

  const Printer& printer_;
  Time now_;
  std::function<std::string(const Model& model, int level)> rows_;
  int aliases_ = 0;
};

}  // namespace rollcall::compile
