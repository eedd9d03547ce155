// Values of a source for people and for JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/rows.hpp"

namespace rollcall::cli {

// As people write it: "2026-01-02", "true", "417.5"; nothing for a null.
std::string cell_text(const Column& column, size_t row);
// Numbers as numbers, lists and objects whole; what JSON cannot hold exactly (decimals) as text.
nlohmann::ordered_json cell_json(const Column& column, size_t row);

}  // namespace rollcall::cli
