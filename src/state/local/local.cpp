// The local kind put together: files of the home, and a database of each run's own in which they
// are compared.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "core/match_key.hpp"
#include "state/local/database.hpp"
#include "state/local/file.hpp"
#include "state/local/leased_disk.hpp"
#include "state/local/plan.hpp"
#include "state/local/snapshot.hpp"

namespace rollcall::state {
namespace fs = std::filesystem;

namespace local {
namespace {

class LocalWork : public Work {
 public:
  // `record` is the writer's.
  static Result<std::unique_ptr<LocalWork>> open(const Folder& folder, Record& record,
                                                 const std::string& run_id) {
    std::unique_ptr<LocalWork> out(new LocalWork(folder, record, run_id));
    TRY(folder.disk->make_folder(folder.run(run_id)));
    out->database_ = TRY(open_work_database(folder.work_database(run_id)));
    out->work_ = TRY(out->database_->connect());
    return out;
  }

  // Reads the ledger while the source is opened and looked at.
  Status load_ahead() {
    loading_of_ = ledger();
    loading_ = TRY(LoadingSettled::begin(TRY(database_->connect()), loading_of_));
    return ok_status();
  }

  // Every block is read, so that damage shows now and not when half the plan has been sent.
  Status read_through() {
    std::set<std::string> tables = {"rows", "problems", "targets"};
    for (std::string& other : TRY(texts("SELECT table_name FROM duckdb_tables()")))
      tables.insert(std::move(other));
    for (const std::string& table : tables)
      (void)TRY(work_->scalar("SELECT count(hash(t)) FROM " + table + " t"));
    (void)TRY(count_changes(*work_, {}));  // a view of rows is there, too
    // A snapshot of an earlier version has no hashes.
    TRY(work_->run("ALTER TABLE rows ADD COLUMN IF NOT EXISTS h UBIGINT"));
    targets_ = TRY(load_targets(*work_));
    return ok_status();
  }

  Result<Snapshot> take(source::RowStream& rows, const SnapshotSpec& spec, Observer& observer,
                        const std::stop_token& stop) override {
    targets_ = spec.targets;
    Settled settled;
    if (spec.changed_alone) settled = TRY(take_settled());
    loading_.reset();
    return take_snapshot(rows, spec, settled, ledger(), *database_, *work_, observer, stop);
  }
  [[nodiscard]] const std::vector<attributes::Target>& targets() const override { return targets_; }
  Status keep_only(const std::string& person) override {
    return work_->run(fmt::format(
        "DELETE FROM rows WHERE {0} <> {1}; DELETE FROM problems WHERE kind = 'no_key' OR key IS "
        "NULL OR {0} <> {1}",
        folded_key_sql("key"), duck::literal(person)));
  }
  Result<std::vector<std::string>> primary_keys() override {
    return texts(
        "SELECT pk FROM (SELECT coalesce(pk, '') AS pk, 0 AS place FROM rows UNION ALL SELECT "
        "coalesce(pk, ''), 1 FROM problems) ORDER BY place");
  }

  Status take_members(const Tell& tell) override { return local::take_members(*work_, tell); }
  Status take_owners(const Tell& tell) override { return local::take_owners(*work_, tell); }
  Result<DriftCounts> compare() override { return local::compare(folder_, record_, *work_); }
  Status drifted(const std::function<bool(const Drift&)>& on_person) override {
    return local::drifted(*work_, on_person);
  }
  Status reconcile(const Listed& listed) override {
    const int64_t before = record_.generation;
    TRY(local::reconcile(folder_, record_, *work_, listed));
    return record_.generation == before ? ok_status() : write_record(folder_, record_);
  }
  Result<int64_t> find_strangers(const Listed& listed) override {
    return local::find_strangers(folder_, record_, *work_, listed);
  }
  Result<std::vector<std::string>> strangers(size_t first) override {
    return texts("SELECT key FROM strangers ORDER BY key LIMIT " + std::to_string(first));
  }
  Status are_ours(const std::vector<std::string>& strangers) override {
    for (const std::string& key : strangers)
      TRY(work_->run("UPDATE strangers SET ours = true WHERE key = " + duck::literal(key)));
    return ok_status();
  }
  Result<int64_t> rebuild(const Listed& listed) override {
    TRY(local::rebuild(folder_, record_, *work_, listed));
    TRY(write_record(folder_, record_));
    return work_->scalar("SELECT count(*) FROM strangers WHERE NOT ours");
  }

  Result<plan::Plan> plan(const plan::Input& input) override {
    return with_memory(*work_, [&] { return make_plan(*work_, ledger(), input); });
  }
  Result<std::unique_ptr<Changes>> changes(const Which& which, bool with_values) override {
    return open_changes(*work_, with_values ? targets_.size() : 0, which);
  }
  Result<int64_t> count(const Which& which) override { return count_changes(*work_, which); }
  Status parked(const OnKey& on_key) override { return local::parked(*work_, ledger(), on_key); }

  Result<std::vector<Holder>> holders(size_t target, size_t first) override {
    std::string sql = "SELECT r.key";
    for (size_t i = 0; i < targets_.size(); ++i) sql += fmt::format(", r.v{}", i);
    sql += " FROM rows r";
    if (ledger())
      sql +=
          " LEFT JOIN read_parquet(" + duck::literal(ledger()->string()) + ") l ON l.key = r.key";
    sql +=
        fmt::format(" WHERE r.v{0} IS NOT NULL AND r.v{0} NOT IN ('\"\"', '[]', '{{}}')", target);
    sql += ledger() ? " ORDER BY coalesce(l.on_list, 0) <> 1, r.key" : " ORDER BY hash(r.key)";
    sql += fmt::format(" LIMIT {}", first);
    const auto stream = TRY(work_->stream(sql));
    std::vector<Holder> out;
    while (const duck::Chunk* chunk = TRY(stream->next())) {
      for (size_t row = 0; row < chunk->rows(); ++row) {
        Holder one{std::string(chunk->text(0, row)),
                   std::vector<std::optional<std::string>>(targets_.size())};
        for (size_t i = 0; i < targets_.size(); ++i)
          if (!chunk->is_null(i + 1, row)) one.values[i] = std::string(chunk->text(i + 1, row));
        out.push_back(std::move(one));
      }
    }
    return out;
  }
  Result<std::vector<std::string>> members(size_t first) override {
    if (!ledger()) return std::vector<std::string>();
    return texts("SELECT key FROM read_parquet(" + duck::literal(ledger()->string()) +
                 ") WHERE on_list = 1 AND in_segment ORDER BY key LIMIT " + std::to_string(first));
  }

  Status keep() override {
    loading_.reset();  // whatever reads keeps a checkpoint from being made
    return work_->run("CHECKPOINT");
  }
  Status seal() override {
    TRY(keep());
    return keep_planned(folder_, record_, *work_, targets_);
  }
  Result<std::unique_ptr<Journal>> journal() override {
    return std::unique_ptr<Journal>(TRY(FileJournal::open(*folder_.disk, folder_.run(run_id_))));
  }
  Result<Answers> answers() override {
    const int64_t changes = TRY(count({}));
    return FileJournal::read(*folder_.disk, folder_.run(run_id_), static_cast<size_t>(changes));
  }
  Status promote(const Promotion& promotion) override {
    return with_memory(
        *work_, [&] { return local::promote(folder_, record_, run_id_, *work_, promotion); });
  }
  Result<StandingCounts> standing_unsent() override {
    return local::standing_unsent(folder_, record_, *work_);
  }

 private:
  LocalWork(Folder folder, Record& record, std::string run_id)
      : folder_(std::move(folder)), record_(record), run_id_(std::move(run_id)) {}

  [[nodiscard]] LedgerFile ledger() const { return last_file(folder_, record_); }
  Result<Settled> take_settled() {
    // A list that was read, or forgotten, makes another ledger.
    if (!loading_ || loading_of_ != ledger()) TRY(load_ahead());
    return std::exchange(loading_, nullptr)->finish();
  }
  Result<std::vector<std::string>> texts(const std::string& query) {
    std::vector<std::string> out;
    const auto stream = TRY(work_->stream(query));
    while (const duck::Chunk* chunk = TRY(stream->next()))
      for (size_t row = 0; row < chunk->rows(); ++row) out.emplace_back(chunk->text(0, row));
    return out;
  }

  Folder folder_;
  Record& record_;
  std::string run_id_;
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> work_;
  std::vector<attributes::Target> targets_;
  LedgerFile loading_of_;
  std::unique_ptr<LoadingSettled> loading_;
};

// A database for what is not kept: its file goes with it.
class Scratch {
 public:
  static Result<std::unique_ptr<Scratch>> open(Disk& disk, const fs::path& file) {
    TRY(disk.make_folder(file.parent_path()));
    std::unique_ptr<Scratch> out(new Scratch(file));
    out->database_ = TRY(open_work_database(file));
    out->connection_ = TRY(out->database_->connect());
    return out;
  }
  ~Scratch() {
    connection_.reset();
    database_.reset();
    std::error_code ignored;
    for (const char* tail : {"", ".wal", ".tmp"}) fs::remove_all(file_.string() + tail, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  duck::Connection& work() { return *connection_; }

 private:
  explicit Scratch(fs::path file) : file_(std::move(file)) {}
  fs::path file_;
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> connection_;
};

class LocalWriter : public Writer {
 public:
  LocalWriter(Folder folder, fs::path scratch, std::unique_ptr<Lease> lease)
      : folder_(std::move(folder)), scratch_(std::move(scratch)), lease_(std::move(lease)) {
    if (!lease_) return;
    disk_.emplace(*folder_.disk, *lease_);
    folder_.disk = &*disk_;
  }

  Status write() override { return write_record(folder_, record); }
  [[nodiscard]] const Permit& permit() const override {
    CHECK(lease_ != nullptr);
    return *lease_;
  }

  Result<std::unique_ptr<Work>> begin(const std::string& run_id) override {
    auto work = TRY(LocalWork::open(folder_, record, run_id));
    TRY(work->load_ahead());
    return std::unique_ptr<Work>(std::move(work));
  }
  Result<std::unique_ptr<Work>> go_on(const std::string& run_id) override {
    const Error damaged{ErrorKind::corrupt,
                        "the work database of run " + run_id + " is damaged or gone"};
    std::error_code ignored;
    if (!fs::is_regular_file(folder_.work_database(run_id), ignored)) return damaged;
    const auto read = [&]() -> Result<std::unique_ptr<Work>> {
      auto work = TRY(LocalWork::open(folder_, record, run_id));
      TRY(work->read_through());
      return std::unique_ptr<Work>(std::move(work));
    };
    auto work = read();
    if (work.ok()) return work;
    const ErrorKind kind = work.error().kind;
    const bool may_pass =
        kind == ErrorKind::unavailable || kind == ErrorKind::denied || kind == ErrorKind::conflict;
    return may_pass ? Error(work.error()) : damaged;
  }

  Status take_as_unknown(Time now) override {
    const auto scratch = TRY(Scratch::open(*folder_.disk, scratch_));
    return local::take_as_unknown(folder_, record, scratch->work(), now);
  }
  Status salvage(const std::string& damage, Time now) override {
    const auto scratch = TRY(Scratch::open(*folder_.disk, scratch_));
    TRY(local::salvage(folder_, record, scratch->work(), damage, now));
    return write();
  }
  void tidy() override { local::tidy(folder_, record); }
  Result<Forgotten> forget(const std::string& key) override {
    const auto scratch = TRY(Scratch::open(*folder_.disk, scratch_));
    return local::forget(folder_, record, scratch->work(), key);
  }

 private:
  Folder folder_;
  fs::path scratch_;
  std::unique_ptr<Lease> lease_;
  std::optional<LeasedDisk> disk_;  // of the folder, but for a copy's
};

// A copy's folder goes with it.
class LocalCopy : public LocalWriter {
 public:
  LocalCopy(const Folder& folder, const fs::path& scratch)
      : LocalWriter(folder, scratch, nullptr), path_(folder.path) {}
  ~LocalCopy() override {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  LocalCopy(const LocalCopy&) = delete;
  LocalCopy& operator=(const LocalCopy&) = delete;

 private:
  fs::path path_;
};

class LocalState : public State {
 public:
  LocalState(const Home& home, const std::string& uid, Disk& disk, Leases& leases)
      : temp_(home.temp()),
        uid_(uid),
        folder_{home.activation(uid), &disk},
        lease_(Home::lease_of_activation(uid)),
        leases_(leases) {}

  Result<Record> read() override { return read_record(folder_); }
  Status check(const Record& record) override { return check_ledger(folder_, record); }
  [[nodiscard]] std::string place() const override {
    return (folder_.path / "state.json").string();
  }

  Result<std::optional<PersonRow>> find(const std::string& key) override {
    return local::find(folder_, TRY(read()), key);
  }
  Status for_each(const std::function<void(const PersonRow&)>& on_row) override {
    return local::for_each(folder_, TRY(read()), on_row);
  }
  Status parked(const OnKey& on_key) override {
    return local::parked(folder_, TRY(read()), on_key);
  }
  Status missing_people(const std::string& run_id, const std::string& kind,
                        const std::function<bool(const MissingPerson&)>& on_person) override {
    return local::missing_people(folder_, run_id, kind, on_person);
  }

  Result<int64_t> drop_missing_people(
      const std::function<Result<bool>(const std::string&)>& which) override {
    return local::drop_missing_people(folder_, which);
  }

  Result<std::unique_ptr<Writer>> take() override {
    auto lease = leases_.take(lease_, {});
    if (!lease.ok() && lease.error().kind == ErrorKind::busy)
      lease.error().message = "another run of this activation is in progress";
    if (!lease.ok()) return Error(lease.error());
    TRY(folder_.disk->make_folder(folder_.path));
    std::error_code ignored;
    fs::permissions(folder_.path, fs::perms::owner_all, ignored);
    return std::unique_ptr<Writer>(
        new LocalWriter(folder_, temp_ / ("damage-" + uid_ + ".duckdb"), std::move(*lease)));
  }
  Result<std::optional<std::string>> holder() override { return leases_.holder(lease_); }
  Result<std::unique_ptr<Writer>> copy(const Record& record, const std::string& name) override {
    const Folder to{temp_ / ("state-" + name), folder_.disk};
    std::unique_ptr<Writer> out(new LocalCopy(to, to.path / "damage.duckdb"));
    TRY(to.disk->make_folder(to.path));
    if (record.generation > 0) TRY(put_ledger(record, to));
    out->record = record;
    return out;
  }
  Status back_up(const fs::path& folder) override {
    const Folder to{folder, folder_.disk};
    constexpr int kTries = 100;  // no run ends so often while a file is copied
    for (int tried = 1;; ++tried) {
      Record record = TRY(read());
      const bool is_fresh = record.generation == 0 && !record.list && !record.list_intent &&
                            !record.open_run && !record.doubt;
      if (is_fresh) return ok_status();
      TRY(to.disk->make_folder(folder));
      Status kept = record.generation > 0 ? put_ledger(record, to) : ok_status();
      if (kept.ok()) kept = check_ledger(to, record);
      if (TRY(read()).generation == record.generation || tried == kTries) {
        TRY(kept);
        record.open_run = std::nullopt;
        record.copied = true;
        return write_record(to, record);
      }
      TRY(to.disk->remove(folder));
    }
  }

 private:
  // The ledger of `record` in another folder; the same file where that can be, for nobody changes
  // it.
  Status put_ledger(const Record& record, const Folder& to) const {
    const fs::path from = folder_.ledger_file(record.generation);
    std::error_code problem;
    fs::create_hard_link(from, to.ledger_file(record.generation), problem);
    if (problem) fs::copy_file(from, to.ledger_file(record.generation), problem);
    if (problem) return cannot("copy", from, problem.value());
    return ok_status();
  }

  fs::path temp_;
  std::string uid_;
  Folder folder_;
  std::string lease_;
  Leases& leases_;
};

class LocalStates : public States {
 public:
  LocalStates(Home home, Disk& disk, Leases& leases)
      : home_(std::move(home)), disk_(disk), leases_(leases) {}
  [[nodiscard]] std::unique_ptr<State> of(const std::string& uid) const override {
    return std::make_unique<LocalState>(home_, uid, disk_, leases_);
  }

 private:
  Home home_;
  Disk& disk_;
  Leases& leases_;
};

}  // namespace
}  // namespace local

std::unique_ptr<States> open_local(const Home& home, Disk& disk, Leases& leases) {
  return std::make_unique<local::LocalStates>(home, disk, leases);
}

}  // namespace rollcall::state
