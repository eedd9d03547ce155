// What can be asked for, without a face: each operation once, on a home with a stored catalog.
#include "operations/operations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/world/small_world.hpp"

namespace rollcall::testing {
namespace {

using operations::Finding;
using operations::Stored;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Customers 1 to 4 are VIPs, 5 and 6 are not; Iterable knows all but 4.
class OperationsTest : public ::testing::Test {
 protected:
  OperationsTest()
      : world_([] {
          SmallWorld::Setup setup;
          setup.destination = "defaults: {match_key: {type: email, field: email}}";
          return setup;
        }()) {
    for (int n = 1; n <= 6; ++n) world_.customers[n] = {"Name", n, n <= 4};
    world_.add_contacts(1, 3);
    world_.add_contacts(5, 6);
  }
  void SetUp() override {
    const auto applied = operations::apply(at_work(), {.text = world_.catalog_text}, {});
    ASSERT_TRUE(applied.ok()) << applied.error().text();
    ASSERT_THAT(applied->problems, IsEmpty());
  }

  run::World at_work() { return world_.at_work(); }
  Stored stored() {
    auto out = operations::stored(at_work());
    EXPECT_TRUE(out.ok());
    return std::move(*out);
  }
  const Activation& vips(const Stored& stored) {
    return **operations::find_activation(stored, "VIPs");
  }
  RunReport run(const operations::RunOptions& options = {}) {
    world_.clock.advance(Millis(120'000));
    const Stored now = stored();
    auto report = operations::run(at_work(), now, vips(now), options, {});
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report.ok() ? std::move(*report) : RunReport{};
  }
  std::vector<Finding> check(const std::string& name) {
    auto found = operations::check(at_work(), name, {});
    EXPECT_TRUE(found.ok()) << found.error().text();
    return found.ok() ? std::move(*found) : std::vector<Finding>();
  }
  // Stores the catalog with `from` replaced.
  operations::Applied apply(const std::string& from, const std::string& to, bool dry_run = false) {
    std::string text = world_.catalog_text;
    text.replace(text.find(from), from.size(), to);
    auto applied = operations::apply(at_work(), {.text = text, .dry_run = dry_run}, {});
    EXPECT_TRUE(applied.ok()) << applied.error().text();
    return applied.ok() ? std::move(*applied) : operations::Applied{};
  }
  SmallWorld world_;
};

TEST_F(OperationsTest, ApplyStoresAllOrNothing) {
  EXPECT_THAT(apply("field: vip", "field: nobody").problems,
              Contains(Field(&catalog::Problem::message, HasSubstr("nobody"))));
  EXPECT_EQ(operations::to_json(apply("is_true", "is_false", true),
                                {.dry_run = true})["counts"]["changed"],
            1);
  const Stored now = stored();
  EXPECT_EQ(operations::in_words(now.catalog.segments.at(0).where), "vip is true");
}

TEST_F(OperationsTest, AFileIsHeldAgainstTheCatalogWithoutItsData) {
  std::string text = world_.catalog_text;
  const auto held = [&] {
    auto out =
        operations::apply(at_work(), {.text = text, .dry_run = true, .look_at_data = false}, {});
    EXPECT_TRUE(out.ok()) << out.error().text();
    return out.ok() ? std::move(*out) : operations::Applied{};
  };
  EXPECT_FALSE(operations::differs(held(), true));
  text.replace(text.find("field: vip"), 10, "field: nobody");
  EXPECT_THAT(held().problems, IsEmpty());
  EXPECT_TRUE(operations::differs(held(), true));
  text.replace(text.find("op: is_true"), 11, "op: is_strange");
  EXPECT_THAT(held().problems, SizeIs(1));
}

TEST_F(OperationsTest, CountsAStoredSegmentAndOneUnderConstruction) {
  const Stored now = stored();
  Segment segment = now.catalog.segments.at(0);
  const auto counted = operations::count(at_work(), now.catalog, segment, {.by = "name"}, {});
  ASSERT_TRUE(counted.ok()) << counted.error().text();
  EXPECT_EQ(counted->members, 4);
  EXPECT_EQ(counted->people, 6);
  EXPECT_THAT(counted->values, ElementsAre(Field(&operations::Count::Value::members, 4)));
  ASSERT_TRUE(operations::keep(at_work(), segment, *counted).ok());
  EXPECT_THAT(*operations::history(at_work(), now, segment), SizeIs(1));

  segment.name = "not stored";
  std::get<FieldTest>(segment.where.test).op = Op::is_false;
  EXPECT_EQ(operations::count(at_work(), now.catalog, segment, {}, {})->members, 2);
  EXPECT_EQ(operations::preview(at_work(), now.catalog, segment, 10, {})->rows.at(0).rows, 2u);
  EXPECT_THAT(operations::sql(at_work(), now.catalog, segment, {})->text, HasSubstr("vip"));
  const auto overlap =
      operations::overlap(at_work(), now.catalog, segment, now.catalog.segments.at(0), {});
  EXPECT_EQ(overlap->both, 0);
  EXPECT_EQ(overlap->either(), 6);
}

TEST_F(OperationsTest, RunsAndTellsHowThingsStand) {
  EXPECT_EQ(operations::status(at_work(), stored())->at(0).state, "never_run");
  const RunReport report = run();
  EXPECT_EQ(report.status, RunStatus::completed);
  EXPECT_THAT(world_.on_list(), ElementsAre(1, 2, 3));
  const auto standing = operations::status(at_work(), stored());
  EXPECT_EQ(standing->at(0).state, "completed");
  EXPECT_EQ(standing->at(0).members(), 4);
  EXPECT_EQ(operations::to_json(standing->at(0))["parked"], 1);
  EXPECT_EQ(operations::runs(at_work(), {}, 10)->at(0).row.run_id, report.run_id);
  EXPECT_EQ(operations::find_run(at_work(), report.run_id)->report.run_id, report.run_id);
  std::vector<std::string> kinds;
  ASSERT_TRUE(
      operations::rejects(at_work(), report.run_id, "all", [&](const operations::Reject& one) {
        kinds.push_back(one.kind + " " + one.key);
        return true;
      }).ok());
  EXPECT_THAT(kinds, ElementsAre("not_a_contact c4@example.com"));
}

TEST_F(OperationsTest, LetsGoOfThePastInItsTime) {
  const auto day = std::chrono::days(1);
  const std::string first = run().run_id, second = run().run_id;
  world_.clock.advance(100 * day);
  const std::string last = run().run_id;
  ASSERT_TRUE(
      at_work()
          .store.log({.at = world_.clock.now() - 800 * day, .who = "ada@x.co", .action = "run"})
          .ok());
  ASSERT_TRUE(
      at_work()
          .store.log({.at = world_.clock.now() - 700 * day, .who = "ada@x.co", .action = "run"})
          .ok());
  const auto rejects = [&](const std::string& run_id) -> std::string {
    int told = 0;
    const Status done = operations::rejects(at_work(), run_id, "all",
                                            [&](const operations::Reject&) { return ++told > 0; });
    return done.ok() ? std::to_string(told) : std::string(to_string(done.error().kind));
  };
  EXPECT_EQ(rejects(first), "1") << "customer 4 is no contact";

  const auto young = operations::let_go(at_work(), {.people = 101 * day});
  ASSERT_TRUE(young.ok()) << young.error().text();
  EXPECT_EQ(young->people_of_runs, 0);
  EXPECT_EQ(young->log_lines, 1);

  const auto people = operations::let_go(at_work(), {});
  ASSERT_TRUE(people.ok()) << people.error().text();
  EXPECT_EQ(people->people_of_runs, 2);
  EXPECT_EQ(people->runs, 0);
  EXPECT_EQ(rejects(first), "not_found");
  EXPECT_EQ(rejects(last), "1");

  world_.clock.advance(400 * day);
  const auto runs = operations::let_go(at_work(), {});
  ASSERT_TRUE(runs.ok()) << runs.error().text();
  EXPECT_EQ(runs->runs, 2);
  EXPECT_FALSE(at_work().store.run(second).ok());
  EXPECT_EQ(rejects(last), "1") << "the last run stays, whatever its age";
}

TEST_F(OperationsTest, KeepsWhatTheSchedulerWantsKept) {
  const Stored now = stored();
  EXPECT_THAT(*operations::standings(at_work(), now), IsEmpty());
  const scheduler::Standing standing{.uid = vips(now).uid,
                                     .schedule = "every 3600",
                                     .since = world_.clock.now() + Millis(123),
                                     .resting = true,
                                     .audit_since = world_.clock.now()};
  ASSERT_TRUE(operations::keep(at_work(), standing).ok());
  EXPECT_THAT(*operations::standings(at_work(), now), ElementsAre(standing));
  for (const char* damaged : {"", "null", "[]", "{}", R"({"schedule": 1})",
                              R"({"schedule": "manual", "since_ms": "x", "resting": true})"}) {
    ASSERT_TRUE(at_work().store.put_fact(vips(now).uid, "schedule", damaged).ok());
    EXPECT_THAT(*operations::standings(at_work(), now), IsEmpty()) << damaged;
  }
}

TEST_F(OperationsTest, StatusTellsWhenAnActivationRunsNext) {
  const auto told = [&](const char* key) {
    return operations::to_json(operations::status(at_work(), stored())->at(0)).at(key).dump();
  };
  const auto next = [&] { return told("next_run_at"); };
  const auto hour = [&](int n) {
    return "\"" + iso_utc(world_.clock.now() + std::chrono::hours(n)) + "\"";
  };
  EXPECT_EQ(next(), "null") << "it is manual";
  ASSERT_THAT(apply("schedule: manual", "schedule: {every: 2h}").problems, IsEmpty());
  EXPECT_EQ(next(), hour(2)) << "no service has seen it";
  EXPECT_EQ(told("last_run_at"), "null");
  const RunReport report = run();
  EXPECT_EQ(told("last_run_at"), "\"" + iso_utc(report.started_at) + "\"");

  const auto keep = [&](Time since, bool resting) {
    return operations::keep(at_work(), {.uid = vips(stored()).uid,
                                        .schedule = "every 7200",
                                        .since = since,
                                        .resting = resting})
        .ok();
  };
  ASSERT_TRUE(keep(world_.clock.now() - std::chrono::hours(1), false));
  EXPECT_EQ(next(), hour(1));
  ASSERT_TRUE(keep(world_.clock.now() - std::chrono::hours(5), false));
  EXPECT_EQ(next(), hour(-3)) << "it is due, and nobody serves";
  ASSERT_TRUE(keep(world_.clock.now() - std::chrono::hours(5), true));
  EXPECT_EQ(next(), "null") << "the service has put it to rest";
  ASSERT_TRUE(keep(world_.clock.now(), false));
  ASSERT_TRUE(operations::set_paused(at_work(), "VIPs", true).ok());
  EXPECT_EQ(next(), "null");
}

TEST_F(OperationsTest, OfOneThatRunsTheNextRunIsTheOneAfter) {
  const Time now = world_.clock.now();
  Activation hourly;
  hourly.uid = "a";
  hourly.schedule = {.kind = Schedule::Kind::every, .every = std::chrono::hours(1)};
  const scheduler::Standing due{
      .uid = "a", .schedule = "every 3600", .since = now - std::chrono::minutes(90)};
  const auto next = [&](std::optional<Time> running) {
    return *operations::next_run_at(hourly, due, running, now);
  };
  EXPECT_EQ(next(std::nullopt), now - std::chrono::minutes(30));
  EXPECT_EQ(next(now - std::chrono::minutes(29)), now + std::chrono::minutes(30));
  EXPECT_EQ(next(now - std::chrono::minutes(31)), now - std::chrono::minutes(30));
}

TEST_F(OperationsTest, WhySaysWhatTheNextRunWillDo) {
  (void)run();
  world_.customers[1].vip = false;
  world_.customers[2].points = 50;
  const Stored now = stored();
  const auto of = [&](const char* key) {
    auto why = operations::why(at_work(), now, vips(now), key, {});
    EXPECT_TRUE(why.ok()) << why.error().text();
    return why.ok() ? std::move(*why) : operations::Why{};
  };
  EXPECT_EQ(of("c1@example.com").next, "removed from the list");
  EXPECT_EQ(of("c2@example.com").next, "updated: points");
  EXPECT_EQ(of("c4@example.com").state, "not_a_contact");
  EXPECT_EQ(of("c5@example.com").state, "unknown_to_ledger");
}

TEST_F(OperationsTest, ActivatesWithTheDestinationsDefaults) {
  const auto made = operations::activate(at_work(), "VIPs", "Iterable", "Best customers");
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_TRUE(made->is_new);
  EXPECT_FALSE(operations::activate(at_work(), "VIPs", "Iterable", "Best customers")->is_new);
  EXPECT_TRUE(operations::set_paused(at_work(), "Best customers", true)->changed);
  EXPECT_FALSE(operations::set_paused(at_work(), "Best customers", true)->changed);
  EXPECT_THAT(stored().catalog.activations, SizeIs(2));
}

TEST_F(OperationsTest, ArchivesAndEmptiesTheList) {
  (void)run();
  world_.clock.advance(Millis(120'000));
  const Stored now = stored();
  const auto archived = operations::archive(at_work(), now, vips(now), true, {});
  ASSERT_TRUE(archived.ok()) << archived.error().text();
  EXPECT_TRUE(archived->done);
  EXPECT_THAT(world_.on_list(), IsEmpty());
  EXPECT_THAT(stored().catalog.activations, IsEmpty());
  EXPECT_THAT(stored().archived, SizeIs(1));
}

TEST_F(OperationsTest, AnAuditHoldsUpNoRunWhileItsPeopleAreRead) {
  (void)run();
  world_.clock.advance(Millis(120'000));
  const Stored now = stored();
  world_.take_off_list(1);
  world_.clock.advance(Millis(120'000));
  const auto audit = run::audit(at_work(), now.catalog, vips(now), {});
  ASSERT_TRUE(audit.ok()) << audit.error().text();
  std::vector<std::string> told;
  ASSERT_TRUE((*audit)
                  ->people([&](const state::Drift& person, const std::string&) {
                    EXPECT_EQ(run().status, RunStatus::completed);
                    told.push_back(person.kind + " " + person.key);
                    return true;
                  })
                  .ok());
  EXPECT_THAT(told, ElementsAre("missing c1@example.com"));
}

TEST_F(OperationsTest, AMistakeOfAnUnsavedRuleNamesItsNode) {
  const Stored now = stored();
  Segment segment = now.catalog.segments.at(0);
  segment.name = "";
  segment.where = {
      AllOf{{segment.where, {NoneOf{{{FieldTest{.field = "vpi", .op = Op::is_true}}}}}}}};
  const auto counted = operations::count(at_work(), now.catalog, segment, {}, {});
  ASSERT_FALSE(counted.ok());
  EXPECT_EQ(counted.error().code, "field_unknown");
  ASSERT_TRUE(counted.error().place);
  EXPECT_EQ(counted.error().place->pointer, "/where/all/1/none/0");
  EXPECT_THAT(counted.error().text(),
              ::testing::StartsWith("model `customers` has no field `vpi`"));
}

TEST_F(OperationsTest, CheckKnowsNothingOfATrialOfAnotherKey) {
  (void)run();
  EXPECT_THAT(check("Iterable"), Contains(Field(&Finding::message, HasSubstr("confirmed it"))));
  (void)apply("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210");
  EXPECT_THAT(check("Iterable"), Contains(Field(&Finding::message, HasSubstr("not tried yet"))));
}

TEST_F(OperationsTest, AnEditOfAnUnrelatedSegmentIsNoneOfAnActivation) {
  const Stored before = stored();
  const std::string hash = operations::hash_of(before.catalog, vips(before));
  Catalog edited = before.catalog;
  edited.segments.push_back(edited.segments.at(0));
  edited.segments.back().name = "Another";
  edited.activations.at(0).paused = true;
  EXPECT_EQ(operations::hash_of(edited, edited.activations.at(0)), hash);
  std::get<FieldTest>(edited.segments.at(0).where.test).op = Op::is_false;
  EXPECT_NE(operations::hash_of(edited, edited.activations.at(0)), hash);
}

}  // namespace
}  // namespace rollcall::testing
