// The end of a run: what was answered goes into the ledger, and the report says it.
#include <algorithm>

#include "run/ongoing.hpp"

namespace rollcall::run {
namespace {

// Told to stop: the plan stays open, and the next process carries on with it.
Status stay_open(Ongoing& run, Planned& planned) {
  RunReport& report = run.report;
  report.status = RunStatus::interrupted;
  const bool open = run.record().open_run.has_value();
  if (open) report.error->remedy = "Run again within the hour: it carries on from here.";
  if (planned.journal)
    (void)planned.journal->calls(run.line.counter.counts(), run.line.counter.oldest_proof());
  if (open && planned.work) {
    report.outcomes = count_outcomes(TRY(planned.work->answers()));
    report.changes = TRY(count_changes(*planned.work));
    report.standing = TRY(planned.work->standing_unsent());
  }
  report.finished_at = run.world.clock.now();
  return run.keep_report();
}

void judge(RunReport& report) {
  const StandingCounts& s = report.standing;
  const OutcomeCounts& o = report.outcomes;
  if (!report.error && (s.unknown + s.not_sent + o.unknown + o.not_sent > 0))
    report.error = Error{ErrorKind::unavailable, "what became of some people is not known",
                         "Run again: they are tried first."};
  if (report.error) {
    report.status = RunStatus::failed;
  } else if (s.rejected + s.leavers_on_list > 0) {
    report.status = RunStatus::completed_with_rejects;
  } else {
    report.status = RunStatus::completed;
  }
}

// Batches may have left: what was answered is promoted, the rest not sent.
Status close_books(Ongoing& run, Planned& planned) {
  run.world.observer.begun(Step::promote);
  RunReport& report = run.report;
  state::Record& record = run.record();
  state::Answers answers;
  if (!planned.of_nothing) {
    answers = TRY(planned.work->answers());
    report.changes = TRY(count_changes(*planned.work));
  }
  report.fields_created = answers.fields_created;
  for (const std::string& field : answers.filtered_fields)
    if (std::ranges::find(report.fields_pending, field) == report.fields_pending.end())
      report.fields_pending.push_back(field);
  TRY(promote(run, *planned.work,
              {planned.prepared.targets, planned.prepared.pending, answers, run.steady.now(),
               planned.of_nothing}));
  run.world.observer.reached("ledger.written");
  judge(report);
  record.guard_binds = record.guard_binds || report.status == RunStatus::completed ||
                       report.status == RunStatus::completed_with_rejects;
  record.open_run = std::nullopt;
  report.finished_at = run.world.clock.now();
  // The report first: a kill in between ends the same run once more, with the same report.
  TRY(run.keep_report());
  run.world.observer.reached("report.kept");
  TRY(run.writer->write());
  run.world.observer.reached("ledger.promoted");
  return ok_status();
}

// Nothing was sent. What stands is told for the segment as it was read; if it was not, for nobody.
Status tell_unsent(Ongoing& run, Planned& planned) {
  RunReport& report = run.report;
  const Prepared& prepared = planned.prepared;
  report.standing = {};
  if (planned.work && report.segment.rows + run.record().generation > 0 && prepared.snapshot_taken)
    report.standing = TRY(planned.work->standing_unsent());
  if (report.status == RunStatus::stopped) {
    const ChangeCounts& c = report.changes = prepared.plan.changes;
    report.outcomes.not_sent = c.entered + c.left + c.changed + c.retried;
  } else {
    report.changes = {};
    report.status = RunStatus::failed;
  }
  report.finished_at = run.world.clock.now();
  return ok_status();
}

}  // namespace

Result<RunReport> finish(Ongoing& run, Planned planned, Status status,
                         const std::stop_token& stop) {
  RunReport& report = run.report;
  if (!status.ok()) report.error = std::move(status.error());
  report.proof.max_age_ms = run.line.counter.oldest_proof().count();
  report.calls = run.line.counter.counts();
  if (stop.stop_requested() && report.error && report.error->kind == ErrorKind::cancelled) {
    TRY(stay_open(run, planned));
    return report;
  }
  if ((run.record().open_run || planned.of_nothing) && planned.work) {
    TRY(close_books(run, planned));
  } else {
    TRY(tell_unsent(run, planned));
  }
  TRY(run.keep_report());
  planned = {};
  run.writer->tidy();
  return report;
}

}  // namespace rollcall::run
