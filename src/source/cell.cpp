#include "source/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/base.hpp"
#include "base/json.hpp"

namespace rollcall::source {

namespace {

constexpr size_t kLongest = 64;         // bytes of whatever is no text
constexpr size_t kDigitsOfNumber = 15;  // that a double keeps, whichever they are
constexpr size_t kDigitsOfDecimal = 38;

bool is_json(std::string_view text) { return !read_json<nlohmann::json>(text).is_discarded(); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "12", ".5", "1e3": the parts of a number, whatever stands superfluously.
struct Number {
  bool ok = false;      // digits, at least
  bool strict = false;  // an optional minus, digits without superfluous zeros, perhaps a fraction
  bool fraction = false;
  bool exponent = false;
  size_t digits = 0;
  size_t scale = 0;
};

Number number_of(std::string_view text, char decimal) {
  Number out;
  size_t at = 0;
  const bool minus = !text.empty() && text[0] == '-', plus = !text.empty() && text[0] == '+';
  if (minus || plus) ++at;
  const size_t whole = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  const size_t wholes = at - whole;
  if (at < text.size() && text[at] == decimal) {
    out.fraction = true;
    const size_t part = ++at;
    while (at < text.size() && is_digit(text[at])) ++at;
    out.scale = at - part;
  }
  out.digits = wholes + out.scale;
  out.strict = !plus && wholes > 0 && (wholes == 1 || text[whole] != '0') &&
               out.fraction == (out.scale > 0) && at == text.size();
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    out.exponent = true;
    if (++at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const size_t power = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == power) return out;
  }
  out.ok = at == text.size() && out.digits > 0;
  return out;
}

std::optional<double> double_of(std::string_view text, char decimal) {
  std::string plain(text.starts_with('+') ? text.substr(1) : text);
  if (decimal != '.') std::replace(plain.begin(), plain.end(), decimal, '.');
  double value = 0;
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (error != std::errc() || end != plain.data() + plain.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

// Whether a double is written with just these digits again.
bool comes_back(std::string_view text, char decimal) {
  const auto value = double_of(text, decimal);
  if (!value) return false;
  std::array<char, 400> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), *value, std::chars_format::fixed);
  if (error != std::errc()) return false;
  std::string again(buffer.data(), end);
  if (decimal != '.') std::replace(again.begin(), again.end(), '.', decimal);
  return again == text;
}

// Whether a double keeps all of it; a zero has no sign, and zeros at the end of a fraction say
// nothing.
bool is_kept(const Number& number, std::string_view text, char decimal) {
  if (text.starts_with('-') && text.find_first_of("123456789") == std::string_view::npos)
    return false;
  if (number.digits <= kDigitsOfNumber) return true;
  if (!number.fraction) return false;
  text = text.substr(0, text.find_last_not_of('0') + 1);
  if (text.ends_with(decimal)) text.remove_suffix(1);
  return comes_back(text, decimal);
}

bool is_int64(std::string_view text) {
  int64_t value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_day(int year, int month, int day) {
  return year >= 1 && month >= 1 && day >= 1 &&
         std::chrono::year_month_day(std::chrono::year(year),
                                     std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
             .ok();
}

// Takes from the front of a text.
class Taker {
 public:
  explicit Taker(std::string_view text) : text_(text) {}
  // From `least` to `most` digits.
  bool digits(size_t least, size_t most, int& value) {
    size_t n = 0;
    value = 0;
    while (n < most && n < text_.size() && is_digit(text_[n]))
      value = value * 10 + (text_[n++] - '0');
    text_.remove_prefix(n);
    return n >= least;
  }
  bool one_of(std::string_view characters) {
    if (text_.empty() || characters.find(text_[0]) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  // One of the names, whole or cut to three letters; its place among them.
  bool name(const std::vector<std::string>& names, bool cut, int& place) {
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string wanted = cut ? names[i].substr(0, 3) : names[i];
      std::string there(text_.substr(0, wanted.size()));
      ascii_lower(there);
      if (there != wanted) continue;
      text_.remove_prefix(wanted.size());
      place = static_cast<int>(i);
      return true;
    }
    return false;
  }
  bool offset() {
    if (one_of("Z")) return true;
    int hours = 0, minutes = 0;
    if (!one_of("+-") || !digits(2, 2, hours)) return false;
    if (text_.empty()) return hours <= 15;
    (void)one_of(":");
    return digits(2, 2, minutes) && hours <= 15 && minutes < 60;
  }
  [[nodiscard]] bool done() const { return text_.empty(); }
  [[nodiscard]] char front() const { return text_.empty() ? '\0' : text_[0]; }

 private:
  std::string_view text_;
};

bool take_day(Taker& taker) {
  int year = 0, month = 0, day = 0;
  return taker.digits(4, 4, year) && taker.one_of("-") && taker.digits(2, 2, month) &&
         taker.one_of("-") && taker.digits(2, 2, day) && is_day(year, month, day);
}

// ISO 8601, a day or a day with a time of day and perhaps an offset.
uint32_t moment_shapes(std::string_view text) {
  Taker taker(text);
  if (!take_day(taker)) return 0;
  if (taker.done()) return kDate | kDateOrTime;
  int hours = 0, minutes = 0, seconds = 0, fraction = 0;
  if (!taker.one_of("T ") || !taker.digits(2, 2, hours) || !taker.one_of(":") ||
      !taker.digits(2, 2, minutes))
    return 0;
  if (taker.one_of(":")) {
    if (!taker.digits(2, 2, seconds)) return 0;
    constexpr size_t kMicros = 6;  // what is finer would be cut
    if (taker.one_of(".") && !taker.digits(1, kMicros, fraction)) return 0;
  }
  if (hours > 23 || minutes > 59 || seconds > 59) return 0;
  if (taker.done()) return kTimestamp | kDateOrTime;
  return taker.offset() && taker.done() ? kZoned | kDateOrTime : 0;
}

const std::vector<std::string>& months() {
  static const std::vector<std::string> all = {"january",   "february", "march",    "april",
                                               "may",       "june",     "july",     "august",
                                               "september", "october",  "november", "december"};
  return all;
}
const std::vector<std::string>& weekdays() {
  static const std::vector<std::string> all = {"sunday",   "monday", "tuesday", "wednesday",
                                               "thursday", "friday", "saturday"};
  return all;
}

constexpr std::string_view kDirectives = "YymdHIMSfpzbBaA%";

bool is_written(std::string_view text, std::string_view format) {
  Taker taker(text);
  int year = 1970, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0, other = 0;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      if (!taker.one_of(format.substr(i, 1))) return false;
      continue;
    }
    if (++i < format.size() && format[i] == '-') ++i;
    bool ok = false;
    switch (i < format.size() ? format[i] : '\0') {
      case 'Y':
        ok = taker.digits(4, 4, year);
        break;
      case 'y':
        ok = taker.digits(2, 2, year);
        year += year < 69 ? 2000 : 1900;
        break;
      case 'm':
        ok = taker.digits(1, 2, month);
        break;
      case 'd':
        ok = taker.digits(1, 2, day);
        break;
      case 'H':
        ok = taker.digits(1, 2, hours);
        break;
      case 'I':
        ok = taker.digits(1, 2, hours) && hours >= 1 && hours <= 12;
        break;
      case 'M':
        ok = taker.digits(1, 2, minutes);
        break;
      case 'S':
        ok = taker.digits(1, 2, seconds);
        break;
      case 'f':
        ok = taker.digits(1, 6, other);
        break;
      case 'p':
        ok = taker.one_of("AaPp") && taker.one_of("Mm");
        break;
      case 'z':
        ok = taker.offset();
        break;
      case 'b':
      case 'B':
        ok = taker.name(months(), format[i] == 'b', month);
        ++month;
        break;
      case 'a':
      case 'A':
        ok = taker.name(weekdays(), format[i] == 'a', other);
        break;
      case '%':
        ok = taker.one_of("%");
        break;
      default:
        break;
    }
    if (!ok) return false;
  }
  return taker.done() && is_day(year, month, day) && hours < 24 && minutes < 60 && seconds < 60;
}

bool is_word(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower(text);
  ascii_lower(lower);
  return std::find(words.begin(), words.end(), lower) != words.end();
}

}  // namespace

bool is_format(std::string_view format) {
  bool any = false;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i < format.size() && format[i] == '-') ++i;
    if (i >= format.size() || kDirectives.find(format[i]) == std::string_view::npos) return false;
    any = true;
  }
  return any;
}

bool has_offset(std::string_view format) { return format.find("%z") != std::string_view::npos; }

uint32_t shapes_of(std::string_view text, const Writing& writing) {
  if (text.empty() || text.size() > kLongest) return 0;
  uint32_t out = 0;
  if (!writing.date_format.empty() && is_written(text, writing.date_format)) out |= kDate;
  if (!writing.timestamp_format.empty() && is_written(text, writing.timestamp_format))
    out |= has_offset(writing.timestamp_format) ? kZoned : kTimestamp;
  const char first = text[0];
  if (is_digit(first) || first == '-') {
    const Number number = number_of(text, writing.decimal);
    if (number.strict) {
      const bool whole = !number.fraction && text != "-0" && is_int64(text);
      const bool kept = is_kept(number, text, writing.decimal);
      return out | (whole ? kInteger : 0U) | (kept ? kNumber : 0U) | kLooseNumber |
             (whole || kept ? 0U : kLongNumber) | (text == "0" || text == "1" ? kYesNo : 0U);
    }
    if (number.ok) return out | kLooseNumber;
    constexpr size_t kDay = 10;
    if (text.size() >= kDay && is_digit(first)) {
      const uint32_t moment = moment_shapes(text);
      if (writing.date_format.empty()) out |= moment & kDate;
      if (writing.timestamp_format.empty()) out |= moment & (kTimestamp | kZoned);
      out |= moment & kDateOrTime;
    }
    if (is_written(text, "%d/%m/%Y")) out |= kDayMonthYear;
    if (is_written(text, "%m/%d/%Y")) out |= kMonthDayYear;
    if (is_written(text, "%d.%m.%Y")) out |= kDotted;
    return out;
  }
  if (text == "true" || text == "false") return out | kBoolean | kYesNo;
  if (text.size() <= 5 && is_word(text, {"true", "false", "yes", "no", "y", "n", "t", "f"}))
    return out | kYesNo;
  if (number_of(trim(text), writing.decimal).ok) out |= kLooseNumber;
  return out;
}

ColumnType type_of(uint32_t shapes, const Writing& writing) {
  if (shapes == kAll) return {};  // no value was there
  if (shapes & kInteger) return {.type = FieldType::integer};
  if (shapes & kNumber) return {.type = FieldType::number};
  if (shapes & kBoolean) return {.type = FieldType::boolean};
  if (shapes & kDate) return {.type = FieldType::date, .format = writing.date_format};
  if (shapes & kTimestamp)
    return {.type = FieldType::timestamp, .format = writing.timestamp_format};
  if (shapes & kZoned)
    return {.type = FieldType::timestamp, .zoned = true, .format = writing.timestamp_format};
  return {};
}

std::string doubt_of(uint32_t shapes) {
  const auto dates = [](const char* format) {
    return fmt::format(
        "might be dates: then declare the field with `type: date` and "
        "`format: \"{}\"`",
        format);
  };
  if (shapes == kAll) return "has no values yet: declare the field's `type` if it is to be no text";
  if (shapes & (kInteger | kNumber | kBoolean | kDate | kTimestamp | kZoned)) return "";
  if ((shapes & kDayMonthYear) && (shapes & kMonthDayYear))
    return "might be dates: declare the field with `type: date` and `format: \"%d/%m/%Y\"` where "
           "the day stands first, or `format: \"%m/%d/%Y\"` where the month does";
  if (shapes & kDayMonthYear) return dates("%d/%m/%Y");
  if (shapes & kMonthDayYear) return dates("%m/%d/%Y");
  if (shapes & kDotted) return dates("%d.%m.%Y");
  if (shapes & kDateOrTime)
    return "holds days, times of day and offsets in more than one form: bring them to one, or "
           "declare `type: text`";
  if (shapes & kYesNo) return "might be true or false: then declare the field with `type: boolean`";
  if (shapes & kLooseNumber)
    return "might be numbers, though not all are written plainly: then declare the field with "
           "`type: number`, `integer` or `decimal`";
  return "";
}

bool fits(std::string_view text, const ColumnType& type, const Writing& writing) {
  if (type.type == FieldType::text) return true;
  switch (type.type) {
    case FieldType::integer: {
      const Number number = number_of(text, writing.decimal);
      constexpr size_t kDigitsOfInteger = 18;  // that fit, whichever they are
      if (number.strict && !number.fraction && number.digits <= kDigitsOfInteger)
        return type.declared || text != "-0";
      if (number.fraction || number.exponent || !is_int64(text)) return false;
      return type.declared ? number.ok : number.strict && text != "-0";
    }
    case FieldType::number: {
      const Number number = number_of(text, writing.decimal);
      if (type.declared && number.strict && number.digits <= kDigitsOfNumber) return true;
      if (!type.declared) return number.strict && is_kept(number, text, writing.decimal);
      return number.ok && double_of(text, writing.decimal).has_value();
    }
    case FieldType::decimal: {
      const Number number = number_of(text, writing.decimal);
      return number.ok && !number.exponent && number.digits <= kDigitsOfDecimal;
    }
    case FieldType::boolean:
      if (text == "true" || text == "false") return true;
      return type.declared && is_word(text, {"true", "false", "yes", "no", "y", "n", "t", "f", "1",
                                             "0", "on", "off"});
    case FieldType::date:
      return type.format.empty() ? (moment_shapes(text) & kDate) != 0
                                 : is_written(text, type.format);
    case FieldType::timestamp:
      if (!type.format.empty()) return is_written(text, type.format);
      return (moment_shapes(text) & (type.zoned ? kZoned : kTimestamp)) != 0;
    case FieldType::list:
      return trim(text).starts_with('[') && is_json(text);
    case FieldType::object:
    case FieldType::json:
      return trim(text).starts_with('{') && is_json(text);
    case FieldType::text:
      break;
  }
  return true;
}

std::string expected(const ColumnType& type) {
  const std::string written =
      type.format.empty() ? std::string() : fmt::format(" written `{}`", type.format);
  switch (type.type) {
    case FieldType::integer:
      return "a whole number";
    case FieldType::number:
      return "a number whose digits can all be kept";
    case FieldType::decimal:
      return "a number of at most 38 digits";
    case FieldType::boolean:
      return "true or false";
    case FieldType::date:
      return type.format.empty() ? "a date like 2026-01-31" : "a date" + written;
    case FieldType::timestamp:
      if (!type.format.empty()) return "a time" + written;
      return type.zoned ? "a time with its offset, like 2026-01-31 23:59:59+01:00"
                        : "a time without an offset, like 2026-01-31 23:59:59";
    case FieldType::list:
      return "a list in JSON, like [1, 2]";
    case FieldType::object:
      return "an object in JSON, like {\"a\": 1}";
    case FieldType::json:
      return "JSON";
    case FieldType::text:
      break;
  }
  return "text";
}

}  // namespace rollcall::source
