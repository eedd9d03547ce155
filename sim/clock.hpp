// The simulator's time: the machine's clock plus an offset, or a frozen instant that only moves
// when told to. Every delay, limit and expiry follows it, so a test can jump over ten minutes at
// once. Safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace sim {

class Clock {
 public:
  // Milliseconds since 1970, UTC.
  [[nodiscard]] int64_t now_ms() const;

  // Moves the clock by `ms` (negative allowed: services' clocks do step back).
  void advance_ms(int64_t ms) { offset_ms_ += ms; }
  void set_offset_ms(int64_t ms) { offset_ms_ = ms; }
  [[nodiscard]] int64_t offset_ms() const { return offset_ms_; }

  // Stops at `now_ms`; advance_ms() still moves it.
  void freeze_at(int64_t now_ms);
  // Runs with the machine again, continuing from where it stood.
  void run();
  [[nodiscard]] bool is_frozen() const { return frozen_; }

 private:
  static int64_t machine_ms();

  std::atomic<bool> frozen_{false};
  std::atomic<int64_t> frozen_at_ms_{0};
  std::atomic<int64_t> offset_ms_{0};
};

}  // namespace sim
