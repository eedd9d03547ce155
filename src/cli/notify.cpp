#include "cli/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace rollcall::cli {

Status notify(const std::optional<std::string>& socket, std::string_view state) {
  if (!socket || socket->empty()) return ok_status();
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if ((socket->front() != '/' && socket->front() != '@') || socket->size() >= sizeof to.sun_path)
    return Error{ErrorKind::invalid, "$NOTIFY_SOCKET is neither a path nor @NAME"};
  std::memcpy(to.sun_path, socket->data(), socket->size());
  if (socket->front() == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket->size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool sent = fd >= 0 && ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                        reinterpret_cast<const sockaddr*>(&to), size) >= 0;
  const int code = errno;
  if (fd >= 0) ::close(fd);
  if (sent) return ok_status();
  return Error{ErrorKind::unavailable,
               "$NOTIFY_SOCKET takes nothing: " + std::string(std::strerror(code))};
}

std::optional<Millis> watchdog_every(const std::optional<std::string>& microseconds) {
  if (!microseconds) return std::nullopt;
  int64_t value = 0;
  const char* const last = microseconds->data() + microseconds->size();
  const auto [end, error] = std::from_chars(microseconds->data(), last, value);
  if (error != std::errc() || end != last || value <= 0) return std::nullopt;
  return std::max(Millis(1),
                  std::chrono::duration_cast<Millis>(std::chrono::microseconds(value / 2)));
}

}  // namespace rollcall::cli
