#include "run/snapshot.hpp"

namespace rollcall::run {
namespace {

class Nobody : public source::RowStream {
 public:
  [[nodiscard]] const std::vector<ColumnInfo>& columns() const override { return columns_; }
  Result<bool> next(RowBatch&) override { return false; }

 private:
  std::vector<ColumnInfo> columns_{{.name = "primary key", .type = FieldType::text},
                                   {.name = "key", .type = FieldType::text}};
};

}  // namespace

Result<segment::Reader> open_segment(const SegmentInput& input, const std::stop_token& stop) {
  const Segment segment = activated_segment(input.catalog, input.activation);
  const std::filesystem::path temp = input.world.home.temp();
  TRY(input.world.disk.make_folder(temp));
  return in_context(
      segment::Reader::open(input.catalog, segment, fields_read(input.catalog, input.activation),
                            {.temp_directory = temp,
                             .stop = stop,
                             .transport = &input.world.transport,
                             .clock = &input.world.clock}),
      "segment " + segment.name);
}

std::vector<std::string> fields_read(const Catalog& catalog, const Activation& activation) {
  const Segment* segment = catalog.segment(activation.segment);
  const Model* model = catalog.model(segment->model);
  std::vector<std::string> out = {model == nullptr ? "" : model->primary_key,
                                  activation.match_key.field};
  for (const Attribute& attribute : activation.attributes) out.push_back(attribute.field);
  return out;
}

Result<std::vector<attributes::Target>> targets_of(const Activation& activation,
                                                   const std::vector<ColumnInfo>& columns) {
  for (const ColumnInfo& column : columns)
    if (column.name == activation.match_key.field)
      TRY(check_key_type(activation.match_key, column));
  return attributes::targets(activation.attributes, columns);
}

state::SnapshotSpec snapshot_of(const SegmentInput& input,
                                const std::vector<attributes::Target>& targets) {
  const Segment* segment = input.catalog.segment(input.activation.segment);
  const Model* model = input.catalog.model(segment->model);
  const Source* source = model == nullptr ? nullptr : input.catalog.source(model->source);
  return {.key_type = input.activation.match_key.type,
          .targets = targets,
          .keys_as_written = source != nullptr && source_kind(source->kind).of_texts};
}

Result<state::Snapshot> take_snapshot(const SegmentInput& input, segment::Reader& reader,
                                      const std::vector<attributes::Target>& targets,
                                      bool of_everybody, state::Work& work,
                                      const std::stop_token& stop) {
  const Segment segment = activated_segment(input.catalog, input.activation);
  const auto read = [&]() -> Result<state::Snapshot> {
    const SqlQuery query = TRY(reader.sql({.segment = segment,
                                           .fields = fields_read(input.catalog, input.activation),
                                           .now = input.now}));
    const auto rows = TRY(reader.rows(query, stop));
    state::SnapshotSpec spec = snapshot_of(input, targets);
    spec.changed_alone = !of_everybody;
    return work.take(*rows, spec, input.world.observer, stop);
  };
  return in_context(read(), "segment " + segment.name);
}

Result<state::Snapshot> take_nobody(const SegmentInput& input, state::Work& work) {
  Nobody nobody;
  return work.take(nobody, {.key_type = input.activation.match_key.type, .targets = {}},
                   input.world.observer, {});
}

}  // namespace rollcall::run
