#include "http_server/target.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace rollcall::http_server {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<Pairs> read_query(std::string_view query) {
  Pairs out;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), one.size() + 1));
    if (one.empty()) continue;
    const size_t equals = std::min(one.find('='), one.size());
    auto name = percent_decode(one.substr(0, equals), true);
    auto value = percent_decode(one.substr(std::min(one.size(), equals + 1)), true);
    // A NUL would end the text early in much that it is handed to.
    for (const auto& text : {name, value})
      if (!text || !is_utf8(*text) || text->find('\0') != std::string::npos) return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

// Takes "http://HOST" off.
std::optional<std::string> take_authority(std::string_view& target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    std::string begin(target.substr(0, scheme.size()));
    ascii_lower(begin);
    if (begin != scheme) continue;
    target.remove_prefix(scheme.size());
    const std::string_view authority = target.substr(0, target.find_first_of("/?"));
    target.remove_prefix(authority.size());
    return std::string(authority);
  }
  return std::nullopt;
}

}  // namespace

bool is_ip_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<Target> read_target(std::string_view target) {
  Target out;
  out.authority = take_authority(target);
  if (target.find('#') != std::string_view::npos) return std::nullopt;
  const size_t question = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, question), false);
  auto query = read_query(target.substr(std::min(target.size(), question + 1)));
  if (!path || !query || !is_utf8(*path) || std::ranges::any_of(*path, is_control))
    return std::nullopt;
  if (path->empty() && out.authority) *path = "/";
  if (!path->starts_with('/')) return std::nullopt;
  out.path = std::move(*path);
  out.query = std::move(*query);
  return out;
}

std::optional<std::string> host_name(std::string_view host) {
  std::string_view name = host.substr(0, host.find(':'));
  std::string_view rest = host.substr(name.size());
  const bool bracketed = host.starts_with('[');
  if (bracketed) {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    name = host.substr(1, end - 1);
    rest = host.substr(end + 1);
  }
  const bool port = rest.empty() || (rest[0] == ':' && rest.size() <= 6 &&
                                     std::all_of(rest.begin() + 1, rest.end(), is_digit));
  if (!port) return std::nullopt;
  std::string out(name);
  ascii_lower(out);
  const auto plain = [&](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_' || c == '.' ||
           (bracketed && c == ':');
  };
  if (!std::ranges::all_of(out, plain)) return std::nullopt;
  if (out.ends_with('.')) out.pop_back();  // "example.com." is the same name
  if (out.empty() || (bracketed && !is_ip_address(out))) return std::nullopt;
  return out;
}

bool may_be_called(const std::string& name, const std::vector<std::string>& hosts) {
  if (name == "localhost" || is_ip_address(name)) return true;
  return std::ranges::any_of(hosts, [&](std::string one) {
    ascii_lower(one);
    return one == "*" || one == name;
  });
}

std::string asker(const Pairs& headers, const std::string& peer,
                  const std::vector<std::string>& proxies) {
  const auto is_proxy = [&](const std::string& one) {
    return std::ranges::count(proxies, one) > 0;
  };
  std::string at = peer;
  // Each proxy puts at the end whom it was asked by.
  for (auto header = headers.rbegin(); header != headers.rend() && is_proxy(at); ++header) {
    if (header->first != "x-forwarded-for") continue;
    std::string_view rest = header->second;
    while (is_proxy(at)) {
      const size_t comma = rest.rfind(',');
      const std::string one(trim(rest.substr(comma == std::string_view::npos ? 0 : comma + 1)));
      if (!is_ip_address(one)) return at;
      at = one;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return at;
}

}  // namespace rollcall::http_server
