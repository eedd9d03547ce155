// The operators of rules, once: which of them a field of a type has, what each takes and how it is
// read. Catalog files are read by it, rules compiled by it, and the documents held to it.
#pragma once

#include <string_view>
#include <vector>

#include "core/rows.hpp"
#include "core/rule.hpp"
#include "core/words.hpp"

namespace rollcall {

// What an operator compares with: its `value`.
enum class Takes {
  nothing,
  value,   // one, of the field's type
  text,    // one
  number,  // one, in whatever is ordered
  values,  // a list of at least one
  range,   // a list of two: from, to
  day,     // a date, a time or a span
  span,    // {days: 90}
};
template <>
struct Words<Takes> {
  using enum Takes;
  static constexpr auto all = std::to_array<Word<Takes>>({{"nothing", nothing},
                                                          {"value", value},
                                                          {"text", text},
                                                          {"number", number},
                                                          {"values", values},
                                                          {"range", range},
                                                          {"day", day},
                                                          {"span", span}});
};

struct Operator {
  Op op = Op::eq;
  Takes takes = Takes::nothing;
  bool ignores_case = false;     // of texts, where a rule says `ignore_case: true`
  std::string_view phrase = {};  // between a field and a value: "does not contain"
};

// Every operator, in the order of Op.
const std::vector<Operator>& operators();
const Operator& operator_of(Op op);

// Those a field of that type has.
std::vector<Op> operators_of(FieldType type);
// Those that a number of related rows is compared by.
std::vector<Op> operators_of_counts();

}  // namespace rollcall
