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

// Row by row of the ledger, by several threads.
class Settled::Loading : public duck::Consumer {
 public:
  explicit Loading(Settled& out) : out_(out) {}

  Status take(const duck::Chunk& rows) override {
    // The places in memory that rows need are far apart: those of all of them are asked for before
    // the first is waited for.
    std::vector<uint64_t> hashes(rows.rows());
    for (size_t row = 0; row < rows.rows(); ++row) {
      hashes[row] = hash_of(rows.text(1, row));
      __builtin_prefetch(&out_.people_[out_.place_of(hashes[row])], 1);
    }
    for (size_t row = 0; row < rows.rows(); ++row) {
      Person& person = free_place(out_.place_of(hashes[row]), number_of(rows.integer(0, row)));
      person.pk_hash = static_cast<uint32_t>(hashes[row]);
      person.read_hash = static_cast<uint64_t>(rows.integer(2, row));
    }
    return ok_status();
  }

 private:
  static uint32_t number_of(int64_t row) { return static_cast<uint32_t>(row) + 1; }
  Person& free_place(size_t place, uint32_t number) {
    while (true) {
      Person& person = out_.people_[place];
      uint32_t nobody = 0;
      if (std::atomic_ref(person.row).compare_exchange_strong(nobody, number)) return person;
      place = out_.after(place);
    }
  }

  Settled& out_;
};

Result<Settled> Settled::load(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets) {
  Settled out;
  if (!ledger || !TRY(keeps_attributes(work, *ledger, targets)) ||
      !TRY(keeps_read_hashes(work, *ledger)))
    return out;
  const int64_t rows = TRY(rows_of(work, *ledger));
  if (rows == 0 || rows > kPeopleMax) return out;
  out.ledger_ = ledger->filename().string();
  out.rows_ = static_cast<size_t>(rows);
  out.people_.resize(out.rows_ + out.rows_ / 3 + 1);
  Loading loading(out);
  TRY(work.consume("SELECT file_row_number, pk, read_hash FROM " + numbered(*ledger) +
                       " WHERE on_list = 1 AND in_segment AND reason IS NULL AND pk IS NOT NULL "
                       "AND read_hash IS NOT NULL",
                   loading));
  return out;
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
  for (size_t from = 0; from < people.size(); from += kAtOnce) {
    const auto some = people.subspan(from, std::min(kAtOnce, people.size() - from));
    for (size_t i = 0; i < some.size(); ++i) {
      hashes[i] = hash_of(some[i].pk);
      __builtin_prefetch(&people_[place_of(hashes[i])], 1);
    }
    for (size_t i = 0; i < some.size(); ++i)
      some[i].is_settled =
          take(place_of(hashes[i]), static_cast<uint32_t>(hashes[i]), some[i].read_hash);
  }
}

Status Settled::tell(duck::Connection& work) const {
  TRY(work.run("DROP TABLE IF EXISTS apart; DROP TABLE IF EXISTS taken_with"));
  if (is_nobody()) return ok_status();
  TRY(work.run("CREATE TABLE apart(place BIGINT); CREATE TABLE taken_with AS SELECT " +
               duck::literal(ledger_) + " AS file"));
  std::vector<bool> is_found(rows_);
  for (const Person& person : people_)
    if ((person.row & kFound) != 0) is_found[(person.row & ~kFound) - 1] = true;
  const auto appender = TRY(work.appender("apart"));
  for (size_t row = 0; row < rows_; ++row) {
    if (is_found[row]) continue;
    appender->integer(static_cast<int64_t>(row));
    TRY(appender->end_row());
  }
  return appender->finish();
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
  const int64_t rows = TRY(work.scalar("SELECT count(*) FROM rows"));
  if (!ledger || !TRY(tells_apart(work, *ledger))) return rows;
  // Each row that is told apart is one of the ledger's, once.
  return rows + TRY(rows_of(work, *ledger)) - TRY(work.scalar("SELECT count(*) FROM apart"));
}

Status give_rows(duck::Connection& work, const std::filesystem::path& ledger,
                 const std::vector<attributes::Target>& targets, const std::string& which) {
  std::string values;
  for (size_t i = 0; i < targets.size(); ++i) values += ", NULL";
  return work.run("CREATE TABLE given AS SELECT file_row_number AS place, key, pk" +
                  fingerprints_of(targets) + ", read_hash FROM " + settled_rows(ledger) +
                  " WHERE " + which + "; INSERT INTO rows SELECT key, pk" + values +
                  ", * EXCLUDE (place, key, pk) FROM given; INSERT INTO apart SELECT place FROM "
                  "given; DROP TABLE given");
}

Result<std::string> apart_of(duck::Connection& work, const std::filesystem::path& ledger) {
  if (!TRY(tells_apart(work, ledger)))
    return "read_parquet(" + duck::literal(ledger.string()) + ")";
  return "(SELECT l.* EXCLUDE (file_row_number) FROM " + numbered(ledger) +
         " l SEMI JOIN apart ON l.file_row_number = apart.place)";
}

}  // namespace rollcall::state::local
