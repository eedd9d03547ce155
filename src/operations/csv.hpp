// Lines of CSV, for whoever opens them in a spreadsheet.
#pragma once

#include <string>
#include <vector>

namespace rollcall::operations {

// One line with its line break, quoted as RFC 4180 says. A cell that a spreadsheet would take for a
// formula gets an apostrophe in front; numbers stay as they are.
std::string csv_line(const std::vector<std::string>& cells);

}  // namespace rollcall::operations
