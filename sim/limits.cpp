#include "sim/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sim {

std::string Limit::text() const {
  std::string_view unit = "second";
  if (period_ms == 60'000) unit = "minute";
  if (period_ms == 86'400'000) unit = "day";
  return fmt::format("{:.1f} per {}", calls, unit);
}

bool Limits::take(std::string_view key, const Limit& limit, int64_t now_ms) {
  if (limit.calls <= 0) return true;
  auto found = buckets_.find(key);
  if (found == buckets_.end()) found = buckets_.emplace(key, Bucket{0, now_ms}).first;
  Bucket& bucket = found->second;
  double passed = static_cast<double>(std::max<int64_t>(0, now_ms - bucket.at_ms));
  bucket.level =
      std::max(0.0, bucket.level - passed * limit.calls / static_cast<double>(limit.period_ms));
  bucket.at_ms = now_ms;
  // The margin forgives rounding of the leak, never a whole call.
  if (bucket.level + 1 > limit.calls + 1e-6) return false;
  bucket.level += 1;
  return true;
}

}  // namespace sim
