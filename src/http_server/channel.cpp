#include "http_server/channel.hpp"

#include <mutex>
#include <unordered_map>

namespace rollcall::http_server {
namespace {

class RealChannel : public Channel {
 public:
  void tell(std::string text) override {
    if (text.empty()) return;
    const auto shared = std::make_shared<const std::string>(std::move(text));
    // Under the lock, so that everybody is told in the same order.
    const std::lock_guard lock(mutex_);
    for (const auto& [_, weak] : listeners_)
      if (const auto listener = weak.lock()) listener->told(shared);
  }

  void close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& [_, weak] : listeners_)
      if (const auto listener = weak.lock()) listener->closed();
    listeners_.clear();
  }

  [[nodiscard]] size_t listeners() const override {
    const std::lock_guard lock(mutex_);
    return listeners_.size();
  }

  void add(const std::shared_ptr<Listener>& listener) {
    const std::lock_guard lock(mutex_);
    if (closed_)
      listener->closed();
    else
      listeners_.emplace(listener.get(), listener);
  }

  void remove(const Listener& listener) {
    const std::lock_guard lock(mutex_);
    listeners_.erase(&listener);
  }

 private:
  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::unordered_map<const Listener*, std::weak_ptr<Listener>> listeners_;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<Channel> Channel::make() { return std::make_shared<RealChannel>(); }

void listen(Channel& channel, const std::shared_ptr<Listener>& listener) {
  auto* const real = dynamic_cast<RealChannel*>(&channel);
  CHECK(real != nullptr);  // only make() makes channels that can be listened to
  real->add(listener);
}

void leave(Channel& channel, const Listener& listener) {
  if (auto* const real = dynamic_cast<RealChannel*>(&channel)) real->remove(listener);
}

}  // namespace rollcall::http_server
