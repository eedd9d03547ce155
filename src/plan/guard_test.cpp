#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/plan.hpp"

namespace rollcall::plan {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

// --- The guard.

GuardNumbers numbers(int64_t before, int64_t removed, int64_t added) {
  return {.removed = removed,
          .added = added,
          .on_list_before = before,
          .empties = before > 0 && removed >= before};
}
std::vector<std::string> breached(const GuardNumbers& n, const GuardLimits& limits = {},
                                  bool settled = true,
                                  const std::optional<GuardNumbers>& approved = std::nullopt) {
  std::vector<std::string> out;
  for (const Breach& breach : guard(n, limits, settled, approved)) out.push_back(breach.limit);
  return out;
}

TEST(GuardTest, StopsWhenTooManyLeave) {
  EXPECT_THAT(breached(numbers(100, 30, 0)), ElementsAre());
  EXPECT_THAT(breached(numbers(100, 31, 0)), ElementsAre("max_removed_share"));
  EXPECT_THAT(breached(numbers(1'000'000, 100'001, 0)), ElementsAre("max_removed"));
}
TEST(GuardTest, StopsWhenTheListWouldBeEmptied) {
  EXPECT_THAT(breached(numbers(2, 2, 0)), ElementsAre("allow_empty"));
  EXPECT_THAT(breached(numbers(2, 2, 0), {.allow_empty = true}), ElementsAre());
}
TEST(GuardTest, StopsWhenTooManyEnterOrAreCleared) {
  EXPECT_THAT(breached(numbers(100, 0, 301)), ElementsAre("max_added_share"));
  GuardNumbers n = numbers(100, 0, 0);
  n.cleared = {{"name", 31}};
  EXPECT_THAT(breached(n), ElementsAre("max_cleared_share"));
}
TEST(GuardTest, LetsSharesBindOnlyFromFivePeopleOnAndAfterARunThatEndedWell) {
  EXPECT_THAT(breached(numbers(4, 3, 0)), ElementsAre());
  EXPECT_THAT(breached(numbers(5, 4, 0)), ElementsAre("max_removed_share"));
  EXPECT_THAT(breached(numbers(5, 4, 0), {}, false), ElementsAre());
}
TEST(GuardTest, PassesWhatWasApprovedAndNothingLarger) {
  const GuardNumbers approved = numbers(100, 70, 0);
  EXPECT_THAT(breached(numbers(100, 70, 0), {}, true, approved), ElementsAre());
  EXPECT_THAT(breached(numbers(100, 71, 0), {}, true, approved), ElementsAre("max_removed_share"));
  EXPECT_THAT(breached(numbers(100, 100, 0), {}, true, numbers(100, 100, 0)), ElementsAre());
}

}  // namespace
}  // namespace rollcall::plan
