// A run's report in a few lines.
#pragma once

#include <string>

#include "core/report.hpp"

namespace rollcall::cli {

std::string in_lines(const RunReport& report);
// "990 members of 1,000 rows (4 without a key, 3 with a malformed key, 3 duplicates)"
std::string in_words(const SegmentCounts& counts);
std::string in_words(const ChangeCounts& counts);
std::string in_words(RunStatus status);
// "20,000 people, 23 of them looked up again (at most 10,000 a run)"
std::string in_words(const ParkedUse& parked);

}  // namespace rollcall::cli
