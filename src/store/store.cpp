#include "store/store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>

#include "base/file.hpp"
#include "base/home.hpp"
#include "store/key_file.hpp"
#include "store/log.hpp"
#include "store/moved.hpp"
#include "store/postgres.hpp"
#include "store/records.hpp"
#include "store/sqlite.hpp"

namespace rollcall::store {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kRunColumns =
    "run_id, activation_uid, activation, status, started_ms, finished_ms, report, until_ms";
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
  Statement check(database, "SELECT sealed FROM key_check");
  const Step step = check.step();
  if (step == Step::done) return Keys{};
  if (step != Step::row) return check.trouble();
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

class DatabaseStore : public Store {
 public:
  DatabaseStore(std::unique_ptr<Database> database, const Key& key, Clock& clock, Random& random,
                Disk& disk, fs::path home)
      : database_(std::move(database)),
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
      Statement rows(*database_,
                     "SELECT kind, uid, name, json, archived, destination, is_double FROM object "
                     "ORDER BY place, uid");
      Step step{};
      while ((step = rows.step()) == Step::row) {
        places.emplace(rows.text(1), out.rows.size());
        out.rows.push_back({.kind = rows.text(0),
                            .uid = rows.text(1),
                            .name = rows.text(2),
                            .json = rows.text(3),
                            .archived = rows.number(4) != 0,
                            .destination = rows.text(5),
                            .is_double = rows.number(6) != 0});
      }
      if (step != Step::done) return rows.trouble();
      Statement secrets(*database_, "SELECT uid, name, sealed FROM secret ORDER BY uid, name");
      while ((step = secrets.step()) == Step::row) {
        const std::string uid = secrets.text(0), name = secrets.text(1);
        auto value = key_.unseal(secrets.text(2), belongs_to(uid, name));
        if (!value) return wrong_key();
        if (const auto row = places.find(uid); row != places.end())
          out.rows[row->second].secrets.emplace_back(name, Secret(std::move(*value)));
      }
      return step == Step::done ? ok_status() : Status(secrets.trouble());
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
        Statement object(*database_, "DELETE FROM object WHERE uid = ?");
        TRY(object.bind(uid).finish());
        Statement facts(*database_, "DELETE FROM fact WHERE uid = ?");
        TRY(facts.bind(uid).finish());
      }
      // Two may swap names: all that are written leave the index of names first.
      for (const ObjectRow& row : rows) {
        Statement aside(*database_, "UPDATE object SET is_double = 1 WHERE uid = ?");
        TRY(aside.bind(row.uid).finish());
      }
      for (ObjectRow& row : rows) {
        TRY(row.uid.empty() ? insert(row) : update(row));
        TRY(put_secrets(row));
      }
      Statement next(*database_, "UPDATE catalog SET revision = revision + 1");
      return next.finish();
    });
  }

  Status put_run(const RunRow& run) override {
    const std::lock_guard lock(mutex_);
    Statement write(*database_,
                    "INSERT INTO run(run_id, activation_uid, activation, status, started_ms, "
                    "finished_ms, report, until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT(run_id) DO UPDATE SET activation_uid = excluded.activation_uid, "
                    "activation = excluded.activation, status = excluded.status, "
                    "started_ms = excluded.started_ms, finished_ms = excluded.finished_ms, "
                    "report = excluded.report, "
                    "until_ms = coalesce(run.until_ms, excluded.until_ms)");
    write.bind(run.run_id).bind(run.activation_uid).bind(run.activation).bind(run.status);
    write.bind(run.started_at).bind(run.finished_at).bind(run.report_json).bind(run.until);
    return write.finish();
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
    Statement rows(*database_, sql.c_str());
    if (activation_uid) rows.bind(*activation_uid);
    if (!before.empty()) rows.bind(TRY(find_run(before)).started_at).bind(before);
    rows.bind(static_cast<int64_t>(std::max(limit, 0)));  // to SQLite, less than 0 is no limit
    std::vector<RunRow> out;
    Step step{};
    while ((step = rows.step()) == Step::row) out.push_back(run_row(rows));
    if (step != Step::done) return rows.trouble();
    return out;
  }

  Result<int64_t> remove_runs(Time before) override {
    const std::lock_guard lock(mutex_);
    Statement gone(*database_,
                   "DELETE FROM run WHERE started_ms < ? AND EXISTS (SELECT 1 FROM run AS later "
                   "WHERE later.activation_uid = run.activation_uid AND (later.started_ms, "
                   "later.run_id) > (run.started_ms, run.run_id))");
    TRY(gone.bind(before).finish());
    return database_->changed();
  }

  Result<std::optional<Time>> dealt_until(const std::string& activation_uid) override {
    const std::lock_guard lock(mutex_);
    Statement row(*database_,
                  "SELECT max(until_ms) FROM run WHERE activation_uid = ? "
                  "AND status NOT IN ('running', 'interrupted')");
    if (row.bind(activation_uid).step() != Step::row) return row.trouble();
    return row.time_if_any(0);
  }

  Status put_plan(const PlanRow& plan) override {
    const std::lock_guard lock(mutex_);
    return database_->write([&]() -> Status {
      Statement write(
          *database_,
          "INSERT INTO plan(plan_id, activation_uid, made_ms, json) VALUES (?, ?, ?, ?) "
          "ON CONFLICT(plan_id) DO UPDATE SET activation_uid = "
          "excluded.activation_uid, made_ms = excluded.made_ms, json = excluded.json, "
          "approved_by = ''");
      write.bind(plan.plan_id).bind(plan.activation_uid);
      TRY(write.bind(plan.made_at).bind(plan.json).finish());
      Statement old(*database_,
                    "DELETE FROM plan WHERE activation_uid = ?1 AND plan_id NOT IN (SELECT plan_id "
                    "FROM plan WHERE activation_uid = ?1 ORDER BY made_ms DESC, plan_id DESC "
                    "LIMIT ?2)");
      return old.bind(plan.activation_uid).bind(int64_t{kPlansKept}).finish();
    });
  }

  Result<PlanRow> plan(const std::string& plan_id) override {
    const std::lock_guard lock(mutex_);
    Statement rows(*database_,
                   "SELECT plan_id, activation_uid, made_ms, json, approved_by FROM plan "
                   "WHERE plan_id = ?");
    const Step step = rows.bind(plan_id).step();
    if (step == Step::row)
      return PlanRow{rows.text(0), rows.text(1), rows.time(2), rows.text(3), rows.text(4)};
    if (step != Step::done) return rows.trouble();
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no plan `" + plan_id + "`",
                 .remedy = "`rollcall plan` makes one; the last " + std::to_string(kPlansKept) +
                           " of each activation are kept."};
  }

  Status approve(const std::string& plan_id, const std::string& run_id) override {
    const std::lock_guard lock(mutex_);
    Statement use(
        *database_,
        "UPDATE plan SET approved_by = ?1 WHERE plan_id = ?2 AND approved_by IN ('', ?1)");
    TRY(use.bind(run_id).bind(plan_id).finish());
    if (database_->changed() == 1) return ok_status();
    return Error{.kind = ErrorKind::conflict,
                 .message = "plan `" + plan_id + "` has been approved before, and that counts once",
                 .remedy = "Make a new plan, and approve that one if it is meant."};
  }

  Result<std::optional<std::string>> fact(const std::string& uid,
                                          const std::string& name) override {
    const std::lock_guard lock(mutex_);
    Statement rows(*database_, "SELECT json FROM fact WHERE uid = ? AND name = ?");
    const Step step = rows.bind(uid).bind(name).step();
    if (step == Step::row) return std::optional(rows.text(0));
    if (step != Step::done) return rows.trouble();
    return std::optional<std::string>();
  }

  Status put_fact(const std::string& uid, const std::string& name,
                  const std::string& json) override {
    const std::lock_guard lock(mutex_);
    Statement write(*database_,
                    "INSERT INTO fact(uid, name, json) VALUES (?, ?, ?) "
                    "ON CONFLICT(uid, name) DO UPDATE SET json = excluded.json");
    return write.bind(uid).bind(name).bind(json).finish();
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
    Statement gone(*database_, "DELETE FROM log WHERE at_ms < ?");
    TRY(gone.bind(before).finish());
    return database_->changed();
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
    TRY(database_->copy_to(disk_, to));
    const auto copied = TRY(look_at_sqlite(to));
    Statement check(*copied, "SELECT sealed FROM key_check");
    if (check.step() != Step::row) return check.trouble();
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
        Statement gone(*database_, "DELETE FROM record WHERE kind = ?");
        TRY(gone.bind(kind).finish());
      }
      TRY(reseal_secrets(next));
      TRY(reseal_records(next, reseal));
      Statement check(*database_, "UPDATE key_check SET sealed = ?");
      check.bind_blob(next.seal(kCheck, kCheck));
      return check.finish();
    }));
    key_ = next;
    return put_in_place(next, disk_, home_);
  }

 private:
  // The key may have been replaced by another process.
  Status take_key() const {
    Statement check(*database_, "SELECT sealed FROM key_check");
    if (check.step() != Step::row) return check.trouble();
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
    Statement rows(*database_, "SELECT uid, name, sealed FROM secret");
    Step step{};
    while ((step = rows.step()) == Step::row)
      all.push_back({rows.text(0), rows.text(1), rows.text(2)});
    if (step != Step::done) return rows.trouble();
    for (const auto& [uid, name, bytes] : all) {
      const auto value = key_.unseal(bytes, belongs_to(uid, name));
      if (!value) return wrong_key();
      Statement write(*database_, "UPDATE secret SET sealed = ?1 WHERE uid = ?2 AND name = ?3");
      write.bind_blob(next.seal(*value, belongs_to(uid, name))).bind(uid);
      TRY(write.bind(name).finish());
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
    Statement rows(*database_, "SELECT kind, key, json FROM record");
    Step step{};
    while ((step = rows.step()) == Step::row)
      all.push_back({.kind = rows.text(0), .key = rows.text(1), .json = rows.text(2)});
    if (step != Step::done) return rows.trouble();
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
      Statement write(*database_,
                      "UPDATE record SET json = ?, revision = (SELECT last FROM record_revision) "
                      "WHERE kind = ? AND key = ?");
      TRY(write.bind(*json).bind(record.kind).bind(record.key).finish());
    }
    return ok_status();
  }

  Result<int64_t> read_revision() {
    Statement row(*database_, "SELECT revision FROM catalog");
    if (row.step() != Step::row) return row.trouble();
    return row.number(0);
  }

  // Ids are short: one that is taken is not used a second time, and never overwrites its owner.
  Status insert(ObjectRow& row) {
    constexpr int kTries = 20;
    for (int tried = 0; tried < kTries; ++tried) {
      row.uid = new_id(clock_, random_);
      Statement taken(*database_, "SELECT 1 FROM object WHERE uid = ?");
      const Step step = taken.bind(row.uid).step();
      if (step == Step::row) continue;
      if (step != Step::done) return taken.trouble();
      return update(row);
    }
    return Error{.kind = ErrorKind::unavailable,
                 .message = "no free id was found for a new object"};
  }

  Status update(const ObjectRow& row) {
    Statement write(*database_,
                    "INSERT INTO object(uid, kind, name, json, archived, destination, is_double, "
                    "place) VALUES "
                    "(?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(place), 0) + 1 FROM object)) "
                    "ON CONFLICT(uid) DO UPDATE SET kind = excluded.kind, name = excluded.name, "
                    "json = excluded.json, archived = excluded.archived, "
                    "destination = excluded.destination, is_double = excluded.is_double");
    write.bind(row.uid).bind(row.kind).bind(row.name).bind(row.json).bind(int64_t{row.archived});
    const Step step = write.bind(row.destination).bind(int64_t{row.is_double}).step();
    if (step == Step::done) return ok_status();
    if (!database_->was_taken()) return write.trouble();
    return Error{.kind = ErrorKind::conflict,
                 .message = "the name `" + row.name + "` is taken by another " + row.kind};
  }

  Status put_secrets(const ObjectRow& row) {
    Statement clear(*database_, "DELETE FROM secret WHERE uid = ?");
    TRY(clear.bind(row.uid).finish());
    for (const auto& [name, secret] : row.secrets) {
      Statement keep(*database_, "INSERT INTO secret(uid, name, sealed) VALUES (?, ?, ?)");
      keep.bind(row.uid).bind(name);
      TRY(keep.bind_blob(key_.seal(secret.reveal(), belongs_to(row.uid, name))).finish());
    }
    return ok_status();
  }

  Result<RunRow> find_run(const std::string& run_id) {
    const std::string sql = "SELECT " + std::string(kRunColumns) + " FROM run WHERE run_id = ?";
    Statement rows(*database_, sql.c_str());
    const Step step = rows.bind(run_id).step();
    if (step == Step::row) return run_row(rows);
    if (step != Step::done) return rows.trouble();
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no run `" + run_id + "`",
                 .remedy = "`rollcall runs` lists them."};
  }

  static RunRow run_row(const Statement& rows) {
    return {rows.text(0), rows.text(1),        rows.text(2), rows.text(3),
            rows.time(4), rows.time_if_any(5), rows.text(6), rows.time_if_any(7)};
  }

  mutable std::mutex
      mutex_;  // one statement at a time: a transaction belongs to the whole connection
  std::unique_ptr<Database> database_;
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
  Statement any(database,
                "SELECT count(*) FROM (SELECT 1 FROM secret UNION ALL SELECT 1 FROM record "
                "WHERE json <> replace(json, ?, '')) AS sealed");
  if (any.bind(kSealedMark).step() != Step::row) return any.trouble();
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
    Statement check(database, "SELECT sealed FROM key_check");
    const Step checked = check.step();
    if (checked != Step::row && checked != Step::done) return check.trouble();
    if (TRY(holds_secrets(database))) {
      if (checked == Step::row) return wrong_key();
      // The first version knew no such check, and no records.
      Statement first(database, "SELECT uid, name, sealed FROM secret LIMIT 1");
      if (first.step() != Step::row) return first.trouble();
      if (!key.unseal(first.text(2), belongs_to(first.text(0), first.text(1)))) return wrong_key();
    }
    Statement keep(database,
                   "INSERT INTO key_check(id, sealed) VALUES (1, ?) "
                   "ON CONFLICT(id) DO UPDATE SET sealed = excluded.sealed");
    keep.bind_blob(key.seal(kCheck, kCheck));
    return keep.finish();
  });
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const fs::path& home, Clock& clock, Random& random,
                                           Disk& disk, const std::optional<Secret>& server) {
  if (sodium_init() < 0)
    return Error{.kind = ErrorKind::unavailable, .message = "libsodium does not start"};
  TRY(make_home(home));
  for (const Home::Entry& ours : Home::kEntries) TRY(refuse_links(home / ours.name));
  auto database =
      server ? TRY(open_postgres(*server)) : TRY(open_sqlite(disk, Home{home}.database()));
  TRY(refuse_moved(*database));
  if (server) TRY(point_to(*database, disk, home, clock.now()));
  Key key = TRY(open_key(disk, home, !TRY(holds_secrets(*database))));
  TRY(check_key(*database, disk, home, key));
  return std::unique_ptr<Store>(
      std::make_unique<DatabaseStore>(std::move(database), key, clock, random, disk, home));
}

}  // namespace rollcall::store
