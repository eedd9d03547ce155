// The home as a whole: backup, restore; and one person out of it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "access/access.hpp"
#include "alerts/alerts.hpp"
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

void print(Session& session, const operations::ForgottenPerson& person) {
  using Activation = operations::ForgottenPerson::Activation;
  const auto any = [&](const auto& holds) {
    return std::ranges::any_of(person.activations, holds);
  };
  for (const Activation& one : person.activations) {
    if (one.in_ledger || one.in_past_runs > 0)
      session.print("{} {}\n", person.removed ? "removed from" : "kept in", plain(one.name));
  }
  for (const std::string& one : person.indexes)
    session.print("removed the contact index of {}; the next export makes it anew\n", plain(one));
  if (person.answers > 0)
    session.print("removed {} of the service\n",
                  counted(person.answers, "kept answer", "kept answers"));
  if (!any([](const Activation& one) { return one.in_ledger || one.in_past_runs > 0; }))
    session.print("no ledger{} this person\n",
                  person.removed ? " and no past run told of" : " tells of");
  for (const Activation& one : person.activations) {
    if (one.on_list > 0 && one.list)
      session.print("{} on the list {} ({}) of {} in Iterable, by the ledger\n",
                    one.on_list == 1 ? "still" : "perhaps still", plain(one.list->name),
                    one.list->id, plain(one.destination));
    if (one.in_segment.value_or(false))
      session.print("still in the segment {} of your own data\n", plain(one.segment));
    if (!one.not_asked.empty())
      session.print("the segment {} could not be asked: {}\n", plain(one.segment),
                    plain(one.not_asked));
  }
  if (any([](const Activation& one) { return one.in_segment.value_or(false); }))
    session.say(
        "a later run takes them up again while your data have them in a segment: remove them "
        "there, too");
  if (any([](const Activation& one) { return one.on_list > 0; }))
    session.say(
        "Iterable is not asked: no run takes them off a list any more; remove them there, too");
}

}  // namespace

Result<int> forget(Session& session, const ForgetOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::ForgottenPerson person =
      TRY(operations::forget(world, TRY(operations::stored(world)),
                             {.key = options.key, .really = options.yes}, session.stop()));
  if (person.removed) {
    json activations = json::array();
    for (const auto& one : person.activations)
      if (one.in_ledger || one.in_past_runs > 0) activations.push_back(one.name);
    TRY(note(session, "forgot", "person", {{"activations", std::move(activations)}}));
  }
  if (session.json()) {
    session.print_json(operations::to_json(person));
  } else {
    print(session, person);
  }
  if (person.removed) return kDone;
  session.say("nothing was removed: say --yes to do it");
  return kWrong;
}

Result<int> rotate_key(Session& session) {
  const operations::World world = TRY(session.run_world());
  TRY(world.store.replace_key(alerts::reseal, access::keyed_records()));
  // Their hashes are keyed, too: nobody can read them any more.
  for (const store::ObjectRow& row : TRY(world.store.objects()).rows)
    if (row.kind == "destination") TRY(world.disk.remove(world.home.contact_index(row.uid)));
  TRY(note(session, "rotated", "key", nullptr));
  session.say(
      "every session, token and invitation has ended: sign in again, make new tokens, and restart "
      "`rollcall serve` where it runs on this home");
  session.say("backups made before hold the key they were made with: make a new one");
  if (session.json()) {
    session.print_json({{"rotated", true}});
  } else {
    session.print("a new key seals the secrets of this home\n");
  }
  return kDone;
}

Result<int> move_home(Session& session, const MoveOptions& options) {
  if (options.to.empty() != options.to_sqlite)
    return Error{ErrorKind::invalid, "where to? `--to URL` or `--to-sqlite`"};
  if (options.to_sqlite && !session.server())
    return Error{ErrorKind::invalid, "where from?",
                 "Name the database by --store or ROLLCALL_STORE."};
  const World& world = session.world();
  const bool to_server = !options.to_sqlite;
  if (to_server) session.use(std::nullopt);  // whatever the environment says already
  const Secret server = to_server ? Secret(options.to) : *session.server();

  // Nobody works here meanwhile. One that was cut off can be ended, though it opens no more.
  std::vector<std::unique_ptr<Lease>> held;
  const auto take = [&](const std::string& name) -> Status {
    auto lease = session.leases().take(name, session.stop());
    if (!lease.ok() && lease.error().kind == ErrorKind::busy)
      lease.error().remedy = "Stop `rollcall serve` everywhere, and wait for runs to end.";
    if (!lease.ok()) return Error(lease.error());
    held.push_back(std::move(*lease));
    return ok_status();
  };
  const auto source = session.store();
  TRY(take(Home::lease_of_scheduler()));
  if (source.ok())
    for (const store::ObjectRow& row : TRY((*source)->objects()).rows) {
      if (row.kind == "activation") TRY(take(Home::lease_of_activation(row.uid)));
      if (row.kind == "destination") TRY(take(Home::lease_of_destination(row.uid)));
    }
  const std::string place =
      TRY(store::move_catalog(session.home(), server, to_server, world.clock, world.disk));
  const auto opened =
      TRY(world.open_store(session.home(), to_server ? std::optional(server) : std::nullopt));
  TRY(opened->log({.at = world.clock.now(),
                   .who = "command line",
                   .action = "moved",
                   .kind = "home",
                   .after = json{{"place", place}}.dump()}));
  if (session.json()) {
    session.print_json({{"place", place}});
  } else {
    session.print("the catalog is in {} now\n", plain(place));
  }
  if (to_server)
    session.say("from now on name it by --store or ROLLCALL_STORE; the home stays what it is");
  return kDone;
}

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
  const bool was_on_server = session.server().has_value();
  session.use(std::nullopt);
  TRY(note(session, "restored", "home", {{"made_at", iso_utc(done.made_at)}}));
  if (was_on_server)
    session.say(
        "its catalog is in the home, in SQLite: `rollcall home move --to URL` brings it elsewhere");
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
