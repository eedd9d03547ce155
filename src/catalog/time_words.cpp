#include "catalog/time_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "calendar/calendar.hpp"

namespace rollcall::catalog {
namespace {

using std::chrono::milliseconds;

struct SpanUnit {
  std::string_view suffix;
  int64_t ms;
};
constexpr std::array<SpanUnit, 5> kUnits = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

// A whole number without a sign; nothing when it is more than that or does not fit.
std::optional<int64_t> whole(std::string_view text) {
  int64_t value = 0;
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<milliseconds> parse_span(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = whole(text.substr(0, digits));
  if (!count) return std::nullopt;
  for (const SpanUnit& unit : kUnits) {
    if (text.substr(digits) != unit.suffix) continue;
    if (*count > std::numeric_limits<int64_t>::max() / unit.ms) return std::nullopt;
    return milliseconds(*count * unit.ms);
  }
  return std::nullopt;
}

std::string span_text(milliseconds span) {
  if (span.count() == 0) return "0s";
  for (const SpanUnit& unit : kUnits)
    if (span.count() % unit.ms == 0)
      return std::to_string(span.count() / unit.ms) + std::string(unit.suffix);
  return std::to_string(span.count()) + "ms";
}

bool is_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return false;
  const auto hour = whole(text.substr(0, 2)), minute = whole(text.substr(3));
  return hour && minute && *hour < 24 && *minute < 60;
}

std::optional<std::string> zone_problem(const std::string& zone) {
  constexpr size_t kLongest = 60;
  const std::vector<std::string>& all = calendar::zone_names();
  // Without a database of its own this machine cannot tell; the engine will.
  if (calendar::is_zone(zone) || (all.empty() && !zone.empty() && zone.size() <= kLongest))
    return std::nullopt;
  std::string hint;
  const auto as_written = [](std::string text) {
    ascii_lower(text);
    return text;
  };
  for (const std::string& one : all)
    if (hint.empty() &&
        (as_written(one) == as_written(zone) || as_written(one).ends_with("/" + as_written(zone))))
      hint = " (did you mean `" + one + "`?)";
  if (hint.empty()) hint = did_you_mean(zone, all);
  return fmt::format(
      "`{}` is no time zone of the IANA database{}; expected a name like `Europe/Paris`, or `UTC`",
      zone.size() <= kLongest ? zone : "…", hint);
}

}  // namespace rollcall::catalog
