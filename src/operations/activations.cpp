#include "operations/activations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "catalog/catalog.hpp"
#include "operations/names.hpp"
#include "operations/schedules.hpp"
#include "operations/words.hpp"

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

// The catalog's own text of a scalar: any name is itself again when it is read.
std::string yaml_text(std::string_view text) {
  std::string escaped;
  const size_t dollars = std::min(text.find_first_not_of('$'), text.size());
  if (text.substr(dollars).starts_with("file:")) {
    escaped = "$";
    escaped += text;
  } else {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') escaped += '$';
      escaped += text[i];
    }
  }
  return json(escaped).dump();
}

// A new activation with the destination's defaults, as if a file had named it and nothing more.
Result<catalog::Comparison> with_defaults(const Stored& stored, const Segment& segment,
                                          const Destination& destination, const std::string& name) {
  const std::string yaml =
      fmt::format("version: 1\nactivations:\n  - {{segment: {}, destination: {}, name: {}}}\n",
                  yaml_text(segment.name), yaml_text(destination.name), yaml_text(name));
  const catalog::ReadResult read = catalog::read(yaml, stored.catalog, {});
  std::vector<std::string> problems;
  for (const catalog::Problem& problem : read.problems) problems.push_back(problem.message);
  if (problems.empty()) {
    auto comparison = catalog::compare(
        stored.catalog, read.catalog, false, [](const std::string&) { return true; },
        stored.archived);
    if (comparison.problems.empty()) return comparison;
    for (const catalog::Problem& problem : comparison.problems) problems.push_back(problem.message);
  }
  return Error{ErrorKind::invalid, "segment `" + segment.name +
                                       "` cannot be activated with the defaults of `" +
                                       destination.name + "`: " + join(problems, "; ")};
}

run::Request request_of(const Stored& stored, const Activation& activation) {
  return {.catalog = stored.catalog,
          .activation = activation,
          .catalog_hash = hash_of(stored.catalog, activation)};
}

}  // namespace

Result<Activated> activate(const World& world, const std::string& segment_name,
                           const std::string& destination_name, const std::string& name) {
  return change(world, [&](const Stored& stored) -> Result<Activated> {
    const Segment& segment = *TRY(find_segment(stored.catalog, segment_name));
    const Destination& to = *TRY(find_destination(stored.catalog, destination_name));
    Activated out{.destination = to.name, .name = name.empty() ? segment.name : name};
    if (const Activation* there = activation_named(stored.catalog, out.destination, out.name)) {
      if (there->segment == segment.name) return out;
      return Error{ErrorKind::invalid,
                   "`" + out.destination + "/" + out.name + "` is there already, for segment `" +
                       there->segment + "`",
                   "Choose another name with `--name`."};
    }
    if (!to.defaults || !to.defaults->match_key)
      return Error{ErrorKind::invalid,
                   "destination `" + to.name + "` has no default activation settings",
                   "Give it `defaults` with a `match_key` and apply the file again, or write the "
                   "activation into a file."};
    const catalog::Comparison comparison = TRY(with_defaults(stored, segment, to, out.name));
    TRY(save(world.store, stored, comparison));
    out.is_new = true;
    out.warnings = comparison.warnings;
    return out;
  });
}

Result<Paused> set_paused(const World& world, const std::string& name, bool paused) {
  return change(world, [&](const Stored& stored) -> Result<Paused> {
    Activation activation = *TRY(find_activation(stored, name));
    Paused out{shown_name(stored.catalog, activation), paused, activation.paused != paused};
    activation.paused = paused;
    if (out.changed) TRY(save(world.store, stored, activation));
    return out;
  });
}

Result<RunReport> run(const World& world, const Stored& stored, const Activation& activation,
                      const RunOptions& options, const std::stop_token& stop) {
  run::Request request = request_of(stored, activation);
  request.trigger = options.trigger;
  request.full = options.full;
  request.new_list = options.new_list;
  request.repair = options.repair;
  request.approve = options.approve;
  request.until = options.until;
  return run::run(world, request, stop);
}

Result<Archived> archive(const World& world, const Stored& stored, const Activation& activation,
                         bool empty_list, const std::stop_token& stop) {
  const auto state = world.states.of(activation.uid);
  const state::Record record = TRY(state->read());
  Archived out{.activation = shown_name(stored.catalog, activation),
               .list = record.list,
               .list_kept = !empty_list,
               .emptied = {}};
  if (empty_list && out.list) {
    run::Request request = request_of(stored, activation);
    request.emptying = true;
    out.emptied = TRY(run::run(world, request, stop));
    if (out.emptied->status != RunStatus::completed) return out;
  }
  const auto writer = TRY(state->take());  // nobody runs it
  TRY(change(world, [&](const Stored& now) -> Status {
    for (const Activation& one : now.catalog.activations)
      if (one.uid == activation.uid) return archive_activation(world.store, now, one);
    return ok_status();  // another has archived it meanwhile
  }));
  out.done = true;
  return out;
}

int64_t ActivationStatus::members() const {
  const StandingCounts& s = record.standing;
  return s.on_list + s.not_a_contact + s.rejected + s.unknown + s.not_sent;
}

Result<ActivationStatus> status(const World& world, const Stored& stored,
                                const Activation& activation) {
  ActivationStatus out{.activation = activation,
                       .name = shown_name(stored.catalog, activation),
                       .state = "never_run",
                       .record = {},
                       .last = {},
                       .last_audit = {}};
  out.last_audit = TRY(run::last_audit(world.store, activation));
  const auto state = world.states.of(activation.uid);
  out.record = TRY(in_context(state->read(), "activation " + activation.name));
  const auto rows = TRY(world.store.runs(activation.uid, 1));
  if (!rows.empty()) {
    out.last = TRY(in_context(run::report_from_json(rows[0].report_json), "run " + rows[0].run_id));
    out.state = to_string(out.last->status);
  }
  if (TRY(state->holder())) {
    out.state = "running";
  } else if (out.record.open_run || out.state == to_string(RunStatus::running)) {
    out.state = "interrupted";
  }
  const auto running =
      out.state == "running" && out.last ? std::optional(out.last->started_at) : std::nullopt;
  out.next_run_at =
      next_run_at(activation, TRY(standing(world, activation.uid)), running, world.clock.now());
  return out;
}

Result<std::vector<ActivationStatus>> status(const World& world, const Stored& stored) {
  std::vector<ActivationStatus> out;
  for (const Activation& activation : stored.catalog.activations)
    out.push_back(TRY(status(world, stored, activation)));
  return out;
}

json to_json(const Paused& paused) {
  return {
      {"activation", paused.activation}, {"paused", paused.paused}, {"changed", paused.changed}};
}

json to_json(const Archived& archived) {
  return {
      {"activation", archived.activation},
      {"archived", archived.done},
      {"list", archived.list ? json{{"id", archived.list->id},
                                    {"left", archived.list_kept ? "kept" : "emptied"}}
                             : json(nullptr)},
      {"run", archived.emptied ? read_json<json>(run::to_json(*archived.emptied)) : json(nullptr)}};
}

json to_json(const ActivationStatus& status) {
  const Activation& a = status.activation;
  const StandingCounts& s = status.record.standing;
  json out = {{"activation", a.name}, {"destination", a.destination}, {"name", status.name},
              {"segment", a.segment}, {"state", status.state},        {"paused", a.paused}};
  out["list"] = status.record.list
                    ? json{{"id", status.record.list->id}, {"name", status.record.list->name}}
                    : json(nullptr);
  out["last_run"] = nullptr;
  out["last_run_at"] = status.last ? json(iso_utc(status.last->started_at)) : json(nullptr);
  if (status.last) {
    const RunReport& last = *status.last;
    out["last_run"] = {
        {"run_id", last.run_id},
        {"status", to_string(last.status)},
        {"started_at", iso_utc(last.started_at)},
        {"finished_at", last.finished_at ? json(iso_utc(*last.finished_at)) : json(nullptr)},
        {"error", last.error ? json(last.error->text()) : json(nullptr)}};
  }
  out["last_audit"] = status.last_audit ? read_json<json>(*status.last_audit) : json(nullptr);
  out["schedule"] = in_words(a.schedule);
  out["next_run_at"] = status.next_run_at ? json(iso_utc(*status.next_run_at)) : json(nullptr);
  out["members"] = status.members();
  out["on_list"] = s.on_list;
  out["parked"] = s.not_a_contact;
  out["rejected"] = s.rejected;
  out["unknown"] = s.unknown;
  out["not_sent"] = s.not_sent;
  out["leavers_on_list"] = s.leavers_on_list;
  return out;
}

}  // namespace rollcall::operations
