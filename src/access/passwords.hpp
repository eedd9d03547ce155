// Passwords: which are taken, how they are hashed, and how many at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "access/access.hpp"

namespace rollcall::access {

// Lets a few through at once and a few more wait, so that neither memory nor threads are all taken
// by those who guess. Whoever comes beyond them is throttled at once.
class Gate {
 public:
  // 64 MiB each: more would be a door for whoever wants the memory.
  static constexpr int kAtOnce = 2;
  // At 0.2 s each they wait for less than two seconds.
  static constexpr int kWaiting = 16;

  // Holds a place until it is gone.
  class Turn {
   public:
    explicit Turn(Gate& gate) : gate_(&gate) {}
    ~Turn() {
      if (gate_ != nullptr) gate_->leave();
    }
    Turn(Turn&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;

   private:
    Gate* gate_;
  };
  Result<Turn> enter();

 private:
  void leave();

  std::mutex mutex_;
  std::condition_variable freed_;
  int inside_ = 0, waiting_ = 0;
};

class Passwords {
 public:
  explicit Passwords(const Settings& settings);

  // Whether it may be chosen, by who signs in as `email`. Errors: invalid.
  [[nodiscard]] Status may_be(const Secret& password, std::string_view email) const;
  // Errors: throttled, unavailable (no memory).
  Result<std::string> hash(const Secret& password);
  // Whether it is the one of which `kept` is the hash. Where there is none it is not, which takes
  // as long to say. Errors: throttled.
  Result<bool> is(const Secret& password, const std::string& kept);
  // Whether it was hashed by other settings than those of today.
  [[nodiscard]] bool is_outdated(const std::string& kept) const;

  // The form of a hash by today's settings that no password has.
  [[nodiscard]] const std::string& nobodys() const { return nobodys_; }

 private:
  Settings settings_;
  std::string nobodys_;
  Gate gate_;
};

}  // namespace rollcall::access
