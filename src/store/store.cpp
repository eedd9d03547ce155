#include "store/store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>

#include "base/file.hpp"
#include "base/home.hpp"
#include "store/database.hpp"
#include "store/key_file.hpp"
#include "store/log.hpp"
#include "store/records.hpp"

namespace rollcall::store {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kRunColumns =
    "run_id, activation_uid, activation, status, started_ms, finished_ms, report";
constexpr int kPlansKept = 100;  // of each activation; a plan holds a sample of people

constexpr std::string_view kCheck = "the key of this home";

Error wrong_key() {
  return {.kind = ErrorKind::corrupt,
          .message = "the stored secrets cannot be opened with the file `key` of this home",
          .remedy =
              "Restore the key file that belongs to this home. Without it the secrets are lost: "
              "start a new home and apply the catalog again."};
}

// The key that opens the check; nothing: none does. Whoever replaces the key puts the new one beside
// it, has all sealed anew in one write of the database, and then puts it in its place. Read in this
// order, one of the two is the key that fits, whatever the other process does meanwhile.
struct Keys {
  std::optional<Key> fits;
  bool is_next = false;  // it is not in its place yet
};
Result<Keys> find_key(Database& database, Disk& disk, const fs::path& home) {
  Statement check(database.handle(), "SELECT sealed FROM key_check");
  const int step = check.step();
  if (step == SQLITE_DONE) return Keys{};
  if (step != SQLITE_ROW) return database.trouble();
  const std::string sealed = check.text(0);
  const Result<Key> next = read_key(disk, Home{home}.next_key());
  const Result<Key> key = read_key(disk, Home{home}.key());
  const auto fits = [&](const Result<Key>& one) {
    return one.ok() && one->unseal(sealed, kCheck).has_value();
  };
  if (fits(key)) return Keys{*key, false};
  if (fits(next)) return Keys{*next, true};
  return Keys{};
}

// It may be there already, by another process that opened the home.
Status put_in_place(const Key& next, Disk& disk, const fs::path& home) {
  const Status moved = disk.rename(Home{home}.next_key(), Home{home}.key());
  if (!moved.ok()) {
    const auto there = read_key(disk, Home{home}.key());
    if (!there.ok() || !(*there == next)) return moved;
  }
  return disk.sync_folder(home);
}

// What a secret is sealed for.
std::string belongs_to(const std::string& uid, const std::string& name) {
  return uid + '\n' + name;
}

class SqliteStore : public Store {
 public:
  SqliteStore(std::unique_ptr<Database> database, const Key& key, Clock& clock, Random& random,
              Disk& disk, fs::path home)
      : database_(std::move(database)),
        db_(database_->handle()),
        key_(key),
        clock_(clock),
        random_(random),
        disk_(disk),
        home_(std::move(home)) {}

  Result<Objects> objects() override {
    const std::lock_guard lock(mutex_);
    Objects out;
    TRY(database_->read([&]() -> Status {
      TRY(take_key());
      out.revision = TRY(read_revision());
      std::map<std::string, size_t> places;
      Statement rows(db_,
                     "SELECT kind, uid, name, json, archived, destination, is_double FROM object "
                     "ORDER BY place, uid");
      int step = 0;
      while ((step = rows.step()) == SQLITE_ROW) {
        places.emplace(rows.text(1), out.rows.size());
        out.rows.push_back({.kind = rows.text(0),
                            .uid = rows.text(1),
                            .name = rows.text(2),
                            .json = rows.text(3),
                            .archived = rows.number(4) != 0,
                            .destination = rows.text(5),
                            .is_double = rows.number(6) != 0});
      }
      if (step != SQLITE_DONE) return database_->trouble();
      Statement secrets(db_, "SELECT uid, name, sealed FROM secret ORDER BY uid, name");
      while ((step = secrets.step()) == SQLITE_ROW) {
        const std::string uid = secrets.text(0), name = secrets.text(1);
        auto value = key_.unseal(secrets.text(2), belongs_to(uid, name));
        if (!value) return wrong_key();
        if (const auto row = places.find(uid); row != places.end())
          out.rows[row->second].secrets.emplace_back(name, Secret(std::move(*value)));
      }
      return step == SQLITE_DONE ? ok_status() : Status(database_->trouble());
    }));
    return out;
  }

  Result<int64_t> revision() override {
    const std::lock_guard lock(mutex_);
    return read_revision();
  }

  Status put(int64_t read_at, std::vector<ObjectRow> rows,
             const std::vector<std::string>& remove_uids) override {
    const std::lock_guard lock(mutex_);
    return database_->write([&]() -> Status {
      if (TRY(read_revision()) != read_at)
        return Error{.kind = ErrorKind::conflict,
                     .message = "the catalog was changed in the meantime",
                     .remedy = "Try again: it is then read anew."};
      TRY(take_key());
      for (const std::string& uid : remove_uids) {
        // Its secrets go with it.
        Statement object(db_, "DELETE FROM object WHERE uid = ?");
        TRY(database_->finish(object.bind(uid)));
        Statement facts(db_, "DELETE FROM fact WHERE uid = ?");
        TRY(database_->finish(facts.bind(uid)));
      }
      // Two may swap names: all that are written leave the index of names first.
      for (const ObjectRow& row : rows) {
        Statement aside(db_, "UPDATE object SET is_double = 1 WHERE uid = ?");
        TRY(database_->finish(aside.bind(row.uid)));
      }
      for (ObjectRow& row : rows) {
        TRY(row.uid.empty() ? insert(row) : update(row));
        TRY(put_secrets(row));
      }
      Statement next(db_, "UPDATE catalog SET revision = revision + 1");
      return database_->finish(next);
    });
  }

  Status put_run(const RunRow& run) override {
    const std::lock_guard lock(mutex_);
    Statement write(db_,
                    "INSERT OR REPLACE INTO run(run_id, activation_uid, activation, status, "
                    "started_ms, finished_ms, report) VALUES (?, ?, ?, ?, ?, ?, ?)");
    write.bind(run.run_id).bind(run.activation_uid).bind(run.activation).bind(run.status);
    write.bind(run.started_at).bind(run.finished_at).bind(run.report_json);
    return database_->finish(write);
  }

  Result<RunRow> run(const std::string& run_id) override {
    const std::lock_guard lock(mutex_);
    return find_run(run_id);
  }

  Result<std::vector<RunRow>> runs(const std::optional<std::string>& activation_uid, int limit,
                                   const std::string& before) override {
    const std::lock_guard lock(mutex_);
    // No condition that is not asked for, so that each has its index.
    std::string sql = "SELECT " + std::string(kRunColumns) + " FROM run WHERE true";
    if (activation_uid) sql += " AND activation_uid = ?";
    if (!before.empty()) sql += " AND (started_ms, run_id) < (?, ?)";
    sql += " ORDER BY started_ms DESC, run_id DESC LIMIT ?";
    Statement rows(db_, sql.c_str());
    if (activation_uid) rows.bind(*activation_uid);
    if (!before.empty()) rows.bind(TRY(find_run(before)).started_at).bind(before);
    rows.bind(static_cast<int64_t>(std::max(limit, 0)));  // to SQLite, less than 0 is no limit
    std::vector<RunRow> out;
    int step = 0;
    while ((step = rows.step()) == SQLITE_ROW) out.push_back(run_row(rows));
    if (step != SQLITE_DONE) return database_->trouble();
    return out;
  }

  Result<int64_t> remove_runs(Time before) override {
    const std::lock_guard lock(mutex_);
    Statement gone(db_,
                   "DELETE FROM run WHERE started_ms < ? AND EXISTS (SELECT 1 FROM run AS later "
                   "WHERE later.activation_uid = run.activation_uid AND (later.started_ms, "
                   "later.run_id) > (run.started_ms, run.run_id))");
    TRY(database_->finish(gone.bind(before)));
    return sqlite3_changes64(db_);
  }

  Status put_plan(const PlanRow& plan) override {
    const std::lock_guard lock(mutex_);
    return database_->write([&]() -> Status {
      Statement write(db_,
                      "INSERT OR REPLACE INTO plan(plan_id, activation_uid, made_ms, json) "
                      "VALUES (?, ?, ?, ?)");
      write.bind(plan.plan_id).bind(plan.activation_uid);
      TRY(database_->finish(write.bind(plan.made_at).bind(plan.json)));
      Statement old(db_,
                    "DELETE FROM plan WHERE plan_id IN (SELECT plan_id FROM plan WHERE "
                    "activation_uid = ? ORDER BY made_ms DESC, plan_id DESC LIMIT -1 OFFSET ?)");
      return database_->finish(old.bind(plan.activation_uid).bind(int64_t{kPlansKept}));
    });
  }

  Result<PlanRow> plan(const std::string& plan_id) override {
    const std::lock_guard lock(mutex_);
    Statement rows(db_,
                   "SELECT plan_id, activation_uid, made_ms, json, approved_by FROM plan "
                   "WHERE plan_id = ?");
    const int step = rows.bind(plan_id).step();
    if (step == SQLITE_ROW)
      return PlanRow{rows.text(0), rows.text(1), rows.time(2), rows.text(3), rows.text(4)};
    if (step != SQLITE_DONE) return database_->trouble();
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no plan `" + plan_id + "`",
                 .remedy = "`rollcall plan` makes one; the last " + std::to_string(kPlansKept) +
                           " of each activation are kept."};
  }

  Status approve(const std::string& plan_id, const std::string& run_id) override {
    const std::lock_guard lock(mutex_);
    Statement use(
        db_, "UPDATE plan SET approved_by = ?1 WHERE plan_id = ?2 AND approved_by IN ('', ?1)");
    TRY(database_->finish(use.bind(run_id).bind(plan_id)));
    if (sqlite3_changes(db_) == 1) return ok_status();
    return Error{.kind = ErrorKind::conflict,
                 .message = "plan `" + plan_id + "` has been approved before, and that counts once",
                 .remedy = "Make a new plan, and approve that one if it is meant."};
  }

  Result<std::optional<std::string>> fact(const std::string& uid,
                                          const std::string& name) override {
    const std::lock_guard lock(mutex_);
    Statement rows(db_, "SELECT json FROM fact WHERE uid = ? AND name = ?");
    const int step = rows.bind(uid).bind(name).step();
    if (step == SQLITE_ROW) return std::optional(rows.text(0));
    if (step != SQLITE_DONE) return database_->trouble();
    return std::optional<std::string>();
  }

  Status put_fact(const std::string& uid, const std::string& name,
                  const std::string& json) override {
    const std::lock_guard lock(mutex_);
    Statement write(db_, "INSERT OR REPLACE INTO fact(uid, name, json) VALUES (?, ?, ?)");
    return database_->finish(write.bind(uid).bind(name).bind(json));
  }

  Result<std::optional<Record>> record(const std::string& kind, const std::string& key) override {
    const std::lock_guard lock(mutex_);
    return Records(*database_, clock_.now()).one(kind, key);
  }
  Result<std::vector<Record>> records(const std::string& kind) override {
    const std::lock_guard lock(mutex_);
    return Records(*database_, clock_.now()).all(kind);
  }
  Status put_record(const Record& record) override {
    const std::lock_guard lock(mutex_);
    if (record.json.find(kSealedMark) != std::string::npos) {
      const Key sealed_by = key_;
      TRY(take_key());
      if (!(key_ == sealed_by))
        return Error{.kind = ErrorKind::conflict,
                     .message = "the key of this home was replaced in the meantime; try again"};
    }
    return Records(*database_, clock_.now()).put(record);
  }
  Result<bool> remove_record(const std::string& kind, const std::string& key) override {
    const std::lock_guard lock(mutex_);
    return Records(*database_, clock_.now()).remove(kind, key);
  }
  Result<int64_t> remove_expired() override {
    const std::lock_guard lock(mutex_);
    return Records(*database_, clock_.now()).remove_expired();
  }

  Status log(const LogLine& line) override {
    const std::lock_guard lock(mutex_);
    return write_log(*database_, line);
  }
  Result<std::vector<LogLine>> logged(const LogQuery& query) override {
    const std::lock_guard lock(mutex_);
    return read_log(*database_, query);
  }
  Result<int64_t> remove_log(Time before) override {
    const std::lock_guard lock(mutex_);
    Statement gone(db_, "DELETE FROM log WHERE at_ms < ?");
    TRY(database_->finish(gone.bind(before)));
    return sqlite3_changes64(db_);
  }

  [[nodiscard]] std::string seal(const Secret& text, std::string_view place) const override {
    const std::lock_guard lock(mutex_);
    (void)take_key();
    return seal_text(key_, text, place);
  }
  [[nodiscard]] Result<Secret> unseal(std::string_view sealed,
                                      std::string_view place) const override {
    const std::lock_guard lock(mutex_);
    auto text = unseal_text(key_, sealed, place);
    if (!text && take_key().ok()) text = unseal_text(key_, sealed, place);
    if (!text) return wrong_key();
    return *std::move(text);
  }

  [[nodiscard]] Secret derived(std::string_view purpose) const override {
    const std::lock_guard lock(mutex_);
    return Secret(key_.derived(purpose));
  }

  Result<Secret> back_up(const fs::path& to) override {
    const std::lock_guard lock(mutex_);
    (void)TRY(disk_.open(to, Disk::Open::first));  // private before anything is in it
    Statement copy(db_, "VACUUM INTO ?");
    TRY(database_->finish(copy.bind(to.string())));
    const auto copied = TRY(Database::look_at(to));
    Statement check(copied->handle(), "SELECT sealed FROM key_check");
    if (check.step() != SQLITE_ROW) return copied->trouble();
    if (!key_.unseal(check.text(0), kCheck))
      return Error{.kind = ErrorKind::conflict,
                   .message = "the key of this home was replaced while it was copied; try again"};
    return key_.content();
  }

  Status replace_key(const Reseal& reseal, const std::vector<std::string>& spent) override {
    const std::lock_guard lock(mutex_);
    const Key next = Key::fresh();
    TRY(database_->write([&]() -> Status {
      TRY(take_key());
      // Nobody who opens the home takes it for a left-over before this write has ended.
      TRY(next.keep(disk_, Home{home_}.next_key()));
      for (const std::string& kind : spent) {
        Statement gone(db_, "DELETE FROM record WHERE kind = ?");
        TRY(database_->finish(gone.bind(kind)));
      }
      TRY(reseal_secrets(next));
      TRY(reseal_records(next, reseal));
      Statement check(db_, "UPDATE key_check SET sealed = ?");
      check.bind_blob(next.seal(kCheck, kCheck));
      return database_->finish(check);
    }));
    key_ = next;
    return put_in_place(next, disk_, home_);
  }

 private:
  // The key may have been replaced by another process.
  Status take_key() const {
    Statement check(db_, "SELECT sealed FROM key_check");
    if (check.step() != SQLITE_ROW) return database_->trouble();
    if (key_.unseal(check.text(0), kCheck)) return ok_status();
    const Keys found = TRY(find_key(*database_, disk_, home_));
    if (!found.fits) return wrong_key();
    key_ = *found.fits;
    return ok_status();
  }

  Status reseal_secrets(const Key& next) {
    struct Sealed {
      std::string uid, name, bytes;
    };
    std::vector<Sealed> all;
    Statement rows(db_, "SELECT uid, name, sealed FROM secret");
    int step = 0;
    while ((step = rows.step()) == SQLITE_ROW)
      all.push_back({rows.text(0), rows.text(1), rows.text(2)});
    if (step != SQLITE_DONE) return database_->trouble();
    for (const auto& [uid, name, bytes] : all) {
      const auto value = key_.unseal(bytes, belongs_to(uid, name));
      if (!value) return wrong_key();
      Statement write(db_, "UPDATE secret SET sealed = ?1 WHERE uid = ?2 AND name = ?3");
      write.bind_blob(next.seal(*value, belongs_to(uid, name))).bind(uid);
      TRY(database_->finish(write.bind(name)));
    }
    return ok_status();
  }

  Status reseal_records(const Key& next, const Reseal& reseal) {
    const Sealing sealing{
        .unseal = [&](std::string_view sealed, std::string_view place) -> Result<Secret> {
          auto text = unseal_text(key_, sealed, place);
          if (!text) return wrong_key();
          return *std::move(text);
        },
        .seal = [&](const Secret& text,
                    std::string_view place) { return seal_text(next, text, place); }};
    std::vector<Record> all;
    Statement rows(db_, "SELECT kind, key, json FROM record");
    int step = 0;
    while ((step = rows.step()) == SQLITE_ROW)
      all.push_back({.kind = rows.text(0), .key = rows.text(1), .json = rows.text(2)});
    if (step != SQLITE_DONE) return database_->trouble();
    for (const Record& record : all) {
      const auto json = TRY(reseal(record, sealing));
      if (!json) {
        if (record.json.find(kSealedMark) == std::string::npos) continue;
        return Error{.kind = ErrorKind::corrupt,
                     .message = "a record of kind " + record.kind +
                                " has sealed something, and nobody knows how to seal it anew"};
      }
      // Whoever read it before is late.
      TRY(database_->execute("UPDATE record_revision SET last = last + 1"));
      Statement write(db_,
                      "UPDATE record SET json = ?, revision = (SELECT last FROM record_revision) "
                      "WHERE kind = ? AND key = ?");
      TRY(database_->finish(write.bind(*json).bind(record.kind).bind(record.key)));
    }
    return ok_status();
  }

  Result<int64_t> read_revision() {
    Statement row(db_, "SELECT revision FROM catalog");
    if (row.step() != SQLITE_ROW) return database_->trouble();
    return row.number(0);
  }

  // Ids are short: one that is taken is not used a second time, and never overwrites its owner.
  Status insert(ObjectRow& row) {
    constexpr int kTries = 20;
    for (int tried = 0; tried < kTries; ++tried) {
      row.uid = new_id(clock_, random_);
      Statement taken(db_, "SELECT 1 FROM object WHERE uid = ?");
      const int step = taken.bind(row.uid).step();
      if (step == SQLITE_ROW) continue;
      if (step != SQLITE_DONE) return database_->trouble();
      return update(row);
    }
    return Error{.kind = ErrorKind::unavailable,
                 .message = "no free id was found for a new object"};
  }

  Status update(const ObjectRow& row) {
    Statement write(db_,
                    "INSERT INTO object(uid, kind, name, json, archived, destination, is_double, "
                    "place) VALUES "
                    "(?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(place), 0) + 1 FROM object)) "
                    "ON CONFLICT(uid) DO UPDATE SET kind = excluded.kind, name = excluded.name, "
                    "json = excluded.json, archived = excluded.archived, "
                    "destination = excluded.destination, is_double = excluded.is_double");
    write.bind(row.uid).bind(row.kind).bind(row.name).bind(row.json).bind(int64_t{row.archived});
    const int step = write.bind(row.destination).bind(int64_t{row.is_double}).step();
    if (step == SQLITE_DONE) return ok_status();
    if (sqlite3_extended_errcode(db_) != SQLITE_CONSTRAINT_UNIQUE) return database_->trouble();
    return Error{.kind = ErrorKind::conflict,
                 .message = "the name `" + row.name + "` is taken by another " + row.kind};
  }

  Status put_secrets(const ObjectRow& row) {
    Statement clear(db_, "DELETE FROM secret WHERE uid = ?");
    TRY(database_->finish(clear.bind(row.uid)));
    for (const auto& [name, secret] : row.secrets) {
      Statement keep(db_, "INSERT INTO secret(uid, name, sealed) VALUES (?, ?, ?)");
      keep.bind(row.uid).bind(name);
      TRY(database_->finish(keep.bind_blob(key_.seal(secret.reveal(), belongs_to(row.uid, name)))));
    }
    return ok_status();
  }

  Result<RunRow> find_run(const std::string& run_id) {
    const std::string sql = "SELECT " + std::string(kRunColumns) + " FROM run WHERE run_id = ?";
    Statement rows(db_, sql.c_str());
    const int step = rows.bind(run_id).step();
    if (step == SQLITE_ROW) return run_row(rows);
    if (step != SQLITE_DONE) return database_->trouble();
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no run `" + run_id + "`",
                 .remedy = "`rollcall runs` lists them."};
  }

  static RunRow run_row(const Statement& rows) {
    return {rows.text(0), rows.text(1),        rows.text(2), rows.text(3),
            rows.time(4), rows.time_if_any(5), rows.text(6)};
  }

  mutable std::mutex
      mutex_;  // one statement at a time: a transaction belongs to the whole connection
  std::unique_ptr<Database> database_;
  sqlite3* db_;
  mutable Key key_;  // protected by mutex_
  Clock& clock_;
  Random& random_;
  Disk& disk_;
  const fs::path home_;
};

// Makes the home, private. One that was there keeps its rights, unless it is empty: then it was
// made for us, while another may be somebody's working folder.
Status make_home(const fs::path& home) {
  const auto other = [&](Error error) {
    error.remedy += " Or choose another home with --home or ROLLCALL_HOME.";
    return error;
  };
  std::error_code problem;
  fs::path parent = fs::absolute(home, problem).lexically_normal().parent_path();
  if (!home.has_filename()) parent = parent.parent_path();  // "home/" is "home"
  if (!problem) fs::create_directories(parent, problem);
  if (problem) return other(cannot("make", home, problem.value()));
  if (::mkdir(home.c_str(), 0700) == 0) return ok_status();
  if (errno != EEXIST) return other(cannot("make", home, errno));
  if (!fs::is_directory(home, problem))
    return Error{.kind = ErrorKind::unavailable,
                 .message = "cannot make the home " + home.string() + ": it is no folder",
                 .remedy = "Choose another with --home or ROLLCALL_HOME."};
  if (fs::is_empty(home, problem)) fs::permissions(home, fs::perms::owner_all, problem);
  return ok_status();
}

// Nothing that we make is a link. One that is there was put there by somebody else, and to follow
// it would write over what it leads to.
Status refuse_links(const fs::path& path) {
  std::error_code gone;  // others make and remove files meanwhile
  const fs::file_status what = fs::symlink_status(path, gone);
  if (fs::is_symlink(what))
    return Error{
        .kind = ErrorKind::denied,
        .message = path.string() +
                   " is a link, which is not followed: nothing that "
                   "Rollcall keeps is one",
        .remedy = "Remove it. Where a home is to lie elsewhere, let --home name that place."};
  if (!fs::is_directory(what)) return ok_status();
  for (fs::directory_iterator in(path, gone), end; !gone && in != end; in.increment(gone))
    TRY(refuse_links(in->path()));
  return ok_status();
}

// Whether anything is sealed: the secrets of objects, or text in records.
Result<bool> holds_secrets(Database& database) {
  Statement any(database.handle(),
                "SELECT EXISTS (SELECT 1 FROM secret) OR "
                "EXISTS (SELECT 1 FROM record WHERE instr(json, ?) > 0)");
  if (any.bind(kSealedMark).step() != SQLITE_ROW) return database.trouble();
  return any.number(0) != 0;
}

// A wrong key is refused as long as there are secrets that it would have to open; without any, the
// key there is (or a new one) becomes the home's.
Status check_key(Database& database, Disk& disk, const fs::path& home, Key& key) {
  return database.write([&]() -> Status {
    // Whatever replaces the key meanwhile waits; what was killed while it did is brought to an end.
    const Keys found = TRY(find_key(database, disk, home));
    if (found.fits) {
      key = *found.fits;
      if (found.is_next) return put_in_place(key, disk, home);
      std::error_code ignored;
      const fs::path left = Home{home}.next_key();
      return fs::exists(left, ignored) ? disk.remove(left) : ok_status();
    }
    Statement check(database.handle(), "SELECT sealed FROM key_check");
    const int checked = check.step();
    if (checked != SQLITE_ROW && checked != SQLITE_DONE) return database.trouble();
    if (TRY(holds_secrets(database))) {
      if (checked == SQLITE_ROW) return wrong_key();
      // The first version knew no such check, and no records.
      Statement first(database.handle(), "SELECT uid, name, sealed FROM secret LIMIT 1");
      if (first.step() != SQLITE_ROW) return database.trouble();
      if (!key.unseal(first.text(2), belongs_to(first.text(0), first.text(1)))) return wrong_key();
    }
    Statement keep(database.handle(), "INSERT OR REPLACE INTO key_check(id, sealed) VALUES (1, ?)");
    keep.bind_blob(key.seal(kCheck, kCheck));
    return database.finish(keep);
  });
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const fs::path& home, Clock& clock, Random& random,
                                           Disk& disk) {
  if (sodium_init() < 0)
    return Error{.kind = ErrorKind::unavailable, .message = "libsodium does not start"};
  TRY(make_home(home));
  for (const Home::Entry& ours : Home::kEntries) TRY(refuse_links(home / ours.name));
  auto database = TRY(Database::open(disk, home));
  Key key = TRY(open_key(disk, home, !TRY(holds_secrets(*database))));
  TRY(check_key(*database, disk, home, key));
  return std::unique_ptr<Store>(
      std::make_unique<SqliteStore>(std::move(database), key, clock, random, disk, home));
}

}  // namespace rollcall::store
