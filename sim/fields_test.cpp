#include "sim/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sim {
namespace {

using ::testing::ElementsAre;
using Verdict = FieldCheck::Verdict;

TEST(DateTest, ReadsTheFormsOnRecord) {
  EXPECT_EQ(parse_date("1970-01-01"), 0);
  EXPECT_EQ(parse_date("1970-01-02 00:00:01"), 86'401'000);
  EXPECT_EQ(parse_date("1970-01-01 02:00:00 +02:00"), 0);
  EXPECT_EQ(parse_date("1969-12-31 22:30:00 -01:30"), 0);
  EXPECT_EQ(parse_date("1970-01-01T00:00:00.001Z"), 1);
  EXPECT_EQ(parse_date("1970-01-01T01:00:00.000+01:00"), 0);
}

TEST(DateTest, RefusesWhatOnlyLooksLikeADate) {
  for (const char* text :
       {"", "2020", "2020-04", "2020-4-13", "2020-13-01", "2020-02-30", "2020-04-13 14:04:09.000",
        "2020-04-13 14:04", "2020-04-13T14:04:09Z", "2020-04-13 24:00:00",
        "2020-04-13 14:04:09 UTC", "2020-04-13 ", "2020-04-13T14:04:09.000", "GGG", "13/04/2020"}) {
    EXPECT_FALSE(parse_date(text).has_value()) << text;
  }
}

TEST(DateTest, ComesBackInOneForm) {
  EXPECT_EQ(format_date(*parse_date("2020-08-19T20:50:04.000Z")), "2020-08-19 20:50:04 +00:00");
  EXPECT_EQ(format_date(*parse_date("2020-08-19")), "2020-08-19 00:00:00 +00:00");
}

class FieldsTest : public ::testing::Test {
 protected:
  // Checks one row; its new fields are recorded if it fits.
  Verdict write(std::string_view text, bool create = true) {
    FieldCheck check(registry_, policy_, create);
    row_ = Json::parse(text);
    Verdict verdict = check.check(row_);
    conflict_ = check.conflict();
    created_ = check.created();
    filtered_ = check.filtered_out();
    if (verdict == Verdict::fits) check.commit(registry_);
    return verdict;
  }

  FieldRegistry registry_{ProjectType::hybrid};
  FieldPolicy policy_;
  Json row_;
  FieldConflict conflict_;
  std::vector<std::string> created_;
  std::vector<std::string> filtered_;
};

TEST_F(FieldsTest, FirstValueFixesTheType) {
  ASSERT_EQ(write(R"({"s":"x","l":1,"d":1.5,"b":true,"t":"2020-01-01","o":{"in":{"deep":1}},
                      "a":["x"],"home_geo_location":{"lat":1.0,"lon":2}})"),
            Verdict::fits);
  EXPECT_EQ(registry_.type_of("s"), FieldType::string);
  EXPECT_EQ(registry_.type_of("l"), FieldType::long_);
  EXPECT_EQ(registry_.type_of("d"), FieldType::double_);
  EXPECT_EQ(registry_.type_of("b"), FieldType::boolean);
  EXPECT_EQ(registry_.type_of("t"), FieldType::date);
  EXPECT_EQ(registry_.type_of("o"), FieldType::object);
  EXPECT_EQ(registry_.type_of("o.in"), FieldType::object);
  EXPECT_EQ(registry_.type_of("o.in.deep"), FieldType::long_);
  EXPECT_EQ(registry_.type_of("a"), FieldType::string);
  EXPECT_EQ(registry_.type_of("home_geo_location"), FieldType::geo_location);
  EXPECT_EQ(registry_.custom_count(), 10);
  EXPECT_EQ(row_["t"], "2020-01-01 00:00:00 +00:00");
}

TEST_F(FieldsTest, LaterValueOfAnotherTypeConflicts) {
  ASSERT_EQ(write(R"({"s":"x","l":1,"d":1.5,"b":true,"t":"2020-01-01","o":{"n":1}})"),
            Verdict::fits);
  for (const char* text : {R"({"l":"1"})", R"({"l":1.5})", R"({"d":1})", R"({"s":1})",
                           R"({"b":"true"})", R"({"t":"soon"})", R"({"t":1})", R"({"o":1})",
                           R"({"o":{"n":"x"}})", R"({"l":[1,"x"]})", R"({"s":{"x":1}})"}) {
    EXPECT_EQ(write(text), Verdict::conflict) << text;
  }
  EXPECT_EQ(write(R"({"t":"GGG"})"), Verdict::conflict);
  EXPECT_EQ(conflict_.field, "t");
  EXPECT_EQ(conflict_.expected, FieldType::date);
  EXPECT_THAT(conflict_.incoming_types, ElementsAre("string", "keyword"));
  EXPECT_EQ(conflict_.offending, "GGG");
  // A text is a text, even one that reads like a date; and it stays as it was sent.
  EXPECT_EQ(write(R"({"s":"2020-01-01","l":[1,2]})"), Verdict::fits);
  EXPECT_EQ(row_["s"], "2020-01-01");
}

TEST_F(FieldsTest, NumbersMayBeLenientBySwitch) {
  ASSERT_EQ(write(R"({"l":1,"d":1.5})"), Verdict::fits);
  policy_.numbers_are_exact = false;
  EXPECT_EQ(write(R"({"l":1.5,"d":1})"), Verdict::fits);
  EXPECT_EQ(write(R"({"l":"1"})"), Verdict::conflict);
}

TEST_F(FieldsTest, TwoRowsOfABatchMustAgree) {
  FieldCheck check(registry_, policy_, true);
  Json first = {{"x", 1}};
  Json second = {{"x", "one"}, {"y", 1}};
  Json third = {{"y", "fine, as the second row counted for nothing"}};
  EXPECT_EQ(check.check(first), Verdict::fits);
  EXPECT_EQ(check.check(second), Verdict::conflict);
  EXPECT_EQ(check.check(third), Verdict::fits);
  EXPECT_THAT(check.created(), ElementsAre("x", "y"));
}

TEST_F(FieldsTest, UnknownFieldsAreDroppedWhenNothingMayBeCreated) {
  ASSERT_EQ(write(R"({"o":{"known":1}})"), Verdict::fits);
  ASSERT_EQ(write(R"({"new":1,"o":{"known":2,"other":3},"gone":null})", false), Verdict::fits);
  EXPECT_EQ(row_, Json::parse(R"({"o":{"known":2}})"));
  EXPECT_THAT(filtered_, ElementsAre("new", "o.other"));
  EXPECT_THAT(created_, ElementsAre());
}

TEST_F(FieldsTest, NullAndEmptyArrayCreateNothing) {
  ASSERT_EQ(write(R"({"a":null,"b":[]})"), Verdict::fits);
  EXPECT_EQ(row_, Json::object());
  EXPECT_EQ(registry_.custom_count(), 0);
}

TEST_F(FieldsTest, WhatCannotBeStoredIsInvalid) {
  EXPECT_EQ(write(R"({"":1})"), Verdict::invalid);
  EXPECT_EQ(write(R"({"a.b":1})"), Verdict::invalid);
  EXPECT_EQ(write(R"({"a":[[1]]})"), Verdict::invalid);
  EXPECT_EQ(write(R"({"a":[null]})"), Verdict::invalid);
  EXPECT_EQ(write("{\"a\":\"" + std::string(32'001, 'x') + "\"}"), Verdict::invalid);
  EXPECT_EQ(write("{\"a\":\"" + std::string(32'000, 'x') + "\"}"), Verdict::fits);
}

TEST_F(FieldsTest, NamesKeepTheirCaseAndSpaces) {
  ASSERT_EQ(write(R"({"Lifetime Value":1,"lifetime value":"x"})"), Verdict::fits);
  EXPECT_EQ(registry_.type_of("Lifetime Value"), FieldType::long_);
  EXPECT_EQ(registry_.type_of("lifetime value"), FieldType::string);
}

TEST_F(FieldsTest, LimitCountsNestedFields) {
  policy_.limit = 3;
  FieldCheck check(registry_, policy_, true);
  Json fits = Json::parse(R"({"o":{"a":1,"b":2}})");
  check.check(fits);
  EXPECT_FALSE(check.is_over_limit());
  Json over = {{"c", 1}};
  check.check(over);
  EXPECT_TRUE(check.is_over_limit());
}

}  // namespace
}  // namespace sim
