// audit, archive: the real list against the ledger; and the end of an activation.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/report_text.hpp"
#include "cli/table_stream.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"
#include "run/run.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr int64_t kSample = 20;  // people of each kind that are named unasked

void print_counts(Session& session, const std::string& name, const run::Audit::Report& report) {
  const state::DriftCounts& c = report.counts;
  session.print("Audit of {}: list {} `{}` holds {}, and {} should be on it\n", plain(name),
                report.list.id, plain(report.list.name), people(c.listed), people(c.expected));
  const auto line = [&](const char* kind, int64_t count, const char* meaning) {
    session.print("  {:<8} {:>9}  {}\n", kind, thousands(count), meaning);
  };
  line("missing", c.missing, "confirmed on the list, and not there");
  line("extra", c.extra, "on the list, and no longer in the segment");
  line("foreign", c.foreign, "on the list without Rollcall's doing");
  for (const std::string& warning : report.warnings)
    session.print("  warning: {}\n", plain(warning));
}

// Names people as they come: nobody knows how many there are. Returns whether all were named.
// `out` is where there is an array open, with --json.
Result<bool> print_people(Session& session, run::Audit& audit, const AuditOptions& options,
                          operations::JsonWriter& out) {
  const bool all = options.all || options.csv;
  std::map<std::string, int64_t> told;
  bool complete = true;
  TableStream table(session,
                    {{"kind"}, {"key", Table::Align::left, 60}, {"why", Table::Align::left, 80}});
  if (options.csv && !session.json())
    session.print_text(operations::csv_line({"kind", "key", "why"}));
  TRY(audit.people([&](const state::Drift& person, const std::string& why) {
    if (!all && ++told[person.kind] > kSample) {
      complete = false;
      return true;
    }
    if (session.json()) {
      out.value({{"kind", person.kind}, {"key", person.key}, {"why", why}});
    } else if (options.csv) {
      session.print_text(operations::csv_line({person.kind, person.key, why}));
    } else {
      table.add({person.kind, person.key, why});
    }
    return session.heard() && !session.stop().stop_requested();
  }));
  table.flush();
  return complete;
}

}  // namespace

Result<int> audit(Session& session, const AuditOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Activation& activation = *TRY(operations::find_activation(stored, options.activation));
  const std::string name = operations::shown_name(stored.catalog, activation);
  auto audit = TRY(run::audit(world, stored.catalog, activation, session.stop()));
  const run::Audit::Report report = audit->report();
  const bool as_text = !session.json() && !options.csv;
  if (as_text) print_counts(session, name, report);
  operations::JsonWriter out = session.json_writer();
  if (session.json())
    out.object().members(read_json<json>(run::to_json(report))).key("people").array();
  if (as_text && report.counts.missing + report.counts.extra + report.counts.foreign > 0)
    session.print("\n");
  const bool complete = TRY(print_people(session, *audit, options, out));
  if (as_text && !complete)
    session.print("… {} of each kind (--all names everybody)\n", thousands(kSample));
  audit.reset();  // nobody else is asked for

  std::optional<RunReport> repaired;
  int code = kDone;
  const bool mends = report.counts.foreign > 0 && activation.remove_foreign;
  if (options.repair && (!report.true_to_ledger() || mends)) {
    // What was printed of the audit is ended whatever becomes of the run.
    auto run = operations::run(world, stored, activation, {.repair = true}, session.stop());
    if (run.ok()) {
      code = run::exit_code(*run);
      if (as_text) session.print("\n{}", in_lines(*run));
      if (run->error) session.say(run->error->text());
      repaired = std::move(*run);
    } else {
      code = run::exit_code(run.error());
      session.say(run.error().text());
    }
  } else if (as_text && options.repair) {
    session.print("Nothing to repair\n");
  } else if (as_text && !report.true_to_ledger()) {
    session.print("`rollcall audit \"{}\" --repair` mends it by a run, with its guard\n",
                  plain(name));
  }
  if (session.json())
    out.end()
        .key("people_complete")
        .value(complete)
        .key("repair")
        .text(repaired ? run::to_json(*repaired) : "null")
        .end();
  return code;
}

Result<int> archive(Session& session, const ArchiveOptions& options) {
  const std::vector<std::string> ends(kListEnds.begin(), kListEnds.end());
  if (std::find(ends.begin(), ends.end(), options.list) == ends.end())
    return Error{ErrorKind::invalid, "--list takes keep or empty, not `" + options.list + "`" +
                                         did_you_mean(options.list, ends)};
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Activation& activation = *TRY(operations::find_activation(stored, options.activation));
  const operations::Archived archived =
      TRY(operations::archive(world, stored, activation, options.list == "empty", session.stop()));
  if (archived.emptied && !session.json()) session.print_text(in_lines(*archived.emptied));
  if (!archived.done) {
    if (session.json()) session.print_text(run::to_json(*archived.emptied) + "\n");
    if (archived.emptied->error) session.say(archived.emptied->error->text());
    session.say("`" + archived.activation +
                "` is not archived: not everybody is off the list yet. Archive it again to go on.");
    const int code = run::exit_code(*archived.emptied);
    return code == kDone ? kFailed : code;
  }
  if (session.json()) {
    session.print_json(to_json(archived));
    return kDone;
  }
  session.print("{} is archived{}. Naming it in a file again resumes it.\n",
                plain(archived.activation),
                !archived.list ? ""
                : archived.list_kept
                    ? fmt::format("; list {} keeps its members", archived.list->id)
                    : fmt::format("; list {} holds nobody of ours any more", archived.list->id));
  return kDone;
}

}  // namespace rollcall::cli
