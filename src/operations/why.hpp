// One person: in the segment or not, on the list or not, and why.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/match_key.hpp"
#include "operations/world.hpp"
#include "state/state.hpp"

namespace rollcall::operations {

struct Why {
  std::string activation, destination, segment;
  MatchKey match_key;
  std::string asked, key;  // the key as it was given, and as runs write it
  KeyForm form = KeyForm::good;
  // Primary keys of the rows with this key, the one that counts first.
  std::vector<std::string> in_model, in_segment;
  struct Condition {
    std::string text;  // in words
    bool holds = false;
  };
  std::string combined;  // how the conditions make the rule: all, any or none of them
  std::vector<Condition> conditions;
  std::optional<state::PersonRow> row;
  std::optional<state::ListRecord> list;
  std::vector<std::string> attributes_to_write;
  // on_list, not_on_list, not_a_contact, rejected, unknown, not_sent, leaver, removed,
  // unknown_to_ledger; then in words; then what the next run will do.
  std::string state, state_text, next;
};

// Nothing is asked of Iterable and nothing is kept. Errors: invalid (a blank key, a catalog that no
// run would take); those of the source and of the ledger.
Result<Why> why(const World& world, const Stored& stored, const Activation& activation,
                const std::string& key, const std::stop_token& stop);

nlohmann::ordered_json to_json(const Why& why);

}  // namespace rollcall::operations
