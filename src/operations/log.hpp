// The log of what people and programs did, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "store/store.hpp"

namespace rollcall::operations {

nlohmann::ordered_json to_json(const store::LogLine& line);

}  // namespace rollcall::operations
