// fields: what a destination's project has.
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {

Result<int> fields(Session& session, const std::string& name) {
  using json = nlohmann::ordered_json;
  const Stored stored = TRY(session.stored());
  const Destination& destination = *TRY(find_destination(stored.catalog, name));
  const run::World world = TRY(session.run_world());
  const run::Line line(world, destination);
  const auto fields =
      TRY(in_context(line.reader.fields(session.stop()), "destination " + destination.name));
  json list = json::array();
  Table table({{"field", Table::Align::left, 80}, {"type"}});
  for (const auto& [field, type] : fields) {
    list.push_back({{"name", field}, {"type", type}});
    table.add({field, type});
  }
  if (session.json()) {
    session.print_json({{"destination", destination.name}, {"fields", list}});
  } else if (table.empty()) {
    session.say("the project of `" + destination.name + "` has no fields yet");
  } else {
    session.print_text(table.text());
  }
  return kDone;
}

}  // namespace rollcall::cli
