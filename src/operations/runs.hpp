// What has been: runs, and the people who are not on a list after one.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/report.hpp"
#include "operations/world.hpp"
#include "state/state.hpp"

namespace rollcall::operations {

struct PastRun {
  store::RunRow row;
  RunReport report;
};
// The newest first; of one activation (its uid), or of all.
Result<std::vector<PastRun>> runs(const World& world, const std::optional<std::string>& uid,
                                  int limit);
// Errors: invalid (no such run, with the nearest).
Result<PastRun> find_run(const World& world, const std::string& run_id);

// What may be asked for: the kinds of state's, and all.
inline constexpr auto kRejectKinds = [] {
  std::array<const char*, state::kMissingKinds.size() + 1> out{};
  std::copy(state::kMissingKinds.begin(), state::kMissingKinds.end(), out.begin());
  out.back() = "all";
  return out;
}();
struct Reject {
  std::string kind, key, primary_key;
  std::string reason;  // Iterable's word where there is one, else what is wrong with the key
  int64_t since_ms = 0;
};
// Streams: nobody knows how many there are. `each` returns whether to go on.
// Errors: invalid (no such kind, no such run); not_found (what the run kept of people is gone).
Status rejects(const World& world, const std::string& run_id, const std::string& kind,
               const std::function<bool(const Reject&)>& each);

nlohmann::ordered_json to_json(const PastRun& run);
nlohmann::ordered_json to_json(const Reject& reject);
// As lines of CSV, the first one before all others.
std::string csv_head_of_rejects();
std::string to_csv(const Reject& reject);

}  // namespace rollcall::operations
