// What the contact index is made of: keyed hashes, sorted in bounded memory. Not a door.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "prove/prove.hpp"

namespace rollcall::prove {

// Of a normalised key, under the first half of the secret.
Hash hash_of(std::string_view key, const Secret& secret);

// Sorts any number of hashes: those that do not fit into memory wait in a file without a name, in
// sorted runs.
class Sorter {
 public:
  static constexpr size_t kHeldMax = 1 << 19;  // 8 MB
  explicit Sorter(std::filesystem::path folder, size_t held_max = kHeldMax)
      : folder_(std::move(folder)), held_max_(held_max) {}
  ~Sorter();
  Sorter(const Sorter&) = delete;
  Sorter& operator=(const Sorter&) = delete;

  Status add(const Hash& hash);
  // All of them and those of `more`, which are sorted, in order and once each.
  Status merge(std::span<const Hash> more,
               const std::function<Status(std::span<const Hash>)>& write);
  void clear();

 private:
  Status put_away();
  std::filesystem::path folder_;
  size_t held_max_;
  std::vector<Hash> held_;
  int file_ = -1;             // opened when first needed
  std::vector<size_t> ends_;  // of the runs in the file, in hashes
};

// Reads or writes so many bytes at a place of a file, or says what hindered it.
Status read_at(int file, void* bytes, size_t size, size_t offset);
Status write_at(int file, const void* bytes, size_t size, size_t offset);

}  // namespace rollcall::prove
