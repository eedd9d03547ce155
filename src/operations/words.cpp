#include "operations/words.hpp"

#include <fmt/format.h>

#include <array>

namespace rollcall::operations {

std::string date(const std::optional<Time>& time) {
  if (!time || time->time_since_epoch().count() == 0) return "–";
  std::string out = iso_utc(*time);
  out[10] = ' ';
  out.pop_back();
  return out;
}

std::string date_ms(int64_t ms) { return date(Time(Millis(ms))); }

std::string duration(Millis length) {
  const int64_t ms = length.count(), seconds = (ms + 500) / 1000;
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 10'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

std::string counted(int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", thousands(count), count == 1 ? one : many);
}

std::string people(int64_t count) { return counted(count, "person", "people"); }

std::string share(int64_t part, int64_t whole) {
  if (whole == 0) return "–";
  const double percent = static_cast<double>(part) * 100 / static_cast<double>(whole);
  if (part > 0 && percent < 0.1) return "< 0.1 %";
  return percent < 10 && part > 0 ? fmt::format("{:.1f} %", percent)
                                  : fmt::format("{:.0f} %", percent);
}

std::string in_words(const Schedule& schedule) {
  switch (schedule.kind) {
    case Schedule::Kind::manual:
      return "manual";
    case Schedule::Kind::every: {
      const int64_t seconds = schedule.every.count();
      constexpr std::array<std::pair<int64_t, const char*>, 3> kUnits = {
          {{86400, "d"}, {3600, "h"}, {60, "min"}}};
      for (const auto& [unit, name] : kUnits)
        if (seconds >= unit && seconds % unit == 0)
          return fmt::format("every {} {}", seconds / unit, name);
      return fmt::format("every {} s", seconds);
    }
    case Schedule::Kind::cron:
      return fmt::format("cron {} ({})", schedule.cron, schedule.tz);
    case Schedule::Kind::recurrences: {
      std::vector<std::string> parts;
      for (const Recurrence& one : schedule.recurrences)
        parts.push_back(fmt::format("{} {} ({})", join(one.days, " "), one.at, one.tz));
      return join(parts, ", ");
    }
  }
  return "";
}

}  // namespace rollcall::operations
