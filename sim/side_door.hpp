// /_sim/: looking at the project and meddling with it, from outside of the API. No key is needed.
// Answers JSON unless said otherwise; errors are 400 or 404 with {"error": text}.
// GET changes nothing. Safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "sim/project.hpp"

namespace sim {

Response answer_side_door(Project& project, const Request& request, std::string_view path,
                          std::string_view query);

// Adds people from lines of {"email", "userId", "dataFields"}; unknown fields are created. People
// who exist already get the fields. Blank lines are skipped.
struct LoadReport {
  int64_t added = 0;
  int64_t updated = 0;
  int64_t line = 0;   // of the first error, from 1
  std::string error;  // empty if all lines were taken; else nothing from that line on was
};
LoadReport load_contacts(Project& project, std::string_view ndjson);
// user0@example.com with U0, and so on up to `count` - 1; email projects get the userId too.
void make_contacts(Project& project, int64_t count);

// Writes the whole project to a file, or reads it back. Empty if done, else the reason. Not under
// the lock.
std::string save_state(Project& project, const std::string& file);
std::string load_state(Project& project, const std::string& file);

}  // namespace sim
