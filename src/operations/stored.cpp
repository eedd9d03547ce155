#include "operations/stored.hpp"

#include <sodium.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "compile/compile.hpp"

namespace rollcall::operations {
namespace {

constexpr const char* kApiKey = "api_key";

// The rows of a catalog, and which of those before it ends.
class Rows {
 public:
  explicit Rows(const Stored& before) : before_(before) {}

  void add(const char* kind, const std::string& name, std::string json, std::string uid,
           std::vector<std::pair<std::string, Secret>> secrets = {}) {
    if (!uid.empty()) kept_.insert(uid);
    rows_.push_back({.kind = kind,
                     .uid = std::move(uid),
                     .name = name,
                     .json = std::move(json),
                     .secrets = std::move(secrets)});
  }
  void add(const Activation& activation, std::string json) {
    add("activation", activation.name, std::move(json), activation.uid);
    rows_.back().destination = activation.destination;
  }

  Status put(store::Store& store) {
    std::vector<std::string> removed;
    for (const auto* all : {&before_.rows, &before_.doubles})
      for (const store::ObjectRow& row : *all) {
        if (row.archived || kept_.contains(row.uid)) continue;
        if (row.kind == "activation") {
          rows_.push_back(row);
          rows_.back().archived = true;
        } else {
          removed.push_back(row.uid);
        }
      }
    return store.put(before_.revision, std::move(rows_), removed);
  }

 private:
  const Stored& before_;
  std::set<std::string> kept_;
  std::vector<store::ObjectRow> rows_;
};

// Of those that bear one name the first, or the first activation that has a list, stays in `rows`.
void put_doubles_aside(Stored& stored, const HasList& has_list) {
  std::map<std::tuple<std::string, std::string, std::string>, std::string> used;  // its uid
  for (const store::ObjectRow& row : stored.rows) {
    if (row.archived) continue;
    const auto [first, is_new] =
        used.emplace(std::tuple(row.kind, row.destination, row.name), row.uid);
    const bool better =
        !is_new && row.kind == "activation" && !has_list(first->second) && has_list(row.uid);
    if (better) first->second = row.uid;
  }
  std::vector<store::ObjectRow> kept;
  for (store::ObjectRow& row : stored.rows) {
    const bool aside = !row.archived && used.at({row.kind, row.destination, row.name}) != row.uid;
    (aside ? stored.doubles : kept).push_back(std::move(row));
  }
  stored.rows = std::move(kept);
}

}  // namespace

Result<Stored> load(store::Store& store, const HasList& has_list) {
  store::Objects objects = TRY(store.objects());
  Stored out;
  out.revision = objects.revision;
  out.rows = std::move(objects.rows);
  put_doubles_aside(out, has_list);
  Catalog& all = out.catalog;
  // What this program would refuse to store is read as far as it goes.
  const auto read = [&](const store::ObjectRow& row, auto from_json, auto remains) {
    auto whole = from_json(row.json, &remains);
    if (whole.ok()) {
      whole->uid = row.uid;
      return std::move(whole.value());
    }
    remains.name = row.name;
    remains.uid = row.uid;
    if (!row.archived)
      all.unsound.push_back({.kind = row.kind,
                             .name = row.name,
                             .destination = row.destination,
                             .json = row.json,
                             .problem = whole.error().message});
    return remains;
  };
  for (const store::ObjectRow& row : out.rows) {
    if (row.kind == "source") {
      Source source = read(row, catalog::source_from_json, Source{});
      for (const auto& [name, secret] : row.secrets) source.secrets[name] = secret;
      all.sources.push_back(std::move(source));
    } else if (row.kind == "model") {
      all.models.push_back(read(row, catalog::model_from_json, Model{}));
    } else if (row.kind == "segment") {
      all.segments.push_back(read(row, catalog::segment_from_json, Segment{}));
    } else if (row.kind == "destination") {
      Destination destination = read(row, catalog::destination_from_json, Destination{});
      for (const auto& [name, secret] : row.secrets)
        if (name == kApiKey) destination.api_key = secret;
      all.destinations.push_back(std::move(destination));
    } else if (row.kind == "activation") {
      Activation activation = read(row, catalog::activation_from_json, Activation{});
      if (activation.destination.empty()) activation.destination = row.destination;
      (row.archived ? out.archived : all.activations).push_back(std::move(activation));
    }
  }
  return out;
}

Status save(store::Store& store, const Stored& before, const catalog::Comparison& comparison) {
  const Catalog& merged = comparison.merged;
  Rows rows(before);
  // What is unsound stays as it is stored.
  const auto json_of = [&](const char* kind, const auto& one, const std::string& destination = "") {
    const Unsound* unsound = merged.unsound_one(kind, one.name, destination);
    return unsound != nullptr ? unsound->json : catalog::to_json(one);
  };
  for (const Source& source : merged.sources)
    rows.add("source", source.name, json_of("source", source), source.uid,
             {source.secrets.begin(), source.secrets.end()});
  for (const Model& model : merged.models)
    rows.add("model", model.name, json_of("model", model), model.uid);
  for (const Segment& segment : merged.segments)
    rows.add("segment", segment.name, json_of("segment", segment), segment.uid);
  for (const Destination& destination : merged.destinations)
    rows.add("destination", destination.name, json_of("destination", destination), destination.uid,
             {{kApiKey, destination.api_key}});
  for (const Activation& activation : merged.activations)
    rows.add(activation, json_of("activation", activation, activation.destination));
  return rows.put(store);
}

namespace {
store::ObjectRow row_of(const Stored& stored, const Activation& activation) {
  const auto row =
      std::find_if(stored.rows.begin(), stored.rows.end(),
                   [&](const store::ObjectRow& one) { return one.uid == activation.uid; });
  CHECK(row != stored.rows.end());
  return *row;
}
}  // namespace

Status save(store::Store& store, const Stored& before, const Activation& activation) {
  TRY(before.catalog.sound("activation", activation.name, activation.destination));
  store::ObjectRow changed = row_of(before, activation);
  changed.json = catalog::to_json(activation);
  return store.put(before.revision, {std::move(changed)}, {});
}

Status archive_activation(store::Store& store, const Stored& before, const Activation& activation) {
  std::vector<store::ObjectRow> changed = {row_of(before, activation)};
  for (const store::ObjectRow& row : before.doubles)
    if (row.kind == "activation" && row.name == activation.name &&
        row.destination == activation.destination)
      changed.push_back(row);
  for (store::ObjectRow& row : changed) row.archived = true;
  return store.put(before.revision, std::move(changed), {});
}

Catalog made_of(const Catalog& catalog, const Activation& activation) {
  Catalog out;
  out.activations.push_back(activation);
  out.activations[0].paused = false;
  out.activations[0].schedule = {};
  if (const Destination* to = catalog.destination(activation.destination))
    out.destinations.push_back(*to);
  const Segment segment = activated_segment(catalog, activation);
  std::vector<std::string> fields = {activation.match_key.field};
  for (const Attribute& attribute : activation.attributes) fields.push_back(attribute.field);
  const auto reached = compile::reached(catalog, segment, fields);
  if (!reached.ok()) {  // no run will get far with it: what it names alone
    if (const Segment* named = catalog.segment(activation.segment)) out.segments.push_back(*named);
    if (const Model* model = catalog.model(segment.model)) out.models.push_back(*model);
    for (const Model& model : out.models)
      if (const Source* from = catalog.source(model.source)) out.sources.push_back(*from);
    return out;
  }
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const Segment& one : catalog.segments)
    if (one.name == segment.name || among(reached->segments, one.name)) out.segments.push_back(one);
  for (const Model& one : catalog.models)
    if (among(reached->models, one.name)) out.models.push_back(one);
  for (const Source& one : catalog.sources)
    if (std::any_of(out.models.begin(), out.models.end(),
                    [&](const Model& model) { return model.source == one.name; }))
      out.sources.push_back(one);
  return out;
}

std::string hash_of(const Catalog& catalog, const Activation& activation) {
  const std::string text = catalog::write(made_of(catalog, activation));
  unsigned char hash[crypto_generichash_BYTES];
  crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  char hex[2 * sizeof hash + 1];
  return sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
}

}  // namespace rollcall::operations
