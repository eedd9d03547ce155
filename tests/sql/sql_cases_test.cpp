// Rules to members, on real engines: the cases of cases.txt over the rows of rows.sql. Every case
// is also held against the law that members(R) and members(none R) split the model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "world.hpp"

namespace rollcall::sql_tests {
namespace {

struct Case {
  std::string name, rule;
  std::vector<int64_t> members;
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
      for (int64_t id; words >> id;) out.back().members.push_back(id);
    }
  }
  return out;
}

std::unique_ptr<World> make_world(const std::string& engine) {
  auto world = std::make_unique<World>(slurp("rows.sql"), engine);
  Model& customers = world->add_model("customers", "customers", "id");
  World::add_relation(customers, RelationKind::has_many, "orders", "orders", "id", "customer_id");
  World::add_relation(customers, RelationKind::many_to_many, "clubs", "clubs", "id", "club_id");
  customers.relations.back().through = "memberships";
  customers.relations.back().through_key = "customer_id";
  customers.relations.back().through_foreign_key = "club_id";
  World::add_computed(customers, "order_count",
                      ComputedField::Aggregated{Aggregate::count, "orders"});
  World::add_computed(customers, "spent_on_large",
                      ComputedField::Aggregated{Aggregate::sum, "orders", "total",
                                                shared_rule("{field: total, op: gt, value: 5}")});
  World::add_computed(customers, "shout", ComputedField::Formula{"upper(city) || '!'"});
  World::add_computed(customers, "per_order", ComputedField::Formula{"spent / order_count"});
  World::add_computed(customers, "tier",
                      ComputedField::Cases{{{shared_rule("{field: spent, op: gte, value: 100}"),
                                             std::string("gold")},
                                            {nullptr, std::string("silver")}}});
  World::add_computed(customers, "club", ComputedField::Related{"clubs", "title"});
  Model& orders = world->add_model("orders", "orders", "order_id");
  World::add_relation(orders, RelationKind::has_many, "items", "order_items", "order_id",
                      "order_id");
  World::add_relation(orders, RelationKind::belongs_to, "customer", "customers", "customer_id",
                      "id");
  world->add_model("order_items", "order_items", "order_id");
  world->add_model("clubs", "clubs", "club_id");
  world->add_model("memberships", "memberships", "customer_id");
  world->add_segment("Parisians", "customers",
                     rule_of("{field: city, op: eq, value: paris, ignore_case: true}"));
  return world;
}

void selects_its_members(World& world, const Case& one) {
  const Rule rule = rule_of(one.rule);
  const compile::Query query{.segment = {.name = "case", .model = "customers", .where = rule},
                             .fields = {"id"}};
  const auto sql = world.compile(query);
  ASSERT_TRUE(sql.ok()) << sql.error().text();
  const auto found = world.members("customers", rule);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_THAT(*found, testing::UnorderedElementsAreArray(one.members)) << sql->text;

  auto everyone = *found;
  const auto others = world.members("customers", {.test = NoneOf{{rule}}});
  ASSERT_TRUE(others.ok()) << others.error().text();
  everyone.insert(everyone.end(), others->begin(), others->end());
  EXPECT_THAT(everyone, testing::UnorderedElementsAre(1, 2, 3, 4, 5)) << "the partition law, on\n"
                                                                      << sql->text;
}

void counts_them(World& world, const Case& one) {
  const auto rows = world.run(
      compile::Query{.segment = {.name = "case", .model = "customers", .where = rule_of(one.rule)},
                     .count_only = true});
  ASSERT_TRUE(rows.ok()) << rows.error().text();
  EXPECT_EQ(rows->rows[0][0], std::to_string(one.members.size()));
  EXPECT_EQ(rows->rows[0][1], "5");
}

class SqlCase : public testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() { world_ = make_world("duckdb"); }
  static void TearDownTestSuite() { world_.reset(); }
  static std::unique_ptr<World> world_;
};
std::unique_ptr<World> SqlCase::world_;

TEST_P(SqlCase, SelectsItsMembers) { selects_its_members(*world_, GetParam()); }
TEST_P(SqlCase, CountsThem) { counts_them(*world_, GetParam()); }

// Types that not every engine has.
TEST(SqlOwnTypes, AreTheTextThatTheyAreShownAs) {
  World world(
      "CREATE TYPE colour AS ENUM ('red', 'green', 'Blue');"
      "CREATE TABLE customers(id INTEGER, kind colour, gap INTERVAL, flags BIT);"
      "INSERT INTO customers VALUES (1, 'red', INTERVAL '1 day 02:00:00', '0101'), "
      "(2, 'Blue', INTERVAL '14 months', '11'), (3, 'green', INTERVAL '-90 seconds', '0'), "
      "(4, NULL, NULL, NULL), (5, 'red', INTERVAL '26 hours', '101');");
  world.add_model("customers", "customers", "id");
  const std::pair<std::string, std::vector<int64_t>> cases[] = {
      {"{field: kind, op: eq, value: red}", {1, 5}},
      {"{field: kind, op: ne, value: no such colour}", {1, 2, 3, 5}},
      {"{field: kind, op: in, value: [blue, green], ignore_case: true}", {2, 3}},
      {"{field: kind, op: starts_with, value: B}", {2}},
      {"{field: kind, op: is_blank}", {4}},
      {"{field: gap, op: eq, value: 1 day 02:00:00}", {1}},
      {"{field: gap, op: eq, value: \"26:00:00\"}", {5}},
      {"{field: gap, op: contains, value: month}", {2}},
      {"{field: gap, op: matches, value: \"^-\"}", {3}},
      {"{field: gap, op: is_blank}", {4}},
      {"{field: flags, op: eq, value: \"0101\"}", {1}},
      {"{field: flags, op: ends_with, value: \"101\"}", {1, 5}},
      {"{field: flags, op: not_in, value: [\"11\", \"0\"]}", {1, 5}},
      {"{field: flags, op: is_blank}", {4}},
  };
  for (const auto& [rule, members] : cases) {
    SCOPED_TRACE(rule);
    selects_its_members(world, {"", rule, members});
  }
}

// All in one, since a server takes its time to connect to.
class SqlCasesOnServers : public testing::TestWithParam<std::string> {};

TEST_P(SqlCasesOnServers, SelectTheirMembers) {
  const auto world = make_world(GetParam());
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    selects_its_members(*world, one);
    counts_them(*world, one);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, SqlCasesOnServers, testing::Values("postgres", "trino"),
                         [](const auto& one) { return one.param; });
INSTANTIATE_TEST_SUITE_P(Cases, SqlCase, testing::ValuesIn(cases()), [](const auto& one) {
  std::string name;
  for (const char c : one.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace rollcall::sql_tests
