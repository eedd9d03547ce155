#include "catalog/time_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>

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

std::optional<std::string> zone_problem(const std::string& zone, const References* references) {
  // The ones people mean most often, for spelling mistakes.
  static const std::vector<std::string> kCommon = {"UTC",
                                                   "Europe/London",
                                                   "Europe/Dublin",
                                                   "Europe/Lisbon",
                                                   "Europe/Paris",
                                                   "Europe/Brussels",
                                                   "Europe/Amsterdam",
                                                   "Europe/Berlin",
                                                   "Europe/Zurich",
                                                   "Europe/Vienna",
                                                   "Europe/Rome",
                                                   "Europe/Madrid",
                                                   "Europe/Copenhagen",
                                                   "Europe/Stockholm",
                                                   "Europe/Oslo",
                                                   "Europe/Helsinki",
                                                   "Europe/Warsaw",
                                                   "Europe/Prague",
                                                   "Europe/Budapest",
                                                   "Europe/Bucharest",
                                                   "Europe/Athens",
                                                   "Europe/Istanbul",
                                                   "Europe/Kyiv",
                                                   "America/New_York",
                                                   "America/Chicago",
                                                   "America/Denver",
                                                   "America/Phoenix",
                                                   "America/Los_Angeles",
                                                   "America/Toronto",
                                                   "America/Vancouver",
                                                   "America/Mexico_City",
                                                   "America/Bogota",
                                                   "America/Sao_Paulo",
                                                   "America/Santiago",
                                                   "America/Argentina/Buenos_Aires",
                                                   "Africa/Cairo",
                                                   "Africa/Casablanca",
                                                   "Africa/Johannesburg",
                                                   "Africa/Lagos",
                                                   "Africa/Nairobi",
                                                   "Asia/Dubai",
                                                   "Asia/Jerusalem",
                                                   "Asia/Riyadh",
                                                   "Asia/Karachi",
                                                   "Asia/Kolkata",
                                                   "Asia/Dhaka",
                                                   "Asia/Bangkok",
                                                   "Asia/Jakarta",
                                                   "Asia/Singapore",
                                                   "Asia/Hong_Kong",
                                                   "Asia/Shanghai",
                                                   "Asia/Taipei",
                                                   "Asia/Manila",
                                                   "Asia/Seoul",
                                                   "Asia/Tokyo",
                                                   "Australia/Perth",
                                                   "Australia/Brisbane",
                                                   "Australia/Sydney",
                                                   "Australia/Melbourne",
                                                   "Pacific/Auckland"};
  static const std::set<std::string, std::less<>> kAreas = {
      "Africa", "America", "Antarctica", "Arctic", "Asia",   "Atlantic", "Australia", "Brazil",
      "Canada", "Chile",   "Etc",        "Europe", "Indian", "Mexico",   "Pacific",   "US"};
  // Names without an area that every copy of the tz database has.
  static const std::set<std::string, std::less<>> kSingle = {
      "UTC", "GMT", "Zulu", "CET",     "MET",     "EET",     "WET",
      "EST", "MST", "HST",  "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"};
  std::string hint = did_you_mean(zone, kCommon);
  for (const std::string& common : kCommon)
    if (hint.empty() && common.ends_with("/" + zone)) hint = " (did you mean `" + common + "`?)";
  const std::string wrong = fmt::format(
      "`{}` is no time zone of the IANA database{}; expected a name like "
      "`Europe/Paris`, or `UTC`",
      zone.size() <= 60 ? zone : "…", hint);
  if (zone.empty() || zone.size() > 60 || zone.front() == '/') return wrong;
  for (const char c : zone)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
          c == '+' || c == '-' || c == '/'))
      return wrong;
  if (zone == "UTC" || std::find(kCommon.begin(), kCommon.end(), zone) != kCommon.end())
    return std::nullopt;
  const std::filesystem::path data = "/usr/share/zoneinfo";
  const auto is_zone = [&](const std::string& name) {
    const auto bytes = references->file(data / name);
    return bytes.ok() && bytes->starts_with("TZif");
  };
  if (references && references->file && is_zone("UTC"))
    return is_zone(zone) ? std::nullopt : std::optional(wrong);
  const size_t slash = zone.find('/');
  const bool plausible = slash == std::string::npos
                             ? kSingle.contains(zone)
                             : kAreas.contains(zone.substr(0, slash)) && zone.back() != '/';
  return plausible ? std::nullopt : std::optional(wrong);
}

}  // namespace rollcall::catalog
