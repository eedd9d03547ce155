// The table of commands. CLI11 is named here and nowhere else.
#include "cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/commands.hpp"
#include "cli/manual.hpp"
#include "cli/serve_settings.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using Action = std::function<Result<int>(Session&)>;

// One subcommand: its options write into `options`, which the action then has.
class Commands {
 public:
  Commands(CLI::App& app, bool& json, Action& chosen) : app_(app), json_(json), chosen_(chosen) {}

  // `reports`: takes --json.
  CLI::App& add(const char* name, const char* description, bool reports, Action action) {
    CLI::App& command = *app_.add_subcommand(name, description);
    command.fallthrough();  // --home may stand behind the command too
    if (reports)
      command.add_flag("--json", json_, "Print one JSON value and nothing else on stdout");
    command.callback([&chosen = chosen_, action = std::move(action)] { chosen = action; });
    return command;
  }

  // Commands that follow a common word: `user add`.
  [[nodiscard]] Commands group(const char* name, const char* description) const {
    CLI::App& word = *app_.add_subcommand(name, description);
    word.fallthrough();
    word.require_subcommand(1);
    return {word, json_, chosen_};
  }

 private:
  CLI::App& app_;
  bool& json_;
  Action& chosen_;
};

struct AllOptions {
  ApplyOptions apply;
  CheckOptions check;
  std::string destination, segment, activation, run_id, shell, file;
  std::vector<std::string> typed;
  CountOptions count;
  OverlapOptions overlap;
  PreviewOptions preview;
  ActivateOptions activate;
  PlanOptions plan;
  RunOptions run;
  AuditOptions audit;
  ArchiveOptions archive;
  RunsOptions runs;
  RejectsOptions rejects;
  WhyOptions why;
  ServeOptions serve;
  JobOptions job;
  UserOptions user;
  TokenOptions token;
  LogOptions log;
  MoveOptions move;
  bool as_file = false;
  ForgetOptions forget;
};

std::vector<const CLI::App*> shown_commands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
}

bool is_group(const CLI::App& app) { return !shown_commands(app).empty(); }

// The command that was typed, or the last word of it that is known.
const CLI::App& innermost(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.front());
}

// What may stand next after the words `typed`: commands, options, or the names of objects, one a
// line.
Result<int> complete(Session& session, const CLI::App& app, const std::vector<std::string>& typed) {
  const CLI::App* command = &app;
  size_t places = 0;  // positional words so far
  for (size_t i = 0; i < typed.size(); ++i) {
    const std::string& word = typed[i];
    if (word.starts_with("-")) {
      const CLI::Option* option = command->get_option_no_throw(word);
      if (word == "--home" || word == "--store") option = app.get_option_no_throw(word);
      const bool takes_value = option && option->get_items_expected_max() > 0;
      if (takes_value && i + 1 == typed.size()) return names(session, option->get_name());
      if (takes_value) ++i;
    } else if (is_group(*command)) {
      const auto found =
          command->get_subcommands([&](const CLI::App* it) { return it->get_name() == word; });
      if (found.empty()) return kDone;
      command = found.front();
    } else {
      ++places;
    }
  }
  if (is_group(*command)) {
    for (const CLI::App* one : shown_commands(*command)) session.print("{}\n", one->get_name());
    return kDone;
  }
  for (const CLI::Option* option : command->get_options()) {
    if (!option->get_positional()) {
      const bool shown = !option->get_lnames().empty() && option != command->get_help_ptr();
      if (shown) session.print("--{}\n", option->get_lnames()[0]);
    } else if (places-- == 0) {
      TRY(names(session, option->get_name()));
    }
  }
  return kDone;
}

void declare_access(Commands& commands, AllOptions& o) {
  constexpr const char* kRoles = "viewer, operator, editor or admin";
  Commands user = commands.group("user", "Who may sign in to the page");
  CLI::App* c = &user.add("add", "Let somebody in, by an invitation or with a password", true,
                          [&o](Session& s) { return add_user(s, o.user); });
  c->add_option("EMAIL", o.user.email, "What they sign in by")->required();
  c->add_option("--name", o.user.name, "What they are called");
  c->add_option("--role", o.user.role, kRoles)->default_str("viewer");
  c->add_flag("--password-stdin", o.user.password_stdin, "The first line of stdin is the password");
  user.add("list", "All of them", true, [](Session& s) { return users(s); });
  c = &user.add("set", "Change somebody's role, password or standing", true,
                [&o](Session& s) { return set_user(s, o.user); });
  c->add_option("USER", o.user.email, "Their e-mail")->required();
  c->add_option("--name", o.user.name, "What they are called");
  c->add_option("--role", o.user.role, kRoles);
  CLI::Option* const disabled = c->add_flag("--disabled", o.user.disabled, "Keep them out");
  c->add_flag("--enabled", o.user.enabled, "Let them in again")->excludes(disabled);
  CLI::Option* const invite =
      c->add_flag("--invite", o.user.invite, "Print a word by which they set a password");
  c->add_flag("--password-stdin", o.user.password_stdin, "The first line of stdin is the password")
      ->excludes(invite);
  c = &user.add("remove", "Let somebody in no more", true,
                [&o](Session& s) { return remove_user(s, o.user); });
  c->add_option("USER", o.user.email, "Their e-mail")->required();

  Commands token = commands.group("token", "What lets programs in");
  c = &token.add("add", "Print a new token, once", true,
                 [&o](Session& s) { return add_token(s, o.token); });
  c->add_option("NEW_NAME", o.token.name, "What it is for")->required();
  c->add_option("--role", o.token.role, kRoles)->capture_default_str();
  c->add_option("--expires", o.token.expires, "When it ends: 12h, 90d, 52w (default: never)");
  token.add("list", "All of them, without their text", true, [](Session& s) { return tokens(s); });
  c = &token.add("remove", "End one", true, [&o](Session& s) { return remove_token(s, o.token); });
  c->add_option("TOKEN", o.token.name, "Its name")->required();

  c = &commands.add("log", "What people and programs did, the newest first", true,
                    [&o](Session& s) { return log(s, o.log); });
  c->add_option("--who", o.log.who, "An e-mail, or \"token NAME\"");
  c->add_option("--action", o.log.action, "created, changed, removed…");
  c->add_option("--limit", o.log.limit, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
}

void declare_home(Commands& commands, AllOptions& o) {
  CLI::App* c = &commands.add("backup", "Everything of this home into one file", true,
                              [&o](Session& s) { return backup(s, o.file); });
  c->add_option("FILE", o.file, "A tar archive that is not there yet")->required();
  c = &commands.add("restore", "Make a home out of a backup", true,
                    [&o](Session& s) { return restore(s, o.file); });
  c->add_option("FILE", o.file, "What `rollcall backup` wrote")->required();
  Commands home = commands.group("home", "The home as a whole");
  c = &home.add("move", "The catalog from SQLite to PostgreSQL, or back", true,
                [&o](Session& s) { return move_home(s, o.move); });
  CLI::Option* const to =
      c->add_option("--to", o.move.to, "An empty database of PostgreSQL's: postgresql://…")
          ->type_name("URL");
  c->add_flag("--to-sqlite", o.move.to_sqlite, "From --store back into the home")->excludes(to);
  commands.add("rotate-key", "A new key for this home, and all secrets sealed anew by it", true,
               [](Session& s) { return rotate_key(s); });
  c = &commands.add("forget", "Remove one person from what this home keeps", true,
                    [&o](Session& s) { return forget(s, o.forget); });
  c->add_option("KEY", o.forget.key, "An e-mail address or user id")->required();
  c->add_flag("--yes", o.forget.yes, "Do it; otherwise it is only told what would be removed");
}

void declare_service(Commands& commands, AllOptions& o) {
  CLI::App* c = &commands.add("serve", "The service: scheduler, REST API and page", false,
                              [&o](Session& s) { return serve(s, o.serve); });
  c->add_option("--config", o.serve.config, "A file of settings, `name = value` a line")
      ->envname("ROLLCALL_CONFIG")
      ->type_name("FILE");
  for (const ServeSetting& one : serve_settings()) {
    CLI::Option* option =
        c->add_option("--" + std::string(one.name), o.serve.given[std::string(one.name)],
                      fmt::format("{} ({}, unless given: {})", one.meaning, one.unit,
                                  one.fallback.empty() ? "none" : one.fallback))
            ->envname(environment_name(one.name));
    option->type_name(" ");
  }
  c = &commands.add("settings", "", false,
                    [&o](Session& s) { return print_settings(s, o.as_file); });
  c->add_flag("--file", o.as_file);
  c->group("");  // for the document and the package; hidden
  const auto add_job = [&](const char* name, Result<int> (*body)(Session&, const JobOptions&)) {
    CLI::App* job =
        &commands.add(name, "", false, [&o, body](Session& s) { return body(s, o.job); });
    job->group("");  // for the service; hidden
    job->add_option("UID", o.job.uid)->required();
    return job;
  };
  c = add_job("job-run", job_run);
  c->add_option("--trigger", o.job.trigger);
  c->add_flag("--full", o.job.full);
  c->add_flag("--new-list", o.job.new_list);
  c->add_flag("--repair", o.job.repair);
  c->add_option("--approve", o.job.approve);
  c->add_option("--until", o.job.until_ms);
  add_job("job-audit", job_audit);
  add_job("job-check", job_check);
}

void declare(CLI::App& app, Commands commands, AllOptions& o) {
  CLI::App* c = &commands.add("apply", "Bring a catalog file into what is stored", true,
                              [&o](Session& s) { return apply(s, o.apply); });
  c->add_option("FILE", o.apply.file, "The file; - reads stdin")->required();
  c->add_flag("--dry-run", o.apply.dry_run, "Say what would change, store nothing");
  c->add_flag("--prune", o.apply.prune,
              "Remove what the file does not name; activations are archived");
  c = &commands.add("diff", "Whether what is stored is what a catalog file says", true,
                    [&o](Session& s) { return diff(s, o.file); });
  c->add_option("FILE", o.file, "The file; - reads stdin")->required();
  commands.add("export", "Print the stored catalog as a file", true,
               [](Session& s) { return export_catalog(s); });

  c = &commands.add("check", "Test sources, models, segments, destinations and activations", true,
                    [&o](Session& s) { return check(s, o.check); });
  c->add_option("NAME", o.check.name, "Only what bears this name");
  c = &commands.add("fields", "The existing fields of a destination's project", true,
                    [&o](Session& s) { return fields(s, o.destination); });
  c->add_option("DESTINATION", o.destination)->required();

  c = &commands.add("count", "How many people a segment holds", true,
                    [&o](Session& s) { return count(s, o.count); });
  c->add_option("SEGMENT", o.count.segment)->required();
  c->add_option("--by", o.count.by, "Broken down by this field")->type_name("FIELD");
  c->add_option("--limit", o.count.limit, "Values told apart in a breakdown")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  c->add_flag("--history", o.count.history, "How large it was at earlier counts and runs");
  c = &commands.add("overlap", "How many people two segments share", true,
                    [&o](Session& s) { return overlap(s, o.overlap); });
  c->add_option("SEGMENT", o.overlap.first)->required();
  c->add_option("OTHER", o.overlap.second)->required();
  c = &commands.add("preview", "Some people of a segment", true,
                    [&o](Session& s) { return preview(s, o.preview); });
  c->add_option("SEGMENT", o.preview.segment)->required();
  c->add_option("--limit", o.preview.limit, "Rows, at most 1000")->capture_default_str();
  c = &commands.add("sql", "The query that a segment becomes", true,
                    [&o](Session& s) { return sql(s, o.segment); });
  c->add_option("SEGMENT", o.segment)->required();

  c = &commands.add("activate", "Send a segment with the destination's default settings, and run",
                    true, [&o](Session& s) { return activate(s, o.activate); });
  c->add_option("SEGMENT", o.activate.segment)->required();
  c->add_option("DESTINATION", o.activate.destination)->required();
  c->add_option("--name", o.activate.name, "The list's name (default: the segment's)");
  c = &commands.add("plan", "A dry run: what a run would do, and why", true,
                    [&o](Session& s) { return plan(s, o.plan); });
  c->add_option("ACTIVATION", o.plan.activation)->required();
  c->add_flag("--prove", o.plan.prove,
              "Look everybody up, so that those who are not contacts are named");
  c->add_flag("--all", o.plan.all, "Name everybody instead of a sample");
  c = &commands.add("run", "One run, to its end", true, [&o](Session& s) { return run(s, o.run); });
  c->add_option("ACTIVATION", o.run.activation)->required();
  c->add_flag("--full", o.run.full, "Read the list again and send everything");
  c->add_option("--approve", o.run.approve, "Let pass what this plan showed")->type_name("PLAN_ID");
  c->add_flag("--new-list", o.run.new_list,
              "Make a new list in place of one that was deleted or should bear a new name");

  c = &commands.add("audit", "The list as it is in Iterable, against what it should be", true,
                    [&o](Session& s) { return audit(s, o.audit); });
  c->add_option("ACTIVATION", o.audit.activation)->required();
  c->add_flag("--repair", o.audit.repair, "Mend what differs by a run, with its guard");
  c->add_flag("--all", o.audit.all, "Name everybody instead of a sample");
  c->add_flag("--csv", o.audit.csv, "Everybody, as CSV");
  c = &commands.add("runs", "The runs so far, the newest first", true,
                    [&o](Session& s) { return runs(s, o.runs); });
  c->add_option("ACTIVATION", o.runs.activation);
  c->add_option("--limit", o.runs.limit, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 100000));
  c = &commands.add("show", "One run", true, [&o](Session& s) { return show(s, o.run_id); });
  c->add_option("RUN_ID", o.run_id)->required();
  c = &commands.add("rejects", "The people who are not on the list after a run, and why", true,
                    [&o](Session& s) { return rejects(s, o.rejects); });
  c->add_option("RUN_ID", o.rejects.run_id)->required();
  c->add_option("--kind", o.rejects.kind,
                "rejected, not_a_contact, unknown, not_sent, no_key, invalid_key, duplicate_key, "
                "leaver, all")
      ->capture_default_str();
  c->add_flag("--csv", o.rejects.csv, "As CSV");
  c = &commands.add("why", "One person: in the segment or not, on the list or not, and why", true,
                    [&o](Session& s) { return why(s, o.why); });
  c->add_option("ACTIVATION", o.why.activation)->required();
  c->add_option("KEY", o.why.key, "An e-mail address or user id")->required();
  c = &commands.add("status", "Every activation as it stands", true,
                    [](Session& s) { return status(s); });
  c = &commands.add("pause", "Let an activation rest", true,
                    [&o](Session& s) { return set_paused(s, o.activation, true); });
  c->add_option("ACTIVATION", o.activation)->required();
  c = &commands.add("resume", "Let a paused activation go on", true,
                    [&o](Session& s) { return set_paused(s, o.activation, false); });
  c->add_option("ACTIVATION", o.activation)->required();

  c = &commands.add("archive", "End an activation; its list stays or is emptied", true,
                    [&o](Session& s) { return archive(s, o.archive); });
  c->add_option("ACTIVATION", o.archive.activation)->required();
  c->add_option("--list", o.archive.list, "keep: its members stay; empty: they are removed")
      ->capture_default_str();

  declare_service(commands, o);
  declare_access(commands, o);
  declare_home(commands, o);

  c = &commands.add("completion", "A script that completes commands and names in a shell", false,
                    [&o](Session& s) { return completion(s, o.shell); });
  c->add_option("SHELL", o.shell, "bash or zsh")->required();
  c = &commands.add("complete", "", false,
                    [&o, &app](Session& s) { return complete(s, app, o.typed); });
  c->add_option("WORDS", o.typed);
  c->group("");  // for those scripts; hidden
  commands
      .add("manual", "", false,
           [&app](Session& s) -> Result<int> {
             s.print_text(manual(app, s.world().version));
             return kDone;
           })
      .group("");  // for the package; hidden
  commands.add("version", "The version of this program", false, [](Session& s) -> Result<int> {
    s.print("rollcall {}\n", s.world().version);
    return kDone;
  });
}

Result<std::filesystem::path> home_of(const World& world, const std::string& given) {
  if (!given.empty()) return std::filesystem::path(given);
  if (const auto home = world.environment("ROLLCALL_HOME"); home && !home->empty())
    return std::filesystem::path(*home);
  if (const auto home = world.environment("HOME"); home && !home->empty())
    return std::filesystem::path(*home) / ".local/share/rollcall";
  return Error{ErrorKind::invalid, "neither $ROLLCALL_HOME nor $HOME is set",
               "Say where to keep things with `--home DIR`."};
}

std::optional<Secret> server_of(const World& world, const std::string& given) {
  if (!given.empty()) return Secret(given);
  const auto server = world.environment("ROLLCALL_STORE");
  return server && !server->empty() ? std::optional(Secret(*server)) : std::nullopt;
}

// Without the passwords of addresses that were typed where none belongs.
std::string without_passwords(std::string message) {
  for (size_t at = 0; (at = message.find("://", at)) != std::string::npos; ++at) {
    const size_t end = std::min(message.find(' ', at), message.size());
    message.replace(at + 3, end - at - 3, "…");
  }
  return message;
}

// What CLI11 found wrong, in one line; an unknown command with the nearest right one.
std::string complaint(const CLI::App& app, const CLI::ParseError& error,
                      const std::vector<std::string>& words) {
  std::string message = without_passwords(error.what());
  std::replace(message.begin(), message.end(), '\n', ' ');
  const CLI::App& known = innermost(app);
  std::string path;  // of what is known
  size_t depth = 0;
  for (const CLI::App* at = &known; at != &app; at = at->get_parent(), ++depth)
    path = " " + at->get_name() + path;
  if (!is_group(known)) return message + ". `rollcall" + path + " --help` says more.";
  std::vector<std::string> names, typed;
  for (const CLI::App* command : shown_commands(known)) names.push_back(command->get_name());
  for (size_t i = 0; i < words.size(); ++i) {
    const bool of_home = i > 0 && (words[i - 1] == "--home" || words[i - 1] == "--store");
    if (!words[i].empty() && words[i][0] != '-' && !of_home) typed.push_back(words[i]);
  }
  message = typed.size() <= depth ? "which command?"
                                  : "there is no command `" + (path + " ").substr(1) +
                                        typed[depth] + "`" + did_you_mean(typed[depth], names);
  return message + " `rollcall" + path + " --help` lists them.";
}

}  // namespace

int main(const World& world, std::vector<std::string> words, const std::stop_token& stop) {
  CLI::App app{"Keeps lists in Iterable equal to segments of your own customer data.", "rollcall"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "rollcall " + world.version);
  app.set_help_flag("-h,--help", "Print this help");
  std::string home;
  app.add_option("--home", home,
                 "Where everything is kept (default: $ROLLCALL_HOME, then ~/.local/share/rollcall)")
      ->type_name("DIR");
  std::string store;
  app.add_option("--store", store,
                 "A database of PostgreSQL's that several servers share, postgresql://… (default: "
                 "$ROLLCALL_STORE, then SQLite in the home)")
      ->type_name("URL");
  bool json = false;
  Action action;
  AllOptions options;
  declare(app, Commands(app, json, action), options);
  try {
    app.parse(
        std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the back
  } catch (const CLI::CallForHelp&) {
    fmt::print(world.out, "{}", innermost(app).help());
    return kDone;
  } catch (const CLI::CallForVersion&) {
    fmt::print(world.out, "rollcall {}\n", world.version);
    return kDone;
  } catch (const CLI::ParseError& error) {
    fmt::print(world.err, "rollcall: {}\n", plain(complaint(app, error, words)));
    return kWrong;
  }
  const auto where = home_of(world, home);
  Session session(world, where.ok() ? *where : std::filesystem::path(), server_of(world, store),
                  json, stop);
  const auto code = where.ok() ? session.keeping_leases([&] { return action(session); })
                               : Result<int>(Error(where.error()));
  if (code.ok()) return *code;
  session.fail(code.error());
  return run::exit_code(code.error());
}

}  // namespace rollcall::cli
