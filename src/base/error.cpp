#include "base/error.hpp"

#include <algorithm>

#include "base/words.hpp"

namespace rollcall {

std::string_view to_string(ErrorKind kind) { return word(kind); }

Error&& Error::in(std::string where) && {
  context.push_back(std::move(where));
  return std::move(*this);
}

std::string Error::placed() const {
  if (!place || (place->file.empty() && place->line <= 0)) return message;
  const std::string line = std::to_string(std::max(place->line, 1));
  const std::string column = std::to_string(std::max(place->column, 1));
  return place->file.empty() ? "line " + line + ", column " + column + ": " + message
                             : place->file + ':' + line + ':' + column + ": " + message;
}

std::string Error::text() const {
  std::string out = placed();
  if (!context.empty()) {
    out += " (";
    for (size_t i = 0; i < context.size(); ++i) out += (i ? ", in " : "in ") + context[i];
    out += ')';
  }
  if (!remedy.empty()) {
    if (!out.empty() && out.back() != '.' && out.back() != '!' && out.back() != '?') out += '.';
    out += ' ' + remedy;
  }
  return out;
}

}  // namespace rollcall
