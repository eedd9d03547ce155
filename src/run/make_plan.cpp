// From the segment to the sealed plan.
#include "run/approval.hpp"
#include "run/ongoing.hpp"
#include "run/trial.hpp"

namespace rollcall::run {
namespace {

// Whether the guard lets the plan pass. What stops it is in the report.
Result<bool> passes_guard(Ongoing& run, const plan::Plan& plan) {
  run.world.observer.begun(Step::guard);
  RunReport& report = run.report;
  const plan::GuardNumbers numbers = plan::guard_numbers(plan);
  TRY(keep_plan_numbers(run.world.store, report.plan_id, run.activation, numbers,
                        run.world.clock.now()));
  std::optional<plan::GuardNumbers> approved;
  if (run.request.approve)
    approved = TRY(approved_numbers(run.world.store, *run.request.approve, run.activation));
  if (run.request.emptying) return true;
  const auto breaches =
      plan::guard(numbers, run.activation.guard, run.record().guard_binds, approved);
  if (breaches.empty()) return true;
  std::vector<std::string> reasons;
  for (const plan::Breach& breach : breaches)
    reasons.push_back(breach.message + " (" + breach.limit + ")");
  report.status = RunStatus::stopped;
  report.error = Error{ErrorKind::conflict,
                       "stopped by the guard before anything was sent: " + join(reasons, "; "),
                       "If this is meant, run with `--approve " + report.plan_id +
                           "`; otherwise correct the segment or the data."};
  return false;
}

// All the parked are looked at where an export or the index shows them; otherwise, within a budget.
Status choose_parked(Ongoing& run, Planned& planned, const std::stop_token& stop) {
  state::Work& work = *planned.work;
  const prove::Trial trial = TRY(known_trial(run.world.store, run.destination));
  ProofChoice& choice = run.report.proof.choice;
  choice = TRY(run.prover.choose(
      {.work = &work,
       .everybody = must_prove_everybody(run.destination, trial),
       .parked = [&](const state::OnKey& on_key) { return work.parked(on_key); }}));
  const bool too_many = planned.prepared.plan.parked > planned.parked_max;
  const bool proves = run.prover.export_proves();
  // An export that serves the delivery alone can wait until it begins.
  if (choice.way != ProofWay::increment &&
      (choice.way != ProofWay::whole_export || (!too_many && proves)))
    return ok_status();
  planned.index_chooses = TRY(run.prover.prepare(choice.way, stop));
  if (!planned.index_chooses) return ok_status();
  if (choice.way == ProofWay::whole_export && proves)
    planned.parked_max = planned.prepared.plan.parked;
  return planned.make_again(run);
}

Status seal(Ongoing& run, Planned& planned) {
  run.world.observer.begun(Step::seal);
  TRY(planned.work->seal());
  if (run.request.approve) TRY(run.world.store.approve(*run.request.approve, run.report.run_id));
  state::Record& record = run.record();
  const state::Record before = record;
  record.open_run = state::OpenRun{run.report.run_id,
                                   run.plan_hash(),
                                   run.report.started_at.time_since_epoch().count(),
                                   to_json(run.report),
                                   planned.names_of(planned.prepared.pending),
                                   false};
  record.doubt = std::nullopt;
  Status written = run.writer->write();
  if (!written.ok()) record = before;  // nothing was sent, and there is nothing to promote
  TRY(std::move(written));
  run.world.observer.reached("plan.sealed");
  return ok_status();
}

// Whether all is as it should be, so that the run can end here: a kill from now on loses nothing.
bool is_of_nothing(Ongoing& run, const Prepared& prepared) {
  const state::Record& record = run.record();
  return prepared.plan.empty && record.list && !record.list_intent && !record.doubt &&
         prepared.fields.to_create.empty() && !run.request.approve;
}

}  // namespace

Status make_plan(Ongoing& run, Planned& planned, const std::stop_token& stop) {
  planned.work = TRY(run.writer->begin(run.report.run_id));
  Prepared& prepared = planned.prepared;
  const Status done = prepare(run.preparation(*planned.work), prepared, stop);
  run.report.segment = prepared.segment;
  TRY(done);
  if (!TRY(passes_guard(run, prepared.plan))) return ok_status();
  run.world.observer.reached("guard.passed");
  if (prepared.plan.parked > 0) TRY(choose_parked(run, planned, stop));
  run.report.parked = {prepared.plan.parked, prepared.plan.look_ups, planned.parked_max};
  planned.of_nothing = is_of_nothing(run, prepared);
  return planned.of_nothing ? ok_status() : seal(run, planned);
}

}  // namespace rollcall::run
