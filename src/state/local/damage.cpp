// What is done when a file of ours is damaged or gone: whom a lost run may have written is known
// from `planned`, whom earlier ones put on the list from the newest ledger that is whole.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "state/local/file.hpp"
#include "state/local/plan.hpp"

namespace rollcall::state::local {
namespace fs = std::filesystem;

namespace {

// The generations whose files of this prefix are there, oldest first.
std::set<int64_t> generations(const Folder& folder, std::string_view prefix) {
  std::set<int64_t> out;
  for (const std::string& name : folder.disk->list(folder.path).value_or(Disk::Names()))
    if (const auto generation = generation_of(name, prefix)) out.insert(*generation);
  return out;
}

// The ledger that `record` names, and in it whatever is in these files as unknown, become ledger
// `generation`. Where no run is open any more.
Status merge_planned(const Folder& folder, Record& record, duck::Connection& work,
                     const std::vector<fs::path>& planned, int64_t generation, Time now) {
  std::string all;
  std::set<std::string> written;  // columns: attributes that may have been
  for (const fs::path& file : planned) {
    const std::string rows = "SELECT * FROM read_parquet(" + duck::literal(file.string()) + ")";
    for (const auto& column : TRY(work.describe(rows)))
      if (column.name.starts_with("a:")) written.insert(column.name);
    all += (all.empty() ? "" : " UNION ALL BY NAME ") + rows;
  }
  const std::string ledger = TRY(last_ledger(work, folder, record, {}));
  std::set<std::string> held;
  for (const auto& column : TRY(work.describe("SELECT * FROM " + ledger)))
    if (column.name.starts_with("a:")) held.insert(column.name);

  std::string sums, attributes;
  for (const std::string& name : written)
    sums += fmt::format(", coalesce(bool_or({0}), false) AS {0}", duck::identifier(name));
  std::set<std::string> names = written;
  names.insert(held.begin(), held.end());
  for (const std::string& name : names) {
    const std::string column = duck::identifier(name);
    const std::string before = held.contains(name) ? "l." + column : "NULL::UBIGINT";
    attributes += written.contains(name)
                      ? fmt::format(
                            ", CASE WHEN p.{0} AND coalesce({1}, 0) = 0 THEN {2}::UBIGINT "
                            "ELSE {1} END AS {0}",
                            column, before, kPerhapsOurs)
                      : fmt::format(", {} AS {}", before, column);
  }
  const std::string query = fmt::format(
      "SELECT coalesce(p.key, l.key) AS key, "
      "(CASE WHEN p.key IS NULL OR (l.on_list = 1 AND NOT p.perhaps_removed) THEN l.on_list ELSE 2 "
      "END)::UTINYINT AS on_list, "
      "CASE WHEN p.key IS NULL THEN l.in_segment ELSE p.in_segment END AS in_segment, "
      "CASE WHEN p.key IS NULL THEN l.reason ELSE 'unknown' END AS reason, "
      "CASE WHEN p.key IS NULL THEN l.detail END AS detail, "
      "CASE WHEN p.key IS NULL THEN l.final ELSE false END AS final, "
      "CASE WHEN p.key IS NULL THEN l.since_ms ELSE {0} END AS since_ms, "
      "CASE WHEN p.key IS NULL THEN l.tried_ms ELSE {0} END AS tried_ms, "
      "CASE WHEN p.key IS NULL THEN l.wrote_ms ELSE {0} END AS wrote_ms, "
      "(CASE WHEN p.key IS NULL THEN l.wrote_kind WHEN p.in_segment THEN 1 ELSE 2 END)::UTINYINT "
      "AS wrote_kind, coalesce(l.tried_hash, 0) AS tried_hash, l.pk AS pk, "
      "CASE WHEN p.key IS NULL THEN l.read_hash END AS read_hash{1} "
      "FROM (SELECT key, arg_max(kind, generation) <> 1 AS in_segment, bool_or(kind = 1) AS "
      "perhaps_removed{2} FROM ({3}) GROUP BY key) p FULL JOIN {4} l ON p.key = l.key",
      now.time_since_epoch().count(), attributes, sums, all, ledger);
  const fs::path file = folder.ledger_file(generation);
  const std::string sum = TRY(write_parquet(*folder.disk, work, query, file));
  record.standing = TRY(count_standing(work, file));
  record.generation = generation;
  record.ledger_checksum = sum;
  return ok_status();
}

}  // namespace

Status keep_planned(const Folder& folder, const Record& record, duck::Connection& work,
                    const std::vector<attributes::Target>& targets) {
  std::string written;
  for (size_t i = 0; i < targets.size(); ++i)
    written += fmt::format(", v{} IS NOT NULL AS {}", i, attribute_column(targets[i]));
  const int64_t generation = record.generation + 1;
  const std::string query = fmt::format("SELECT key, kind, {} AS generation{} FROM {}", generation,
                                        written, TRY(changes_of(work)));
  (void)TRY(write_parquet(*folder.disk, work, query, folder.planned_file(generation),
                          "lz4"));  // it lives as long as the run
  return ok_status();
}

Status take_as_unknown(const Folder& folder, Record& record, duck::Connection& work, Time now) {
  const fs::path planned = folder.planned_file(record.generation + 1);
  if (!is_readable(work, planned))
    return State::lost("whom the open run may have written is not known");
  TRY(merge_planned(folder, record, work, {planned}, record.generation + 1, now));
  record.open_run = std::nullopt;
  return ok_status();
}

Status salvage(const Folder& folder, Record& record, duck::Connection& work,
               const std::string& damage, Time now) {
  const std::set<int64_t> ledgers = generations(folder, "ledger-");
  const std::set<int64_t> plans = generations(folder, "planned-");
  int64_t newest = record.generation;
  if (!ledgers.empty()) newest = std::max(newest, *ledgers.rbegin());
  if (!plans.empty()) newest = std::max(newest, *plans.rbegin());

  int64_t whole = 0;
  for (auto at = ledgers.rbegin(); at != ledgers.rend() && whole == 0; ++at) {
    const bool checked = *at == record.generation && !record.ledger_checksum.empty();
    const auto sum = checked ? TRY(file_checksum(folder.ledger_file(*at))) : std::string();
    if (checked ? sum == record.ledger_checksum : is_readable(work, folder.ledger_file(*at)))
      whole = *at;
  }
  std::vector<fs::path> planned;
  bool gap = newest == 0;
  for (int64_t generation = whole + 1; generation <= newest; ++generation) {
    fs::path file = folder.planned_file(generation);
    const bool readable = plans.contains(generation) && is_readable(work, file);
    gap = gap || !readable;
    if (readable) planned.push_back(std::move(file));
  }

  record.open_run = std::nullopt;
  record.generation = whole;
  record.standing = {};
  record.ledger_checksum = {};
  if (!planned.empty()) {
    TRY(merge_planned(folder, record, work, planned, newest + 1, now));
  } else if (whole > 0) {
    record.ledger_checksum = TRY(file_checksum(folder.ledger_file(whole)));
    record.standing = TRY(count_standing(work, folder.ledger_file(whole)));
  }
  Doubt doubt{.why = {damage + ": what was kept of this activation was rebuilt from the list in "
                               "Iterable, and everything is sent again"},
              .everything = true,
              .lost = gap};
  if (gap)
    doubt.why.push_back(
        "what cannot be known any more: who of the list was put there by Rollcall and has left "
        "the segment since, and which attributes had been written");
  record.doubt = std::move(doubt);
  return ok_status();
}

Result<int64_t> find_strangers(const Folder& folder, const Record& record, duck::Connection& work,
                               const Listed& listed) {
  const std::string ledger = TRY(last_ledger(work, folder, record, listed.targets));
  TRY(
      work.run(fmt::format("CREATE OR REPLACE TABLE strangers AS SELECT DISTINCT key, {} AS ours "
                           "FROM listed t ANTI JOIN {} "
                           "l ON {} ANTI JOIN rows r ON {} WHERE t.key IS NOT NULL",
                           listed.remove_foreign, ledger, same_person("t.key", "l.key"),
                           same_person("t.key", "r.key"))));
  return work.scalar("SELECT count(*) FROM strangers");
}

Status rebuild(const Folder& folder, Record& record, duck::Connection& work, const Listed& listed) {
  const std::string now = std::to_string(listed.now.time_since_epoch().count());
  const std::string ledger = TRY(last_ledger(work, folder, record, listed.targets));
  const auto member = [&](const std::string& key, bool in_segment) {
    return fmt::format(
        " UNION ALL BY NAME SELECT {} AS key, 1::UTINYINT AS on_list, {} AS in_segment, false AS "
        "final, {}::BIGINT AS since_ms, 0::BIGINT AS tried_ms, 0::BIGINT AS wrote_ms, 0::UTINYINT "
        "AS wrote_kind, 0::UBIGINT AS tried_hash FROM ",
        key, in_segment, now);
  };
  const std::string query = "SELECT * FROM " + ledger + member("r.key", true) +
                            "rows r SEMI JOIN listed t ON " + same_person("t.key", "r.key") +
                            " ANTI JOIN " + ledger + " l ON " + same_person("r.key", "l.key") +
                            member("s.key", false) + "strangers s WHERE s.ours";
  return write_next(folder, record, work, query);
}

}  // namespace rollcall::state::local
