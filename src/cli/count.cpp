// count, overlap: how large segments are, of what they are made, what they share, how they grew.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/cells.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/text.hpp"
#include "segment/segment.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr size_t kBarWidth = 30;
constexpr size_t kCountsKept = 500;  // of one segment
constexpr const char* kFact = "counts";

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

json ratio(int64_t part, int64_t whole) {
  if (whole == 0) return nullptr;
  return static_cast<double>(part) / static_cast<double>(whole);
}

struct Sized {
  int64_t at_ms = 0;
  int64_t members = 0;
  std::string by;  // count | run
};

const store::ObjectRow* row_of(const Stored& stored, const Segment& segment) {
  for (const store::ObjectRow& row : stored.rows)
    if (row.kind == "segment" && row.name == segment.name) return &row;
  return nullptr;
}

Result<std::vector<Sized>> counts_kept(Session& session, const std::string& uid) {
  const auto fact = TRY(TRY(session.store())->fact(uid, kFact));
  std::vector<Sized> out;
  if (!fact) return out;
  for (const json& one : read_json<json>(*fact))
    if (one.is_array() && one.size() == 2 && one[0].is_number_integer() &&
        one[1].is_number_integer())
      out.push_back({one[0], one[1], "count"});
  return out;
}

Status keep_count(Session& session, const Stored& stored, const Segment& segment, Time now,
                  int64_t members) {
  const store::ObjectRow* row = row_of(stored, segment);
  if (row == nullptr) return ok_status();
  std::vector<Sized> counts = TRY(counts_kept(session, row->uid));
  counts.push_back({now.time_since_epoch().count(), members, "count"});
  const size_t too_many = counts.size() - std::min(counts.size(), kCountsKept);
  json kept = json::array();
  for (size_t i = too_many; i < counts.size(); ++i)
    kept.push_back({counts[i].at_ms, counts[i].members});
  return TRY(session.store())->put_fact(row->uid, kFact, kept.dump());
}

// What `count` found, and what runs of the segment's activations read.
Result<std::vector<Sized>> sizes_of(Session& session, const Stored& stored,
                                    const Segment& segment) {
  std::vector<Sized> out;
  if (const store::ObjectRow* row = row_of(stored, segment))
    out = TRY(counts_kept(session, row->uid));
  store::Store* const store = TRY(session.store());
  for (const auto* activations : {&stored.catalog.activations, &stored.archived}) {
    for (const Activation& activation : *activations) {
      if (activation.segment != segment.name) continue;
      for (const store::RunRow& row : TRY(store->runs(activation.uid, kCountsKept))) {
        const auto report = run::report_from_json(row.report_json);
        if (!report.ok() || report->segment.rows == 0) continue;
        out.push_back({row.started_at.time_since_epoch().count(), report->segment.rows, "run"});
      }
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Sized& a, const Sized& b) { return a.at_ms < b.at_ms; });
  return out;
}

Result<int> history(Session& session, const Stored& stored, const Segment& segment) {
  const std::vector<Sized> sizes = TRY(sizes_of(session, stored, segment));
  int64_t most = 0;
  for (const Sized& one : sizes) most = std::max(most, one.members);
  json list = json::array();
  Table table({{"when (UTC)"}, {"members", Table::Align::right}, {""}, {"seen by"}});
  for (const Sized& one : sizes) {
    list.push_back(
        {{"at", iso_utc(Time(Millis(one.at_ms)))}, {"members", one.members}, {"by", one.by}});
    table.add({date_ms(one.at_ms), thousands(one.members), bar(one.members, most), one.by});
  }
  if (session.json()) {
    session.print_json({{"segment", segment.name}, {"sizes", list}});
  } else if (sizes.empty()) {
    session.say("segment `" + segment.name + "` was never counted nor run");
  } else {
    session.print_text(table.text());
  }
  return kDone;
}

struct Value {
  std::string text;
  json value;
  bool null = false;
  int64_t members = 0;
};

Result<std::vector<Value>> values_of(Session& session, segment::Reader& reader,
                                     const compile::Query& query) {
  const auto stream = TRY(reader.rows(TRY(reader.sql(query)), session.stop()));
  std::vector<Value> out;
  RowBatch batch;
  while (TRY(stream->next(batch)))
    for (size_t row = 0; row < batch.rows; ++row)
      out.push_back({text_of(batch.columns[0], row), cell_json(batch.columns[0], row),
                     batch.columns[0].valid[row] == 0, batch.columns[1].ints.at(row)});
  return out;
}

void print_breakdown(Session& session, const std::string& by, const std::vector<Value>& values,
                     int64_t members, int64_t others) {
  int64_t most = others;
  for (const Value& one : values) most = std::max(most, one.members);
  Table table({{by, Table::Align::left, 40},
               {"members", Table::Align::right},
               {"share", Table::Align::right},
               {""}});
  for (const Value& one : values)
    table.add({one.null           ? "(null)"
               : one.text.empty() ? "(empty)"
                                  : one.text,
               thousands(one.members), share(one.members, members), bar(one.members, most)});
  if (others > 0)
    table.add({"(others)", thousands(others), share(others, members), bar(others, most)});
  session.print_text(table.text());
}

}  // namespace

Result<int> count(Session& session, const CountOptions& options) {
  const Stored stored = TRY(session.stored());
  const Segment& segment = *TRY(find_segment(stored.catalog, options.segment));
  if (options.history) return history(session, stored, segment);
  const std::string where = "segment " + segment.name;
  const Time now = session.world().clock.now();
  const std::vector<std::string> fields =
      options.by.empty() ? std::vector<std::string>() : std::vector{options.by};
  segment::Reader reader =
      TRY(segment::Reader::open(stored.catalog, segment, fields, session.source_options()));
  std::vector<Value> values;
  if (!options.by.empty())
    values = TRY(in_context(
        values_of(session, reader,
                  {.segment = segment, .now = now, .count_by = options.by, .limit = options.limit}),
        where));
  const auto size = TRY(in_context(reader.count(now, session.stop()), where));
  TRY(keep_count(session, stored, segment, now, size.members));
  int64_t others = size.members;
  json list = json::array();
  for (const Value& one : values) {
    others -= one.members;
    list.push_back({{"value", one.value},
                    {"members", one.members},
                    {"share", ratio(one.members, size.members)}});
  }
  others = std::max<int64_t>(others, 0);  // the data may have changed in between
  if (session.json()) {
    json out = {{"segment", segment.name},
                {"model", segment.model},
                {"members", size.members},
                {"people", size.people},
                {"share", ratio(size.members, size.people)}};
    if (!options.by.empty()) {
      out["by"] = options.by;
      out["values"] = std::move(list);
      out["others"] = others;
    }
    session.print_json(out);
    return kDone;
  }
  session.print("{} of {} in {} ({})\n", thousands(size.members), people(size.people),
                plain(segment.model), share(size.members, size.people));
  if (!options.by.empty() && size.members > 0) {
    session.print("\n");
    print_breakdown(session, options.by, values, size.members, others);
  }
  return kDone;
}

Result<int> overlap(Session& session, const OverlapOptions& options) {
  const Stored stored = TRY(session.stored());
  const Segment& first = *TRY(find_segment(stored.catalog, options.first));
  const Segment& second = *TRY(find_segment(stored.catalog, options.second));
  if (first.model != second.model)
    return Error{ErrorKind::invalid,
                 "segment `" + first.name + "` is of model `" + first.model + "`, and `" +
                     second.name + "` of `" + second.model + "`",
                 "Only segments of one model share people."};
  Segment both;
  both.name = first.name + " and " + second.name;
  both.model = first.model;
  both.where.test =
      AllOf{{{SegmentTest{.segment = first.name}, {}}, {SegmentTest{.segment = second.name}, {}}}};
  // One connection: all counts are of one instant, where the source has such.
  segment::Reader reader =
      TRY(segment::Reader::open(stored.catalog, both, {}, session.source_options()));
  const Time now = session.world().clock.now();
  const auto of = [&](const Segment& one) {
    return in_context(reader.count(one, now, session.stop()), "segment " + one.name);
  };
  const auto a = TRY(of(first)), b = TRY(of(second)), shared = TRY(of(both));
  const int64_t only_a = a.members - shared.members, only_b = b.members - shared.members;
  const int64_t either = only_a + only_b + shared.members;
  if (session.json()) {
    session.print_json({{"segments", {first.name, second.name}},
                        {"model", first.model},
                        {"members", {a.members, b.members}},
                        {"both", shared.members},
                        {"only", {only_a, only_b}},
                        {"either", either},
                        {"people", a.people}});
    return kDone;
  }
  Table table({{""},
               {"people", Table::Align::right},
               {"of " + first.name, Table::Align::right},
               {"of " + second.name, Table::Align::right},
               {""}});
  const auto line = [&](const std::string& name, int64_t n, bool in_a, bool in_b) {
    table.add({name, thousands(n), in_a ? share(n, a.members) : "", in_b ? share(n, b.members) : "",
               bar(n, either)});
  };
  line("only " + first.name, only_a, true, false);
  line("both", shared.members, true, true);
  line("only " + second.name, only_b, false, true);
  session.print_text(table.text());
  session.print("{} are in one of them at least, of {} in {}\n", thousands(either),
                people(a.people), plain(first.model));
  return kDone;
}

}  // namespace rollcall::cli
