// The plan in values: what it is made from, what must change for the list to equal the segment, and
// the guard, which looks at its numbers. `state` makes it, where snapshot and ledger are.
//
// How a change is found, from what the ledger holds of a key and whether the snapshot has it:
//
//   in the segment, unknown to the ledger, or only remembered as removed     entered
//   in the segment, an unconfirmed leaver                                    entered: added again
//   in the segment, off the list without a reason: others took them off it   entered
//   in the segment, earlier outcome not a contact, unknown or not sent,
//     or rejected where a retry makes sense, for good in a full run          retried
//   in the segment, rejected for good, and the data have changed since       changed
//   in the segment, on the list, a mapped attribute differs, or a full run   changed
//   not in the segment, on the list or perhaps on it                         left
//
// Nobody leaves who is in the segment under another spelling of the same address; of two spellings
// of one leaver the first by key leaves, for both.
//
// Attributes are compared by fingerprint; that of a null is 0. One that was never written is sent
// when it has a value; a null at the first write is left out, so that what Iterable knew from
// elsewhere stays. What the ledger holds as perhaps ours (fingerprint 1) differs from everything.
// All values are sent of whoever is not surely on the list as they should be, and in a full run.
//
// Whoever is not a contact is parked: retried, and looked up first.
//
// A write waits for an opposite one of the same key to settle: until wrote_ms + settle. What was
// written in the future, by a clock that was set back since, was written just now.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/base.hpp"
#include "core/activation.hpp"
#include "core/report.hpp"

namespace rollcall::plan {

struct Input {
  std::vector<attributes::Target> targets = {};
  // Of them, those left out because Iterable does not have the field (yet).
  std::vector<bool> pending = {};
  OnNull on_null = OnNull::clear;
  bool full = false;  // everything is sent again, whatever the ledger says
  // With full: the list could not be read, so everybody is put on it again. Kinds stay as they are,
  // and so the guard's numbers; changes of the segment say that nobody was on it.
  bool put_on_again = false;
  // Of the ledger one person alone, under whatever spelling: a folded key (core/match_key.hpp).
  std::optional<std::string> only = std::nullopt;
  Time now = {};
  Millis settle{0};                     // opposite writes of one key keep this long between them
  int64_t parked_lookups_max = 10'000;  // parked people looked at again in one run
  // The parked who may have become contacts; nothing: all. Of the others only the longest waiting
  // are looked at again, so many.
  std::function<bool(std::string_view key)> parked_candidate = {};
  int64_t parked_others_max = 20;
};

struct Plan {
  ChangeCounts changes;
  int64_t on_list_before = 0;  // by the ledger, perhaps counts, and leavers do
  int64_t members = 0;         // of the segment
  int64_t writes = 0;          // of the changes: additions and updates
  int64_t removals = 0;
  int64_t look_ups = 0;  // of the writes: parked people
  int64_t parked = 0;    // all parked people still in the segment
  bool empty = false;  // no change, and the next ledger would tell of everybody what this one does
  // By attribute: values turning null, but for those of whoever enters; no entry for none.
  std::map<std::string, int64_t> cleared = {};
};

// One guarded number that is too large.
struct Breach {
  // max_removed_share, max_removed, max_added_share, max_cleared_share, allow_empty
  std::string limit;
  std::string message;  // with the numbers
};

// The numbers the guard looks at; what an approval allows.
struct GuardNumbers {
  int64_t removed = 0, added = 0, on_list_before = 0;
  bool empties = false;
  std::map<std::string, int64_t> cleared = {};
};
GuardNumbers guard_numbers(const Plan& plan);

// `binds`: a run of this activation has ended completed or completed_with_rejects; shares bind only
// then, and only from 5 people on the list. Within `approved` numbers everything passes.
std::vector<Breach> guard(const GuardNumbers& numbers, const GuardLimits& limits, bool binds,
                          const std::optional<GuardNumbers>& approved);

}  // namespace rollcall::plan
