// The real transport against a server of a few lines on loopback: each test says, byte by byte, how
// the other side behaves.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <list>
#include <mutex>
#include <thread>

#include "http/http.hpp"

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads std::stop_source

namespace rollcall::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using namespace std::chrono_literals;

// One accepted connection, as the script of a test sees it.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // The next request, head and body; nothing when the other side is gone.
  std::optional<std::string> read() {
    while (true) {
      if (const size_t head = rest_.find("\r\n\r\n"); head != std::string::npos) {
        size_t length = 0;
        std::string lower = rest_.substr(0, head);
        ascii_lower(lower);
        if (const size_t at = lower.find("content-length: "); at != std::string::npos)
          std::from_chars(lower.data() + at + 16, lower.data() + lower.size(), length);
        if (rest_.size() >= head + 4 + length) {
          std::string request = rest_.substr(0, head + 4 + length);
          rest_.erase(0, head + 4 + length);
          return request;
        }
      }
      char buffer[16384];
      const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got <= 0) return std::nullopt;
      rest_.append(buffer, static_cast<size_t>(got));
    }
  }
  bool write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void answer(int status, std::string_view body, std::string_view headers = "") {
    write("HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Length: " +
          std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" + std::string(body));
  }
  // Ends the connection with a reset instead of a farewell.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void close() {
    const int socket = socket_.exchange(-1);
    if (socket >= 0) ::close(socket);
  }
  // From another thread: whatever waits on the socket returns.
  void wake() { ::shutdown(socket_, SHUT_RDWR); }

 private:
  std::atomic<int> socket_;
  std::string rest_;
};

// Plays the script on every connection, each in a thread of its own.
class Server {
 public:
  using Script = std::function<void(Peer&, int connection)>;

  explicit Server(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_, 16) == 0);
    socklen_t size = sizeof address;
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    {
      const std::lock_guard lock(mutex_);
      for (Connection& connection : connections_) connection.peer.wake();
    }
    for (Connection& connection : connections_) connection.thread.join();
    ::close(listener_);
  }

  [[nodiscard]] std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  [[nodiscard]] int connections() const { return count_; }

 private:
  struct Connection {
    explicit Connection(int socket) : peer(socket) {}
    Peer peer;
    std::thread thread;
  };

  void accept_all() {
    while (true) {
      const int socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0) return;
      const std::lock_guard lock(mutex_);
      Connection& connection = connections_.emplace_back(socket);
      const int number = ++count_;
      connection.thread = std::thread([this, &connection, number] {
        script_(connection.peer, number);
        connection.peer.wake();
      });
    }
  }

  Script script_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::thread accepting_;
  std::mutex mutex_;
  std::list<Connection> connections_;  // protected by mutex_ while accepting
  std::atomic<int> count_{0};
};

// Answers every request alike.
Server::Script always(int status, std::string body, std::string headers = "") {
  return [=](Peer& peer, int) {
    while (peer.read()) peer.answer(status, body, headers);
  };
}

// A port nobody listens on.
std::string dead_url() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  CHECK(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(socket);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
}

class TransportTest : public testing::Test {
 protected:
  Answer send(const Request& request, const std::stop_token& stop = {}) {
    return transport_->send(request, stop);
  }
  std::unique_ptr<Transport> transport_ = make_transport();
};

TEST_F(TransportTest, TellsStatusContentTypeAndBody) {
  for (const int status : {200, 201, 400, 401, 404, 409, 429, 500, 503}) {
    Server server(
        always(status, R"({"a":1})", "Content-Type: application/json; charset=utf-8\r\n"));
    const Answer answer = send({.url = server.url()});
    ASSERT_TRUE(answer) << answer.error().error.text();
    EXPECT_EQ(answer->status, status);
    EXPECT_EQ(answer->body, R"({"a":1})");
    EXPECT_EQ(answer->content_type, "application/json; charset=utf-8");
    EXPECT_EQ(answer->retry_after, std::nullopt);
  }
}

TEST_F(TransportTest, SendsMethodPathHeadersAndBodyAsGiven) {
  std::string seen;
  std::string body = "{\"name\":\"O'Neil 李 \\u0000\"}";
  body += '\0';
  body += "after a zero";
  {
    Server server([&](Peer& peer, int) {
      seen = peer.read().value_or("");
      peer.answer(200, "");
    });
    ASSERT_TRUE(send({.method = "POST",
                      .url = server.url("/api/lists?x=%2B"),
                      .headers = {{"Api-Key", "k"}, {"X-Y", "z"}},
                      .body = body}));
  }
  EXPECT_THAT(seen, testing::StartsWith("POST /api/lists?x=%2B HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("Api-Key: k\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Y: z\r\n"));
  EXPECT_THAT(seen, HasSubstr("Content-Length: " + std::to_string(body.size()) + "\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("Expect:")));
  EXPECT_THAT(seen, testing::EndsWith("\r\n\r\n" + body));
}

TEST_F(TransportTest, ForgetsTheRequestBeforeWhenAHandleIsUsedAgain) {
  std::vector<std::string> seen;
  {
    Server server([&](Peer& peer, int) {
      while (auto request = peer.read()) {
        seen.push_back(*request);
        peer.answer(200, "");
      }
    });
    ASSERT_TRUE(send({.method = "POST",
                      .url = server.url("/a"),
                      .headers = {{"X-Secret", "s"}},
                      .body = "left over"}));
    ASSERT_TRUE(send({.url = server.url("/b")}));
    EXPECT_EQ(server.connections(), 1) << "the connection was not kept alive";
  }
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_THAT(seen[1], testing::StartsWith("GET /b "));
  EXPECT_THAT(seen[1], Not(HasSubstr("left over")));
  EXPECT_THAT(seen[1], Not(HasSubstr("X-Secret")));
}

TEST_F(TransportTest, ReadsRetryAfterInSecondsUpToAnHour) {
  const std::pair<const char*, std::optional<Millis>> kCases[] = {
      {"7", 7s},
      {" 7 ", 7s},
      {"0", 0s},
      {"86400", 3600s},
      {"-1", std::nullopt},
      {"soon", std::nullopt},
      {"1.5", std::nullopt},
      {"", std::nullopt},
      {"99999999999999999999", std::nullopt},
      {"Fri, 31 Dec 2027 23:59:59 GMT", std::nullopt},  // of which clock?
  };
  for (const auto& [text, expected] : kCases) {
    Server server(always(429, "{}", "rEtRy-AfTeR: " + std::string(text) + "\r\n"));
    const Answer answer = send({.url = server.url()});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->retry_after, expected) << text;
  }
}

TEST_F(TransportTest, ReadsRetryAfterAsAMomentOfTheServersClock) {
  const std::pair<const char*, std::optional<Millis>> kCases[] = {
      {"Fri, 31 Dec 2027 23:59:50 GMT", 10s},
      {"Friday, 31-Dec-27 23:59:50 GMT", 10s},
      {"Fri Dec 31 23:59:50 2027", 10s},
      {"Sat, 01 Jan 2028 23:59:59 GMT", 3600s},
      {"Fri, 31 Dec 2027 23:59:40 GMT", std::nullopt},
      {"Thu, 01 Jan 1970 00:00:00 GMT", std::nullopt},
      {"Fri, 99 Dec 2027 23:59:50 GMT", std::nullopt},
      {"20271231 23:59:50", std::nullopt},
      {"Friday", std::nullopt},
  };
  for (const auto& [text, expected] : kCases) {
    const std::string date = "Date: Fri, 31 Dec 2027 23:59:40 GMT\r\n",
                      retry = "Retry-After: " + std::string(text) + "\r\n";
    for (const std::string& head : {date + retry, retry + date}) {
      Server server(always(503, "{}", head));
      const Answer answer = send({.url = server.url()});
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->retry_after, expected) << head;
    }
  }
}

TEST_F(TransportTest, ReadsTheServersClock) {
  const std::pair<const char*, std::optional<Time>> kCases[] = {
      {"Fri, 31 Dec 2027 23:59:59 GMT", parse_iso_utc("2027-12-31T23:59:59Z")},
      {"now", std::nullopt},
      {"", std::nullopt},
  };
  for (const auto& [text, expected] : kCases) {
    Server server(always(200, "{}", "date: " + std::string(text) + "\r\n"));
    const Answer answer = send({.url = server.url()});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->date, expected) << text;
  }
}

TEST_F(TransportTest, FollowsNoRedirect) {
  Server server(always(302, "", "Location: http://example.com/\r\n"));
  const Answer answer = send({.url = server.url()});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
}

TEST_F(TransportTest, GivesUpWhenTheTimeIsOver) {
  Server server([](Peer& peer, int) {
    peer.read();
    peer.read();  // says nothing until the other side goes away
  });
  const Answer answer =
      send({.method = "POST", .url = server.url(), .body = "{}", .timeout = 200ms});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable);
  EXPECT_TRUE(answer.error().may_have_arrived);
}

TEST_F(TransportTest, CountsADribblingAnswerAgainstTheWholeTime) {
  Server server([](Peer& peer, int) {
    peer.read();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (peer.write("x")) std::this_thread::sleep_for(20ms);
  });
  const Answer answer = send({.url = server.url(), .timeout = 300ms});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable);
}

TEST_F(TransportTest, GivesUpABodyThatStops) {
  for (const char* begun : {"", "abc"}) {
    Server server([&](Peer& peer, int) {
      (void)peer.read();
      peer.write(std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") + begun);
      (void)peer.read();
    });
    const Answer answer = send({.url = server.url(), .timeout = 30s, .stall_timeout = 300ms});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable);
    EXPECT_THAT(answer.error().error.message, HasSubstr("in the middle"));
    EXPECT_TRUE(answer.error().may_have_arrived);
  }
}

TEST_F(TransportTest, WaitsForAnAnswerThatBeginsLate) {
  Server server([](Peer& peer, int) {
    (void)peer.read();
    std::this_thread::sleep_for(1500ms);
    peer.answer(200, "late");
  });
  EXPECT_TRUE(send({.url = server.url(), .stall_timeout = 100ms}));
}

TEST_F(TransportTest, HoldsBackWhatMayNotLeaveAnyMore) {
  std::atomic<int> read = 0;
  Server server([&](Peer& peer, int) {
    while (peer.read()) ++read, peer.answer(200, "x");
  });
  EXPECT_TRUE(send({.url = server.url(), .may_leave = [] { return true; }}));
  const Answer answer = send(
      {.method = "POST", .url = server.url(), .body = "b", .at_most_once = true, .may_leave = [] {
         return false;
       }});
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().may_have_arrived);
  // What held one back holds no other.
  EXPECT_TRUE(send({.url = server.url()}));
  EXPECT_EQ(read, 2);
}

TEST_F(TransportTest, KnowsThatARefusedConnectionCarriedNothing) {
  const Answer answer = send({.method = "POST", .url = dead_url(), .body = "{}"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable);
  EXPECT_FALSE(answer.error().may_have_arrived);
  EXPECT_THAT(answer.error().error.remedy, HasSubstr("address"));
}

TEST_F(TransportTest, KnowsThatAnUnknownHostCarriedNothing) {
  const Answer answer = send({.url = "http://no-such-host.invalid/", .timeout = 5s});
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().may_have_arrived);
}

// A full queue of connections: the kernel answers no further one.
TEST_F(TransportTest, KnowsThatATimeOutWhileConnectingCarriedNothing) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::vector<int> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    (void)::connect(waiting.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  const Answer answer =
      send({.method = "POST",
            .url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/",
            .body = "{}",
            .timeout = 300ms});
  for (const int socket : waiting) ::close(socket);
  ::close(listener);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable);
  EXPECT_FALSE(answer.error().may_have_arrived);
}

TEST_F(TransportTest, FearsThatARequestArrivedBeforeTheReset) {
  Server server([](Peer& peer, int) {
    peer.read();
    peer.reset();
  });
  const Answer answer = send({.method = "POST", .url = server.url(), .body = "{}"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable);
  EXPECT_TRUE(answer.error().may_have_arrived);
}

TEST_F(TransportTest, FearsThatARequestArrivedWhenTheConnectionClosesWithoutAnAnswer) {
  Server server([](Peer& peer, int) { peer.read(); });
  const Answer answer = send({.method = "POST", .url = server.url(), .body = "{}"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable);
  EXPECT_TRUE(answer.error().may_have_arrived);
}

TEST_F(TransportTest, TakesACutBodyForNoAnswer) {
  const char* const kCut[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"successCount\":1",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"su\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le",
  };
  for (const char* cut : kCut) {
    Server server([&](Peer& peer, int) {
      peer.read();
      peer.write(cut);
    });
    const Answer answer = send({.url = server.url()});
    ASSERT_FALSE(answer) << cut;
    EXPECT_EQ(answer.error().error.kind, ErrorKind::unavailable) << cut;
    EXPECT_TRUE(answer.error().may_have_arrived) << cut;
  }
}

TEST_F(TransportTest, ReadsAnswersAfterAnInterimOneAndWithTrailers) {
  Server server([](Peer& peer, int) {
    peer.read();
    peer.write(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nyes\r\n0\r\nX-Sum: 1\r\n\r\n");
  });
  const Answer answer = send({.url = server.url()});
  ASSERT_TRUE(answer) << answer.error().error.text();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "yes");
}

TEST_F(TransportTest, TakesWhatIsNotHttpForNoAnswer) {
  Server server([](Peer& peer, int) {
    peer.read();
    peer.write("SSH-2.0-OpenSSH_9.2\r\n");
  });
  const Answer answer = send({.url = server.url()});
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().may_have_arrived);
}

TEST_F(TransportTest, StopsReadingABodyThatIsTooLong) {
  Server server(always(200, std::string(100'001, 'x')));
  const Answer answer = send({.url = server.url(), .response_bytes_max = 100'000});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::corrupt);
  EXPECT_THAT(answer.error().error.message, HasSubstr("more than 100000 bytes"));
  EXPECT_TRUE(answer.error().may_have_arrived);
}

TEST_F(TransportTest, ReadsABodyOfExactlyTheLimit) {
  Server server(always(200, std::string(100'000, 'x')));
  const Answer answer = send({.url = server.url(), .response_bytes_max = 100'000});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body.size(), 100'000U);
}

TEST_F(TransportTest, StreamsABodyOfAnyLengthInOrder) {
  Server server([](Peer& peer, int) {
    peer.read();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 1000; ++i) peer.write("5\r\n" + std::to_string(10000 + i) + "\r\n");
    peer.write("0\r\n\r\n");
  });
  std::string streamed;
  const Answer answer =
      send({.url = server.url(), .response_bytes_max = 10, .on_body = [&](std::string_view piece) {
              streamed += piece;
              return true;
            }});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "");
  ASSERT_EQ(streamed.size(), 5000U);
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(streamed.substr(static_cast<size_t>(i) * 5, 5), std::to_string(10000 + i));
}

TEST_F(TransportTest, StreamsNoBodyOfAnError) {
  Server server(always(503, "try later"));
  bool streamed = false;
  const Answer answer =
      send({.url = server.url(), .on_body = [&](std::string_view) { return streamed = true; }});
  ASSERT_TRUE(answer);
  EXPECT_FALSE(streamed);
  EXPECT_EQ(answer->body, "try later");
}

TEST_F(TransportTest, EndsAStreamThatTheReaderRefuses) {
  Server server(always(200, std::string(1'000'000, 'x')));
  int pieces = 0;
  const Answer answer = send({.url = server.url(), .on_body = [&](std::string_view) {
                                ++pieces;
                                return false;
                              }});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::corrupt);
  EXPECT_EQ(pieces, 1);
}

TEST_F(TransportTest, StopsWhileWaitingForAnAnswer) {
  std::stop_source source;
  Server server([&](Peer& peer, int) {
    peer.read();
    source.request_stop();
    peer.read();
  });
  const auto began = std::chrono::steady_clock::now();
  const Answer answer =
      send({.method = "POST", .url = server.url(), .body = "{}"}, source.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::cancelled);
  EXPECT_TRUE(answer.error().may_have_arrived);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
}

TEST_F(TransportTest, SendsNothingAfterAStop) {
  Server server(always(200, ""));
  std::stop_source source;
  source.request_stop();
  const Answer answer =
      send({.method = "POST", .url = server.url(), .body = "{}"}, source.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::cancelled);
  EXPECT_FALSE(answer.error().may_have_arrived);
  EXPECT_EQ(server.connections(), 0);
}

// Lets the first request of a connection live and takes the second without an answer: what a server
// does that dies between two requests, after it has carried out the second.
class DyingServer {
 public:
  std::atomic<int> carried_out{0};
  Server server{[this](Peer& peer, int) {
    if (!peer.read()) return;
    ++carried_out;
    peer.answer(200, "");
    if (peer.read()) ++carried_out;
  }};
};

TEST_F(TransportTest, RepeatsARequestOverADeadConnectionUnlessForbidden) {
  DyingServer dying;
  ASSERT_TRUE(send({.method = "POST", .url = dying.server.url(), .body = "first"}));
  ASSERT_TRUE(send({.method = "POST", .url = dying.server.url(), .body = "second"}));
  EXPECT_EQ(dying.carried_out, 3)
      << "libcurl no longer repeats by itself: at_most_once may have become needless";
}

TEST_F(TransportTest, SendsAtMostOnceEvenOverADeadConnection) {
  DyingServer dying;
  ASSERT_TRUE(send({.method = "POST", .url = dying.server.url(), .body = "first"}));
  ASSERT_TRUE(
      send({.method = "POST", .url = dying.server.url(), .body = "once", .at_most_once = true}));
  EXPECT_EQ(dying.carried_out, 2);
  EXPECT_EQ(dying.server.connections(), 2);
}

TEST_F(TransportTest, DoesNotRepeatWhatMayBeSentOnceWhenItsAnswerIsLost) {
  std::atomic<int> carried_out{0};
  Server server([&](Peer& peer, int) {
    while (peer.read()) {
      ++carried_out;
      peer.reset();
    }
  });
  const Answer answer =
      send({.method = "POST", .url = server.url(), .body = "once", .at_most_once = true});
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().may_have_arrived);
  EXPECT_EQ(carried_out, 1);
}

TEST_F(TransportTest, ServesManyThreads) {
  Server server([](Peer& peer, int) {
    while (auto request = peer.read()) peer.answer(200, request->substr(0, request->find(" HTTP")));
  });
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        const Answer answer = transport_->send({.url = server.url(path)}, {});
        if (answer && answer->body == "GET " + path) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
  EXPECT_LE(server.connections(), 8);
}

TEST_F(TransportTest, RefusesAddressesThatAreNotHttp) {
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://"}) {
    const Answer answer = send({.url = url});
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().error.kind, ErrorKind::invalid) << url;
    EXPECT_FALSE(answer.error().may_have_arrived) << url;
  }
}

TEST_F(TransportTest, NamesTheHostAloneInErrors) {
  std::string url = dead_url();
  const std::string host = url.substr(7, url.size() - 8);
  url = "http://user:password@" + host + "/api/users/getByEmail?email=ann%40example.com";
  const Answer answer = send({.url = url, .headers = {{"Api-Key", "0123456789abcdef"}}});
  ASSERT_FALSE(answer);
  const std::string text = answer.error().error.text();
  EXPECT_THAT(text, HasSubstr(host));
  for (const char* secret : {"password", "ann", "example.com", "getByEmail", "0123456789abcdef"})
    EXPECT_THAT(text, Not(HasSubstr(secret)));
}

TEST(UrlEncodeTest, LeavesOnlyWhatIsUnreserved) {
  EXPECT_EQ(url_encode("Az09-_.~"), "Az09-_.~");
  EXPECT_EQ(url_encode("a+b@example.com"), "a%2Bb%40example.com");
  EXPECT_EQ(url_encode(" /?#&=%\"'"), "%20%2F%3F%23%26%3D%25%22%27");
  EXPECT_EQ(url_encode("Zoë李"), "Zo%C3%AB%E6%9D%8E");
  EXPECT_EQ(url_encode(std::string_view("\0\xff\n", 3)), "%00%FF%0A");
  EXPECT_EQ(url_encode(""), "");
}

}  // namespace
}  // namespace rollcall::http
