#include "operations/apply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "operations/bring_in.hpp"
#include "operations/data_check.hpp"

namespace rollcall::operations {
namespace {

using What = catalog::Difference::What;
using json = nlohmann::ordered_json;

// What was found in the files of models: for those whose types are new.
json to_json(const std::vector<segment::TypesFound>& found) {
  json out = json::array();
  for (const segment::TypesFound& model : found)
    for (const source::Look& table : model.looks) {
      json columns = json::array();
      for (const auto& column : table.columns) {
        json one = {{"column", column.name}, {"type", type_text(column.type)}};
        if (!column.doubt.empty()) one["doubt"] = column.doubt;
        columns.push_back(std::move(one));
      }
      out.push_back({{"model", model.model},
                     {"table", table.table},
                     {"changed", model.changed},
                     {"columns", std::move(columns)},
                     {"left_out", table.left_out}});
    }
  return out;
}

// That a model's types are others than before.
void note_types(const segment::TypesFound& model, catalog::Comparison& comparison) {
  if (!model.changed) return;
  for (catalog::Difference& difference : comparison.differences) {
    if (difference.kind != catalog::Kind::model || difference.name != model.model ||
        difference.what == What::created)
      continue;
    if (difference.what == What::unchanged) difference.what = What::changed;
    if (difference.detail.find("types") == std::string::npos)
      difference.detail += difference.detail.empty() ? "types" : ", types";
  }
}

std::string told(const store::ObjectRow& twice, bool dry_run) {
  const bool archives = twice.kind == "activation";
  return fmt::format("{} `{}` was stored twice: one of the two {} {}", twice.kind, twice.name,
                     dry_run ? "is to be" : "is", archives ? "archived" : "removed");
}

Applied compare(const World& world, const Stored& stored, const Catalog& file, bool prune) {
  Applied out;
  out.comparison = catalog::compare(
      stored.catalog, file, prune, [&](const std::string& uid) { return has_list(world, uid); },
      stored.archived);
  out.problems = out.comparison.problems;
  out.warnings = out.comparison.warnings;
  return out;
}

}  // namespace

Result<Applied> bring_in(const World& world, const Stored& stored, const Catalog& file, bool prune,
                         bool dry_run, const std::stop_token& stop) {
  Applied out = compare(world, stored, file, prune);
  if (!out.problems.empty()) return out;
  out.types = segment::find_types(
      out.comparison.merged, [](const Model& model) { return model.place.line > 0; },
      source_options(world, stop));
  for (const segment::TypesFound& model : out.types) note_types(model, out.comparison);
  DataCheck data = hold_against_data(out.comparison.merged, source_options(world, stop));
  if (stop.stop_requested()) return Error{ErrorKind::cancelled, "interrupted; nothing was stored"};
  out.problems = std::move(data.problems);
  if (!out.problems.empty()) return out;
  out.warnings.insert(out.warnings.end(), data.warnings.begin(), data.warnings.end());
  for (const store::ObjectRow& twice : stored.doubles) out.warnings.push_back(told(twice, dry_run));
  if (!dry_run) TRY(save(world.store, stored, out.comparison));
  return out;
}

std::string what_became(const catalog::Difference& difference, bool prune) {
  if (difference.what != What::not_in_file || !prune)
    return std::string(to_string(difference.what));
  return difference.kind == catalog::Kind::activation ? "archived" : "removed";
}

Result<Applied> apply(const World& world, const ApplyRequest& request,
                      const std::stop_token& stop) {
  return change(world, [&](const Stored& stored) -> Result<Applied> {
    const catalog::ReadResult read =
        catalog::read(request.text, stored.catalog, request.references);
    if (!read.problems.empty()) {
      Applied out;
      out.problems = read.problems;
      return out;
    }
    if (!request.look_at_data) {
      CHECK(request.dry_run);
      return compare(world, stored, read.catalog, request.prune);
    }
    return bring_in(world, stored, read.catalog, request.prune, request.dry_run, stop);
  });
}

bool differs(const Applied& applied, bool prune) {
  return std::ranges::any_of(applied.comparison.differences, [&](const catalog::Difference& one) {
    return one.what != What::unchanged && (prune || one.what != What::not_in_file);
  });
}

json to_json(const Applied& applied, const ApplyRequest& request) {
  json changes = json::array();
  std::map<std::string, int64_t> counts;
  for (const catalog::Difference& difference : applied.comparison.differences) {
    const std::string what = what_became(difference, request.prune);
    ++counts[what];
    json one = {{"what", what}, {"kind", to_string(difference.kind)}, {"name", difference.name}};
    if (!difference.old_name.empty()) one["old_name"] = difference.old_name;
    if (!difference.detail.empty()) one["keys"] = difference.detail;
    changes.push_back(std::move(one));
  }
  return {{"dry_run", request.dry_run},
          {"changes", changes},
          {"counts", counts},
          {"types", to_json(applied.types)},
          {"warnings", applied.warnings}};
}

}  // namespace rollcall::operations
