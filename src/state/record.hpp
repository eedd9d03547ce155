// What is kept of one activation beside its people: its list, its open run, what is in doubt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/report.hpp"

namespace rollcall::state {

struct ListRecord {
  int64_t id = 0;
  std::string name;
  int64_t created_at_ms = 0;
  bool created = true;  // by Rollcall; false: adopted
};

// A creation whose answer we have not got: ours is the list of this name that is not among `seen`.
struct ListIntent {
  std::string name;
  std::vector<int64_t> seen;
  int64_t at_ms = 0;
};

struct OpenRun {
  std::string run_id;
  std::string catalog_hash;
  int64_t snapshot_ms = 0;
  std::string report_json;                // counts known when the plan was sealed
  std::vector<std::string> pending = {};  // attributes left out of the plan
  bool prepared = false;  // fields are made and the plan is final: batches may have left
};

// Why the list must be read before the next plan: what Iterable holds may differ from the ledger.
struct Doubt {
  std::vector<std::string> why;  // in words, for the report
  bool everything = false;       // attributes may differ, too: all are sent again
  bool lost = false;             // nothing is left of the ledger
};

// Both clocks at one moment after the last writes that the ledger tells of. Its times of writes go
// on with the monotonic one while they matter, whatever the wall clock is set to.
struct Moment {
  int64_t wall_ms = 0, monotonic_ms = 0;
  std::string boot;
};

struct Record {
  int64_t generation = 0;       // of the ledger, one more each time; 0: no ledger yet
  std::string ledger_checksum;  // as this kind of state counts it; empty: an earlier version's
  std::optional<ListRecord> list = std::nullopt;
  std::optional<ListIntent> list_intent = std::nullopt;
  std::optional<OpenRun> open_run = std::nullopt;
  std::optional<Doubt> doubt = std::nullopt;
  std::optional<Moment> wrote = std::nullopt;
  // What was read is not what was written: a copy of it, or a restored one. Not kept.
  bool copied = false;
  bool guard_binds = false;  // a run has ended completed or completed_with_rejects
  StandingCounts standing = {};
};

}  // namespace rollcall::state
