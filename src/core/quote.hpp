// Texts and names within quotes, as every SQL engine reads them.
#pragma once

#include <string>
#include <string_view>

namespace rollcall {

// Quotes within are doubled. Zero bytes are left out: texts have none, and a driver would cut the
// statement there.
inline std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    if (c != '\0') out += c;
  }
  return out + quote;
}

}  // namespace rollcall
