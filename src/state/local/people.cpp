// The next ledger out of the last one and what a run settled: one statement, one new file.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/match_key.hpp"
#include "state/local/file.hpp"
#include "state/local/settled.hpp"

namespace rollcall::state::local {
namespace fs = std::filesystem;

namespace {

const char* const kFixedColumns =
    "key, on_list, in_segment, reason, detail, final, since_ms, tried_ms, wrote_ms, wrote_kind, "
    "tried_hash, pk";

// Makes the table `outcomes` of all but those whose outcome is the commonest, which it returns.
Result<OutcomeKind> load_outcomes(duck::Connection& work, const Answers& answers) {
  const auto outcome = [&](uint32_t seq) {
    return answers.kinds[seq].value_or(OutcomeKind::not_sent);
  };
  std::map<OutcomeKind, int64_t> counts = {{OutcomeKind::not_sent, 0}};
  for (uint32_t seq = 0; seq < answers.kinds.size(); ++seq) ++counts[outcome(seq)];
  const OutcomeKind commonest =
      std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; })->first;
  TRY(
      work.run("CREATE OR REPLACE TABLE outcomes(seq BIGINT, outcome VARCHAR, reason VARCHAR, "
               "final BOOLEAN)"));
  const auto appender = TRY(work.appender("outcomes"));
  for (uint32_t seq = 0; seq < answers.kinds.size(); ++seq) {
    const auto rejection = answers.rejections.find(seq);
    const bool rejected = rejection != answers.rejections.end();
    if (!rejected && outcome(seq) == commonest) continue;
    appender->integer(seq);
    appender->text(to_string(outcome(seq)));
    rejected ? appender->text(rejection->second.reason) : appender->null();
    appender->integer(rejected && rejection->second.final ? 1 : 0);
    TRY(appender->end_row());
  }
  TRY(appender->finish());
  return commonest;
}

// A ledger that does not hold everybody in the segment is never made the one that counts.
Status adds_up(const StandingCounts& s, int64_t members) {
  const int64_t held = s.on_list + s.not_a_contact + s.rejected + s.unknown + s.not_sent;
  if (held == members) return ok_status();
  return Error{ErrorKind::corrupt,
               fmt::format("the new ledger holds {} of the segment's {} members", thousands(held),
                           thousands(members)),
               "This is a fault of Rollcall's: please report it. The ledger before this run still "
               "counts, and the next run tries again."};
}

Result<std::unique_ptr<duck::Database>> reader() {
  return duck::Database::open(":memory:", {.memory_limit_mb = 128});
}

std::string text_or(const duck::Chunk& chunk, size_t column, size_t row) {
  return chunk.is_null(column, row) ? "" : std::string(chunk.text(column, row));
}

// Whether the next ledger tells something else than the last of a part of the people alone, so that
// it is worth telling them from the others. Plans of earlier versions do not say of whom.
Result<bool> touches_few(duck::Connection& work, const LedgerFile& ledger,
                         const Promotion& promotion) {
  if (!ledger || !TRY(has_table(work, "touched")) ||
      !TRY(keeps_attributes(work, *ledger, promotion.targets)))
    return false;
  const int64_t touched = TRY(work.scalar("SELECT count(*) FROM touched"));
  return touched * 2 < TRY(count_everybody(work, ledger));
}

// The file of the next generation.
Status write_promoted(const Folder& folder, Record& record, duck::Connection& work,
                      const Promotion& promotion) {
  const OutcomeKind commonest = TRY(load_outcomes(work, promotion.answers));
  const std::string ledger = TRY(last_ledger(work, folder, record, promotion.targets));
  const int64_t now = promotion.now.time_since_epoch().count();
  std::string hash = "0::UBIGINT", attribute_values, written;
  // What the source's row is told by holds for the fingerprints that are made of it.
  std::string is_as_read = "s.pk IS NOT NULL";
  for (size_t i = 0; i < promotion.targets.size(); ++i) {
    const std::string a = "l." + attribute_column(promotion.targets[i]);
    hash = fmt::format("xor({}, s.f{})", hash, i);
    written += fmt::format(", c.v{0} IS NOT NULL AS has{0}", i);
    const bool dropped =
        (i < promotion.pending.size() && promotion.pending[i]) ||
        std::count(promotion.answers.filtered_fields.begin(),
                   promotion.answers.filtered_fields.end(), promotion.targets[i].to) > 0;
    const std::string confirmed = dropped ? a
                                          : fmt::format(
                                                "CASE WHEN c.has{0} THEN s.f{0} WHEN {1} IS NULL "
                                                "AND s.f{0} = 0 THEN 0 ELSE {1} END",
                                                i, a);
    const std::string value = fmt::format(
        "CASE WHEN c.outcome IN ('added', 'updated') THEN {0} "
        "WHEN c.outcome = 'not_a_contact' THEN NULL "
        "WHEN c.outcome = 'removed' THEN CASE WHEN {1} <> 0 THEN {2}::UBIGINT END "
        "WHEN c.outcome = 'unknown' AND c.has{3} AND coalesce({1}, 0) = 0 THEN {2}::UBIGINT "
        "ELSE {1} END",
        confirmed, a, kPerhapsOurs, i);
    attribute_values += fmt::format(", {} AS {}", value, attribute_column(promotion.targets[i]));
    is_as_read += fmt::format(" AND coalesce({}, 0) = s.f{}", value, i);
  }
  // Of the values only whether they were sent: a join holds what it carries. The parked who were
  // not sent stay as they were: to anything but a look-up they are closed until one shows a contact.
  const std::string settled = fmt::format(
      "(SELECT * FROM (SELECT c.seq, c.key, c.kind, c.was_on, c.look_up, coalesce(o.outcome, '{}') "
      "AS outcome, o.reason, coalesce(o.final, false) AS final{} FROM {} c LEFT JOIN outcomes o ON "
      "o.seq = c.seq) WHERE NOT (look_up AND outcome = 'not_sent'))",
      to_string(commonest), written, TRY(changes_of(work)));
  const std::string reason =
      "CASE WHEN c.outcome IS NULL THEN l.reason WHEN c.outcome IN ('added', 'updated', 'removed') "
      "THEN NULL ELSE c.outcome END";
  const std::string sent = "c.outcome IN ('added', 'removed', 'updated', 'unknown', 'rejected')";
  const LedgerFile last = last_file(folder, record);
  const bool few = TRY(touches_few(work, last, promotion));
  // Rows that are their own changes are told by their number.
  const bool by_row = TRY(changes_are_rows(work));
  const std::string members = few      ? "rows"
                              : by_row ? "(SELECT rowid AS seq, * FROM rows)"
                                       : TRY(everybody(work, last, promotion.targets));
  const auto of = [&](const std::string& table) {
    return few ? "(SELECT * FROM " + table + " SEMI JOIN touched USING (key))" : table;
  };
  // Of the touched nobody is settled.
  const auto left_alone = few ? TRY(settled_of(work, *last)) : std::nullopt;
  const std::string compared = left_alone ? TRY(apart_of(work, *last)) : ledger;
  const std::string query = fmt::format(
      "SELECT coalesce(s.key, l.key) AS key, "
      "(CASE c.outcome WHEN 'added' THEN 1 WHEN 'updated' THEN 1 WHEN 'removed' THEN 0 WHEN "
      "'not_a_contact' THEN 0 "
      "WHEN 'unknown' THEN CASE WHEN c.was_on = 1 AND s.key IS NOT NULL THEN 1 ELSE 2 END ELSE "
      "coalesce(l.on_list, 0) END)::UTINYINT AS on_list, "
      "s.key IS NOT NULL AS in_segment, {0} AS reason, "
      "CASE WHEN c.outcome IS NULL THEN l.detail ELSE c.reason END AS detail, "
      "CASE WHEN c.outcome IS NULL THEN coalesce(l.final, false) ELSE c.final END AS final, "
      "CASE WHEN l.key IS NOT NULL AND l.reason IS NOT DISTINCT FROM ({0}) THEN l.since_ms ELSE "
      "{1} END AS since_ms, "
      "CASE WHEN c.outcome IS NULL OR c.outcome = 'not_sent' THEN coalesce(l.tried_ms, 0) ELSE {1} "
      "END AS tried_ms, "
      "CASE WHEN {2} THEN {1} ELSE coalesce(l.wrote_ms, 0) END AS wrote_ms, "
      "(CASE WHEN {2} THEN CASE WHEN c.kind = 1 THEN 2 ELSE 1 END ELSE coalesce(l.wrote_kind, 0) "
      "END)::UTINYINT AS wrote_kind, "
      "CASE WHEN c.outcome = 'rejected' THEN {3} ELSE coalesce(l.tried_hash, 0) END AS tried_hash, "
      "coalesce(s.pk, l.pk) AS pk, CASE WHEN {9} THEN s.h END AS read_hash{4} "
      "FROM {5} s FULL JOIN {6} l ON s.key = l.key "
      "LEFT JOIN {7} c ON {8}",
      reason, now, sent, "coalesce(" + hash + ", 0)", attribute_values, of(members), of(compared),
      settled, by_row ? "c.seq = s.seq" : "c.key = coalesce(s.key, l.key)", is_as_read);
  // Whoever left without ever having been put on the list is forgotten; the removed, after a while.
  // So is the other spelling of somebody who goes on under this one.
  TRY(work.run("CREATE TABLE IF NOT EXISTS spared(key VARCHAR)"));  // plans of earlier versions
  const std::string others =
      few ? " UNION ALL BY NAME SELECT * FROM " + compared + " ANTI JOIN touched USING (key)" : "";
  const std::string kept = fmt::format(
      "SELECT * FROM ({}{}) WHERE in_segment OR (on_list > 0 AND key NOT IN (FROM spared)) OR "
      "({}){}",
      query, others, is_remembered("", now),
      left_alone ? " UNION ALL BY NAME SELECT * FROM " + *left_alone : "");
  return write_next(folder, record, work, kept);
}

// Who is not on the list after the run, and why: by the ledger, and of the snapshot those that are
// nobody.
Status write_people(const Folder& folder, const Record& record, const std::string& run_id,
                    duck::Connection& work, Time now) {
  TRY(folder.disk->make_folder(folder.run(run_id)));
  const StandingCounts& s = record.standing;
  const bool all_are_on_it =
      s.not_a_contact + s.rejected + s.unknown + s.not_sent + s.leavers_on_list == 0;
  const std::string of_ledger =
      all_are_on_it ? ""
                    : "SELECT CASE WHEN NOT in_segment THEN 'leaver' ELSE reason END AS kind, key, "
                      "pk, reason, detail, since_ms FROM read_parquet(" +
                          duck::literal(folder.ledger_file(record.generation).string()) +
                          ") WHERE (in_segment AND reason IS NOT NULL) OR (NOT in_segment AND "
                          "on_list > 0) UNION ALL ";
  const std::string people =
      of_ledger + "SELECT kind, key, pk, NULL::VARCHAR AS reason, NULL::VARCHAR AS detail, " +
      std::to_string(now.time_since_epoch().count()) + "::BIGINT AS since_ms FROM problems";
  (void)TRY(write_parquet(*folder.disk, work, people, folder.people_file(run_id)));
  return ok_status();
}

}  // namespace

Status promote(const Folder& folder, Record& record, const std::string& run_id,
               duck::Connection& work, const Promotion& promotion) {
  // The work ends with the run: what it holds need not come to disk as it is closed.
  TRY(work.run("PRAGMA disable_checkpoint_on_shutdown"));
  Record next = record;
  if (promotion.of_nothing) {
    const fs::path ledger = folder.ledger_file(next.generation);
    // The settled are on the list and nothing else: that was what they were found by.
    if (TRY(all_are_settled(work, ledger))) {
      next.standing = {};
      next.standing.on_list = TRY(count_everybody(work, ledger));
    } else {
      next.standing = TRY(count_standing(work, ledger));
    }
  } else {
    TRY(write_promoted(folder, next, work, promotion));
  }
  TRY(adds_up(next.standing, TRY(count_everybody(work, last_file(folder, record)))));
  TRY(write_people(folder, next, run_id, work, promotion.now));
  record = std::move(next);
  return ok_status();
}

Result<std::optional<PersonRow>> find(const Folder& folder, const Record& record,
                                      const std::string& key) {
  if (record.generation == 0) return std::optional<PersonRow>();
  TRY(check_ledger(folder, record));
  const auto db = TRY(reader());
  const auto connection = TRY(db->connect());
  const std::string file = duck::literal(folder.ledger_file(record.generation).string());
  // A key of ASCII alone is its own folded form, or a user id.
  const bool ascii = std::all_of(key.begin(), key.end(), [](char c) { return c >= 0; });
  const std::string which = ascii ? "key = " + duck::literal(key)
                                  : folded_key_sql("key") + " = " + duck::literal(folded_key(key));
  const auto rows = TRY(connection->stream(
      "SELECT " + std::string(kFixedColumns) +
      ", COLUMNS('^a:.*') FROM (SELECT *, NULL::UBIGINT AS \"a:\" FROM read_parquet(" + file +
      ")) WHERE " + which + " ORDER BY key <> " + duck::literal(key) + ", on_list DESC LIMIT 1"));
  const duck::Chunk* chunk = TRY(rows->next());
  if (chunk == nullptr || chunk->rows() == 0) return std::optional<PersonRow>();
  PersonRow row{.key = std::string(chunk->text(0, 0)),
                .on_list = static_cast<int>(chunk->integer(1, 0)),
                .in_segment = chunk->integer(2, 0) != 0,
                .reason = text_or(*chunk, 3, 0),
                .detail = text_or(*chunk, 4, 0),
                .final = chunk->integer(5, 0) != 0,
                .since_ms = chunk->integer(6, 0),
                .tried_ms = chunk->integer(7, 0),
                .wrote_ms = chunk->integer(8, 0),
                .wrote_kind = static_cast<int>(chunk->integer(9, 0)),
                .attributes = {}};
  for (size_t i = 12; i < rows->columns().size(); ++i) {
    const std::string name = rows->columns()[i].name.substr(2);
    if (!name.empty())
      row.attributes[name] = chunk->is_null(i, 0)
                                 ? std::nullopt
                                 : std::optional(static_cast<uint64_t>(chunk->integer(i, 0)));
  }
  return std::optional<PersonRow>(std::move(row));
}

Status for_each(const Folder& folder, const Record& record,
                const std::function<void(const PersonRow&)>& on_row) {
  if (record.generation == 0) return ok_status();
  TRY(check_ledger(folder, record));
  const auto db = TRY(reader());
  const auto connection = TRY(db->connect());
  const auto rows =
      TRY(connection->stream("SELECT " + std::string(kFixedColumns) + " FROM read_parquet(" +
                             duck::literal(folder.ledger_file(record.generation).string()) + ")"));
  PersonRow row;
  while (const duck::Chunk* chunk = TRY(rows->next())) {
    for (size_t i = 0; i < chunk->rows(); ++i) {
      row.key = std::string(chunk->text(0, i));
      row.on_list = static_cast<int>(chunk->integer(1, i));
      row.in_segment = chunk->integer(2, i) != 0;
      row.reason = text_or(*chunk, 3, i);
      row.detail = text_or(*chunk, 4, i);
      row.final = chunk->integer(5, i) != 0;
      row.since_ms = chunk->integer(6, i);
      row.tried_ms = chunk->integer(7, i);
      row.wrote_ms = chunk->integer(8, i);
      row.wrote_kind = static_cast<int>(chunk->integer(9, i));
      on_row(row);
    }
  }
  return ok_status();
}

Status parked(const Folder& folder, const Record& record, const OnKey& on_key) {
  if (record.generation == 0) return ok_status();
  TRY(check_ledger(folder, record));
  const auto db = TRY(reader());
  const auto connection = TRY(db->connect());
  const auto rows =
      TRY(connection->stream("SELECT key FROM read_parquet(" +
                             duck::literal(folder.ledger_file(record.generation).string()) +
                             ") WHERE in_segment AND reason = 'not_a_contact' ORDER BY tried_ms, "
                             "key"));
  while (const duck::Chunk* chunk = TRY(rows->next()))
    for (size_t i = 0; i < chunk->rows(); ++i) on_key(chunk->text(0, i));
  return ok_status();
}

Status missing_people(const Folder& folder, const std::string& run_id, const std::string& kind,
                      const std::function<bool(const MissingPerson&)>& on_person) {
  const fs::path file = folder.people_file(run_id);
  std::error_code ignored;
  if (!fs::exists(file, ignored))
    return Error{ErrorKind::not_found, "nothing is kept of the people of run " + run_id,
                 "Only runs that ended keep them, and the service lets go of old ones: see its "
                 "setting `keep-people`."};
  const auto db = TRY(reader());
  const auto connection = TRY(db->connect());
  if (!is_readable(*connection, file))
    return Error{ErrorKind::corrupt, "what was kept of the people of run " + run_id + " is damaged",
                 "Run the activation again: that run keeps them anew."};
  const std::string where = kind == "all" ? "true" : "kind = " + duck::literal(kind);
  const auto rows = TRY(connection->stream(
      "SELECT kind, key, pk, reason, detail, since_ms FROM read_parquet(" +
      duck::literal(file.string()) + ") WHERE " + where + " ORDER BY kind, key, pk"));
  MissingPerson person;
  while (const duck::Chunk* chunk = TRY(rows->next())) {
    for (size_t i = 0; i < chunk->rows(); ++i) {
      person = {text_or(*chunk, 0, i), text_or(*chunk, 1, i), text_or(*chunk, 2, i),
                text_or(*chunk, 3, i), text_or(*chunk, 4, i), chunk->integer(5, i)};
      if (!on_person(person)) return ok_status();
    }
  }
  return ok_status();
}

Result<int64_t> drop_missing_people(const Folder& folder,
                                    const std::function<Result<bool>(const std::string&)>& which) {
  int64_t dropped = 0;
  for (const std::string& run_id : TRY(folder.disk->list(folder.path / "runs"))) {
    std::error_code ignored;
    if (!fs::exists(folder.people_file(run_id), ignored) || !TRY(which(run_id))) continue;
    TRY(folder.disk->remove(folder.run(run_id)));
    ++dropped;
  }
  return dropped;
}

Result<StandingCounts> standing_unsent(const Folder& folder, const Record& record,
                                       duck::Connection& work) {
  const std::string ledger = TRY(last_ledger(work, folder, record, {}));
  const std::string ours = "s.key IS NOT NULL AND l.key IS NOT NULL AND l.in_segment AND ";
  const auto rows = TRY(work.stream("SELECT count(*) FILTER (" + ours +
                                    "l.reason IS NULL AND l.on_list = 1), count(*) FILTER (" +
                                    ours + "l.reason = 'not_a_contact'), count(*) FILTER (" + ours +
                                    "l.reason = 'rejected'), count(*) FILTER (" + ours +
                                    "l.reason = 'unknown'), count(*) FILTER (s.key IS NOT NULL), "
                                    "count(*) FILTER (s.key IS NULL AND l.on_list > 0) "
                                    "FROM " +
                                    TRY(everybody(work, last_file(folder, record))) +
                                    " s FULL JOIN " + ledger + " l ON s.key = l.key"));
  const duck::Chunk* chunk = TRY(rows->next());
  CHECK(chunk != nullptr && chunk->rows() == 1);
  StandingCounts out{.on_list = chunk->integer(0, 0),
                     .not_a_contact = chunk->integer(1, 0),
                     .rejected = chunk->integer(2, 0),
                     .unknown = chunk->integer(3, 0),
                     .not_sent = 0,
                     .leavers_on_list = chunk->integer(5, 0)};
  // Everybody else in the segment waits to be sent.
  out.not_sent =
      chunk->integer(4, 0) - out.on_list - out.not_a_contact - out.rejected - out.unknown;
  return out;
}

}  // namespace rollcall::state::local
