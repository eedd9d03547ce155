#include "sim/clock.hpp"

#include <chrono>
#include <thread>

namespace sim {

namespace {
constexpr int64_t kUsPerMs = 1000;
}  // namespace

int64_t Clock::machine_us() const {
  if (machine_.now_us) return machine_.now_us();
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

int64_t Clock::now_us_locked() const {
  return (frozen_ ? frozen_at_ms_ * kUsPerMs : machine_us()) + offset_ms_ * kUsPerMs;
}

int64_t Clock::now_us() const {
  const std::lock_guard lock(mutex_);
  return now_us_locked();
}

int64_t Clock::offset_ms() const {
  const std::lock_guard lock(mutex_);
  return offset_ms_;
}

void Clock::set_offset_ms(int64_t ms) {
  const std::lock_guard lock(mutex_);
  offset_ms_ = ms;
  moved_.notify_all();
}

void Clock::freeze_at(int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  frozen_at_ms_ = now_ms;
  offset_ms_ = 0;
  frozen_ = true;
  moved_.notify_all();
}

void Clock::run() {
  const std::lock_guard lock(mutex_);
  if (!frozen_) return;
  offset_ms_ += frozen_at_ms_ - machine_us() / kUsPerMs;
  frozen_ = false;
  moved_.notify_all();
}

bool Clock::is_frozen() const {
  const std::lock_guard lock(mutex_);
  return frozen_;
}

void Clock::wait_ms(int64_t ms) {
  std::unique_lock lock(mutex_);
  const int64_t until_us = now_us_locked() + ms * kUsPerMs;
  while (!stopped_) {
    const int64_t left_us = until_us - now_us_locked();
    if (left_us <= 0) return;
    if (frozen_) {
      moved_.wait(lock);
    } else if (machine_.pass_us) {
      lock.unlock();
      machine_.pass_us(left_us);
      lock.lock();
    } else {
      moved_.wait_for(lock, std::chrono::microseconds(left_us));
    }
  }
}

void Clock::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  moved_.notify_all();
}

void Clock::rest() { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }

}  // namespace sim
