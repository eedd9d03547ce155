// What a source holds, for who makes a model of it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/rows.hpp"
#include "operations/world.hpp"

namespace rollcall::operations {

// Its tables, as a model's `table` names them.
Result<std::vector<std::string>> tables(const World& world, const Source& source,
                                        const std::stop_token& stop);
// The columns of one. Errors: not_found, with the nearest.
Result<std::vector<ColumnInfo>> columns(const World& world, const Source& source,
                                        const std::string& table, const std::stop_token& stop);

nlohmann::ordered_json to_json(const std::vector<ColumnInfo>& columns);

}  // namespace rollcall::operations
