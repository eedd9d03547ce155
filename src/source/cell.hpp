// What the texts of a file stand for: the types that they could be of, strictly, and whether one
// fits a type. A text is a number only where nothing of it would be lost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model.hpp"

namespace rollcall::source {

// How values are written in a file, as its source says.
struct Writing {
  char decimal = '.';
  std::string date_format = {};
  std::string timestamp_format = {};
  bool operator==(const Writing&) const = default;
};

// What a text could be, a bit each.
enum Shape : uint32_t {
  kInteger = 1,
  kNumber = 1U << 1,
  kBoolean = 1U << 2,
  kDate = 1U << 3,
  kTimestamp = 1U << 4,
  kZoned = 1U << 5,
  // What it might be besides, for those who are asked.
  kLongNumber = 1U << 6,   // more digits than a number keeps
  kLooseNumber = 1U << 7,  // 007, +6, 1e3, blanks around
  kYesNo = 1U << 8,
  kDayMonthYear = 1U << 9,
  kMonthDayYear = 1U << 10,
  kDotted = 1U << 11,
  kDateOrTime = 1U << 12,
  kAll = (1U << 13) - 1,
};
uint32_t shapes_of(std::string_view text, const Writing& writing);

// The type of a column all of whose texts have these shapes in common.
ColumnType type_of(uint32_t shapes, const Writing& writing);
// What else it might be, and how to say so; empty when nothing suggests itself.
std::string doubt_of(uint32_t shapes);

bool fits(std::string_view text, const ColumnType& type, const Writing& writing);
// "a whole number", "a date written `%d.%m.%Y`".
std::string expected(const ColumnType& type);
// Whether we can read dates by it.
bool is_format(std::string_view format);
bool has_offset(std::string_view format);

}  // namespace rollcall::source
