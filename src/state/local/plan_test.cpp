#include "state/local/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "state/local/file.hpp"

namespace rollcall::state::local {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// A world in a few lines of SQL: rows as the snapshot leaves them, a ledger as the last run left
// it.
class PlanTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(*duck::Database::open(":memory:"));
    work_ = std::move(*database_->connect());
    ledger_ = std::filesystem::path(testing::TempDir()) /
              ("ledger-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name() + ".parquet");
  }
  void TearDown() override { std::filesystem::remove(ledger_); }

  // key, value ('' is null) with a fingerprint that is the value's length (0 for null).
  void rows(const std::string& values) {
    must(
        "CREATE TABLE rows AS SELECT key, key AS pk, v AS v0, coalesce(length(v), 0)::UBIGINT AS "
        "f0, NULL::UBIGINT AS h FROM (VALUES " +
        values + ") t(key, v)");
  }
  struct Person {
    std::string key;
    int on_list = 1;
    bool in_segment = true;
    std::string reason = "NULL";  // SQL
    std::string fingerprint = "NULL";
    bool final = false;
    int64_t tried_ms = 0, wrote_ms = 0;
    int wrote_kind = 0;
    int64_t tried_hash = 0;
  };
  void ledger(const std::vector<Person>& people) {
    std::string sql;
    for (const Person& p : people) {
      sql += (sql.empty() ? "" : " UNION ALL ") + std::string("SELECT ") + duck::literal(p.key) +
             " AS key, " + std::to_string(p.on_list) + "::UTINYINT AS on_list, " +
             (p.in_segment ? "true" : "false") + " AS in_segment, " + p.reason +
             "::VARCHAR AS reason, " + (p.final ? "true" : "false") + " AS final, " +
             std::to_string(p.tried_ms) + "::BIGINT AS tried_ms, " + std::to_string(p.wrote_ms) +
             "::BIGINT AS wrote_ms, " + std::to_string(p.wrote_kind) +
             "::UTINYINT AS wrote_kind, " + std::to_string(p.tried_hash) +
             "::UBIGINT AS tried_hash, " + p.fingerprint + "::UBIGINT AS \"a:name\", " +
             duck::literal(p.key) + " AS pk";
    }
    must("COPY (" + sql + ") TO " + duck::literal(ledger_.string()) + " (FORMAT parquet)");
    has_ledger_ = true;
  }
  void must(const std::string& sql) {
    const Status done = work_->run(sql);
    ASSERT_TRUE(done.ok()) << done.error().text() << "\n" << sql;
  }
  plan::Plan made() {
    auto plan = make_plan(*work_, has_ledger_ ? LedgerFile(ledger_) : std::nullopt, input_);
    EXPECT_TRUE(plan.ok()) << plan.error().text();
    return plan.ok() ? *plan : plan::Plan{};
  }
  // "key:kind:value", as planned.
  std::vector<std::string> changes(const Which& which = {}) {
    std::vector<std::string> out;
    auto stream = open_changes(*work_, input_.targets.size(), which);
    EXPECT_TRUE(stream.ok());
    std::vector<Change> chunk;
    while (true) {
      EXPECT_TRUE((*stream)->next(chunk, 2).ok());
      if (chunk.empty()) return out;
      for (const Change& change : chunk)
        out.push_back(change.key + ":" + std::string(to_string(change.kind)) + ":" +
                      change.values[0].value_or("-"));
    }
  }

  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> work_;
  std::filesystem::path ledger_;
  bool has_ledger_ = false;
  plan::Input input_{.targets = {{"name", "name", FieldType::text, AttributeType::string}},
                     .now = Time(Millis(1'000'000)),
                     .settle = Millis(60'000)};
};

TEST_F(PlanTest, AddsEverybodyAtTheFirstRunAndLeavesNullsOut) {
  rows("('a', 'x'), ('b', NULL)");
  EXPECT_EQ(made().changes.entered, 2);
  EXPECT_THAT(changes(), UnorderedElementsAre("a:entered:x", "b:entered:-"));
}
TEST_F(PlanTest, SendsInTheOrderOfKeysHoweverManyThreadsFoundThem) {
  constexpr size_t kPeople = 300'000;  // several pieces of work for DuckDB's threads
  must(
      "CREATE TABLE rows AS SELECT 'p' || (i * 7919 % 300007) AS key, key AS pk, 'x' AS v0, "
      "1::UBIGINT AS f0, NULL::UBIGINT AS h FROM range(300000) t(i)");
  ledger({{.key = "nobody", .on_list = 0, .in_segment = false}});
  EXPECT_EQ(made().changes.entered, static_cast<int64_t>(kPeople));
  const auto stream = open_changes(*work_, 1, {});
  ASSERT_TRUE(stream.ok());
  std::vector<Change> chunk;
  std::string before;
  for (size_t seen = 0; seen < kPeople; seen += chunk.size()) {
    ASSERT_TRUE((*stream)->next(chunk, 1000).ok());
    ASSERT_FALSE(chunk.empty());
    for (size_t i = 0; i < chunk.size(); ++i) {
      ASSERT_EQ(chunk[i].seq, seen + i);
      ASSERT_LT(std::exchange(before, chunk[i].key), chunk[i].key);
    }
  }
}
TEST_F(PlanTest, OfManyWhoEnterANewListTheRowsAreTheChanges) {
  constexpr size_t kPeople = 60'000;
  input_.targets.push_back({"town", "town", FieldType::text, AttributeType::string});
  input_.pending = {false, true};
  must(
      "CREATE TABLE rows AS SELECT 'p' || (i * 7919 % 60013) AS key, key AS pk, CASE WHEN i % 2 = "
      "0 "
      "THEN key END AS v0, 'x' AS v1, (i % 2 = 0)::UBIGINT AS f0, 1::UBIGINT AS f1, NULL::UBIGINT "
      "AS h FROM "
      "range(60000) t(i)");
  for (int again = 0; again < 2; ++again) {  // the plan is made anew when a field is not there
    const plan::Plan plan = made();
    EXPECT_EQ(plan.changes.entered, static_cast<int64_t>(kPeople));
    EXPECT_EQ(plan.writes, static_cast<int64_t>(kPeople));
    EXPECT_EQ(plan.members, static_cast<int64_t>(kPeople));
    EXPECT_FALSE(plan.empty);
    EXPECT_FALSE(*has_table(*work_, "changes"));
    const auto stream = open_changes(*work_, 2, {});
    ASSERT_TRUE(stream.ok());
    std::vector<Change> chunk;
    for (size_t seen = 0; seen < kPeople; seen += chunk.size()) {
      ASSERT_TRUE((*stream)->next(chunk, 1000).ok());
      ASSERT_FALSE(chunk.empty());
      for (size_t i = 0; i < chunk.size(); ++i) {
        ASSERT_EQ(chunk[i].seq, seen + i);
        ASSERT_EQ(chunk[i].key, "p" + std::to_string((seen + i) * 7919 % 60013));
        ASSERT_EQ(chunk[i].values[0].value_or(chunk[i].key), chunk[i].key);
        ASSERT_EQ(chunk[i].values[0].has_value(), (seen + i) % 2 == 0);
        ASSERT_FALSE(chunk[i].values[1]) << "a field that is not there yet";
      }
    }
  }
  EXPECT_EQ(*count_changes(*work_, entrants()), static_cast<int64_t>(kPeople));
  EXPECT_EQ(*count_changes(*work_, removals()), 0);
  // Numbers with gaps are nobody's place.
  must("DELETE FROM rows WHERE key = 'p0'");
  EXPECT_EQ(made().changes.entered, static_cast<int64_t>(kPeople) - 1);
  EXPECT_TRUE(*has_table(*work_, "changes"));
}
TEST_F(PlanTest, FindsNothingToDoWhenNothingChanged) {
  rows("('a', 'x'), ('b', NULL)");
  ledger({{.key = "a", .fingerprint = "1"}, {.key = "b", .fingerprint = "0"}});
  made();
  EXPECT_THAT(changes(), ElementsAre());
}
TEST_F(PlanTest, RemovesWhoLeftAfterTheAdditions) {
  rows("('new', 'x')");
  ledger({{.key = "gone"}, {.key = "perhaps", .on_list = 2, .reason = "'unknown'"}});
  const plan::Plan plan = made();
  EXPECT_EQ(plan.changes.left, 2);
  EXPECT_THAT(changes(), ElementsAre("new:entered:x", "gone:left:-", "perhaps:left:-"));
}
TEST_F(PlanTest, NobodyLeavesWhoIsInTheSegmentUnderAnotherSpelling) {
  rows("('josé@b.co', 'x'), ('ЖУК@b.co', 'x'), ('both@b.co', 'x')");
  ledger({{.key = "josÉ@b.co"},
          {.key = "жук@b.co"},
          {.key = "both@b.co", .fingerprint = "1"},
          {.key = "gone@b.co"},
          {.key = "ÉVE@b.co"}});
  made();
  EXPECT_THAT(changes(), UnorderedElementsAre("josé@b.co:entered:x", "ЖУК@b.co:entered:x",
                                              "gone@b.co:left:-", "ÉVE@b.co:left:-"));
}

TEST_F(PlanTest, OfTwoSpellingsOfOneWhoLeftOneLeaves) {
  rows("('a@b.co', 'x')");
  ledger({{.key = "a@b.co", .fingerprint = "1"}, {.key = "josÉ@b.co"}, {.key = "josé@b.co"}});
  made();
  EXPECT_THAT(changes(), ElementsAre(testing::StartsWith("jos")));
}

TEST_F(PlanTest, ForgetsWhoLeftWithoutEverHavingBeenOnTheList) {
  rows("('a', 'x')");
  ledger({{.key = "a", .fingerprint = "1"},
          {.key = "parked", .on_list = 0, .reason = "'not_a_contact'"}});
  made();
  EXPECT_THAT(changes(), ElementsAre());
}
TEST_F(PlanTest, SendsOnlyWhatChangedAndClearsWhatTurnedNull) {
  rows("('a', 'xy'), ('b', NULL), ('c', 'x')");
  ledger({{.key = "a", .fingerprint = "1"},
          {.key = "b", .fingerprint = "1"},
          {.key = "c", .fingerprint = "1"}});
  const plan::Plan plan = made();
  EXPECT_THAT(changes(), UnorderedElementsAre("a:changed:xy", "b:changed:null"));
  EXPECT_EQ(plan.cleared.at("name"), 1);
}
TEST_F(PlanTest, KeepsANullWhenToldTo) {
  input_.on_null = OnNull::keep;
  rows("('b', NULL)");
  ledger({{.key = "b", .fingerprint = "1"}});
  made();
  EXPECT_THAT(changes(), ElementsAre());
}
TEST_F(PlanTest, FillsAnAttributeMappedLaterForEveryMemberThatHasAValue) {
  rows("('a', 'x'), ('b', NULL)");
  ledger({{.key = "a"}, {.key = "b"}});
  made();
  EXPECT_THAT(changes(), ElementsAre("a:changed:x"));
}
TEST_F(PlanTest, LeavesPendingAttributesOut) {
  input_.pending = {true};
  rows("('a', 'x'), ('b', 'y')");
  ledger({{.key = "a", .fingerprint = "7"}});
  made();
  EXPECT_THAT(changes(), ElementsAre("b:entered:-"));
}
TEST_F(PlanTest, TriesAgainWhatDidNotEndWell) {
  rows("('u', 'x'), ('n', 'x'), ('r', 'x'), ('f', 'x'), ('g', 'xyz')");
  ledger({{.key = "u", .on_list = 2, .reason = "'unknown'"},
          {.key = "n", .on_list = 0, .reason = "'not_sent'"},
          {.key = "r", .on_list = 0, .reason = "'rejected'"},
          {.key = "f", .on_list = 0, .reason = "'rejected'", .final = true, .tried_hash = 1},
          {.key = "g", .on_list = 0, .reason = "'rejected'", .final = true, .tried_hash = 1}});
  made();
  EXPECT_THAT(changes(),
              UnorderedElementsAre("u:retried:x", "n:retried:x", "r:retried:x", "g:changed:xyz"));
}
TEST_F(PlanTest, LooksAtTheLongestWaitingParkedFirst) {
  input_.parked_lookups_max = 1;
  rows("('a', 'x'), ('b', 'x')");
  ledger({{.key = "a", .on_list = 0, .reason = "'not_a_contact'", .tried_ms = 20},
          {.key = "b", .on_list = 0, .reason = "'not_a_contact'", .tried_ms = 10}});
  const plan::Plan plan = made();
  EXPECT_EQ(plan.parked, 2);
  EXPECT_EQ(plan.look_ups, 1);
  EXPECT_THAT(changes(), ElementsAre("b:retried:x"));
}
TEST_F(PlanTest, LooksAtTheParkedWhoMayHaveBecomeContactsAndAtAFewOthers) {
  input_.parked_candidate = [](std::string_view key) { return key.starts_with('c'); };
  input_.parked_lookups_max = 2;
  input_.parked_others_max = 1;
  rows("('c1', 'x'), ('c2', 'x'), ('c3', 'x'), ('o1', 'x'), ('o2', 'x'), ('new', 'x')");
  std::vector<Person> people;
  for (const auto& [key, tried_ms] : std::vector<std::pair<std::string, int64_t>>{
           {"c1", 30}, {"c2", 20}, {"c3", 10}, {"o1", 20}, {"o2", 10}, {"gone", 1}})
    people.push_back({.key = key, .on_list = 0, .reason = "'not_a_contact'", .tried_ms = tried_ms});
  ledger(people);
  const plan::Plan plan = made();
  EXPECT_EQ(plan.parked, 5);
  EXPECT_EQ(plan.look_ups, 3);
  EXPECT_THAT(changes(), UnorderedElementsAre("new:entered:x", "c2:retried:x", "c3:retried:x",
                                              "o2:retried:x"));
  std::vector<std::string> all;
  ASSERT_TRUE(parked(*work_, LedgerFile(ledger_), [&](std::string_view key) {
                all.emplace_back(key);
              }).ok());
  EXPECT_THAT(all, UnorderedElementsAre("c1", "c2", "c3", "o1", "o2"));
}
TEST_F(PlanTest, SubscribesAgainWhoReturnsBeforeTheRemovalWasConfirmed) {
  rows("('a', 'x')");
  ledger({{.key = "a", .in_segment = false, .reason = "'unknown'", .fingerprint = "1"}});
  made();
  EXPECT_THAT(changes(), ElementsAre("a:entered:x"));
}
TEST_F(PlanTest, KeepsOppositeWritesOfOneKeyApart) {
  rows("('back', 'x'), ('new', 'x')");
  ledger({{.key = "back", .on_list = 0, .in_segment = false, .wrote_ms = 990'000, .wrote_kind = 2},
          {.key = "gone", .wrote_ms = 990'000, .wrote_kind = 1},
          {.key = "long gone", .wrote_ms = 1'000, .wrote_kind = 1}});
  made();
  EXPECT_THAT(changes({.waiting = false}),
              UnorderedElementsAre("new:entered:x", "long gone:left:-"));
  EXPECT_THAT(changes({.waiting = true}), UnorderedElementsAre("back:entered:x", "gone:left:-"));
  EXPECT_EQ(work_->scalar("SELECT min(not_before) FROM changes WHERE not_before > 0").value(),
            1'050'000);
}
TEST_F(PlanTest, SendsEverythingAgainWhenAskedTo) {
  input_.full = true;
  rows("('a', 'x')");
  ledger({{.key = "a", .fingerprint = "1"}});
  made();
  EXPECT_THAT(changes(), ElementsAre("a:changed:x"));
}
TEST_F(PlanTest, MakesThePlanAnewFromTheSameSnapshot) {
  rows("('a', 'x')");
  made();
  made();
  EXPECT_THAT(changes(), ElementsAre("a:entered:x"));
}

}  // namespace
}  // namespace rollcall::state::local
