#include "base/json.hpp"

#include <nlohmann/json.hpp>

namespace rollcall {

bool nests_deeper(std::string_view json, size_t levels) {
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

template <class Json>
Json read_json(std::string_view text) {
  return Json::parse(nests_deeper(text) ? std::string_view() : text, nullptr, false);
}

template nlohmann::json read_json(std::string_view);
template nlohmann::ordered_json read_json(std::string_view);

}  // namespace rollcall
