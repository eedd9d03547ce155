#include "run/pass.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace rollcall::run {
namespace {

using nlohmann::json;

// Two million people with five attributes fit; the process holds as much beside it.
constexpr int64_t kWorkMemoryMb = 144;
constexpr int64_t kPlentyMb = 1024;

Status keep_targets(const std::vector<attributes::Target>& targets, duck::Connection& work) {
  TRY(
      work.run("CREATE TABLE targets(place BIGINT, field VARCHAR, name VARCHAR, source_type "
               "BIGINT, type BIGINT, makes BOOLEAN, merges BOOLEAN)"));
  for (size_t i = 0; i < targets.size(); ++i) {
    const auto& t = targets[i];
    TRY(work.run(fmt::format("INSERT INTO targets VALUES ({}, {}, {}, {}, {}, {}, {})", i,
                             duck::literal(t.field), duck::literal(t.to), static_cast<int>(t.from),
                             t.type ? static_cast<int>(*t.type) : -1, t.create, t.merge)));
  }
  return ok_status();
}

class Nobody : public source::RowStream {
 public:
  [[nodiscard]] const std::vector<ColumnInfo>& columns() const override { return columns_; }
  Result<bool> next(RowBatch&) override { return false; }

 private:
  std::vector<ColumnInfo> columns_{{.name = "primary key", .type = FieldType::text},
                                   {.name = "key", .type = FieldType::text}};
};

}  // namespace

Result<std::unique_ptr<duck::Database>> open_work_database(const std::filesystem::path& path) {
  auto database = TRY(duck::Database::open(path, {.memory_limit_mb = kWorkMemoryMb}));
  // It lives as long as the run: packing it would take longer than it saves.
  TRY(TRY(database->connect())->run("SET GLOBAL force_compression = 'uncompressed'"));
  return database;
}

Status give_plenty(duck::Connection& work) {
  return work.run(fmt::format("SET GLOBAL memory_limit = '{}MB'", kPlentyMb));
}

Result<std::unique_ptr<Scratch>> Scratch::open(const World& world, const std::string& name) {
  const std::filesystem::path folder = world.home / "tmp";
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) return cannot("make", folder, problem.value());
  std::unique_ptr<Scratch> out(new Scratch(folder / (name + ".duckdb")));
  out->database_ = TRY(open_work_database(out->file_));
  out->connection_ = TRY(out->database_->connect());
  return out;
}

Scratch::~Scratch() {
  connection_.reset();
  database_.reset();
  std::error_code ignored;
  for (const char* tail : {"", ".wal", ".tmp", ".parquet"})
    std::filesystem::remove_all(file_.string() + tail, ignored);
}

Result<segment::Reader> open_segment(const PassInput& input, const std::stop_token& stop) {
  const Segment segment = activated_segment(input.catalog, input.activation);
  const std::filesystem::path temp = input.world.home / "tmp";
  std::error_code problem;
  std::filesystem::create_directories(temp, problem);
  if (problem) return cannot("make", temp, problem.value());
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

snapshot::Spec snapshot_of(const PassInput& input, const std::vector<attributes::Target>& targets) {
  const Segment* segment = input.catalog.segment(input.activation.segment);
  const Model* model = input.catalog.model(segment->model);
  const Source* source = model == nullptr ? nullptr : input.catalog.source(model->source);
  return {.key_type = input.activation.match_key.type,
          .targets = targets,
          .keys_as_written = source != nullptr && source_kind(source->kind).of_texts};
}

Result<snapshot::Snapshot> take_snapshot(const PassInput& input, segment::Reader& reader,
                                         const std::vector<attributes::Target>& targets,
                                         duck::Connection& work, const std::stop_token& stop) {
  const Segment segment = activated_segment(input.catalog, input.activation);
  const auto read = [&]() -> Result<snapshot::Snapshot> {
    const SqlQuery query = TRY(reader.sql({.segment = segment,
                                           .fields = fields_read(input.catalog, input.activation),
                                           .now = input.now}));
    const auto rows = TRY(reader.rows(query, stop));
    return snapshot::take(*rows, snapshot_of(input, targets), work, input.world.observer, stop);
  };
  auto taken = TRY(in_context(read(), "segment " + segment.name));
  TRY(keep_targets(targets, work));
  return taken;
}

Result<snapshot::Snapshot> take_nobody(const World& world, const Activation& activation,
                                       duck::Connection& work) {
  Nobody nobody;
  auto taken =
      TRY(snapshot::take(nobody, {activation.match_key.type, {}}, work, world.observer, {}));
  TRY(keep_targets({}, work));
  return taken;
}

Result<std::vector<attributes::Target>> load_targets(duck::Connection& work) {
  std::vector<attributes::Target> out;
  const auto stream = TRY(work.stream(
      "SELECT field, name, source_type, type, makes, merges FROM targets ORDER BY place"));
  while (const duck::Chunk* chunk = TRY(stream->next())) {
    for (size_t row = 0; row < chunk->rows(); ++row) {
      attributes::Target t;
      t.field = std::string(chunk->text(0, row));
      t.to = std::string(chunk->text(1, row));
      t.from = static_cast<FieldType>(chunk->integer(2, row));
      if (chunk->integer(3, row) >= 0) t.type = static_cast<AttributeType>(chunk->integer(3, row));
      t.create = chunk->integer(4, row) != 0;
      t.merge = chunk->integer(5, row) != 0;
      out.push_back(std::move(t));
    }
  }
  return out;
}

Status keep_plan_numbers(store::Store& store, const std::string& plan_id,
                         const Activation& activation, const plan::GuardNumbers& numbers,
                         Time now) {
  const json kept = {{"removed", numbers.removed},
                     {"added", numbers.added},
                     {"on_list_before", numbers.on_list_before},
                     {"empties", numbers.empties},
                     {"cleared", numbers.cleared}};
  return store.put_plan(
      {plan_id, activation.uid, now, kept.dump(-1, ' ', false, json::error_handler_t::replace)});
}

Result<plan::GuardNumbers> approved_numbers(store::Store& store, const std::string& plan_id,
                                            const Activation& activation) {
  const auto row = store.plan(plan_id);
  if (!row.ok()) {
    if (row.error().kind != ErrorKind::not_found) return Error(row.error());
    return Error{ErrorKind::invalid, "there is no plan `" + plan_id + "`",
                 "The stopped run's report and `rollcall plan` name the plan's id."};
  }
  if (row->activation_uid != activation.uid)
    return Error{ErrorKind::invalid, "plan `" + plan_id + "` is of another activation"};
  if (!row->approved_by.empty())
    return Error{ErrorKind::invalid,
                 "plan `" + plan_id + "` was approved for run " + row->approved_by +
                     ", and an approval counts once",
                 "Approve a plan of today: `rollcall plan` makes one, and so does a stopped run."};
  try {
    const json kept = read_json<json>(row->json);
    return plan::GuardNumbers{kept.at("removed"), kept.at("added"), kept.at("on_list_before"),
                              kept.at("empties"), kept.at("cleared")};
  } catch (const json::exception&) {
    return Error{ErrorKind::corrupt, "plan `" + plan_id + "` cannot be read"};
  }
}

Result<bool> is_approval_of(store::Store& store, const std::string& plan_id,
                            const std::string& run_id) {
  const auto row = store.plan(plan_id);
  if (!row.ok() && row.error().kind == ErrorKind::not_found) return false;
  if (!row.ok()) return Error(row.error());
  return row->approved_by == run_id;
}

}  // namespace rollcall::run
