// Everything a run would trip over, found without writing anything.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "operations/world.hpp"

namespace rollcall::operations {

struct Finding {
  enum class Level { ok, warning, problem };
  std::string kind;  // source, model, segment, destination, activation
  std::string name;
  Level level = Level::ok;
  std::string message = {};
  std::string remedy = {};
};
std::string_view to_string(Finding::Level level);

// Of all that is stored, or of what bears this name (an activation's may be the full one).
// Errors: invalid (nothing of that name); cancelled.
Result<std::vector<Finding>> check(const World& world, const std::string& name,
                                   const std::stop_token& stop);

// Of this object alone.
Result<std::vector<Finding>> check(const World& world, const Stored& stored,
                                   const store::ObjectRow& object, const std::stop_token& stop);

// Of what the activation is made of: sources first, then models, segments and its destination, so
// that the first problem is the culprit.
Result<std::vector<Finding>> check_made_of(const World& world, const Stored& stored,
                                           const Activation& activation,
                                           const std::stop_token& stop);

// `ok`: no problem is among them.
nlohmann::ordered_json to_json(const std::vector<Finding>& findings);

// The fields of a destination's project, by name, with Iterable's word for each type. Asks
// Iterable.
Result<std::map<std::string, std::string>> fields(const World& world,
                                                  const Destination& destination,
                                                  const std::stop_token& stop);

}  // namespace rollcall::operations
