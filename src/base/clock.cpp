#include "base/clock.hpp"

#include <fmt/format.h>

#include <charconv>

namespace rollcall {

std::string iso_utc(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<Time> parse_iso_utc(std::string_view text) {
  const auto number = [&](size_t at, size_t length) -> std::optional<int> {
    if (at + length > text.size()) return std::nullopt;
    int value = 0;
    const char* end = text.data() + at + length;
    const auto [stopped, problem] = std::from_chars(text.data() + at, end, value);
    if (problem != std::errc() || stopped != end || value < 0) return std::nullopt;
    return value;
  };
  if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2), hour = number(11, 2),
             minute = number(14, 2), second = number(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  Millis fraction{0};
  if (text.size() > 20) {
    if (text[19] != '.' || text.size() < 22) return std::nullopt;
    int scale = 100;
    for (char c : text.substr(20, text.size() - 21)) {
      if (c < '0' || c > '9') return std::nullopt;
      fraction += Millis((c - '0') * scale);
      scale /= 10;
    }
  }
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) + fraction;
}

}  // namespace rollcall
