// Text without locales: what e-mail addresses, names and messages need.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

// A-Z to a-z and nothing else; never depends on a locale.
void ascii_lower(std::string& text);
// Without spaces, tabs, line breaks and other ASCII white space at either end.
std::string_view trim(std::string_view text);
bool is_utf8(std::string_view text);
// The candidate that was probably meant: nearest by edit distance, at most a third of the length
// away.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);
// " (did you mean `x`?)", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);
std::string join(const std::vector<std::string>& parts, std::string_view between);
// 1234567 as "1,234,567".
std::string thousands(int64_t number);

}  // namespace rollcall
