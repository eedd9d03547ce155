#include "state/local/snapshot.hpp"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "core/match_key.hpp"

namespace rollcall::state::local {
namespace {

std::string primary_key_order(FieldType type, bool written) {
  switch (type) {
    case FieldType::text:
      return written ? "CASE WHEN regexp_full_match(pk, '-?(0|[1-9][0-9]{0,37})') THEN "
                       "try_cast(pk AS HUGEINT) END NULLS LAST"
                     : "pk";
    case FieldType::integer:
      return "try_cast(pk AS BIGINT)";
    case FieldType::date:
      return "try_cast(pk AS DATE)";
    case FieldType::timestamp:
      return "try_cast(pk AS TIMESTAMP)";
    case FieldType::number:
      return "try_cast(pk AS DOUBLE)";
    // Thirty-eight digits are compared; beyond them, approximately.
    case FieldType::decimal:
      return "try_cast(pk AS DECIMAL(38, 10)), try_cast(pk AS DOUBLE)";
    default:
      return "pk";
  }
}

// Makes the table `twice`, of whom several rows speak for: `who` by their folded key. Whether there
// is anybody.
Result<bool> find_repeated(duck::Connection& work, const LedgerFile& ledger,
                           const SnapshotSpec& spec) {
  // Whom Iterable may take for one contact must not stand in one batch as two.
  const std::string who = folded_key_sql("key");
  const std::string all = TRY(everybody(work, ledger));
  const bool some_settled = all != "rows";
  // Two of the settled are never one person: no ledger has two of one person in the segment.
  TRY(work.run("CREATE TABLE twice AS SELECT who FROM (SELECT " + who + " AS who FROM " + all +
               ")" + (some_settled ? " WHERE who IN (SELECT " + who + " FROM rows)" : "") +
               " GROUP BY who HAVING count(*) > 1"));
  if (TRY(work.scalar("SELECT count(*) FROM twice")) == 0) return false;
  if (some_settled) TRY(give_rows(work, *ledger, spec.targets, who + " IN (FROM twice)"));
  return true;
}

Status keep_one_row_a_person(duck::Connection& work, FieldType primary_key,
                             const LedgerFile& ledger, const SnapshotSpec& spec,
                             SegmentCounts& counts) {
  if (TRY(work.scalar("SELECT count(*) FROM rows")) == 0) return ok_status();
  const std::string who = folded_key_sql("key");
  if (TRY(find_repeated(work, ledger, spec))) {
    std::string order = primary_key_order(primary_key, spec.keys_as_written) + ", pk";
    // Not by values, which may be left out.
    for (size_t i = 0; i < spec.targets.size(); ++i) order += fmt::format(", f{}", i);
    TRY(work.run(
        "CREATE TABLE losers AS SELECT * FROM (SELECT rowid AS row, key, pk, row_number() OVER "
        "(PARTITION BY " +
        who + " ORDER BY " + order + ") AS place FROM rows WHERE " + who +
        " IN (SELECT who FROM twice)) WHERE place > 1"));
    counts.duplicate_key = TRY(work.scalar("SELECT count(*) FROM losers"));
    TRY(
        work.run("INSERT INTO problems SELECT 'duplicate_key', pk, key FROM losers;"
                 "DELETE FROM rows WHERE rowid IN (SELECT row FROM losers);"
                 "DROP TABLE losers"));
  }
  return work.run("DROP TABLE twice");
}

Status keep_targets(const std::vector<attributes::Target>& targets, duck::Connection& work) {
  TRY(
      work.run("CREATE OR REPLACE TABLE targets(place BIGINT, field VARCHAR, name VARCHAR, "
               "source_type BIGINT, type BIGINT, makes BOOLEAN, merges BOOLEAN)"));
  std::vector<std::string> rows;
  for (const attributes::Target& t : targets)
    rows.push_back(fmt::format("({}, {}, {}, {}, {}, {}, {})", rows.size(), duck::literal(t.field),
                               duck::literal(t.to), static_cast<int>(t.from),
                               t.type ? static_cast<int>(*t.type) : -1, t.create, t.merge));
  return rows.empty() ? ok_status() : work.run("INSERT INTO targets VALUES " + join(rows, ", "));
}

// The rows of a stream as the snapshot has them, worked out by all threads of the work database.
class Taking : public duck::Producer {
 public:
  Taking(source::RowStream& stream, const SnapshotSpec& spec, Settled& settled,
         duck::Appender& problems, Observer& observer, const std::stop_token& stop)
      : stream_(stream),
        spec_(spec),
        hashes_(spec.key_type, spec.targets),
        settled_(settled),
        problems_(problems),
        observer_(observer),
        stop_(stop) {}

  std::unique_ptr<Part> part() override { return std::make_unique<Share>(*this); }

  // After the insertion.
  Snapshot taken;

 private:
  class Share : public Part {
   public:
    explicit Share(Taking& taking)
        : taking_(taking),
          values_(taking.spec_.targets.size()),
          fingerprints_(values_.size()),
          unholdable_(values_.size()) {}

    Status fill(duck::RowSink& rows) override {
      while (!rows.is_full()) {
        if (at_ == rows_.size()) {
          if (!TRY(read())) return ok_status();
        } else {
          TRY(put(rows, at_++));
        }
      }
      return ok_status();
    }

   private:
    // The next batch, column after column.
    Result<bool> read() {
      at_ = 0;
      rows_.clear();
      if (!TRY(taking_.next(batch_, unholdable_))) return false;
      hashes_.clear();
      taking_.hashes_.append(hashes_, batch_);
      TRY(take_keys());
      const std::vector<attributes::Target>& targets = taking_.spec_.targets;
      for (size_t i = 0; i < targets.size(); ++i) {
        Texts& values = values_[i];
        values.clear();
        fingerprints_[i].clear();
        for (const size_t row : rows_) {
          const int64_t before = unholdable_[i];
          const bool present = attributes::append_value(values.open(), batch_.columns[i + 2], row,
                                                        targets[i], unholdable_[i]);
          values.end();
          fingerprints_[i].push_back(present ? attributes::fingerprint(values[values.size() - 1])
                                             : 0);
          // It is to be told of in every run.
          if (unholdable_[i] != before) hashes_[row] = 0;
        }
      }
      return true;
    }

    // Of whoever is somebody and not settled.
    Status take_keys() {
      find_settled();
      keys_.clear();
      for (size_t row = 0; row < batch_.rows; ++row) {
        if (people_[row].is_settled) continue;
        const bool has_key = batch_.columns[1].valid[row];
        key_.clear();
        append_text(key_, batch_.columns[1], row);
        const KeyForm form = has_key ? normalise_key(taking_.spec_.key_type, key_) : KeyForm::blank;
        if (form == KeyForm::good) {
          rows_.push_back(row);
          keys_.append(key_);
        } else {
          const std::string pk(pks_[row]);
          TRY(taking_.put_aside(form, has_pk(row) ? &pk : nullptr, has_key ? &key_ : nullptr));
        }
      }
      return ok_status();
    }

    void find_settled() {
      pks_.clear();
      for (size_t row = 0; row < batch_.rows; ++row) {
        append_text(pks_.open(), batch_.columns[0], row);
        pks_.end();
      }
      people_.assign(batch_.rows, {});
      if (taking_.settled_.is_nobody()) return;
      for (size_t row = 0; row < batch_.rows; ++row)
        people_[row] = {.pk = pks_[row], .read_hash = has_pk(row) ? hashes_[row] : 0};
      taking_.settled_.find(people_);
    }

    Status put(duck::RowSink& rows, size_t k) {
      const size_t row = rows_[k];
      rows.text(keys_[k]);
      has_pk(row) ? rows.text(pks_[row]) : rows.null();
      for (size_t i = 0; i < values_.size(); ++i)
        fingerprints_[i][k] != 0 ? rows.text(values_[i][k]) : rows.null();
      for (const std::vector<uint64_t>& of_target : fingerprints_)
        rows.integer(static_cast<int64_t>(of_target[k]));
      has_pk(row) && hashes_[row] != 0 ? rows.integer(static_cast<int64_t>(hashes_[row]))
                                       : rows.null();
      return rows.end_row();
    }

    [[nodiscard]] bool has_pk(size_t row) const { return batch_.columns[0].valid[row]; }

    Taking& taking_;
    RowBatch batch_;
    std::vector<uint64_t> hashes_;  // of its rows; 0: not to be relied on
    Texts pks_;
    std::vector<Settled::Asked> people_;
    std::vector<size_t>
        rows_;  // those that are somebody and not settled; what follows goes by these
    Texts keys_;
    std::vector<Texts> values_;                        // by target
    std::vector<std::vector<uint64_t>> fingerprints_;  // by target; 0: null
    size_t at_ = 0;                                    // the next one to be put
    std::vector<int64_t> unholdable_;                  // since it was told of last
    std::string key_;
  };

  // The next rows; what was learnt of the ones before is told with it. False: there are no more.
  Result<bool> next(RowBatch& batch, std::vector<int64_t>& unholdable) {
    if (stop_.stop_requested())
      return Error{ErrorKind::cancelled, "stopped while reading the segment"};
    const bool more = !ended_ && TRY(stream_.next(batch));
    if (!more) ended_ = true;
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < unholdable.size(); ++i)
      if (const int64_t count = std::exchange(unholdable[i], 0); count > 0)
        taken.unholdable[spec_.targets[i].to] += count;
    if (!more) return false;
    taken.counts.rows += static_cast<int64_t>(batch.rows);
    observer_.progress("snapshot", taken.counts.rows, 0);
    return true;
  }

  // A row that is nobody.
  Status put_aside(KeyForm form, const std::string* pk, const std::string* key) {
    const std::lock_guard lock(mutex_);
    const bool blank = form == KeyForm::blank;
    ++(blank ? taken.counts.no_key : taken.counts.invalid_key);
    problems_.text(blank ? "no_key" : "invalid_key");
    pk != nullptr ? problems_.text(*pk) : problems_.null();
    // A key that is no UTF-8 cannot be shown.
    key != nullptr&& is_utf8(*key) ? problems_.text(*key) : problems_.null();
    return problems_.end_row();
  }

  source::RowStream& stream_;
  const SnapshotSpec& spec_;
  const ReadHashes hashes_;
  Settled& settled_;
  duck::Appender& problems_;
  Observer& observer_;
  const std::stop_token& stop_;
  std::atomic<bool> ended_ = false;
  std::mutex mutex_;  // protects the problems, what was taken, and the observer
};

}  // namespace

Result<std::vector<attributes::Target>> load_targets(duck::Connection& work) {
  std::vector<attributes::Target> out;
  const auto stream = TRY(work.stream(
      "SELECT field, name, source_type, type, makes, merges FROM targets ORDER BY place"));
  while (const duck::Chunk* chunk = TRY(stream->next())) {
    for (size_t row = 0; row < chunk->rows(); ++row) {
      attributes::Target t;
      t.field = std::string(chunk->text(0, row));
      t.to = std::string(chunk->text(1, row));
      t.from = static_cast<FieldType>(chunk->integer(2, row));
      if (chunk->integer(3, row) >= 0) t.type = static_cast<AttributeType>(chunk->integer(3, row));
      t.create = chunk->integer(4, row) != 0;
      t.merge = chunk->integer(5, row) != 0;
      out.push_back(std::move(t));
    }
  }
  return out;
}

Result<Snapshot> take_snapshot(source::RowStream& stream, const SnapshotSpec& spec,
                               Settled& settled, const LedgerFile& ledger, duck::Database& database,
                               duck::Connection& work, Observer& observer,
                               const std::stop_token& stop) {
  CHECK(stream.columns().size() == spec.targets.size() + 2);
  std::string create = "CREATE TABLE rows(key VARCHAR NOT NULL, pk VARCHAR";
  for (size_t i = 0; i < spec.targets.size(); ++i) create += fmt::format(", v{} VARCHAR", i);
  for (size_t i = 0; i < spec.targets.size(); ++i)
    create += fmt::format(", f{} UBIGINT NOT NULL", i);
  create += ", h UBIGINT";
  TRY(work.run("DROP TABLE IF EXISTS rows; DROP TABLE IF EXISTS problems; " + create +
               "); CREATE TABLE problems(kind VARCHAR, pk VARCHAR, key VARCHAR)"));
  TRY(keep_targets(spec.targets, work));
  if (!settled.is_nobody() && !TRY(keeps_attributes(work, *ledger, spec.targets)))
    settled = Settled();

  const auto beside = TRY(database.connect());  // the first is busy with the insertion
  const auto problems = TRY(beside->appender("problems"));
  Taking taking(stream, spec, settled, *problems, observer, stop);
  TRY(work.insert("rows", taking));
  TRY(problems->finish());
  TRY(settled.tell(work));
  Snapshot out = std::move(taking.taken);
  TRY(keep_one_row_a_person(work, stream.columns()[0].type, ledger, spec, out.counts));
  out.counts.members =
      out.counts.rows - out.counts.no_key - out.counts.invalid_key - out.counts.duplicate_key;
  return out;
}

}  // namespace rollcall::state::local
