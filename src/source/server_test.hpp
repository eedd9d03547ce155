// What the tests of single servers ask them: one value, or why there is none.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "source/source.hpp"

namespace rollcall::source {

struct Cell {
  FieldType type = FieldType::text;
  std::optional<std::string> text;
};

// One value, as text.
inline Result<Cell> read(Connection& connection, const std::string& sql) {
  auto stream = TRY(connection.query({.text = sql}, {}));
  RowBatch batch;
  Cell out{.type = stream->columns()[0].type, .text = std::nullopt};
  while (TRY(stream->next(batch)))
    for (size_t row = 0; row < batch.rows; ++row) {
      const Column& column = batch.columns[0];
      if (!column.valid[row]) continue;
      out.text = !column.texts.empty()     ? std::string(column.texts[row])
                 : !column.doubles.empty() ? std::to_string(column.doubles[row])
                                           : std::to_string(column.ints[row]);
    }
  return out;
}

inline Error failing(Connection& connection, const std::string& sql) {
  const auto cell = read(connection, sql);
  EXPECT_FALSE(cell.ok()) << sql;
  return cell.ok() ? Error{} : cell.error();
}

// What a SELECT of one column without a table gives, and as which type.
struct ValueCase {
  const char* sql;
  FieldType type;
  std::optional<std::string> text;
};
inline void expect_values(Connection& connection, std::initializer_list<ValueCase> cases) {
  for (const ValueCase& one : cases) {
    SCOPED_TRACE(one.sql);
    const auto cell = read(connection, std::string("SELECT ") + one.sql + " AS v");
    ASSERT_TRUE(cell.ok()) << cell.error().text();
    EXPECT_EQ(cell->type, one.type);
    EXPECT_EQ(cell->text, one.text);
  }
}

}  // namespace rollcall::source
