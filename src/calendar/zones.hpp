// The tz database behind the library that reads it. Not a door.
#pragma once

#include <date/tz.h>

#include <string_view>

namespace rollcall::calendar {

// Nothing where there is none of that name. It lives as long as the process.
const date::time_zone* find_zone(std::string_view name);

}  // namespace rollcall::calendar
