// apply and export: the catalog file and the stored catalog.
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "catalog/catalog.hpp"
#include "cli/commands.hpp"
#include "cli/data_check.hpp"
#include "cli/text.hpp"
#include "segment/segment.hpp"

namespace rollcall::cli {
namespace {

using What = catalog::Difference::What;
using json = nlohmann::ordered_json;

constexpr size_t kFileBytesMax = 64'000'000;

Result<std::string> read_stream(std::istream& stream, const std::string& name) {
  std::string text;
  char buffer[1 << 16];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(stream.gcount()));
    if (text.size() > kFileBytesMax) return Error{ErrorKind::invalid, name + " is too large"};
  }
  if (stream.bad()) return Error{ErrorKind::invalid, "cannot read " + name};
  return text;
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem))
    return Error{ErrorKind::invalid, path.string() + " is a folder", "Name the file in it."};
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const bool there = std::filesystem::exists(path, problem);
    return Error{ErrorKind::invalid,
                 there ? "cannot read " + path.string() : "there is no file " + path.string(),
                 there ? "Check its rights." : "Check the path."};
  }
  return read_stream(file, path.string());
}

// A difference as it is told: what --prune does has its own words.
std::string told(const catalog::Difference& difference, bool prune) {
  if (difference.what != What::not_in_file || !prune)
    return std::string(to_string(difference.what));
  return difference.kind == catalog::Kind::activation ? "archived" : "removed";
}

int refuse(Session& session, const std::vector<catalog::Problem>& problems,
           const std::string& file) {
  json list = json::array();
  for (const catalog::Problem& problem : problems) {
    fmt::print(session.world().err, "{}\n", plain(to_text(problem, file)));
    list.push_back({{"file", file},
                    {"line", problem.place.line},
                    {"column", problem.place.column},
                    {"message", problem.message}});
  }
  const std::string summary =
      counted(static_cast<int64_t>(problems.size()), "problem", "problems") + " in " + file +
      "; nothing was stored";
  session.say(summary);
  if (session.json())
    session.print_json(
        {{"error",
          {{"kind", "invalid"}, {"message", summary}, {"remedy", ""}, {"context", json::array()}}},
         {"problems", list}});
  return kWrong;
}

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

void print(Session& session, const std::vector<segment::TypesFound>& found) {
  for (const segment::TypesFound& model : found)
    for (const source::Look& table : model.looks) {
      if (model.changed && !table.columns.empty())
        session.print("types    {} ({}): {}\n", plain(model.model), plain(table.table),
                      plain(types_text(table)));
      if (model.changed || !table.left_out.empty())
        for (const std::string& doubt : doubts_of(table))
          session.print("         {}\n", plain(doubt));
    }
}

json to_json(const catalog::Comparison& comparison, const std::vector<std::string>& warnings,
             const std::vector<segment::TypesFound>& found, const ApplyOptions& options) {
  json changes = json::array();
  std::map<std::string, int64_t> counts;
  for (const catalog::Difference& difference : comparison.differences) {
    const std::string what = told(difference, options.prune);
    ++counts[what];
    json one = {{"what", what}, {"kind", to_string(difference.kind)}, {"name", difference.name}};
    if (!difference.old_name.empty()) one["old_name"] = difference.old_name;
    if (!difference.detail.empty()) one["keys"] = difference.detail;
    changes.push_back(std::move(one));
  }
  return {{"dry_run", options.dry_run},
          {"changes", changes},
          {"counts", counts},
          {"types", to_json(found)},
          {"warnings", warnings}};
}

void print(Session& session, const catalog::Comparison& comparison, const ApplyOptions& options) {
  Table table({{""}, {""}, {"", Table::Align::left, 60}, {"", Table::Align::left, 80}});
  int64_t unchanged = 0, kept = 0, done = 0;
  for (const catalog::Difference& difference : comparison.differences) {
    if (difference.what == What::unchanged) {
      ++unchanged;
      continue;
    }
    const bool keeps = difference.what == What::not_in_file && !options.prune;
    ++(keeps ? kept : done);
    std::string detail = difference.detail;
    if (!difference.old_name.empty())
      detail = "was " + difference.old_name + (detail.empty() ? "" : "; " + detail);
    table.add({keeps ? "not in file" : told(difference, options.prune),
               std::string(to_string(difference.kind)), difference.name, detail});
  }
  // Without its line of headings.
  const std::string lines = table.text();
  if (!lines.empty()) session.print_text(lines.substr(lines.find('\n') + 1));
  std::string sum = done == 0         ? "Nothing to change"
                    : options.dry_run ? counted(done, "change", "changes") + " to make"
                                      : counted(done, "change", "changes") + " made";
  sum += "; " + thousands(unchanged) + " unchanged";
  if (kept > 0) sum += ", " + thousands(kept) + " not in the file and kept (--prune removes them)";
  session.print("{}.{}\n", sum, options.dry_run ? " Dry run: nothing was stored." : "");
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

struct Applied {
  std::vector<catalog::Problem> problems;  // nothing was stored
  catalog::Comparison comparison;
  std::vector<std::string> warnings;
  std::vector<segment::TypesFound> types;
};

std::string told(const store::ObjectRow& twice, bool dry_run) {
  const bool archives = twice.kind == "activation";
  return fmt::format("{} `{}` was stored twice: one of the two {} {}", twice.kind, twice.name,
                     dry_run ? "is to be" : "is", archives ? "archived" : "removed");
}

// Everything between the text and the store, for what is stored now.
Result<Applied> apply(Session& session, const std::string& text,
                      const catalog::References& references, const Stored& stored,
                      const ApplyOptions& options) {
  Applied out;
  const catalog::ReadResult read = catalog::read(text, stored.catalog, references);
  out.problems = read.problems;
  if (!out.problems.empty()) return out;
  out.comparison = catalog::compare(
      stored.catalog, read.catalog, options.prune,
      [&](const std::string& uid) { return session.has_list(uid); }, stored.archived);
  out.problems = out.comparison.problems;
  if (!out.problems.empty()) return out;
  out.types = segment::find_types(
      out.comparison.merged, [](const Model& model) { return model.place.line > 0; },
      session.source_options());
  for (const segment::TypesFound& model : out.types) note_types(model, out.comparison);
  DataCheck data = hold_against_data(out.comparison.merged, session.source_options());
  if (session.stop().stop_requested())
    return Error{ErrorKind::cancelled, "interrupted; nothing was stored"};
  out.problems = std::move(data.problems);
  if (!out.problems.empty()) return out;
  out.warnings = out.comparison.warnings;
  out.warnings.insert(out.warnings.end(), data.warnings.begin(), data.warnings.end());
  for (const store::ObjectRow& twice : stored.doubles)
    out.warnings.push_back(told(twice, options.dry_run));
  if (!options.dry_run) TRY(save(*TRY(session.store()), stored, out.comparison));
  return out;
}

}  // namespace

Result<int> apply(Session& session, const ApplyOptions& options) {
  const bool from_stdin = options.file == "-";
  const std::filesystem::path path =
      from_stdin ? std::filesystem::path() : std::filesystem::path(options.file);
  const std::string shown = from_stdin ? "stdin" : options.file;
  const std::string text = TRY(from_stdin ? read_stream(std::cin, "stdin") : read_file(path));
  std::error_code ignored;
  const catalog::References references{
      .environment = session.world().environment,
      .file = read_file,
      .folder = std::filesystem::absolute(from_stdin                   ? "."
                                          : path.parent_path().empty() ? "."
                                                                       : path.parent_path(),
                                          ignored)};
  const Applied applied = TRY(session.change(
      [&](const Stored& stored) { return apply(session, text, references, stored, options); }));
  if (!applied.problems.empty()) return refuse(session, applied.problems, shown);
  for (const std::string& warning : applied.warnings) session.say("warning: " + warning);
  if (session.json()) {
    session.print_json(to_json(applied.comparison, applied.warnings, applied.types, options));
  } else {
    print(session, applied.comparison, options);
    print(session, applied.types);
  }
  return kDone;
}

Result<int> export_catalog(Session& session) {
  const Stored stored = TRY(session.stored());
  const std::string text = catalog::write(stored.catalog);
  if (session.json()) {
    session.print_json({{"yaml", text}});
  } else {
    session.print_text(text);
  }
  return kDone;
}

}  // namespace rollcall::cli
