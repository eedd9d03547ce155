// Whom the ledger confirms as they are, held in memory while a snapshot is taken: whoever is found
// there again as they were needs no row of the snapshot, for the ledger tells all of them that the
// plan and the next ledger want to know. Not a door.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attributes/attributes.hpp"
#include "duck/duck.hpp"
#include "state/local/plan.hpp"

namespace rollcall::state::local {

// Primary key and fingerprints, in the order of their targets, as 64 bits: the key alone, then one
// fingerprint after another.
uint64_t data_hash(std::string_view pk);
uint64_t data_hash(uint64_t before, uint64_t fingerprint);

class Settled {
 public:
  // Somebody of the snapshot.
  struct Asked {
    std::string_view key;
    uint64_t data = 0;
    bool is_settled = false;  // the answer
  };

  // Nobody.
  Settled() = default;
  // Whoever is surely on the list and in the segment, without a reason; nobody where the ledger
  // does not keep these attributes and no others, or is too large to be held.
  static Result<Settled> load(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets);

  // Which of them are as the ledger has them: this key, primary key, and fingerprints by target (0
  // for null). Each person of the ledger is found once. Any thread.
  void find(std::span<Asked> people);
  [[nodiscard]] bool is_nobody() const { return people_.empty(); }

  // Makes the tables `apart`, the ledger's rows, by their number in the file, of whom was not found,
  // and `taken_with`. Not there where nobody was to be found.
  Status tell(duck::Connection& work) const;

 private:
  class Loading;
  struct Person {
    uint64_t data = 0;
    const char* key = nullptr;
    uint32_t key_size = 0;
    uint8_t is_found = 0;
  };
  [[nodiscard]] size_t slot_of(std::string_view key) const;
  bool take(size_t slot, const Asked& asked);

  std::string ledger_;                         // the file's name
  std::vector<Person> people_;                 // by the ledger's row
  std::vector<std::unique_ptr<char[]>> keys_;  // in pieces
  std::vector<uint32_t> slots_;  // by the key's hash, open addressing: the row and one; 0: free
};

// Everybody of the snapshot, in SQL, whether they have a row in `rows` or are told of by the ledger,
// which must be the one that it was taken with: key, pk, and the fingerprints f0… of `targets`.
Result<std::string> everybody(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets = {});
// Whether the ledger tells of everybody, and each of its people is still there as they were.
Result<bool> all_are_settled(duck::Connection& work, const LedgerFile& ledger);
Result<int64_t> count_everybody(duck::Connection& work, const LedgerFile& ledger);
// A row, without values, to those of them for whom `which` holds: nothing is sent of who stays as they
// are, and no other speaks for them.
Status give_rows(duck::Connection& work, const std::filesystem::path& ledger,
                 const std::vector<attributes::Target>& targets, const std::string& which);
// Of a ledger's file those rows that `everybody` does not take from it, or all.
Result<std::string> apart_of(duck::Connection& work, const std::filesystem::path& ledger);

}  // namespace rollcall::state::local
