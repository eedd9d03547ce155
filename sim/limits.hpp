// How many calls an endpoint takes: leaky buckets, one for each key (endpoint or group of
// endpoints). Not thread-safe: the caller holds the service's lock. Time comes in with every call.
// Source: docs/facts/iterable.md, rate limits.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sim {

struct Limit {
  double calls = 0;  // 0: no limit
  int64_t period_ms = 1000;

  // "5.0 per minute", the way the recorded refusal says it.
  [[nodiscard]] std::string text() const;
};

class Limits {
 public:
  // Pours one call into the bucket of `key`. False if it would overflow: then nothing is poured. A
  // bucket holds `limit.calls` and leaks them evenly over the period.
  bool take(std::string_view key, const Limit& limit, int64_t now_ms);
  void clear() { buckets_.clear(); }

 private:
  struct Bucket {
    double level = 0;
    int64_t at_ms = 0;
  };
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace sim
