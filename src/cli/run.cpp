// run, activate, plan: what calls Iterable on behalf of an activation.
#include "run/run.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/report_text.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

Result<int> carry_out(Session& session, const operations::World& world,
                      const operations::Stored& stored, const Activation& activation,
                      const operations::RunOptions& options) {
  const RunReport report = TRY(operations::run(world, stored, activation, options, session.stop()));
  if (session.json()) {
    session.print_text(run::to_json(report) + "\n");
  } else {
    session.print_text(in_lines(report));
  }
  if (report.error) session.say(report.error->text());
  return run::exit_code(report);
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
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Activation& activation = *TRY(operations::find_activation(stored, options.activation));
  if (activation.paused)
    session.say("`" + operations::shown_name(stored.catalog, activation) +
                "` is paused: it does not run by itself, but runs now because you ask for it");
  return carry_out(
      session, world, stored, activation,
      {.full = options.full, .new_list = options.new_list, .approve = options.approve});
}

Result<int> activate(Session& session, const ActivateOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::Activated made =
      TRY(operations::activate(world, options.segment, options.destination, options.name));
  if (!made.is_new) session.say("`" + made.name + "` is there already, and runs now");
  for (const std::string& warning : made.warnings) session.say("warning: " + warning);
  const operations::Stored stored = TRY(operations::stored(world));
  const Activation* const activation =
      operations::activation_named(stored.catalog, made.destination, made.name);
  if (activation == nullptr)
    return Error{ErrorKind::conflict, "`" + made.name + "` was archived in the meantime"};
  return carry_out(session, world, stored, *activation, {.trigger = Trigger::activation});
}

Result<int> plan(Session& session, const PlanOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Activation& activation = *TRY(operations::find_activation(stored, options.activation));
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
