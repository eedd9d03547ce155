// fields: what a destination's project has.
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {

Result<int> fields(Session& session, const std::string& name) {
  using json = nlohmann::ordered_json;
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Destination& destination = *TRY(operations::find_destination(stored.catalog, name));
  const auto fields = TRY(operations::fields(world, destination, session.stop()));
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
