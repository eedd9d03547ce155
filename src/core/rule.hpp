// A rule: which people a segment holds, as a tree. Values only; catalog reads it, compile prints
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rollcall {

// Where something was written, for errors. Lines and columns count from 1; 0 is "not from a file".
struct Place {
  int line = 0;
  int column = 0;
  // Where a thing stands is not part of what it is.
  bool operator==(const Place&) const { return true; }
};

struct Duration {
  enum class Unit { minutes, hours, days, weeks, months, years };
  Unit unit = Unit::days;
  int64_t count = 0;
  bool operator==(const Duration&) const = default;
};

// A scalar as written. Dates and times are text here; compile reads them by the field's type.
using Scalar = std::variant<bool, int64_t, double, std::string>;
// Nothing, one scalar, several (in, between, has_any…), or a duration.
using Operand = std::variant<std::monostate, Scalar, std::vector<Scalar>, Duration>;

enum class Op {
  eq,
  ne,
  gt,
  gte,
  lt,
  lte,
  between,
  in,
  not_in,
  contains,
  not_contains,
  starts_with,
  ends_with,
  matches,
  is_null,
  is_not_null,
  is_blank,
  is_true,
  is_false,
  before,
  after,
  on,
  within_last,
  not_within_last,
  within_next,
  anniversary_within,
  has,
  has_any,
  has_all,
  is_empty,
  is_not_empty,
};

struct Rule;

struct AllOf {
  std::vector<Rule> rules;
  bool operator==(const AllOf&) const;
};
struct AnyOf {
  std::vector<Rule> rules;
  bool operator==(const AnyOf&) const;
};
struct NoneOf {
  std::vector<Rule> rules;
  bool operator==(const NoneOf&) const;
};

struct FieldTest {
  std::string field;
  Op op = Op::eq;
  Operand value = {};
  bool ignore_case = false;
  bool operator==(const FieldTest&) const = default;
};

enum class Aggregate { count, count_distinct, sum, avg, min, max };

// What the related rows that satisfy `where` come to: how many they are (at least one unless said
// otherwise), or what their values of a field add up to.
struct RelatedTest {
  std::string relation;
  Aggregate aggregate = Aggregate::count;
  std::string field = {};  // of the related model; empty for count
  Op op = Op::gte;
  Operand value = Scalar(int64_t{1});
  std::shared_ptr<const Rule> where = nullptr;  // null: any row
  bool operator==(const RelatedTest&) const;
};

struct SegmentTest {
  std::string segment;
  bool member = true;  // false: not_in_segment
  bool operator==(const SegmentTest&) const = default;
};

struct Rule {
  std::variant<AllOf, AnyOf, NoneOf, FieldTest, RelatedTest, SegmentTest> test = AllOf{};
  Place place = {};
  bool added = false;  // by an activation: no node of what the segment says
  bool operator==(const Rule&) const = default;
};

inline bool AllOf::operator==(const AllOf& o) const { return rules == o.rules; }
inline bool AnyOf::operator==(const AnyOf& o) const { return rules == o.rules; }
inline bool NoneOf::operator==(const NoneOf& o) const { return rules == o.rules; }
inline bool RelatedTest::operator==(const RelatedTest& o) const {
  const bool same_where = where && o.where ? *where == *o.where : !where && !o.where;
  return relation == o.relation && aggregate == o.aggregate && field == o.field && op == o.op &&
         value == o.value && same_where;
}

}  // namespace rollcall
