// The machine's clock, randomness and threads.
#pragma once

#include <sodium.h>
#include <time.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/base.hpp"

namespace rollcall::app {

class SystemClock : public Clock {
 public:
  Time now() override {
    return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  }
  // Also counts while the machine sleeps: what was seen before grew old meanwhile.
  Millis monotonic() override {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::duration_cast<Millis>(std::chrono::seconds(time.tv_sec) +
                                              std::chrono::nanoseconds(time.tv_nsec));
  }
  std::string boot() override {
    std::string id;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
    return id;
  }
  bool sleep(Millis how_long, const std::stop_token& stop) override {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any woken;
    woken.wait_for(lock, stop, how_long, [] { return false; });
    return !stop.stop_requested();
  }
};

class SystemRandom : public Random {
 public:
  uint64_t next() override {
    uint64_t bits = 0;
    randombytes_buf(&bits, sizeof bits);
    return bits;
  }
};

// Side by side, the caller among them.
class Threads : public Workers {
 public:
  void run(size_t n, const std::function<void()>& body) override {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < n; ++i) threads.emplace_back(body);
    if (n > 0) body();
  }
};

}  // namespace rollcall::app
