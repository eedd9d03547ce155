#include "cli/notify.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>

namespace rollcall::cli {
namespace {

// Where somebody listens for datagrams; `name` as $NOTIFY_SOCKET has it.
class Listener {
 public:
  explicit Listener(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name.front() == '@') at.sun_path[0] = '\0';
    const size_t size = offsetof(sockaddr_un, sun_path) + name.size();
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), static_cast<socklen_t>(size)), 0);
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::string heard() const {
    std::array<char, 256> bytes{};
    const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(bytes.data(), static_cast<size_t>(size));
  }

 private:
  int fd_;
};

TEST(NotifyTest, TellsASocketThatIsAPath) {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("notify-{}.socket", ::getpid());
  std::filesystem::remove(path);
  const Listener listener(path.string());
  EXPECT_TRUE(notify(path.string(), "READY=1").ok());
  EXPECT_EQ(listener.heard(), "READY=1");
  EXPECT_EQ(listener.heard(), "nothing") << "once";
  std::filesystem::remove(path);
}

TEST(NotifyTest, TellsASocketThatIsAName) {
  const std::string name = fmt::format("@rollcall-notify-{}", ::getpid());
  const Listener listener(name);
  EXPECT_TRUE(notify(name, "STOPPING=1").ok());
  EXPECT_EQ(listener.heard(), "STOPPING=1");
}

TEST(NotifyTest, TellsNobodyWhereNobodyAsked) {
  EXPECT_TRUE(notify(std::nullopt, "READY=1").ok());
  EXPECT_TRUE(notify("", "READY=1").ok());
}

TEST(NotifyTest, SaysThatNobodyListens) {
  EXPECT_EQ(notify("/nowhere/at/all", "READY=1").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(notify("relative", "READY=1").error().kind, ErrorKind::invalid);
  EXPECT_EQ(notify("/" + std::string(200, 'x'), "READY=1").error().kind, ErrorKind::invalid);
}

TEST(NotifyTest, TheWatchdogIsToldTwiceInItsTime) {
  EXPECT_EQ(watchdog_every("120000000"), std::chrono::seconds(60));
  EXPECT_EQ(watchdog_every("1"), Millis(1));
  for (const char* none : {"", "0", "-1", "soon", "12x"})
    EXPECT_EQ(watchdog_every(none), std::nullopt) << none;
  EXPECT_EQ(watchdog_every(std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace rollcall::cli
