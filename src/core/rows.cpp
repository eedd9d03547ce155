#include "core/rows.hpp"

#include <fmt/format.h>

#include <iterator>
#include <limits>

#include "base/base.hpp"

namespace rollcall {
namespace {

constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
constexpr int64_t kForeverAgo = std::numeric_limits<int64_t>::min();
// Beyond these the calendar type ends (32,767 years).
constexpr int64_t kDaysMax = 11'000'000;

std::string day(int64_t days) {
  if (days == kForever) return "infinity";
  if (days == kForeverAgo) return "-infinity";
  if (days > kDaysMax || days < -kDaysMax) return fmt::format("day {}", days);
  return iso_utc(Time(std::chrono::days(days))).substr(0, 10);
}

std::string moment(int64_t micros) {
  constexpr int64_t kMicrosADay = 86'400'000'000;
  if (micros == kForever) return "infinity";
  if (micros == kForeverAgo) return "-infinity";
  if (micros / kMicrosADay > kDaysMax || micros / kMicrosADay < -kDaysMax)
    return fmt::format("microsecond {}", micros);
  int64_t seconds = micros / 1'000'000, rest = micros % 1'000'000;
  if (rest < 0) rest += 1'000'000, --seconds;
  std::string out = iso_utc(Time(std::chrono::seconds(seconds)));
  if (rest == 0) return out;
  out.pop_back();
  std::string fraction = fmt::format("{:06}", rest);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return out + '.' + fraction + 'Z';
}

}  // namespace

void append_text(std::string& out, const Column& column, size_t row) {
  if (!column.valid[row]) return;
  switch (column.type) {
    case FieldType::boolean:
      out += column.ints[row] ? "true" : "false";
      break;
    case FieldType::integer: {
      const fmt::format_int digits(column.ints[row]);
      out.append(digits.data(), digits.size());
      break;
    }
    case FieldType::number:
      fmt::format_to(std::back_inserter(out), "{}", column.doubles[row]);
      break;
    case FieldType::date:
      out += day(column.ints[row]);
      break;
    case FieldType::timestamp:
      out += moment(column.ints[row]);
      break;
    case FieldType::decimal:
    case FieldType::text:
    case FieldType::list:
    case FieldType::object:
    case FieldType::json:
      out += column.texts[row];
      break;
  }
}

std::string text_of(const Column& column, size_t row) {
  std::string out;
  append_text(out, column, row);
  return out;
}

}  // namespace rollcall
