#include "operations/segments.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "operations/cells.hpp"
#include "operations/names.hpp"
#include "operations/rule_words.hpp"

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

constexpr size_t kCountsKept = 500;  // of one segment
constexpr const char* kFact = "counts";

json ratio(int64_t part, int64_t whole) {
  if (whole == 0) return nullptr;
  return static_cast<double>(part) / static_cast<double>(whole);
}

Result<std::vector<Sized>> counts_kept(const World& world, const std::string& uid) {
  const auto fact = TRY(world.store.fact(uid, kFact));
  std::vector<Sized> out;
  if (!fact) return out;
  for (const json& one : read_json<json>(*fact))
    if (one.is_array() && one.size() == 2 && one[0].is_number_integer() &&
        one[1].is_number_integer())
      out.push_back({Time(Millis(one[0].get<int64_t>())), one[1], "count"});
  return out;
}

Result<std::vector<Count::Value>> values_of(segment::Reader& reader, const compile::Query& query,
                                            const std::stop_token& stop) {
  const auto stream = TRY(reader.rows(TRY(reader.sql(query)), stop));
  std::vector<Count::Value> out;
  RowBatch batch;
  while (TRY(stream->next(batch)))
    for (size_t row = 0; row < batch.rows; ++row)
      out.push_back({text_of(batch.columns[0], row), cell_json(batch.columns[0], row).dump(),
                     batch.columns[0].valid[row] == 0, batch.columns[1].ints.at(row)});
  return out;
}

std::vector<std::string> computed_of(const Catalog& catalog, const Segment& segment) {
  std::vector<std::string> out;
  if (const Model* model = catalog.model(segment.model))
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

}  // namespace

Result<Count> count(const World& world, const Catalog& catalog, const Segment& segment,
                    const CountRequest& request, const std::stop_token& stop) {
  const std::string where = "segment " + segment.name;
  Count out{.segment = segment.name,
            .model = segment.model,
            .at = world.clock.now(),
            .by = request.by,
            .values = {}};
  std::vector<std::string> fields;
  if (!request.by.empty()) fields.push_back(request.by);
  segment::Reader reader =
      TRY(segment::Reader::open(catalog, segment, fields, source_options(world, stop)));
  if (!request.by.empty())
    out.values = TRY(in_context(
        values_of(
            reader,
            {.segment = segment, .now = out.at, .count_by = request.by, .limit = request.limit},
            stop),
        where));
  const auto size = TRY(in_context(reader.count(out.at, stop), where));
  out.members = size.members;
  out.people = size.people;
  out.others = size.members;
  for (const Count::Value& one : out.values) out.others -= one.members;
  out.others = std::max<int64_t>(out.others, 0);  // the data may have changed in between
  return out;
}

Status keep(const World& world, const Segment& segment, const Count& count) {
  if (segment.uid.empty()) return ok_status();
  std::vector<Sized> counts = TRY(counts_kept(world, segment.uid));
  counts.push_back({count.at, count.members, "count"});
  const size_t too_many = counts.size() - std::min(counts.size(), kCountsKept);
  json kept = json::array();
  for (size_t i = too_many; i < counts.size(); ++i)
    kept.push_back({counts[i].at.time_since_epoch().count(), counts[i].members});
  return world.store.put_fact(segment.uid, kFact, kept.dump());
}

Result<std::vector<Sized>> history(const World& world, const Stored& stored,
                                   const Segment& segment) {
  std::vector<Sized> out = TRY(counts_kept(world, segment.uid));
  for (const auto* activations : {&stored.catalog.activations, &stored.archived}) {
    for (const Activation& activation : *activations) {
      if (activation.segment != segment.name) continue;
      for (const store::RunRow& row : TRY(world.store.runs(activation.uid, kCountsKept))) {
        const auto report = run::report_from_json(row.report_json);
        if (!report.ok() || report->segment.rows == 0) continue;
        out.push_back({row.started_at, report->segment.rows, "run",
                       shown_name(stored.catalog, activation), report->changes});
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const Sized& a, const Sized& b) { return a.at < b.at; });
  return out;
}

Result<std::vector<RuleEdit>> rule_edits(const World& world, const Segment& segment) {
  constexpr int kLines = 1000;
  const auto rule_in = [](const std::string& text) {
    const json object = read_json<json>(text);
    const auto at = object.is_object() ? object.find("where") : object.end();
    return at == object.end() ? std::string(R"({"all": []})") : at->dump();
  };
  std::vector<RuleEdit> out;
  for (const store::LogLine& line :
       TRY(world.store.logged({.kind = "segment", .uid = segment.uid, .limit = kLines}))) {
    const std::string rule = rule_in(line.after);
    if (line.after.empty() || (!line.before.empty() && rule == rule_in(line.before))) continue;
    const auto read = catalog::read_rule(rule);
    out.push_back({line.at, line.who, read.ok() ? in_words(*read) : ""});
  }
  // A file that was applied is one line of the log, which tells the names of what changed.
  for (const store::LogLine& line :
       TRY(world.store.logged({.action = "applied", .kind = "catalog", .limit = kLines})))
    for (const json& change : read_json<json>(line.after)) {
      const bool is_it = change.is_object() && change.value("kind", "") == "segment" &&
                         change.value("name", "") == segment.name;
      const std::string what = is_it ? change.value("what", "") : "";
      const bool of_rule =
          change.is_object() && change.value("keys", "").find("where") != std::string::npos;
      if (what == "created" || (what == "changed" && of_rule))
        out.push_back({line.at, line.who, ""});
    }
  std::sort(out.begin(), out.end(),
            [](const RuleEdit& a, const RuleEdit& b) { return a.at < b.at; });
  return out;
}

Result<Overlap> overlap(const World& world, const Catalog& catalog, const Segment& first,
                        const Segment& second, const std::stop_token& stop) {
  if (first.model != second.model)
    return Error{ErrorKind::invalid,
                 "segment `" + first.name + "` is of model `" + first.model + "`, and `" +
                     second.name + "` of `" + second.model + "`",
                 "Only segments of one model share people."};
  Segment both;
  both.name = first.name + " and " + second.name;
  both.model = first.model;
  both.where.test = AllOf{{first.where, second.where}};
  // One connection: all counts are of one instant, where the source has such.
  segment::Reader reader =
      TRY(segment::Reader::open(catalog, both, {}, source_options(world, stop)));
  const Time now = world.clock.now();
  const auto of = [&](const Segment& one) {
    return in_context(reader.count(one, now, stop), "segment " + one.name);
  };
  const auto a = TRY(of(first)), b = TRY(of(second)), shared = TRY(of(both));
  return Overlap{.first = first.name,
                 .second = second.name,
                 .model = first.model,
                 .in_first = a.members,
                 .in_second = b.members,
                 .both = shared.members,
                 .people = a.people};
}

Result<std::vector<ModelField>> model_fields(const World& world, const Catalog& catalog,
                                             const Model& model, const std::stop_token& stop) {
  Segment everyone;
  everyone.name = everyone.model = model.name;
  segment::Reader reader = TRY(segment::Reader::open(
      catalog, everyone, computed_of(catalog, everyone), source_options(world, stop)));
  std::vector<ModelField> out;
  for (ColumnInfo& column : TRY(reader.fields())) {
    std::string label = label_of(model, column.name);
    out.push_back({std::move(column), std::move(label)});
  }
  return out;
}

Result<Preview> preview(const World& world, const Catalog& catalog, const Segment& segment,
                        int64_t limit, const std::stop_token& stop) {
  segment::Reader reader = TRY(segment::Reader::open(
      catalog, segment, computed_of(catalog, segment), source_options(world, stop)));
  const Model& model = *catalog.model(segment.model);
  std::vector<std::string> names = {model.primary_key};
  for (const ColumnInfo& field : TRY(reader.fields()))
    if (field.name != model.primary_key) names.push_back(field.name);
  const SqlQuery query = TRY(reader.sql({.segment = segment,
                                         .fields = names,
                                         .now = world.clock.now(),
                                         .limit = std::min(limit, kPreviewMax)}));
  const auto stream = TRY(reader.rows(query, stop));
  Preview out{.segment = segment.name, .fields = stream->columns(), .labels = {}, .rows = {}};
  for (size_t i = 0; i < names.size(); ++i) {
    out.fields[i].name = names[i];
    out.labels.push_back(label_of(model, names[i]));
  }
  RowBatch batch;
  while (TRY(stream->next(batch))) out.rows.push_back(std::exchange(batch, {}));
  return out;
}

Result<Sql> sql(const World& world, const Catalog& catalog, const Segment& segment,
                const std::stop_token& stop) {
  std::vector<std::string> fields;
  const Model* const model = catalog.model(segment.model);
  if (model != nullptr) fields.push_back(model->primary_key);
  segment::Reader reader =
      TRY(segment::Reader::open(catalog, segment, fields, source_options(world, stop)));
  const SqlQuery query =
      TRY(reader.sql({.segment = segment, .fields = fields, .now = world.clock.now()}));
  return Sql{segment.name, model->source, query.text};
}

json to_json(const std::vector<ModelField>& fields) {
  json out = json::array();
  for (const ModelField& one : fields)
    out.push_back(
        {{"name", one.column.name}, {"type", to_string(one.column.type)}, {"label", one.label}});
  return out;
}

json to_json(const Count& count) {
  json out = {{"segment", count.segment},
              {"model", count.model},
              {"members", count.members},
              {"people", count.people},
              {"share", ratio(count.members, count.people)}};
  if (count.by.empty()) return out;
  json list = json::array();
  for (const Count::Value& one : count.values)
    list.push_back({{"value", read_json<json>(one.json)},
                    {"members", one.members},
                    {"share", ratio(one.members, count.members)}});
  out["by"] = count.by;
  out["values"] = std::move(list);
  out["others"] = count.others;
  return out;
}

json to_json(const std::string& segment, const std::vector<Sized>& sizes) {
  json list = json::array();
  for (const Sized& one : sizes) {
    json size = {{"at", iso_utc(one.at)}, {"members", one.members}, {"by", one.by}};
    if (one.changes) {
      size["activation"] = one.activation;
      size["entered"] = one.changes->entered;
      size["left"] = one.changes->left;
    }
    list.push_back(std::move(size));
  }
  return {{"segment", segment}, {"sizes", std::move(list)}};
}

json to_json(const std::vector<RuleEdit>& edits) {
  json out = json::array();
  for (const RuleEdit& one : edits)
    out.push_back({{"at", iso_utc(one.at)}, {"who", one.who}, {"sentence", one.sentence}});
  return out;
}

json to_json(const Overlap& overlap) {
  return {{"segments", {overlap.first, overlap.second}},
          {"model", overlap.model},
          {"members", {overlap.in_first, overlap.in_second}},
          {"both", overlap.both},
          {"only", {overlap.only_first(), overlap.only_second()}},
          {"either", overlap.either()},
          {"people", overlap.people}};
}

json to_json(const Preview& preview) {
  json fields = json::array(), rows = json::array();
  for (size_t i = 0; i < preview.fields.size(); ++i)
    fields.push_back({{"name", preview.fields[i].name},
                      {"label", preview.labels[i]},
                      {"type", to_string(preview.fields[i].type)}});
  for (const RowBatch& batch : preview.rows)
    for (size_t row = 0; row < batch.rows; ++row) {
      json object = json::object();
      for (size_t i = 0; i < batch.columns.size(); ++i)
        object[preview.fields[i].name] = cell_json(batch.columns[i], row);
      rows.push_back(std::move(object));
    }
  return {{"segment", preview.segment}, {"fields", std::move(fields)}, {"rows", std::move(rows)}};
}

json to_json(const Sql& sql) {
  return {{"segment", sql.segment}, {"source", sql.source}, {"sql", sql.text}};
}

}  // namespace rollcall::operations
