#include "state/local/settled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <functional>
#include <mutex>

#include "state/local/file.hpp"

namespace rollcall::state::local {
namespace {

// Some forty bytes each, and their keys.
constexpr int64_t kPeopleMax = 2'000'000;
constexpr size_t kKeyBytesMax = 80'000'000;

// Every bit of the one depends on every bit of the other (splitmix64's finalizer).
uint64_t mixed(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
  value = (value ^ value >> 27) * 0x94d049bb133111ebU;
  return value ^ value >> 31;
}

// Within this process alone.
uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

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

uint64_t data_hash(std::string_view pk) { return mixed(hash_of(pk)); }
uint64_t data_hash(uint64_t before, uint64_t fingerprint) { return mixed(before ^ fingerprint); }

// Row by row of the ledger, by several threads.
class Settled::Loading : public duck::Consumer {
 public:
  Loading(Settled& out, size_t targets) : out_(out), targets_(targets) {}

  Status take(const duck::Chunk& rows) override {
    size_t bytes = 0;
    for (size_t row = 0; row < rows.rows(); ++row) bytes += rows.text(1, row).size();
    char* key_at = room_for(bytes);
    if (key_at == nullptr) return ok_status();
    // The places in memory that rows need are far apart: those of all of them are asked for before
    // the first is waited for.
    std::vector<size_t> slots(rows.rows());
    for (size_t row = 0; row < rows.rows(); ++row) {
      slots[row] = out_.slot_of(rows.text(1, row));
      __builtin_prefetch(&out_.slots_[slots[row]], 1);
    }
    for (size_t row = 0; row < rows.rows(); ++row) {
      uint64_t data = data_hash(rows.text(2, row));
      for (size_t i = 0; i < targets_; ++i)
        data = data_hash(data, static_cast<uint64_t>(rows.integer(i + 3, row)));
      const std::string_view key = rows.text(1, row);
      key.copy(key_at, key.size());
      const auto number = static_cast<size_t>(rows.integer(0, row));
      out_.people_.at(number) = {
          .data = data, .key = key_at, .key_size = static_cast<uint32_t>(key.size())};
      key_at += key.size();
      put(slots[row], static_cast<uint32_t>(number) + 1);
    }
    return ok_status();
  }
  [[nodiscard]] bool has_too_much() const { return bytes_ > kKeyBytesMax; }

 private:
  // Nothing: there are too many.
  char* room_for(size_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ += bytes;
    if (has_too_much()) return nullptr;
    out_.keys_.push_back(std::make_unique<char[]>(bytes + 1));
    return out_.keys_.back().get();
  }
  void put(size_t slot, uint32_t row) {
    while (true) {
      uint32_t free = 0;
      if (std::atomic_ref(out_.slots_[slot]).compare_exchange_strong(free, row)) return;
      slot = (slot + 1) & (out_.slots_.size() - 1);
    }
  }

  Settled& out_;
  const size_t targets_;
  std::mutex mutex_;  // protects what follows, and the pieces of keys
  size_t bytes_ = 0;
};

Result<Settled> Settled::load(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets) {
  Settled out;
  if (!ledger || !TRY(keeps_attributes(work, *ledger, targets))) return out;
  const int64_t rows = TRY(rows_of(work, *ledger));
  if (rows == 0 || rows > kPeopleMax) return out;
  out.ledger_ = ledger->filename().string();
  out.people_.resize(static_cast<size_t>(rows));
  out.slots_.resize(std::bit_ceil(out.people_.size() * 2));
  Loading loading(out, targets.size());
  TRY(work.consume("SELECT file_row_number, key, pk" + fingerprints_of(targets) + " FROM " +
                       numbered(*ledger) +
                       " WHERE on_list = 1 AND in_segment AND reason IS NULL AND pk IS NOT NULL",
                   loading));
  return loading.has_too_much() ? Settled() : std::move(out);
}

size_t Settled::slot_of(std::string_view key) const { return hash_of(key) & (slots_.size() - 1); }

bool Settled::take(size_t slot, const Asked& asked) {
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    Person& person = people_[slots_[slot] - 1];
    if (std::string_view(person.key, person.key_size) != asked.key) continue;
    return person.data == asked.data && std::atomic_ref(person.is_found).exchange(1) == 0;
  }
  return false;
}

void Settled::find(std::span<Asked> people) {
  if (is_nobody()) return;
  // As in load(): slot, person and key lie far apart, and are fetched for some at once.
  constexpr size_t kAtOnce = 32;
  std::array<size_t, kAtOnce> slots;
  for (size_t from = 0; from < people.size(); from += kAtOnce) {
    const auto some = people.subspan(from, std::min(kAtOnce, people.size() - from));
    const auto first = [&](size_t i) -> const Person* {
      const uint32_t row = slots_[slots[i]];
      return row == 0 ? nullptr : &people_[row - 1];
    };
    for (size_t i = 0; i < some.size(); ++i) {
      slots[i] = slot_of(some[i].key);
      __builtin_prefetch(&slots_[slots[i]]);
    }
    for (size_t i = 0; i < some.size(); ++i)
      if (const Person* person = first(i)) __builtin_prefetch(person, 1);
    for (size_t i = 0; i < some.size(); ++i)
      if (const Person* person = first(i)) __builtin_prefetch(person->key);
    for (size_t i = 0; i < some.size(); ++i) some[i].is_settled = take(slots[i], some[i]);
  }
}

Status Settled::tell(duck::Connection& work) const {
  TRY(work.run("DROP TABLE IF EXISTS apart; DROP TABLE IF EXISTS taken_with"));
  if (people_.empty()) return ok_status();
  TRY(work.run("CREATE TABLE apart(place BIGINT); CREATE TABLE taken_with AS SELECT " +
               duck::literal(ledger_) + " AS file"));
  const auto appender = TRY(work.appender("apart"));
  for (size_t row = 0; row < people_.size(); ++row) {
    if (people_[row].is_found != 0) continue;
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
  return "(SELECT key, pk" + in_rows + " FROM rows UNION ALL SELECT key, pk" +
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
                  fingerprints_of(targets) + " FROM " + settled_rows(ledger) + " WHERE " + which +
                  "; INSERT INTO rows SELECT key, pk" + values +
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
