// What reading the real list says: against the ledger (an audit), and into it.
#include <fmt/format.h>

#include "state/local/file.hpp"

namespace rollcall::state::local {
namespace {

// Fills a table of texts, from a clean slate.
Status read_into(duck::Connection& work, const std::string& table,
                 const std::vector<std::string>& columns, const Tell& tell) {
  TRY(work.run("CREATE OR REPLACE TABLE " + table + "(" + join(columns, " VARCHAR, ") +
               " VARCHAR)"));
  const auto appender = TRY(work.appender(table));
  Status appended = ok_status();
  const Status told = tell([&](std::string_view first, std::string_view second) {
    appender->text(first);
    if (columns.size() > 1) appender->text(second);
    if (appended.ok()) appended = appender->end_row();
  });
  TRY(std::move(appended));
  TRY(appender->finish());
  return told;
}

}  // namespace

Status take_members(duck::Connection& work, const Tell& tell) {
  TRY(read_into(work, "told", {"shown"}, tell));
  return work.run(
      "CREATE OR REPLACE TABLE listed AS SELECT DISTINCT shown AS key, shown FROM told;"
      "DROP TABLE told");
}

Status take_owners(duck::Connection& work, const Tell& tell) {
  TRY(read_into(work, "contacts", {"email", "user_id"}, tell));
  return work.run(
      "CREATE OR REPLACE TABLE listed AS SELECT c.user_id AS key, min(t.shown) AS shown FROM "
      "listed "
      "t LEFT JOIN (SELECT email, min(user_id) AS user_id FROM contacts GROUP BY email) c ON "
      "c.email "
      "= t.shown GROUP BY c.user_id, CASE WHEN c.user_id IS NULL THEN t.shown END;"
      "DROP TABLE contacts");
}

Result<DriftCounts> compare(const Folder& folder, const Record& record, duck::Connection& work) {
  const std::string ledger = TRY(last_ledger(work, folder, record, {}));
  TRY(work.run(fmt::format(
      "CREATE OR REPLACE TABLE drift AS SELECT coalesce(l.key, t.key, t.shown) AS key, "
      "CASE WHEN t.shown IS NULL THEN 'missing' WHEN l.key IS NOT NULL AND NOT l.in_segment THEN "
      "'extra' ELSE 'foreign' END AS kind, "
      "coalesce(l.in_segment, false) AS in_segment, coalesce(l.on_list, 0) AS on_list, "
      "coalesce(l.wrote_ms, 0) AS wrote_ms "
      "FROM {} l FULL JOIN listed t ON {} "
      "WHERE (t.shown IS NULL AND l.on_list = 1 AND l.in_segment) OR (t.shown IS NOT NULL AND "
      "(l.key IS NULL OR NOT l.in_segment OR l.on_list = 0))",
      ledger, same_person("t.key", "l.key"))));
  const auto count = [&](const std::string& what) {
    return work.scalar("SELECT count(*) FROM " + what);
  };
  DriftCounts out;
  out.listed = TRY(count("listed"));
  out.expected = TRY(count(ledger + " WHERE on_list = 1 AND in_segment"));
  out.missing = TRY(count("drift WHERE kind = 'missing'"));
  out.extra = TRY(count("drift WHERE kind = 'extra'"));
  out.foreign = TRY(count("drift WHERE kind = 'foreign'"));
  return out;
}

Status drifted(duck::Connection& work, const std::function<bool(const Drift&)>& on_person) {
  // Missing first: they are whom a mailing would not reach.
  const auto rows = TRY(work.stream(
      "SELECT kind, key, in_segment, on_list::BIGINT, wrote_ms FROM drift ORDER BY kind = "
      "'foreign', kind = 'extra', key"));
  Drift person;
  while (const duck::Chunk* chunk = TRY(rows->next())) {
    for (size_t i = 0; i < chunk->rows(); ++i) {
      person = {std::string(chunk->text(0, i)), std::string(chunk->text(1, i)),
                chunk->integer(2, i) != 0, chunk->integer(3, i) != 0, chunk->integer(4, i)};
      if (!on_person(person)) return ok_status();
    }
  }
  return ok_status();
}

Status reconcile(const Folder& folder, Record& record, duck::Connection& work,
                 const Listed& listed) {
  if (record.generation == 0 && !listed.remove_foreign) return ok_status();
  const std::string now = std::to_string(listed.now.time_since_epoch().count());
  const std::string ledger = TRY(last_ledger(work, folder, record, listed.targets));
  // Whom we put on it just now the list may not show yet.
  const std::string unseen =
      fmt::format("(l.wrote_kind = 1 AND l.wrote_ms + {} > {})", listed.settle.count(), now);
  std::string query =
      "SELECT l.* REPLACE ((CASE WHEN l.on_list > 0 AND t.key IS NULL THEN CASE WHEN " + unseen +
      " THEN l.on_list ELSE 0 END WHEN l.on_list = 2 THEN 1 "
      // Somebody removed lately whom others have put on it since.
      "WHEN NOT l.in_segment AND t.key IS NOT NULL AND " +
      std::string(listed.remove_foreign || listed.remove_again ? "true" : "false") +
      " THEN 1 ELSE l.on_list END)::UTINYINT AS on_list, "
      "CASE WHEN l.on_list <> 1 AND t.key IS NOT NULL THEN " +
      now + " ELSE l.since_ms END AS since_ms) FROM " + ledger + " l LEFT JOIN listed t ON " +
      same_person("t.key", "l.key") +
      " WHERE l.in_segment OR (l.on_list > 0 AND (t.key IS NOT NULL OR " + unseen + ")) OR (" +
      is_remembered("l.", listed.now.time_since_epoch().count()) + ")";
  if (listed.remove_foreign)
    query +=
        " UNION ALL BY NAME SELECT DISTINCT t.key, 1::UTINYINT AS on_list, false AS in_segment, "
        "false AS final, " +
        now +
        "::BIGINT AS since_ms, 0::BIGINT AS tried_ms, 0::BIGINT AS wrote_ms, 0::UTINYINT AS "
        "wrote_kind, 0::UBIGINT AS tried_hash FROM listed t ANTI JOIN " +
        ledger + " l ON " + same_person("t.key", "l.key") + " WHERE t.key IS NOT NULL";
  return write_next(folder, record, work, query);
}

}  // namespace rollcall::state::local
