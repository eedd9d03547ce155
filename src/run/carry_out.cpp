// From the sealed plan to answers: the list, new attributes, a trial of the destination, then the
// changes. Each step leaves something that the next process can start from.
#include "deliver/deliver.hpp"
#include "run/list.hpp"
#include "run/ongoing.hpp"
#include "run/trial.hpp"

namespace rollcall::run {
namespace {

// What another process knew of this plan.
Status take_up(Ongoing& run, Planned& planned, const std::stop_token& stop) {
  if (!run.record().open_run->prepared)
    planned.prepared.fields = TRY(check_fields(run.client, planned.prepared.targets, stop));
  const state::Answers before = TRY(planned.work->answers());
  run.line.counter.add(before.calls, before.oldest_proof);
  // The index chose among the parked, and does so again should the plan be made again.
  const ProofWay way = run.report.proof.choice.way;
  planned.index_chooses =
      way == ProofWay::increment || (way == ProofWay::whole_export && !run.prover.export_proves());
  if (planned.index_chooses) TRY(run.prover.prepare(ProofWay::increment, stop));
  return ok_status();
}

// The store knows the list, too: the record may be lost.
Status keep_list(Ongoing& run) {
  const std::string text = to_json(*run.record().list);
  const auto kept = TRY(run.world.store.fact(run.activation.uid, kListFact));
  if (kept == text) return ok_status();
  return run.world.store.put_fact(run.activation.uid, kListFact, text);
}

Status make_list(Ongoing& run, const std::stop_token& stop) {
  run.world.observer.begun(Step::make_list);
  RunReport& report = run.report;
  const bool made = TRY(ensure_list(
      {run.world, run.client, run.activation, run.destination, *run.writer}, run.client, stop));
  const state::ListRecord& list = *run.record().list;
  report.list = RunReport::List{list.id, list.name, made || (report.list && report.list->created)};
  TRY(keep_list(run));
  run.world.observer.reached("list.ready");
  return ok_status();
}

// Afterwards the plan is final: what cannot be sent is no change, and is not in it. Whether it was
// made again.
Result<bool> make_attributes(Ongoing& run, Planned& planned, const std::stop_token& stop) {
  run.world.observer.begun(Step::make_fields);
  state::Record& record = run.record();
  Prepared& prepared = planned.prepared;
  const FieldsMade made =
      TRY(make_fields({run.world, run.client, run.activation, run.destination, prepared.targets,
                       record.list->id, !record.guard_binds, *planned.work},
                      prepared.fields, stop));
  if (!made.created.empty()) TRY(planned.journal->created(made.created));
  TRY(planned.journal->calls(run.line.counter.counts(), run.line.counter.oldest_proof()));
  const std::vector<std::string> pending = planned.names_of(made.pending);
  const bool anew = pending != record.open_run->pending;
  if (anew) {
    prepared.pending = made.pending;
    TRY(planned.make_again(run));
    TRY(planned.work->keep());
  }
  run.report.changes = TRY(count_changes(*planned.work));
  run.report.fields_pending = pending;
  record.open_run->pending = pending;
  record.open_run->report_json = to_json(run.report);
  record.open_run->prepared = true;
  TRY(run.writer->write());
  run.world.observer.reached("fields.made");
  return anew;
}

// What is written of a plan that is final.
class Sending {
 public:
  Sending(Ongoing& run, Planned& planned, const prove::Trial& known,
          std::optional<TrialPeople> people, int64_t retried, state::Answers answers)
      : run_(run),
        planned_(planned),
        known_(known),
        people_(std::move(people)),
        trust_(run.destination.project_type, known),
        answers_(std::move(answers)),
        order_{.client = run.client,
               .calls = run.line.counter,
               .journal = *planned.journal,
               .trust = trust_,
               .clock = run.steady,
               .random = run.world.random,
               .workers = run.world.workers,
               .observer = run.world.observer,
               .targets = planned.prepared.targets,
               .key_type = run.activation.match_key.type,
               .list_id = run.record().list->id,
               .list_is_new = !run.record().guard_binds,
               .changes = static_cast<int64_t>(answers_.kinds.size()),
               .retried = retried,
               .refused_before = run.record().standing.rejected,
               .settle = run.destination.settle,
               .proof_max_age = run.destination.proof.max_age},
        delivery_(order_) {}

  Status go(const std::stop_token& stop) {
    const Status status = send(stop);
    const Status told = tell();
    TRY(told);
    TRY(status);
    if (const auto error = delivery_.delivered().error) return Error(*error);
    return ok_status();
  }

 private:
  Status send(const std::stop_token& stop) {
    if (TRY(is_something_to_add())) TRY(try_it(stop));
    TRY(choose_proof(stop));
    for (const state::Which& part : state::parts()) {
      if (delivery_.failed()) break;
      const bool adds = part.kinds != state::removals().kinds;
      const Step step = adds ? Step::add : Step::remove;
      run_.world.observer.begun(step);
      const auto changes = TRY(planned_.work->changes(part));
      delivery_.deliver(*changes, answers_, std::string(to_string(step)), stop);
      run_.world.observer.reached(std::string(to_string(step)) + ".ended");
    }
    return ok_status();
  }

  // Additions and updates are the plan's first.
  Result<bool> is_something_to_add() {
    const int64_t writes = TRY(planned_.work->count(state::writes()));
    for (int64_t seq = 0; seq < writes; ++seq)
      if (answers_.is_open(static_cast<uint32_t>(seq))) return true;
    return false;
  }

  Status try_it(const std::stop_token& stop) {
    run_.world.observer.begun(Step::trial);
    const Status tried = try_destination({run_.world, run_.destination, *planned_.work, answers_},
                                         order_, delivery_, std::move(people_), stop);
    TRY(keep_trial(run_.world.store, run_.destination, known_, trust_.trial()));
    if (trust_.trial().grade == prove::Trial::Grade::failed)
      run_.report.warnings.push_back(
          "this project does not keep the promise of updateExistingUsersOnly (" +
          trust_.trial().note + "); everybody is looked up before a write");
    TRY(tried);
    answers_ = TRY(planned_.work->answers());
    return ok_status();
  }

  // How whoever is left of the plan is proven; then the delivery knows it.
  Status choose_proof(const std::stop_token& stop) {
    run_.world.observer.begun(Step::prove);
    const ProofChoice choice =
        TRY(run_.prover.choose({.work = planned_.work.get(),
                                .everybody = trust_.by() == prove::By::lookup,
                                .answers = &answers_}));
    const bool had = TRY(run_.prover.prepare(choice.way, stop));
    // What was chosen for more people, the parked that are left out now among them, stays told.
    if (!planned_.index_chooses) run_.report.proof.choice = choice;
    if (had && choice.way == ProofWay::whole_export && run_.prover.export_proves()) {
      delivery_.prove_by(run_.prover.contacts());
    } else if (run_.prover.index()) {  // where all are looked up, too: it may lack people
      delivery_.look_up_by(run_.prover.index());
    }
    return ok_status();
  }

  // What was learnt goes into the report and the store, however it ended.
  Status tell() {
    const deliver::Delivered delivered = delivery_.delivered();
    if (delivered.incomplete) {
      run_.report.warnings.push_back(
          "the export of contacts lacked people who are there, so that people were looked up one "
          "by one");
      run_.prover.contacts().forget();
    }
    if (delivered.export_error)
      run_.report.warnings.push_back(export_failed(*delivered.export_error));
    const bool by_answer = trust_.by() == prove::By::answer;
    run_.report.proof.by = order_.changes == 0   ? "none"
                           : by_answer           ? "answer"
                           : delivered.by_export ? "export"
                                                 : "lookup";
    run_.report.proof.people = by_answer ? order_.changes : delivered.proven_people;
    return keep_trial(run_.world.store, run_.destination, known_, trust_.trial());
  }

  Ongoing& run_;
  Planned& planned_;
  const prove::Trial known_;
  std::optional<TrialPeople> people_;
  prove::Trust trust_;
  state::Answers answers_;
  const deliver::Order order_;
  deliver::Delivery delivery_;
};

}  // namespace

Status carry_out(Ongoing& run, Planned& planned, const std::stop_token& stop) {
  if (planned.of_nothing) {
    const state::ListRecord& list = *run.record().list;
    run.report.list = RunReport::List{list.id, list.name, false};
    run.report.fields_pending = planned.names_of(planned.prepared.pending);
    run.report.proof.by = "none";
    return keep_list(run);
  }
  planned.journal = TRY(planned.work->journal());
  if (planned.resumed) TRY(take_up(run, planned, stop));
  TRY(make_list(run, stop));
  const prove::Trial known = TRY(known_trial(run.world.store, run.destination));
  std::optional<TrialPeople> people;
  if (!run.record().open_run->prepared) {
    // A new list takes nobody for a moment, and attributes are made by a write to it: the trial's
    // look-ups are made meanwhile.
    const bool waits = !run.record().guard_binds && !planned.prepared.fields.to_create.empty();
    if (waits) {
      const state::Answers answers = TRY(planned.work->answers());
      people = TRY(find_trial_people({run.world, run.destination, *planned.work, answers}, known,
                                     run.client, run.activation.match_key.type, stop));
    }
    if (TRY(make_attributes(run, planned, stop))) people = std::nullopt;
  }
  // The plan is final. Batches may leave from here on.
  run.report.fields_pending = run.record().open_run->pending;
  planned.prepared.pending = planned.pending_of(run.report.fields_pending);
  state::Which again{.kinds = {ChangeKind::retried}, .parked = false};
  return Sending(run, planned, known, std::move(people), TRY(planned.work->count(again)),
                 TRY(planned.work->answers()))
      .go(stop);
}

}  // namespace rollcall::run
