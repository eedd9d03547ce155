#include "operations/cells.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace rollcall::operations {
nlohmann::ordered_json cell_json(const Column& column, size_t row) {
  if (!column.valid[row]) return nullptr;
  switch (column.type) {
    case FieldType::boolean:
      return column.ints[row] != 0;
    case FieldType::integer:
      return column.ints[row];
    case FieldType::number:
      if (std::isfinite(column.doubles[row])) return column.doubles[row];
      break;
    case FieldType::list:
    case FieldType::object:
    case FieldType::json: {
      auto value = read_json<nlohmann::ordered_json>(column.texts[row]);
      if (!value.is_discarded()) return value;
      break;
    }
    case FieldType::decimal:
    case FieldType::text:
    case FieldType::date:
    case FieldType::timestamp:
      break;
  }
  return text_of(column, row);
}

}  // namespace rollcall::operations
