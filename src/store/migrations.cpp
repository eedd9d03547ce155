#include "store/migrations.hpp"

#include <fmt/format.h>

#include <iterator>
#include <ranges>

namespace rollcall::store {
namespace {

// One step a version, applied in order and never changed once released. PostgreSQL takes the same,
// with its own words for types, but for a step that has its own text there.
struct Migration {
  const char* sql;
  const char* in_postgres = nullptr;
};
constexpr Migration kMigrations[] = {
    {R"sql(
    CREATE TABLE object(
      uid TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL,
      archived INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL);
    CREATE TABLE secret(
      uid TEXT NOT NULL REFERENCES object(uid) ON DELETE CASCADE, name TEXT NOT NULL,
      sealed BLOB NOT NULL, PRIMARY KEY (uid, name));
    CREATE TABLE run(
      run_id TEXT PRIMARY KEY, activation_uid TEXT NOT NULL, activation TEXT NOT NULL,
      status TEXT NOT NULL, started_ms INTEGER NOT NULL, finished_ms INTEGER, report TEXT NOT NULL);
    CREATE INDEX run_by_activation ON run(activation_uid, started_ms);
    CREATE TABLE plan(
      plan_id TEXT PRIMARY KEY, activation_uid TEXT NOT NULL, made_ms INTEGER NOT NULL,
      json TEXT NOT NULL);
    CREATE TABLE fact(
      uid TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (uid, name));
    )sql"},
    // A known text sealed by the key, so that a wrong key file is noticed before anything is sealed
    // by it.
    {R"sql(
    CREATE TABLE key_check(id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL);
    CREATE INDEX run_by_time ON run(started_ms);
    CREATE INDEX plan_by_activation ON plan(activation_uid, made_ms);
    )sql"},
    // Names are unique. A home that holds doubles keeps them, marked, until somebody mends it:
    // which of two is the right one is not known here.
    {R"sql(
    ALTER TABLE object ADD COLUMN destination TEXT NOT NULL DEFAULT '';
    UPDATE object SET destination = coalesce(json_extract(json, '$.destination'), '')
      WHERE kind = 'activation' AND json_valid(json);
    ALTER TABLE object ADD COLUMN is_double INTEGER NOT NULL DEFAULT 0;
    UPDATE object SET is_double = 1 WHERE EXISTS (
      SELECT 1 FROM object AS first WHERE first.kind = object.kind AND first.name = object.name
        AND first.destination = object.destination AND NOT first.archived AND NOT object.archived
        AND (first.place, first.uid) < (object.place, object.uid));
    CREATE UNIQUE INDEX object_by_name ON object(kind, destination, name)
      WHERE NOT archived AND NOT is_double;
    CREATE TABLE catalog(id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
    INSERT INTO catalog VALUES (1, 0);
    ALTER TABLE plan ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
    )sql",
     // Which never held doubles.
     R"sql(
    ALTER TABLE object ADD COLUMN destination TEXT NOT NULL DEFAULT '';
    ALTER TABLE object ADD COLUMN is_double INTEGER NOT NULL DEFAULT 0;
    CREATE UNIQUE INDEX object_by_name ON object(kind, destination, name)
      WHERE archived = 0 AND is_double = 0;
    CREATE TABLE catalog(id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
    INSERT INTO catalog VALUES (1, 0);
    ALTER TABLE plan ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
    )sql"},
    // Small things by name, and the log of what was done. A revision is never given twice, so that
    // a record that was removed and made again is not taken for the one before. Each filter of the
    // log has its index, which ends with the number: the newest come first without a sort.
    {R"sql(
    CREATE TABLE record(
      kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, revision INTEGER NOT NULL,
      expires_ms INTEGER, PRIMARY KEY (kind, key));
    CREATE INDEX record_by_expiry ON record(expires_ms) WHERE expires_ms IS NOT NULL;
    CREATE TABLE record_revision(id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL);
    INSERT INTO record_revision VALUES (1, 0);
    CREATE TABLE log(
      number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
      action TEXT NOT NULL, kind TEXT NOT NULL, uid TEXT NOT NULL, name TEXT NOT NULL,
      before TEXT NOT NULL, after TEXT NOT NULL, address TEXT NOT NULL);
    CREATE INDEX log_by_who ON log(who);
    CREATE INDEX log_by_action ON log(action);
    CREATE INDEX log_by_kind ON log(kind);
    CREATE INDEX log_by_uid ON log(uid);
    CREATE INDEX log_by_time ON log(at_ms);
    )sql"},
    // For several servers: up to when a run has dealt with the times of its schedule; who may do
    // what; and where the catalog went, if it did (nothing: it is on its way here).
    {R"sql(
    ALTER TABLE run ADD COLUMN until_ms INTEGER;
    CREATE TABLE lease(
      name TEXT PRIMARY KEY, holder TEXT NOT NULL, token TEXT NOT NULL, expires_ms INTEGER NOT NULL);
    CREATE TABLE moved(
      id INTEGER PRIMARY KEY CHECK (id = 1), place TEXT NOT NULL, at_ms INTEGER NOT NULL);
    )sql"},
};

// Texts are compared byte by byte, as SQLite does.
constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"},
    {"INTEGER", "BIGINT"},
    {"BLOB", "BYTEA"},
    {" TEXT", " TEXT COLLATE \"C\""}};

}  // namespace

const Table kTables[10] = {
    {"object", "uid, kind, name, json, archived, place, destination, is_double"},
    {"secret", "uid, name, sealed"},
    {"run",
     "run_id, activation_uid, activation, status, started_ms, finished_ms, report, until_ms"},
    {"plan", "plan_id, activation_uid, made_ms, json, approved_by"},
    {"fact", "uid, name, json"},
    {"key_check", "id, sealed"},
    {"catalog", "id, revision"},
    {"record", "kind, key, json, revision, expires_ms"},
    {"record_revision", "id, last"},
    {"log", "number, at_ms, who, action, kind, uid, name, before, after, address"}};

int64_t newest_version() { return static_cast<int64_t>(std::size(kMigrations)); }

std::string migration(int64_t version, Engine engine) {
  const Migration& step = kMigrations[version];
  if (engine == Engine::sqlite) return step.sql;
  std::string out = step.in_postgres != nullptr ? step.in_postgres : step.sql;
  for (const auto& [word, theirs] : kWords)
    for (size_t at = 0; (at = out.find(word, at)) != std::string::npos; at += theirs.size())
      out.replace(at, word.size(), theirs);
  return out;
}

Status copy_all(Database& from, Database& to) {
  for (const Table& table : std::views::reverse(kTables))
    TRY(to.execute(fmt::format("DELETE FROM {}", table.name).c_str()));
  for (const Table& table : kTables)
    TRY(from.scan(fmt::format("SELECT {} FROM {}", table.columns, table.name),
                  [&](const Rows& row) -> Status {
                    std::string places = "?";
                    for (int i = 1; i < row.columns(); ++i) places += ", ?";
                    const std::string sql = fmt::format("INSERT INTO {}({}) VALUES ({})",
                                                        table.name, table.columns, places);
                    Statement write(to, sql.c_str());
                    for (int i = 0; i < row.columns(); ++i) write.bind_value(row.value(i));
                    return write.finish();
                  }));
  return to.renumber();
}

}  // namespace rollcall::store
