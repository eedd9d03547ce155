#include "sim/clock.hpp"

#include <chrono>

namespace sim {

int64_t Clock::machine_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

int64_t Clock::now_ms() const {
  return (frozen_ ? frozen_at_ms_.load() : machine_ms()) + offset_ms_;
}

void Clock::freeze_at(int64_t now_ms) {
  frozen_at_ms_ = now_ms;
  offset_ms_ = 0;
  frozen_ = true;
}

void Clock::run() {
  if (!frozen_) return;
  offset_ms_ = frozen_at_ms_ + offset_ms_ - machine_ms();
  frozen_ = false;
}

}  // namespace sim
