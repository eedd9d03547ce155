#include "operations/sources.hpp"

#include <nlohmann/json.hpp>

#include "source/source.hpp"

namespace rollcall::operations {

Result<std::vector<std::string>> tables(const World& world, const Source& source,
                                        const std::stop_token& stop) {
  const auto connection = TRY(source::open(source, source_options(world, stop)));
  return in_context(connection->tables(), "source " + source.name);
}

Result<std::vector<ColumnInfo>> columns(const World& world, const Source& source,
                                        const std::string& table, const std::stop_token& stop) {
  const auto connection = TRY(source::open(source, source_options(world, stop)));
  return in_context(connection->describe_table(table), "source " + source.name);
}

nlohmann::ordered_json to_json(const std::vector<ColumnInfo>& columns) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const ColumnInfo& one : columns)
    out.push_back({{"name", one.name}, {"type", to_string(one.type)}});
  return out;
}

}  // namespace rollcall::operations
