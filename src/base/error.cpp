#include "base/error.hpp"

#include "base/words.hpp"

namespace rollcall {

std::string_view to_string(ErrorKind kind) { return word(kind); }

Error&& Error::in(std::string where) && {
  context.push_back(std::move(where));
  return std::move(*this);
}

std::string Error::text() const {
  std::string out = message;
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
