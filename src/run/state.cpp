// What is known of an activation before a run: its state, and where that is damaged, what the store
// and the folder still tell.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "run/pass.hpp"

namespace rollcall::run {
namespace {

using nlohmann::json;

// Of the list: what was kept beside its state, or what the last run that had it told.
Result<std::optional<ledger::ListRecord>> list_by_store(store::Store& store,
                                                        const Activation& activation) {
  using Found = std::optional<ledger::ListRecord>;
  if (const auto fact = TRY(store.fact(activation.uid, kListFact))) {
    const json list = read_json<json>(*fact);
    if (list.is_object() && list.contains("id") && list.contains("name") &&
        list.contains("created_at_ms") && list.contains("created"))
      return Found(
          ledger::ListRecord{list["id"], list["name"], list["created_at_ms"], list["created"]});
  }
  constexpr int kLookBack = 100;
  for (const store::RunRow& row : TRY(store.runs(activation.uid, kLookBack))) {
    const auto report = report_from_json(row.report_json);
    if (report.ok() && report->list)
      return Found(ledger::ListRecord{report->list->id, report->list->name, 0,
                                      activation.adopt_list != report->list->id});
  }
  return Found();
}

Result<bool> has_settled(store::Store& store, const Activation& activation) {
  constexpr int kLookBack = 1000;
  for (const store::RunRow& row : TRY(store.runs(activation.uid, kLookBack)))
    if (row.status == to_string(RunStatus::completed) ||
        row.status == to_string(RunStatus::completed_with_rejects))
      return true;
  return false;
}

}  // namespace

std::string to_json(const ledger::ListRecord& list) {
  const json out = {{"id", list.id},
                    {"name", list.name},
                    {"created_at_ms", list.created_at_ms},
                    {"created", list.created}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

ledger::Moment moment(Clock& clock) {
  return {clock.now().time_since_epoch().count(), clock.monotonic().count(), clock.boot()};
}

Time settling_now(Clock& clock, const ledger::State& state, Millis settle) {
  if (!state.wrote) return clock.now();
  const Millis up = clock.monotonic();
  const Millis since =
      clock.boot() == state.wrote->boot ? up - Millis(state.wrote->monotonic_ms) : up;
  return since >= settle ? clock.now() : Time(Millis(state.wrote->wall_ms)) + since;
}

Result<ledger::State> read_state(const World& world, const Activation& activation) {
  const ledger::Folder folder = folder_of(world.home, activation);
  ledger::State state = TRY(ledger::read_state(folder));
  TRY(ledger::check_ledger(folder, state));
  const bool fresh =
      state.generation == 0 && !state.list && !state.list_intent && !state.open_run && !state.doubt;
  if (fresh && TRY(list_by_store(world.store, activation)))
    return ledger::lost((folder.path / "state.json").string() + " is gone");
  return state;
}

Result<ledger::State> salvage(const World& world, const Activation& activation,
                              ledger::Lease& lease, const Error& damage) {
  ledger::State state;
  if (auto read = ledger::read_state(lease.folder()); read.ok()) state = std::move(*read);
  if (!state.list) state.list = TRY(list_by_store(world.store, activation));
  state.settled = state.settled || TRY(has_settled(world.store, activation));
  world.observer.note(damage.message + ": rebuilding");
  const auto scratch = TRY(Scratch::open(world, "salvage-" + activation.uid));
  state.wrote = moment(world.clock);
  TRY(ledger::salvage(lease, state, scratch->work(), damage.message, world.clock.now()));
  return state;
}

}  // namespace rollcall::run
