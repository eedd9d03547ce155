// The product in one function: `go`. Each phase leaves something that the next process can start
// from; what is true after it stands beside it. core/step.hpp lists the steps.
#include "run/run.hpp"

#include <fmt/format.h>

#include "calendar/calendar.hpp"
#include "run/ongoing.hpp"

namespace rollcall::run {
namespace {

Result<RunReport> go(Ongoing& run, const std::stop_token& stop) {
  Planned planned = TRY(begin(run));
  Status status = ok_status();
  if (!planned.resumed) status = make_plan(run, planned, stop);
  // The plan is sealed, or the guard has stopped it: a kill from here on continues it, under the
  // same run id.
  if (status.ok() && run.report.status == RunStatus::running)
    status = carry_out(run, planned, stop);
  // Nothing more is sent.
  return finish(run, std::move(planned), std::move(status), stop);
}

// Whether no time of the schedule lies between what a run that ended has dealt with and what this
// one is for. Whoever asks holds the lease, so that nobody runs meanwhile.
Result<bool> is_dealt_with(const World& world, const Request& request) {
  if (!request.until || request.trigger != Trigger::schedule) return false;
  const auto dealt = TRY(world.store.dealt_until(request.activation.uid));
  if (!dealt) return false;
  const Schedule& schedule = request.activation.schedule;
  // Times that the clock was set back to come again.
  if (!calendar::can_have_passed(schedule, *dealt, world.clock.now())) return false;
  const auto next = TRY(calendar::next(schedule, *dealt));
  return !next || *next > *request.until;
}

}  // namespace

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
  const auto with_state = [&]() -> Result<RunReport> {
    const auto state = world.states.of(activation.uid);
    auto writer = TRY(state->take());
    auto record = read_record(world, activation, *state);
    const bool mends = !record.ok() && record.error().kind == ErrorKind::corrupt && request.full;
    if (!record.ok() && !mends) return Error(record.error());
    if (record.ok()) {
      writer->record = std::move(*record);
    } else {
      TRY(salvage(world, activation, *writer, record.error()));
    }
    if (!writer->record.open_run && TRY(is_dealt_with(world, request)))
      return Error{.kind = ErrorKind::conflict,
                   .message = "another run has dealt with this time of the schedule",
                   .code = kDealtWith};
    Ongoing ongoing(world, request, std::move(writer));
    return go(ongoing, stop);
  };
  return in_context(with_state(), "activation " + activation.name);
}

}  // namespace rollcall::run
