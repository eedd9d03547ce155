// Requests that wait for a handler's thread, and the threads that take them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace rollcall::http_server {

class Jobs {
 public:
  using Job = std::function<void()>;
  // `after`: called when a job is done, on its thread.
  Jobs(size_t threads, size_t waiting_max, Job after)
      : threads_(threads), waiting_max_(waiting_max), after_(std::move(after)) {}

  // False: all threads are taken and as many wait as may.
  bool offer(Job job) {
    const std::lock_guard lock(mutex_);
    if (closed_ || waiting_.size() >= waiting_max_ + (threads_ - busy_)) return false;
    waiting_.push_back(std::move(job));
    changed_.notify_one();
    return true;
  }

  // A thread's work, until close() and nothing waits.
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      Job job = std::move(waiting_.front());
      waiting_.pop_front();
      ++busy_;
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
      --busy_;
      lock.unlock();
      after_();
      lock.lock();
    }
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] size_t busy() const {
    const std::lock_guard lock(mutex_);
    return busy_;
  }
  [[nodiscard]] size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  [[nodiscard]] bool none() const {
    const std::lock_guard lock(mutex_);
    return busy_ == 0 && waiting_.empty();
  }

 private:
  const size_t threads_, waiting_max_;
  const Job after_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_.
  std::deque<Job> waiting_;
  size_t busy_ = 0;
  bool closed_ = false;
};

}  // namespace rollcall::http_server
