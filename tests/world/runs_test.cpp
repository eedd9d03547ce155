// Whole runs: what Iterable holds after them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "tests/world/small_world.hpp"

namespace rollcall::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class WorldTest : public ::testing::Test {
 protected:
  // Customers 1 to 6 are VIPs, 7 and 8 are not; Iterable knows all but 6, and a stranger.
  void SetUp() override {
    for (int n = 1; n <= 8; ++n) world.customers[n] = {"Name" + std::to_string(n), n, n <= 6};
    world.add_contacts(1, 5);
    world.add_contacts(7, 9);
  }
  SmallWorld world;
};

TEST_F(WorldTest, AFirstRunMakesTheListAndAddsOnlyContacts) {
  const RunReport report = world.run();
  EXPECT_THAT(world.on_list(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(world.not_right(), "");
  EXPECT_EQ(world.lists(), 1u);
  EXPECT_EQ(report.outcomes.added, 5);
  EXPECT_EQ(report.standing.not_a_contact, 1);
  EXPECT_EQ(world.field(3, "points"), "3");
}

TEST_F(WorldTest, AnotherRunFollowsTheData) {
  (void)world.run();
  world.catalog.activations[0].guard.max_removed_share = 0.5;
  world.customers[2].vip = false;
  world.customers.erase(3);
  world.customers[4].points = 400;
  world.customers[5].name = "";
  world.customers[7].vip = true;
  world.add_contact(6);  // who came to be a contact meanwhile
  const RunReport report = world.run();
  EXPECT_THAT(world.on_list(), ElementsAre(1, 4, 5, 6, 7));
  EXPECT_EQ(world.not_right(), "");
  EXPECT_EQ(report.outcomes.removed, 2);
  EXPECT_EQ(world.field(4, "points"), "400");
  EXPECT_EQ(world.field(5, "firstName"), std::nullopt);
}

TEST_F(WorldTest, WhereNothingChangedNothingIsWritten) {
  (void)world.run();
  const auto written = world.calls("POST /api/lists/subscribe");
  const RunReport report = world.run();
  EXPECT_EQ(world.calls("POST /api/lists/subscribe"), written);
  EXPECT_EQ(report.standing.on_list, 5);
}

TEST_F(WorldTest, WhereNothingChangedNoLedgerIsWritten) {
  world.add_contact(6);  // a stranger would be looked up again, which the ledger remembers
  (void)world.run();
  const auto files = [&] {
    std::set<std::string> out;
    for (const auto& one :
         std::filesystem::directory_iterator(world.folder / "home/activations/a1"))
      out.insert(one.path().filename());
    return out;
  };
  const auto before = files();
  const RunReport report = world.run();
  EXPECT_EQ(files(), before);
  EXPECT_THAT(world.points(), ::testing::Not(Contains("plan.sealed")));
  EXPECT_EQ(report.status, RunStatus::completed);
  EXPECT_EQ(report.standing.on_list, 6);
  EXPECT_EQ(report.list->name, "VIPs");
  world.customers[1].points = 100;
  EXPECT_EQ(world.run().outcomes.updated, 1);
  EXPECT_NE(files(), before);
  EXPECT_EQ(world.not_right(), "");
}

TEST_F(WorldTest, TheGuardStopsBeforeTheFirstWrite) {
  (void)world.run();
  for (int n = 1; n <= 4; ++n) world.customers[n].vip = false;
  const auto report = world.try_run();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, RunStatus::stopped);
  EXPECT_EQ(SmallWorld::not_honest(*report), "");
  EXPECT_EQ(world.calls("POST /api/lists/unsubscribe"), 0);
  EXPECT_THAT(world.on_list(), ElementsAre(1, 2, 3, 4, 5));
}

TEST_F(WorldTest, AFullDiskStopsARunAndTheNextOneEndsIt) {
  (void)world.at_work();  // the home is made while there is room
  int stopped = 0;
  for (const uint64_t room : {0, 700, 1500, 3000, 10'000}) {
    world.disk.room = room;
    const auto report = world.try_run();
    if (report.ok()) {
      EXPECT_EQ(SmallWorld::not_honest(*report), "");
    }
    // Where nothing at all can be written there is not even a report.
    const std::optional<Error> error = report.ok() ? report->error : report.error();
    if (!error) continue;
    ++stopped;
    EXPECT_EQ(error->kind, ErrorKind::unavailable) << error->text();
    EXPECT_THAT(error->message, HasSubstr("no space left in " + world.folder.string()));
  }
  EXPECT_GT(stopped, 1);
  world.disk.room.reset();
  (void)world.run();
  EXPECT_EQ(world.not_right(), "");
}

TEST_F(WorldTest, AFullRunMendsWhatOthersDid) {
  (void)world.run();
  world.take_off_list(2);
  world.put_on_list(9);
  (void)world.run(true);
  EXPECT_THAT(world.on_list(), ElementsAre(1, 2, 3, 4, 5, 9)) << "whom others added is left alone";
}

TEST_F(WorldTest, AStormOf429IsWaitedFor) {
  world.faults(
      "[{kind: http_429, endpoint: GET /api/lists, first: 4},"
      " {kind: http_429, endpoint: /api/users/getByEmail, rate: 0.5, max: 40},"
      " {kind: http_429, endpoint: /api/lists/subscribe, first: 5}]");
  const Millis began = world.clock.monotonic();
  const RunReport report = world.run();
  EXPECT_EQ(world.not_right(), "");
  EXPECT_GT(world.fired("http_429"), 5);
  EXPECT_EQ(report.calls.throttled, world.fired("http_429"));
  EXPECT_GT(world.clock.monotonic() - began, Millis(130'000)) << "in their time, not in ours";
}

TEST_F(WorldTest, WhatRetryAfterAsksForIsWaited) {
  world.faults(
      "[{kind: http_429_retry_after, endpoint: /api/lists/subscribe, first: 2, "
      "seconds: 300}]");
  const Millis began = world.clock.monotonic();
  (void)world.run();
  EXPECT_EQ(world.not_right(), "");
  EXPECT_GE(world.clock.monotonic() - began, Millis(600'000));
}

TEST_F(WorldTest, AnOutageFailsTheRunAndTheNextOneCarriesOn) {
  world.faults("[{kind: http_503, endpoint: /api/lists/subscribe, rate: 1}]");
  const auto failed = world.try_run();
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->status, RunStatus::failed);
  EXPECT_EQ(SmallWorld::not_honest(*failed), "");
  EXPECT_EQ(world.not_clean(), "");
  world.faults("[]");
  (void)world.run();
  EXPECT_EQ(world.not_right(), "");
}

TEST_F(WorldTest, AnswersThatAreLostAfterTheWorkWasDoneDoubleNothing) {
  world.faults("[{kind: applied_then_reset, rate: 0.5, max: 20}]");
  (void)world.run();
  EXPECT_EQ(world.not_right(), "");
  EXPECT_EQ(world.lists(), 1u);
  EXPECT_GT(world.fired("applied_then_reset"), 0);
}

TEST_F(WorldTest, AnAnswerThatTakesLongerThanItMayIsNone) {
  world.faults("[{kind: slow, endpoint: /api/lists/subscribe, first: 1, ms: 400000}]");
  (void)world.run();
  EXPECT_EQ(world.not_right(), "");
}

TEST_F(WorldTest, AListThatCanBeUsedLateIsWaitedFor) {
  world.turn("list_ready_after_ms", "20000");
  (void)world.run();
  EXPECT_EQ(world.not_right(), "");
}

TEST_F(WorldTest, AKilledRunGoesOnUnderItsOwnId) {
  ASSERT_TRUE(world.run_killed_at("trial.sent"));
  EXPECT_EQ(world.not_clean(), "");
  EXPECT_THAT(world.on_list(), SizeIs(5)) << "sent, and the answer never read";
  const RunReport report = world.run();
  EXPECT_THAT(report.warnings, Contains(HasSubstr("interrupted and carried on")));
  EXPECT_EQ(report.changes.entered, 6) << "the report covers the whole plan";
  EXPECT_EQ(world.not_right(), "");
}

// A project whose export is quicker than any look-up.
class ExportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int n = 1; n <= 8; ++n) world.customers[n] = {"Name" + std::to_string(n), n, n <= 6};
    world.add_contacts(1, 5);
    world.add_contacts(7, 9);
    world.catalog.destinations[0].settle = Millis(0);
    ASSERT_TRUE(world.at_work()
                    .store.put_fact("d1", "export", R"({"contacts": 8, "seconds": 0.0001})")
                    .ok());
  }
  SmallWorld world{
      {.project = ProjectType::email, .destination = "proof: {by: fastest}", .real_delays = false}};
};

TEST_F(ExportTest, ProvesWhoIsThere) {
  const RunReport report = world.run();
  EXPECT_EQ(world.calls("GET /api/export/data.json"), 1);
  EXPECT_THAT(report.warnings, ::testing::IsEmpty());
  EXPECT_EQ(world.not_right(), "");
}

TEST_F(ExportTest, ThatFailsAtSomebodyIsDoneWithout) {
  // Each time, or where that person would be told.
  for (const char* fault : {"http_500", "cut_body"}) {
    world.faults("[{kind: " + std::string(fault) + ", endpoint: /api/export/data.json, rate: 1}]");
    const auto asked = world.calls("GET /api/export/data.json");
    const RunReport report = world.run(true);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("people are looked up one by one"))) << fault;
    EXPECT_EQ(world.not_right(), "") << fault;
    EXPECT_GT(world.calls("GET /api/export/data.json"), asked) << fault;
    EXPECT_LE(world.calls("GET /api/export/data.json"), asked + 8) << fault;
  }
}

TEST_F(WorldTest, AListThatCannotBeReadIsLeftAsItIs) {
  (void)world.run();
  world.put_on_list(9);
  world.customers[2].vip = false;
  world.faults("[{kind: http_500, endpoint: GET /api/lists/getUsers, rate: 1}]");
  const auto sent = world.calls("POST /api/lists/subscribe");
  const auto failed = world.try_run(true);
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->status, RunStatus::failed);
  ASSERT_TRUE(failed->error);
  EXPECT_THAT(failed->error->text(), HasSubstr("lists/getUsers"));
  EXPECT_EQ(world.calls("POST /api/lists/subscribe"), sent);
  EXPECT_EQ(world.calls("POST /api/lists/unsubscribe"), 0);
  world.faults("[]");
  (void)world.run(true);
  EXPECT_THAT(world.on_list(), ElementsAre(1, 3, 4, 5, 9));
}

// In adding, changing, removing and looking up, each with a batch of its own or alone.
TEST_F(WorldTest, OnePersonWhomIterableFailsAtHoldsNobodyUp) {
  world.faults(
      "[{kind: http_500, endpoint: /api/lists/subscribe, rate: 1, about: c3@example.com}]");
  const auto first = world.try_run();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(SmallWorld::not_honest(*first), "");
  EXPECT_THAT(world.on_list(), ElementsAre(1, 2, 4, 5));
  EXPECT_EQ(first->standing.unknown, 1);
  world.faults("[]");
  (void)world.run();
  world.catalog.activations[0].guard.max_removed_share = 1;
  world.customers[1].vip = world.customers[2].vip = false;
  world.customers[4].points = world.customers[5].points = 50;
  world.customers[7].vip = true;
  world.faults(
      "[{kind: http_500, endpoint: /api/lists/unsubscribe, rate: 1, about: c1@example.com},"
      " {kind: http_502, endpoint: /api/lists/subscribe, rate: 1, about: c4@example.com}]");
  const auto second = world.try_run();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(SmallWorld::not_honest(*second), "");
  EXPECT_THAT(world.on_list(), ElementsAre(1, 3, 4, 5, 7));
  EXPECT_EQ(world.field(5, "points"), "50");
  EXPECT_EQ(second->outcomes.unknown, 2);
  world.faults("[]");
  (void)world.run();
  EXPECT_EQ(world.not_right(), "");
}

TEST_F(WorldTest, TheSameSeedMakesTheSameRun) {
  const auto points_of = [](uint64_t seed) {
    SmallWorld one({.seed = seed});
    for (int n = 1; n <= 8; ++n) one.customers[n] = {"Name", n, n <= 6};
    one.add_contacts(1, 9);
    one.faults("[{kind: http_500, rate: 0.2}]");
    const auto report = one.try_run();
    return std::tuple(one.points(), report->run_id, report->calls.total, one.clock.now());
  };
  EXPECT_EQ(points_of(5), points_of(5));
  EXPECT_NE(points_of(5), points_of(6));
}

}  // namespace
}  // namespace rollcall::testing
