// The ways of a catalog file to speak of time: durations (`15m`), times of day, time zones.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"

namespace rollcall::catalog {

// "500ms", "60s", "15m", "1h", "7d". Nothing when it is not of that form or does not fit.
std::optional<std::chrono::milliseconds> parse_span(std::string_view text);
// The largest unit that is exact: 3600 s is "1h".
std::string span_text(std::chrono::milliseconds span);

// "09:00" to "23:59".
bool is_time_of_day(std::string_view text);

// What is wrong with the name of a time zone; nothing when it is one of this machine's tz database.
std::optional<std::string> zone_problem(const std::string& zone);

}  // namespace rollcall::catalog
