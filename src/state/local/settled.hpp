// Whom the ledger confirms as they are, told by hashes in memory: nothing of them will be sent, so
// that their values need not be kept. Not a door.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "attributes/attributes.hpp"
#include "duck/duck.hpp"
#include "state/local/plan.hpp"

namespace rollcall::state::local {

class Settled {
 public:
  // Nobody.
  Settled() = default;
  // Whoever is surely on the list and in the segment, without a reason; nobody where the ledger
  // does not keep these attributes and no others, or holds more than some millions. `salt` decides
  // whom a chance takes for somebody else, which the plan notices (see make_plan).
  static Result<Settled> load(duck::Connection& work, const LedgerFile& ledger,
                              const std::vector<attributes::Target>& targets, uint64_t salt);

  // With these fingerprints by target, a null's being 0. Any thread.
  [[nodiscard]] bool holds(std::string_view key, const std::vector<uint64_t>& fingerprints) const;

 private:
  void add(uint64_t hash);

  uint64_t salt_ = 0;
  std::vector<uint64_t> hashes_;  // open addressing; 0: free
};

}  // namespace rollcall::state::local
