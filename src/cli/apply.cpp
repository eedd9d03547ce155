// apply and export: the catalog file and the stored catalog.
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

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

int refuse(Session& session, const std::vector<catalog::Problem>& problems,
           const std::string& file) {
  json list = json::array();
  for (const catalog::Problem& problem : problems) {
    fmt::print(session.world().err, "{}\n", plain(to_text(problem, file)));
    json one = {{"file", file},
                {"line", problem.place.line},
                {"column", problem.place.column},
                {"message", problem.message}};
    if (!problem.code.empty()) one["code"] = problem.code;
    if (!problem.pointer.empty()) one["pointer"] = problem.pointer;
    list.push_back(std::move(one));
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

void print(Session& session, const std::vector<segment::TypesFound>& found) {
  for (const segment::TypesFound& model : found)
    for (const source::Look& table : model.looks) {
      if (model.changed && !table.columns.empty())
        session.print("types    {} ({}): {}\n", plain(model.model), plain(table.table),
                      plain(operations::types_text(table)));
      if (model.changed || !table.left_out.empty())
        for (const std::string& doubt : operations::doubts_of(table))
          session.print("         {}\n", plain(doubt));
    }
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
    table.add({keeps ? "not in file" : operations::what_became(difference, options.prune),
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

// A catalog file as it was named on the command line.
struct Named {
  std::string shown;
  operations::ApplyRequest request;
};
Result<Named> read_named(Session& session, const std::string& file) {
  const bool from_stdin = file == "-";
  const std::filesystem::path path =
      from_stdin ? std::filesystem::path() : std::filesystem::path(file);
  std::error_code ignored;
  const std::filesystem::path folder =
      from_stdin || path.parent_path().empty() ? "." : path.parent_path();
  Named out{.shown = from_stdin ? "stdin" : file, .request = {}};
  out.request.text = TRY(from_stdin ? read_stream(std::cin, "stdin") : read_file(path));
  out.request.references = {.environment = session.world().environment,
                            .file = read_file,
                            .folder = std::filesystem::absolute(folder, ignored)};
  return out;
}

}  // namespace

Result<int> apply(Session& session, const ApplyOptions& options) {
  auto [shown, request] = TRY(read_named(session, options.file));
  request.dry_run = options.dry_run;
  request.prune = options.prune;
  const operations::Applied applied =
      TRY(operations::apply(TRY(session.run_world()), request, session.stop()));
  if (!applied.problems.empty()) return refuse(session, applied.problems, shown);
  for (const std::string& warning : applied.warnings) session.say("warning: " + warning);
  if (session.json()) {
    session.print_json(operations::to_json(applied, request));
  } else {
    print(session, applied.comparison, options);
    print(session, applied.types);
  }
  return kDone;
}

Result<int> diff(Session& session, const std::string& file) {
  auto [shown, request] = TRY(read_named(session, file));
  request.dry_run = request.prune = true;
  request.look_at_data = false;
  const operations::Applied applied =
      TRY(operations::apply(TRY(session.run_world()), request, session.stop()));
  if (!applied.problems.empty()) return refuse(session, applied.problems, shown);
  for (const std::string& warning : applied.warnings) session.say("warning: " + warning);
  const bool differs = operations::differs(applied, request.prune);
  if (session.json()) {
    json out = operations::to_json(applied, request);
    session.print_json({{"differs", differs},
                        {"changes", out["changes"]},
                        {"counts", out["counts"]},
                        {"warnings", out["warnings"]}});
  } else {
    print(session, applied.comparison, {.file = file, .dry_run = true, .prune = true});
  }
  return differs ? kFailed : kDone;
}

Result<int> export_catalog(Session& session) {
  const operations::Stored stored = TRY(operations::stored(TRY(session.run_world())));
  const std::string text = catalog::write(stored.catalog);
  if (session.json()) {
    session.print_json({{"yaml", text}});
  } else {
    session.print_text(text);
  }
  return kDone;
}

}  // namespace rollcall::cli
