// runs, show, rejects: what has been.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/report_text.hpp"
#include "cli/table_stream.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

std::string kind_in_words(const std::string& kind) {
  if (kind == "not_a_contact") return "Iterable does not know them; looked up again at every run";
  if (kind == "unknown") return "sent, and no answer was read";
  if (kind == "not_sent") return "the run ended before";
  if (kind == "no_key") return "null or blank";
  if (kind == "invalid_key") return "fails the check of its form";
  if (kind == "duplicate_key") return "another row has this key; the lowest primary key counts";
  if (kind == "leaver") return "left the segment, and perhaps still on the list";
  return "";
}

}  // namespace

Result<int> runs(Session& session, const RunsOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  std::optional<std::string> uid;
  if (!options.activation.empty())
    uid = TRY(operations::find_activation(stored, options.activation))->uid;
  const auto all = TRY(operations::runs(world, uid, static_cast<int>(options.limit)));
  json list = json::array();
  Table table({{"run"},
               {"activation"},
               {"status"},
               {"kind"},
               {"started (UTC)"},
               {"took", Table::Align::right},
               {"added", Table::Align::right},
               {"removed", Table::Align::right},
               {"updated", Table::Align::right},
               {"on list", Table::Align::right}});
  for (const operations::PastRun& run : all) {
    if (session.json()) {
      list.push_back(to_json(run));
      continue;
    }
    const auto& [row, report] = run;
    table.add({row.run_id, row.activation, row.status, std::string(to_string(report.kind)),
               date(row.started_at),
               row.finished_at ? duration(*row.finished_at - row.started_at) : "–",
               thousands(report.outcomes.added), thousands(report.outcomes.removed),
               thousands(report.outcomes.updated), thousands(report.standing.on_list)});
  }
  if (session.json()) {
    session.print_json(list);
  } else if (table.empty()) {
    session.say("no runs yet");
  } else {
    session.print_text(table.text());
  }
  return kDone;
}

Result<int> show(Session& session, const std::string& run_id) {
  const RunReport report = TRY(operations::find_run(TRY(session.run_world()), run_id)).report;
  if (session.json()) {
    session.print_text(run::to_json(report) + "\n");
    return kDone;
  }
  session.print_text(in_lines(report));
  if (report.error) session.print("  {:<9} {}\n", "error", plain(report.error->text()));
  if (!report.calls.by_endpoint.empty()) {
    Table table({{"  endpoint"}, {"calls", Table::Align::right}});
    for (const auto& [endpoint, calls] : report.calls.by_endpoint)
      table.add({"  " + endpoint, thousands(calls)});
    session.print_text(table.text());
  }
  return kDone;
}

Result<int> rejects(Session& session, const RejectsOptions& options) {
  const operations::World world = TRY(session.run_world());
  int64_t told = 0;
  const bool as_table = !session.json() && !options.csv;
  TableStream table(session, {{"kind"},
                              {"key", Table::Align::left, 60},
                              {"primary key"},
                              {"since (UTC)"},
                              {"reason", Table::Align::left, 60}});
  operations::JsonWriter out = session.json_writer();
  bool begun = false;  // nothing is printed when there is nothing to read
  const auto begin = [&] {
    if (begun) return;
    begun = true;
    if (session.json()) out.array();
    if (options.csv && !session.json()) session.print_text(operations::csv_head_of_rejects());
  };
  TRY(operations::rejects(world, options.run_id, options.kind, [&](const operations::Reject& one) {
    begin();
    ++told;
    if (session.json()) {
      out.value(to_json(one));
    } else if (options.csv) {
      session.print_text(operations::to_csv(one));
    } else {
      table.add({one.kind, one.key, one.primary_key, date_ms(one.since_ms),
                 one.reason.empty() ? kind_in_words(one.kind) : one.reason});
    }
    return session.heard() && !session.stop().stop_requested();
  }));
  if (!as_table) begin();
  if (session.json()) out.end();
  table.flush();
  if (as_table && told == 0)
    session.say(
        "nobody" +
        (options.kind == "all" ? std::string(" is missing") : " of kind `" + options.kind + "`") +
        " in run " + options.run_id + "; --kind all shows every kind");
  return kDone;
}

}  // namespace rollcall::cli
