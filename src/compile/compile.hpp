// Segment and model to SQL: the one compiler from the rule tree. Pure: no I/O, no clock; the run's
// fixed instant is passed in. Identifiers and literals pass the dialect's one quoting function at
// the moment of printing and nowhere else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/base.hpp"
#include "core/catalog.hpp"
#include "core/rows.hpp"
#include "core/source_kinds.hpp"
#include "core/sql_query.hpp"

namespace rollcall::compile {

Dialect dialect_of(const Source& source);

// What describing each model's table or query returned, by model name. Holds at least the models
// that the segment reaches through relations and other segments.
using Schemas = std::map<std::string, std::vector<ColumnInfo>>;

// The fields of a model as people see them (declared or all columns, then computed ones), with
// types.
Result<std::vector<ColumnInfo>> fields_of(const Catalog& catalog, const Schemas& schemas,
                                          const std::string& model);

// What a segment is made of: the models whose schema compiling it needs, its own and those reached,
// and the other segments its rule names, each once. Errors: a name that dangles, a cycle of
// segments.
struct Reached {
  std::vector<std::string> models, segments;
};
Result<Reached> reached(const Catalog& catalog, const Segment& segment,
                        const std::vector<std::string>& fields);

struct Query {
  Segment segment;                       // may be unsaved
  std::vector<std::string> fields = {};  // of its model, in this order; the columns of the result
  Time now = {};                         // the run's clock
  bool count_only = false;               // one row: members, and people in the model
  // One row for each value of this field: the value, and members that have it; the most first, at
  // most `limit`.
  std::optional<std::string> count_by = std::nullopt;
  std::optional<int64_t> limit = std::nullopt;
  // Field, and a value as people write it: whoever has or may have it (why).
  std::optional<std::pair<std::string, std::string>> only = std::nullopt;
};

// Errors (invalid, each with a code and the place of the rule's node: a JSON pointer, and line and
// column where the rule came from a file): unknown field, relation or segment with the nearest right
// name; an operator its field's type does not have; a value of the wrong type.
Result<SqlQuery> compile(const Catalog& catalog, const Schemas& schemas, const Query& query,
                         Dialect dialect);

}  // namespace rollcall::compile
