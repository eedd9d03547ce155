#include "store/store.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

namespace rollcall::store {
namespace fs = std::filesystem;

namespace {

constexpr int kBusyMs = 10'000;
constexpr int kApplicationId = 0x526f6c6c;  // "Roll": tells our file from anybody else's

// One step per version, applied in order and never changed once released.
constexpr const char* kMigrations[] = {
    R"(
    CREATE TABLE object(uid TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL,
                        archived INTEGER NOT NULL DEFAULT 0, place INTEGER NOT NULL);
    CREATE TABLE secret(uid TEXT NOT NULL REFERENCES object(uid) ON DELETE CASCADE, name TEXT NOT NULL,
                        sealed BLOB NOT NULL, PRIMARY KEY (uid, name));
    CREATE TABLE run(run_id TEXT PRIMARY KEY, activation_uid TEXT NOT NULL, activation TEXT NOT NULL, status TEXT NOT NULL,
                     started_ms INTEGER NOT NULL, finished_ms INTEGER, report TEXT NOT NULL);
    CREATE INDEX run_by_activation ON run(activation_uid, started_ms);
    CREATE TABLE plan(plan_id TEXT PRIMARY KEY, activation_uid TEXT NOT NULL, made_ms INTEGER NOT NULL, json TEXT NOT NULL);
    CREATE TABLE fact(uid TEXT NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (uid, name));
    )",
};
constexpr int kVersion = static_cast<int>(std::size(kMigrations));

Error system_error(const fs::path& path, const char* doing) {
  return {ErrorKind::unavailable, std::string("cannot ") + doing + " " + path.string() + ": " + std::strerror(errno), "Check the rights of the home folder and the disk."};
}

// --- The key file: made once, whole, readable by its owner alone.
using Key = std::array<unsigned char, crypto_aead_xchacha20poly1305_ietf_KEYBYTES>;

Result<Key> read_key(const fs::path& path) {
  Key key{};
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return system_error(path, "read");
  struct stat about {};
  ::fstat(file, &about);
  const bool whole = ::read(file, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && about.st_size == static_cast<off_t>(key.size());
  ::close(file);
  if (!whole) return Error{ErrorKind::corrupt, path.string() + " is not a key of ours", "Restore it from a backup; without it, enter the secrets again in a new home."};
  if ((about.st_mode & 077) != 0)
    return Error{ErrorKind::denied, path.string() + " can be read by others", "chmod 600 " + path.string() + ", and change the API keys if somebody may have read it."};
  return key;
}

Result<Key> key_of(const fs::path& home, bool may_make) {
  const fs::path path = home / "key";
  std::error_code ignored;
  if (fs::exists(path, ignored)) return read_key(path);
  if (!may_make)
    return Error{ErrorKind::not_found, "the key file " + path.string() + " is missing, and secrets are stored that only it opens",
                 "Restore it from a backup, or start a new home and apply the catalog again."};
  Key key{};
  randombytes_buf(key.data(), key.size());
  const fs::path fresh = home / ("key." + std::to_string(::getpid()));
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return system_error(fresh, "write");
  const bool written = ::write(file, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(file) == 0;
  ::close(file);
  // link fails when another process was first: then theirs is the key.
  const bool placed = written && (::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int why = errno;
  ::unlink(fresh.c_str());
  if (!placed) {
    errno = why;
    return system_error(path, "write");
  }
  return read_key(path);
}

// Bound to where it belongs, so that a sealed value moved to another object does not open.
std::string seal(const Key& key, const std::string& value, const std::string& belongs) {
  std::string out(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + value.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  auto* nonce = reinterpret_cast<unsigned char*>(out.data());
  randombytes_buf(nonce, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, nullptr, reinterpret_cast<const unsigned char*>(value.data()), value.size(),
                                             reinterpret_cast<const unsigned char*>(belongs.data()), belongs.size(), nullptr, nonce, key.data());
  return out;
}
std::optional<std::string> unseal(const Key& key, std::string_view sealed, const std::string& belongs) {
  constexpr size_t kOverhead = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES;
  if (sealed.size() < kOverhead) return std::nullopt;
  std::string out(sealed.size() - kOverhead, '\0');
  const auto* nonce = reinterpret_cast<const unsigned char*>(sealed.data());
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(out.data()), nullptr, nullptr, nonce + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
                                                 sealed.size() - crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, reinterpret_cast<const unsigned char*>(belongs.data()), belongs.size(),
                                                 nonce, key.data()) != 0)
    return std::nullopt;
  return out;
}

// --- A statement that binds in order and reads in order.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) { sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr); }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& bind(std::string_view text) {
    sqlite3_bind_text64(statement_, ++bound_, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
  }
  Statement& bind(int64_t number) {
    sqlite3_bind_int64(statement_, ++bound_, number);
    return *this;
  }
  Statement& bind_blob(std::string_view bytes) {
    sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind_null() {
    sqlite3_bind_null(statement_, ++bound_);
    return *this;
  }
  // SQLITE_ROW, SQLITE_DONE or a failure.
  int step() { return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_); }
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return bytes == nullptr ? "" : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }
  [[nodiscard]] int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

class SqliteStore : public Store {
 public:
  SqliteStore(sqlite3* db, Key key, Clock& clock, Random& random) : db_(db), key_(key), clock_(clock), random_(random) {}
  ~SqliteStore() override { sqlite3_close_v2(db_); }

  Result<std::vector<ObjectRow>> objects() override {
    const std::lock_guard lock(mutex_);
    std::vector<ObjectRow> out;
    Statement rows(db_, "SELECT kind, uid, name, json, archived FROM object ORDER BY place, uid");
    int step = 0;
    while ((step = rows.step()) == SQLITE_ROW) out.push_back({rows.text(0), rows.text(1), rows.text(2), rows.text(3), {}, rows.number(4) != 0});
    if (step != SQLITE_DONE) return trouble();
    Statement secrets(db_, "SELECT uid, name, sealed FROM secret ORDER BY uid, name");
    while ((step = secrets.step()) == SQLITE_ROW) {
      const std::string uid = secrets.text(0), name = secrets.text(1);
      const auto value = unseal(key_, secrets.text(2), uid + '\n' + name);
      if (!value)
        return Error{ErrorKind::corrupt, "a stored secret cannot be opened with this key file", "Restore the key file that belongs to this home, or apply the catalog with its secrets again in a new home."};
      for (ObjectRow& row : out)
        if (row.uid == uid) row.secrets.emplace_back(name, Secret(*value));
    }
    if (step != SQLITE_DONE) return trouble();
    return out;
  }

  Status put(std::vector<ObjectRow> rows, const std::vector<std::string>& remove_uids) override {
    const std::lock_guard lock(mutex_);
    return transaction([&]() -> Status {
      for (const std::string& uid : remove_uids) {
        Statement gone(db_, "DELETE FROM object WHERE uid = ?");
        if (gone.bind(uid).step() != SQLITE_DONE) return trouble();
      }
      for (ObjectRow& row : rows) {
        if (row.uid.empty()) row.uid = new_id(clock_, random_);
        Statement write(db_, "INSERT INTO object(uid, kind, name, json, archived, place) VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(place), 0) + 1 FROM object)) "
                             "ON CONFLICT(uid) DO UPDATE SET kind = excluded.kind, name = excluded.name, json = excluded.json, archived = excluded.archived");
        if (write.bind(row.uid).bind(row.kind).bind(row.name).bind(row.json).bind(row.archived ? 1 : 0).step() != SQLITE_DONE) return trouble();
        Statement clear(db_, "DELETE FROM secret WHERE uid = ?");
        if (clear.bind(row.uid).step() != SQLITE_DONE) return trouble();
        for (const auto& [name, secret] : row.secrets) {
          Statement keep(db_, "INSERT INTO secret(uid, name, sealed) VALUES (?, ?, ?)");
          if (keep.bind(row.uid).bind(name).bind_blob(seal(key_, secret.reveal(), row.uid + '\n' + name)).step() != SQLITE_DONE) return trouble();
        }
      }
      return ok_status();
    });
  }

  Status put_run(const RunRow& run) override {
    const std::lock_guard lock(mutex_);
    Statement write(db_, "INSERT INTO run(run_id, activation_uid, activation, status, started_ms, finished_ms, report) VALUES (?, ?, ?, ?, ?, ?, ?) "
                         "ON CONFLICT(run_id) DO UPDATE SET status = excluded.status, finished_ms = excluded.finished_ms, report = excluded.report");
    write.bind(run.run_id).bind(run.activation_uid).bind(run.activation).bind(run.status).bind(run.started_at.time_since_epoch().count());
    run.finished_at ? write.bind(run.finished_at->time_since_epoch().count()) : write.bind_null();
    if (write.bind(run.report_json).step() != SQLITE_DONE) return trouble();
    return ok_status();
  }
  Result<RunRow> run(const std::string& run_id) override {
    const std::lock_guard lock(mutex_);
    Statement rows(db_, "SELECT run_id, activation_uid, activation, status, started_ms, finished_ms, report FROM run WHERE run_id = ?");
    const int step = rows.bind(run_id).step();
    if (step == SQLITE_ROW) return run_row(rows);
    if (step != SQLITE_DONE) return trouble();
    return Error{ErrorKind::not_found, "there is no run `" + run_id + "`", "`rollcall runs` lists them."};
  }
  Result<std::vector<RunRow>> runs(const std::optional<std::string>& activation_uid, int limit) override {
    const std::lock_guard lock(mutex_);
    Statement rows(db_, "SELECT run_id, activation_uid, activation, status, started_ms, finished_ms, report FROM run "
                        "WHERE ?1 IS NULL OR activation_uid = ?1 ORDER BY started_ms DESC, run_id DESC LIMIT ?2");
    activation_uid ? rows.bind(*activation_uid) : rows.bind_null();
    rows.bind(static_cast<int64_t>(limit));
    std::vector<RunRow> out;
    int step = 0;
    while ((step = rows.step()) == SQLITE_ROW) out.push_back(run_row(rows));
    if (step != SQLITE_DONE) return trouble();
    return out;
  }

  Status put_plan(const PlanRow& plan) override {
    const std::lock_guard lock(mutex_);
    Statement write(db_, "INSERT OR REPLACE INTO plan(plan_id, activation_uid, made_ms, json) VALUES (?, ?, ?, ?)");
    if (write.bind(plan.plan_id).bind(plan.activation_uid).bind(plan.made_at.time_since_epoch().count()).bind(plan.json).step() != SQLITE_DONE) return trouble();
    return ok_status();
  }
  Result<PlanRow> plan(const std::string& plan_id) override {
    const std::lock_guard lock(mutex_);
    Statement rows(db_, "SELECT plan_id, activation_uid, made_ms, json FROM plan WHERE plan_id = ?");
    const int step = rows.bind(plan_id).step();
    if (step == SQLITE_ROW) return PlanRow{rows.text(0), rows.text(1), Time(Millis(rows.number(2))), rows.text(3)};
    if (step != SQLITE_DONE) return trouble();
    return Error{ErrorKind::not_found, "there is no plan `" + plan_id + "`"};
  }

  Result<std::optional<std::string>> fact(const std::string& uid, const std::string& name) override {
    const std::lock_guard lock(mutex_);
    Statement rows(db_, "SELECT json FROM fact WHERE uid = ? AND name = ?");
    const int step = rows.bind(uid).bind(name).step();
    if (step == SQLITE_ROW) return std::optional(rows.text(0));
    if (step != SQLITE_DONE) return trouble();
    return std::optional<std::string>();
  }
  Status put_fact(const std::string& uid, const std::string& name, const std::string& json) override {
    const std::lock_guard lock(mutex_);
    Statement write(db_, "INSERT OR REPLACE INTO fact(uid, name, json) VALUES (?, ?, ?)");
    if (write.bind(uid).bind(name).bind(json).step() != SQLITE_DONE) return trouble();
    return ok_status();
  }

  // Before the first call that needs it.
  void use(const Key& key) { key_ = key; }

  Status execute(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return trouble();
    return ok_status();
  }

  // Brings the file to the newest version; two processes may try at once.
  Status migrate() {
    return transaction([&]() -> Status {
      int64_t version = 0, application = 0;
      {
        Statement read(db_, "PRAGMA user_version");
        if (read.step() != SQLITE_ROW) return trouble();
        version = read.number(0);
        Statement whose(db_, "PRAGMA application_id");
        if (whose.step() != SQLITE_ROW) return trouble();
        application = whose.number(0);
        Statement tables(db_, "SELECT count(*) FROM sqlite_master");
        if (tables.step() != SQLITE_ROW) return trouble();
        const bool fresh = tables.number(0) == 0 && version == 0;
        if (!fresh && application != kApplicationId) return Error{ErrorKind::corrupt, "rollcall.db in this home is a database of another program", "Choose another home."};
      }
      if (version > kVersion) return Error{ErrorKind::corrupt, "this home was written by a newer version of Rollcall", "Use that version, or another home."};
      for (int64_t step = version; step < kVersion; ++step) TRY(execute(kMigrations[step]));
      TRY(execute(("PRAGMA user_version = " + std::to_string(kVersion)).c_str()));
      return execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
    });
  }

 private:
  static RunRow run_row(const Statement& rows) {
    RunRow row{rows.text(0), rows.text(1), rows.text(2), rows.text(3), Time(Millis(rows.number(4))), std::nullopt, rows.text(6)};
    if (!rows.null(5)) row.finished_at = Time(Millis(rows.number(5)));
    return row;
  }

  Error trouble() {
    const int code = sqlite3_errcode(db_);
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) return {ErrorKind::unavailable, "the catalog database is busy", "Another program holds rollcall.db; try again."};
    if (code == SQLITE_FULL) return {ErrorKind::unavailable, "the disk is full"};
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) return {ErrorKind::corrupt, "rollcall.db is not a database of ours, or is damaged", "Restore it from a backup."};
    return {ErrorKind::unavailable, std::string("the catalog database: ") + sqlite3_errmsg(db_)};
  }

  template <class F>
  Status transaction(F&& work) {
    TRY(execute("BEGIN IMMEDIATE"));
    Status done = work();
    if (!done.ok()) {
      sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
      return done;
    }
    return execute("COMMIT");
  }

  std::mutex mutex_;
  sqlite3* db_;  // protected by mutex_
  Key key_;
  Clock& clock_;
  Random& random_;
};

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const fs::path& home, Clock& clock, Random& random) {
  if (sodium_init() < 0) return Error{ErrorKind::unavailable, "libsodium cannot be started"};
  std::error_code problem;
  fs::create_directories(home, problem);
  if (problem) {
    errno = problem.value();
    return system_error(home, "make");
  }
  fs::permissions(home, fs::perms::owner_all, problem);
  const fs::path path = home / "rollcall.db";
  // The file is made private before SQLite puts anything into it; its journals take their rights from it.
  const bool existed = fs::exists(path, problem);
  if (const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); file >= 0) {
    ::close(file);
  } else {
    return system_error(path, "open");
  }
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr) != SQLITE_OK) {
    sqlite3_close_v2(db);
    return system_error(path, "open");
  }
  sqlite3_busy_timeout(db, kBusyMs);
  auto store = std::make_unique<SqliteStore>(db, Key{}, clock, random);
  TRY(store->execute("PRAGMA journal_mode = WAL"));
  TRY(store->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON"));
  TRY(store->migrate());
  bool holds_secrets = false;
  if (existed) {
    Statement rows(db, "SELECT count(*) FROM secret");
    holds_secrets = rows.step() == SQLITE_ROW && rows.number(0) > 0;
  }
  const Key key = TRY(key_of(home, !holds_secrets));
  store->use(key);
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace rollcall::store
