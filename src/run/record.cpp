#include "run/record.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace rollcall::run {
namespace {

using nlohmann::json;

// Of the list: what was kept beside its state, or what the last run that had it told.
Result<std::optional<state::ListRecord>> list_by_store(store::Store& store,
                                                       const Activation& activation) {
  using Found = std::optional<state::ListRecord>;
  if (const auto fact = TRY(store.fact(activation.uid, kListFact))) {
    const json list = read_json<json>(*fact);
    if (list.is_object() && list.contains("id") && list.contains("name") &&
        list.contains("created_at_ms") && list.contains("created"))
      return Found(
          state::ListRecord{list["id"], list["name"], list["created_at_ms"], list["created"]});
  }
  constexpr int kLookBack = 100;
  for (const store::RunRow& row : TRY(store.runs(activation.uid, kLookBack))) {
    const auto report = report_from_json(row.report_json);
    if (report.ok() && report->list)
      return Found(state::ListRecord{report->list->id, report->list->name, 0,
                                     activation.adopt_list != report->list->id});
  }
  return Found();
}

Result<bool> has_ended_well(store::Store& store, const Activation& activation) {
  constexpr int kLookBack = 1000;
  for (const store::RunRow& row : TRY(store.runs(activation.uid, kLookBack)))
    if (row.status == to_string(RunStatus::completed) ||
        row.status == to_string(RunStatus::completed_with_rejects))
      return true;
  return false;
}

}  // namespace

std::string to_json(const state::ListRecord& list) {
  const json out = {{"id", list.id},
                    {"name", list.name},
                    {"created_at_ms", list.created_at_ms},
                    {"created", list.created}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

state::Moment moment(Clock& clock) {
  return {clock.now().time_since_epoch().count(), clock.monotonic().count(), clock.boot()};
}

Time settling_now(Clock& clock, const state::Record& record, Millis settle) {
  if (!record.wrote) return clock.now();
  const Millis up = clock.monotonic();
  const Millis since =
      clock.boot() == record.wrote->boot ? up - Millis(record.wrote->monotonic_ms) : up;
  return since >= settle ? clock.now() : Time(Millis(record.wrote->wall_ms)) + since;
}

Result<state::Record> read_record(const World& world, const Activation& activation,
                                  state::State& state) {
  state::Record record = TRY(state.read());
  TRY(state.check(record));
  const bool fresh = record.generation == 0 && !record.list && !record.list_intent &&
                     !record.open_run && !record.doubt;
  if (fresh && TRY(list_by_store(world.store, activation)))
    return state::State::lost(state.place() + " is gone");
  return record;
}

Status salvage(const World& world, const Activation& activation, state::Writer& writer,
               const Error& damage) {
  state::Record& record = writer.record;
  if (auto read = world.states.of(activation.uid)->read(); read.ok()) record = std::move(*read);
  if (!record.list) record.list = TRY(list_by_store(world.store, activation));
  record.guard_binds = record.guard_binds || TRY(has_ended_well(world.store, activation));
  world.observer.note(damage.message + ": rebuilding");
  record.wrote = moment(world.clock);
  return writer.salvage(damage.message, world.clock.now());
}

Status give_up(const World& world, const Activation& activation, state::Writer& writer,
               Clock& clock, const Error& damage) {
  state::Record& record = writer.record;
  const state::OpenRun open = *record.open_run;
  state::Doubt doubt{
      .why = {damage.message +
              ": whom it may have written counts as unknown and is sent again; the list was read "
              "first"}};
  const Status known = writer.take_as_unknown(clock.now());
  if (!known.ok() && known.error().kind != ErrorKind::corrupt) return known;
  if (!known.ok()) {
    record.open_run = std::nullopt;
    doubt.everything = doubt.lost = true;
    doubt.why.push_back(
        "what cannot be known any more: who of the list was put there by that run and has left "
        "the segment since");
  }
  if (auto report = report_from_json(open.report_json); report.ok()) {
    report->status = RunStatus::interrupted;
    report->error = Error{ErrorKind::corrupt, damage.message, "A later run began anew."};
    report->finished_at = world.clock.now();
    TRY(world.store.put_run({report->run_id, activation.uid, activation.name,
                             std::string(to_string(report->status)), report->started_at,
                             report->finished_at, to_json(*report)}));
  }
  record.doubt = std::move(doubt);
  record.wrote = moment(clock);
  TRY(writer.write());
  world.observer.note(damage.message + ": beginning anew");
  writer.tidy();
  return ok_status();
}

void doubt_copy(state::Record& record) {
  record.copied = false;
  if (!record.doubt) record.doubt.emplace();
  record.doubt->everything = true;
  record.doubt->why.push_back(std::string(kCopy) +
                              ": the list was read first, and everything is sent again");
}

bool sends_everything(const state::Record& record, bool asked) {
  return asked || (record.doubt && record.doubt->everything);
}

}  // namespace rollcall::run
