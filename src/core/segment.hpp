// A segment: the people of one model whom a rule selects.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/rule.hpp"

namespace rollcall {

struct Segment {
  std::string name;
  std::optional<std::string> id = std::nullopt;
  std::string model;
  std::string description = {};
  std::vector<std::string> tags = {};
  Rule where = {};       // everyone unless said otherwise
  std::string uid = {};  // given by the store, for ever. Never in a file
  Place place = {};
  bool operator==(const Segment&) const = default;
};

}  // namespace rollcall
