#include "attributes/attributes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace rollcall::attributes {
namespace {

struct Cell {
  FieldType from;
  int64_t integer = 0;
  double number = 0;
  std::string text = {};
};

std::optional<std::string> wire(const Cell& cell,
                                std::optional<AttributeType> type = std::nullopt) {
  Column column{cell.from, {1}, {cell.integer}, {cell.number}, {}};
  column.texts.append(cell.text);
  Target target{"f", "t", cell.from, type ? type : natural_type(cell.from)};
  std::string out;
  int64_t unholdable = 0;
  if (!append_value(out, column, 0, target, unholdable)) return std::nullopt;
  return out;
}

TEST(AttributeValueTest, WritesEachTypeInIterablesForm) {
  EXPECT_EQ(wire({.from = FieldType::boolean, .integer = 1}), "true");
  EXPECT_EQ(wire({.from = FieldType::integer, .integer = INT64_MIN}), "-9223372036854775808");
  EXPECT_EQ(wire({.from = FieldType::number, .number = 417}), "417.0");
  EXPECT_EQ(wire({.from = FieldType::number, .number = 0.1}), "0.1");
  EXPECT_EQ(wire({.from = FieldType::decimal, .text = "12.50"}), "12.50");
  EXPECT_EQ(wire({.from = FieldType::decimal, .text = "-.5"}), "-0.5");
  EXPECT_EQ(wire({.from = FieldType::decimal, .text = "99999999999999999999"}),
            "99999999999999999999.0");
  EXPECT_EQ(wire({.from = FieldType::text, .text = "O'Neil \"Zoë\" 李\n"}),
            R"("O'Neil \"Zoë\" 李\n")");
  EXPECT_EQ(wire({.from = FieldType::date, .integer = 19358}), "\"2023-01-01\"");
  EXPECT_EQ(wire({.from = FieldType::timestamp, .integer = -1}), "\"1969-12-31 23:59:59 +00:00\"");
  EXPECT_EQ(wire({.from = FieldType::list, .text = "[1,2]"}), "[1,2]");
  EXPECT_EQ(wire({.from = FieldType::json, .text = "[1, 2]"}), "[1, 2]");
  EXPECT_EQ(wire({.from = FieldType::json, .text = "5"}), "5");
  EXPECT_FALSE(wire({.from = FieldType::json, .text = "null"}));
}
TEST(AttributeValueTest, ConvertsWhenAsked) {
  EXPECT_EQ(wire({.from = FieldType::integer, .integer = 417}, AttributeType::double_), "417.0");
  EXPECT_EQ(wire({.from = FieldType::integer, .integer = 7}, AttributeType::string), "\"7\"");
  EXPECT_EQ(wire({.from = FieldType::decimal, .text = "7"}, AttributeType::string), "\"7\"");
  EXPECT_EQ(wire({.from = FieldType::boolean, .integer = 0}, AttributeType::string), "\"false\"");
}
TEST(AttributeValueTest, TurnsWhatCannotBeHeldIntoNull) {
  EXPECT_FALSE(
      wire({.from = FieldType::number, .number = std::numeric_limits<double>::infinity()}));
  EXPECT_FALSE(
      wire({.from = FieldType::number, .number = std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_FALSE(wire({.from = FieldType::date, .integer = INT64_MAX}));
  EXPECT_FALSE(wire({.from = FieldType::timestamp, .integer = INT64_MIN}));
}
TEST(AttributeValueTest, ReplacesInvalidUtf8) {
  EXPECT_EQ(wire({.from = FieldType::text, .text = "a\xff"}), "\"a\xEF\xBF\xBD\"");
}

TEST(TargetsTest, RefusesAnUnknownFieldAndAnImpossibleType) {
  const std::vector<ColumnInfo> columns = {{"first_name", FieldType::text}};
  EXPECT_THAT(targets({{"frist_name", "firstName"}}, columns).error().text(),
              testing::HasSubstr("did you mean `first_name`?"));
  EXPECT_THAT(targets({{"first_name", "n", AttributeType::long_}}, columns).error().text(),
              testing::HasSubstr("cannot be sent to `n` as long"));
}

TEST(CompareTest, LeavesTheTypeOfJsonToItsValues) {
  const auto made = targets({{"tags", "labels"}}, {{"tags", FieldType::json}});
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(compare(*made, {{"labels", "string"}}).empty());
  EXPECT_FALSE(targets({{"tags", "labels", AttributeType::object}}, {{"tags", FieldType::json}})
                   .value()[0]
                   .type == std::nullopt);
}
TEST(CompareTest, NamesConflictsMissingAndNewFields) {
  const std::vector<Target> all = {{"a", "age", FieldType::integer, AttributeType::long_},
                                   {"b", "fistName", FieldType::text, AttributeType::string},
                                   {"c", "score", FieldType::integer, AttributeType::long_, true},
                                   {"d", "ok", FieldType::text, AttributeType::string}};
  const auto findings =
      compare(all, {{"age", "double"}, {"firstName", "string"}, {"ok", "string"}});
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].kind, Finding::Kind::conflict);
  EXPECT_THAT(findings[0].remedy, testing::HasSubstr("type: double"));
  EXPECT_EQ(findings[1].kind, Finding::Kind::missing);
  EXPECT_THAT(findings[1].message, testing::HasSubstr("did you mean `firstName`?"));
  EXPECT_EQ(findings[2].kind, Finding::Kind::to_create);
}

TEST(CompareTest, NamesAFieldThatIsNearlyThere) {
  const std::vector<Target> all = {
      {"a", "lifetime_value", FieldType::number, AttributeType::double_, true}};
  const auto findings = compare(all, {{"Lifetime Value", "double"}, {"lifetime", "double"}});
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].kind, Finding::Kind::to_create);
  EXPECT_EQ(findings[1].kind, Finding::Kind::doubtful);
  EXPECT_THAT(findings[1].message, testing::HasSubstr("beside `Lifetime Value`"));
}

TEST(CompareTest, CountsTheFieldsThatAProjectMayHave) {
  std::map<std::string, std::string> fields;
  for (int i = 0; i < 999; ++i) fields["f" + std::to_string(i)] = "string";
  const std::vector<Target> all = {{"a", "one", FieldType::number, AttributeType::double_, true},
                                   {"a", "more", FieldType::number, AttributeType::double_, true}};
  const auto findings = compare(all, fields);
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[1].kind, Finding::Kind::doubtful);
  EXPECT_THAT(findings[1].message, testing::HasSubstr("999 fields already"));
  EXPECT_THAT(findings[1].message, testing::HasSubstr("`more` may not"));
}

TEST(JsonFitsTest, HoldsValuesAndElementsAgainstAFieldsType) {
  const std::tuple<const char*, const char*, bool> cases[] = {
      {"\"a\"", "string", true},
      {"\"a\"", "long", false},
      {"5", "long", true},
      {"5", "double", true},
      {"1.5", "long", false},
      {"true", "boolean", true},
      {"true", "string", false},
      {"{\"a\":1}", "object", true},
      {"{\"a\":1}", "string", false},
      {"[\"a\",\"b,]\\\"\"]", "string", true},
      {"[\"a\",5]", "string", false},
      {"[1, 2]", "long", true},
      {"[{\"a\":[1]}]", "object", true},
      {"[]", "boolean", true},
      {"null", "long", true},
      {"\"2026-01-31\"", "date", true}};
  for (const auto& [value, type, fits] : cases)
    EXPECT_EQ(json_fits(value, type), fits) << value << " as " << type;
}
TEST(FixesTypeTest, NeedsAValueThatSaysWhatItIs) {
  const Target text{"f", "t", FieldType::text, AttributeType::string};
  EXPECT_TRUE(fixes_type("\"Zoë\"", text));
  EXPECT_FALSE(fixes_type("\"\"", text));
  EXPECT_FALSE(fixes_type("\"2024-01-02 of old\"", text));
  const Target list{"f", "t", FieldType::list};
  EXPECT_FALSE(fixes_type("[]", list));
  EXPECT_TRUE(fixes_type("[1]", list));
  const Target json{"f", "t", FieldType::json};
  for (const char* none : {"[]", "{}", "\"\"", "[ ]"}) EXPECT_FALSE(fixes_type(none, json)) << none;
  for (const char* some : {"[\"a\"]", "5", "\"a\"", "true", "{\"a\": 1}"})
    EXPECT_TRUE(fixes_type(some, json)) << some;
}

// The values are in ledgers: if this fails, every attribute of every member would be sent again.
TEST(FingerprintTest, NeverChanges) {
  EXPECT_EQ(fingerprint("\"Zoë\""), fingerprint(std::string("\"Zoë\"")));
  EXPECT_NE(fingerprint("1"), fingerprint("1.0"));
  EXPECT_EQ(fingerprint("417.0"), 0xd7af977e7afd51a1ULL) << std::hex << fingerprint("417.0");
}

}  // namespace
}  // namespace rollcall::attributes
