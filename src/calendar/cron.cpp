#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "calendar/calendar.hpp"

namespace rollcall::calendar {
namespace {

constexpr size_t kCronMax = 200;  // characters

struct CronField {
  std::string_view name;
  int min, max;
  std::vector<std::string> names;  // from min on
};

const std::array<CronField, 5>& cron_fields() {
  static const std::array<CronField, 5> fields = {{
      {"minute", 0, 59, {}},
      {"hour", 0, 23, {}},
      {"day of month", 1, 31, {}},
      {"month",
       1,
       12,
       {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
      {"day of week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
  }};
  return fields;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// One or two digits; nothing when it is more than that.
std::optional<int> small_number(std::string_view text) {
  int value = 0;
  if (text.empty() || text.size() > 2 || text[0] < '0' || text[0] > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// One value of a field: a number or a name.
std::optional<int> value_of(const CronField& field, std::string text) {
  ascii_lower(text);
  for (size_t i = 0; i < field.names.size(); ++i)
    if (text == field.names[i]) return field.min + static_cast<int>(i);
  const auto number = small_number(text);
  if (!number || *number < field.min || *number > field.max) return std::nullopt;
  return number;
}

// The values a field allows, as bits.
Result<uint64_t> set_of(const CronField& field, const std::string& text) {
  const auto wrong = [&](const std::string& part) {
    return Error{
        ErrorKind::invalid,
        fmt::format("the {} of a cron text goes from {} to {}{}, as `*`, a value, `a-b`, a list "
                    "`a,b` or with a step `*/n`; found `{}`",
                    field.name, field.min, field.max,
                    field.names.empty()
                        ? ""
                        : fmt::format(" or {}…{}", field.names.front(), field.names.back()),
                    part)};
  };
  uint64_t values = 0;
  for (const std::string& part : split(text, ',')) {
    const size_t slash = part.find('/');
    const std::string range = part.substr(0, slash);
    int step = 1;
    if (slash != std::string::npos) {
      const auto given = small_number(std::string_view(part).substr(slash + 1));
      if (!given || *given < 1 || *given > field.max) return wrong(part);
      step = *given;
    }
    int from = field.min, to = field.max;
    if (range != "*") {
      const size_t dash = range.find('-');
      const auto first = value_of(field, range.substr(0, dash));
      if (!first) return wrong(part);
      from = *first;
      if (dash != std::string::npos) {
        const auto last = value_of(field, range.substr(dash + 1));
        // Crons disagree about a step within a range of one value.
        if (!last || *last < from || (*last == from && slash != std::string::npos))
          return wrong(part);
        to = *last;
      } else if (slash == std::string::npos) {
        to = from;
      }
    }
    for (int value = from; value <= to; value += step) values |= uint64_t{1} << value;
  }
  return values;
}

// Whether some month has one of the days.
bool comes(const Cron& cron) {
  static constexpr std::array<int, 13> kLongest = {0,  31, 29, 31, 30, 31, 30,
                                                   31, 31, 30, 31, 30, 31};
  if (cron.every_day || !cron.every_weekday) return true;
  for (int month = 1; month <= 12; ++month)
    for (int day = 1; day <= kLongest[static_cast<size_t>(month)]; ++day)
      if ((cron.months >> month & 1) != 0 && (cron.days >> day & 1) != 0) return true;
  return false;
}

}  // namespace

Result<Cron> parse_cron(const std::string& text) {
  std::vector<std::string> parts;
  for (std::string& part : split(text, ' '))
    if (!part.empty()) parts.push_back(std::move(part));
  if (text.size() > kCronMax || parts.size() != cron_fields().size())
    return Error{ErrorKind::invalid,
                 fmt::format("a cron text has five fields (minute, hour, day of month, month, day "
                             "of week), like `0 7 * * *`; found {}",
                             parts.size())};
  std::array<uint64_t, 5> sets{};
  for (size_t i = 0; i < parts.size(); ++i) sets[i] = TRY(set_of(cron_fields()[i], parts[i]));
  Cron cron{.minutes = sets[0],
            .hours = static_cast<uint32_t>(sets[1]),
            .days = static_cast<uint32_t>(sets[2]),
            .months = static_cast<uint32_t>(sets[3]),
            .weekdays = static_cast<uint32_t>(sets[4]),
            .every_day = parts[2].starts_with('*'),
            .every_weekday = parts[4].starts_with('*')};
  if ((cron.weekdays & 1U << 7) != 0) cron.weekdays = (cron.weekdays & 0x7fU) | 1U;  // Sunday
  if (!comes(cron))
    return Error{ErrorKind::invalid, fmt::format("this cron text never comes: no month it names "
                                                 "has a day {}",
                                                 std::countr_zero(cron.days))};
  return cron;
}

}  // namespace rollcall::calendar
