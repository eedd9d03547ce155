#include "base/error.hpp"

namespace rollcall {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::busy:
      return "busy";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::throttled:
      return "throttled";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::cancelled:
      return "cancelled";
  }
  return "invalid";
}

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
