// What became of one person in one run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rollcall {

enum class OutcomeKind {
  added,          // Iterable confirmed the subscription
  removed,        // confirmed, or proven not to exist any more
  updated,        // a member's attributes were confirmed
  not_a_contact,  // Iterable does not know the person; parked
  rejected,       // refused, with Iterable's reason
  unknown,        // sent, and no answer was read
  not_sent,       // planned, and the run ended before
};

std::string_view to_string(OutcomeKind kind);

struct Outcome {
  OutcomeKind kind = OutcomeKind::unknown;
  // For rejected: Iterable's word (invalid_email, forgotten, invalid_data, conflict…).
  std::string reason = {};
  bool final = false;  // rejected, and no retry can help until the person's data change
  bool operator==(const Outcome&) const = default;
};

}  // namespace rollcall
