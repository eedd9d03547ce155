// Whether somebody holds a lock file, found out without taking the lock: who asks must not be in
// the way of who wants to run.
#pragma once

#include <filesystem>

namespace rollcall::cli {

bool is_held(const std::filesystem::path& lock);

}  // namespace rollcall::cli
