#include "run/ongoing.hpp"

#include <algorithm>

namespace rollcall::run {

Ongoing::Ongoing(const World& the_world, const Request& the_request,
                 std::unique_ptr<state::Writer> the_writer)
    : world(the_world),
      request(the_request),
      activation(request.activation),
      destination(*request.catalog.destination(activation.destination)),
      writer(std::move(the_writer)),
      steady(world.clock, settling_now(world.clock, writer->record, destination.settle)),
      line(world, destination),
      client(line.writer(writer->permit())),
      prover(world, destination, client, activation.match_key.type, report.warnings) {}

Preparation Ongoing::preparation(state::Work& work) {
  return {.world = world,
          .catalog = request.catalog,
          .activation = activation,
          .destination = destination,
          .reader = client,
          .prover = prover,
          .writer = *writer,
          .work = work,
          .warnings = report.warnings,
          .now = report.started_at,
          .steady = steady,
          .repair = request.repair,
          .emptying = request.emptying,
          .new_list = request.new_list};
}

std::string Ongoing::plan_hash() const {
  return request.catalog_hash + (request.emptying ? " emptying" : "");
}

Status Ongoing::keep_report() {
  if (!writer->permit().outlasts(Millis(0))) return taken_over();
  return world.store.put_run({report.run_id, activation.uid, activation.name,
                              std::string(to_string(report.status)), report.started_at,
                              report.finished_at, to_json(report), request.until});
}

Status Planned::make_again(Ongoing& run) {
  plan::Input input = plan_input(run.preparation(*work), prepared);
  input.parked_lookups_max = parked_max;
  prepared.plan = TRY(work->plan(input));
  return ok_status();
}

std::vector<std::string> Planned::names_of(const std::vector<bool>& targets) const {
  std::vector<std::string> out;
  for (size_t i = 0; i < targets.size(); ++i)
    if (targets[i]) out.push_back(prepared.targets[i].to);
  return out;
}

std::vector<bool> Planned::pending_of(const std::vector<std::string>& names) const {
  std::vector<bool> out(prepared.targets.size());
  for (size_t i = 0; i < prepared.targets.size(); ++i)
    out[i] = std::ranges::find(names, prepared.targets[i].to) != names.end();
  return out;
}

Result<ChangeCounts> count_changes(state::Work& work) {
  const auto of = [&](ChangeKind kind) { return work.count({.kinds = {kind}}); };
  return ChangeCounts{TRY(of(ChangeKind::entered)), TRY(of(ChangeKind::left)),
                      TRY(of(ChangeKind::changed)), TRY(of(ChangeKind::retried))};
}

OutcomeCounts count_outcomes(const state::Answers& answers) {
  OutcomeCounts out;
  for (const auto& kind : answers.kinds) {
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
  return out;
}

Status promote(Ongoing& run, state::Work& work, const state::Promotion& promotion) {
  TRY(work.promote(promotion));
  run.record().wrote = moment(run.steady);
  run.report.standing = run.record().standing;
  run.report.outcomes = count_outcomes(promotion.answers);
  return ok_status();
}

}  // namespace rollcall::run
