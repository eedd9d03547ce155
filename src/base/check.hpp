// CHECK is for bugs, never for input: it stays on in release, names the place and aborts. The next
// start resumes from what is on disk.
#pragma once

namespace rollcall {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition)                  \
  (static_cast<bool>(condition) ? void(0) \
                                : ::rollcall::check_failed(#condition, __FILE__, __LINE__))
