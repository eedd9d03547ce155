// Where an error of a rule says it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compile/compile.hpp"

namespace rollcall::compile {
namespace {

Rule field(const char* name, Op op, Operand value = {}) {
  return {FieldTest{.field = name, .op = op, .value = std::move(value)}};
}
Rule text(const char* name) { return field(name, Op::eq, Scalar(std::string("x"))); }

std::shared_ptr<const Rule> shared(Rule rule) { return std::make_shared<const Rule>(rule); }

class PlaceTest : public testing::Test {
 protected:
  PlaceTest() {
    Model people;
    people.name = "people";
    people.primary_key = "id";
    people.relations = {{.name = "orders",
                         .kind = RelationKind::has_many,
                         .model = "orders",
                         .key = "id",
                         .foreign_key = "person"}};
    Model orders;
    orders.name = "orders";
    orders.primary_key = "id";
    catalog.models = {people, orders};
    catalog.segments = {{.name = "Broken", .model = "people", .where = text("nmae")}};
    schemas["people"] = {{"id", FieldType::integer}, {"name", FieldType::text}};
    schemas["orders"] = {{"id", FieldType::integer}, {"person", FieldType::integer}};
  }

  Error error(const Rule& where, std::string name = "", std::vector<std::string> fields = {}) {
    const Segment segment{.name = std::move(name), .model = "people", .where = where};
    const auto compiled =
        compile(catalog, schemas, {.segment = segment, .fields = fields}, Dialect::duckdb);
    EXPECT_FALSE(compiled.ok());
    return compiled.ok() ? Error{} : compiled.error();
  }

  Catalog catalog;
  Schemas schemas;
};

TEST_F(PlaceTest, IsTheNodeOfARuleThatIsInNoFile) {
  const Error unknown = error({AllOf{{text("name"), {NoneOf{{text("nmae")}}}}}});
  EXPECT_EQ(unknown.code, "field_unknown");
  EXPECT_EQ(unknown.place, (ErrorPlace{.pointer = "/where/all/1/none/0"}));
  EXPECT_THAT(unknown.text(), testing::StartsWith("model `people` has no field `nmae`"));

  const Error of_type = error({AnyOf{{field("id", Op::contains, Scalar(std::string("x")))}}});
  EXPECT_EQ(of_type.code, "operator_not_of_type");
  EXPECT_EQ(of_type.place->pointer, "/where/any/0");

  const Error late = error({AllOf{{text("name"), text("id")}}});
  EXPECT_EQ(late.code, "value_invalid") << "seen as it is printed";
  EXPECT_EQ(late.place->pointer, "/where/all/1");

  const Error related =
      error({RelatedTest{.relation = "orders", .where = shared({AllOf{{text("nmae")}}})}});
  EXPECT_EQ(related.code, "field_unknown");
  EXPECT_EQ(related.place->pointer, "/where/where/all/0");
  EXPECT_EQ(error({RelatedTest{.relation = "ordres"}}).code, "relation_unknown");
}

TEST_F(PlaceTest, IsAlsoTheLineWhereThereIsAFile) {
  Rule wrong = text("nmae");
  wrong.place = {4, 7};
  const Error error = this->error({AllOf{{wrong}}}, "VIPs");
  EXPECT_EQ(
      error.place,
      (ErrorPlace{.line = 4, .column = 7, .object = "segment VIPs", .pointer = "/where/all/0"}));
  EXPECT_THAT(error.text(), testing::StartsWith("line 4, column 7: model `people` has no field"));
}

TEST_F(PlaceTest, IsInTheObjectThatIsWrong) {
  const Error by_another = error({AllOf{{{SegmentTest{.segment = "Broken"}}}}}, "VIPs");
  EXPECT_EQ(by_another.place, (ErrorPlace{.object = "segment Broken", .pointer = "/where"}));
  EXPECT_EQ(error({SegmentTest{.segment = "Brken"}}).code, "segment_unknown");

  catalog.models[0].computed = {
      {.name = "fine", .how = ComputedField::Formula{"upper(name)"}},
      {.name = "many",
       .how = ComputedField::Aggregated{Aggregate::count, "orders", "", shared(text("nmae"))}},
      {.name = "tier",
       .how = ComputedField::Cases{{{shared(text("name")), Scalar(int64_t{1})},
                                    {shared(text("nmae")), Scalar(int64_t{2})}}}},
      {.name = "loud", .how = ComputedField::Formula{"uper(name)"}}};
  EXPECT_EQ(error({}, "", {"many"}).place,
            (ErrorPlace{.object = "model people", .pointer = "/computed/1/where"}));
  EXPECT_EQ(error({}, "", {"tier"}).place,
            (ErrorPlace{.object = "model people", .pointer = "/computed/2/cases/1/when"}));
  const Error formula = error({}, "", {"loud"});
  EXPECT_EQ(formula.code, "formula_invalid");
  EXPECT_EQ(formula.place, (ErrorPlace{.object = "model people", .pointer = "/computed/3"}));
}

TEST_F(PlaceTest, PassesOverWhatAnActivationAdds) {
  catalog.destinations = {{.name = "It", .exclusions = {"Broken", "Gone"}}};
  const Activation activation{.segment = "VIPs", .destination = "It", .name = "VIPs"};
  const auto place = [&](const Rule& where) {
    catalog.segments.resize(1);
    catalog.segments.push_back({.name = "VIPs", .model = "people", .where = where});
    return error(activated_segment(catalog, activation).where, "VIPs").place->pointer;
  };
  EXPECT_EQ(place(text("nmae")), "/where");
  EXPECT_EQ(place({AnyOf{{text("nmae")}}}), "/where/any/0");
  EXPECT_EQ(place({AllOf{{text("name"), text("nmae")}}}), "/where/all/1");
  catalog.segments[0].where = text("name");
  EXPECT_EQ(place(text("name")), "") << "an exclusion is no node of the segment";
}

}  // namespace
}  // namespace rollcall::compile
