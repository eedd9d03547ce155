// Values of a source for JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/rows.hpp"

namespace rollcall::operations {

// Numbers as numbers, lists and objects whole; what JSON cannot hold exactly (decimals) as text.
nlohmann::ordered_json cell_json(const Column& column, size_t row);

}  // namespace rollcall::operations
