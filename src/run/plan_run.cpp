// The dry run: what a run prepares, on a copy of the activation's state, and then in words.
#include <fmt/format.h>

#include "base/file.hpp"
#include "prove/prove.hpp"
#include "run/approval.hpp"
#include "run/forecast.hpp"
#include "run/prepare.hpp"
#include "run/proof.hpp"
#include "run/trial.hpp"

namespace rollcall::run {
namespace {

constexpr size_t kSample = 20;

std::string why(const Change& change, const std::vector<attributes::Target>& targets) {
  switch (change.kind) {
    case ChangeKind::entered:
      return "new to the segment";
    case ChangeKind::left:
      return "no longer in the segment";
    case ChangeKind::retried:
      return change.look_up_first ? "was not a contact before; looked up again"
                                  : "the last try did not end well";
    case ChangeKind::changed:
      break;
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < targets.size(); ++i)
    if (change.values[i])
      names.push_back(targets[i].to + (*change.values[i] == "null" ? " cleared" : ""));
  return "changed: " + join(names, ", ");
}

std::string whole_seconds(Millis time) {
  return fmt::format("{} s", std::max<int64_t>(1, (time.count() + 999) / 1000));
}

// What can still go wrong where people must be proven.
std::string risk_of(ProofRules::By by, const Destination& destination) {
  if (by == ProofRules::By::look_up)
    return "whoever is deleted in Iterable in the seconds between the look-up and the end of the "
           "write (at most " +
           whole_seconds(destination.proof.max_age) + ") may be made again";
  return "whoever is deleted in Iterable after an export began, at most 15 min before the end of "
         "the write, or is still shown by it, may be made again";
}

// How the run would prove who is a contact.
std::string in_words(const Destination& destination, const prove::Trial& trial, ProofWay way) {
  const bool everybody = must_prove_everybody(destination, trial);
  if (!everybody && trial.grade == prove::Trial::Grade::untried)
    return "a trial with a few people first; then by Iterable's own answer, or by looking up "
           "everybody";
  std::string out = everybody ? "" : "by Iterable's own answer, and of the parked ";
  switch (way) {
    case ProofWay::none:
    case ProofWay::look_ups:
      out += everybody ? "by looking up everybody first" : "by look-ups first";
      break;
    case ProofWay::whole_export:
      out += destination.proof.by == ProofRules::By::fastest
                 ? "by an export of all contacts first"
                 : "by looking up first whom an export of all contacts shows";
      break;
    case ProofWay::increment:
      out += "by looking up first whom the contact index shows, after an increment";
      break;
  }
  if (!everybody)
    return way == ProofWay::none
               ? "by Iterable's own answer (updateExistingUsersOnly holds in this project)"
               : out;
  return out + (destination.project_type == ProjectType::email
                    ? ": email-based projects create whoever they do not know"
                    : ": this project did not keep the promise of updateExistingUsersOnly");
}

std::string what_becomes_of_the_list(const Activation& activation, const state::Record& record) {
  if (record.list) return fmt::format("list {} is kept", record.list->id);
  if (activation.adopt_list) return fmt::format("list {} is taken over", *activation.adopt_list);
  return "a list named `" + activation.name + "` is made";
}

}  // namespace

Result<PlanReport> plan(const World& world, const PlanRequest& request,
                        const std::stop_token& stop) {
  const Activation& activation = request.activation;
  TRY(validate(request.catalog, activation));
  const Destination& destination = *request.catalog.destination(activation.destination);
  const Line line(world, destination);
  const iterable::Reader& reader = line.reader;

  PlanReport out;
  out.plan_id = new_id(world.clock, world.random);
  out.activation = activation.name;
  out.destination = destination.name;
  const auto state = world.states.of(activation.uid);
  // A copy, in which a preparation may write as it does before a run.
  const auto copy = TRY(state->copy(
      TRY(in_context(read_record(world, activation, *state), "activation " + activation.name)),
      out.plan_id));
  state::Record& record = copy->record;
  if (record.copied) doubt_copy(record);
  if (record.open_run)
    out.warnings.push_back("run " + record.open_run->run_id +
                           " was interrupted; the next run carries on with it first");
  record.open_run = std::nullopt;

  const auto work = TRY(copy->begin(out.plan_id));
  Prover prover(world, destination, reader, activation.match_key.type, out.warnings);
  SteadyClock steady(world.clock, settling_now(world.clock, record, destination.settle));
  const Preparation preparation{.world = world,
                                .catalog = request.catalog,
                                .activation = activation,
                                .destination = destination,
                                .reader = reader,
                                .prover = prover,
                                .writer = *copy,
                                .work = *work,
                                .warnings = out.warnings,
                                .now = world.clock.now(),
                                .steady = steady};
  out.list = what_becomes_of_the_list(activation, record);
  Prepared prepared;
  prepared.full = sends_everything(record, false);
  TRY(prepare(preparation, prepared, stop));
  const std::vector<attributes::Target>& targets = prepared.targets;
  out.fields_to_create = prepared.fields.to_create;
  out.fields_missing = prepared.fields.not_there;
  out.segment = prepared.segment;
  plan::Input wanted = plan_input(preparation, prepared);
  plan::Plan made = std::move(prepared.plan);

  const prove::Trial trial = TRY(known_trial(world.store, destination));
  const bool everybody = must_prove_everybody(destination, trial);
  const auto all_parked = [&](const state::OnKey& on_key) { return work->parked(on_key); };
  out.proof_choice =
      TRY(prover.choose({.work = work.get(), .everybody = everybody, .parked = all_parked}));
  // With --prove everybody is looked at.
  if (!request.prove && out.proof_choice.way == ProofWay::increment)
    wanted.parked_candidate = shown_by(prover.contacts().kept());
  if (out.proof_choice.way == ProofWay::whole_export && prover.export_proves())
    wanted.parked_lookups_max = made.parked;
  // Nobody knows before it is made whom it shows: none of the parked, most likely.
  if (!request.prove && out.proof_choice.way == ProofWay::whole_export && !prover.export_proves())
    wanted.parked_candidate = [](std::string_view) { return false; };
  if (made.parked > made.look_ups || wanted.parked_candidate) made = TRY(work->plan(wanted));
  out.changes = made.changes;
  out.parked = {made.parked, made.look_ups, wanted.parked_lookups_max};
  out.numbers = plan::guard_numbers(made);
  out.breaches = plan::guard(out.numbers, activation.guard, record.guard_binds, std::nullopt);

  out.proof = in_words(destination, trial, out.proof_choice.way);
  out.proof_rules = destination.proof;
  for (const auto by : {ProofRules::By::look_up, ProofRules::By::fastest}) {
    if (!everybody) break;  // Iterable's own answer leaves no such risk
    const ProofChoice choice =
        TRY(prover.choose({.work = work.get(), .everybody = true, .parked = all_parked}, by));
    if (choice.way == ProofWay::none) continue;
    const ProofForecast& forecast = choice.ways.at(choice.way);
    out.proof_by[by] = {forecast.calls, forecast.seconds, risk_of(by, destination)};
  }
  const ProofForecast takes = TRY(forecast(
      {.reader = reader,
       .destination = destination,
       .activation = activation,
       .record = record,
       .trial = trial,
       .plan = made,
       .fields = prepared.fields,
       .proof = out.proof_choice,
       .by_export = out.proof_choice.way == ProofWay::whole_export && prover.export_proves(),
       .everybody = everybody,
       .work = *work,
       .now = wanted.now}));
  out.forecast_calls = takes.calls;
  out.forecast_seconds = takes.seconds;

  std::shared_ptr<const prove::Index> exported;
  if (request.prove) {
    const Unproven all{.work = work.get(), .everybody = true, .index_may_choose = false};
    if (prover.export_proves() && TRY(prover.choose(all)).way == ProofWay::whole_export &&
        TRY(prover.prepare(ProofWay::whole_export, stop)))
      exported = TRY(prover.contacts().exported(stop)).index;
  }
  const auto stream = TRY(work->changes({}));
  std::vector<Change> chunk;
  int64_t seen = 0;
  const int64_t all = made.writes + made.removals;
  while (true) {
    TRY(stream->next(chunk, request.prove ? 200 : 2000));
    if (chunk.empty()) break;
    std::vector<std::optional<bool>> contact(chunk.size());
    if (exported) {
      for (size_t i = 0; i < chunk.size(); ++i) contact[i] = exported->holds(chunk[i].key);
    } else if (request.prove) {
      std::vector<std::string> keys;
      for (const Change& change : chunk) keys.push_back(change.key);
      const auto looked =
          TRY(prove::look_up_all(world.workers, reader, activation.match_key.type, keys, stop));
      for (size_t i = 0; i < looked.size(); ++i)
        if (!looked[i].of_another) contact[i] = looked[i].profile.has_value();
      world.observer.progress("prove", seen + static_cast<int64_t>(chunk.size()), all);
    }
    for (size_t i = 0; i < chunk.size(); ++i, ++seen) {
      const bool named = request.everybody || (request.prove && contact[i] == false) ||
                         out.people.size() < kSample;
      if (!named) continue;
      PlannedPerson person{chunk[i].key, chunk[i].kind, why(chunk[i], targets), contact[i], {}};
      for (size_t t = 0; t < targets.size(); ++t)
        if (chunk[i].values[t]) person.attributes.push_back(targets[t].to);
      out.people.push_back(std::move(person));
    }
    if (!request.everybody && !request.prove && out.people.size() >= kSample) break;
  }
  out.people_complete = static_cast<int64_t>(out.people.size()) == all;
  TRY(keep_plan_numbers(world.store, out.plan_id, activation, out.numbers, world.clock.now()));
  return out;
}

}  // namespace rollcall::run
