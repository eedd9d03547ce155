// A page of Trino's, of any bytes: read or refused, and never a row with a column more or less.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/base.hpp"
#include "trino/trino.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rollcall::FieldType;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::vector<FieldType>> shapes = {
      {},
      {FieldType::integer},
      {FieldType::text, FieldType::number, FieldType::boolean},
      {FieldType::date, FieldType::timestamp, FieldType::decimal, FieldType::list}};
  for (const auto& types : shapes) {
    rollcall::RowBatch rows;
    const auto page = rollcall::trino::read_page(text, types, rows);
    if (!page.ok()) continue;
    for (const rollcall::Column& column : rows.columns) {
      CHECK(column.valid.size() == rows.rows);
      CHECK(column.ints.size() + column.doubles.size() + column.texts.size() == rows.rows);
    }
  }
  return 0;
}
