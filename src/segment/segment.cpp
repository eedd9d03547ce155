#include "segment/segment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "segment/header.hpp"

namespace rollcall::segment {

namespace {

constexpr int kExamples = 5;
constexpr size_t kLongestShown = 40;  // bytes of a key

Result<std::vector<ColumnInfo>> columns_of(source::Connection& connection, const Model& model,
                                           const std::vector<std::string>& needed) {
  auto columns = model.sql.empty() ? connection.describe_table(model.table)
                                   : connection.describe_query(model.sql);
  if (!columns.ok())
    return about_headers(std::move(columns.error()), needed, connection.looks())
        .in("model " + model.name);
  TRY(in_context(check_columns(model, needed, *columns, connection.looks()),
                 "model " + model.name));
  for (const Field& field : model.fields) {
    if (!field.type) continue;
    const std::string& name = field.column.empty() ? field.name : field.column;
    for (const ColumnInfo& column : *columns)
      if (is_column(column.name, name) && column.type != *field.type &&
          !(column.type == FieldType::json && *field.type == FieldType::object))
        return Error{.kind = ErrorKind::invalid,
                     .message = fmt::format("field `{}` is declared as {}, and column `{}` is {}",
                                            field.name, to_string(*field.type), name,
                                            to_string(column.type)),
                     .remedy = "Correct its `type`, or convert the column in the model's `sql`."}
            .in("model " + model.name);
  }
  return columns;
}

// A table is read in one way, however many models are made of it.
Status add_types(const Model& model, TableTypes& all) {
  for (const auto& [table, columns] : types_of(model))
    for (const auto& [column, type] : columns) {
      const auto [known, fresh] = all[table].emplace(column, type);
      if (fresh || known->second == type) continue;
      if (known->second.type != type.type || known->second.format != type.format)
        return Error{.kind = ErrorKind::invalid,
                     .message = fmt::format("column `{}` of `{}` is {} in one model, and {} in "
                                            "model `{}`",
                                            column, table, to_string(known->second.type),
                                            to_string(type.type), model.name),
                     .remedy = "Declare the field's `type` alike in both."};
      if (type.declared) known->second = type;
    }
  return ok_status();
}

}  // namespace

Result<Reader> Reader::open(const Catalog& catalog, const Segment& segment,
                            const std::vector<std::string>& fields,
                            const source::OpenOptions& options) {
  Reader reader(catalog, segment);
  const Model* model = catalog.model(segment.model);
  if (model == nullptr)
    return Error{ErrorKind::invalid, "segment `" + segment.name + "` is over model `" +
                                         segment.model + "`, which is not there"};
  const Source* from = catalog.source(model->source);
  if (from == nullptr)
    return Error{ErrorKind::invalid, "model `" + model->name + "` is in source `" + model->source +
                                         "`, which is not there"};
  TRY(catalog.sound("segment", segment.name));
  TRY(catalog.sound("model", model->name));
  TRY(catalog.sound("source", from->name));
  reader.dialect_ = compile::dialect_of(*from);
  const auto models = TRY(compile::reached(catalog, segment, fields)).models;
  // What was stored before types were found, or could not be looked at then.
  std::optional<Catalog> found;
  const auto is_new = [&](const Model& one) {
    const auto types = from->options.find("types");
    return source_kind(from->kind).of_texts &&
           (types == from->options.end() || types->second != "text") && one.types.empty() &&
           one.source == model->source &&
           std::find(models.begin(), models.end(), one.name) != models.end();
  };
  if (std::any_of(catalog.models.begin(), catalog.models.end(), is_new)) {
    found = catalog;
    for (TypesFound& one : find_types(*found, is_new, options))
      if (one.error) return std::move(*one.error);
  }
  source::OpenOptions typed = options;
  for (const std::string& name : models) {
    const Model* reached = (found ? *found : catalog).model(name);
    CHECK(reached != nullptr);
    if (reached->source != model->source)
      return Error{ErrorKind::invalid,
                   "model `" + name + "` is in source `" + reached->source + "` and `" +
                       model->name + "` in `" + model->source + "`",
                   "A segment can only reach models of one source."};
    TRY(add_types(*reached, typed.types));
  }
  reader.connection_ = TRY(source::open(*from, typed));
  for (const std::string& name : models) {
    const Model& one = *catalog.model(name);
    const auto needed =
        needed_of(catalog, one, models, &one == model ? fields : std::vector<std::string>());
    reader.schemas_[name] = TRY(columns_of(*reader.connection_, one, needed));
  }
  return reader;
}

Result<std::vector<ColumnInfo>> Reader::fields() const {
  return compile::fields_of(*catalog_, schemas_, segment_.model);
}

Result<SqlQuery> Reader::sql(const compile::Query& query) const {
  return compile::compile(*catalog_, schemas_, query, dialect_);
}

Result<std::vector<ColumnInfo>> Reader::describe(const SqlQuery& query) {
  return connection_->describe_query(query.text);
}

Result<std::unique_ptr<source::RowStream>> Reader::rows(const SqlQuery& query,
                                                        const std::stop_token& stop) {
  return connection_->query(query, stop);
}

Result<Reader::Size> Reader::count(Time now, const std::stop_token& stop) {
  return count(segment_, now, stop);
}

Result<Reader::Size> Reader::count(const Segment& segment, Time now, const std::stop_token& stop) {
  const SqlQuery query = TRY(sql({.segment = segment, .now = now, .count_only = true}));
  const auto stream = TRY(rows(query, stop));
  RowBatch batch;
  if (!TRY(stream->next(batch)) || batch.rows != 1 || batch.columns.size() != 2)
    return Error{ErrorKind::corrupt, "counting segment `" + segment.name + "` gave no number"};
  return Size{batch.columns[0].ints.at(0), batch.columns[1].ints.at(0)};
}

Result<std::optional<source::ValueCounts>> Reader::count_keys(const Model& model) {
  if (!model.sql.empty()) return std::optional<source::ValueCounts>();
  std::string wanted = model.primary_key;
  for (const Field& field : model.fields)
    if (field.name == wanted && !field.column.empty()) wanted = field.column;
  // Of other types two values may become one field's.
  for (const ColumnInfo& column : schemas_.at(model.name))
    if (is_column(column.name, wanted) &&
        (column.type == FieldType::integer || column.type == FieldType::text ||
         column.type == FieldType::decimal))
      return connection_->count_values(model.table, column.name);
  return std::optional<source::ValueCounts>();
}

Result<KeyCheck> Reader::check_key(Time now, const std::stop_token& stop) {
  Segment everyone;
  everyone.model = segment_.model;
  const Model& model = *catalog_->model(segment_.model);
  KeyCheck out{.key = model.primary_key};
  const SqlQuery keys = TRY(sql({.segment = everyone, .fields = {model.primary_key}, .now = now}));
  if (const auto counts = TRY(count_keys(model))) {
    out.rows = counts->rows;
    out.nulls = counts->nulls;
    if (counts->nulls + counts->different == counts->rows) return out;
  }
  // Plain SQL that every engine has.
  const std::string groups = "SELECT k, count(*) AS n FROM (" + keys.text + ") AS t(k) GROUP BY k";
  RowBatch batch;
  {
    const auto stream = TRY(
        rows({"SELECT CAST(coalesce(sum(n), 0) AS BIGINT), "
              "CAST(coalesce(sum(CASE WHEN k IS NULL THEN n ELSE 0 END), 0) AS BIGINT), "
              "CAST(coalesce(sum(CASE WHEN k IS NULL THEN 0 ELSE n - 1 END), 0) AS BIGINT) FROM (" +
                  groups + ") AS g",
              {"rows", "nulls", "repeated"}},
             stop));
    if (!TRY(stream->next(batch)) || batch.rows != 1 || batch.columns.size() != 3)
      return Error{ErrorKind::corrupt, "counting the keys gave no number"};
    out.rows = batch.columns[0].ints.at(0);
    out.nulls = batch.columns[1].ints.at(0);
    out.repeated = batch.columns[2].ints.at(0);
  }
  if (out.repeated == 0) return out;
  const auto stream =
      TRY(rows({"SELECT k, CAST(n AS BIGINT) FROM (" + groups +
                    ") AS g WHERE n > 1 AND k IS NOT NULL ORDER BY n DESC, k LIMIT " +
                    std::to_string(kExamples),
                {"key", "rows"}},
               stop));
  while (TRY(stream->next(batch)))
    for (size_t row = 0; row < batch.rows; ++row)
      out.examples.push_back(fmt::format("`{}` ({}×)",
                                         text_of(batch.columns[0], row).substr(0, kLongestShown),
                                         text_of(batch.columns[1], row)));
  return out;
}

std::string KeyCheck::text() const {
  const auto share = [&](int64_t part) {
    return fmt::format("{} of {} ({:.2g} %)", thousands(part), thousands(rows),
                       100.0 * static_cast<double>(part) / static_cast<double>(rows));
  };
  std::string out = "primary key `" + key + "`:";
  if (repeated > 0) out += " rows that repeat a key: " + share(repeated);
  if (!examples.empty()) out += ", e.g. " + join(examples, ", ");
  if (nulls > 0) out += (repeated > 0 ? ";" : "") + (" rows without a key: " + share(nulls));
  return out;
}

std::string KeyCheck::remedy() {
  return "Choose a primary key that is unique and never null, or make it so in the model's `sql`.";
}

}  // namespace rollcall::segment
