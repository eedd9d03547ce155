// Regular expressions for engines that do not read RE2's, which are what rules are written in. A
// pattern is read and printed anew with everything said outright, so that it means the same
// whatever the engine's own defaults are: classes are of ASCII, a dot is no line break, ^ and $ are
// the ends of the text.
#pragma once

#include <string>
#include <string_view>

#include "base/base.hpp"

namespace rollcall::compile {

struct RegexStyle {
  std::string_view begin = "^";  // of the text
  std::string_view end = "$";
  // The engine will ignore case, and takes one letter for several (ß and ss, ﬁ and fi): letters are
  // printed so that each is of one.
  bool one_to_one = false;
};

// Errors (invalid): what is no expression of RE2's, or has no equal elsewhere.
Result<std::string> portable_regex(std::string_view pattern, const RegexStyle& style = {});

}  // namespace rollcall::compile
