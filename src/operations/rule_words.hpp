// A rule in one line for people: "lifetime_value ≥ 1200", "no orders where ordered_at within the
// last 180 days".
#pragma once

#include <string>

#include "core/rule.hpp"

namespace rollcall::operations {

std::string in_words(const Rule& rule);

}  // namespace rollcall::operations
