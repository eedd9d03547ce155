// What is kept of the past, and for how long.
#pragma once

#include <chrono>

#include "operations/world.hpp"

namespace rollcall::operations {

struct Retention {
  std::chrono::days people{90};  // of past runs: who was not on the list, and why
  std::chrono::days runs{400};   // their reports; not for less long than their people
  std::chrono::days log{730};    // who did what
};

struct LetGo {
  int64_t people_of_runs = 0;  // of how many runs
  int64_t runs = 0;
  int64_t log_lines = 0;
  int64_t records = 0;  // that had expired: sessions, remembered answers…
};

// Lets go of what is older. The last run of each activation is kept, with its people. What cannot be
// removed now is removed the next time; the first such error is told once the rest is done.
Result<LetGo> let_go(const World& world, const Retention& retention);

}  // namespace rollcall::operations
