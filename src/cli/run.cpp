// run, activate, plan: what calls Iterable on behalf of an activation.
#include "run/run.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "catalog/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/report_text.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

Result<int> carry_out(Session& session, const Stored& stored, const Activation& activation,
                      const RunOptions& options, Trigger trigger) {
  const run::World world = TRY(session.run_world());
  run::Request request{.catalog = stored.catalog,
                       .activation = activation,
                       .catalog_hash = hash_of(stored.catalog),
                       .trigger = trigger,
                       .full = options.full,
                       .new_list = options.new_list,
                       .approve = options.approve};
  const RunReport report = TRY(run::run(world, request, session.stop()));
  if (session.json()) {
    session.print_text(run::to_json(report) + "\n");
  } else {
    session.print_text(in_lines(report));
  }
  if (report.error) session.say(report.error->text());
  return run::exit_code(report);
}

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

const Activation* bearing(const Catalog& catalog, const std::string& destination,
                          const std::string& name) {
  for (const Activation& one : catalog.activations)
    if (one.destination == destination && one.name == name) return &one;
  return nullptr;
}

void print(Session& session, const run::PlanReport& p) {
  session.print("Plan {} of {} → {}; nothing was written\n", p.plan_id, plain(p.activation),
                plain(p.destination));
  const auto line = [&](const char* name, const std::string& text) {
    session.print("  {:<9} {}\n", name, plain(text));
  };
  line("list", p.list);
  line("segment", in_words(p.segment));
  line("changes", in_words(p.changes));
  if (p.parked.people > 0) line("parked", in_words(p.parked));
  if (!p.fields_to_create.empty())
    line("creates",
         counted(static_cast<int64_t>(p.fields_to_create.size()), "field: ", "fields: ") +
             join(p.fields_to_create, ", "));
  for (const std::string& missing : p.fields_missing) line("missing", missing);
  line("proof", p.proof);
  if (!p.proof_choice.why.empty()) line("because", p.proof_choice.why);
  for (const auto& [by, one] : p.proof_by)
    line(by == p.proof_rules.by ? "risk" : "instead",
         fmt::format("{}`by: {}` takes {} calls and about {}: {}",
                     by == p.proof_rules.by ? "" : "proof ", to_string(by), thousands(one.calls),
                     duration(Millis(static_cast<int64_t>(one.seconds * 1000))), one.risk));
  line("forecast", fmt::format("{}, about {}", counted(p.forecast_calls, "call", "calls"),
                               duration(Millis(static_cast<int64_t>(p.forecast_seconds * 1000)))));
  if (p.breaches.empty()) line("guard", "lets it pass");
  for (const auto& breach : p.breaches)
    line("guard", "would stop it: " + breach.message + " (" + breach.limit + ")");
  for (const std::string& warning : p.warnings) line("warning", warning);
  const int64_t all = p.changes.entered + p.changes.left + p.changes.changed + p.changes.retried;
  if (p.people.empty()) return;
  const bool looked = std::any_of(p.people.begin(), p.people.end(),
                                  [](const auto& one) { return one.contact.has_value(); });
  std::vector<Table::Column> columns = {{"change"}, {"key"}, {"why", Table::Align::left, 60}};
  if (looked) columns.push_back({"contact"});
  columns.push_back({"attributes", Table::Align::left, 60});
  Table table(std::move(columns));
  for (const run::PlannedPerson& one : p.people) {
    std::vector<std::string> cells = {std::string(to_string(one.kind)), one.key, one.why};
    if (looked) cells.emplace_back(!one.contact ? "" : *one.contact ? "yes" : "no");
    cells.push_back(join(one.attributes, ", "));
    table.add(std::move(cells));
  }
  session.print("\n{}", table.text());
  if (!p.people_complete)
    session.print("… {} of {} (--all names everybody)\n",
                  thousands(static_cast<int64_t>(p.people.size())), people(all));
}

}  // namespace

Result<int> run(Session& session, const RunOptions& options) {
  const Stored stored = TRY(session.stored());
  const Activation& activation = *TRY(find_activation(stored, options.activation));
  if (activation.paused)
    session.say("`" + shown_name(stored.catalog, activation) +
                "` is paused: it does not run by itself, but runs now because you ask for it");
  return carry_out(session, stored, activation, options, Trigger::manual);
}

Result<int> activate(Session& session, const ActivateOptions& options) {
  std::string segment, destination, name;
  TRY(session.change([&](const Stored& stored) -> Status {
    const Segment& activated = *TRY(find_segment(stored.catalog, options.segment));
    const Destination& to = *TRY(find_destination(stored.catalog, options.destination));
    segment = activated.name;
    destination = to.name;
    name = options.name.empty() ? segment : options.name;
    if (const Activation* there = bearing(stored.catalog, destination, name)) {
      if (there->segment != segment)
        return Error{ErrorKind::invalid,
                     "`" + destination + "/" + name + "` is there already, for segment `" +
                         there->segment + "`",
                     "Choose another name with `--name`."};
      session.say("`" + name + "` is there already, and runs now");
      return ok_status();
    }
    if (!to.defaults || !to.defaults->match_key)
      return Error{ErrorKind::invalid,
                   "destination `" + destination + "` has no default activation settings",
                   "Give it `defaults` with a `match_key` and apply the file again, or write the "
                   "activation into a file."};
    const catalog::Comparison comparison = TRY(with_defaults(stored, activated, to, name));
    TRY(save(*TRY(session.store()), stored, comparison));
    for (const std::string& warning : comparison.warnings) session.say("warning: " + warning);
    return ok_status();
  }));
  const Stored stored = TRY(session.stored());
  const Activation* activation = bearing(stored.catalog, destination, name);
  if (activation == nullptr)
    return Error{ErrorKind::conflict, "`" + name + "` was archived in the meantime"};
  return carry_out(session, stored, *activation, {}, Trigger::activation);
}

Result<int> plan(Session& session, const PlanOptions& options) {
  const Stored stored = TRY(session.stored());
  const Activation& activation = *TRY(find_activation(stored, options.activation));
  const run::World world = TRY(session.run_world());
  const run::PlanReport report = TRY(run::plan(world,
                                               {.catalog = stored.catalog,
                                                .activation = activation,
                                                .prove = options.prove,
                                                .everybody = options.all},
                                               session.stop()));
  if (session.json()) {
    session.print_text(run::to_json(report) + "\n");
  } else {
    print(session, report);
  }
  return kDone;
}

}  // namespace rollcall::cli
