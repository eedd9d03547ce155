// What of one answer's body is yet to be sent: handlers and channels put it in, the thread of the
// connections takes it out. Texts of a channel are shared by all who listen.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "http_server/channel.hpp"

namespace rollcall::http_server {

class Outbox : public Body, public Listener {
 public:
  // `wake`: there is something to take, or to see. From any thread; not again until something was
  // taken.
  explicit Outbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  Status write(std::string_view bytes) override;
  void told(const std::shared_ptr<const std::string>& text) override;
  void closed() override { finish(true); }

  // Whatever its size, and without waiting.
  void put(std::string text);
  // `whole`: otherwise what was put is not all there should be.
  void finish(bool whole);
  // Nobody takes any more: whoever writes is told.
  void fail();

  enum class Rest { nothing_yet, some, whole, broken };
  // Up to `most` bytes more at the end of `to`; what is left then. `whole` and `broken`: it was all.
  Rest take(std::string& to, size_t most);
  // A listener was too far behind.
  [[nodiscard]] bool overflowed() const;

 private:
  void wake_once(std::unique_lock<std::mutex>& lock);

  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  // Protected by mutex_.
  std::deque<std::shared_ptr<const std::string>> texts_;
  size_t taken_ = 0;  // of the first text
  size_t bytes_ = 0;  // of all, without what was taken
  Rest end_ = Rest::nothing_yet;
  bool failed_ = false, overflowed_ = false, awake_ = false;
};

}  // namespace rollcall::http_server
