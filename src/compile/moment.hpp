// Days and instants as people write them in rules, and as SQL writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.hpp"

namespace rollcall::compile {

struct Moment {
  std::string day;   // 2026-01-02
  std::string time;  // 03:04:05.000000; empty: the day alone
  bool utc = false;  // written with Z or an offset, and moved to UTC; else in the model's zone
};

// "2026-01-02", "2026-01-02 03:04", "2026-01-02T03:04:05.678901", each time also with Z or +01:00.
// Nothing if it is none of them or no such day or time is there.
std::optional<Moment> read_moment(std::string_view text);

std::string day_text(Time time);      // 2026-01-02
std::string instant_text(Time time);  // 2026-01-02 03:04:05, with milliseconds where there are any

}  // namespace rollcall::compile
