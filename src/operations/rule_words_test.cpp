#include "operations/rule_words.hpp"

#include <gtest/gtest.h>

#include "catalog/catalog.hpp"

namespace rollcall::operations {
namespace {

std::string words(const char* text) { return in_words(*catalog::read_rule(text)); }

TEST(RuleWordsTest, TellsEveryKindOfRule) {
  EXPECT_EQ(words("{field: ltv, op: gte, value: 500}"), "ltv ≥ 500");
  EXPECT_EQ(words("{field: name, op: eq, value: Ann, ignore_case: true}"),
            "name = 'Ann' (in any case)");
  EXPECT_EQ(words("{field: name, op: is_null}"), "name is null");
  EXPECT_EQ(words("{field: at, op: within_last, value: {days: 1}}"), "at within the last 1 day");
  EXPECT_EQ(words("{field: tier, op: in, value: [gold, silver]}"), "tier one of 'gold', 'silver'");
  EXPECT_EQ(words("{related: orders, count: {op: eq, value: 0}, where: {field: at, op: "
                  "within_last, value: {days: 90}}}"),
            "no orders where at within the last 90 days");
  EXPECT_EQ(words("{related: orders}"), "any orders");
  EXPECT_EQ(words("{related: orders, count: {op: gte, value: 2}}"), "number of orders ≥ 2");
  EXPECT_EQ(words("{not_in_segment: Opted out}"), "not in segment `Opted out`");
  EXPECT_EQ(words("{all: []}"), "everyone");
  EXPECT_EQ(words("{any: [{field: a, op: is_true}, {none: [{field: b, op: is_true}]}]}"),
            "(a is true or none of (b is true))");
}

}  // namespace
}  // namespace rollcall::operations
