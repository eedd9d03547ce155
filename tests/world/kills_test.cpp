// A run that is killed at any of its named points, then another one: the same end as without it.
// The points are learnt from the run itself, so that a new step is killed at as soon as it exists.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/world/small_world.hpp"

namespace rollcall::testing {
namespace {

class Kills : public ::testing::TestWithParam<std::pair<ProjectType, KeyType>> {
 protected:
  // Of every eight: six are in the segment, of whom one is no contact.
  void populate(int people) {
    for (int n = 1; n <= people; ++n) {
      world.customers[n] = {"Name" + std::to_string(n), n, n % 8 > 1};
      if (n % 8 != 2) world.add_contact(n);
    }
  }
  void a_day_of_changes() {
    world.customers[3].vip = false;
    world.customers.erase(4);
    world.customers[5].points += 1000;
    world.customers[6].name = "";
    world.customers[7].name = "Another";
    world.customers[8].vip = true;
    world.customers[1].vip = true;
    world.add_contact(10);     // who was waited for
    world.delete_contact(11);  // a member
    world.customers[25] = {};  // new, and a contact
    world.add_contact(25);
    world.customers[26] = {};  // new, and none
  }
  // Returns the points.
  std::set<std::string> kill_at_every_point() {
    world.keep();
    (void)world.run();
    EXPECT_EQ(world.not_right(), "");
    std::map<std::string, int> passed;
    for (const std::string& point : world.points()) ++passed[point];
    std::set<std::string> out;
    for (const auto& [point, times] : passed) {
      out.insert(point);
      for (const int occurrence : std::set{1, times}) {
        SCOPED_TRACE(point + ":" + std::to_string(occurrence));
        world.go_back();
        if (!world.run_killed_at(point, occurrence)) {
          EXPECT_GT(occurrence, 1) << "the point was passed before, and not now";
          continue;
        }
        EXPECT_EQ(world.not_clean(), "");
        (void)world.run();
        EXPECT_EQ(world.not_right(), "");
      }
    }
    return out;
  }

  SmallWorld world{{.project = GetParam().first,
                    .key = GetParam().second,
                    .activation = "guard: {max_removed_share: 0.5, max_cleared_share: 1}"}};
};

INSTANTIATE_TEST_SUITE_P(, Kills,
                         ::testing::Values(std::pair(ProjectType::hybrid, KeyType::email),
                                           std::pair(ProjectType::hybrid, KeyType::user_id),
                                           std::pair(ProjectType::user_id, KeyType::user_id),
                                           std::pair(ProjectType::email, KeyType::email),
                                           std::pair(ProjectType::email, KeyType::user_id)),
                         [](const auto& one) {
                           return std::string(to_string(one.param.first)) + "_by_" +
                                  std::string(to_string(one.param.second));
                         });

TEST_P(Kills, AFirstRunKilledAtAnyPointEndsTheSame) {
  populate(16);
  const auto points = kill_at_every_point();
  for (const char* const point : {"plan.sealed", "list.intended", "list.created", "list.recorded",
                                  "fields.made", "ledger.written", "ledger.promoted"})
    EXPECT_TRUE(points.contains(point)) << point;
}

// What was not synced is gone with the power, but for a part of what was written last; names that
// were not, now and then.
TEST(PowerLost, AtAnyPointEndsTheSame) {
  SmallWorld world;
  for (int n = 1; n <= 8; ++n) world.customers[n] = {"Name" + std::to_string(n), n, n <= 6};
  world.add_contacts(2, 8);
  world.keep();
  (void)world.run();
  const auto passed = world.points();
  size_t turn = 0;
  for (const std::string& point : std::set(passed.begin(), passed.end())) {
    SCOPED_TRACE(point);
    world.go_back();
    const auto names = ++turn % 2 == 0 ? FaultyDisk::Renames::lost : FaultyDisk::Renames::kept;
    EXPECT_TRUE(world.run_powerless_at(point, 1, 7 * turn, names));
    EXPECT_EQ(world.not_clean(), "");
    (void)world.run();
    EXPECT_EQ(world.not_right(), "");
  }
}

TEST_P(Kills, ALaterRunKilledAtAnyPointEndsTheSame) {
  populate(24);
  (void)world.run();
  a_day_of_changes();
  const auto points = kill_at_every_point();
  for (const char* const point : {"add.journalled", "add.sent", "add.recorded", "remove.journalled",
                                  "remove.sent", "remove.recorded"})
    EXPECT_TRUE(points.contains(point)) << point;
}

}  // namespace
}  // namespace rollcall::testing
