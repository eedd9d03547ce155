// The ledger's file as a relation: read, written whole, counted. Not a door.
#pragma once

#include "ledger/ledger.hpp"

namespace rollcall::ledger {

// Removed people are remembered this long, so that an addition soon after keeps its distance.
constexpr int64_t kRememberRemovedMs = 3600'000;

std::string attribute_column(const attributes::Target& target);
// The last ledger with every column the next one has.
Result<std::string> last_ledger(duck::Connection& db, const Folder& folder, const State& state,
                                const std::vector<attributes::Target>& targets);
// Writes a query to a Parquet file that is there whole or not at all.
Status write_parquet(duck::Connection& db, const std::string& query,
                     const std::filesystem::path& path);
Result<StandingCounts> count_standing(duck::Connection& db, const std::filesystem::path& ledger);

}  // namespace rollcall::ledger
