// What a source holds, for who makes a model of it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/rows.hpp"
#include "operations/segments.hpp"
#include "operations/world.hpp"
#include "segment/segment.hpp"

namespace rollcall::operations {

// Its tables, as a model's `table` names them.
Result<std::vector<std::string>> tables(const World& world, const Source& source,
                                        const std::stop_token& stop);
// The columns of one. Errors: not_found, with the nearest.
Result<std::vector<ColumnInfo>> columns(const World& world, const Source& source,
                                        const std::string& table, const std::stop_token& stop);

struct LookRequest {
  int64_t limit = 10;      // rows
  bool check_key = false;  // by a look at all rows
};
// What a model under construction holds. One without a primary key, and one that names relations
// and computed fields, is looked at like any other.
struct ModelLook {
  ModelType type = ModelType::users;
  Preview preview;
  std::vector<source::Look> found = {};  // the types of files that do not say them
  std::optional<segment::KeyCheck> key = std::nullopt;
};
// `model` stands for the one of its name in `catalog`, if there is one.
Result<ModelLook> look_at(const World& world, const Catalog& catalog, const Model& model,
                          const LookRequest& request, const std::stop_token& stop);

nlohmann::ordered_json to_json(const std::vector<ColumnInfo>& columns);
nlohmann::ordered_json to_json(const ModelLook& look);

}  // namespace rollcall::operations
