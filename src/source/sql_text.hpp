// SQL as models hold it, and names as messages show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rollcall::source {

// Without the semicolons and white space at its end, so that it can stand in parentheses.
std::string as_subquery(std::string_view sql);

// The first twenty, and how many more there are.
std::string some(const std::vector<std::string>& names);

// As DuckDB takes names for equal: whatever the case of ASCII letters.
bool same_name(std::string a, std::string b);

}  // namespace rollcall::source
