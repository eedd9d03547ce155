// Whom the ledger confirms as they are, held in memory while a snapshot is taken: whoever is found
// there again as they were needs no row of the snapshot, for the ledger tells all of them that the
// plan and the next ledger want to know. Not a door.
//
// They are told by the source's row: a ledger keeps a hash of the one that its primary key, key and
// fingerprints were made of (`read_hash`), so that nothing has to be made of a row that is the same.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/large_array.hpp"
#include "duck/duck.hpp"
#include "state/local/plan.hpp"

namespace rollcall::state::local {

// Hashes of rows as they were read: primary key, match key, and the targets' values, in that order.
// 64 bits that differ where one of them does, or what is made of it; never 0. Kept in ledgers.
class ReadHashes {
 public:
  ReadHashes(KeyType key_type, const std::vector<attributes::Target>& targets);
  // Of each row of the batch.
  void append(std::vector<uint64_t>& out, const RowBatch& batch) const;

 private:
  uint64_t start_;  // of every row: what is made of them
};

class Settled {
 public:
  // Somebody of the snapshot.
  struct Asked {
    std::string_view pk;
    uint64_t read_hash = 0;   // 0: nobody's
    bool is_settled = false;  // the answer
  };

  Settled() = default;  // nobody

  // Which of them are as the ledger has them: a row of this primary key and this hash. Each person of
  // the ledger is found once. Any thread.
  void find(std::span<Asked> people);
  [[nodiscard]] bool is_nobody() const { return people_.empty(); }

  // Makes the tables `apart`, the ledger's rows, by their number in the file, of whom was not found,
  // and `taken_with`; and where they are few, `apart_rows`, the rows themselves, for to look for a few
  // costs as much as to read all. Not there where nobody was to be found.
  Status tell(duck::Connection& work) const;

 private:
  friend class LoadingSettled;
  struct Person {
    uint64_t read_hash = 0;
    uint32_t pk_hash = 0;  // a part of it; the rest says where they are
    uint32_t row = 0;      // of the ledger, and one, and whether they were found; 0: nobody
  };
  [[nodiscard]] size_t place_of(uint64_t pk_hash) const;
  [[nodiscard]] size_t after(size_t place) const {
    return place + 1 == people_.size() ? 0 : place + 1;
  }
  bool take(size_t place, uint32_t pk_hash, uint64_t read_hash);
  Person& free_place(uint64_t pk_hash, uint32_t row);

  std::filesystem::path ledger_;
  size_t rows_ = 0;            // of the ledger
  size_t found_ = 0;           // of them
  LargeArray<Person> people_;  // by the primary key's hash, open addressing
};

// The reading of a ledger, which goes on by itself: of whoever is surely on the list and in the
// segment, without a reason; of nobody where the ledger keeps no hashes, or is too large to be held.
class LoadingSettled : public duck::Consumer {
 public:
  // `work` is its own.
  static Result<std::unique_ptr<LoadingSettled>> begin(std::unique_ptr<duck::Connection> work,
                                                       const LedgerFile& ledger);
  Result<Settled> finish();  // once
  Status take(const duck::Chunk& rows) override;

 private:
  std::unique_ptr<duck::Connection> work_;
  Settled out_;
  std::unique_ptr<duck::Consuming> consuming_;  // last, for it uses the others until it ends
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
// Of a ledger's file those rows that `everybody` does not take from it, or all; and those that it
// does take, or nothing.
Result<std::string> apart_of(duck::Connection& work, const std::filesystem::path& ledger);
Result<std::optional<std::string>> settled_of(duck::Connection& work,
                                              const std::filesystem::path& ledger);

}  // namespace rollcall::state::local
