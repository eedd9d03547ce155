// Dates, durations, counts and schedules in words, as reports and screens say them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.hpp"
#include "core/activation.hpp"

namespace rollcall::operations {

// "2026-01-02 03:04:05" (UTC); "–" for a time that never was.
std::string date(const std::optional<Time>& time);
std::string date_ms(int64_t ms);
// "850 ms", "12 s", "3 min 20 s", "2 h 5 min".
std::string duration(Millis length);
// "1 person", "1,234 people".
std::string people(int64_t count);
std::string counted(int64_t count, std::string_view one, std::string_view many);
// "12 %", "0.4 %", "< 0.1 %".
std::string share(int64_t part, int64_t whole);

// "every 15 min", "manual", "cron 0 7 * * * (UTC)", "mon wed 09:00 (Europe/Paris)".
std::string in_words(const Schedule& schedule);

}  // namespace rollcall::operations
