// The home as a whole: backup, restore.
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

std::string size_text(uint64_t bytes) {
  constexpr uint64_t kMegabyte = 1'000'000;
  return bytes < kMegabyte ? "less than a megabyte"
                           : thousands(static_cast<int64_t>(bytes / kMegabyte)) + " MB";
}

// Without a word that somebody else may not read.
Status note(Session& session, const char* action, const std::string& kind, const json& after) {
  return TRY(session.store())
      ->log({.at = session.world().clock.now(),
             .who = "command line",
             .action = action,
             .kind = kind,
             .after = after.is_null() ? "" : after.dump()});
}

}  // namespace

Result<int> backup(Session& session, const std::string& file) {
  const operations::Backup done = TRY(operations::back_up(TRY(session.run_world()), file));
  TRY(note(session, "backed_up", "home", nullptr));
  for (const std::string& warning : done.warnings) session.say("warning: " + warning);
  session.say(
      "it holds the key of this home, people's addresses and what opens your sources: keep it as "
      "safe as the home");
  if (session.json()) {
    session.print_json(operations::to_json(done));
  } else {
    session.print(
        "{}: the catalog and {}, {}\n", plain(file),
        counted(done.activations, "activation with its ledger", "activations with their ledgers"),
        size_text(done.bytes));
  }
  return kDone;
}

Result<int> restore(Session& session, const std::string& file) {
  const World& world = session.world();
  const operations::Backup done =
      TRY(operations::restore(world.disk, world.clock, world.random, file, {session.home()}));
  TRY(note(session, "restored", "home", {{"made_at", iso_utc(done.made_at)}}));
  session.say(
      "what was done since this backup is not known here: the next run of each activation reads "
      "its list first and sends everything again");
  if (session.json()) {
    session.print_json(operations::to_json(done));
  } else {
    session.print("{}: as of {} (UTC), with {}\n", plain(session.home().string()),
                  date(done.made_at), counted(done.activations, "activation", "activations"));
  }
  return kDone;
}

}  // namespace rollcall::cli
