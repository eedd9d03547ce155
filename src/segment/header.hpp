// A title above a header may be read as it, and then no column is where the model says. The line that
// was read is named and not shown, since it may be somebody's data.
#pragma once

#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/catalog.hpp"
#include "source/source.hpp"

namespace rollcall::segment {

// The columns that a model cannot do without, here: its fields where it names them, or else its key,
// those of the relations between the models that are reached, and `wanted`.
std::vector<std::string> needed_of(const Catalog& catalog, const Model& model,
                                   const std::vector<std::string>& reached,
                                   const std::vector<std::string>& wanted);
// Whether the columns of a table of texts are there.
Status check_columns(const Model& model, const std::vector<std::string>& needed,
                     const std::vector<ColumnInfo>& columns,
                     const std::vector<source::Look>& looks);
// What the engine says to a model's query, which may come of that, too.
Error about_headers(Error error, const std::vector<std::string>& needed,
                    const std::vector<source::Look>& looks);

}  // namespace rollcall::segment
