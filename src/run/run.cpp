// The product in one function: Pass::go. Each step leaves something on disk that the next one can
// start from; what is true after it stands beside it.
#include "run/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attributes/attributes.hpp"
#include "base/json.hpp"
#include "deliver/deliver.hpp"
#include "iterable/iterable.hpp"
#include "prove/prove.hpp"
#include "run/fields.hpp"
#include "run/list.hpp"
#include "run/pass.hpp"
#include "run/prepare.hpp"
#include "run/proof.hpp"
#include "run/trial.hpp"

namespace rollcall::run {
namespace {

// A sealed plan is continued for so long after its snapshot; an older one, or one from the future
// (the clock was set back), is settled and made anew.
constexpr Millis kPlanLife{3600'000};

void count_outcomes(const ledger::Settled& settled, OutcomeCounts& out) {
  for (const auto& kind : settled.kinds) {
    switch (kind.value_or(OutcomeKind::not_sent)) {
      case OutcomeKind::added:
        ++out.added;
        break;
      case OutcomeKind::removed:
        ++out.removed;
        break;
      case OutcomeKind::updated:
        ++out.updated;
        break;
      case OutcomeKind::not_a_contact:
        ++out.not_a_contact;
        break;
      case OutcomeKind::rejected:
        ++out.rejected;
        break;
      case OutcomeKind::unknown:
        ++out.unknown;
        break;
      case OutcomeKind::not_sent:
        ++out.not_sent;
        break;
    }
  }
}

class Pass {
 public:
  Pass(const World& world, const Request& request, const Destination& destination,
       std::unique_ptr<ledger::Lease> lease, ledger::State state)
      : world_(world),
        request_(request),
        activation_(request.activation),
        destination_(destination),
        lease_(std::move(lease)),
        state_(std::move(state)),
        steady_(world.clock, settling_now(world.clock, state_, destination.settle)),
        line_(world, destination),
        client_(line_.writer(lease_->permit())),
        counter_(line_.counter),
        prover_(world, destination, client_, activation_.match_key.type, report_.warnings) {}

  Result<RunReport> go(const std::stop_token& stop) {
    TRY(resume_or_begin());
    Status status = ok_status();
    if (!resuming_) status = make_plan(stop);
    // From here on the plan is sealed: a kill continues it, under the same run id.
    if (status.ok() && report_.status == RunStatus::running) status = carry_out(stop);
    return finish(std::move(status), stop);
  }

 private:
  // --- Before: is there a run to go on with?
  Status resume_or_begin() {
    if (state_.copied) TRY(take_for_copy());
    if (state_.open_run) {
      const Status usable = open_interrupted();
      if (!usable.ok() && usable.error().kind != ErrorKind::corrupt) return usable;
      if (!usable.ok()) TRY(give_up_interrupted(usable.error()));
    }
    if (state_.open_run) {
      const ledger::OpenRun& open = *state_.open_run;
      const Millis age = world_.clock.now().time_since_epoch() - Millis(open.snapshot_ms);
      const bool approves_another =
          request_.approve && !TRY(is_approval_of(world_.store, *request_.approve, open.run_id));
      const bool same = open.catalog_hash == plan_hash() && age >= Millis(0) && age < kPlanLife &&
                        !request_.full && !request_.repair && !request_.new_list &&
                        !approves_another;
      if (same) {
        resuming_ = true;
        prepared_.full = report_.kind == RunKind::full && state_.generation > 0;
        world_.observer.note("carrying on with run " + open.run_id);
        const std::string told =
            "this run was interrupted and carried on with the data it had read: run again for what "
            "has changed since";
        if (std::ranges::find(report_.warnings, told) == report_.warnings.end())
          report_.warnings.push_back(told);
        return ok_status();
      }
      TRY(settle_open_run());
    }
    TRY(close_runs_that_died());
    report_ = RunReport{};
    report_.run_id = new_id(world_.clock, world_.random);
    report_.plan_id = report_.run_id;
    report_.activation = activation_.name;
    report_.destination = destination_.name;
    prepared_.full = sends_everything(state_, request_.full);
    report_.kind = prepared_.full || state_.generation == 0 ? RunKind::full : RunKind::delta;
    report_.trigger = request_.trigger;
    report_.started_at = world_.clock.now();
    if (state_.list) report_.list = RunReport::List{state_.list->id, state_.list->name, false};
    TRY(keep_report());
    return ok_status();
  }

  Status take_for_copy() {
    if (state_.open_run) TRY(give_up_interrupted({ErrorKind::corrupt, kCopy}));
    doubt_copy(state_);
    return lease_->write_state(state_);
  }

  // The open run's report, work database and journal. Errors: corrupt when one of them is damaged
  // or gone, whatever it was that noticed it.
  Status open_interrupted() {
    const ledger::OpenRun& open = *state_.open_run;
    const auto damaged = [&](const std::string& what) {
      return Error{ErrorKind::corrupt, what + " of run " + open.run_id + " is damaged or gone"};
    };
    auto kept = report_from_json(open.report_json);
    if (!kept.ok()) return damaged("the report");
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(lease_->folder().work_database(open.run_id), ignored))
      return damaged("the work database");
    const auto read = [&]() -> Status {
      TRY(open_work(open.run_id));
      // Every block, so that damage shows now and not when half the plan has been sent.
      for (const char* table : {"rows", "problems", "changes", "targets"})
        (void)TRY(work_->scalar(std::string("SELECT count(hash(t)) FROM ") + table + " t"));
      prepared_.targets = TRY(load_targets(*work_));  // those its snapshot was made with
      return ok_status();
    };
    if (const Status done = read(); !done.ok()) {
      work_.reset();
      database_.reset();
      const ErrorKind kind = done.error().kind;
      // What may be right again at the next try is no damage.
      if (kind == ErrorKind::unavailable || kind == ErrorKind::denied ||
          kind == ErrorKind::conflict)
        return done;
      return damaged("the work database");
    }
    const auto settled = read_journal(open.run_id);
    if (!settled.ok() && settled.error().kind != ErrorKind::corrupt) return Error(settled.error());
    if (!settled.ok() || (open.prepared && !settled->begun)) return damaged("the journal");
    report_ = std::move(*kept);
    return ok_status();
  }

  // What the open run sent is not known any more: all it may have written counts as unknown, and
  // the list is read before anything is decided.
  Status give_up_interrupted(const Error& damage) {
    const ledger::OpenRun open = *state_.open_run;
    work_.reset();
    database_.reset();
    ledger::Doubt doubt{
        .why = {damage.message +
                ": whom it may have written counts as unknown and is sent again; the list was read "
                "first"}};
    const auto scratch = TRY(Scratch::open(world_, "damage-" + open.run_id));
    const Status known = ledger::take_as_unknown(*lease_, state_, scratch->work(), steady_.now());
    if (!known.ok() && known.error().kind != ErrorKind::corrupt) return known;
    if (!known.ok()) {
      state_.open_run = std::nullopt;
      doubt.everything = doubt.lost = true;
      doubt.why.push_back(
          "what cannot be known any more: who of the list was put there by that run and has left "
          "the segment since");
    }
    if (auto kept = report_from_json(open.report_json); kept.ok()) {
      report_ = std::move(*kept);
      report_.status = RunStatus::interrupted;
      report_.error = Error{ErrorKind::corrupt, damage.message, "A later run began anew."};
      report_.finished_at = world_.clock.now();
      TRY(keep_report());
    }
    state_.doubt = std::move(doubt);
    state_.wrote = moment(steady_);
    TRY(lease_->write_state(state_));
    world_.observer.note(damage.message + ": beginning anew");
    ledger::tidy(*lease_, state_);
    return ok_status();
  }

  // We hold the lease: whatever else says it is running was killed before its plan was sealed.
  Status close_runs_that_died() {
    constexpr int kLookBack = 20;
    for (store::RunRow& row : TRY(world_.store.runs(activation_.uid, kLookBack))) {
      if (row.status != to_string(RunStatus::running)) continue;
      auto kept = report_from_json(row.report_json);
      if (!kept.ok()) continue;
      kept->status = RunStatus::interrupted;
      kept->error = Error{ErrorKind::cancelled,
                          "the run ended before its plan was made; nothing had been sent"};
      kept->finished_at = world_.clock.now();
      row.status = std::string(to_string(kept->status));
      row.finished_at = kept->finished_at;
      row.report_json = to_json(*kept);
      TRY(world_.store.put_run(row));
    }
    return ok_status();
  }

  // What was sent is settled, the rest is not sent; then a new plan is made.
  Status settle_open_run() {
    const ledger::OpenRun open = *state_.open_run;
    const ledger::Settled settled = TRY(read_journal(open.run_id));
    const auto promoted = TRY(with_memory(*work_, [&] {
      return ledger::promote(*lease_, state_, open.run_id, *work_,
                             {prepared_.targets, pending_of(open.pending), settled, steady_.now()});
    }));
    count_outcomes(settled, report_.outcomes);
    report_.standing = promoted.standing;
    report_.calls = settled.calls;
    report_.proof.max_age_ms = settled.oldest_proof.count();
    report_.status = RunStatus::interrupted;
    report_.error =
        Error{ErrorKind::cancelled, "the run was interrupted, and a later one began anew"};
    report_.finished_at = world_.clock.now();
    promoted_to(promoted);
    state_.open_run = std::nullopt;
    TRY(keep_report());
    TRY(lease_->write_state(state_));
    work_.reset();
    database_.reset();
    ledger::tidy(*lease_, state_);
    return ok_status();
  }

  // --- Segment, snapshot, plan, guard: nothing is sent before this ends well.
  Status make_plan(const std::stop_token& stop) {
    TRY(open_work(report_.run_id));
    const Status done = prepare(preparation(), prepared_, stop);
    report_.segment = prepared_.segment;
    TRY(done);

    const plan::GuardNumbers numbers = plan::guard_numbers(prepared_.plan);
    TRY(keep_plan_numbers(world_.store, report_.plan_id, activation_, numbers, world_.clock.now()));
    std::optional<plan::GuardNumbers> approved;
    if (request_.approve)
      approved = TRY(approved_numbers(world_.store, *request_.approve, activation_));
    const auto breaches = request_.emptying
                              ? std::vector<plan::Breach>()
                              : plan::guard(numbers, activation_.guard, state_.settled, approved);
    if (!breaches.empty()) {
      std::vector<std::string> reasons;
      for (const plan::Breach& breach : breaches)
        reasons.push_back(breach.message + " (" + breach.limit + ")");
      report_.status = RunStatus::stopped;
      report_.error = Error{ErrorKind::conflict,
                            "stopped by the guard before anything was sent: " + join(reasons, "; "),
                            "If this is meant, run with `--approve " + report_.plan_id +
                                "`; otherwise correct the segment or the data."};
      return ok_status();
    }
    world_.observer.reached("guard.passed");
    if (prepared_.plan.parked > 0) TRY(choose_parked(stop));
    report_.parked = {prepared_.plan.parked, prepared_.plan.look_ups, parked_max_};

    state_.open_run = ledger::OpenRun{report_.run_id,
                                      plan_hash(),
                                      report_.started_at.time_since_epoch().count(),
                                      to_json(report_),
                                      names_of(prepared_.pending),
                                      false};
    TRY(work_->run("CHECKPOINT"));
    TRY(ledger::keep_planned(*lease_, state_, *work_, prepared_.targets));
    if (request_.approve) TRY(world_.store.approve(*request_.approve, report_.run_id));
    state_.doubt = std::nullopt;
    TRY(lease_->write_state(state_));
    world_.observer.reached("plan.sealed");
    return ok_status();
  }

  // All the parked are looked at where an export or the index shows them; otherwise, within a
  // budget.
  Status choose_parked(const std::stop_token& stop) {
    const prove::Trial trial = TRY(known_trial(world_.store, destination_));
    report_.proof.choice =
        TRY(prover_.choose({.work = *work_,
                            .everybody = must_prove_everybody(destination_, trial),
                            .parked_in = ledger_file()}));
    const ProofWay way = report_.proof.choice.way;
    const bool too_many = prepared_.plan.parked > parked_max_;
    const bool proves = prover_.export_proves();
    // An export that serves the delivery alone can wait until it begins.
    if (way == ProofWay::increment || (way == ProofWay::whole_export && (too_many || !proves))) {
      index_ready_ = TRY(prover_.prepare(way, stop));
      if (index_ready_ && way == ProofWay::whole_export && proves)
        parked_max_ = prepared_.plan.parked;
      if (index_ready_) prepared_.plan = TRY(make_changes());
    }
    return ok_status();
  }

  // --- From the sealed plan to outcomes.
  Status carry_out(const std::stop_token& stop) {
    const ListWork list{world_, client_, activation_, destination_, *lease_, state_};
    journal_ = TRY(ledger::Journal::open(lease_->folder().run(report_.run_id)));
    if (resuming_) {
      if (!state_.open_run->prepared)
        prepared_.fields = TRY(check_fields(client_, prepared_.targets, stop));
      const ledger::Settled before = TRY(read_journal(report_.run_id));
      line_.counter.add(before.calls, before.oldest_proof);
      // The index chose among the parked, and does so again should the plan be made again.
      const ProofWay way = report_.proof.choice.way;
      index_ready_ =
          way == ProofWay::increment || (way == ProofWay::whole_export && !prover_.export_proves());
      if (index_ready_) TRY(prover_.prepare(ProofWay::increment, stop));
    }

    const bool list_made = TRY(ensure_list(list, client_, stop));
    report_.list = RunReport::List{state_.list->id, state_.list->name,
                                   list_made || (report_.list && report_.list->created)};
    TRY(keep_list());
    world_.observer.reached("list.ready");

    if (!state_.open_run->prepared) {
      const FieldsMade made =
          TRY(make_fields({world_, client_, activation_, destination_, prepared_.targets,
                           state_.list->id, !state_.settled, *work_, ledger_file()},
                          prepared_.fields, stop));
      if (!made.created.empty()) TRY(journal_->created(made.created));
      TRY(journal_->calls(counter_.counts(), counter_.oldest_proof()));
      const std::vector<std::string> pending = names_of(made.pending);
      if (pending != state_.open_run->pending) {
        // What cannot be sent is no change: the plan is made again without it, from the same
        // snapshot.
        prepared_.pending = made.pending;
        prepared_.plan = TRY(make_changes());
        TRY(work_->run("CHECKPOINT"));
      }
      report_.changes = TRY(count_changes());
      report_.fields_pending = pending;
      state_.open_run->pending = pending;
      state_.open_run->report_json = to_json(report_);
      state_.open_run->prepared = true;
      TRY(lease_->write_state(state_));
      world_.observer.reached("fields.made");
    }
    prepared_.pending = pending_of(state_.open_run->pending);
    report_.fields_pending = state_.open_run->pending;

    // The plan is final. Batches may leave from here on.
    ledger::Settled settled = TRY(read_journal(report_.run_id));
    const auto total = static_cast<int64_t>(settled.kinds.size());
    const prove::Trial known = TRY(known_trial(world_.store, destination_));
    prove::Trust trust(destination_.project_type, known);
    const int64_t retried =
        TRY(work_->scalar("SELECT count(*) FROM changes WHERE kind = 3 AND NOT look_up"));
    const deliver::Order order{.client = client_,
                               .calls = counter_,
                               .journal = *journal_,
                               .trust = trust,
                               .clock = steady_,
                               .random = world_.random,
                               .workers = world_.workers,
                               .observer = world_.observer,
                               .targets = prepared_.targets,
                               .key_type = activation_.match_key.type,
                               .list_id = state_.list->id,
                               .list_is_new = !state_.settled,
                               .changes = total,
                               .retried = retried,
                               .refused_before = state_.standing.rejected,
                               .settle = destination_.settle,
                               .proof_max_age = destination_.proof.max_age};
    deliver::Delivery delivery(order);
    Status status = ok_status();
    if (TRY(unsettled(settled, "kind <> 1")) > 0) {
      status = try_destination({world_, destination_, *work_, ledger_file(), settled}, order,
                               delivery, stop);
      TRY(keep_trial(world_.store, destination_, known, trust.trial()));
      if (trust.trial().standing == prove::Trial::Standing::failed)
        report_.warnings.push_back(
            "this project does not keep the promise of updateExistingUsersOnly (" +
            trust.trial().note + "); everybody is looked up before a write");
      if (status.ok()) settled = TRY(read_journal(report_.run_id));
    }
    if (status.ok()) status = choose_proof(trust.by(), settled, delivery, stop);
    // Additions before removals; those whose last write has not settled yet, at the end.
    for (const auto& [part, where] : {std::pair("add", "kind <> 1 AND not_before = 0"),
                                      std::pair("remove", "kind = 1 AND not_before = 0"),
                                      std::pair("add", "kind <> 1 AND not_before <> 0"),
                                      std::pair("remove", "kind = 1 AND not_before <> 0")}) {
      if (!status.ok() || delivery.failed()) break;
      const auto stream = TRY(plan::Changes::open(*work_, prepared_.targets.size(), where));
      delivery.deliver(*stream, settled, part, stop);
      world_.observer.reached(std::string(part) + ".ended");
    }
    const deliver::Delivered delivered = delivery.delivered();
    if (delivered.incomplete) {
      report_.warnings.push_back(
          "the export of contacts lacked people who are there, so that people were looked up one "
          "by one");
      prover_.contacts().forget();
    }
    const bool by_answer = trust.by() == prove::By::answer;
    report_.proof.by = total == 0            ? "none"
                       : by_answer           ? "answer"
                       : delivered.by_export ? "export"
                                             : "lookup";
    report_.proof.people = by_answer ? total : delivered.proven_people;
    TRY(keep_trial(world_.store, destination_, known, trust.trial()));
    if (!status.ok()) return status;
    if (delivered.error) return Error(*delivered.error);
    return ok_status();
  }

  // --- Whatever happened: what was answered goes into the ledger, and the report tells it.
  Result<RunReport> finish(Status status, const std::stop_token& stop) {
    if (!status.ok()) report_.error = std::move(status.error());
    add_calls();
    const bool interrupted =
        stop.stop_requested() && report_.error && report_.error->kind == ErrorKind::cancelled;
    if (interrupted) {
      report_.status = RunStatus::interrupted;
      if (state_.open_run)
        report_.error->remedy = "Run again within the hour: it carries on from here.";
      if (journal_) (void)journal_->calls(counter_.counts(), counter_.oldest_proof());
      if (state_.open_run && work_) {
        report_.outcomes = {};
        count_outcomes(TRY(read_journal(report_.run_id)), report_.outcomes);
        report_.changes = TRY(count_changes());
        report_.standing = TRY(ledger::standing_unsent(lease_->folder(), state_, *work_));
      }
      report_.finished_at = world_.clock.now();
      TRY(keep_report());
      return report_;
    }
    if (state_.open_run && work_) {
      const ledger::Settled settled = TRY(read_journal(report_.run_id));
      report_.changes = TRY(count_changes());
      report_.fields_created = settled.fields_created;
      for (const std::string& field : settled.filtered_fields)
        if (std::find(report_.fields_pending.begin(), report_.fields_pending.end(), field) ==
            report_.fields_pending.end())
          report_.fields_pending.push_back(field);
      report_.outcomes = {};
      count_outcomes(settled, report_.outcomes);
      world_.observer.progress("promote", 0, 0);
      const auto promoted = TRY(with_memory(*work_, [&] {
        return ledger::promote(*lease_, state_, report_.run_id, *work_,
                               {prepared_.targets, prepared_.pending, settled, steady_.now()});
      }));
      world_.observer.reached("ledger.written");
      report_.standing = promoted.standing;
      promoted_to(promoted);
      judge();
      state_.settled = state_.settled || report_.status == RunStatus::completed ||
                       report_.status == RunStatus::completed_with_rejects;
      state_.open_run = std::nullopt;
      report_.finished_at = world_.clock.now();
      // The report first: a kill in between ends the same run once more, with the same report.
      TRY(keep_report());
      world_.observer.reached("report.kept");
      TRY(lease_->write_state(state_));
      world_.observer.reached("ledger.promoted");
    } else {
      // Nothing was sent. What stands is told for the segment as it was read; if it was not, for
      // nobody.
      report_.standing = {};
      if (work_ && report_.segment.rows + state_.generation > 0 && prepared_.snapshot_taken)
        report_.standing = TRY(ledger::standing_unsent(lease_->folder(), state_, *work_));
      report_.changes =
          report_.status == RunStatus::stopped ? prepared_.plan.changes : ChangeCounts{};
      if (report_.status == RunStatus::stopped) {
        const ChangeCounts& c = report_.changes;
        report_.outcomes.not_sent = c.entered + c.left + c.changed + c.retried;
      } else {
        report_.status = RunStatus::failed;
      }
      report_.finished_at = world_.clock.now();
    }
    TRY(keep_report());
    work_.reset();
    database_.reset();
    journal_.reset();
    ledger::tidy(*lease_, state_);
    return report_;
  }

  void judge() {
    const StandingCounts& s = report_.standing;
    const OutcomeCounts& o = report_.outcomes;
    if (!report_.error && (s.unknown + s.not_sent + o.unknown + o.not_sent > 0))
      report_.error = Error{ErrorKind::unavailable, "what became of some people is not known",
                            "Run again: they are tried first."};
    if (report_.error) {
      report_.status = RunStatus::failed;
    } else if (s.rejected + s.leavers_on_list > 0) {
      report_.status = RunStatus::completed_with_rejects;
    } else {
      report_.status = RunStatus::completed;
    }
  }

  // --- Small things.
  void promoted_to(const ledger::Promoted& promoted) {
    state_.generation = promoted.generation;
    state_.ledger_checksum = promoted.ledger_checksum;
    state_.standing = promoted.standing;
    state_.wrote = moment(steady_);
  }

  Status open_work(const std::string& run_id) {
    const auto path = lease_->folder().work_database(run_id);
    std::error_code problem;
    std::filesystem::create_directories(path.parent_path(), problem);
    if (problem) return cannot("make", path.parent_path(), problem.value());
    database_ = TRY(open_work_database(path));
    work_ = TRY(database_->connect());
    return ok_status();
  }

  Result<plan::Plan> make_changes() {
    plan::Input input = plan_input(preparation(), prepared_);
    input.parked_lookups_max = parked_max_;
    return run::make_changes(*work_, input);
  }

  Preparation preparation() {
    return {.world = world_,
            .catalog = request_.catalog,
            .activation = activation_,
            .destination = destination_,
            .reader = client_,
            .prover = prover_,
            .lease = *lease_,
            .state = state_,
            .work = *work_,
            .warnings = report_.warnings,
            .now = report_.started_at,
            .steady = steady_,
            .repair = request_.repair,
            .emptying = request_.emptying,
            .new_list = request_.new_list};
  }

  // How whoever is left of the plan is proven; then the delivery knows it.
  Status choose_proof(prove::By by, const ledger::Settled& settled, deliver::Delivery& delivery,
                      const std::stop_token& stop) {
    const ProofChoice choice = TRY(prover_.choose(
        {.work = *work_, .everybody = by == prove::By::lookup, .settled = &settled}));
    const bool had = TRY(prover_.prepare(choice.way, stop));
    // What was chosen for more people, the parked that are left out now among them, stays told.
    if (!index_ready_) report_.proof.choice = choice;
    if (had && choice.way == ProofWay::whole_export && prover_.export_proves()) {
      delivery.prove_by(prover_.contacts());
    } else if (prover_.index()) {  // even where all are looked up: it may turn out to lack people
      delivery.look_up_by(prover_.index());
    }
    return ok_status();
  }

  // What a sealed plan must have been made from to be continued.
  [[nodiscard]] std::string plan_hash() const {
    return request_.catalog_hash + (request_.emptying ? " emptying" : "");
  }

  // What the journal says of every change of the plan in the work database.
  Result<ledger::Settled> read_journal(const std::string& run_id) {
    const int64_t changes = TRY(work_->scalar("SELECT count(*) FROM changes"));
    return ledger::Journal::read(lease_->folder().run(run_id), static_cast<size_t>(changes));
  }

  Result<ChangeCounts> count_changes() {
    const auto kind = [&](int k) {
      return work_->scalar("SELECT count(*) FROM changes WHERE kind = " + std::to_string(k));
    };
    return ChangeCounts{TRY(kind(0)), TRY(kind(1)), TRY(kind(2)), TRY(kind(3))};
  }

  // Changes of a kind without an outcome; `where` names all, or those that come first in the plan.
  Result<int64_t> unsettled(const ledger::Settled& settled, const std::string& where) {
    const int64_t total = TRY(work_->scalar("SELECT count(*) FROM changes WHERE " + where));
    const auto first = settled.kinds.begin();
    return std::count_if(first, first + total,
                         [](const auto& kind) { return !kind || *kind == OutcomeKind::unknown; });
  }

  [[nodiscard]] std::optional<std::filesystem::path> ledger_file() const {
    if (state_.generation == 0) return std::nullopt;
    return lease_->folder().ledger_file(state_.generation);
  }

  [[nodiscard]] std::vector<std::string> names_of(const std::vector<bool>& which) const {
    std::vector<std::string> out;
    for (size_t i = 0; i < which.size(); ++i)
      if (which[i]) out.push_back(prepared_.targets[i].to);
    return out;
  }
  [[nodiscard]] std::vector<bool> pending_of(const std::vector<std::string>& names) const {
    std::vector<bool> out(prepared_.targets.size());
    for (size_t i = 0; i < prepared_.targets.size(); ++i)
      out[i] = std::find(names.begin(), names.end(), prepared_.targets[i].to) != names.end();
    return out;
  }

  // The store knows the list, too: the state may be lost.
  Status keep_list() {
    const std::string text = to_json(*state_.list);
    const auto kept = TRY(world_.store.fact(activation_.uid, kListFact));
    if (kept == text) return ok_status();
    return world_.store.put_fact(activation_.uid, kListFact, text);
  }

  void add_calls() {
    report_.proof.max_age_ms = counter_.oldest_proof().count();
    report_.calls = counter_.counts();
  }

  Status keep_report() {
    return world_.store.put_run({report_.run_id, activation_.uid, activation_.name,
                                 std::string(to_string(report_.status)), report_.started_at,
                                 report_.finished_at, to_json(report_)});
  }

  const World& world_;
  const Request& request_;
  const Activation& activation_;
  const Destination& destination_;
  std::unique_ptr<ledger::Lease> lease_;
  ledger::State state_;
  SteadyClock steady_;  // of all that is kept, or waited for, because writes must settle
  Line line_;
  const iterable::Client client_;
  const iterable::CallCounter& counter_;
  RunReport report_;
  Prover prover_;
  bool index_ready_ =
      false;  // for the parked: everybody was exported, or the index brought up to date
  int64_t parked_max_ = plan::Input{}.parked_lookups_max;
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> work_;
  std::unique_ptr<ledger::Journal> journal_;
  Prepared prepared_;
  bool resuming_ = false;
};

}  // namespace

std::string lease_of(const Activation& activation) {
  return "activations/" + activation.uid + "/lock";
}

ledger::Folder folder_of(const std::filesystem::path& home, const Activation& activation) {
  return {home / "activations" / activation.uid};
}

Status validate(const Catalog& catalog, const Activation& activation) {
  TRY(catalog.sound("activation", activation.name, activation.destination));
  TRY(catalog.sound("segment", activation.segment));
  TRY(catalog.sound("destination", activation.destination));
  const Destination* destination = catalog.destination(activation.destination);
  if (destination == nullptr)
    return Error{ErrorKind::invalid, "there is no destination `" + activation.destination + "`"};
  if (catalog.segment(activation.segment) == nullptr)
    return Error{ErrorKind::invalid, "there is no segment `" + activation.segment + "`"};
  if (destination->project_type == ProjectType::user_id &&
      activation.match_key.type == KeyType::email)
    return Error{
        ErrorKind::invalid,
        "a userId-based project identifies nobody by e-mail, so this activation would match nobody",
        "Use `match_key: {type: user_id, …}`."};
  if (destination->api_key.empty())
    return Error{ErrorKind::invalid, "destination `" + destination->name + "` has no API key",
                 "Set `api_key` and apply the file again."};
  return ok_status();
}

Status check_key_type(const MatchKey& key, const ColumnInfo& column) {
  if (has_one_value(column.type)) return ok_status();
  return Error{ErrorKind::invalid,
               fmt::format("the match key `{}` is of type {}, which names nobody", key.field,
                           to_string(column.type)),
               "Match by a field that holds one value, or take it out in the model's sql."};
}

Result<RunReport> run(const World& world, const Request& request, const std::stop_token& stop) {
  const Activation& activation = request.activation;
  TRY(validate(request.catalog, activation));
  const Destination& destination = *request.catalog.destination(activation.destination);
  const auto go = [&]() -> Result<RunReport> {
    auto lease = TRY(
        ledger::Lease::take(world.leases, lease_of(activation), folder_of(world.home, activation)));
    auto state = read_state(world, activation);
    if (!state.ok() && (state.error().kind != ErrorKind::corrupt || !request.full))
      return Error(state.error());
    if (!state.ok()) state = TRY(salvage(world, activation, *lease, state.error()));
    Pass pass(world, request, destination, std::move(lease), std::move(*state));
    return pass.go(stop);
  };
  return in_context(go(), "activation " + activation.name);
}

}  // namespace rollcall::run
