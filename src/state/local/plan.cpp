// How a change is found (see plan/plan.hpp), in one statement: ledger row and snapshot row of one key
// are joined, and what each side lacks or holds says it all. `spared` are keys on the list that
// another spelling of the same person stands for.
#include "state/local/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/match_key.hpp"
#include "state/local/file.hpp"
#include "state/local/settled.hpp"

namespace rollcall::state::local {
namespace {

// The ledger's column of an attribute.
std::string ledger_column(const attributes::Target& target) {
  return "l." + duck::identifier("a:" + target.to);
}

Result<std::string> ledger_relation(duck::Connection& work, const LedgerFile& ledger,
                                    const plan::Input& input) {
  if (!ledger) {
    std::string none =
        "SELECT NULL::VARCHAR AS key, 0::UTINYINT AS on_list, false AS in_segment, NULL::VARCHAR "
        "AS reason, "
        "false AS final, 0::BIGINT AS tried_ms, 0::BIGINT AS wrote_ms, 0::UTINYINT AS wrote_kind, "
        "0::UBIGINT AS tried_hash, NULL::VARCHAR AS pk, NULL::UBIGINT AS read_hash";
    for (const auto& target : input.targets)
      none += ", NULL::UBIGINT AS " + duck::identifier("a:" + target.to);
    return "(" + none + " WHERE false)";
  }
  const std::string columns = "SELECT *" + TRY(missing_columns(work, *ledger, input.targets));
  const std::string only =
      input.only ? " WHERE " + folded_key_sql("key") + " = " + duck::literal(*input.only) : "";
  return "(" + columns + " FROM " + TRY(apart_of(work, *ledger)) + only + ")";
}

// Leaves of the parked in `found` those who are looked at again, the longest waiting first.
Status leave_parked(duck::Connection& work, const plan::Input& input) {
  const std::string longest_waiting = "FROM found WHERE look_up ORDER BY tried_ms, key";
  TRY(work.run("CREATE OR REPLACE TABLE again(place BIGINT)"));
  if (input.parked_candidate) {
    std::vector<int64_t> again;
    int64_t candidates = 0, others = 0;
    const auto stream = TRY(work.stream("SELECT rowid::BIGINT, key " + longest_waiting));
    while (const duck::Chunk* chunk = TRY(stream->next())) {
      for (size_t row = 0; row < chunk->rows(); ++row) {
        const bool candidate = input.parked_candidate(chunk->text(1, row));
        if ((candidate ? candidates : others)++ <
            (candidate ? input.parked_lookups_max : input.parked_others_max))
          again.push_back(chunk->integer(0, row));
      }
    }
    const auto appender = TRY(work.appender("again"));
    for (const int64_t place : again) {
      appender->integer(place);
      TRY(appender->end_row());
    }
    TRY(appender->finish());
  } else {
    TRY(work.run("INSERT INTO again SELECT rowid " + longest_waiting + " LIMIT " +
                 std::to_string(input.parked_lookups_max)));
  }
  return work.run(
      "DELETE FROM found WHERE look_up AND rowid NOT IN (SELECT place FROM again);"
      "DROP TABLE again");
}

// Who is on the list under a key that may be the same contact's as another's: a member's, or one
// who leaves as well. To take that key off could take the member off, or name a contact twice.
// Nearly all keys are their own folded form, and mostly all of them: then there is nothing to
// compare.
Status spare(duck::Connection& work, const LedgerFile& ledger, const plan::Input& input) {
  TRY(work.run("CREATE OR REPLACE TABLE spared(key VARCHAR)"));
  if (!ledger) return ok_status();
  const std::string who = folded_key_sql("key");
  const std::string only = input.only ? " AND " + who + " = " + duck::literal(*input.only) : "";
  const std::string listed = "(SELECT key, " + who + " AS who FROM read_parquet(" +
                             duck::literal(ledger->string()) + ") WHERE on_list > 0" + only + ")";
  // Whoever has no row in `rows` is on the list.
  TRY(
      work.run(fmt::format("CREATE OR REPLACE TEMP TABLE odd AS SELECT who FROM {} WHERE who <> "
                           "key UNION SELECT {} FROM rows WHERE {} <> key",
                           listed, who, who)));
  if (TRY(work.scalar("SELECT count(*) FROM odd")) > 0)
    TRY(work.run(fmt::format(
        "INSERT INTO spared SELECT key FROM (SELECT key, member, row_number() OVER (PARTITION BY "
        "who ORDER BY member DESC, key) AS place FROM (SELECT key, {} AS who, true AS member FROM "
        "{} UNION ALL SELECT *, false FROM {}) WHERE who IN (FROM odd)) WHERE NOT member AND place "
        "> 1",
        who, TRY(everybody(work, ledger)), listed)));
  return work.run("DROP TABLE odd");
}

// Whether promotion would tell something else of a person about whom nothing is written: another
// primary key, another row that the same fingerprints are made of, that they have left, nothing any
// more.
std::string stale(const std::vector<attributes::Target>& targets, int64_t now) {
  std::string is_as_read = "s.h IS NOT NULL AND s.h IS DISTINCT FROM l.read_hash";
  for (size_t i = 0; i < targets.size(); ++i)
    is_as_read += fmt::format(" AND coalesce({}, 0) = s.f{}", ledger_column(targets[i]), i);
  return fmt::format(
      "CASE WHEN l.key IS NULL THEN true "
      "WHEN s.key IS NOT NULL THEN (s.pk IS NOT NULL AND s.pk IS DISTINCT FROM l.pk) OR ({}) "
      "ELSE l.in_segment OR d.key IS NOT NULL OR (l.on_list = 0 AND NOT coalesce({}, false)) END",
      is_as_read, is_remembered("l.", now));
}

// From everybody `joined` with the ledger those who change, in their order, and those the next ledger
// may tell something else of.
Status find_changes(duck::Connection& work, const std::filesystem::path& ledger,
                    const plan::Input& input, const std::string& joined, const std::string& change,
                    plan::Plan& plan) {
  TRY(work.run("CREATE OR REPLACE TABLE found AS SELECT * FROM (" + joined +
               ") WHERE kind IS NOT NULL OR stale"));
  plan.empty = TRY(keeps_attributes(work, ledger, input.targets)) &&
               TRY(work.scalar("SELECT count(*) FROM found WHERE stale")) == 0;
  TRY(work.run("CREATE TABLE touched AS SELECT key FROM found"));
  plan.parked = TRY(work.scalar("SELECT count(*) FROM found WHERE look_up"));
  if (plan.parked > input.parked_lookups_max || (input.parked_candidate && plan.parked > 0))
    TRY(leave_parked(work, input));
  // People who may be written at once come first, so that whoever must wait does not hold them up;
  // and of them whoever has been tried before, perhaps in vain each time, comes after the others.
  const std::string insert = "INSERT INTO changes " + change + "found WHERE ";
  return work.run("CREATE TABLE changes AS " + change +
                  "found WHERE kind IN (0, 2) AND not_before = 0 ORDER BY key;" + insert +
                  "kind = 3 AND not_before = 0 ORDER BY key;" + insert +
                  "kind <> 1 AND not_before <> 0 ORDER BY not_before, key;" + insert +
                  "kind = 1 ORDER BY not_before, key; DROP TABLE found");
}

// Up to so many enter in the order of their keys, for whoever reads the plan.
constexpr int64_t kSortedMax = 50'000;

// Without a ledger everybody enters, at once. Of many the snapshot's rows are their changes, as they
// lie: a copy of all would say nothing else.
Status let_all_enter(duck::Connection& work, const plan::Input& input,
                     const std::string& sorted_changes) {
  const bool few = TRY(work.scalar("SELECT count(*) FROM rows")) <= kSortedMax;
  // Where rows were deleted their numbers have gaps.
  if (few || TRY(work.scalar("SELECT max(rowid) + 1 <> count(*) FROM rows")) != 0)
    return work.run("CREATE TABLE changes AS " + sorted_changes);
  std::string values;
  for (size_t i = 0; i < input.targets.size(); ++i) {
    const bool skip = i < input.pending.size() && input.pending[i];
    values += (skip ? ", NULL::VARCHAR AS v" : ", v") + std::to_string(i);
  }
  return work.run(
      "CREATE VIEW entrants AS SELECT rowid AS seq, key, 0::INTEGER AS kind, 0::INTEGER AS was_on, "
      "false AS look_up, 0::BIGINT AS not_before" +
      values + " FROM rows");
}

// What there may be of a plan that is made anew.
constexpr std::string_view kForget =
    "DROP TABLE IF EXISTS changes; DROP VIEW IF EXISTS entrants; DROP TABLE IF EXISTS touched;";

// Where the ledger tells of everybody, and each is as they were: nothing is to be found.
Result<plan::Plan> change_nobody(duck::Connection& work, const LedgerFile& ledger,
                                 const plan::Input& input) {
  std::string values;
  for (size_t i = 0; i < input.targets.size(); ++i) values += fmt::format(", v{} VARCHAR", i);
  TRY(work.run(
      std::string(kForget) +
      "CREATE TABLE changes(key VARCHAR, kind INTEGER, was_on INTEGER, look_up BOOLEAN, "
      "not_before BIGINT" +
      values +
      "); CREATE TABLE touched(key VARCHAR); CREATE OR REPLACE TABLE spared(key VARCHAR)"));
  plan::Plan plan;
  plan.empty = true;
  plan.members = plan.on_list_before = TRY(count_everybody(work, ledger));
  return plan;
}

Result<plan::Plan> compare_with(duck::Connection& work, const LedgerFile& file,
                                const plan::Input& input) {
  if (TRY(all_are_settled(work, file))) return change_nobody(work, file, input);
  const std::string ledger = TRY(ledger_relation(work, file, input));
  TRY(spare(work, file, input));
  const size_t n = input.targets.size();
  const bool clears = input.on_null == OnNull::clear;
  std::string any_differs = "false", values;
  for (size_t i = 0; i < n; ++i) {
    const bool skip = i < input.pending.size() && input.pending[i];
    if (skip) {
      values += fmt::format(", NULL::VARCHAR AS v{}", i);
      continue;
    }
    const std::string a = ledger_column(input.targets[i]);
    const std::string differs =
        clears ? fmt::format("CASE WHEN {0} IS NULL THEN s.f{1} <> 0 ELSE {0} <> s.f{1} END", a, i)
               : fmt::format("(s.f{1} <> 0 AND {0} IS DISTINCT FROM s.f{1})", a, i);
    any_differs += " OR " + differs;
    const std::string cleared =
        clears ? fmt::format("WHEN s.f{0} = 0 AND {1} <> 0 THEN 'null' ", i, a) : "";
    values += fmt::format(
        ", CASE WHEN kind = 1 THEN NULL {2}WHEN s.f{0} = 0 THEN NULL WHEN send_all OR {1} THEN "
        "s.v{0} END AS v{0}",
        i, differs, cleared);
  }
  std::string data_hash = "0::UBIGINT";
  for (size_t i = 0; i < n; ++i) data_hash = fmt::format("xor({}, s.f{})", data_hash, i);

  const int64_t now = input.now.time_since_epoch().count();
  const std::string full = input.full ? "true" : "false";
  const std::string joined =
      "SELECT coalesce(s.key, l.key) AS key, "
      "CASE "
      "WHEN s.key IS NULL THEN CASE WHEN l.on_list > 0 AND d.key IS NULL THEN 1 END "
      "WHEN l.key IS NULL OR NOT l.in_segment THEN 0 "
      "WHEN l.reason IN ('not_a_contact', 'unknown', 'not_sent') THEN 3 "
      "WHEN l.reason = 'rejected' AND (NOT l.final OR " +
      full +
      ") THEN 3 "
      "WHEN l.reason = 'rejected' THEN CASE WHEN l.tried_hash <> " +
      data_hash +
      " THEN 2 END "
      "WHEN l.on_list = 0 THEN 0 "
      "WHEN " +
      full + " OR " + any_differs +
      " THEN 2 END AS kind, "
      "l.key IS NULL OR l.on_list <> 1 OR l.reason IS NOT NULL OR " +
      full + " AS send_all, " +
      std::string(input.put_on_again
                      ? "CASE WHEN s.key IS NULL THEN l.on_list ELSE 0 END AS was_on, "
                      : "coalesce(l.on_list, 0) AS was_on, ") +
      "coalesce(s.key IS NOT NULL AND l.reason = 'not_a_contact' AND l.in_segment, false) AS "
      "look_up, "
      "coalesce(l.tried_ms, 0) AS tried_ms, " +
      stale(input.targets, now) +
      " AS stale, "
      // The opposite write of this key, if it has not settled: a removal before an addition and the
      // reverse.
      // What was written in the future, by a clock that was set back since, was written just now.
      "CASE WHEN l.wrote_ms + " +
      std::to_string(input.settle.count()) + " > " + std::to_string(now) +
      " AND l.wrote_kind = CASE WHEN s.key IS NULL THEN 1 ELSE 2 END THEN least(l.wrote_ms, " +
      std::to_string(now) + ") + " + std::to_string(input.settle.count()) +
      " ELSE 0 END AS not_before" + values + " FROM rows s FULL JOIN " + ledger +
      " l ON s.key = l.key LEFT JOIN spared d ON d.key = l.key";

  plan::Plan plan;
  TRY(work.run(std::string(kForget)));
  const std::string change = "SELECT * EXCLUDE (send_all, tried_ms, stale) FROM ";
  if (file)
    TRY(find_changes(work, *file, input, joined, change, plan));
  else
    TRY(let_all_enter(work, input, change + "(" + joined + ") ORDER BY key"));

  const std::string changes = TRY(changes_of(work));
  const auto counts = TRY(work.stream("SELECT kind, count(*), count(*) FILTER (look_up) FROM " +
                                      changes + " GROUP BY kind"));
  while (const duck::Chunk* chunk = TRY(counts->next())) {
    for (size_t row = 0; row < chunk->rows(); ++row) {
      const int64_t count = chunk->integer(1, row);
      switch (chunk->integer(0, row)) {
        case 0:
          plan.changes.entered = count;
          break;
        case 1:
          plan.changes.left = count;
          break;
        case 2:
          plan.changes.changed = count;
          break;
        default:
          plan.changes.retried = count;
          break;
      }
      plan.look_ups += chunk->integer(2, row);
    }
  }
  plan.removals = plan.changes.left;
  plan.writes = plan.changes.entered + plan.changes.changed + plan.changes.retried;
  plan.empty = plan.empty && plan.writes + plan.removals == 0;
  plan.members = TRY(count_everybody(work, file));
  plan.on_list_before =
      TRY(work.scalar("SELECT count(*) FROM " + ledger + " l WHERE on_list > 0")) + plan.members -
      TRY(work.scalar("SELECT count(*) FROM rows"));  // those without a row are on it
  if (n == 0) return plan;
  std::vector<std::string> cleared;
  for (size_t i = 0; i < n; ++i)
    cleared.push_back(fmt::format("count(*) FILTER (v{} = 'null')", i));
  const auto sums =
      TRY(work.stream("SELECT " + join(cleared, ", ") + " FROM " + changes + " WHERE kind <> 0"));
  const duck::Chunk* chunk = TRY(sums->next());
  CHECK(chunk != nullptr && chunk->rows() == 1);
  for (size_t i = 0; i < n; ++i)
    if (const int64_t count = chunk->integer(i, 0); count > 0)
      plan.cleared[input.targets[i].to] = count;
  return plan;
}

}  // namespace

Result<bool> keeps_attributes(duck::Connection& work, const std::filesystem::path& ledger,
                              const std::vector<attributes::Target>& targets) {
  size_t columns = 0;
  for (const auto& column :
       TRY(work.describe("SELECT * FROM read_parquet(" + duck::literal(ledger.string()) + ")"))) {
    if (!column.name.starts_with("a:")) continue;
    ++columns;
    if (std::ranges::none_of(targets, [&](const auto& t) { return "a:" + t.to == column.name; }))
      return false;
  }
  return columns == targets.size();
}

Result<bool> keeps_read_hashes(duck::Connection& work, const std::filesystem::path& ledger) {
  const auto columns =
      TRY(work.describe("SELECT * FROM read_parquet(" + duck::literal(ledger.string()) + ")"));
  return std::ranges::any_of(columns, [](const auto& c) { return c.name == "read_hash"; });
}

Result<std::string> changes_of(duck::Connection& work) {
  const bool in_a_table = TRY(has_table(work, "changes"));
  return std::string(in_a_table ? "(SELECT rowid AS seq, * FROM changes)" : "entrants");
}
Result<bool> changes_are_rows(duck::Connection& work) { return !TRY(has_table(work, "changes")); }

Result<plan::Plan> make_plan(duck::Connection& work, const LedgerFile& ledger,
                             const plan::Input& input) {
  // One transaction: a kill leaves the plan that was there before, or this one whole.
  TRY(work.run("BEGIN TRANSACTION"));
  auto plan = compare_with(work, ledger, input);
  if (!plan.ok()) {
    (void)work.run("ROLLBACK");
    return plan;
  }
  TRY(work.run("COMMIT"));
  return plan;
}

Status parked(duck::Connection& work, const LedgerFile& ledger, const OnKey& on_key) {
  if (!ledger) return ok_status();
  const auto stream = TRY(work.stream("SELECT s.key FROM rows s JOIN read_parquet(" +
                                      duck::literal(ledger->string()) +
                                      ") l ON s.key = l.key WHERE l.in_segment AND l.reason = "
                                      "'not_a_contact'"));
  while (const duck::Chunk* chunk = TRY(stream->next()))
    for (size_t row = 0; row < chunk->rows(); ++row) on_key(chunk->text(0, row));
  return ok_status();
}

namespace {

std::string where(const Which& which) {
  std::string out = "true";
  if (!which.kinds.empty()) {
    std::vector<std::string> kinds;
    for (const ChangeKind kind : which.kinds)
      kinds.push_back(std::to_string(static_cast<int>(kind)));
    out += " AND kind IN (" + join(kinds, ", ") + ")";
  }
  if (which.waiting) out += *which.waiting ? " AND not_before <> 0" : " AND not_before = 0";
  if (which.parked) out += *which.parked ? " AND look_up" : " AND NOT look_up";
  return out;
}

class TableChanges : public Changes {
 public:
  TableChanges(std::unique_ptr<duck::Stream> stream, size_t targets)
      : stream_(std::move(stream)), targets_(targets) {}

  Status next(std::vector<Change>& out, size_t limit) override {
    out.clear();
    while (out.size() < limit && !ended_) {
      if (chunk_ == nullptr || row_ == chunk_->rows()) {
        chunk_ = TRY(stream_->next());
        row_ = 0;
        ended_ = chunk_ == nullptr;
        continue;
      }
      out.push_back(change());
      ++row_;
    }
    return ok_status();
  }

 private:
  [[nodiscard]] Change change() const {
    Change out;
    out.seq = static_cast<uint32_t>(chunk_->integer(0, row_));
    out.key = std::string(chunk_->text(1, row_));
    out.kind = static_cast<ChangeKind>(chunk_->integer(2, row_));
    out.was_on_list = chunk_->integer(3, row_) == 1;
    out.perhaps_on_list = chunk_->integer(3, row_) == 2;
    out.look_up_first = chunk_->integer(4, row_) != 0;
    out.not_before_ms = chunk_->integer(5, row_);
    out.values.resize(targets_);
    for (size_t i = 0; i < targets_; ++i)
      if (!chunk_->is_null(6 + i, row_)) out.values[i] = std::string(chunk_->text(6 + i, row_));
    return out;
  }

  std::unique_ptr<duck::Stream> stream_;
  size_t targets_;
  const duck::Chunk* chunk_ = nullptr;
  size_t row_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<Changes>> open_changes(duck::Connection& work, size_t targets,
                                              const Which& which) {
  std::string sql = "SELECT seq::BIGINT, key, kind::BIGINT, was_on::BIGINT, look_up, not_before";
  for (size_t i = 0; i < targets; ++i) sql += fmt::format(", v{}", i);
  sql += " FROM " + TRY(changes_of(work)) + " WHERE " + where(which);
  // As the table holds them: reading in its order costs less than sorting them again.
  TRY(work.run("SET GLOBAL preserve_insertion_order = true"));
  if (which.first) sql += fmt::format(" LIMIT {}", *which.first);
  auto stream = TRY(work.stream(sql));
  return std::unique_ptr<Changes>(new TableChanges(std::move(stream), targets));
}

Result<int64_t> count_changes(duck::Connection& work, const Which& which) {
  return work.scalar("SELECT count(*) FROM " + TRY(changes_of(work)) + " WHERE " + where(which));
}

}  // namespace rollcall::state::local
