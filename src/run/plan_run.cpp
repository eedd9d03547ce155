// The dry run: everything a run does up to the guard, in memory, and then in words.
#include <fmt/format.h>

#include "deliver/deliver.hpp"
#include "prove/prove.hpp"
#include "run/fields.hpp"
#include "run/list.hpp"
#include "run/pass.hpp"
#include "run/proof.hpp"
#include "run/trial.hpp"

namespace rollcall::run {
namespace {

constexpr size_t kSample = 20;
constexpr double kSecondsPerBatch = 0.5;  // what a subscribe call takes; its limit is not published

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
  if (!everybody && trial.standing == prove::Trial::Standing::untried)
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

}  // namespace

Result<PlanReport> plan(const World& world, const PlanRequest& request,
                        const std::stop_token& stop) {
  const Activation& activation = request.activation;
  TRY(validate(request.catalog, activation));
  const Destination& destination = *request.catalog.destination(activation.destination);
  const ledger::Folder folder = folder_of(world.home, activation);
  ledger::State state =
      TRY(in_context(read_state(world, activation), "activation " + activation.name));
  const Line line(world, destination);
  const iterable::Reader& client = line.reader;

  PlanReport out;
  out.plan_id = new_id(world.clock, world.random);
  out.activation = activation.name;
  out.destination = destination.name;
  if (state.copied)
    out.warnings.push_back(
        "this home is a copy of another, or was restored from a backup; the next run reads the "
        "list first and sends everything again");
  if (state.open_run)
    out.warnings.push_back("run " + state.open_run->run_id +
                           " was interrupted; the next run carries on with it first");
  const auto lists = TRY(in_context(client.lists(stop), "destination " + destination.name));
  if (state.list) {
    const bool there = std::any_of(lists.begin(), lists.end(),
                                   [&](const auto& list) { return list.id == state.list->id; });
    out.list = there
                   ? fmt::format("list {} is kept", state.list->id)
                   : fmt::format("list {} is gone from Iterable; `run --new-list` makes a new one",
                                 state.list->id);
  } else if (activation.adopt_list) {
    out.list = fmt::format("list {} is taken over", *activation.adopt_list);
  } else {
    out.list = "a list named `" + activation.name + "` is made";
    for (const auto& list : lists)
      if (list.name == activation.name)
        out.warnings.push_back(
            fmt::format("a list of that name is already in Iterable, with id {}: adopt it or "
                        "choose another name",
                        list.id));
  }

  const PassInput input{world, request.catalog, activation, world.clock.now()};
  segment::Reader reader = TRY(open_segment(input, stop));
  const auto targets = TRY(targets_of(activation, TRY(reader.fields())));
  const FieldState fields = TRY(check_fields(client, targets, stop));
  out.fields_to_create = fields.to_create;
  out.fields_missing = fields.not_there;
  out.warnings.insert(out.warnings.end(), fields.doubts.begin(), fields.doubts.end());

  const auto scratch = TRY(Scratch::open(world, "plan-" + out.plan_id));
  duck::Connection* const work = &scratch->work();
  const auto taken = TRY(take_snapshot(input, reader, targets, *work, stop));
  out.segment = taken.counts;
  std::vector<bool> pending(targets.size());
  for (size_t i = 0; i < targets.size(); ++i) pending[i] = fields.missing[i] && !targets[i].create;
  plan::Input wanted{.ledger = state.generation == 0
                                   ? std::nullopt
                                   : std::optional(folder.ledger_file(state.generation)),
                     .targets = targets,
                     .pending = pending,
                     .on_null = activation.on_null,
                     .now = world.clock.now(),
                     .settle = destination.settle};
  plan::Plan made = TRY(plan::make(*work, wanted));

  const prove::Trial trial = TRY(known_trial(world.store, destination));
  const bool everybody = must_prove_everybody(destination, trial);
  Prover prover(world, destination, client, activation.match_key.type, out.warnings);
  out.proof_choice =
      TRY(prover.choose({.work = *work, .everybody = everybody, .parked_in = wanted.ledger}));
  // With --prove everybody is looked at.
  if (!request.prove && out.proof_choice.way == ProofWay::increment)
    wanted.parked_candidate = shown_by(prover.contacts().kept());
  if (out.proof_choice.way == ProofWay::whole_export && prover.export_proves())
    wanted.parked_lookups_max = made.parked;
  // Nobody knows before it is made whom it shows: none of the parked, most likely.
  if (!request.prove && out.proof_choice.way == ProofWay::whole_export && !prover.export_proves())
    wanted.parked_candidate = [](std::string_view) { return false; };
  if (made.parked > made.look_ups || wanted.parked_candidate) made = TRY(plan::make(*work, wanted));
  out.changes = made.changes;
  out.parked = {made.parked, made.look_ups, wanted.parked_lookups_max};
  out.numbers = plan::guard_numbers(made);
  out.breaches = plan::guard(out.numbers, activation.guard, state.settled, std::nullopt);

  out.proof = in_words(destination, trial, out.proof_choice.way);
  out.proof_rules = destination.proof;
  for (const auto by : {ProofRules::By::look_up, ProofRules::By::fastest}) {
    if (!everybody) break;  // Iterable's own answer leaves no such risk
    const ProofChoice choice =
        TRY(prover.choose({.work = *work, .everybody = true, .parked_in = wanted.ledger}, by));
    if (choice.way == ProofWay::none) continue;
    const ProofForecast& forecast = choice.ways.at(choice.way);
    out.proof_by[by] = {forecast.calls, forecast.seconds, risk_of(by, destination)};
  }
  const bool tried = everybody || trial.standing == prove::Trial::Standing::passed;
  // Of an untried project a few are looked up for the trial; then the answer is taken to be enough.
  const int64_t for_trial = tried ? 0 : std::min<int64_t>(100, made.changes.entered);
  const bool by_look_ups =
      everybody && !(out.proof_choice.way == ProofWay::whole_export && prover.export_proves());
  const auto per_call =
      static_cast<int64_t>(by_look_ups ? deliver::proven_at_once(client, destination.proof.max_age)
                                       : iterable::kPeoplePerCallMax);
  const auto batches = [&](int64_t people) { return (people + per_call - 1) / per_call; };
  const int64_t write_calls = batches(made.writes - made.look_ups) + batches(made.removals);
  const ProofForecast proof = out.proof_choice.way == ProofWay::none
                                  ? ProofForecast{}
                                  : out.proof_choice.ways.at(out.proof_choice.way);
  out.forecast_calls = 2 + proof.calls + for_trial + write_calls + (state.list ? 0 : 2);
  const double writing = static_cast<double>(write_calls) * kSecondsPerBatch;
  // Where people are looked up batch by batch, one is written while the next is looked up.
  out.forecast_seconds =
      static_cast<double>(for_trial) / client.look_ups_per_second() +
      (by_look_ups
           ? std::max(proof.seconds + kSecondsPerBatch * static_cast<double>(write_calls > 0),
                      writing)
           : proof.seconds + writing);

  std::shared_ptr<const prove::Index> exported;
  if (request.prove) {
    const Unproven all{.work = *work, .everybody = true, .index_may_choose = false};
    if (prover.export_proves() && TRY(prover.choose(all)).way == ProofWay::whole_export &&
        TRY(prover.prepare(ProofWay::whole_export, stop)))
      exported = TRY(prover.contacts().exported(stop)).index;
  }
  const auto stream = TRY(plan::Changes::open(*work, targets.size(), "true"));
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
          TRY(prove::look_up_all(world.workers, client, activation.match_key.type, keys, stop));
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
