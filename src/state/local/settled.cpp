#include "state/local/settled.hpp"

#include <bit>

#include "state/local/file.hpp"

namespace rollcall::state::local {
namespace {

// Sixteen bytes each at most.
constexpr int64_t kPeopleMax = 4'000'000;

// Every bit of the one depends on every bit of the other (splitmix64's finalizer).
uint64_t mixed(uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
  value = (value ^ value >> 27) * 0x94d049bb133111ebU;
  return value ^ value >> 31;
}

uint64_t hash_of(uint64_t salt, std::string_view key, const std::vector<uint64_t>& fingerprints) {
  uint64_t out = mixed(salt ^ attributes::fingerprint(key));
  for (const uint64_t one : fingerprints) out = mixed(out ^ one);
  return out == 0 ? 1 : out;
}

}  // namespace

Result<Settled> Settled::load(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets, uint64_t salt) {
  Settled out;
  if (!ledger || !TRY(keeps_attributes(work, *ledger, targets))) return out;
  const std::string file = "read_parquet(" + duck::literal(ledger->string()) + ")";
  const int64_t people = TRY(work.scalar("SELECT count(*) FROM " + file));
  if (people > kPeopleMax) return out;
  out.salt_ = salt;
  out.hashes_.resize(std::bit_ceil(static_cast<size_t>(people) * 2 + 1));
  std::string sql = "SELECT key";
  for (const auto& target : targets) sql += ", coalesce(" + attribute_column(target) + ", 0)";
  const auto stream = TRY(
      work.stream(sql + " FROM " + file + " WHERE on_list = 1 AND in_segment AND reason IS NULL"));
  std::vector<uint64_t> fingerprints(targets.size());
  while (const duck::Chunk* chunk = TRY(stream->next())) {
    for (size_t row = 0; row < chunk->rows(); ++row) {
      for (size_t i = 0; i < targets.size(); ++i)
        fingerprints[i] = static_cast<uint64_t>(chunk->integer(i + 1, row));
      out.add(hash_of(salt, chunk->text(0, row), fingerprints));
    }
  }
  return out;
}

void Settled::add(uint64_t hash) {
  const size_t mask = hashes_.size() - 1;
  size_t at = hash & mask;
  while (hashes_[at] != 0) at = (at + 1) & mask;
  hashes_[at] = hash;
}

bool Settled::holds(std::string_view key, const std::vector<uint64_t>& fingerprints) const {
  if (hashes_.empty()) return false;
  const uint64_t hash = hash_of(salt_, key, fingerprints);
  const size_t mask = hashes_.size() - 1;
  for (size_t at = hash & mask; hashes_[at] != 0; at = (at + 1) & mask)
    if (hashes_[at] == hash) return true;
  return false;
}

}  // namespace rollcall::state::local
