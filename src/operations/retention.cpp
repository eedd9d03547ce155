#include "operations/retention.hpp"

#include <algorithm>

namespace rollcall::operations {
namespace {

// The people of the activation's runs that were begun before; the last run's stay.
Result<int64_t> let_go_of_people(const World& world, const std::string& uid, Time before) {
  const auto last = TRY(world.store.runs(uid, 1));
  if (last.empty()) return 0;
  return world.states.of(uid)->drop_missing_people([&](const std::string& run_id) -> Result<bool> {
    if (run_id == last.front().run_id) return false;
    const auto run = world.store.run(run_id);
    if (run.ok()) return run->started_at < before;
    if (run.error().kind == ErrorKind::not_found) return false;  // not told of yet
    return Error(run.error());
  });
}

}  // namespace

Result<LetGo> let_go(const World& world, const Retention& retention) {
  const Time now = world.clock.now();
  const Stored all = TRY(stored(world));
  LetGo out;
  std::optional<Error> first;
  const auto keep = [&](const Result<int64_t>& gone, int64_t& count) {
    if (gone.ok())
      count += *gone;
    else if (!first)
      first = gone.error();
  };
  for (const auto* some : {&all.catalog.activations, &all.archived})
    for (const Activation& one : *some)
      keep(let_go_of_people(world, one.uid, now - retention.people), out.people_of_runs);
  // Whose people are kept is known by its run.
  if (!first)
    keep(world.store.remove_runs(now - std::max(retention.runs, retention.people)), out.runs);
  keep(world.store.remove_log(now - retention.log), out.log_lines);
  keep(world.store.remove_expired(), out.records);
  if (first) return *first;
  return out;
}

}  // namespace rollcall::operations
