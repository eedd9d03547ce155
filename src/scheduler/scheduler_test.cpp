#include "scheduler/scheduler.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "scheduler/testing.hpp"

namespace rollcall::scheduler {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

Task resting(Task task) {
  task.resting = true;
  return task;
}
Task audited(Task task, seconds every) {
  task.audit_every = every;
  return task;
}

std::string words(const Start& start) {
  return fmt::format("{}{} {}{}", start.asked ? "asked " : "",
                     start.work == Work::run ? "run" : "audit", start.uid,
                     start.note.empty() ? "" : " (" + start.note + ")");
}

// What the service does, on simulated time.
class SchedulerTest : public testing::Test {
 protected:
  // Restarts the service: what was kept, and nothing else, is known of before.
  void serve(Settings settings = {}) {
    keep();
    scheduler_ = std::make_unique<Scheduler>(settings);
    tell();
  }
  void has(std::vector<Task> tasks) {
    tasks_ = std::move(tasks);
    if (scheduler_ == nullptr) return serve();
    tell();
  }
  std::vector<std::string> take() {
    std::vector<std::string> out;
    for (const Start& start : scheduler_->take(now_)) {
      out.push_back(words(start));
      due_[start.uid] = start.due;
    }
    keep();
    return out;
  }
  void ended(const std::string& uid, Work work = Work::run) {
    scheduler_->ended(uid, work, now_);
    keep();
  }
  void at(hours hour, seconds more = {}) { now_ = kStart + hour + more; }
  bool ask(const std::string& uid, Work work = Work::run, const std::string& note = "") {
    return scheduler_->ask(uid, work, note, now_);
  }
  [[nodiscard]] std::string next(const std::string& uid) const {
    const auto time = scheduler_->next(uid);
    return time ? iso_utc(*time) : "-";
  }
  [[nodiscard]] std::string due(const std::string& uid) const { return iso_utc(due_.at(uid)); }
  [[nodiscard]] std::vector<std::string> waiting() const {
    std::vector<std::string> out;
    for (const Waiting& one : scheduler_->waiting())
      out.push_back(words({.uid = one.uid, .work = one.work, .asked = one.asked}));
    return out;
  }

  Time now_ = kStart;
  std::vector<Task> tasks_;
  std::unique_ptr<Scheduler> scheduler_;
  std::map<std::string, Standing> kept_;

 private:
  void tell() {
    std::vector<Standing> kept;
    for (const auto& [uid, standing] : kept_) kept.push_back(standing);
    scheduler_->tasks(tasks_, kept, now_);
    keep();
  }
  void keep() {
    if (scheduler_ == nullptr) return;
    for (const Standing& one : scheduler_->changed()) kept_[one.uid] = one;
  }

  std::map<std::string, Time> due_;
};

// --- When a run is due.

TEST_F(SchedulerTest, ANewScheduleIsDueAtItsFirstTimeAfterItIsKnown) {
  has({task("a", cron("0 7 * * *")), task("b", cron("0 0 * * *"))});
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-01T07:00:00Z");
  EXPECT_EQ(next("b"), "2027-03-02T00:00:00Z") << "not the moment itself";
  EXPECT_EQ(scheduler_->wake(), kStart + hours(7));
  at(hours(7), seconds(-1));
  EXPECT_THAT(take(), IsEmpty());
  at(hours(7));
  EXPECT_THAT(take(), ElementsAre("run a"));
  EXPECT_EQ(due("a"), "2027-03-01T07:00:00Z");
  EXPECT_EQ(next("a"), "2027-03-02T07:00:00Z");
}

TEST_F(SchedulerTest, ANewIntervalIsDueAtOnceAndThenByItsBeat) {
  has({task("a", every(hours(1)))});
  EXPECT_EQ(scheduler_->wake(), kStart);
  EXPECT_THAT(take(), ElementsAre("run a"));
  EXPECT_EQ(due("a"), iso_utc(kStart));
  at(hours(0), minutes(20));
  ended("a");
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(scheduler_->wake(), kStart + hours(1)) << "counted from when it was due, not its end";
}

TEST_F(SchedulerTest, TakesOverWhatAnotherHasDecided) {
  // It stands by: nothing is due here, and times pass.
  const Task hourly = task("a", every(hours(1))), fresh = task("b", every(hours(1)));
  has({resting(hourly), resting(fresh)});
  at(hours(3), minutes(30));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_TRUE(ask("b"));
  EXPECT_THAT(take(), ElementsAre("asked run b")) << "but for what is asked for";
  // The other dealt with two o'clock, and was gone.
  Standing kept = kept_.at("a");
  kept.resting = false;
  kept.since = kStart + hours(2);
  has({hourly, fresh});
  scheduler_->take_over({kept}, now_);
  const auto starts = scheduler_->take(now_);
  ASSERT_THAT(starts, SizeIs(1));
  EXPECT_EQ(starts[0].uid, "a");
  EXPECT_EQ(starts[0].due, kStart + hours(3));
  EXPECT_EQ(starts[0].until, kStart + hours(3)) << "times up to here are this run's";
  ended("b");
  EXPECT_THAT(take(), IsEmpty()) << "new to it, and the run that was asked for was its first";
  EXPECT_EQ(next("b"), iso_utc(now_ + hours(1)));
}

TEST_F(SchedulerTest, ANewIntervalThatNeverRanIsStillDueAfterARestart) {
  has({task("a", every(days(1)))});
  at(hours(2));
  serve();
  EXPECT_THAT(take(), ElementsAre("run a"));
  EXPECT_EQ(due("a"), iso_utc(kStart));
}

TEST_F(SchedulerTest, WhatHasNoNextTimeNeverWakesAnybody) {
  Schedule unreadable = cron("0 7 * * *", "Mars/Olympus");
  has({task("a", manual()), task("b", unreadable), task("c", every(seconds(0))),
       task("d", {.kind = Schedule::Kind::recurrences}), task("e", cron("0 0 31 2 *"))});
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(scheduler_->wake(), std::nullopt);
  for (const char* uid : {"a", "b", "c", "d", "e", "nobody"}) EXPECT_EQ(next(uid), "-") << uid;
  EXPECT_TRUE(ask("b"));
  EXPECT_THAT(take(), ElementsAre("asked run b"));
  ended("b");
  EXPECT_EQ(scheduler_->wake(), std::nullopt);
}

TEST_F(SchedulerTest, ItNeverRunsTwiceAtOnce) {
  has({task("a", every(hours(1)))});
  EXPECT_THAT(take(), ElementsAre("run a"));
  EXPECT_TRUE(ask("a"));
  scheduler_->resume("a", kStart);
  for (int hour = 1; hour < 10; ++hour) {
    at(hours(hour));
    EXPECT_THAT(take(), IsEmpty());
  }
  EXPECT_EQ(scheduler_->running(), 1U);
  ended("a");
  EXPECT_THAT(take(), SizeIs(1));
  EXPECT_EQ(scheduler_->running(), 1U);
}

TEST_F(SchedulerTest, TimesThatPassWhileItRunsComeToOneRunDueSinceTheFirst) {
  has({task("a", every(hours(1))), task("b", cron("30 * * * *"))});
  at(hours(0), minutes(30));
  EXPECT_THAT(take(), ElementsAre("run a", "run b"));
  at(hours(3), minutes(45));
  ended("a");
  ended("b");
  EXPECT_THAT(take(), ElementsAre("run a", "run b"));
  EXPECT_EQ(due("a"), "2027-03-01T01:00:00Z");
  EXPECT_EQ(due("b"), "2027-03-01T01:30:00Z");
  EXPECT_EQ(next("a"), "2027-03-01T04:00:00Z");
  EXPECT_EQ(next("b"), "2027-03-01T04:30:00Z");
}

TEST_F(SchedulerTest, TimesThatPassWhileItWaitsComeToOneRun) {
  has({task("x", manual()), task("a", cron("0 * * * *"))});
  serve({.at_once = 1});
  ask("x");
  EXPECT_THAT(take(), ElementsAre("asked run x"));
  for (int hour = 1; hour <= 5; ++hour) {
    at(hours(hour));
    EXPECT_THAT(take(), IsEmpty());
    EXPECT_THAT(waiting(), ElementsAre("run a"));
    EXPECT_EQ(next("a"), "2027-03-01T01:00:00Z");
  }
  ended("x");
  EXPECT_THAT(take(), ElementsAre("run a"));
  EXPECT_EQ(due("a"), "2027-03-01T01:00:00Z");
  ended("a");
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-01T06:00:00Z");
}

TEST_F(SchedulerTest, TimesThatPassWhileNobodyServesComeToOneRunDueSinceTheFirst) {
  has({task("a", every(hours(5))), task("b", cron("0 7 * * *"))});
  take();
  at(hours(7));
  take();
  ended("a");
  ended("b");
  at(hours(24 * 10 + 1));
  serve();
  EXPECT_THAT(take(), ElementsAre("run a", "run b"));
  EXPECT_EQ(due("a"), "2027-03-01T05:00:00Z") << "it was due while the first one ran";
  EXPECT_EQ(due("b"), "2027-03-02T07:00:00Z");
  ended("a");
  ended("b");
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), iso_utc(kStart + hours(245))) << "by its beat of before";
  EXPECT_EQ(next("b"), "2027-03-11T07:00:00Z");
}

TEST_F(SchedulerTest, WhatWasKilledIsDueAgain) {
  has({task("a", cron("0 7 * * *"))});
  at(hours(7));
  EXPECT_THAT(take(), ElementsAre("run a"));
  serve();
  EXPECT_THAT(take(), ElementsAre("run a"));
  EXPECT_EQ(due("a"), "2027-03-01T07:00:00Z");
  ended("a");
  serve();
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(SchedulerTest, OneThatRestsMissesItsTimesForGood) {
  const std::vector<Task> all = {task("a", cron("0 7 * * *")), task("b", every(hours(10)))};
  has(all);
  take();
  ended("b");
  has({resting(all[0]), resting(all[1])});
  at(hours(24 + 8));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(scheduler_->wake(), std::nullopt);
  EXPECT_EQ(next("a"), "-");
  has(all);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-03T07:00:00Z");
  EXPECT_EQ(next("b"), iso_utc(kStart + hours(40))) << "by its beat of before";
}

TEST_F(SchedulerTest, OneThatWaitsAndIsPutToRestNoLongerWaits) {
  has({task("a", cron("0 7 * * *"))});
  serve({.at_once = 0});
  at(hours(7));
  take();
  EXPECT_THAT(waiting(), ElementsAre("run a"));
  has({resting(tasks_[0])});
  EXPECT_THAT(waiting(), IsEmpty());
  has({task("a", cron("0 7 * * *"))});
  EXPECT_THAT(waiting(), IsEmpty());
}

TEST_F(SchedulerTest, OneThatWasResumedWhileNobodyServedMissesItsTimesToo) {
  const Task one = task("a", cron("0 7 * * *"));
  has({one});
  has({resting(one)});
  tasks_ = {one};
  at(hours(24 * 3));
  serve();
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-04T07:00:00Z");
}

TEST_F(SchedulerTest, OneThatRestsRunsWhenAskedFor) {
  has({resting(audited(task("a", every(hours(1))), hours(1)))});
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_TRUE(ask("a", Work::run, "p"));
  EXPECT_THAT(take(), ElementsAre("asked run a (p)"));
  ended("a");
  EXPECT_TRUE(ask("a", Work::audit));
  EXPECT_THAT(take(), ElementsAre("asked audit a"));
  at(hours(9));
  ended("a", Work::audit);
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(SchedulerTest, AnotherScheduleBeginsNow) {
  has({task("a", cron("0 7 * * *")), task("b", cron("0 7 * * *")), task("c", every(hours(1)))});
  take();
  ended("c");
  at(hours(7));
  serve({.at_once = 0});
  take();
  EXPECT_THAT(waiting(), SizeIs(3));
  has({task("a", cron("0 7 * * *", "Asia/Kolkata")), task("b", every(hours(1))),
       task("c", every(hours(2)))});
  EXPECT_THAT(waiting(), IsEmpty()) << "what was due by the old one is not any more";
  EXPECT_EQ(next("a"), "2027-03-02T01:30:00Z");
  EXPECT_EQ(next("b"), "2027-03-01T08:00:00Z");
  EXPECT_EQ(next("c"), "2027-03-01T09:00:00Z");
  has({task("a", cron("0 8 * * *"))});
  EXPECT_EQ(next("a"), "2027-03-01T08:00:00Z") << "in the same moment too";
}

TEST_F(SchedulerTest, AScheduleThatWasChangedWhileNobodyServedBeginsNow) {
  has({task("a", cron("0 7 * * *"))});
  tasks_ = {task("a", cron("0 8 * * *"))};
  at(hours(48));
  serve();
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-03T08:00:00Z");
}

TEST_F(SchedulerTest, EveryPartOfAScheduleTellsItFromAnother) {
  const auto weekly = [](std::vector<std::string> on, const char* time, const char* tz) {
    return Schedule{.kind = Schedule::Kind::recurrences,
                    .recurrences = {{.days = std::move(on), .at = time, .tz = tz}}};
  };
  Schedule two = weekly({"mon"}, "07:00", "UTC");
  two.recurrences.push_back(two.recurrences[0]);
  std::set<std::string> texts;
  const std::vector<Schedule> all = {manual(),
                                     every(seconds(60)),
                                     every(seconds(61)),
                                     cron("0 7 * * *"),
                                     cron("0 7 * * *", "Asia/Kolkata"),
                                     cron("0 8 * * *"),
                                     weekly({"mon"}, "07:00", "UTC"),
                                     weekly({"mon", "tue"}, "07:00", "UTC"),
                                     weekly({"mon"}, "07:01", "UTC"),
                                     weekly({"mon"}, "07:00", "Asia/Kolkata"),
                                     two};
  for (const Schedule& schedule : all) {
    has({task("a", schedule)});
    texts.insert(kept_["a"].schedule);
  }
  EXPECT_EQ(texts.size(), all.size());
}

TEST_F(SchedulerTest, WhatDidNotChangeIsNotDisturbed) {
  has({task("a", every(hours(1)))});
  take();
  ended("a");
  kept_.clear();
  at(hours(0), minutes(30));
  has({task("a", every(hours(1)), "another"), task("b", manual())});
  EXPECT_EQ(next("a"), "2027-03-01T01:00:00Z");
  EXPECT_THAT(kept_, SizeIs(1)) << "only the new one is to be kept";
}

// --- The clock.

TEST_F(SchedulerTest, AClockThatIsSetFarForwardsMakesDueOnce) {
  has({task("a", every(minutes(10))), task("b", cron("* * * * *"))});
  take();
  ended("a");
  now_ = kStart + days(365 * 20);
  EXPECT_THAT(take(), ElementsAre("run b", "run a"));
  ended("a");
  ended("b");
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(SchedulerTest, AClockThatWasFarAheadDoesNotSilenceAnything) {
  const auto far = days(365 * 20);
  for (const bool restarted : {false, true}) {
    scheduler_.reset();
    kept_.clear();
    now_ = kStart + far;
    has({audited(task("a", every(minutes(10))), days(7)), task("b", cron("0 7 * * *"))});
    take();
    ended("a");
    now_ = kStart + far + days(1);
    EXPECT_THAT(take(), ElementsAre("run a", "run b"));
    ended("a");
    ended("b");
    now_ = kStart;
    if (restarted) serve();
    EXPECT_THAT(take(), IsEmpty());
    EXPECT_EQ(next("a"), "2027-03-01T00:10:00Z");
    EXPECT_EQ(next("b"), "2027-03-01T07:00:00Z");
    EXPECT_EQ(kept_["a"].audit_since, kStart);
    EXPECT_EQ(kept_["b"].since, kStart);
  }
}

TEST_F(SchedulerTest, AClockThatIsSetBackWhileItRunsDoesNotSilenceItEither) {
  now_ = kStart + days(400);
  has({audited(task("a", every(minutes(10))), days(7)), task("b", cron("0 7 * * *"))});
  ask("b");
  EXPECT_THAT(take(), SizeIs(2));
  now_ = kStart;
  EXPECT_THAT(take(), IsEmpty());
  ended("a");
  ended("b");
  EXPECT_EQ(next("a"), "2027-03-01T00:10:00Z");
  EXPECT_EQ(next("b"), "2027-03-01T07:00:00Z");
}

TEST_F(SchedulerTest, TimesAfterTheClockWasSetBackAreNotThoseOfTheRunOfBefore) {
  now_ = kStart + days(400);
  has({task("a", cron("0 7 * * *"))});
  ask("a");
  take();
  at(hours(6));
  take();
  EXPECT_EQ(next("a"), "2027-03-01T07:00:00Z");
  at(hours(7), minutes(30));
  ended("a");
  EXPECT_THAT(take(), ElementsAre("run a"));
}

TEST_F(SchedulerTest, AClockThatIsSetBackALittleRepeatsNothing) {
  has({task("a", cron("0 7 * * *"))});
  at(hours(7));
  EXPECT_THAT(take(), ElementsAre("run a"));
  at(hours(7), seconds(-1));
  ended("a");
  EXPECT_THAT(take(), IsEmpty());
  at(hours(7));
  EXPECT_THAT(take(), IsEmpty());
  at(hours(6), minutes(10));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-02T07:00:00Z");
  at(hours(5));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-01T07:00:00Z") << "two hours are no correction";
}

// --- Places, and whose turn it is.

TEST_F(SchedulerTest, AtMostSoManyRunAtOnceAndOfOneDestination) {
  std::vector<Task> all;
  for (int i = 0; i < 5; ++i) all.push_back(task("a" + std::to_string(i), every(hours(1)), "A"));
  for (int i = 0; i < 5; ++i) all.push_back(task("b" + std::to_string(i), every(hours(1)), "B"));
  tasks_ = all;
  serve({.at_once = 3, .at_once_destination = 2});
  EXPECT_THAT(take(), ElementsAre("run a0", "run b0", "run a1"));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(scheduler_->wake(), kStart + hours(1)) << "only the end of another makes a place";
  ended("b0");
  EXPECT_EQ(scheduler_->wake(), now_);
  EXPECT_THAT(take(), ElementsAre("run b1"));
  ended("b1");
  ended("a0");
  EXPECT_THAT(take(), ElementsAre("run b2", "run a2"));
}

TEST_F(SchedulerTest, AuditsTakePlacesLikeRuns) {
  has({audited(task("a", manual()), hours(1)), task("b", cron("0 1 * * *"))});
  serve({.at_once = 1});
  at(hours(1));
  EXPECT_THAT(take(), ElementsAre("audit a"));
  ended("a", Work::audit);
  EXPECT_THAT(take(), ElementsAre("run b"));
}

TEST_F(SchedulerTest, FourHundredOfOneDestinationDoNotHoldUpTheOneOfAnother) {
  for (int i = 0; i < 400; ++i)
    tasks_.push_back(task(fmt::format("a{:03}", i), every(hours(1)), "A"));
  tasks_.push_back(task("b", cron("1 0 * * *"), "B"));
  serve({.at_once = 4, .at_once_destination = 4});
  std::vector<std::string> running = take();
  EXPECT_THAT(running, ElementsAre("run a000", "run a001", "run a002", "run a003"));
  at(hours(0), minutes(1));
  EXPECT_THAT(take(), IsEmpty());
  ended("a002");
  EXPECT_THAT(take(), ElementsAre("run b")) << "the next place that is free";
  ended("b");
  EXPECT_THAT(take(), ElementsAre("run a004")) << "who has waited longest";
  // With a limit of its own a destination never has all places.
  at(hours(1));
  serve({.at_once = 4, .at_once_destination = 2});
  EXPECT_THAT(take(), ElementsAre("run a000", "run a001"));
  ask("b");
  EXPECT_THAT(take(), ElementsAre("asked run b"));
}

TEST_F(SchedulerTest, TwoDestinationsThatHaveMuchToDoShareThePlaces) {
  for (int i = 0; i < 50; ++i) {
    tasks_.push_back(task(fmt::format("a{}", i), every(hours(100)), "A"));
    tasks_.push_back(task(fmt::format("b{}", i), every(hours(100)), "B"));
  }
  serve({.at_once = 4, .at_once_destination = 4});
  std::map<char, int> of;
  for (int round = 0; round < 25; ++round) {
    for (const Start& start : scheduler_->take(now_)) {
      ++of[start.uid[0]];
      scheduler_->ended(start.uid, start.work, now_);
    }
    EXPECT_EQ(of['a'], of['b']);
  }
  EXPECT_EQ(of['a'], 50);
}

TEST_F(SchedulerTest, WhoAskedComesBeforeWhoIsDueAndWhoWaitsLongestFirst) {
  has({task("a", cron("0 1 * * *")), task("b", cron("30 0 * * *")), task("c", manual()),
       task("d", manual())});
  serve({.at_once = 0});
  at(hours(2));
  take();
  ask("d");
  at(hours(3));
  ask("c");
  EXPECT_THAT(waiting(), ElementsAre("asked run d", "asked run c", "run b", "run a"));
  const auto before = kept_;
  scheduler_ = std::make_unique<Scheduler>(Settings{.at_once = 1});
  at(hours(0));
  kept_.clear();
  has(tasks_);
  at(hours(2));
  ask("d");
  at(hours(3));
  ask("c");
  std::vector<std::string> order;
  for (int i = 0; i < 4; ++i) {
    order.push_back(take().at(0));
    ended(order.back().substr(order.back().size() - 1));
  }
  EXPECT_THAT(order, ElementsAre("asked run d", "asked run c", "run b", "run a"));
}

// --- By hand.

TEST_F(SchedulerTest, AskingTwiceIsAskingOnce) {
  has({task("a", manual())});
  EXPECT_FALSE(ask("nobody"));
  EXPECT_TRUE(ask("a", Work::run, "first"));
  EXPECT_FALSE(ask("a", Work::run, "second"));
  EXPECT_TRUE(ask("a", Work::audit));
  EXPECT_THAT(take(), ElementsAre("asked run a (first)"));
  EXPECT_TRUE(ask("a", Work::run, "again")) << "one that runs is run again after it";
  EXPECT_THAT(take(), IsEmpty());
  ended("a");
  EXPECT_THAT(take(), ElementsAre("asked audit a"));
  ended("a", Work::audit);
  EXPECT_THAT(take(), ElementsAre("asked run a (again)"));
  ended("a");
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(SchedulerTest, OneThatIsDueAndAskedForRunsOnce) {
  has({task("a", cron("0 7 * * *"))});
  at(hours(7), minutes(5));
  EXPECT_TRUE(ask("a", Work::run, "now"));
  EXPECT_THAT(take(), ElementsAre("asked run a (now)"));
  EXPECT_EQ(due("a"), "2027-03-01T07:05:00Z");
  ended("a");
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-02T07:00:00Z");
}

TEST_F(SchedulerTest, AskingDoesNotMoveTheBeatOfAnInterval) {
  has({task("a", every(hours(2)))});
  take();
  ended("a");
  at(hours(1));
  ask("a");
  take();
  ended("a");
  EXPECT_EQ(next("a"), "2027-03-01T02:00:00Z");
}

TEST_F(SchedulerTest, WhatWaitsCanBeWithdrawn) {
  has({audited(task("a", every(hours(1))), hours(2)), task("b", cron("0 7 * * *"))});
  serve({.at_once = 0});
  ask("b", Work::audit);
  at(hours(9), minutes(1));
  take();
  scheduler_->resume("b", now_);
  EXPECT_THAT(waiting(),
              UnorderedElementsAre("run b", "asked audit b", "run b", "run a", "audit a"));
  scheduler_->withdraw("a");
  scheduler_->withdraw("b");
  scheduler_->withdraw("nobody");
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(next("a"), "2027-03-01T10:00:00Z");
  EXPECT_EQ(next("b"), "2027-03-02T07:00:00Z");
  at(hours(9), minutes(30));
  serve();
  EXPECT_THAT(take(), IsEmpty()) << "not after a restart either";
  EXPECT_EQ(scheduler_->wake(), kStart + hours(10));
}

TEST_F(SchedulerTest, WithdrawingLeavesAloneWhatRunsAndWhatIsAhead) {
  has({task("a", every(hours(1)))});
  take();
  scheduler_->withdraw("a");
  EXPECT_EQ(scheduler_->running(), 1U);
  EXPECT_EQ(next("a"), "2027-03-01T01:00:00Z");
}

// --- An open run.

TEST_F(SchedulerTest, AnOpenRunGoesBeforeAllOthers) {
  has({task("a", every(hours(1)), "A"), task("b", every(hours(1)), "B"), task("x", manual(), "A")});
  serve({.at_once = 2, .at_once_destination = 2});
  ask("b");
  ask("x");
  EXPECT_THAT(take(), SizeIs(2));
  ended("b");
  ask("b");
  scheduler_->resume("a", kStart - minutes(5));
  EXPECT_EQ(scheduler_->wake(), now_);
  EXPECT_THAT(take(), ElementsAre("run a")) << "though B has nobody running";
  EXPECT_EQ(due("a"), iso_utc(kStart - minutes(5)));
}

TEST_F(SchedulerTest, AnOpenRunDealsWithTheTimesUpToItsBeginAndNoLaterOnes) {
  has({task("a", cron("0 * * * *")), task("b", cron("0 7 * * *"))});
  at(hours(7), minutes(1));
  take();  // and killed
  at(hours(8), minutes(1));
  serve();
  scheduler_->resume("a", kStart + hours(7) + minutes(1));
  scheduler_->resume("b", kStart + hours(7) + minutes(1));
  EXPECT_THAT(take(), ElementsAre("run a", "run b"));
  ended("a");
  ended("b");
  EXPECT_THAT(take(), ElementsAre("run a")) << "its snapshot was taken before eight";
  EXPECT_EQ(due("a"), "2027-03-01T08:00:00Z");
}

TEST_F(SchedulerTest, AnOpenRunOfOneThatRestsWaitsForItsNextRun) {
  has({resting(task("a", cron("0 7 * * *"))), task("b", manual())});
  scheduler_->resume("a", kStart);
  scheduler_->resume("nobody", kStart);
  EXPECT_THAT(take(), IsEmpty());
  serve({.at_once = 0});
  scheduler_->resume("b", kStart);
  EXPECT_THAT(waiting(), ElementsAre("run b"));
  has({task("a", cron("0 7 * * *")), resting(task("b", manual()))});
  EXPECT_THAT(waiting(), IsEmpty());
}

// --- Audits.

TEST_F(SchedulerTest, TheFirstAuditComesOneSpanAfterItWasFirstKnown) {
  has({audited(task("a", manual()), days(7)), task("b", manual())});
  at(hours(24 * 3));
  serve();  // a restart does not put it off
  EXPECT_EQ(scheduler_->wake(), kStart + days(7));
  at(hours(24 * 7));
  EXPECT_THAT(take(), ElementsAre("audit a"));
  EXPECT_EQ(due("a"), iso_utc(kStart + days(7)));
  at(hours(24 * 7 + 5));
  ended("a", Work::audit);
  EXPECT_EQ(scheduler_->wake(), kStart + days(14)) << "counted from its begin";
  at(hours(24 * 30));
  serve();
  EXPECT_THAT(take(), ElementsAre("audit a"));
  EXPECT_EQ(due("a"), iso_utc(kStart + days(14)));
  ended("a", Work::audit);
  EXPECT_EQ(scheduler_->wake(), kStart + days(37));
}

TEST_F(SchedulerTest, AnAuditThatWasKilledIsDueAgain) {
  has({audited(task("a", manual()), days(7))});
  at(hours(24 * 7));
  take();
  serve();
  EXPECT_THAT(take(), ElementsAre("audit a"));
}

TEST_F(SchedulerTest, AnAuditAndARunAreNeverAtOnceAndTheRunGoesFirst) {
  has({audited(task("a", cron("0 7 * * *")), hours(7))});
  at(hours(7));
  EXPECT_THAT(take(), ElementsAre("run a"));
  EXPECT_THAT(waiting(), ElementsAre("audit a"));
  EXPECT_THAT(take(), IsEmpty());
  ended("a");
  EXPECT_THAT(take(), ElementsAre("audit a"));
  at(hours(24 + 7));
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_THAT(waiting(), UnorderedElementsAre("run a", "audit a"));
  ended("a", Work::audit);
  EXPECT_THAT(take(), ElementsAre("run a"));
}

TEST_F(SchedulerTest, OneThatIsAlwaysDueIsAuditedToo) {
  has({audited(task("a", every(minutes(10))), hours(1))});
  std::map<std::string, int> done;
  for (int minute = 0; minute < 24 * 60; minute += 15) {
    at(hours(0), minutes(minute));
    for (const std::string& one : take()) ++done[one];
    at(hours(0), minutes(minute + 15));
    ended("a", Work::run);
    ended("a", Work::audit);
  }
  EXPECT_EQ(done["run a"] + done["audit a"], 24 * 4);
  EXPECT_GE(done["audit a"], 17);
  EXPECT_GE(done["run a"], 24 * 3 - 2);
}

TEST_F(SchedulerTest, AnAuditByHandCountsAsOne) {
  has({audited(task("a", manual()), days(7))});
  at(hours(24 * 6));
  ask("a", Work::audit);
  take();
  ended("a", Work::audit);
  EXPECT_EQ(scheduler_->wake(), kStart + days(13));
}

TEST_F(SchedulerTest, AnAuditByHandNeedsNoSpan) {
  has({task("a", manual())});
  ask("a", Work::audit);
  EXPECT_THAT(take(), ElementsAre("asked audit a"));
  ended("a", Work::audit);
  EXPECT_EQ(scheduler_->wake(), std::nullopt);
}

// --- Those that go, and come back.

TEST_F(SchedulerTest, OneThatIsGoneIsForgotten) {
  has({audited(task("a", every(hours(1))), hours(1)), task("b", manual())});
  ask("b");
  has({});
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_THAT(waiting(), IsEmpty());
  EXPECT_EQ(scheduler_->wake(), std::nullopt);
  EXPECT_FALSE(ask("a"));
  EXPECT_THAT(scheduler_->changed(), IsEmpty());
}

TEST_F(SchedulerTest, OneThatGoesWhileItRunsKeepsItsPlaceUntilItEnds) {
  has({task("a", every(hours(1)))});
  serve({.at_once = 1});
  take();
  has({task("b", every(hours(1)))});
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(scheduler_->running(), 1U);
  ended("a");
  EXPECT_THAT(take(), ElementsAre("run b"));
}

TEST_F(SchedulerTest, OneThatComesBackWhileItRunsDoesNotRunTwice) {
  const Task one = task("a", every(hours(1)));
  has({one});
  take();
  has({});
  at(hours(0), minutes(10));
  has({one});
  EXPECT_THAT(take(), IsEmpty()) << "it is due by what was kept, and runs";
  at(hours(0), minutes(20));
  ended("a");
  EXPECT_THAT(take(), IsEmpty()) << "that run was the one that was due";
  EXPECT_EQ(next("a"), "2027-03-01T01:00:00Z");
}

TEST_F(SchedulerTest, AnEndOfWhatDoesNotRunChangesNothing) {
  has({task("a", every(hours(1)))});
  ended("a");
  ended("nobody");
  EXPECT_THAT(take(), ElementsAre("run a"));
  ended("a", Work::audit);
  EXPECT_EQ(scheduler_->running(), 1U);
}

TEST_F(SchedulerTest, OneThatMovesToAnotherDestinationIsCountedThere) {
  has({task("a", every(hours(1)), "A"), task("b", every(hours(1)), "A")});
  serve({.at_once = 9, .at_once_destination = 1});
  EXPECT_THAT(take(), ElementsAre("run a"));
  has({task("a", every(hours(1)), "A"), task("b", every(hours(1)), "B")});
  EXPECT_THAT(take(), ElementsAre("run b"));
  has({task("a", every(hours(1)), "B"), task("b", every(hours(1)), "B")});
  ended("a");
  ended("b");
  at(hours(1));
  EXPECT_THAT(take(), ElementsAre("run a"));
}

// --- Jitter.

TEST_F(SchedulerTest, ATimeIsPutOffByThePartOfEachAlwaysTheSame) {
  for (int i = 0; i < 100; ++i)
    tasks_.push_back(task(fmt::format("u{:02}", i), cron("0 7 * * *"), "D"));
  for (int i = 0; i < 100; ++i)
    tasks_.push_back(task(fmt::format("i{:02}", i), every(minutes(10)), "D"));
  const Millis most = minutes(5);
  Settings settings = kPlenty;
  settings.jitter = most;
  serve(settings);
  std::set<Millis> offs;
  std::map<std::string, std::string> times;
  for (const Task& one : tasks_) {
    const bool interval = one.uid[0] == 'i';
    const Millis off = *scheduler_->next(one.uid) - (interval ? kStart : kStart + hours(7));
    EXPECT_GE(off, Millis(0));
    EXPECT_LE(off, interval ? minutes(1) : most) << "an interval by a tenth of it";
    offs.insert(off);
    times[one.uid] = next(one.uid);
  }
  EXPECT_GE(offs.size(), 180U);
  EXPECT_LT(*offs.begin(), most / 10);
  EXPECT_GT(*offs.rbegin(), most - most / 10);
  serve(settings);
  for (const Task& one : tasks_) EXPECT_EQ(next(one.uid), times[one.uid]);
  serve();
  EXPECT_EQ(next("u00"), "2027-03-01T07:00:00Z");
}

// --- What is kept.

TEST_F(SchedulerTest, WhatIsToBeKeptIsToldOnce) {
  scheduler_ = std::make_unique<Scheduler>(Settings{});
  scheduler_->tasks({audited(task("a", every(hours(1))), days(1)), task("b", manual())}, {}, now_);
  EXPECT_EQ(scheduler_->changed().size(), 2U);
  EXPECT_THAT(scheduler_->changed(), IsEmpty());
  EXPECT_THAT(take(), SizeIs(1));
  EXPECT_THAT(scheduler_->changed(), IsEmpty()) << "it has not ended";
  scheduler_->ended("a", Work::run, now_);
  const Standing kept{.uid = "a", .schedule = "every 3600", .since = now_, .audit_since = now_};
  EXPECT_THAT(scheduler_->changed(), ElementsAre(kept));
  scheduler_->tasks({task("c", manual())}, {}, now_);
  scheduler_->tasks({}, {}, now_);
  EXPECT_THAT(scheduler_->changed(), IsEmpty()) << "it is gone";
}

}  // namespace
}  // namespace rollcall::scheduler
