// Whole spans of time: a year against another program's calculation, days of many activations, and
// accidents.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "calendar/calendar.hpp"
#include "scheduler/testing.hpp"

namespace rollcall::scheduler {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Everything that happens from `begin` to `end`: woken when it says so, and when a run ends.
struct Simulated {
  Scheduler& scheduler;
  std::function<Millis(const std::string& uid)> length;
  std::function<void(const Start&, Time)> started;

  void go(Time begin, Time end) {
    std::multimap<Time, std::pair<std::string, Work>> ends;
    std::set<std::string> running;
    for (Time now = begin; now < end;) {
      while (!ends.empty() && ends.begin()->first <= now) {
        const auto [uid, work] = ends.begin()->second;
        ends.erase(ends.begin());
        running.erase(uid);
        scheduler.ended(uid, work, now);
      }
      for (const Start& start : scheduler.take(now)) {
        ASSERT_TRUE(running.insert(start.uid).second) << start.uid << " runs twice at once";
        started(start, now);
        ends.emplace(now + length(start.uid), std::pair(start.uid, start.work));
      }
      ASSERT_EQ(scheduler.running(), running.size());
      const auto wake = scheduler.wake();
      if (wake && *wake <= now) continue;
      Time next = wake.value_or(end);
      if (!ends.empty()) next = std::min(next, ends.begin()->first);
      now = next;
    }
  }
};

Schedule read_schedule(const std::string& text) {
  std::istringstream in(text);
  std::string kind, zone, cron_text;
  in >> kind;
  if (kind == "manual") return manual();
  if (kind == "every") {
    int64_t span = 0;
    in >> span;
    return every(seconds(span));
  }
  if (kind == "cron") {
    in >> zone;
    std::getline(in >> std::ws, cron_text);
    return cron(cron_text, zone);
  }
  EXPECT_EQ(kind, "on");
  Schedule out{.kind = Schedule::Kind::recurrences};
  std::string one;
  while (std::getline(in, one, ';')) {
    Recurrence recurrence;
    std::string names, name;
    std::istringstream(one) >> names >> recurrence.at >> recurrence.tz;
    std::istringstream all(names);
    while (std::getline(all, name, ',')) recurrence.days.push_back(name);
    out.recurrences.push_back(recurrence);
  }
  return out;
}

// See tests/scheduler/make_cases.py, which shares no code with this.
TEST(SchedulerYearTest, AYearOfRunsEqualsAnIndependentCalculation) {
  struct Case {
    size_t runs = 0;
    uint64_t sum = 0;
    std::string last;
  };
  struct Group {
    std::vector<Task> tasks;
    std::map<std::string, Case> expected;
  };
  std::ifstream file(SCHEDULER_CASES);
  ASSERT_TRUE(file.is_open());
  std::map<int64_t, Group> groups;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string uid, schedule;
    int64_t jitter = 0;
    Case one;
    ASSERT_TRUE(std::getline(fields, uid, '\t') && std::getline(fields, schedule, '\t') &&
                fields >> jitter >> one.runs >> one.sum >> one.last)
        << line;
    groups[jitter].tasks.push_back(task(uid, read_schedule(schedule)));
    groups[jitter].expected[uid] = one;
  }
  EXPECT_EQ(groups.size(), 2U);
  for (auto& [jitter, group] : groups) {
    SCOPED_TRACE(fmt::format("jitter {} ms", jitter));
    EXPECT_GE(group.tasks.size(), 70U);
    Settings settings = kPlenty;
    settings.jitter = Millis(jitter);
    Scheduler scheduler(settings);
    const Time begin = at("2027-01-01T00:00:00Z"), end = at("2028-01-01T00:00:00Z");
    scheduler.tasks(group.tasks, {}, begin);
    std::map<std::string, Case> found;
    std::map<std::string, uint64_t> drawn;
    for (const Task& one : group.tasks) {
      drawn[one.uid] = std::stoull(one.uid.substr(1));
      found[one.uid].last = "-";
    }
    Simulated year{
        .scheduler = scheduler,
        .length =
            [&](const std::string& uid) {
              uint64_t& x = drawn[uid];
              x = (x * 1103515245 + 12345) % (1U << 31);
              return seconds(1 + (x >> 10) % ((x >> 8) % 4 == 0 ? 20'000 : 600));
            },
        .started =
            [&](const Start& start, Time now) {
              Case& one = found[start.uid];
              ++one.runs;
              for (const Time time : {start.due, now})
                one.sum = (one.sum * 31 + static_cast<uint64_t>(time.time_since_epoch().count())) %
                          1'000'000'007;
              one.last = iso_utc(now);
            }};
    year.go(begin, end);
    for (const auto& [uid, expected] : group.expected) {
      EXPECT_EQ(found[uid].runs, expected.runs) << uid;
      EXPECT_EQ(found[uid].sum, expected.sum) << uid;
      EXPECT_EQ(found[uid].last, expected.last) << uid;
    }
  }
}

std::vector<Time> next_times(const Schedule& schedule) {
  const auto times = calendar::next_times(schedule, kStart, 100);
  EXPECT_TRUE(times.ok());
  return times.ok() ? *times : std::vector<Time>();
}

std::vector<Task> five_hundred() {
  const std::vector<std::string> zones = {"Europe/Paris", "America/New_York", "Asia/Kolkata"};
  std::vector<Task> out;
  for (int i = 0; i < 500; ++i) {
    Schedule schedule;
    if (i % 5 < 2) schedule = every(minutes(30 + i));
    if (i % 5 == 2) schedule = cron(fmt::format("{} */2 * * *", i % 60), zones[i % 3]);
    if (i % 5 == 3)
      schedule = {.kind = Schedule::Kind::recurrences,
                  .recurrences = {{.days = {"mon", "tue"}, .at = "07:00", .tz = zones[i % 3]}}};
    Task one = task(fmt::format("u{:03}", i), schedule, fmt::format("D{}", i % 20));
    if (i % 10 == 0) one.audit_every = hours(12);
    out.push_back(one);
  }
  return out;
}

TEST(SchedulerDayTest, WithPlacesFreeEachDueRunBeginsOnceAndWithoutDelay) {
  const std::vector<Task> tasks = five_hundred();
  Scheduler scheduler(kPlenty);
  scheduler.tasks(tasks, {}, kStart);
  std::map<std::string, std::vector<Time>> began;
  std::map<std::string, int> audits;
  Simulated day{.scheduler = scheduler,
                .length = [](const std::string&) { return minutes(20); },
                .started =
                    [&](const Start& start, Time now) {
                      if (start.work == Work::audit) {
                        ++audits[start.uid];
                        return;
                      }
                      began[start.uid].push_back(start.due);
                      // An audit of the same one is all that it may have waited for.
                      EXPECT_LE(now - start.due,
                                audits.contains(start.uid) ? minutes(20) : minutes(0));
                    }};
  day.go(kStart, kStart + days(1));
  for (const Task& one : tasks) {
    // An interval's first time is the start itself.
    std::vector<Time> expected;
    if (one.schedule.kind == Schedule::Kind::every) expected.push_back(kStart);
    for (const Time time : next_times(one.schedule))
      if (time < kStart + days(1)) expected.push_back(time);
    EXPECT_EQ(began[one.uid], expected) << one.uid;
    EXPECT_EQ(audits[one.uid], one.audit_every ? 1 : 0) << one.uid;
  }
}

// Whatever the places: every time is one run's, and nobody waits while there is a place for him.
TEST(SchedulerDayTest, WithFewPlacesEveryTimeIsDealtWithByARunAfterIt) {
  const std::vector<Task> tasks = five_hundred();
  const Settings settings{.at_once = 30, .at_once_destination = 3};
  Scheduler scheduler(settings);
  scheduler.tasks(tasks, {}, kStart);
  std::mt19937 random(20270301);
  std::map<std::string, std::vector<std::pair<Time, Time>>> began;
  size_t most = 0;
  Simulated day{.scheduler = scheduler,
                .length = [&](const std::string&) { return seconds(1 + random() % 1500); },
                .started =
                    [&](const Start& start, Time now) {
                      most = std::max(most, scheduler.running());
                      if (start.work == Work::run) began[start.uid].emplace_back(start.due, now);
                    }};
  day.go(kStart, kStart + days(1));
  EXPECT_EQ(most, settings.at_once);
  for (const Task& one : tasks) {
    std::vector<Time> times;
    if (one.schedule.kind == Schedule::Kind::every) times.push_back(kStart);
    for (const Time time : next_times(one.schedule)) times.push_back(time);
    auto time = times.begin();
    for (const auto& [due, begin] : began[one.uid]) {
      ASSERT_NE(time, times.end()) << one.uid;
      EXPECT_EQ(due, *time) << one.uid;
      while (time != times.end() && *time <= begin) ++time;
    }
    // What is left over waits, and says so.
    if (time != times.end()) {
      EXPECT_EQ(scheduler.next(one.uid), *time) << one.uid;
    }
  }
}

// A year of accidents, drawn: restarts, rests, other schedules, clocks that are set, kills. Only
// what must hold whatever happens is asked.
TEST(SchedulerAccidentsTest, WhateverHappensNobodyRunsTwiceNorIsForgotten) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto draw = [&](int below) { return static_cast<int>(random() % below); };
    const std::vector<Schedule> schedules = {manual(), every(minutes(30)), every(hours(7)),
                                             cron("*/10 * * * *", "Australia/Lord_Howe"),
                                             cron("0 7 * * *", "Europe/Paris")};
    const Settings settings{.at_once = 4, .at_once_destination = 2, .jitter = minutes(2)};
    auto scheduler = std::make_unique<Scheduler>(settings);
    std::map<std::string, Standing> kept;
    std::map<std::string, std::pair<Work, std::string>> running;
    std::vector<Task> tasks;
    for (int i = 0; i < 12; ++i) {
      tasks.push_back(task("u" + std::to_string(i), schedules[i % 5], "D" + std::to_string(i % 3)));
      if (i % 2 == 0) tasks.back().audit_every = hours(5);
    }
    Time now = kStart;
    const auto tell = [&](const std::vector<Task>& all) {
      std::vector<Standing> standings;
      for (const auto& [uid, one] : kept) standings.push_back(one);
      scheduler->tasks(all, standings, now);
    };
    tell(tasks);
    for (int step = 0; step < 3000; ++step) {
      now += seconds(draw(900));
      const std::string uid = "u" + std::to_string(draw(12));
      switch (draw(12)) {
        case 0: {
          Task& one = tasks[draw(12)];
          one.resting = !one.resting;
          tell(tasks);
          break;
        }
        case 1: {
          Task& one = tasks[draw(12)];
          one.schedule = schedules[draw(5)];
          one.destination = "D" + std::to_string(draw(3));
          tell(tasks);
          break;
        }
        case 2: {
          std::vector<Task> some = tasks;
          some.erase(some.begin() + draw(12));
          tell(some);
          scheduler->take(now - days(1)).clear();
          tell(tasks);
          break;
        }
        case 3:
          scheduler->ask(uid, draw(2) == 0 ? Work::run : Work::audit, "", now);
          break;
        case 4:
          scheduler->withdraw(uid);
          break;
        case 5:
          now += draw(2) == 0 ? hours(draw(2000)) : -hours(draw(2000));
          break;
        case 6:
          if (draw(20) == 0) {
            scheduler = std::make_unique<Scheduler>(settings);
            tell(tasks);
            for (const auto& [one, what] : running)
              if (what.first == Work::run) scheduler->resume(one, now - minutes(draw(50)));
            running.clear();
          }
          break;
        default:
          if (!running.empty()) {
            const auto one = std::next(running.begin(), draw(static_cast<int>(running.size())));
            scheduler->ended(one->first, one->second.first, now);
            running.erase(one);
          }
      }
      for (const Start& start : scheduler->take(now)) {
        std::string destination;
        for (const Task& one : tasks)
          if (one.uid == start.uid) destination = one.destination;
        ASSERT_TRUE(running.emplace(start.uid, std::pair(start.work, destination)).second);
      }
      ASSERT_EQ(scheduler->running(), running.size());
      ASSERT_LE(running.size(), 4U);
      std::map<std::string, int> of;
      for (const auto& [one, what] : running) ASSERT_LE(++of[what.second], 2);
      if (const auto wake = scheduler->wake()) {
        ASSERT_GT(*wake, now) << "everything that could start has";
      }
      for (const Standing& one : scheduler->changed()) kept[one.uid] = one;
    }
    // Left in peace, everything ends and every schedule goes on.
    for (Task& one : tasks) one.resting = false;
    tell(tasks);
    for (const auto& [one, what] : running) scheduler->ended(one, what.first, now);
    std::set<std::string> ran;
    Simulated peace{.scheduler = *scheduler,
                    .length = [](const std::string&) { return minutes(1); },
                    .started = [&](const Start& start, Time) { ran.insert(start.uid); }};
    peace.go(now, now + days(3));
    for (const Task& one : tasks) {
      if (one.schedule.kind == Schedule::Kind::manual) continue;
      EXPECT_TRUE(ran.contains(one.uid)) << one.uid;
      EXPECT_LE(*scheduler->next(one.uid), now + days(4)) << one.uid;
    }
  }
}

}  // namespace
}  // namespace rollcall::scheduler
