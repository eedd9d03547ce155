// count, overlap: how large segments are, of what they are made, what they share, how they grew.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/text.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

constexpr size_t kBarWidth = 30;

std::string bar(int64_t part, int64_t whole) {
  if (whole <= 0 || part <= 0) return "";
  // Eighths of a block, so that small parts can be seen.
  constexpr std::array<const char*, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = std::max<size_t>(
      1,
      static_cast<size_t>(static_cast<double>(part) / static_cast<double>(whole) * kBarWidth * 8));
  std::string out;
  for (size_t i = 0; i < std::min(eighths / 8, kBarWidth); ++i) out += "█";
  return out + kEighths[eighths % 8];
}

void print_history(Session& session, const std::string& segment,
                   const std::vector<operations::Sized>& sizes) {
  if (sizes.empty()) {
    session.say("segment `" + segment + "` was never counted nor run");
    return;
  }
  int64_t most = 0;
  for (const auto& one : sizes) most = std::max(most, one.members);
  Table table({{"when (UTC)"}, {"members", Table::Align::right}, {""}, {"seen by"}});
  for (const auto& one : sizes)
    table.add({date(one.at), thousands(one.members), bar(one.members, most), one.by});
  session.print_text(table.text());
}

void print_breakdown(Session& session, const operations::Count& count) {
  int64_t most = count.others;
  for (const auto& one : count.values) most = std::max(most, one.members);
  Table table({{count.by, Table::Align::left, 40},
               {"members", Table::Align::right},
               {"share", Table::Align::right},
               {""}});
  const auto line = [&](const std::string& value, int64_t members) {
    table.add({value, thousands(members), share(members, count.members), bar(members, most)});
  };
  for (const auto& one : count.values)
    line(one.null ? "(null)" : one.text.empty() ? "(empty)" : one.text, one.members);
  if (count.others > 0) line("(others)", count.others);
  session.print("\n{}", table.text());
}

}  // namespace

Result<int> count(Session& session, const CountOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Segment& segment = *TRY(operations::find_segment(stored.catalog, options.segment));
  if (options.history) {
    const auto sizes = TRY(operations::history(world, stored, segment));
    if (session.json())
      session.print_json(operations::to_json(segment.name, sizes));
    else
      print_history(session, segment.name, sizes);
    return kDone;
  }
  const operations::Count count = TRY(operations::count(
      world, stored.catalog, segment, {.by = options.by, .limit = options.limit}, session.stop()));
  TRY(operations::keep(world, segment, count));
  if (session.json()) {
    session.print_json(to_json(count));
    return kDone;
  }
  session.print("{} of {} in {} ({})\n", thousands(count.members), people(count.people),
                plain(count.model), share(count.members, count.people));
  if (!count.by.empty() && count.members > 0) print_breakdown(session, count);
  return kDone;
}

Result<int> overlap(Session& session, const OverlapOptions& options) {
  const operations::World world = TRY(session.run_world());
  const operations::Stored stored = TRY(operations::stored(world));
  const Segment& first = *TRY(operations::find_segment(stored.catalog, options.first));
  const Segment& second = *TRY(operations::find_segment(stored.catalog, options.second));
  const operations::Overlap found =
      TRY(operations::overlap(world, stored.catalog, first, second, session.stop()));
  if (session.json()) {
    session.print_json(to_json(found));
    return kDone;
  }
  Table table({{""},
               {"people", Table::Align::right},
               {"of " + first.name, Table::Align::right},
               {"of " + second.name, Table::Align::right},
               {""}});
  const auto line = [&](const std::string& name, int64_t n, bool in_a, bool in_b) {
    table.add({name, thousands(n), in_a ? share(n, found.in_first) : "",
               in_b ? share(n, found.in_second) : "", bar(n, found.either())});
  };
  line("only " + first.name, found.only_first(), true, false);
  line("both", found.both, true, true);
  line("only " + second.name, found.only_second(), false, true);
  session.print_text(table.text());
  session.print("{} are in one of them at least, of {} in {}\n", thousands(found.either()),
                people(found.people), plain(found.model));
  return kDone;
}

}  // namespace rollcall::cli
