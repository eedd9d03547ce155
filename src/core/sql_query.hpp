// What compile makes and a source runs: text in the source's dialect, every literal already quoted
// by the dialect, and the names of the columns in order.
#pragma once

#include <string>
#include <vector>

namespace rollcall {

struct SqlQuery {
  std::string text;
  std::vector<std::string> columns = {};
};

}  // namespace rollcall
