// JSON from outside, whatever library reads it. How deep it nests is bounded: what walks, prints or
// copies a tree goes down as deep as the tree does, and a stack ends.
#pragma once

#include <cstddef>
#include <string_view>

namespace rollcall {

// Levels of arrays and objects. Nobody's data come near; PostgreSQL alone allows some thousands.
constexpr size_t kJsonLevelsMax = 256;

// Whether brackets and braces, those in strings aside, are open so many at once. Any text will do.
inline bool nests_deeper(std::string_view json, size_t levels = kJsonLevelsMax) {
  size_t open = 0;
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    switch (json[i]) {
      case '"':
        quoted = !quoted;
        break;
      case '\\':
        if (quoted) ++i;
        break;
      case '[':
      case '{':
        if (!quoted && ++open > levels) return true;
        break;
      case ']':
      case '}':
        if (!quoted && open > 0) --open;
        break;
      default:
        break;
    }
  }
  return false;
}

// `Json` is the library's type; discarded where the text is no JSON, or nests too deep.
template <class Json>
Json read_json(std::string_view text) {
  return Json::parse(nests_deeper(text) ? std::string_view() : text, nullptr, false);
}

}  // namespace rollcall
