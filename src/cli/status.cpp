// status, pause, resume: the activations as they stand.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/report_text.hpp"
#include "cli/text.hpp"
#include "ledger/ledger.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

struct Line {
  const Activation* activation;
  std::string state;  // running | interrupted | never_run | paused | or the last run's status
  ledger::State ledger;
  std::optional<RunReport> last;
  std::optional<std::string> last_audit;  // its JSON
};

Result<Line> line_of(Session& session, const Activation& activation) {
  Line line{&activation, "never_run", {}, {}, {}};
  line.last_audit = TRY(run::last_audit(*TRY(session.store()), activation));
  const ledger::Folder folder = run::folder_of(session.home(), activation);
  line.ledger = TRY(in_context(ledger::read_state(folder), "activation " + activation.name));
  const auto rows = TRY(TRY(session.store())->runs(activation.uid, 1));
  if (!rows.empty()) {
    line.last =
        TRY(in_context(run::report_from_json(rows[0].report_json), "run " + rows[0].run_id));
    line.state = to_string(line.last->status);
  }
  if (TRY(session.leases().holder(run::lease_of(activation)))) {
    line.state = "running";
  } else if (line.ledger.open_run || line.state == to_string(RunStatus::running)) {
    line.state = "interrupted";
  }
  return line;
}

int64_t members(const StandingCounts& s) {
  return s.on_list + s.not_a_contact + s.rejected + s.unknown + s.not_sent;
}

json to_json(const Catalog& catalog, const Line& line) {
  const Activation& a = *line.activation;
  const StandingCounts& s = line.ledger.standing;
  json out = {
      {"activation", a.name}, {"destination", a.destination}, {"name", shown_name(catalog, a)},
      {"segment", a.segment}, {"state", line.state},          {"paused", a.paused}};
  out["list"] = line.ledger.list
                    ? json{{"id", line.ledger.list->id}, {"name", line.ledger.list->name}}
                    : json(nullptr);
  out["last_run"] = nullptr;
  if (line.last) {
    const RunReport& last = *line.last;
    out["last_run"] = {
        {"run_id", last.run_id},
        {"status", to_string(last.status)},
        {"started_at", iso_utc(last.started_at)},
        {"finished_at", last.finished_at ? json(iso_utc(*last.finished_at)) : json(nullptr)},
        {"error", last.error ? json(last.error->text()) : json(nullptr)}};
  }
  out["last_audit"] = line.last_audit ? read_json<json>(*line.last_audit) : json(nullptr);
  out["schedule"] = in_words(a.schedule);
  out["next_run"] = nullptr;  // nothing runs by itself yet
  out["members"] = members(s);
  out["on_list"] = s.on_list;
  out["parked"] = s.not_a_contact;
  out["rejected"] = s.rejected;
  out["unknown"] = s.unknown;
  out["not_sent"] = s.not_sent;
  out["leavers_on_list"] = s.leavers_on_list;
  return out;
}

std::string next_run(const Activation& activation) {
  if (activation.paused) return "paused";
  return activation.schedule.kind == Schedule::Kind::manual
             ? "by hand"
             : "by hand (" + in_words(activation.schedule) + ")";
}

std::string state_in_words(std::string state) {
  std::replace(state.begin(), state.end(), '_', ' ');
  return state;
}

}  // namespace

Result<int> status(Session& session) {
  const Stored stored = TRY(session.stored());
  json list = json::array();
  constexpr auto kRight = Table::Align::right;
  Table table({{"activation"},
               {"state"},
               {"last run (UTC)"},
               {"next run"},
               {"list", kRight},
               {"members", kRight},
               {"on list", kRight},
               {"parked", kRight},
               {"rejected", kRight}});
  std::vector<std::string> errors;
  for (const Activation& activation : stored.catalog.activations) {
    const Line line = TRY(line_of(session, activation));
    const StandingCounts& s = line.ledger.standing;
    if (session.json()) list.push_back(to_json(stored.catalog, line));
    const std::string name = shown_name(stored.catalog, activation);
    table.add({name, state_in_words(line.state), line.last ? date(line.last->started_at) : "–",
               next_run(activation), line.ledger.list ? std::to_string(line.ledger.list->id) : "–",
               thousands(members(s)), thousands(s.on_list), thousands(s.not_a_contact),
               thousands(s.rejected)});
    if (line.last && line.last->error && line.state != "running")
      errors.push_back(name + ": " + line.last->error->text());
  }
  if (session.json()) {
    session.print_json(list);
    return kDone;
  }
  if (table.empty())
    session.say(
        "no activations yet: define one in a file and `rollcall apply` it, or `rollcall activate` "
        "a segment");
  session.print_text(table.text());
  for (const std::string& error : errors) session.print("\n{}\n", plain(error));
  return kDone;
}

Result<int> set_paused(Session& session, const std::string& name, bool paused) {
  std::string shown;
  bool changed = false;
  TRY(session.change([&](const Stored& stored) -> Status {
    Activation activation = *TRY(find_activation(stored, name));
    shown = shown_name(stored.catalog, activation);
    changed = activation.paused != paused;
    activation.paused = paused;
    return changed ? save(*TRY(session.store()), stored, activation) : ok_status();
  }));
  if (session.json()) {
    session.print_json({{"activation", shown}, {"paused", paused}, {"changed", changed}});
  } else {
    session.print("{} {}{}\n", plain(shown), changed ? "is now " : "was already ",
                  paused ? "paused" : "not paused");
  }
  return kDone;
}

}  // namespace rollcall::cli
