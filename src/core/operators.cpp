#include "core/operators.hpp"

#include "base/base.hpp"

namespace rollcall {

// clang-format off: tables

const std::vector<Operator>& operators() {
  using enum Op;
  static const std::vector<Operator> all = {
      {eq, Takes::value, true, "="},
      {ne, Takes::value, true, "≠"},
      {gt, Takes::number, false, ">"},
      {gte, Takes::number, false, "≥"},
      {lt, Takes::number, false, "<"},
      {lte, Takes::number, false, "≤"},
      {between, Takes::range, false, "between"},
      {in, Takes::values, true, "one of"},
      {not_in, Takes::values, true, "none of"},
      {contains, Takes::text, true, "contains"},
      {not_contains, Takes::text, true, "does not contain"},
      {starts_with, Takes::text, true, "starts with"},
      {ends_with, Takes::text, true, "ends with"},
      {matches, Takes::text, true, "matches"},
      {is_null, Takes::nothing, false, "is null"},
      {is_not_null, Takes::nothing, false, "is not null"},
      {is_blank, Takes::nothing, false, "is blank"},
      {is_true, Takes::nothing, false, "is true"},
      {is_false, Takes::nothing, false, "is false"},
      {before, Takes::day, false, "before"},
      {after, Takes::day, false, "after"},
      {on, Takes::day, false, "on"},
      {within_last, Takes::span, false, "within the last"},
      {not_within_last, Takes::span, false, "not within the last"},
      {within_next, Takes::span, false, "within the next"},
      {anniversary_within, Takes::span, false, "has its anniversary within"},
      {has, Takes::value, false, "has"},
      {has_any, Takes::values, false, "has any of"},
      {has_all, Takes::values, false, "has all of"},
      {is_empty, Takes::nothing, false, "is empty"},
      {is_not_empty, Takes::nothing, false, "is not empty"},
  };
  return all;
}

std::vector<Op> operators_of(FieldType type) {
  using enum Op;
  switch (type) {
    case FieldType::text:
      return {eq,          ne,        in,      not_in,  contains,    not_contains,
              starts_with, ends_with, matches, is_null, is_not_null, is_blank};
    case FieldType::integer:
    case FieldType::number:
    case FieldType::decimal:
      return {eq, ne, gt, gte, lt, lte, between, in, not_in, is_null, is_not_null};
    case FieldType::date:
    case FieldType::timestamp:
      return {before,      after,           on,          between,
              within_last, not_within_last, within_next, anniversary_within,
              is_null,     is_not_null};
    case FieldType::boolean:
      return {is_true, is_false, is_null, is_not_null};
    case FieldType::list:
      return {has, has_any, has_all, is_empty, is_not_empty, is_null, is_not_null};
    case FieldType::object:
    case FieldType::json:
      return {is_null, is_not_null};
  }
  return {};
}

std::vector<Op> operators_of_counts() {
  using enum Op;
  return {eq, ne, gt, gte, lt, lte, between, in, not_in};
}

// clang-format on

const Operator& operator_of(Op op) {
  const Operator& found = operators().at(static_cast<size_t>(op));
  CHECK(found.op == op);
  return found;
}

}  // namespace rollcall
