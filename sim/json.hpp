// The two JSON types of the simulator. Json sorts an object's keys and finds them by binary tree,
// so that a hostile body with a million keys stays cheap; OrderedJson keeps the order of insertion,
// so that answers look the way they were recorded.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// Deepest nesting a body may have. The library prints recursively, so depth must be bounded before
// anything is parsed.
constexpr int kJsonDepthMax = 64;

// Parses `text`. Nothing if it is not JSON, not UTF-8 or nested deeper than kJsonDepthMax.
std::optional<Json> parse_json(std::string_view text);

// Compact text; never throws: bytes that are not UTF-8 become U+FFFD.
std::string print(const Json& value);
std::string print(const OrderedJson& value);

}  // namespace sim
