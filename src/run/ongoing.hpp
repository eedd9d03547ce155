// A run in progress: what every phase of it is given, and what one hands to the next.
#pragma once

#include "run/prepare.hpp"

namespace rollcall::run {

struct Ongoing {
  Ongoing(const World& world, const Request& request, std::unique_ptr<state::Writer> the_writer);

  [[nodiscard]] state::Record& record() const { return writer->record; }
  Preparation preparation(state::Work& work);
  // What a sealed plan must have been made from to be continued.
  [[nodiscard]] std::string plan_hash() const;
  // In the store, as it is now.
  Status keep_report();

  const World& world;
  const Request& request;
  const Activation& activation;
  const Destination& destination;
  std::unique_ptr<state::Writer> writer;
  SteadyClock steady;  // of all that is kept, or waited for, because writes must settle
  Line line;
  const iterable::Client client;
  RunReport report;
  Prover prover;
};

// A plan, from the first look at the segment to the end of its delivery. Whatever ends a run early
// leaves here how far it came.
struct Planned {
  bool resumed = false;  // sealed by a process that did not end it
  Prepared prepared;
  // Of the parked: how many may be looked at, and whether somebody else than the ledger chooses
  // them, an export or an index brought up to date.
  int64_t parked_max = plan::Input{}.parked_lookups_max;
  bool index_chooses = false;
  std::unique_ptr<state::Work> work;  // nothing: not begun
  std::unique_ptr<state::Journal> journal;
  // Nothing is to be written, made or remembered: it was not sealed, and there is nothing to carry
  // out.
  bool of_nothing = false;

  // The plan again, from the same snapshot.
  Status make_again(Ongoing& run);
  [[nodiscard]] std::vector<std::string> names_of(const std::vector<bool>& targets) const;
  [[nodiscard]] std::vector<bool> pending_of(const std::vector<std::string>& names) const;
};

// --- The phases.

// Is there a run to go on with? What cannot be continued is ended, and a new one begun.
Result<Planned> begin(Ongoing& run);
// Snapshot, plan, guard, and the seal: nothing is sent before this ends well. The guard stops a run
// by its status.
Status make_plan(Ongoing& run, Planned& planned, const std::stop_token& stop);
// From the sealed plan to answers.
Status carry_out(Ongoing& run, Planned& planned, const std::stop_token& stop);
// Whatever happened: what was answered goes into the ledger, and the report says it.
Result<RunReport> finish(Ongoing& run, Planned planned, Status status, const std::stop_token& stop);

// --- What phases share.

Result<ChangeCounts> count_changes(state::Work& work);
OutcomeCounts count_outcomes(const state::Answers& answers);
// Answers into the next ledger, and into the report what stands then.
Status promote(Ongoing& run, state::Work& work, const state::Promotion& promotion);

}  // namespace rollcall::run
