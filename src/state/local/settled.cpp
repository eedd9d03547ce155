#include "state/local/settled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "state/local/file.hpp"

namespace rollcall::state::local {
namespace {

// Some twenty bytes each.
constexpr int64_t kPeopleMax = 12'000'000;
constexpr uint32_t kFound = uint32_t{1} << 31;  // a bit of `row`

uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }
uint64_t hash_of(uint64_t value) { return XXH3_64bits(&value, sizeof value); }

// Every bit of the one depends on every bit of the other; of no value for certain another is made
// (splitmix64's finalizer).
uint64_t mixed(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
  value = (value ^ value >> 27) * 0x94d049bb133111ebU;
  return value ^ value >> 31;
}

Result<int64_t> rows_of(duck::Connection& work, const std::filesystem::path& ledger) {
  return work.scalar("SELECT count(*) FROM read_parquet(" + duck::literal(ledger.string()) + ")");
}

std::string numbered(const std::filesystem::path& ledger) {
  return "read_parquet(" + duck::literal(ledger.string()) + ", file_row_number = true)";
}

// Of the ledger's rows those that tell of somebody settled.
std::string settled_rows(const std::filesystem::path& ledger) {
  return numbered(ledger) + " l ANTI JOIN apart ON l.file_row_number = apart.place";
}

std::string fingerprints_of(const std::vector<attributes::Target>& targets) {
  std::string out;
  for (size_t i = 0; i < targets.size(); ++i)
    out += fmt::format(", coalesce({}, 0) AS f{}", attribute_column(targets[i]), i);
  return out;
}

// Row numbers of another file would be other people's.
Result<bool> tells_apart(duck::Connection& work, const std::filesystem::path& ledger) {
  if (!TRY(has_table(work, "apart"))) return false;
  if (TRY(work.scalar("SELECT count(*) FROM taken_with WHERE file = " +
                      duck::literal(ledger.filename().string()))) == 0)
    return Error{ErrorKind::corrupt, "the snapshot was taken with another ledger"};
  return true;
}

}  // namespace

ReadHashes::ReadHashes(KeyType key_type, const std::vector<attributes::Target>& targets) {
  std::string made = fmt::format("{} {}", attributes::kForms, static_cast<int>(key_type));
  for (const attributes::Target& target : targets)
    made += fmt::format(";{} {} {}", target.to, target.type ? static_cast<int>(*target.type) : -1,
                        target.merge);
  start_ = hash_of(made);
}

void ReadHashes::append(std::vector<uint64_t>& out, const RowBatch& batch) const {
  constexpr uint64_t kNull = 0x9e3779b97f4a7c15U;
  const size_t from = out.size();
  out.resize(from + batch.rows, start_);
  const std::span<uint64_t> hashes = std::span(out).subspan(from);
  for (const Column& column : batch.columns) {
    const uint64_t type = hash_of(static_cast<uint64_t>(column.type));
    const auto each = [&](const auto& value_of) {
      for (size_t row = 0; row < hashes.size(); ++row)
        hashes[row] = mixed((hashes[row] ^ type) + (column.valid[row] ? value_of(row) : kNull));
    };
    switch (column.type) {
      case FieldType::boolean:
      case FieldType::integer:
      case FieldType::date:
      case FieldType::timestamp:
        each([&](size_t row) { return mixed(static_cast<uint64_t>(column.ints[row])); });
        break;
      case FieldType::number:
        each([&](size_t row) { return mixed(std::bit_cast<uint64_t>(column.doubles[row])); });
        break;
      case FieldType::decimal:
      case FieldType::text:
      case FieldType::list:
      case FieldType::object:
      case FieldType::json:
        each([&](size_t row) { return hash_of(column.texts[row]); });
        break;
    }
  }
  for (uint64_t& hash : hashes) hash = std::max<uint64_t>(hash, 1);
}

Result<std::unique_ptr<LoadingSettled>> LoadingSettled::begin(
    std::unique_ptr<duck::Connection> work, const LedgerFile& ledger) {
  auto loading = std::make_unique<LoadingSettled>();
  if (!ledger || !TRY(keeps_read_hashes(*work, *ledger))) return loading;
  const int64_t rows = TRY(rows_of(*work, *ledger));
  if (rows == 0 || rows > kPeopleMax) return loading;
  Settled& out = loading->out_;
  out.ledger_ = *ledger;
  out.rows_ = static_cast<size_t>(rows);
  out.people_ = LargeArray<Settled::Person>(out.rows_ + out.rows_ / 3 + 1);
  loading->work_ = std::move(work);
  loading->consuming_ = TRY(loading->work_->consume(
      "SELECT file_row_number, pk, read_hash FROM " + numbered(*ledger) +
          " WHERE on_list = 1 AND in_segment AND reason IS NULL AND pk IS NOT NULL "
          "AND read_hash IS NOT NULL",
      *loading));
  return loading;
}

Result<Settled> LoadingSettled::finish() {
  if (consuming_) TRY(consuming_->finish());
  return std::move(out_);
}

// By several threads.
Status LoadingSettled::take(const duck::Chunk& rows) {
  std::vector<uint64_t> hashes(rows.rows());
  // The places in memory that rows need are far apart: those of all of them are asked for before
  // the first is waited for.
  for (size_t row = 0; row < rows.rows(); ++row) {
    hashes[row] = hash_of(rows.text(1, row));
    __builtin_prefetch(&out_.people_[out_.place_of(hashes[row])], 1);
  }
  for (size_t row = 0; row < rows.rows(); ++row) {
    Settled::Person& person =
        out_.free_place(hashes[row], static_cast<uint32_t>(rows.integer(0, row)) + 1);
    person.pk_hash = static_cast<uint32_t>(hashes[row]);
    person.read_hash = static_cast<uint64_t>(rows.integer(2, row));
  }
  return ok_status();
}

// Now that of this row, counted from one.
Settled::Person& Settled::free_place(uint64_t pk_hash, uint32_t row) {
  for (size_t place = place_of(pk_hash);; place = after(place)) {
    uint32_t nobody = 0;
    if (std::atomic_ref(people_[place].row).compare_exchange_strong(nobody, row))
      return people_[place];
  }
}

size_t Settled::place_of(uint64_t pk_hash) const {
  return static_cast<size_t>((static_cast<unsigned __int128>(pk_hash) * people_.size()) >> 64);
}

bool Settled::take(size_t place, uint32_t pk_hash, uint64_t read_hash) {
  for (;; place = after(place)) {
    Person& person = people_[place];
    if (std::atomic_ref(person.row).load(std::memory_order_relaxed) == 0) return false;
    if (person.read_hash != read_hash || person.pk_hash != pk_hash) continue;
    if ((std::atomic_ref(person.row).fetch_or(kFound) & kFound) == 0) return true;
  }
}

void Settled::find(std::span<Asked> people) {
  if (is_nobody()) return;
  constexpr size_t kAtOnce = 32;  // fetched as in load()
  std::array<uint64_t, kAtOnce> hashes;
  size_t found = 0;
  for (size_t from = 0; from < people.size(); from += kAtOnce) {
    const auto some = people.subspan(from, std::min(kAtOnce, people.size() - from));
    for (size_t i = 0; i < some.size(); ++i) {
      hashes[i] = hash_of(some[i].pk);
      __builtin_prefetch(&people_[place_of(hashes[i])], 1);
    }
    for (size_t i = 0; i < some.size(); ++i)
      found += some[i].is_settled =
          take(place_of(hashes[i]), static_cast<uint32_t>(hashes[i]), some[i].read_hash);
  }
  std::atomic_ref(found_).fetch_add(found);
}

Status Settled::tell(duck::Connection& work) const {
  TRY(
      work.run("DROP TABLE IF EXISTS apart; DROP TABLE IF EXISTS apart_rows; DROP TABLE IF EXISTS "
               "taken_with"));
  if (is_nobody()) return ok_status();
  TRY(work.run("CREATE TABLE apart(place BIGINT); CREATE TABLE taken_with AS SELECT " +
               duck::literal(ledger_.filename().string()) + " AS file"));
  if (found_ == rows_) return ok_status();
  std::vector<bool> is_found(rows_);
  for (const Person& person : people_)
    if ((person.row & kFound) != 0) is_found[(person.row & ~kFound) - 1] = true;
  const auto appender = TRY(work.appender("apart"));
  for (size_t row = 0; row < rows_; ++row) {
    if (is_found[row]) continue;
    appender->integer(static_cast<int64_t>(row));
    TRY(appender->end_row());
  }
  TRY(appender->finish());
  constexpr size_t kFew = 10;  // one of so many
  if ((rows_ - found_) * kFew > rows_) return ok_status();
  return work.run("CREATE TABLE apart_rows AS SELECT l.* FROM " + numbered(ledger_) +
                  " l SEMI JOIN apart ON l.file_row_number = apart.place");
}

Result<std::string> everybody(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets) {
  if (!ledger || !TRY(tells_apart(work, *ledger))) return std::string("rows");
  std::string in_rows;
  for (size_t i = 0; i < targets.size(); ++i) in_rows += fmt::format(", f{}", i);
  return "(SELECT key, pk, h" + in_rows + " FROM rows UNION ALL SELECT key, pk, read_hash" +
         fingerprints_of(targets) + " FROM " + settled_rows(*ledger) + ")";
}

Result<bool> all_are_settled(duck::Connection& work, const LedgerFile& ledger) {
  if (!ledger || !TRY(tells_apart(work, *ledger))) return false;
  return TRY(work.scalar("SELECT (SELECT count(*) FROM rows) + (SELECT count(*) FROM apart)")) == 0;
}

Result<int64_t> count_everybody(duck::Connection& work, const LedgerFile& ledger) {
  std::string sql = "SELECT (SELECT count(*) FROM rows)";
  // Each row that is told apart is one of the ledger's, once.
  if (ledger && TRY(tells_apart(work, *ledger)))
    sql += " + (SELECT count(*) FROM read_parquet(" + duck::literal(ledger->string()) +
           ")) - (SELECT count(*) FROM apart)";
  return work.scalar(sql);
}

Status give_rows(duck::Connection& work, const std::filesystem::path& ledger,
                 const std::vector<attributes::Target>& targets, const std::string& which) {
  std::string values;
  for (size_t i = 0; i < targets.size(); ++i) values += ", NULL";
  const std::string apart_rows = TRY(has_table(work, "apart_rows"))
                                     ? "; INSERT INTO apart_rows SELECT l.* FROM " +
                                           numbered(ledger) +
                                           " l SEMI JOIN given ON l.file_row_number = given.place"
                                     : "";
  return work.run("CREATE TABLE given AS SELECT file_row_number AS place, key, pk" +
                  fingerprints_of(targets) + ", read_hash FROM " + settled_rows(ledger) +
                  " WHERE " + which + "; INSERT INTO rows SELECT key, pk" + values +
                  ", * EXCLUDE (place, key, pk) FROM given; INSERT INTO apart SELECT place FROM "
                  "given" +
                  apart_rows + "; DROP TABLE given");
}

Result<std::string> apart_of(duck::Connection& work, const std::filesystem::path& ledger) {
  if (!TRY(tells_apart(work, ledger)))
    return "read_parquet(" + duck::literal(ledger.string()) + ")";
  if (TRY(has_table(work, "apart_rows")))
    return std::string("(SELECT * EXCLUDE (file_row_number) FROM apart_rows)");
  return "(SELECT l.* EXCLUDE (file_row_number) FROM " + numbered(ledger) +
         " l SEMI JOIN apart ON l.file_row_number = apart.place)";
}

Result<std::optional<std::string>> settled_of(duck::Connection& work,
                                              const std::filesystem::path& ledger) {
  if (!TRY(tells_apart(work, ledger))) return std::optional<std::string>();
  return std::optional("(SELECT l.* EXCLUDE (file_row_number) FROM " + settled_rows(ledger) + ")");
}

}  // namespace rollcall::state::local
