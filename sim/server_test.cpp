#include "sim/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "sim/testing.hpp"

namespace sim::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A plain socket, so that the test sees exactly what the server does to a connection.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval timeout{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view text) {
    while (!text.empty()) {
      ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // Sends a call and reads one answer of known length.
  std::string ask(std::string_view method, std::string_view target, std::string_view body = "",
                  std::string_view more_headers = "") {
    send(std::string(method) + " " + std::string(target) +
         " HTTP/1.1\r\nHost: sim\r\nApi-Key: k\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(more_headers) + "\r\n" + std::string(body));
    return read_answer();
  }
  std::string read_answer() {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      if (!read_some(text)) return text;
    }
    size_t head = text.find("\r\n\r\n") + 4;
    size_t at = text.find("Content-Length: ");
    if (at == std::string::npos || at > head) return text;
    size_t length = std::stoul(text.substr(at + 16));
    while (text.size() < head + length) {
      if (!read_some(text)) return text;
    }
    return text;
  }
  // Everything until the connection ends. was_reset() says how it ended.
  std::string read_all() {
    std::string text;
    while (read_some(text)) {
    }
    return text;
  }
  [[nodiscard]] bool was_reset() const { return reset_; }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  bool read_some(std::string& text) {
    char buffer[65536];
    ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) {
      text.append(buffer, static_cast<size_t>(got));
      return true;
    }
    reset_ = got < 0 && errno == ECONNRESET;
    ended_ = got == 0 || reset_;
    return false;
  }

  int fd_;
  bool reset_ = false;
  bool ended_ = false;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    EXPECT_EQ(server_.listen("127.0.0.1:0"), "");
    thread_ = std::thread([this] { server_.run(); });
  }
  ~ServerTest() override {
    server_.stop();
    thread_.join();
  }
  std::string ask(std::string_view method, std::string_view target, std::string_view body = "") {
    return Client(server_.port()).ask(method, target, body);
  }

  TryOut sim_{ProjectType::hybrid};
  Server server_{sim_.service};
  std::thread thread_;
};

TEST_F(ServerTest, KeepsAConnectionForSeveralCalls) {
  Client client(server_.port());
  for (int i = 0; i < 3; ++i) {
    std::string answer = client.ask("POST", "/api/lists", R"({"name":"x"})");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: keep-alive\r\n"));
    EXPECT_THAT(answer, HasSubstr("Date: Thu, 01 Jul 2021 18:00:44 GMT\r\n"));
  }
  EXPECT_THAT(client.ask("GET", "/api/lists", "", "Connection: close\r\n"),
              HasSubstr("Connection: close\r\n"));
  client.read_all();
  EXPECT_TRUE(client.ended());
}

TEST_F(ServerTest, AnswersTwoConnectionsAtOnce) {
  sim_.plan(R"([{"kind":"slow","ms":40,"nth":1}])");
  Client slow(server_.port());
  slow.send("GET /api/lists HTTP/1.1\r\nHost: sim\r\nApi-Key: k\r\n\r\n");
  while (sim_.fired("slow") == 0) std::this_thread::yield();
  EXPECT_THAT(ask("GET", "/api/lists"), StartsWith("HTTP/1.1 200"));
  sim_.service.project().clock.run();
  EXPECT_THAT(slow.read_answer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, RefusedConnectionIsResetUnread) {
  sim_.plan(R"([{"kind":"refused","first":1}])");
  Client client(server_.port());
  EXPECT_EQ(client.read_all(), "");
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(sim_.fired("refused"), 1);
  EXPECT_THAT(ask("GET", "/api/lists"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, AppliedThenResetLosesTheAnswerOnly) {
  sim_.plan(R"([{"kind":"applied_then_reset","first":1,"endpoint":"POST /api/lists"}])");
  Client client(server_.port());
  EXPECT_EQ(client.ask("POST", "/api/lists", R"({"name":"x"})"), "");
  EXPECT_TRUE(client.was_reset());
  EXPECT_THAT(ask("GET", "/api/lists"), HasSubstr("\"name\":\"x\""));
  EXPECT_THAT(ask("GET", "/_sim/requests"), HasSubstr("\"status\":0"));
}

TEST_F(ServerTest, CutBodyPromisesMoreThanItSends) {
  sim_.plan(R"([{"kind":"cut_body","first":1}])");
  Client client(server_.port());
  client.send("GET /api/lists HTTP/1.1\r\nHost: sim\r\nApi-Key: k\r\n\r\n");
  std::string text = client.read_all();
  EXPECT_THAT(text, HasSubstr("Content-Length: 12\r\n"));
  EXPECT_EQ(text.substr(text.find("\r\n\r\n") + 4), R"({"list)");
  EXPECT_TRUE(client.ended());
}

TEST_F(ServerTest, CutStreamHasNoLastChunk) {
  make_contacts(sim_.service.project(), 10);
  sim_.plan(R"([{"kind":"cut_body","first":1}])");
  std::string call =
      "GET /api/export/data.json?dataTypeName=user&range=All HTTP/1.1\r\n"
      "Host: sim\r\nApi-Key: k\r\nConnection: close\r\n\r\n";
  Client cut(server_.port());
  cut.send(call);
  std::string text = cut.read_all();
  EXPECT_THAT(text, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("\r\n0\r\n\r\n")));
  Client whole(server_.port());
  whole.send(call);
  EXPECT_THAT(whole.read_all(), HasSubstr("\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, SlowAnswerComesAfterTheWrite) {
  sim_.plan(R"([{"kind":"slow","ms":300,"first":1}])");
  Client client(server_.port());
  client.send(
      "POST /api/lists HTTP/1.1\r\nHost: s\r\nApi-Key: k\r\nContent-Length: 12\r\n\r\n"
      R"({"name":"x"})");
  while (sim_.fired("slow") == 0) std::this_thread::yield();
  EXPECT_THAT(ask("GET", "/_sim/lists"), HasSubstr("\"name\":\"x\""));
  const auto begin = std::chrono::steady_clock::now();
  sim_.service.project().clock.run();  // which stood still until here
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200"));
  EXPECT_GE(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(299));  // its clock counts whole ones
}

TEST_F(ServerTest, ContinueIsSaidToThoseWhoWait) {
  Client client(server_.port());
  std::string answer =
      client.ask("POST", "/api/lists", R"({"name":"x"})", "Expect: 100-continue\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 100 Continue\r\n\r\n"));
}

TEST_F(ServerTest, LargeBodyIsReadAndRefused) {
  std::string body(6'000'000, ' ');
  EXPECT_THAT(ask("POST", "/api/users/bulkUpdate", body), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("GET", "/api/lists"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, RubbishIsAnsweredOrDroppedAndHarmsNobody) {
  for (std::string_view text :
       {"\r\n\r\n", "rubbish\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET /api/lists HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST /api/lists HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    Client client(server_.port());
    client.send(text);
    std::string answer = client.read_all();
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4")) << text << answer;
  }
  { Client left(server_.port()); }
  EXPECT_THAT(ask("GET", "/api/lists"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, StopEndsIdleAndSlowConnections) {
  sim_.plan(R"([{"kind":"slow","ms":60000,"first":1}])");
  Client idle(server_.port());
  Client slow(server_.port());
  slow.send("GET /api/lists HTTP/1.1\r\nHost: sim\r\nApi-Key: k\r\n\r\n");
  while (sim_.fired("slow") == 0) std::this_thread::yield();
  auto begin = std::chrono::steady_clock::now();
  server_.stop();
  thread_.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  thread_ = std::thread([] {});
}

TEST(ListenTest, WrongAddressesAreRefused) {
  TryOut sim(ProjectType::hybrid);
  for (const char* address : {"", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "nowhere:80"}) {
    Server server(sim.service);
    EXPECT_NE(server.listen(address), "") << address;
  }
  Server first(sim.service);
  ASSERT_EQ(first.listen("127.0.0.1:0"), "");
  EXPECT_NE(first.port(), 0);
}

}  // namespace
}  // namespace sim::testing
