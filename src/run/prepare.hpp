// What a run finds out before anything is sent: the list, who is who, the fields, the snapshot, and
// the plan. Its dry form finds out the same, on a copy of the activation's state; so what a plan
// shows and what a run does cannot part.
#pragma once

#include "run/fields.hpp"
#include "run/proof.hpp"
#include "run/record.hpp"
#include "run/snapshot.hpp"

namespace rollcall::run {

struct Preparation {
  const World& world;
  const Catalog& catalog;
  const Activation& activation;
  const Destination& destination;
  const iterable::Reader& reader;
  Prover& prover;
  state::Writer& writer;
  state::Work& work;
  std::vector<std::string>& warnings;
  Time now;               // of the snapshot
  Clock& steady;          // of writes that must settle
  bool repair = false;    // the list is read
  bool emptying = false;  // the segment is taken for empty
  bool new_list = false;
};

// What stands in it stands also where the preparation ended early.
struct Prepared {
  bool full = false;  // everything is sent again: as it is asked for, or as it turns out
  bool list_read = false;
  bool snapshot_taken = false;
  std::vector<attributes::Target> targets;
  FieldState fields;
  SegmentCounts segment;
  std::vector<bool> pending;  // by target: left out of the plan
  plan::Plan plan;
};

// Afterwards `work` holds snapshot and changes. Errors: not_found, conflict (the list); invalid
// (the key, the mapping); those of the source, of Iterable and of the ledger.
Status prepare(const Preparation& preparation, Prepared& out, const std::stop_token& stop);

// What the plan is made from; the budget for the parked is the standard one.
plan::Input plan_input(const Preparation& preparation, const Prepared& prepared);

}  // namespace rollcall::run
