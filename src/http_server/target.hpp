// What a request is for, as texts: its target, its query, the name of the host. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_server/http_server.hpp"

namespace rollcall::http_server {

// Nothing when a percent sign is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

struct Target {
  std::string path;
  Pairs query = {};
  std::optional<std::string> authority = std::nullopt;  // of the form "http://HOST/…", for proxies
};
// Nothing when it is none: not of the form "/…" or "http://HOST/…", not UTF-8, with a control
// character in its path or a NUL in its query.
std::optional<Target> read_target(std::string_view target);

// "Example.com:8090" as "example.com", "[::1]:8090" as "::1"; nothing when it is no such name.
std::optional<std::string> host_name(std::string_view host);
// By that name we may be called.
bool may_be_called(const std::string& name, const std::vector<std::string>& hosts);

bool is_ip_address(const std::string& name);

// Whom a request is from that came from `peer`; see Settings::proxies. What is no address there, and
// whatever stands before it, is not believed.
std::string asker(const Pairs& headers, const std::string& peer,
                  const std::vector<std::string>& proxies);

}  // namespace rollcall::http_server
