// The dry run against the run: what the one says, the other does, and where the run stops the dry
// run does not say that all is well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/world/small_world.hpp"

namespace rollcall::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class PlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int n = 1; n <= 6; ++n) world.customers[n] = {"Name", n, n <= 4};
    world.add_contacts(1, 9);
  }
  run::PlanReport plan() {
    auto planned = world.plan();
    EXPECT_TRUE(planned.ok()) << planned.error().text();
    return planned.ok() ? std::move(*planned) : run::PlanReport{};
  }
  static void expect_same(const ChangeCounts& planned, const ChangeCounts& done) {
    EXPECT_EQ(planned.entered, done.entered);
    EXPECT_EQ(planned.left, done.left);
    EXPECT_EQ(planned.changed, done.changed);
    EXPECT_EQ(planned.retried, done.retried);
  }
  SmallWorld world;
};

TEST_F(PlanTest, SaysWhatTheRunDoes) {
  const run::PlanReport first = plan();
  EXPECT_EQ(first.changes.entered, 4);
  expect_same(first.changes, world.run().changes);
  world.catalog.activations[0].guard.max_removed_share = 0.9;
  world.customers[1].vip = false;
  world.customers[2].points = 99;
  world.customers[5].vip = true;
  const run::PlanReport planned = plan();
  EXPECT_EQ(planned.changes.left, 1);
  expect_same(planned.changes, world.run().changes);
}

TEST_F(PlanTest, WritesNothing) {
  (void)world.run();
  world.customers[1].vip = false;
  const auto before = std::filesystem::last_write_time(world.folder / "home/activations/a1");
  (void)plan();
  EXPECT_EQ(std::filesystem::last_write_time(world.folder / "home/activations/a1"), before);
  EXPECT_TRUE(std::filesystem::is_empty(world.folder / "home/tmp"));
  EXPECT_EQ(world.on_list().size(), 4u);
}

TEST_F(PlanTest, KnowsWhoIsTakenOffAnAdoptedList) {
  Activation& activation = world.catalog.activations[0];
  activation.adopt_list = world.make_list("Of old", {1, 7, 8});
  activation.remove_foreign = true;
  activation.guard.max_removed_share = 1;
  world.clock.advance(Millis(60'000));  // Iterable shows a list a little later
  const run::PlanReport planned = plan();
  EXPECT_EQ(planned.changes.left, 2);
  expect_same(planned.changes, world.run().changes);
  EXPECT_EQ(world.on_list(), (std::set<int>{1, 2, 3, 4}));
}

TEST_F(PlanTest, StopsWhereTheRunStopsBeforeANameThatIsTaken) {
  (void)world.make_list("VIPs", {});
  const auto planned = world.plan();
  const RunReport report = *world.try_run();
  ASSERT_FALSE(planned.ok());
  ASSERT_TRUE(report.error);
  EXPECT_EQ(planned.error().message, report.error->message);
  EXPECT_EQ(planned.error().remedy, report.error->remedy);
}

TEST_F(PlanTest, StopsWhereTheRunStopsBeforeAKeyThatRepeats) {
  const auto repeat = [&] {
    std::ofstream(world.folder / "data/customers.csv", std::ios::app)
        << "1,c7@example.com,U7,x,1,true\n1,c8@example.com,U8,x,1,true\n";
  };
  (void)world.at_work();
  repeat();
  const auto planned =
      run::plan(world.without_writing(),
                {.catalog = world.catalog, .activation = world.catalog.activations.at(0)}, {});
  ASSERT_FALSE(planned.ok());
  EXPECT_THAT(planned.error().message, HasSubstr("number"));
}

TEST_F(PlanTest, AfterACopyOfTheHomeSaysThatEverythingIsSentAgain) {
  (void)world.run();
  const auto state = world.folder / "home/activations/a1/state.json";
  std::filesystem::copy_file(state, world.folder / "copy");
  std::filesystem::rename(world.folder / "copy", state);
  const run::PlanReport planned = plan();
  EXPECT_THAT(planned.warnings, Contains(HasSubstr("is a copy of another")));
  expect_same(planned.changes, world.run().changes);
}

}  // namespace
}  // namespace rollcall::testing
