#include "segment/segment.hpp"

namespace rollcall::segment {

namespace {

Result<std::vector<ColumnInfo>> describe(source::Connection& connection, const Model& model) {
  auto columns = model.sql.empty() ? connection.describe_table(model.table)
                                   : connection.describe_query(model.sql);
  return in_context(std::move(columns), "model " + model.name);
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
  reader.dialect_ = compile::dialect_of(*from);
  reader.connection_ = TRY(source::open(*from, options));
  for (const std::string& name : TRY(compile::models_reached(catalog, segment, fields))) {
    const Model* reached = catalog.model(name);
    CHECK(reached != nullptr);
    if (reached->source != model->source)
      return Error{ErrorKind::invalid,
                   "model `" + name + "` is in source `" + reached->source + "` and `" +
                       model->name + "` in `" + model->source + "`",
                   "A segment can only reach models of one source."};
    reader.schemas_[name] = TRY(describe(*reader.connection_, *reached));
  }
  return reader;
}

Result<std::vector<ColumnInfo>> Reader::fields() const {
  return compile::fields_of(*catalog_, schemas_, segment_.model);
}

Result<SqlQuery> Reader::sql(const compile::Query& query) const {
  return compile::compile(*catalog_, schemas_, query, dialect_);
}

Result<std::unique_ptr<source::RowStream>> Reader::rows(const SqlQuery& query,
                                                        const std::stop_token& stop) {
  return connection_->query(query, stop);
}

Result<Reader::Size> Reader::count(Time now, const std::stop_token& stop) {
  const SqlQuery query = TRY(sql({.segment = segment_, .now = now, .count_only = true}));
  const auto stream = TRY(rows(query, stop));
  RowBatch batch;
  if (!TRY(stream->next(batch)) || batch.rows != 1 || batch.columns.size() != 2)
    return Error{ErrorKind::corrupt, "counting segment `" + segment_.name + "` gave no number"};
  return Size{batch.columns[0].ints.at(0), batch.columns[1].ints.at(0)};
}

Result<std::vector<ColumnInfo>> fields_of_model(const Catalog& catalog, const std::string& model,
                                                const source::OpenOptions& options) {
  Segment everyone;
  everyone.name = model;
  everyone.model = model;
  const Model* found = catalog.model(model);
  if (found == nullptr) return Error{ErrorKind::invalid, "there is no model `" + model + "`"};
  std::vector<std::string> computed;
  for (const ComputedField& field : found->computed) computed.push_back(field.name);
  return TRY(Reader::open(catalog, everyone, computed, options)).fields();
}

}  // namespace rollcall::segment
