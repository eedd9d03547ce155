#include "store/database.hpp"

#include <cerrno>

#include "base/file.hpp"
#include "base/home.hpp"

namespace rollcall::store {
namespace {

constexpr int kBusyMs = 10'000;
constexpr int64_t kApplicationId = 0x526f6c6c;  // "Roll": tells our file from anybody else's

// One step a version, applied in order and never changed once released.
constexpr const char* kMigrations[] = {
    R"sql(
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
    )sql",
    // A known text sealed by the key, so that a wrong key file is noticed before anything is sealed
    // by it.
    R"sql(
    CREATE TABLE key_check(id INTEGER PRIMARY KEY CHECK (id = 1), sealed BLOB NOT NULL);
    CREATE INDEX run_by_time ON run(started_ms);
    CREATE INDEX plan_by_activation ON plan(activation_uid, made_ms);
    )sql",
    // Names are unique. A home that holds doubles keeps them, marked, until somebody mends it:
    // which of two is the right one is not known here.
    R"sql(
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
    // Small things by name, and the log of what was done. A revision is never given twice, so that
    // a record that was removed and made again is not taken for the one before. Each filter of the
    // log has its index, which ends with the number: the newest come first without a sort.
    R"sql(
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
    )sql",
};
constexpr auto kVersion = static_cast<int64_t>(std::size(kMigrations));

}  // namespace

Result<std::unique_ptr<Database>> Database::open(Disk& disk, const std::filesystem::path& home) {
  const std::filesystem::path path = Home{home}.database();
  // Private before SQLite puts anything into it; its journals take their rights from it.
  (void)TRY(disk.open(path, Disk::Open::keep));
  for (const char* tail : {"-wal", "-shm"}) {  // SQLite's, which would call it a matter of rights
    const std::filesystem::path beside = path.string() + tail;
    std::error_code ignored;
    if (std::filesystem::is_directory(beside, ignored)) return cannot("open", beside, EISDIR);
  }
  sqlite3* raw = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  auto database = std::unique_ptr<Database>(new Database(raw));
  if (opened != SQLITE_OK)
    return raw == nullptr ? cannot("open", path, ENOMEM) : database->trouble();
  sqlite3_busy_timeout(raw, kBusyMs);

  (void)TRY(database->version());  // refuses what is not ours
  TRY(database->use_wal());
  TRY(database->execute(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON"));
  if (TRY(database->version()) < kVersion)
    TRY(database->write([&]() -> Status {
      // Again, now that nobody else can be doing the same.
      const int64_t from = TRY(database->version());
      for (int64_t step = from; step < kVersion; ++step) TRY(database->execute(kMigrations[step]));
      TRY(database->execute(("PRAGMA user_version = " + std::to_string(kVersion)).c_str()));
      return database->execute(
          ("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
    }));
  return database;
}

Result<std::unique_ptr<Database>> Database::look_at(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  auto database = std::unique_ptr<Database>(new Database(raw));
  if (opened != SQLITE_OK)
    return raw == nullptr ? cannot("open", path, ENOMEM) : database->trouble();
  return database;
}

Result<int64_t> Database::number(const char* sql) {
  Statement row(db_, sql);
  if (row.step() != SQLITE_ROW) return trouble();
  return row.number(0);
}

// 0 for a file that holds nothing yet.
Result<int64_t> Database::version() {
  int64_t application = 0, version = 0, tables = 0;
  // While another process makes the file, the three belong together.
  const auto look = [&]() -> Status {
    application = TRY(number("PRAGMA application_id"));
    version = TRY(number("PRAGMA user_version"));
    tables = TRY(number("SELECT count(*) FROM sqlite_master"));
    return ok_status();
  };
  TRY(sqlite3_get_autocommit(db_) != 0 ? read(look) : look());
  const bool fresh = tables == 0 && version == 0 && application == 0;
  if (!fresh && application != kApplicationId)
    return Error{.kind = ErrorKind::corrupt,
                 .message = "rollcall.db in this home is a database of another program",
                 .remedy = "Choose another home."};
  if (version > kVersion)
    return Error{.kind = ErrorKind::corrupt,
                 .message = "this home was written by a newer version of Rollcall",
                 .remedy = "Use that version, or another home."};
  return version;
}

// Changing the journal needs the file alone for a moment, and SQLite does not always wait for it.
Status Database::use_wal() {
  constexpr int kStepMs = 10;
  for (int waited = 0;; waited += kStepMs) {
    Statement change(db_, "PRAGMA journal_mode = WAL");
    const int step = change.step();
    if (step == SQLITE_ROW) {
      if (change.text(0) == "wal") return ok_status();
      return Error{.kind = ErrorKind::unavailable,
                   .message = "the disk of this home cannot hold a shared database",
                   .remedy = "Choose a home on a local disk."};
    }
    const bool is_busy = step == SQLITE_BUSY || step == SQLITE_LOCKED;
    if (!is_busy || waited >= kBusyMs) return trouble();
    sqlite3_sleep(kStepMs);
  }
}

Status Database::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return trouble();
  return ok_status();
}

Status Database::finish(Statement& statement) {
  if (statement.step() != SQLITE_DONE) return trouble();
  return ok_status();
}

Error Database::trouble() const {
  const char* const named = sqlite3_db_filename(db_, "main");
  const std::filesystem::path path = named == nullptr ? "rollcall.db" : named;
  const int code = sqlite3_errcode(db_) & 0xff;
  // What the system said of the last file SQLite could not open, read or write.
  if (code == SQLITE_FULL) return no_space(path);
  if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN)
    if (const int problem = sqlite3_system_errno(db_); problem != 0)
      return cannot("write", path, problem);
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {.kind = ErrorKind::unavailable,
              .message = "the catalog database is busy",
              .remedy = "Another program holds rollcall.db; try again."};
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return {.kind = ErrorKind::denied,
              .message = "rollcall.db cannot be written",
              .remedy = "Check the rights of the home folder and its files."};
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return {.kind = ErrorKind::corrupt,
              .message = "rollcall.db is no database of ours, or is damaged",
              .remedy = "Restore it from a backup, together with the file `key`."};
    default:
      return {.kind = ErrorKind::unavailable,
              .message = std::string("the catalog database fails: ") + sqlite3_errmsg(db_)};
  }
}

}  // namespace rollcall::store
