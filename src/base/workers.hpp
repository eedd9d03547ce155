// Threads, passed in: who has much to do alike says how many may do it, and not how. Real ones are
// made in app alone; tests and simulations have one do the work of all, so that it comes in the
// same order every time.
#pragma once

#include <cstddef>
#include <functional>

namespace rollcall {

class Workers {
 public:
  virtual ~Workers() = default;
  // Calls `body` up to `n` times, side by side or one call after another, and returns when all have
  // returned. So each call takes from what is to be done until nothing is left or it is told to
  // stop, and waits for no other. Errors are the body's: it keeps the first, and lets none escape
  // as an exception. Safe from several threads, and from within a body.
  virtual void run(size_t n, const std::function<void()>& body) = 0;
};

// The caller alone.
class OneWorker : public Workers {
 public:
  void run(size_t n, const std::function<void()>& body) override {
    if (n > 0) body();
  }
};

}  // namespace rollcall
