// runs, show, rejects: what has been.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/report_text.hpp"
#include "cli/table_stream.hpp"
#include "cli/text.hpp"
#include "ledger/ledger.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

Result<store::RunRow> find_run(Session& session, const std::string& run_id) {
  store::Store& store = *TRY(session.store());
  auto row = store.run(run_id);
  if (row.ok() || row.error().kind != ErrorKind::not_found) return row;
  std::vector<std::string> ids;
  constexpr int kRecent = 200;
  for (const store::RunRow& recent : TRY(store.runs(std::nullopt, kRecent)))
    ids.push_back(recent.run_id);
  return Error{ErrorKind::invalid, "there is no run `" + run_id + "`" + did_you_mean(run_id, ids),
               "`rollcall runs` lists them."};
}

// Iterable's word where there is one, else what is wrong with the key.
std::string reason_of(const ledger::MissingPerson& person) {
  if (!person.detail.empty()) return person.detail;
  return person.reason == person.kind ? "" : person.reason;
}

std::string in_words(const std::string& kind) {
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
  const Stored stored = TRY(session.stored());
  std::optional<std::string> uid;
  if (!options.activation.empty()) uid = TRY(find_activation(stored, options.activation))->uid;
  const auto rows = TRY(TRY(session.store())->runs(uid, static_cast<int>(options.limit)));
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
  for (const store::RunRow& row : rows) {
    const RunReport report =
        TRY(in_context(run::report_from_json(row.report_json), "run " + row.run_id));
    if (session.json()) {
      list.push_back(read_json<json>(row.report_json));
      continue;
    }
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
  const store::RunRow row = TRY(find_run(session, run_id));
  const RunReport report =
      TRY(in_context(run::report_from_json(row.report_json), "run " + row.run_id));
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
  const std::vector<std::string> kinds(kRejectKinds.begin(), kRejectKinds.end());
  if (std::find(kinds.begin(), kinds.end(), options.kind) == kinds.end())
    return Error{ErrorKind::invalid,
                 "there is no kind `" + options.kind + "`" + did_you_mean(options.kind, kinds),
                 "Kinds: " + join(kinds, ", ") + "."};
  const store::RunRow row = TRY(find_run(session, options.run_id));
  Activation activation;
  activation.uid = row.activation_uid;
  const ledger::Folder folder = run::folder_of(session.home(), activation);
  // Streams: nobody knows how many there are.
  int64_t told = 0;
  const bool as_table = !session.json() && !options.csv;
  TableStream table(session, {{"kind"},
                              {"key", Table::Align::left, 60},
                              {"primary key"},
                              {"since (UTC)"},
                              {"reason", Table::Align::left, 60}});
  bool begun = false;  // nothing is printed when there is nothing to read
  const auto begin = [&] {
    if (begun) return;
    begun = true;
    if (session.json()) session.print_text("[");
    if (options.csv && !session.json())
      session.print_text(csv_line({"kind", "key", "primary_key", "reason", "since"}));
  };
  const auto or_null = [](const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
  };
  const auto since = [](int64_t ms) { return iso_utc(Time(Millis(ms))); };
  TRY(ledger::missing_people(
      folder, row.run_id, options.kind, [&](const ledger::MissingPerson& one) {
        begin();
        ++told;
        const std::string reason = reason_of(one);
        if (session.json()) {
          const json entry = {{"kind", one.kind},
                              {"key", or_null(one.key)},
                              {"primary_key", or_null(one.primary_key)},
                              {"reason", or_null(reason)},
                              {"since", since(one.since_ms)}};
          session.print("{}\n  {}", told > 1 ? "," : "",
                        entry.dump(-1, ' ', false, json::error_handler_t::replace));
        } else if (options.csv) {
          session.print_text(
              csv_line({one.kind, one.key, one.primary_key, reason, since(one.since_ms)}));
        } else {
          table.add({one.kind, one.key, one.primary_key, date_ms(one.since_ms),
                     reason.empty() ? in_words(one.kind) : reason});
        }
        return session.heard() && !session.stop().stop_requested();
      }));
  if (!as_table) begin();
  if (session.json()) session.print_text(told > 0 ? "\n]\n" : "]\n");
  table.flush();
  if (as_table && told == 0)
    session.say(
        "nobody" +
        (options.kind == "all" ? std::string(" is missing") : " of kind `" + options.kind + "`") +
        " in run " + row.run_id + "; --kind all shows every kind");
  return kDone;
}

}  // namespace rollcall::cli
