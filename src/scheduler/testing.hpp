// What tests of the scheduler begin with: a time, schedules, a task.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "scheduler/scheduler.hpp"

namespace rollcall::scheduler {

inline constexpr Settings kPlenty{.at_once = 100'000, .at_once_destination = 100'000};

inline Time at(const std::string& text) {
  const auto time = parse_iso_utc(text);
  EXPECT_TRUE(time) << text;
  return time.value_or(Time());
}
// A Monday.
inline const Time kStart = at("2027-03-01T00:00:00Z");

inline Schedule manual() { return {}; }
inline Schedule every(std::chrono::seconds span) {
  return {.kind = Schedule::Kind::every, .every = span};
}
inline Schedule cron(const std::string& text, const std::string& tz = "UTC") {
  return {.kind = Schedule::Kind::cron, .cron = text, .tz = tz};
}

inline Task task(const std::string& uid, const Schedule& schedule, const std::string& to = "D") {
  return {.uid = uid, .destination = to, .schedule = schedule};
}

}  // namespace rollcall::scheduler
