// Is there a run to go on with? A sealed plan is continued while it is young and made from what is
// asked for now; otherwise what was answered of it is kept, and a new run begins.
#include <algorithm>

#include "run/approval.hpp"
#include "run/ongoing.hpp"

namespace rollcall::run {
namespace {

// A sealed plan is continued for so long after its snapshot; an older one, or one from the future
// (the clock was set back), is closed and made anew.
constexpr Millis kPlanLife{3600'000};

// What an open run left: its report, its work, and whether its journal can be read. Errors: corrupt
// when one of them is damaged or gone, whatever it was that noticed it.
struct Interrupted {
  RunReport report;
  std::unique_ptr<state::Work> work;
};
Result<Interrupted> open_interrupted(Ongoing& run) {
  const state::OpenRun& open = *run.record().open_run;
  const auto damaged = [&](const std::string& what) {
    return Error{ErrorKind::corrupt, what + " of run " + open.run_id + " is damaged or gone"};
  };
  auto report = report_from_json(open.report_json);
  if (!report.ok()) return damaged("the report");
  auto work = TRY(run.writer->go_on(open.run_id));
  const auto answers = work->answers();
  if (!answers.ok() && answers.error().kind != ErrorKind::corrupt) return Error(answers.error());
  if (!answers.ok() || (open.prepared && !answers->begun)) return damaged("the journal");
  return Interrupted{std::move(*report), std::move(work)};
}

// What was answered is kept, the rest is not sent; then a new plan is made.
Status close(Ongoing& run, std::unique_ptr<state::Work> work) {
  Planned planned;
  planned.prepared.targets = work->targets();
  const state::Answers answers = TRY(work->answers());
  TRY(promote(run, *work,
              {work->targets(), planned.pending_of(run.record().open_run->pending), answers,
               run.steady.now()}));
  RunReport& report = run.report;
  report.calls = answers.calls;
  report.proof.max_age_ms = answers.oldest_proof.count();
  report.status = RunStatus::interrupted;
  report.error = Error{ErrorKind::cancelled, "the run was interrupted, and a later one began anew"};
  report.finished_at = run.world.clock.now();
  run.record().open_run = std::nullopt;
  TRY(run.keep_report());
  TRY(run.writer->write());
  work.reset();
  run.writer->tidy();
  return ok_status();
}

// We hold the lease: whatever else says it is running was killed before its plan was sealed.
Status close_runs_that_died(const Ongoing& run) {
  constexpr int kLookBack = 20;
  for (store::RunRow& row : TRY(run.world.store.runs(run.activation.uid, kLookBack))) {
    if (row.status != to_string(RunStatus::running)) continue;
    auto report = report_from_json(row.report_json);
    if (!report.ok()) continue;
    report->status = RunStatus::interrupted;
    report->error = Error{ErrorKind::cancelled,
                          "the run ended before its plan was made; nothing had been sent"};
    report->finished_at = run.world.clock.now();
    row.status = std::string(to_string(report->status));
    row.finished_at = report->finished_at;
    row.report_json = to_json(*report);
    TRY(run.world.store.put_run(row));
  }
  return ok_status();
}

Result<bool> can_be_continued(const Ongoing& run) {
  const state::OpenRun& open = *run.record().open_run;
  const Request& asked = run.request;
  const Millis age = run.world.clock.now().time_since_epoch() - Millis(open.snapshot_ms);
  const bool approves_another =
      asked.approve && !TRY(is_approval_of(run.world.store, *asked.approve, open.run_id));
  return open.catalog_hash == run.plan_hash() && age >= Millis(0) && age < kPlanLife &&
         !asked.full && !asked.repair && !asked.new_list && !approves_another;
}

Planned continued(Ongoing& run, std::unique_ptr<state::Work> work) {
  Planned out;
  out.resumed = true;
  out.prepared.targets = work->targets();  // those its snapshot was made with
  out.prepared.full = run.report.kind == RunKind::full && run.record().generation > 0;
  out.work = std::move(work);
  run.world.observer.note("carrying on with run " + run.report.run_id);
  const std::string warning =
      "this run was interrupted and carried on with the data it had read: run again for what has "
      "changed since";
  if (std::ranges::find(run.report.warnings, warning) == run.report.warnings.end())
    run.report.warnings.push_back(warning);
  return out;
}

}  // namespace

Result<Planned> begin(Ongoing& run) {
  state::Record& record = run.record();
  if (record.copied) {
    if (record.open_run)
      TRY(give_up(run.world, run.activation, *run.writer, run.steady, {ErrorKind::corrupt, kCopy}));
    doubt_copy(record);
    TRY(run.writer->write());
  }
  if (record.open_run) {
    auto open = open_interrupted(run);
    if (!open.ok() && open.error().kind != ErrorKind::corrupt) return Error(open.error());
    if (open.ok()) {
      run.report = std::move(open->report);
      if (TRY(can_be_continued(run))) return continued(run, std::move(open->work));
      TRY(close(run, std::move(open->work)));
    } else {
      TRY(give_up(run.world, run.activation, *run.writer, run.steady, open.error()));
    }
  }
  TRY(close_runs_that_died(run));

  Planned out;
  out.prepared.full = sends_everything(record, run.request.full);
  RunReport report;
  report.run_id = new_id(run.world.clock, run.world.random);
  report.plan_id = report.run_id;
  report.activation = run.activation.name;
  report.destination = run.destination.name;
  report.kind = out.prepared.full || record.generation == 0 ? RunKind::full : RunKind::delta;
  report.trigger = run.request.trigger;
  report.started_at = run.world.clock.now();
  if (record.list) report.list = RunReport::List{record.list->id, record.list->name, false};
  run.report = std::move(report);
  TRY(run.keep_report());
  return out;
}

}  // namespace rollcall::run
