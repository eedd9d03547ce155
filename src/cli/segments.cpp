// preview, sql: a segment looked at, without any destination.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/cells.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/text.hpp"
#include "segment/segment.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr int64_t kPreviewMax = 1000;

const Model* model_of(const Catalog& catalog, const Segment& segment) {
  return catalog.model(segment.model);
}

std::vector<std::string> computed_of(const Catalog& catalog, const Segment& segment) {
  std::vector<std::string> out;
  if (const Model* model = model_of(catalog, segment))
    for (const ComputedField& field : model->computed) out.push_back(field.name);
  return out;
}

// What people call a field.
std::string label_of(const Model& model, const std::string& name) {
  for (const Field& field : model.fields)
    if (field.name == name && !field.label.empty()) return field.label;
  for (const ComputedField& field : model.computed)
    if (field.name == name && !field.label.empty()) return field.label;
  return name;
}

// As many columns as the line has room for.
std::string table_of(const std::vector<std::string>& labels,
                     const std::vector<std::vector<std::string>>& rows, size_t columns,
                     size_t& shown) {
  constexpr size_t kWidest = 32;
  constexpr size_t kBetween = 2;
  size_t used = 0;
  shown = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    size_t needed = std::min(kWidest, width(labels[i]));
    for (const auto& row : rows) needed = std::max(needed, std::min(kWidest, width(row[i])));
    used += needed + (i ? kBetween : 0);
    if (i > 0 && used > columns) break;
    ++shown;
  }
  std::vector<Table::Column> heads;
  for (size_t i = 0; i < shown; ++i) heads.push_back({labels[i], Table::Align::left, kWidest});
  Table table(std::move(heads));
  for (const auto& row : rows)
    table.add({row.begin(), row.begin() + static_cast<ptrdiff_t>(shown)});
  return table.text();
}

}  // namespace

Result<int> preview(Session& session, const PreviewOptions& options) {
  const Stored stored = TRY(session.stored());
  const Segment& segment = *TRY(find_segment(stored.catalog, options.segment));
  if (options.limit < 1) return Error{ErrorKind::invalid, "--limit must be at least 1"};
  const int64_t limit = std::min(options.limit, kPreviewMax);
  if (limit < options.limit)
    session.say(fmt::format("a preview shows at most {} rows", thousands(kPreviewMax)));
  segment::Reader reader = TRY(segment::Reader::open(
      stored.catalog, segment, computed_of(stored.catalog, segment), session.source_options()));
  const Model& model = *model_of(stored.catalog, segment);
  // The primary key stands first.
  std::vector<std::string> fields = {model.primary_key};
  std::vector<std::string> labels = {label_of(model, model.primary_key)};
  for (const ColumnInfo& field : TRY(reader.fields())) {
    if (field.name == model.primary_key) continue;
    fields.push_back(field.name);
    labels.push_back(label_of(model, field.name));
  }
  const SqlQuery query = TRY(reader.sql(
      {.segment = segment, .fields = fields, .now = session.world().clock.now(), .limit = limit}));
  const auto stream = TRY(reader.rows(query, session.stop()));
  RowBatch batch;
  json list = json::array();
  std::vector<std::vector<std::string>> rows;
  while (TRY(stream->next(batch))) {
    for (size_t row = 0; row < batch.rows; ++row) {
      json object = json::object();
      std::vector<std::string> cells;
      for (size_t i = 0; i < batch.columns.size(); ++i) {
        if (session.json())
          object[fields[i]] = cell_json(batch.columns[i], row);
        else
          cells.push_back(text_of(batch.columns[i], row));
      }
      session.json() ? list.push_back(std::move(object)) : rows.push_back(std::move(cells));
    }
  }
  if (session.json()) {
    json columns = json::array();
    for (size_t i = 0; i < fields.size(); ++i)
      columns.push_back({{"name", fields[i]},
                         {"label", labels[i]},
                         {"type", to_string(stream->columns()[i].type)}});
    session.print_json({{"segment", segment.name}, {"fields", columns}, {"rows", list}});
    return kDone;
  }
  if (rows.empty()) {
    session.say("nobody is in segment `" + segment.name + "` now");
    return kDone;
  }
  size_t shown = 0;
  const size_t columns =
      session.world().out_is_terminal ? static_cast<size_t>(session.world().columns) : 160;
  session.print_text(table_of(labels, rows, columns, shown));
  if (shown < labels.size())
    session.print(
        "… and {}: {} (--json shows them)\n",
        counted(static_cast<int64_t>(labels.size() - shown), "field", "fields"),
        plain(join({labels.begin() + static_cast<ptrdiff_t>(shown), labels.end()}, ", ")));
  return kDone;
}

Result<int> sql(Session& session, const std::string& name) {
  const Stored stored = TRY(session.stored());
  const Segment& segment = *TRY(find_segment(stored.catalog, name));
  const Model* model = model_of(stored.catalog, segment);
  std::vector<std::string> fields;
  if (model != nullptr) fields.push_back(model->primary_key);
  segment::Reader reader =
      TRY(segment::Reader::open(stored.catalog, segment, fields, session.source_options()));
  const SqlQuery query =
      TRY(reader.sql({.segment = segment, .fields = fields, .now = session.world().clock.now()}));
  if (session.json()) {
    session.print_json({{"segment", segment.name}, {"source", model->source}, {"sql", query.text}});
  } else {
    session.print_text(query.text + (query.text.ends_with('\n') ? "" : "\n"));
  }
  return kDone;
}

}  // namespace rollcall::cli
