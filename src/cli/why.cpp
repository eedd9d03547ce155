// why: one person, from the data to the list.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

void print(Session& session, const operations::Why& person) {
  session.print("{} in {}\n", plain(person.key), plain(person.activation));
  const auto line = [&](const char* head, const std::string& text) {
    session.print("  {:<10} {}\n", head, plain(text));
  };
  std::string form =
      fmt::format("{} from field `{}`", to_string(person.match_key.type), person.match_key.field);
  if (person.form == KeyForm::malformed) form += "; malformed: no run sends a key of this form";
  line("key", form);
  if (person.in_model.empty()) {
    line("data", "no row of the model has this key now");
  } else {
    std::string rows = "primary key " + person.in_model[0];
    if (person.in_model.size() > 1)
      rows += fmt::format("; {} have this key: {}",
                          counted(static_cast<int64_t>(person.in_model.size()), "row", "rows"),
                          join(person.in_model, ", "));
    line("data", rows);
    line("segment", (person.in_segment.empty() ? "not in `" : "in `") + person.segment + "` now" +
                        (person.conditions.empty()  ? ""
                         : person.combined == "all" ? "; all of these must hold:"
                         : person.combined == "any" ? "; one of these must hold:"
                                                    : "; none of these may hold:"));
    for (const operations::Why::Condition& one : person.conditions)
      line("", (one.holds ? "yes  " : "no   ") + one.text);
  }
  line("state", person.state_text);
  if (person.list) line("list", fmt::format("{} `{}`", person.list->id, person.list->name));
  if (person.row) {
    const state::PersonRow& row = *person.row;
    if (row.wrote_kind != 0)
      line("written", fmt::format("{} on {}", row.wrote_kind == 1 ? "added" : "removed",
                                  date_ms(row.wrote_ms)));
    if (row.tried_ms != 0) line("answered", date_ms(row.tried_ms));
  }
  line("next run", person.next);
}

}  // namespace

Result<int> why(Session& session, const WhyOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Activation& activation = *TRY(operations::find_activation(stored, options.activation));
  const operations::Why person =
      TRY(operations::why(world, stored, activation, options.key, session.stop()));
  if (session.json()) {
    session.print_json(to_json(person));
  } else {
    print(session, person);
  }
  return kDone;
}

}  // namespace rollcall::cli
