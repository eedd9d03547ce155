// Rules to members, on real DuckDB: the cases of cases.txt over the rows of rows.sql. Every case is also
// held against the law that members(R) and members(none R) split the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "catalog/catalog.hpp"
#include "compile/compile.hpp"
#include "source/source.hpp"
#include "duck/duck.hpp"

namespace rollcall {
namespace {

struct Case {
  std::string name, rule;
  std::vector<std::string> members;
};

std::string slurp(const std::string& name) {
  std::ifstream in(std::string(SQL_CASES_DIR) + "/" + name);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<Case> cases() {
  std::vector<Case> out;
  std::istringstream in(slurp("cases.txt"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("case ")) out.push_back({line.substr(5), "", {}});
    if (line.starts_with("rule ")) out.back().rule = line.substr(5);
    if (line.starts_with("members")) {
      std::istringstream words(line.substr(7));
      for (std::string word; words >> word;) out.back().members.push_back(word);
    }
  }
  return out;
}

Relation relation(std::string name, std::string model, std::string key, std::string foreign_key) {
  Relation out;
  out.name = std::move(name);
  out.model = std::move(model);
  out.key = std::move(key);
  out.foreign_key = std::move(foreign_key);
  return out;
}

Rule rule_of(const std::string& text) {
  auto rule = catalog::read_rule(text);
  EXPECT_TRUE(rule.ok()) << text << ": " << rule.error().text();
  return rule.ok() ? *rule : Rule{};
}

class SqlCase : public testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() {
    path_ = testing::TempDir() + "/sql-cases-" + std::to_string(::getpid()) + ".duckdb";
    std::filesystem::remove(path_);
    auto database = std::move(*duck::Database::open(path_));
    auto connection = std::move(*database->connect());
    ASSERT_TRUE(connection->run(slurp("rows.sql")).ok());
  }
  static void TearDownTestSuite() { std::filesystem::remove(path_); }

  void SetUp() override {
    Source shop;
    shop.name = "shop";
    shop.kind = "duckdb";
    shop.options["path"] = path_;
    catalog_.sources = {shop};
    const auto model = [](std::string name, std::string table, std::string key) {
      Model out;
      out.name = std::move(name);
      out.source = "shop";
      out.table = std::move(table);
      out.primary_key = std::move(key);
      return out;
    };
    Model customers = model("customers", "customers", "id");
    Relation clubs = relation("clubs", "clubs", "id", "club_id");
    clubs.kind = RelationKind::many_to_many;
    clubs.through = "memberships";
    clubs.through_key = "customer_id";
    clubs.through_foreign_key = "club_id";
    customers.relations = {relation("orders", "orders", "id", "customer_id"), clubs};
    const auto computed = [&](std::string name, auto how) {
      ComputedField field;
      field.name = std::move(name);
      field.how = std::move(how);
      customers.computed.push_back(std::move(field));
    };
    computed("order_count", ComputedField::Aggregated{Aggregate::count, "orders"});
    computed("spent_on_large", ComputedField::Aggregated{Aggregate::sum, "orders", "total", std::make_shared<const Rule>(rule_of("{field: total, op: gt, value: 5}"))});
    computed("shout", ComputedField::Formula{"upper(city) || '!'"});
    computed("per_order", ComputedField::Formula{"spent / order_count"});
    ComputedField::Cases tier;
    tier.cases = {{std::make_shared<const Rule>(rule_of("{field: spent, op: gte, value: 100}")), Scalar(std::string("gold"))}, {nullptr, Scalar(std::string("silver"))}};
    computed("tier", tier);
    computed("club", ComputedField::Related{"clubs", "title"});
    Model orders = model("orders", "orders", "order_id");
    orders.relations = {relation("items", "order_items", "order_id", "order_id"), relation("customer", "customers", "customer_id", "id")};
    orders.relations[1].kind = RelationKind::belongs_to;
    catalog_.models = {customers, orders, model("order_items", "order_items", "order_id"), model("clubs", "clubs", "club_id"), model("memberships", "memberships", "customer_id")};
    Segment parisians;
    parisians.name = "Parisians";
    parisians.model = "customers";
    parisians.where = rule_of("{field: city, op: eq, value: paris, ignore_case: true}");
    catalog_.segments = {parisians};
  }

  std::vector<std::string> members(const Rule& where, std::string* sql_out = nullptr) {
    auto connection = source::open(catalog_.sources[0]);
    EXPECT_TRUE(connection.ok()) << connection.error().text();
    Segment segment;
    segment.name = "case";
    segment.model = "customers";
    segment.where = where;
    compile::Schemas schemas;
    const auto reached = compile::models_reached(catalog_, segment, {});
    EXPECT_TRUE(reached.ok()) << reached.error().text();
    for (const std::string& name : *reached) schemas[name] = *(*connection)->describe_table(catalog_.model(name)->table);
    const auto query = compile::compile(catalog_, schemas, {.segment = segment, .fields = {"id"}, .now = *parse_iso_utc("2026-03-01T12:00:00Z")}, compile::Dialect::duckdb);
    EXPECT_TRUE(query.ok()) << (query.ok() ? "" : query.error().text());
    if (!query.ok()) return {};
    if (sql_out) *sql_out = query->text;
    auto stream = (*connection)->query(*query, {});
    EXPECT_TRUE(stream.ok()) << stream.error().text() << "\n" << query->text;
    std::vector<std::string> out;
    RowBatch batch;
    while (stream.ok() && *(*stream)->next(batch))
      for (size_t row = 0; row < batch.rows; ++row) out.push_back(std::to_string(batch.columns[0].ints[row]));
    return out;
  }

  static std::string path_;
  Catalog catalog_;
};
std::string SqlCase::path_;

TEST_P(SqlCase, SelectsItsMembers) {
  std::string sql;
  const Rule rule = rule_of(GetParam().rule);
  std::vector<std::string> found = members(rule, &sql);
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(GetParam().members)) << sql;
  Rule none;
  none.test = NoneOf{{rule}};
  for (std::string& id : members(none)) found.push_back(std::move(id));
  EXPECT_THAT(found, testing::UnorderedElementsAre("1", "2", "3", "4", "5")) << "the partition law, on\n" << sql;
}

INSTANTIATE_TEST_SUITE_P(Cases, SqlCase, testing::ValuesIn(cases()), [](const auto& one) {
  std::string name;
  for (const char c : one.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace rollcall
