// When a schedule is due next. Local days are walked one by one from the day of `after` on, and
// the times of a day in order: an instant never lies before that of an earlier local time, so the
// first one after `after` is the answer.
#include <algorithm>

#include "calendar/calendar.hpp"
#include "calendar/zones.hpp"

namespace rollcall::calendar {
namespace {

using date::local_days;
using std::chrono::days;
using std::chrono::minutes;

// UTC where the machine has no tz database.
class Zone {
 public:
  static Result<Zone> named(const std::string& name) {
    const date::time_zone* zone = find_zone(name);
    if (zone == nullptr && name != "UTC")
      return Error{ErrorKind::invalid, "`" + name + "` is no time zone of this machine"};
    return Zone(zone);
  }
  [[nodiscard]] local_days day_of(Time time) const {
    if (zone_ == nullptr) return local_days(std::chrono::floor<days>(time).time_since_epoch());
    return std::chrono::floor<days>(zone_->to_local(time));
  }
  // A local time that does not exist is the end of the gap it lies in, one that exists twice the
  // first of the two.
  [[nodiscard]] Time instant(local_days day, minutes of_day) const {
    if (zone_ == nullptr) return Time(day.time_since_epoch() + of_day);
    return zone_->to_sys(day + of_day, date::choose::earliest);
  }

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

// The first instant after `after` among the times that `of_day` gives for each local day.
template <class OfDay>
std::optional<Time> first_after(const Zone& zone, Time after, const OfDay& of_day) {
  const local_days from = zone.day_of(after);
  for (local_days day = from; day <= from + kHorizon; day += days(1)) {
    const std::vector<minutes>& times = of_day(day);
    const auto first = std::partition_point(
        times.begin(), times.end(), [&](minutes time) { return zone.instant(day, time) <= after; });
    if (first != times.end()) return zone.instant(day, *first);
  }
  return std::nullopt;
}

bool is_day(const Cron& cron, local_days day) {
  const date::year_month_day d(day);
  const auto bit = [](uint32_t set, unsigned n) { return (set >> n & 1U) != 0; };
  if (!bit(cron.months, static_cast<unsigned>(d.month()))) return false;
  const bool of_month = bit(cron.days, static_cast<unsigned>(d.day()));
  const bool of_week = bit(cron.weekdays, date::weekday(day).c_encoding());
  return cron.every_day || cron.every_weekday ? of_month && of_week : of_month || of_week;
}

Result<std::optional<Time>> next_of(const Cron& cron, const std::string& tz, Time after) {
  std::vector<minutes> times;
  for (int hour = 0; hour < 24; ++hour)
    for (int minute = 0; minute < 60; ++minute)
      if ((cron.hours >> hour & 1) != 0 && (cron.minutes >> minute & 1) != 0)
        times.emplace_back(60 * hour + minute);
  const std::vector<minutes> none;
  return first_after(
      TRY(Zone::named(tz)),
      after, [&](local_days day) -> const auto& { return is_day(cron, day) ? times : none; });
}

// Nothing when it is not of the form HH:MM.
std::optional<minutes> time_of_day(const std::string& text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4))
    return std::nullopt;
  const int hour = (text[0] - '0') * 10 + text[1] - '0',
            minute = (text[3] - '0') * 10 + text[4] - '0';
  if (hour > 23 || minute > 59) return std::nullopt;
  return minutes(60 * hour + minute);
}

Result<std::optional<Time>> next_of(const Recurrence& recurrence, Time after) {
  static const std::array<std::string_view, 7> kNames = {"sun", "mon", "tue", "wed",
                                                         "thu", "fri", "sat"};
  const auto at = time_of_day(recurrence.at);
  if (!at)
    return Error{ErrorKind::invalid, "`" + recurrence.at + "` is no time of day like `09:00`"};
  std::array<bool, 7> wanted{};
  for (const std::string& name : recurrence.days) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end())
      return Error{ErrorKind::invalid, "`" + name + "` is no day of the week like `mon`"};
    wanted[static_cast<size_t>(found - kNames.begin())] = true;
  }
  const std::vector<minutes> times{*at}, none;
  return first_after(
      TRY(Zone::named(recurrence.tz)), after, [&](local_days day) -> const auto& {
        return wanted[date::weekday(day).c_encoding()] ? times : none;
      });
}

}  // namespace

bool can_have_passed(const Schedule& schedule, Time dealt_with, Time now) {
  const bool is_interval = schedule.kind == Schedule::Kind::every && schedule.every.count() > 0;
  return dealt_with <= (is_interval ? now : now + kSetBack);
}

Result<std::optional<Time>> next(const Schedule& schedule, Time after) {
  switch (schedule.kind) {
    case Schedule::Kind::manual:
      return std::optional<Time>();
    case Schedule::Kind::every:
      return std::optional(after + schedule.every);
    case Schedule::Kind::cron:
      return next_of(TRY(parse_cron(schedule.cron)), schedule.tz, after);
    case Schedule::Kind::recurrences:
      break;
  }
  std::optional<Time> soonest;
  for (const Recurrence& recurrence : schedule.recurrences) {
    const std::optional<Time> at = TRY(next_of(recurrence, after));
    if (at && (!soonest || *at < *soonest)) soonest = at;
  }
  return soonest;
}

Result<std::vector<Time>> next_times(const Schedule& schedule, Time after, int count) {
  std::vector<Time> out;
  while (static_cast<int>(out.size()) < count) {
    const std::optional<Time> at = TRY(next(schedule, out.empty() ? after : out.back()));
    if (!at) break;
    out.push_back(*at);
  }
  return out;
}

}  // namespace rollcall::calendar
