#include "store/sqlite.hpp"

#include <sqlite3.h>

#include <cerrno>

#include "base/file.hpp"
#include "store/migrations.hpp"

namespace rollcall::store {
namespace {

constexpr int kBusyMs = 10'000;
constexpr int64_t kApplicationId = 0x526f6c6c;  // "Roll": tells our file from anybody else's

class SqliteRows : public Rows {
 public:
  explicit SqliteRows(sqlite3_stmt* statement) : statement_(statement) {}
  ~SqliteRows() override { sqlite3_finalize(statement_); }
  SqliteRows(const SqliteRows&) = delete;
  SqliteRows& operator=(const SqliteRows&) = delete;

  Step step() override {
    const int result = sqlite3_step(statement_);
    return result == SQLITE_ROW ? Step::row : result == SQLITE_DONE ? Step::done : Step::failed;
  }
  [[nodiscard]] int columns() const override { return sqlite3_column_count(statement_); }
  [[nodiscard]] Value value(int column) const override {
    switch (sqlite3_column_type(statement_, column)) {
      case SQLITE_NULL:
        return std::monostate{};
      case SQLITE_INTEGER:
        return int64_t{sqlite3_column_int64(statement_, column)};
      case SQLITE_BLOB:
        return Blob{bytes(column)};
      default:
        return bytes(column);
    }
  }

 private:
  [[nodiscard]] std::string bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? "" : std::string(data, size);
  }

  sqlite3_stmt* statement_;
};

void bind(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    sqlite3_bind_int64(statement, place, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  } else if (const auto* blob = std::get_if<Blob>(&value)) {
    sqlite3_bind_blob64(statement, place, blob->bytes.data(), blob->bytes.size(), SQLITE_TRANSIENT);
  } else {
    sqlite3_bind_null(statement, place);
  }
}

class Sqlite : public Database {
 public:
  explicit Sqlite(sqlite3* db) : db_(db) {}
  ~Sqlite() override { sqlite3_close_v2(db_); }

  std::unique_ptr<Rows> run(const char* sql, const std::vector<Value>& values) override {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) return nullptr;
    auto rows = std::make_unique<SqliteRows>(statement);
    for (size_t i = 0; i < values.size(); ++i) bind(statement, static_cast<int>(i + 1), values[i]);
    return rows;
  }
  Status execute(const char* sql) override {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return trouble();
    return ok_status();
  }
  [[nodiscard]] Error trouble() const override;
  [[nodiscard]] bool was_taken() const override {
    return sqlite3_extended_errcode(db_) == SQLITE_CONSTRAINT_UNIQUE;
  }
  [[nodiscard]] int64_t changed() const override { return sqlite3_changes64(db_); }

  Status write(const Work& work) override { return transaction("BEGIN IMMEDIATE", work); }
  Status read(const Work& work) override { return transaction("BEGIN", work); }
  Status scan(const std::string& sql, const std::function<Status(const Rows&)>& each) override {
    const auto rows = run(sql.c_str(), {});
    if (!rows) return trouble();
    Step step{};
    while ((step = rows->step()) == Step::row) TRY(each(*rows));
    return step == Step::done ? ok_status() : Status(trouble());
  }

  Status copy_to(Disk&, const std::filesystem::path& path) override {
    Statement copy(*this, "VACUUM INTO ?");
    return copy.bind(path.string()).finish();
  }
  Status renumber() override { return ok_status(); }  // it does by itself
  [[nodiscard]] std::string place() const override {
    const char* const named = sqlite3_db_filename(db_, "main");
    return named == nullptr ? "rollcall.db" : named;
  }

  // 0 for a file that holds nothing yet.
  Result<int64_t> version();
  Status use_wal();
  Status migrate();

 private:
  Status transaction(const char* begin, const Work& work) {
    TRY(execute(begin));
    Status done = work();
    if (done.ok()) done = execute("COMMIT");
    if (!done.ok()) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    return done;
  }

  sqlite3* db_;
};

Status Sqlite::migrate() {
  if (TRY(version()) >= newest_version()) return ok_status();
  return write([&]() -> Status {
    // Again, now that nobody else can be doing the same.
    const int64_t from = TRY(version());
    for (int64_t step = from; step < newest_version(); ++step)
      TRY(execute(migration(step, Engine::sqlite).c_str()));
    TRY(execute(("PRAGMA user_version = " + std::to_string(newest_version())).c_str()));
    return execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
  });
}

Result<int64_t> Sqlite::version() {
  int64_t application = 0, version = 0, tables = 0;
  // While another process makes the file, the three belong together.
  const auto look = [&]() -> Status {
    application = TRY(number_of(*this, "PRAGMA application_id"));
    version = TRY(number_of(*this, "PRAGMA user_version"));
    tables = TRY(number_of(*this, "SELECT count(*) FROM sqlite_master"));
    return ok_status();
  };
  TRY(sqlite3_get_autocommit(db_) != 0 ? read(look) : look());
  const bool fresh = tables == 0 && version == 0 && application == 0;
  if (!fresh && application != kApplicationId)
    return Error{.kind = ErrorKind::corrupt,
                 .message = "rollcall.db in this home is a database of another program",
                 .remedy = "Choose another home."};
  if (version > newest_version())
    return Error{.kind = ErrorKind::corrupt,
                 .message = "this home was written by a newer version of Rollcall",
                 .remedy = "Use that version, or another home."};
  return version;
}

// Changing the journal needs the file alone for a moment, and SQLite does not always wait for it.
Status Sqlite::use_wal() {
  constexpr int kStepMs = 10;
  for (int waited = 0;; waited += kStepMs) {
    Statement change(*this, "PRAGMA journal_mode = WAL");
    if (change.step() == Step::row) {
      if (change.text(0) == "wal") return ok_status();
      return Error{.kind = ErrorKind::unavailable,
                   .message = "the disk of this home cannot hold a shared database",
                   .remedy = "Choose a home on a local disk."};
    }
    const int problem = sqlite3_errcode(db_) & 0xff;
    const bool is_busy = problem == SQLITE_BUSY || problem == SQLITE_LOCKED;
    if (!is_busy || waited >= kBusyMs) return trouble();
    sqlite3_sleep(kStepMs);
  }
}

Error Sqlite::trouble() const {
  const std::filesystem::path path = place();
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

Result<std::unique_ptr<Sqlite>> open_file(const std::filesystem::path& path, int flags) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  auto database = std::make_unique<Sqlite>(raw);
  if (opened != SQLITE_OK)
    return raw == nullptr ? cannot("open", path, ENOMEM) : database->trouble();
  sqlite3_busy_timeout(raw, kBusyMs);
  return database;
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(Disk& disk, const std::filesystem::path& path) {
  // Private before SQLite puts anything into it; its journals take their rights from it.
  (void)TRY(disk.open(path, Disk::Open::keep));
  for (const char* tail : {"-wal", "-shm"}) {  // SQLite's, which would call it a matter of rights
    const std::filesystem::path beside = path.string() + tail;
    std::error_code ignored;
    if (std::filesystem::is_directory(beside, ignored)) return cannot("open", beside, EISDIR);
  }
  auto database = TRY(open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX));
  (void)TRY(database->version());  // refuses what is not ours
  TRY(database->use_wal());
  TRY(database->execute(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON"));
  TRY(database->migrate());
  return std::unique_ptr<Database>(std::move(database));
}

Result<std::unique_ptr<Database>> look_at_sqlite(const std::filesystem::path& path) {
  return std::unique_ptr<Database>(TRY(open_file(path, SQLITE_OPEN_READONLY)));
}

}  // namespace rollcall::store
