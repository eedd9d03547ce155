#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace rollcall {
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "rollcall: internal error at %s:%d: %s does not hold\n", file, line,
               condition);
  std::abort();
}
}  // namespace rollcall
