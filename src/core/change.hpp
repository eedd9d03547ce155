// One planned change: a person, why, and what is to be written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

enum class ChangeKind { entered, left, changed, retried };

std::string_view to_string(ChangeKind kind);

// A change as the plan holds it. `values` has one entry per mapped attribute: nothing = do not
// send, otherwise the JSON text of the value ("null" clears).
struct Change {
  uint32_t seq = 0;  // its place in the sealed plan
  std::string key;
  ChangeKind kind = ChangeKind::entered;
  bool was_on_list = false;      // by the ledger, before this run
  bool perhaps_on_list = false;  // by the ledger; never together with was_on_list
  // Parked: reads alone may touch this person until one shows a contact.
  bool look_up_first = false;
  // Wall clock; an opposite write of this key must have settled; 0: at once.
  int64_t not_before_ms = 0;
  std::vector<std::optional<std::string>> values;
};

}  // namespace rollcall
