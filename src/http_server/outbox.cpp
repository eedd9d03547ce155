#include "http_server/outbox.hpp"

#include <algorithm>

namespace rollcall::http_server {
namespace {

constexpr size_t kWriterWaits = 256 * 1024;
constexpr size_t kPiece = 64 * 1024;
constexpr size_t kListenerBehind = 1024 * 1024;

Error reader_is_gone() { return {ErrorKind::cancelled, "the reader of the answer is gone"}; }

}  // namespace

Status Outbox::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    bytes.remove_prefix(piece.size());
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return failed_ || bytes_ < kWriterWaits; });
    if (failed_) return reader_is_gone();
    bytes_ += piece.size();
    texts_.push_back(std::make_shared<const std::string>(piece));
    wake_once(lock);
  }
  return ok_status();
}

void Outbox::told(const std::shared_ptr<const std::string>& text) {
  std::unique_lock lock(mutex_);
  if (failed_ || overflowed_ || end_ != Rest::nothing_yet) return;
  overflowed_ = bytes_ + text->size() > kListenerBehind;
  if (overflowed_) {
    awake_ = false;  // who takes waits for the reader, and is to wait no longer
  } else {
    bytes_ += text->size();
    texts_.push_back(text);
  }
  wake_once(lock);
}

void Outbox::put(std::string text) {
  if (text.empty()) return;
  std::unique_lock lock(mutex_);
  bytes_ += text.size();
  texts_.push_back(std::make_shared<const std::string>(std::move(text)));
  wake_once(lock);
}

void Outbox::finish(bool whole) {
  std::unique_lock lock(mutex_);
  if (end_ == Rest::nothing_yet) end_ = whole ? Rest::whole : Rest::broken;
  wake_once(lock);
}

void Outbox::fail() {
  const std::lock_guard lock(mutex_);
  failed_ = true;
  texts_.clear();
  bytes_ = taken_ = 0;
  room_.notify_all();
}

Outbox::Rest Outbox::take(std::string& to, size_t most) {
  const std::lock_guard lock(mutex_);
  awake_ = false;
  while (!texts_.empty() && most > 0) {
    const std::string& text = *texts_.front();
    const size_t size = std::min(most, text.size() - taken_);
    to.append(text, taken_, size);
    most -= size;
    bytes_ -= size;
    taken_ += size;
    if (taken_ < text.size()) break;
    texts_.pop_front();
    taken_ = 0;
  }
  if (bytes_ < kWriterWaits) room_.notify_all();
  return texts_.empty() ? end_ : Rest::some;
}

bool Outbox::overflowed() const {
  const std::lock_guard lock(mutex_);
  return overflowed_;
}

void Outbox::wake_once(std::unique_lock<std::mutex>& lock) {
  const bool wake = !awake_ && !failed_;
  awake_ = true;
  lock.unlock();
  if (wake) wake_();
}

}  // namespace rollcall::http_server
