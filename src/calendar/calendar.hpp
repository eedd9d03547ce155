// The calendar: time zones, cron texts, and when a schedule is due next.
//
// Zones are those of the system's tz database, read once, when one is first asked for. The library
// behind it knows no daylight saving after the end of 2037, so a time beyond that may be an hour
// off; no next time is looked for further than kHorizon ahead.
//
// Daylight saving: a local time that does not exist comes once, right after the gap; one that
// exists twice comes once, the first time.
//
// Threads: everything here may be called by anybody at any time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/activation.hpp"

namespace rollcall::calendar {

// How far ahead a time is looked for: February 29th on a given weekday comes once in 28 years, and
// after a century without a leap day once in 40.
constexpr std::chrono::days kHorizon{41 * 366};

// --- Zones.

// Every name of the tz database, links (`GB`, `EST5EDT`) included, sorted; empty where the machine
// has none.
const std::vector<std::string>& zone_names();
// By its exact name. `UTC` always is one.
bool is_zone(std::string_view name);

// --- Cron.

// A cron text of five fields, as sets of values. A field whose text begins with `*` (`*/2` too) is
// not restricted: where both days of the month and days of the week are, either is enough (the rule
// of Debian's cron).
struct Cron {
  uint64_t minutes = 0;   // bit 0 is minute 0
  uint32_t hours = 0;     // bit 0 is midnight
  uint32_t days = 0;      // bit 1 is the first of the month
  uint32_t months = 0;    // bit 1 is January
  uint32_t weekdays = 0;  // bit 0 is Sunday
  bool every_day = false, every_weekday = false;
  bool operator==(const Cron&) const = default;
};
// Errors: invalid, saying which field is wrong and what it may be; also for a text that never
// comes, like the 31st of February.
Result<Cron> parse_cron(const std::string& text);

// --- Schedules.

// A clock that is set back by less was not wrong enough to do things again.
constexpr std::chrono::hours kSetBack{1};
// Whether times up to `dealt_with` can have been dealt with, where the clock says `now`. An interval
// counts from wherever the clock is; the other times are not met again after a small correction.
bool can_have_passed(const Schedule& schedule, Time dealt_with, Time now);

// The first time after `after` at which the schedule is due; nothing for a manual one, and where
// there is none within kHorizon. An interval is due once it has passed since `after`: give the time
// at which it was due last. Errors: invalid (a zone, a time of day or a cron text that no catalog
// takes).
Result<std::optional<Time>> next(const Schedule& schedule, Time after);
// The next `count` of them, in order.
Result<std::vector<Time>> next_times(const Schedule& schedule, Time after, int count);

}  // namespace rollcall::calendar
