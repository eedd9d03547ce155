#include "http_server/http_server.hpp"

namespace rollcall::http_server {
namespace {

std::optional<std::string_view> first(const Pairs& pairs, std::string_view name) {
  for (const auto& [one, value] : pairs)
    if (one == name) return value;
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
  return first(headers, lower_case_name);
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  return first(query, name);
}

std::optional<std::string> Request::cookie(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [header, line] : headers) {
    if (header != "cookie") continue;
    std::string_view rest = line;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      const size_t equals = one.find('=');
      if (equals == std::string_view::npos || trim(one.substr(0, equals)) != name) continue;
      std::string_view value = trim(one.substr(equals + 1));
      if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
        value = value.substr(1, value.size() - 2);
      // Another host of the domain may have set the second: which is ours cannot be told.
      if (found && *found != value) return std::nullopt;
      found = std::string(value);
    }
  }
  return found;
}

}  // namespace rollcall::http_server
