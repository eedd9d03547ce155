#include "operations/rule_words.hpp"

#include <fmt/format.h>

#include "base/base.hpp"
#include "core/operators.hpp"

namespace rollcall::operations {
namespace {

std::string value_words(const Scalar& scalar) {
  struct Visitor {
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(const std::string& value) const { return "'" + value + "'"; }
  };
  return std::visit(Visitor{}, scalar);
}

std::string value_words(const Duration& duration) {
  return fmt::format("{} {}", duration.count,
                     duration.count == 1 ? singular(duration.unit) : word(duration.unit));
}

std::string operand_words(const Operand& operand) {
  struct Visitor {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const Scalar& value) const { return value_words(value); }
    std::string operator()(const std::vector<Scalar>& values) const {
      constexpr size_t kNamed = 6;
      std::vector<std::string> words;
      for (const Scalar& value : values) {
        if (words.size() == kNamed) {
          words.push_back(fmt::format("… {} in all", values.size()));
          break;
        }
        words.push_back(value_words(value));
      }
      return join(words, ", ");
    }
    std::string operator()(const Duration& value) const { return value_words(value); }
  };
  return std::visit(Visitor{}, operand);
}

std::string_view op_words(Op op) { return operator_of(op).phrase; }

std::string_view aggregate_words(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::count:
      return "number";
    case Aggregate::count_distinct:
      return "number of different values";
    case Aggregate::sum:
      return "sum";
    case Aggregate::avg:
      return "average";
    case Aggregate::min:
      return "least";
    case Aggregate::max:
      return "greatest";
  }
  return "";
}

std::string listed(const std::vector<Rule>& rules, const char* between) {
  std::vector<std::string> words;
  for (const Rule& rule : rules) words.push_back(operations::in_words(rule));
  return "(" + join(words, between) + ")";
}

std::string number_of(const RelatedTest& test) {
  if (test.aggregate != Aggregate::count)
    return fmt::format("{} of {} of {} {} {}", aggregate_words(test.aggregate), test.field,
                       test.relation, op_words(test.op), operand_words(test.value));
  const auto* scalar = std::get_if<Scalar>(&test.value);
  const auto* number = scalar ? std::get_if<int64_t>(scalar) : nullptr;
  if (number && test.op == Op::eq && *number == 0) return "no " + test.relation;
  if (number && test.op == Op::gte && *number == 1) return "any " + test.relation;
  return fmt::format("number of {} {} {}", test.relation, op_words(test.op),
                     operand_words(test.value));
}

struct RuleWords {
  std::string operator()(const AllOf& all) const {
    return all.rules.empty() ? "everyone" : listed(all.rules, " and ");
  }
  std::string operator()(const AnyOf& any) const {
    return any.rules.empty() ? "nobody" : listed(any.rules, " or ");
  }
  std::string operator()(const NoneOf& none) const {
    return none.rules.empty() ? "everyone" : "none of " + listed(none.rules, ", ");
  }
  std::string operator()(const FieldTest& test) const {
    std::string out = fmt::format("{} {}", test.field, op_words(test.op));
    if (const std::string value = operand_words(test.value); !value.empty()) out += " " + value;
    return test.ignore_case ? out + " (in any case)" : out;
  }
  std::string operator()(const RelatedTest& test) const {
    return number_of(test) + (test.where ? " where " + operations::in_words(*test.where) : "");
  }
  std::string operator()(const SegmentTest& test) const {
    return (test.member ? "in segment `" : "not in segment `") + test.segment + "`";
  }
};

}  // namespace

std::string in_words(const Rule& rule) { return std::visit(RuleWords{}, rule.test); }

}  // namespace rollcall::operations
