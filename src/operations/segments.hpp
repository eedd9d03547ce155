// Segments without any destination: how large they are, of what they are made, what they share, who
// is in them. A segment here may be a stored one or one under construction: what counts is what is
// handed over. Other segments that its rule names are those of the catalog.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/rows.hpp"
#include "operations/world.hpp"
#include "segment/segment.hpp"

namespace rollcall::operations {

struct CountRequest {
  std::string by;      // a field; empty: no breakdown
  int64_t limit = 20;  // of the values told apart
};
struct Count {
  std::string segment, model;
  Time at;
  int64_t members = 0;
  int64_t people = 0;  // in the model
  std::string by;
  struct Value {
    std::string text;
    std::string json;
    bool null = false;
    int64_t members = 0;
  };
  std::vector<Value> values;  // the most frequent first
  int64_t others = 0;         // members with none of these values
};
Result<Count> count(const World& world, const Catalog& catalog, const Segment& segment,
                    const CountRequest& request, const std::stop_token& stop);
// Keeps it for `history`, where the segment is a stored one.
Status keep(const World& world, const Segment& segment, const Count& count);

struct Sized {
  Time at;
  int64_t members = 0;
  std::string by;  // count | run
  // Of a run: which activation's, and who entered and left since its run before.
  std::string activation = {};
  std::optional<ChangeCounts> changes = std::nullopt;
};
// How large a stored segment was when it was counted and when its activations ran, oldest first.
Result<std::vector<Sized>> history(const World& world, const Stored& stored,
                                   const Segment& segment);

struct RuleEdit {
  Time at;
  std::string who;
  std::string sentence;  // what the rule was from then on; empty where that is not known
};
// When its rule was written and changed, as the log tells, oldest first.
Result<std::vector<RuleEdit>> rule_edits(const World& world, const Segment& segment);

struct Overlap {
  std::string first, second, model;
  int64_t in_first = 0, in_second = 0, both = 0;
  int64_t people = 0;  // in the model
  [[nodiscard]] int64_t only_first() const { return in_first - both; }
  [[nodiscard]] int64_t only_second() const { return in_second - both; }
  [[nodiscard]] int64_t either() const { return in_first + in_second - both; }
};
// Errors: invalid (of two models).
Result<Overlap> overlap(const World& world, const Catalog& catalog, const Segment& first,
                        const Segment& second, const std::stop_token& stop);

constexpr int64_t kPreviewMax = 1000;
struct Preview {
  std::string segment;
  std::vector<ColumnInfo> fields;   // the primary key first, then in the model's order
  std::vector<std::string> labels;  // what people call them
  std::vector<RowBatch> rows;
};
// Some of its people, at most kPreviewMax.
Result<Preview> preview(const World& world, const Catalog& catalog, const Segment& segment,
                        int64_t limit, const std::stop_token& stop);

struct Sql {
  std::string segment, source, text;
};
// The query of the primary keys of its people.
Result<Sql> sql(const World& world, const Catalog& catalog, const Segment& segment,
                const std::stop_token& stop);

struct ModelField {
  ColumnInfo column;
  std::string label;  // what people call it
};
// Those of a model, computed ones too.
Result<std::vector<ModelField>> model_fields(const World& world, const Catalog& catalog,
                                             const Model& model, const std::stop_token& stop);

nlohmann::ordered_json to_json(const std::vector<ModelField>& fields);
nlohmann::ordered_json to_json(const Count& count);
nlohmann::ordered_json to_json(const std::string& segment, const std::vector<Sized>& sizes);
nlohmann::ordered_json to_json(const std::vector<RuleEdit>& edits);
nlohmann::ordered_json to_json(const Overlap& overlap);
nlohmann::ordered_json to_json(const Preview& preview);
nlohmann::ordered_json to_json(const Sql& sql);

}  // namespace rollcall::operations
