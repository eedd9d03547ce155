// The simulator's time: the machine's clock plus an offset, or a frozen instant that only moves
// when told to. Every delay, limit, expiry and date follows it, so a test can jump over ten minutes
// at once, and a delay on a frozen clock ends when it is moved far enough. Whoever runs the
// simulator in their own process may give another clock for the machine's. Safe from any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace sim {

// What stands for the machine's clock; nothing set: that.
struct Machine {
  std::function<int64_t()> now_us;       // since 1970, UTC
  std::function<void(int64_t)> pass_us;  // returns when so much has passed on it
};

class Clock {
 public:
  explicit Clock(Machine machine = {}) : machine_(std::move(machine)) {}

  // Microseconds, milliseconds since 1970, UTC.
  [[nodiscard]] int64_t now_us() const;
  [[nodiscard]] int64_t now_ms() const { return now_us() / 1000; }

  // Moves the clock by `ms` (negative allowed: services' clocks do step back).
  void advance_ms(int64_t ms) { set_offset_ms(offset_ms() + ms); }
  void set_offset_ms(int64_t ms);
  [[nodiscard]] int64_t offset_ms() const;

  // Stops at `now_ms`; advance_ms() still moves it.
  void freeze_at(int64_t now_ms);
  // Runs with the machine again, continuing from where it stood.
  void run();
  [[nodiscard]] bool is_frozen() const;

  // Returns when the clock has come so far, or at once when stop() is or was called.
  void wait_ms(int64_t ms);
  void stop();

  // A moment of the machine itself, whatever this clock shows: for who must not spin.
  static void rest();

 private:
  int64_t machine_us() const;
  int64_t now_us_locked() const;

  const Machine machine_;
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  bool frozen_ = false;  // protected by mutex_, and all below
  bool stopped_ = false;
  int64_t frozen_at_ms_ = 0;
  int64_t offset_ms_ = 0;
};

}  // namespace sim
