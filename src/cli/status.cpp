// status, pause, resume: the activations as they stand.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

std::string next_run(const operations::ActivationStatus& one, Time now) {
  if (one.activation.paused) return "paused";
  if (one.activation.schedule.kind == Schedule::Kind::manual) return "by hand";
  if (!one.next_run_at) return "–";
  return (*one.next_run_at <= now ? "due since " : "") + date(one.next_run_at);
}

std::string state_in_words(std::string state) {
  std::replace(state.begin(), state.end(), '_', ' ');
  return state;
}

}  // namespace

Result<int> status(Session& session) {
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const std::vector<operations::ActivationStatus> all = TRY(operations::status(world, stored));
  if (session.json()) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const operations::ActivationStatus& one : all) list.push_back(to_json(one));
    session.print_json(list);
    return kDone;
  }
  constexpr auto kRight = Table::Align::right;
  Table table({{"activation"},
               {"state"},
               {"last run (UTC)"},
               {"next run (UTC)"},
               {"list", kRight},
               {"members", kRight},
               {"on list", kRight},
               {"parked", kRight},
               {"rejected", kRight}});
  std::vector<std::string> errors;
  for (const operations::ActivationStatus& one : all) {
    const StandingCounts& s = one.record.standing;
    table.add({one.name, state_in_words(one.state), one.last ? date(one.last->started_at) : "–",
               next_run(one, world.clock.now()),
               one.record.list ? std::to_string(one.record.list->id) : "–",
               thousands(one.members()), thousands(s.on_list), thousands(s.not_a_contact),
               thousands(s.rejected)});
    if (one.last && one.last->error && one.state != "running")
      errors.push_back(one.name + ": " + one.last->error->text());
  }
  if (table.empty())
    session.say(
        "no activations yet: define one in a file and `rollcall apply` it, or `rollcall activate` "
        "a segment");
  session.print_text(table.text());
  for (const std::string& error : errors) session.print("\n{}\n", plain(error));
  if (const auto who = TRY(world.leases.holder(Home::lease_of_scheduler())))
    session.say("what is due is started by `rollcall serve`, " + *who);
  return kDone;
}

Result<int> set_paused(Session& session, const std::string& name, bool paused) {
  const operations::Paused done =
      TRY(operations::set_paused(TRY(session.run_world()), name, paused));
  if (session.json()) {
    session.print_json(to_json(done));
  } else {
    session.print("{} {}{}\n", plain(done.activation), done.changed ? "is now " : "was already ",
                  paused ? "paused" : "not paused");
  }
  return kDone;
}

}  // namespace rollcall::cli
