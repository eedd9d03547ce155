// Which endpoint a request is for, and what limit is published for it.
// Pure; safe from any thread. Source: docs/facts/iterable.md, rate limits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/api.hpp"
#include "sim/limits.hpp"

namespace sim {

struct Route {
  std::string_view method;
  std::string_view pattern;  // {name} stands for one segment
  Handler handler;
  Limit published;          // calls 0: none published
  std::string_view bucket;  // endpoints that share a limit; empty: its own
  Limit daily = {};         // a second limit, for the calls that have one
};

struct Match {
  const Route* route = nullptr;
  std::vector<std::string> params;  // decoded
  bool bad_encoding = false;
};

const std::vector<Route>& routes();

// Nothing if no endpoint has this method and path.
std::optional<Match> match_route(std::string_view method, std::string_view path);

}  // namespace sim
