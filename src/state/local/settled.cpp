#include "state/local/settled.hpp"

#include <fmt/format.h>

#include <atomic>
#include <bit>

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

uint64_t hash_of(std::string_view pk, const std::vector<uint64_t>& fingerprints) {
  uint64_t out = attributes::fingerprint(pk);
  for (const uint64_t one : fingerprints) out = mixed(out ^ one);
  return out;
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

Result<Settled> Settled::load(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets) {
  Settled out;
  if (!ledger || !TRY(keeps_attributes(work, *ledger, targets))) return out;
  const int64_t rows = TRY(work.scalar("SELECT count(*) FROM " + numbered(*ledger)));
  if (rows == 0 || rows > kPeopleMax) return out;
  out.ledger_ = ledger->filename().string();
  out.people_.resize(static_cast<size_t>(rows));
  out.slots_.resize(std::bit_ceil(out.people_.size() * 2));
  const auto stream = TRY(work.stream(
      "SELECT file_row_number, key, pk" + fingerprints_of(targets) + " FROM " + numbered(*ledger) +
      " WHERE on_list = 1 AND in_segment AND reason IS NULL AND pk IS NOT NULL"));
  std::vector<uint64_t> fingerprints(targets.size());
  while (const duck::Chunk* chunk = TRY(stream->next())) {
    for (size_t row = 0; row < chunk->rows(); ++row) {
      for (size_t i = 0; i < targets.size(); ++i)
        fingerprints[i] = static_cast<uint64_t>(chunk->integer(i + 3, row));
      const std::string_view key = chunk->text(1, row);
      const auto number = static_cast<size_t>(chunk->integer(0, row));
      out.people_.at(number) = {.data = hash_of(chunk->text(2, row), fingerprints),
                                .key_at = out.keys_.size(),
                                .key_size = static_cast<uint32_t>(key.size())};
      out.keys_.insert(out.keys_.end(), key.begin(), key.end());
      if (out.keys_.size() > kKeyBytesMax) return Settled();
      size_t at = attributes::fingerprint(key) & (out.slots_.size() - 1);
      while (out.slots_[at] != 0) at = (at + 1) & (out.slots_.size() - 1);
      out.slots_[at] = static_cast<uint32_t>(number) + 1;
    }
  }
  return out;
}

std::string_view Settled::key_of(const Person& person) const {
  return {keys_.data() + person.key_at, person.key_size};
}

bool Settled::find(std::string_view key, std::string_view pk,
                   const std::vector<uint64_t>& fingerprints) {
  if (slots_.empty()) return false;
  const size_t mask = slots_.size() - 1;
  for (size_t at = attributes::fingerprint(key) & mask; slots_[at] != 0; at = (at + 1) & mask) {
    Person& person = people_[slots_[at] - 1];
    if (key_of(person) != key) continue;
    return person.data == hash_of(pk, fingerprints) &&
           std::atomic_ref(person.is_found).exchange(1) == 0;
  }
  return false;
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
