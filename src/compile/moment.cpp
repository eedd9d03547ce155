#include "compile/moment.hpp"

#include <fmt/format.h>

namespace rollcall::compile {

namespace {

// Walks over a text, taking what it is asked for or nothing.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly so many digits, as a number no greater than `most`.
  std::optional<int> number(size_t digits, int most) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    if (value > most) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }
  bool sign(std::string_view one_of, char* which = nullptr) {
    if (rest_.empty() || one_of.find(rest_[0]) == std::string_view::npos) return false;
    if (which) *which = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  // One to six digits, as microseconds.
  std::optional<int64_t> fraction() {
    constexpr size_t kDigits = 6;
    size_t count = 0;
    int64_t value = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9')
      value = value * 10 + (rest_[count++] - '0');
    if (count == 0 || count > kDigits) return std::nullopt;
    rest_.remove_prefix(count);
    for (; count < kDigits; ++count) value *= 10;
    return value;
  }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::string text_of(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace

std::optional<Moment> read_moment(std::string_view text) {
  Reader in(text);
  const auto year = in.number(4, 9999);
  if (!year || *year < 1 || !in.sign("-")) return std::nullopt;
  const auto month = in.number(2, 12);
  if (!month || !in.sign("-")) return std::nullopt;
  const auto day = in.number(2, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  if (in.done()) return Moment{.day = std::string(text), .time = {}};

  if (!in.sign(" T")) return std::nullopt;
  const auto hour = in.number(2, 23);
  if (!hour || !in.sign(":")) return std::nullopt;
  const auto minute = in.number(2, 59);
  if (!minute) return std::nullopt;
  int second = 0;
  int64_t micros = 0;
  if (in.sign(":")) {
    const auto seconds = in.number(2, 59);
    if (!seconds) return std::nullopt;
    second = *seconds;
    if (in.sign(".")) {
      const auto part = in.fraction();
      if (!part) return std::nullopt;
      micros = *part;
    }
  }
  bool utc = false;
  std::chrono::minutes offset(0);
  char which = 0;
  if (in.sign("Z")) {
    utc = true;
  } else if (in.sign("+-", &which)) {
    const auto hours = in.number(2, 14);
    if (!hours || !in.sign(":")) return std::nullopt;
    const auto minutes = in.number(2, 59);
    if (!minutes) return std::nullopt;
    utc = true;
    offset = std::chrono::minutes((*hours * 60 + *minutes) * (which == '+' ? 1 : -1));
  }
  if (!in.done()) return std::nullopt;
  const auto instant = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                       std::chrono::minutes(*minute) + std::chrono::seconds(second) - offset;
  const auto midnight = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::hh_mm_ss clock(instant - midnight);
  return Moment{.day = text_of(midnight),
                .time = fmt::format("{:02}:{:02}:{:02}.{:06}", clock.hours().count(),
                                    clock.minutes().count(), clock.seconds().count(), micros),
                .utc = utc};
}

std::string day_text(Time time) { return text_of(std::chrono::floor<std::chrono::days>(time)); }

std::string instant_text(Time time) {
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(time - midnight);
  const auto ms = clock.subseconds().count();
  return fmt::format("{} {:02}:{:02}:{:02}{}", text_of(midnight), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(),
                     ms ? fmt::format(".{:03}", ms) : "");
}

}  // namespace rollcall::compile
