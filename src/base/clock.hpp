// Time, passed in. Nothing outside app reads the system clock; tests tick their own.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace rollcall {

using Millis = std::chrono::milliseconds;
// Milliseconds since 1970-01-01 UTC.
using Time = std::chrono::sys_time<Millis>;

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time, for records.
  virtual Time now() = 0;
  // Never goes backwards; for deadlines and pacing. Its zero means nothing.
  virtual Millis monotonic() = 0;
  // Returns early (false) when a stop is requested. Safe from several threads.
  virtual bool sleep(Millis how_long, const std::stop_token& stop) = 0;
};

// A clock that moves only when told to, or when somebody sleeps on it. Not for several threads.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  Time now() override { return now_; }
  Millis monotonic() override { return now_.time_since_epoch(); }
  bool sleep(Millis how_long, const std::stop_token& stop) override {
    now_ += how_long;
    return !stop.stop_requested();
  }
  void advance(Millis by) { now_ += by; }

 private:
  Time now_;
};

// "2026-01-02T03:04:05Z"
std::string iso_utc(Time time);
// The inverse; also takes a fraction of a second. Nothing if it is not of that form.
std::optional<Time> parse_iso_utc(std::string_view text);

}  // namespace rollcall
