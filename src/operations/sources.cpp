#include "operations/sources.hpp"

#include <nlohmann/json.hpp>

#include "operations/data_check.hpp"
#include "source/source.hpp"

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

// A field that rows may be told by until somebody says which tells them apart.
Result<std::string> some_field(const World& world, const Catalog& catalog, const Model& model,
                               const std::stop_token& stop) {
  if (!model.fields.empty()) return model.fields[0].name;
  const Source* const source = catalog.source(model.source);
  CHECK(source != nullptr);
  const auto connection = TRY(source::open(*source, source_options(world, stop)));
  const auto columns = TRY(model.sql.empty() ? connection->describe_table(model.table)
                                             : connection->describe_query(model.sql));
  if (columns.empty())
    return Error{ErrorKind::invalid, "model `" + model.name + "` has no columns"};
  return columns[0].name;
}

json key_json(const segment::KeyCheck& key, ModelType type) {
  const bool refused = type == ModelType::users && key.refused();
  return {{"field", key.key},
          {"rows", key.rows},
          {"nulls", key.nulls},
          {"repeated", key.repeated},
          {"examples", key.examples},
          {"verdict", key.good() ? "unique"
                      : refused  ? "refused"
                                 : "tolerated"},
          {"message", key.good() ? "" : key.text()},
          {"remedy", key.good() ? "" : segment::KeyCheck::remedy()}};
}

}  // namespace

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

Result<ModelLook> look_at(const World& world, const Catalog& catalog, const Model& model,
                          const LookRequest& request, const std::stop_token& stop) {
  const std::string where = "model " + model.name;
  Model looked_at = model;
  if (looked_at.primary_key.empty())
    looked_at.primary_key = TRY(in_context(some_field(world, catalog, model, stop), where));
  Catalog with = catalog;
  std::erase_if(with.models, [&](const Model& one) { return one.name == model.name; });
  with.models.push_back(std::move(looked_at));
  ModelLook out{.type = model.type, .preview = {}};
  const auto found = segment::find_types(
      with, [&](const Model& one) { return one.name == model.name; }, source_options(world, stop));
  for (const segment::TypesFound& one : found) {
    if (one.error) return Error(*one.error);
    out.found = one.looks;
  }
  Segment everyone;
  everyone.name = everyone.model = model.name;
  out.preview = TRY(preview(world, with, everyone, request.limit, stop));
  if (request.check_key && !model.primary_key.empty()) {
    segment::Reader reader =
        TRY(segment::Reader::open(with, everyone, {}, source_options(world, stop)));
    out.key = TRY(in_context(reader.check_key(world.clock.now(), stop), where));
  }
  return out;
}

nlohmann::ordered_json to_json(const std::vector<ColumnInfo>& columns) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const ColumnInfo& one : columns)
    out.push_back({{"name", one.name}, {"type", to_string(one.type)}});
  return out;
}

json to_json(const ModelLook& look) {
  const json preview = to_json(look.preview);
  json types = json::array();
  for (const source::Look& table : look.found) {
    json columns = json::array();
    for (const auto& column : table.columns) {
      json one = {{"column", column.name}, {"type", type_text(column.type)}};
      if (!column.doubt.empty()) one["doubt"] = column.doubt;
      columns.push_back(std::move(one));
    }
    types.push_back(
        {{"table", table.table}, {"columns", std::move(columns)}, {"left_out", table.left_out}});
  }
  return {{"fields", preview["fields"]},
          {"rows", preview["rows"]},
          {"types", std::move(types)},
          {"key", look.key ? key_json(*look.key, look.type) : json(nullptr)}};
}

}  // namespace rollcall::operations
