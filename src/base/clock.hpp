// Time, passed in. Nothing outside app reads the system clock; tests tick their own.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
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
  // Never goes backwards, nor can it be set; for deadlines and pacing. Its zero is the machine's
  // last start, which this names.
  virtual Millis monotonic() = 0;
  virtual std::string boot() { return ""; }
  // Returns early (false) when a stop is requested. Safe from several threads.
  virtual bool sleep(Millis how_long, const std::stop_token& stop) = 0;
};

// A clock that moves only when told to, or when somebody sleeps on it: then at once, by as much.
// Safe from several threads, but for the setting of `on_sleep`.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start.time_since_epoch()) {}
  Time now() override { return Time(now_.load() + set_.load()); }
  Millis monotonic() override { return now_; }
  bool sleep(Millis how_long, const std::stop_token& stop) override {
    if (stop.stop_requested()) return false;
    advance(how_long);
    if (on_sleep) on_sleep(how_long);
    return !stop.stop_requested();
  }
  void advance(Millis by) { add(now_, by); }
  // Sets the wall clock alone, as an operator or a time server does.
  void set_by(Millis by) { add(set_, by); }

  std::function<void(Millis)> on_sleep;  // called on the sleeper's thread

 private:
  static void add(std::atomic<Millis>& to, Millis by) {
    Millis was = to;
    while (!to.compare_exchange_weak(was, was + by)) {
    }
  }
  std::atomic<Millis> now_, set_{Millis(0)};
};

// Wall-clock time that nobody sets: from `begin` on it goes by the monotonic clock.
class SteadyClock : public Clock {
 public:
  SteadyClock(Clock& clock, Time begin) : clock_(clock), begin_(begin), began_(clock.monotonic()) {}
  Time now() override { return begin_ + (clock_.monotonic() - began_); }
  Millis monotonic() override { return clock_.monotonic(); }
  std::string boot() override { return clock_.boot(); }
  bool sleep(Millis how_long, const std::stop_token& stop) override {
    return clock_.sleep(how_long, stop);
  }

 private:
  Clock& clock_;
  const Time begin_;
  const Millis began_;
};

// "2026-01-02T03:04:05Z"
std::string iso_utc(Time time);
// The inverse; also takes a fraction of a second. Nothing if it is not of that form.
std::optional<Time> parse_iso_utc(std::string_view text);

}  // namespace rollcall
