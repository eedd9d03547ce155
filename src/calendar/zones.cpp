#include "calendar/zones.hpp"

#include <algorithm>
#include <exception>

#include "calendar/calendar.hpp"

namespace rollcall::calendar {

const std::vector<std::string>& zone_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    try {
      const date::tzdb& database = date::get_tzdb();
      for (const date::time_zone& zone : database.zones) out.push_back(zone.name());
#if !USE_OS_TZDB
      for (const date::time_zone_link& link : database.links) out.push_back(link.name());
#endif
    } catch (const std::exception&) {
      out.clear();  // this machine has no tz database
    }
    std::sort(out.begin(), out.end());
    return out;
  }();
  return names;
}

const date::time_zone* find_zone(std::string_view name) {
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {
    return nullptr;
  }
}

bool is_zone(std::string_view name) {
  const std::vector<std::string>& all = zone_names();
  return name == "UTC" || std::binary_search(all.begin(), all.end(), name);
}

}  // namespace rollcall::calendar
