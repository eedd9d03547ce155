// preview, sql: a segment looked at, without any destination.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

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
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Segment& segment = *TRY(operations::find_segment(stored.catalog, options.segment));
  if (options.limit < 1) return Error{ErrorKind::invalid, "--limit must be at least 1"};
  if (options.limit > operations::kPreviewMax)
    session.say(fmt::format("a preview shows at most {} rows", thousands(operations::kPreviewMax)));
  const operations::Preview found =
      TRY(operations::preview(world, stored.catalog, segment, options.limit, session.stop()));
  if (session.json()) {
    session.print_json(to_json(found));
    return kDone;
  }
  std::vector<std::vector<std::string>> rows;
  for (const RowBatch& batch : found.rows)
    for (size_t row = 0; row < batch.rows; ++row) {
      std::vector<std::string> cells;
      for (const Column& column : batch.columns) cells.push_back(text_of(column, row));
      rows.push_back(std::move(cells));
    }
  if (rows.empty()) {
    session.say("nobody is in segment `" + segment.name + "` now");
    return kDone;
  }
  const std::vector<std::string>& labels = found.labels;
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
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Segment& segment = *TRY(operations::find_segment(stored.catalog, name));
  const operations::Sql query =
      TRY(operations::sql(world, stored.catalog, segment, session.stop()));
  if (session.json()) {
    session.print_json(to_json(query));
  } else {
    session.print_text(query.text + (query.text.ends_with('\n') ? "" : "\n"));
  }
  return kDone;
}

}  // namespace rollcall::cli
