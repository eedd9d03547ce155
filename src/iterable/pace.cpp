// Pacing by spacing: each endpoint of a project has an interval between calls, and a call takes the
// next free moment (the generic cell rate algorithm with a burst of one), so that no window of any
// length sees more than the limit. Published limits start at 97 %: the network squeezes calls
// together. Source: docs/facts/iterable.md, rate limits.
//
// A 429 halves the rate, at most once a second, and what was reached is remembered as the ceiling.
// Answers raise it again: within kRecovery answers to just below the ceiling, then in small equal
// steps to the ceiling and past it, and faster the longer nothing happens. So a limit that nobody
// published is met once in some five hundred calls, and a limit that was raised is found.
//
// Of a limit that we alone use up, halving once or twice leaves nothing to be refused; where most
// answers still come, and some are 429 at an eighth of the rate, it is others who use it up: the
// rate is kept, and the ceiling comes back when they are gone.
#include <algorithm>
#include <cmath>

#include "iterable/iterable.hpp"
#include "iterable/pace_board.hpp"

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
// Of an endpoint without a published limit, at its first 429, if nothing was accepted before.
constexpr double kFirstGuessPerSecond = 10;
constexpr int64_t kCutAtMostEveryMs = 1000;
constexpr int64_t kWindowMs = 1000;

constexpr double kCut = 0.5;
constexpr double kJustBelow = 0.98;
constexpr double kRecovery = 40;
constexpr int64_t kCutsThatTell = 3;
constexpr double kMost = 0.5;
constexpr double kMemory = 1.0 / 8;  // of the share of refused answers: the weight of the last
constexpr double kApproach = 500;    // answers from just below the ceiling to the ceiling

double limit_of(std::string_view endpoint) {
  for (const Published& published : kPublished)
    if (endpoint == published.endpoint) return published.per_second * kShareOfLimit;
  return 0;
}

Bucket fresh(std::string_view endpoint) { return {.per_second = limit_of(endpoint)}; }

// The share of the ceiling after so many answers since the cut.
double share_of_ceiling(int64_t answers) {
  const auto n = static_cast<double>(answers);
  if (n < kRecovery) return kCut + (kJustBelow - kCut) * n / kRecovery;
  const double way = (n - kRecovery) / kApproach;  // 1: at the ceiling
  const double past = std::max(0.0, way - 1);
  return kJustBelow + (1 - kJustBelow) * way + past * past * past / 10;
}

}  // namespace

Pace::Pace(Clock& clock) : clock_(clock), board_(std::make_unique<PaceBoard>()) {}
Pace::Pace(Clock& clock, Disk& disk, const std::filesystem::path& file)
    : clock_(clock), board_(std::make_unique<PaceBoard>(disk, file)) {}
Pace::~Pace() = default;

bool Pace::wait(std::string_view endpoint, const std::stop_token& stop) {
  double wait_ms = 0;
  const int64_t now = clock_.monotonic().count();
  board_->update(endpoint, fresh(endpoint), now, [&](Bucket& b) {
    const double at = std::max(static_cast<double>(now), b.next_free_ms);
    b.next_free_ms = at + (b.per_second > 0 ? 1000 / b.per_second : 0);
    wait_ms = at - static_cast<double>(now);
  });
  if (wait_ms < 1) return !stop.stop_requested();
  return clock_.sleep(Millis(static_cast<int64_t>(std::ceil(wait_ms))), stop);
}

void Pace::throttled(std::string_view endpoint, std::optional<Millis> retry_after) {
  const int64_t now = clock_.monotonic().count();
  board_->update(endpoint, fresh(endpoint), now, [&](Bucket& b) {
    const Millis pause = retry_after.value_or(Millis(0));
    b.paused_until_ms = std::max(b.paused_until_ms, now + pause.count());
    b.next_free_ms = std::max(b.next_free_ms, static_cast<double>(now + pause.count()));
    b.refused_share += (1 - b.refused_share) * kMemory;
    if (b.cuts >= kCutsThatTell && b.refused_share < kMost) {
      b.answers = 0;
      ++b.held;
      return;
    }
    if (now - b.last_cut_ms >= kCutAtMostEveryMs) {
      b.last_cut_ms = now;
      b.held = 0;
      if (++b.cuts == 1) b.ceiling_before = b.ceiling > 0 ? b.ceiling : b.per_second;
      const double accepted =
          std::max(b.accepted_per_second, static_cast<double>(b.in_window) * 1000 / kWindowMs);
      // What was accepted tells the limit, if it was we who used it up.
      if (b.per_second > 0) {
        b.ceiling =
            accepted >= b.per_second * kCut ? std::min(b.per_second, accepted) : b.per_second;
      } else {
        b.ceiling = accepted > 0 ? accepted : kFirstGuessPerSecond;
      }
    }
    b.answers = 0;
    b.per_second = std::max(kSlowestPerSecond, b.ceiling * kCut);
  });
}

void Pace::answered(std::string_view endpoint) {
  const double limit = limit_of(endpoint);
  const int64_t now = clock_.monotonic().count();
  board_->update(endpoint, fresh(endpoint), now, [&](Bucket& b) {
    if (now - b.window_start_ms >= kWindowMs) {
      b.accepted_per_second =
          static_cast<double>(b.in_window) * 1000 / static_cast<double>(now - b.window_start_ms);
      b.window_start_ms = now;
      b.in_window = 0;
    }
    ++b.in_window;
    b.refused_share -= b.refused_share * kMemory;
    if (b.ceiling == 0) return;
    if (++b.answers == static_cast<int64_t>(kRecovery)) {
      if (b.held > 0) b.ceiling = std::max(b.ceiling, b.ceiling_before);
      b.cuts = b.held = 0;
    }
    b.per_second = std::max(kSlowestPerSecond, b.ceiling * share_of_ceiling(b.answers));
    if (limit > 0) b.per_second = std::min(b.per_second, limit);
  });
}

Millis Pace::wait_of(std::string_view endpoint) const {
  double wait_ms = 0;
  const int64_t now = clock_.monotonic().count();
  board_->update(endpoint, fresh(endpoint), now, [&](const Bucket& b) {
    wait_ms = std::max(0.0, b.next_free_ms - static_cast<double>(now));
  });
  return Millis(static_cast<int64_t>(std::ceil(wait_ms)));
}

Millis Pace::pause_of(std::string_view endpoint) const {
  int64_t pause_ms = 0;
  const int64_t now = clock_.monotonic().count();
  board_->update(endpoint, fresh(endpoint), now, [&](const Bucket& b) {
    pause_ms = std::max<int64_t>(0, b.paused_until_ms - now);
  });
  return Millis(pause_ms);
}

std::optional<double> Pace::rate(std::string_view endpoint) const {
  std::optional<double> out;
  board_->update(endpoint, fresh(endpoint), clock_.monotonic().count(), [&](const Bucket& b) {
    if (b.per_second > 0) out = b.per_second;
  });
  return out;
}

}  // namespace rollcall::iterable
