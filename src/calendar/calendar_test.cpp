#include "calendar/calendar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace rollcall::calendar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Time at(const char* text) { return *parse_iso_utc(text); }

Schedule cron(const std::string& text, const std::string& tz = "UTC") {
  return {.kind = Schedule::Kind::cron, .cron = text, .tz = tz};
}
Schedule weekly(std::vector<std::string> days, const std::string& time, const std::string& tz) {
  return {.kind = Schedule::Kind::recurrences,
          .recurrences = {{.days = std::move(days), .at = time, .tz = tz}}};
}

std::vector<std::string> texts(const Schedule& schedule, const char* after, int count) {
  std::vector<std::string> out;
  const auto times = next_times(schedule, at(after), count);
  EXPECT_TRUE(times.ok()) << times.error().text();
  if (times.ok())
    for (const Time time : *times) out.push_back(iso_utc(time));
  return out;
}

TEST(CalendarTest, AManualScheduleIsNeverDue) {
  EXPECT_EQ(*next({.kind = Schedule::Kind::manual}, at("2026-01-01T00:00:00Z")), std::nullopt);
}

TEST(CalendarTest, AnIntervalIsDueOnceItHasPassed) {
  const Schedule hourly{.kind = Schedule::Kind::every, .every = std::chrono::hours(1)};
  EXPECT_THAT(texts(hourly, "2026-01-01T00:10:00Z", 2),
              ElementsAre("2026-01-01T01:10:00Z", "2026-01-01T02:10:00Z"));
}

TEST(CalendarTest, ARecurrenceComesAtItsLocalTimeInSummerAndWinter) {
  EXPECT_THAT(
      texts(weekly({"sat", "sun", "mon"}, "09:00", "Europe/Paris"), "2026-03-27T12:00:00Z", 3),
      ElementsAre("2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z"));
}

TEST(CalendarTest, TheSoonestOfSeveralRecurrencesIsNext) {
  Schedule both = weekly({"mon"}, "09:00", "America/New_York");
  both.recurrences.push_back({.days = {"mon"}, .at = "09:00", .tz = "Asia/Tokyo"});
  EXPECT_THAT(texts(both, "2026-01-04T00:00:00Z", 3),
              ElementsAre("2026-01-05T00:00:00Z", "2026-01-05T14:00:00Z", "2026-01-12T00:00:00Z"));
}

TEST(CalendarTest, ATimeThatDoesNotExistComesOnceRightAfterTheGap) {
  EXPECT_THAT(texts(weekly({"sat", "sun"}, "02:30", "Europe/Paris"), "2026-03-28T12:00:00Z", 2),
              ElementsAre("2026-03-29T01:00:00Z", "2026-04-04T00:30:00Z"));
  // Four times of the day fall into the gap, and the one after them.
  EXPECT_THAT(texts(cron("*/15 1-3 * * *", "Europe/Paris"), "2026-03-29T00:40:00Z", 4),
              ElementsAre("2026-03-29T00:45:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z",
                          "2026-03-29T01:30:00Z"));
}

TEST(CalendarTest, ATimeThatExistsTwiceComesOnceTheFirstTime) {
  EXPECT_THAT(texts(cron("30 * * * *", "Europe/Paris"), "2026-10-24T23:40:00Z", 3),
              ElementsAre("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z", "2026-10-25T03:30:00Z"));
}

TEST(CalendarTest, ADayWithoutMidnightBeginsWhenItBegins) {
  EXPECT_THAT(texts(cron("0 0 * * *", "America/Santiago"), "2026-09-05T12:00:00Z", 2),
              ElementsAre("2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"));
}

TEST(CalendarTest, ADayThatWasLeftOutComesAtItsEnd) {
  // Apia went from the end of December 29th to December 31st.
  EXPECT_THAT(texts(cron("0 12 * * *", "Pacific/Apia"), "2011-12-29T12:00:00Z", 3),
              ElementsAre("2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"));
}

TEST(CalendarTest, LeapDaysAreFound) {
  EXPECT_THAT(texts(cron("0 0 29 2 *"), "2026-01-01T00:00:00Z", 2),
              ElementsAre("2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"));
  EXPECT_THAT(texts(cron("0 0 29 2 *"), "2096-03-01T00:00:00Z", 1),
              ElementsAre("2104-02-29T00:00:00Z"));
}

TEST(CronTest, EitherDayIsEnoughWhereBothAreRestricted) {
  // January 2026: the 13th is a Tuesday; Fridays are the 2nd, 9th and 16th.
  EXPECT_THAT(texts(cron("0 0 13 * fri"), "2026-01-01T00:00:00Z", 4),
              ElementsAre("2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z",
                          "2026-01-16T00:00:00Z"));
}

TEST(CronTest, AFieldThatBeginsWithAStarIsNotRestricted) {
  // Days 1, 3, 5… that are Fridays, and not those that are either.
  EXPECT_THAT(texts(cron("0 0 */2 * fri"), "2026-01-01T00:00:00Z", 3),
              ElementsAre("2026-01-09T00:00:00Z", "2026-01-23T00:00:00Z", "2026-02-13T00:00:00Z"));
}

TEST(CronTest, SundayIsNoughtAndSeven) {
  const auto seven = parse_cron("0 0 * * 5-7"), names = parse_cron("0 0 * * fri,sat,sun"),
             nought = parse_cron("0 0 * * 0,5,6");
  ASSERT_TRUE(seven.ok() && names.ok() && nought.ok());
  EXPECT_EQ(*seven, *names);
  EXPECT_EQ(*seven, *nought);
}

TEST(CronTest, RefusesWhatIsNoneAndSaysWhichField) {
  const auto message = [](const std::string& text) {
    const auto cron = parse_cron(text);
    return cron.ok() ? "" : cron.error().message;
  };
  EXPECT_THAT(message("60 * * * *"), HasSubstr("the minute of a cron text goes from 0 to 59"));
  EXPECT_THAT(message("* 24 * * *"), HasSubstr("the hour"));
  EXPECT_THAT(message("* * 0 * *"), HasSubstr("the day of month"));
  EXPECT_THAT(message("* * * foo *"), HasSubstr("jan…dec"));
  EXPECT_THAT(message("* * * * 8"), HasSubstr("the day of week"));
  EXPECT_THAT(message("* * * *"), HasSubstr("five fields"));
  EXPECT_THAT(message("5-5/2 * * * *"), HasSubstr("5-5/2"));
  EXPECT_THAT(message("*/0 * * * *"), HasSubstr("*/0"));
  EXPECT_THAT(message("* * * * */9"), HasSubstr("*/9"));
  EXPECT_THAT(message("0 0 31 2,4 *"), HasSubstr("never comes"));
  EXPECT_THAT(message(std::string(300, '*')), HasSubstr("five fields"));
}

TEST(ZoneTest, KnowsAllNamesOfTheDatabase) {
  for (const char* name : {"UTC", "Europe/Paris", "GB", "EST5EDT", "Etc/GMT+5",
                           "America/Argentina/ComodRivadavia", "US/Eastern"})
    EXPECT_TRUE(is_zone(name)) << name;
  for (const char* name : {"", "Mars/Olympus", "europe/paris", "Europe", "../etc/passwd",
                           "posixrules", "/usr/share/zoneinfo/UTC"})
    EXPECT_FALSE(is_zone(name)) << name;
}

TEST(ZoneTest, AnUnknownOneIsAnErrorOfTheSchedule) {
  EXPECT_FALSE(next(cron("0 0 * * *", "Mars/Olympus"), at("2026-01-01T00:00:00Z")).ok());
}

// Every due time of a year, against a calculation that walks its minutes one by one; see
// tests/calendar/make_cases.py.
TEST(CalendarTest, AYearOfSchedulesEqualsAnIndependentCalculation) {
  std::ifstream file(CALENDAR_CASES);
  ASSERT_TRUE(file.is_open());
  std::string line;
  int cases = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string text, tz, from, to, first;
    size_t count = 0;
    uint64_t sum = 0;
    ASSERT_TRUE(std::getline(fields, text, '\t') &&
                fields >> tz >> from >> to >> count >> sum >> first)
        << line;
    const Schedule schedule = cron(text, tz);
    size_t found = 0;
    uint64_t found_sum = 0;
    Time last = at(from.c_str());
    std::string found_first = "-";
    while (true) {
      const auto due = next(schedule, last);
      ASSERT_TRUE(due.ok()) << due.error().text();
      if (!*due || **due >= at(to.c_str())) break;
      last = **due;
      if (found++ == 0) found_first = iso_utc(last);
      // The same sum as the script's: order counts.
      const auto minute = static_cast<uint64_t>(last.time_since_epoch().count() / 60'000);
      found_sum = (found_sum * 31 + minute) % 1'000'000'007;
    }
    EXPECT_EQ(found, count) << line;
    EXPECT_EQ(found_sum, sum) << line;
    EXPECT_EQ(found_first, first) << line;
    ++cases;
  }
  EXPECT_GE(cases, 100);
}

TEST(CanHavePassed, ASmallCorrectionOfTheClockBringsNoTimeBack) {
  const Time now{std::chrono::hours(500'000)};
  const Schedule cron{.kind = Schedule::Kind::cron, .cron = "0 7 * * *", .tz = "UTC"};
  const Schedule every{.kind = Schedule::Kind::every, .every = std::chrono::hours(1)};
  EXPECT_TRUE(can_have_passed(cron, now + std::chrono::hours(1), now));
  EXPECT_FALSE(can_have_passed(cron, now + std::chrono::hours(1) + Millis(1), now));
  EXPECT_TRUE(can_have_passed(every, now, now));
  EXPECT_FALSE(can_have_passed(every, now + Millis(1), now));
}

}  // namespace
}  // namespace rollcall::calendar
