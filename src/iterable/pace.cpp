// Pacing by spacing: each endpoint of a project has an interval between calls, and a call takes the
// next free moment (the generic cell rate algorithm with a burst of one), so that no window of any
// length sees more than the limit. Published limits start at 97 %: the network squeezes calls
// together. A 429 halves the rate, at most once a second, and answers raise it again by a small
// constant. Source: docs/facts/iterable.md, rate limits.
#include <algorithm>
#include <thread>

#include "iterable/iterable.hpp"

namespace rollcall::iterable {
namespace {

struct Published {
  const char* endpoint;
  double per_second;
};
constexpr Published kPublished[] = {
    {"lists", 100},         {"lists/getUsers", 5.0 / 60}, {"users/get", 100},
    {"users/getFields", 3}, {"users/bulkUpdate", 5},      {"export/data.json", 4.0 / 60},
};
constexpr double kShareOfLimit = 0.97;
constexpr double kSlowestPerSecond = 1.0 / 30;
constexpr double kFirstGuessPerSecond =
    10;  // of an endpoint without a published limit, at its first 429
constexpr Millis kCutAtMostEvery{1000};

}  // namespace

struct Pace::Bucket {
  double limit_per_second = 0;  // 0: none published
  double per_second = 0;        // 0: as fast as it goes
  double next_free_ms = 0;      // monotonic
  Millis last_cut{-1'000'000};
  Millis window_start{0};
  int64_t in_window = 0;  // calls since window_start, to learn the rate at which a 429 came
  double seen_per_second = 0;
};

Pace::Pace(Clock& clock) : clock_(clock) {}
Pace::~Pace() = default;

Pace::Bucket& Pace::bucket(std::string_view endpoint) const {
  const auto found = buckets_.find(endpoint);
  if (found != buckets_.end()) return *found->second;
  auto fresh = std::make_unique<Bucket>();
  for (const Published& published : kPublished)
    if (endpoint == published.endpoint)
      fresh->limit_per_second = published.per_second * kShareOfLimit;
  fresh->per_second = fresh->limit_per_second;
  return *buckets_.emplace(std::string(endpoint), std::move(fresh)).first->second;
}

bool Pace::wait(std::string_view endpoint, const std::stop_token& stop) {
  double wait_ms = 0;
  {
    const std::lock_guard lock(mutex_);
    Bucket& b = bucket(endpoint);
    const Millis now = clock_.monotonic();
    if (now - b.window_start >= Millis(1000)) {
      const double seconds = static_cast<double>((now - b.window_start).count()) / 1000;
      b.seen_per_second = static_cast<double>(b.in_window) / seconds;
      b.window_start = now;
      b.in_window = 0;
    }
    ++b.in_window;
    const auto now_ms = static_cast<double>(now.count());
    const double at = std::max(now_ms, b.next_free_ms);
    b.next_free_ms = at + (b.per_second > 0 ? 1000 / b.per_second : 0);
    wait_ms = at - now_ms;
  }
  if (wait_ms < 1) return !stop.stop_requested();
  return clock_.sleep(Millis(static_cast<int64_t>(wait_ms + 0.999)), stop);
}

void Pace::throttled(std::string_view endpoint, std::optional<Millis> retry_after) {
  const std::lock_guard lock(mutex_);
  Bucket& b = bucket(endpoint);
  const Millis now = clock_.monotonic();
  if (now - b.last_cut >= kCutAtMostEvery) {
    b.last_cut = now;
    if (b.per_second == 0) b.per_second = std::max(kFirstGuessPerSecond, b.seen_per_second);
    b.per_second = std::max(kSlowestPerSecond, b.per_second / 2);
  }
  const Millis pause = retry_after.value_or(Millis(0));
  b.next_free_ms = std::max(b.next_free_ms, static_cast<double>((now + pause).count()));
}

void Pace::answered(std::string_view endpoint) {
  const std::lock_guard lock(mutex_);
  Bucket& b = bucket(endpoint);
  if (b.per_second == 0) return;
  b.per_second += std::max(0.01, b.per_second * 0.01);
  if (b.limit_per_second > 0) b.per_second = std::min(b.per_second, b.limit_per_second);
}

std::optional<double> Pace::rate(std::string_view endpoint) const {
  const std::lock_guard lock(mutex_);
  const Bucket& b = bucket(endpoint);
  if (b.per_second == 0) return std::nullopt;
  return b.per_second;
}

}  // namespace rollcall::iterable
