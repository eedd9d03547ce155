#include "adbc/wire.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace rollcall::adbc {

bool send_frame(int socket, Tag tag, std::string_view payload) {
  std::string head(1, static_cast<char>(tag));
  const uint64_t size = payload.size();
  head.append(reinterpret_cast<const char*>(&size), sizeof size);
  for (std::string_view part : {std::string_view(head), payload}) {
    while (!part.empty()) {
      const ssize_t sent = ::send(socket, part.data(), part.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      part.remove_prefix(static_cast<size_t>(sent));
    }
  }
  return true;
}

FrameReader::State FrameReader::read() {
  if (have_ >= kHead && have_ == kHead + size_) have_ = 0;  // the one before was taken
  const bool in_head = have_ < kHead;
  char* const to = in_head ? head_ + have_ : frame_.payload.data() + (have_ - kHead);
  const size_t wanted = in_head ? kHead - have_ : kHead + size_ - have_;
  const ssize_t got = ::recv(socket_, to, wanted, 0);
  if (got < 0) return errno == EINTR || errno == EAGAIN ? State::more : State::gone;
  if (got == 0) return State::gone;
  have_ += static_cast<size_t>(got);
  if (in_head && have_ == kHead) {
    uint64_t size = 0;
    std::memcpy(&size, head_ + 1, sizeof size);
    if (size > kFrameMax) return State::gone;
    frame_.tag = static_cast<Tag>(head_[0]);
    size_ = size;
    frame_.payload.resize(size);
  }
  return have_ >= kHead && have_ == kHead + size_ ? State::whole : State::more;
}

}  // namespace rollcall::adbc
