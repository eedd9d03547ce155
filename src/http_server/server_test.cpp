// The server as the other end of a connection sees it.
#include "http_server/server_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <latch>
#include <stdexcept>

namespace rollcall::http_server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr Millis kSoon{50};
constexpr Millis kNever{3600'000};

Response text(std::string body) {
  return {.headers = {{"Content-Type", "text/plain"}}, .body = std::move(body)};
}
Response echo(const Request& request, const std::stop_token&) {
  return text(request.method + " " + request.path + " " + request.body);
}

// Settings under which nothing is dropped for being slow.
Settings patient() {
  return {.header_timeout = kNever,
          .body_timeout = kNever,
          .idle_timeout = kNever,
          .write_timeout = kNever,
          .comment_interval = kNever};
}

// A handler at work, for as long as a test wants.
struct Gate {
  std::latch reached{1}, opened{1};
  std::atomic<bool> stopped = false;
  // Until it is opened, or the handler is told to stop.
  void wait(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] {
      stopped = true;
      if (!opened.try_wait()) opened.count_down();
    });
    reached.count_down();
    opened.wait();
  }
};

// --- One request, one answer.

TEST(ServerTest, HandsRequestsToTheHandler) {
  Request seen;
  RunningServer server(patient(), [&](const Request& request, const std::stop_token&) {
    seen = request;
    return text("hello");
  });
  const Answer answer = ask(server, get("/a%20b?x=1", "Cookie: s=2\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_THAT(answer.head, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(answer.head, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_EQ(seen.path, "/a b");
  EXPECT_EQ(seen.parameter("x"), "1");
  EXPECT_EQ(seen.cookie("s"), "2");
  EXPECT_EQ(seen.address, "127.0.0.1");
  EXPECT_FALSE(seen.secure);
  EXPECT_EQ(server.load().requests, 1u);
}

TEST(ServerTest, BelievesItsProxiesWhoAsks) {
  Request seen;
  Settings settings = patient();
  settings.proxies = {"127.0.0.1"};
  RunningServer server(settings, [&](const Request& request, const std::stop_token&) {
    seen = request;
    return text("hello");
  });
  ask(server, get("/", "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n"));
  EXPECT_EQ(seen.address, "203.0.113.9");
  ask(server, get("/"));
  EXPECT_EQ(seen.address, "127.0.0.1");
}

TEST(ServerTest, TellsTheDateOfItsClock) {
  ManualClock clock(*parse_iso_utc("1994-11-06T08:49:37Z"));
  Settings settings = patient();
  settings.clock = &clock;
  RunningServer server(settings, echo);
  EXPECT_THAT(ask(server, get("/")).head, HasSubstr("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
}

TEST(ServerTest, AnswersHeadLikeGetWithoutBody) {
  RunningServer server(patient(), echo);
  Client client(server, "HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/y"));
  const Answer head = client.answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_THAT(head.head, HasSubstr("Content-Length: 7\r\n"));
  EXPECT_EQ(client.answer().body, "GET /y ");  // right behind it
}

TEST(ServerTest, SendsNoBodyWhereThereIsNone) {
  RunningServer server(patient(), [](const Request&, const std::stop_token&) {
    return Response{.status = 204, .body = "nobody reads this"};
  });
  Client client(server, get("/") + get("/"));
  const Answer answer = client.answer();
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.head, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(client.answer().status, 204);
}

TEST(ServerTest, AnswersExceptionsAndImpossibleHeadersWith500) {
  RunningServer server(patient(), [](const Request& request, const std::stop_token&) -> Response {
    if (request.path == "/throw") throw std::runtime_error("secret");
    if (request.path == "/throw_int") throw 1;
    return {.headers = {{"X", "a\r\nSet-Cookie: b"}}};
  });
  for (const char* path : {"/throw", "/throw_int", "/header"}) {
    const Answer answer = ask(server, get(path));
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: application/problem+json\r\n"));
    EXPECT_EQ(answer.body, R"({"type":"about:blank","title":"Internal Server Error","status":500,)"
                           R"("code":"internal_server_error"})");
  }
}

TEST(ServerTest, AnswersHttp10) {
  RunningServer server(patient(), echo);
  Client client(server, "GET /old HTTP/1.0\r\n\r\n");
  const Answer answer = client.answer();
  EXPECT_EQ(answer.body, "GET /old ");
  EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(client.rest(), "");
}

TEST(ServerTest, TakesLargeBodiesAndGivesThem) {
  RunningServer server(
      patient(), [](const Request& request, const std::stop_token&) { return text(request.body); });
  std::string body;
  for (int i = 0; body.size() < 5'000'000; ++i) body += std::to_string(i);
  EXPECT_TRUE(ask(server, post("/", body)).body == body);
}

// --- Several on one connection.

TEST(ServerTest, KeepsConnections) {
  RunningServer server(patient(), echo);
  Client client(server, get("/1"));
  EXPECT_EQ(client.answer().body, "GET /1 ");
  client.send(post("/2", "two"));
  EXPECT_EQ(client.answer().body, "POST /2 two");
  EXPECT_EQ(server.load().connections, 1u);
}

TEST(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  RunningServer server(patient(), echo);
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += post("/" + std::to_string(i), "x");  // > 64 KB
  Client client(server.port());
  std::jthread sender([&] { client.send(requests); });
  for (int i = 0; i < 2000; ++i)
    ASSERT_EQ(client.answer().body, "POST /" + std::to_string(i) + " x");
}

TEST(ServerTest, ClosesWhenAskedTo) {
  RunningServer server(patient(), echo);
  Client client(server, get("/", "Connection: close\r\n") + get("/never"));
  EXPECT_THAT(client.answer().head, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(client.rest(), "");
  client.close();
  EXPECT_TRUE(comes_true([&] { return server.load().connections == 0; }));
  EXPECT_EQ(server.load().requests, 1u);
}

TEST(ServerTest, AnswersWhoSendsNoMore) {
  RunningServer server(patient(), echo);
  Client client(server, get("/1") + get("/2"));
  client.send_no_more();
  EXPECT_EQ(client.answer().body, "GET /1 ");
  EXPECT_EQ(client.answer().body, "GET /2 ");
  EXPECT_EQ(client.rest(), "");
}

// --- What never reaches a handler.

struct Bad {
  std::string bytes;
  int status;
};

TEST(ServerTest, RefusesWithAProblemAndCloses) {
  Settings settings = patient();
  settings.body_max = 1000;
  RunningServer server(settings, echo);
  const std::string begin = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  const std::vector<Bad> all = {
      {get("/", "A: " + std::string(20'000, 'x') + "\r\n"), 431},
      {"GET /" + std::string(200'000, 'x'), 414},
      {begin + "Content-Length: 100000000\r\n\r\n", 413},
      {begin + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + std::string(0x100000, 'x'), 413},
      {begin + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400},
      {begin + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
      {get("/%00"), 400},
      {get("/%0A"), 400},
      {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
      {"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 501},
      {"\x16\x03\x01 a TLS client", 400}};
  for (const Bad& bad : all) {
    Client client(server, bad.bytes);
    const Answer answer = client.answer();
    EXPECT_EQ(answer.status, bad.status) << bad.bytes.substr(0, 100);
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: application/problem+json\r\n"));
    EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer.body, HasSubstr("\"status\":" + std::to_string(bad.status)));
    EXPECT_EQ(client.rest(), "");
  }
  EXPECT_EQ(server.load().requests, 0u);
  EXPECT_EQ(server.load().refused, all.size());
}

TEST(ServerTest, AsksForABodyThatWaitsToBeAskedFor) {
  RunningServer server(patient(), echo);
  Client client(server,
                "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_EQ(client.answer().body, "POST / hello");
}

TEST(ServerTest, AsksForNoBodyThatIsTooLarge) {
  RunningServer server(patient(), echo);
  Client client(server,
                "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                "Content-Length: 500000000\r\n\r\n");
  EXPECT_EQ(client.answer().status, 413);
}

TEST(ServerTest, TurnsAwayMoreConnectionsThanThereMayBe) {
  Settings settings = patient();
  settings.connections_max = 2;
  RunningServer server(settings, echo);
  Client one(server, get("/")), two(server, get("/"));
  EXPECT_EQ(one.answer().status, 200);
  EXPECT_EQ(two.answer().status, 200);
  EXPECT_EQ(Client(server.port()).answer().status, 503);
  EXPECT_EQ(server.load().refused, 1u);
  one.close();
  EXPECT_TRUE(comes_true([&] { return server.load().connections == 1; }));
  EXPECT_EQ(ask(server, get("/")).status, 200);
}

TEST(ServerTest, TurnsAwayMoreConnectionsFromOneAddress) {
  Settings settings = patient();
  settings.connections_max_address = 1;
  RunningServer server(settings, echo);
  Client one(server, get("/"));
  EXPECT_EQ(one.answer().status, 200);
  EXPECT_EQ(Client(server.port()).answer().status, 503);
}

TEST(ServerTest, Answers503WhenTooManyWait) {
  Settings settings = patient();
  settings.handlers = 1;
  settings.waiting_max = 1;
  Gate gate;
  RunningServer server(settings, [&](const Request& request, const std::stop_token& stop) {
    if (request.path == "/gate") gate.wait(stop);
    return text("done");
  });
  Client busy(server, get("/gate"));
  gate.reached.wait();
  EXPECT_EQ(server.load().handlers_busy, 1u);
  Client waiting(server, get("/"));
  EXPECT_TRUE(comes_true([&] { return server.load().waiting == 1; }));
  Client turned_away(server, get("/"));
  const Answer answer = turned_away.answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.head, HasSubstr("Retry-After: 1\r\n"));
  gate.opened.count_down();
  EXPECT_EQ(busy.answer().body, "done");
  EXPECT_EQ(waiting.answer().body, "done");
  turned_away.send(get("/"));  // its connection stands
  EXPECT_EQ(turned_away.answer().body, "done");
}

// --- Time.

TEST(ServerTest, DropsWhoSendsNothing) {
  Settings settings = patient();
  settings.header_timeout = kSoon;
  RunningServer server(settings, echo);
  Client client(server.port());
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(server.load().refused, 1u);
}

TEST(ServerTest, DropsSlowHeadsAndCountsThem) {
  Settings settings = patient();
  settings.header_timeout = Millis(1000);
  RunningServer server(settings, echo);
  Client later(server, get("/"));
  EXPECT_EQ(later.answer().status, 200);
  later.send("GET /");
  Client first(server, "GET / HTTP/1.1\r\nHost: localhost\r\nA: ");
  // That something comes all the time makes no difference.
  EXPECT_TRUE(comes_true([&] {
    first.send("a");
    return server.load().refused == 2;
  }));
  EXPECT_EQ(first.answer().status, 408);
  EXPECT_EQ(later.answer().status, 408);
}

TEST(ServerTest, DropsSlowBodies) {
  Settings settings = patient();
  settings.body_timeout = kSoon;
  RunningServer server(settings, echo);
  EXPECT_EQ(
      ask(server, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel").status,
      408);
}

TEST(ServerTest, ClosesIdleConnections) {
  Settings settings = patient();
  settings.idle_timeout = kSoon;
  RunningServer server(settings, echo);
  Client client(server, get("/"));
  EXPECT_EQ(client.answer().status, 200);
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(server.load().refused, 0u);
}

TEST(ServerTest, LetsAHandlerTakeItsTime) {
  RunningServer server({.header_timeout = kNever,
                        .body_timeout = kSoon,
                        .idle_timeout = kSoon,
                        .write_timeout = kSoon},
                       [](const Request&, const std::stop_token&) {
                         std::this_thread::sleep_for(6 * kSoon);
                         return text("late");
                       });
  EXPECT_EQ(ask(server, get("/")).body, "late");
}

TEST(ServerTest, DropsReadersThatTakeNothing) {
  Settings settings = patient();
  settings.write_timeout = kSoon;
  RunningServer server(settings, [](const Request&, const std::stop_token&) {
    return text(std::string(50'000'000, 'x'));
  });
  Client client(server.port(), 4096);
  client.send(get("/"));
  EXPECT_TRUE(comes_true([&] { return server.load().requests == 1; }));
  EXPECT_TRUE(comes_true([&] { return server.load().connections == 0; }));
  EXPECT_FALSE(client.answer().whole);
}

// --- Streams.

TEST(StreamTest, ComesInChunks) {
  RunningServer server(patient(), [](const Request&, const std::stop_token&) {
    return Response{.stream = [](Body& body, const std::stop_token&) -> Status {
      for (int i = 0; i < 1000; ++i) TRY(body.write("line " + std::to_string(i) + "\n"));
      return ok_status();
    }};
  });
  Client client(server, get("/") + get("/"));
  for (int i = 0; i < 2; ++i) {
    const Answer answer = client.answer();
    EXPECT_TRUE(answer.whole);
    EXPECT_THAT(answer.body, StartsWith("line 0\nline 1\n"));
    EXPECT_THAT(answer.body, EndsWith("line 999\n"));
  }
}

TEST(StreamTest, BeginsBeforeItIsWhole) {
  Gate gate;
  RunningServer server(patient(), [&](const Request&, const std::stop_token&) {
    return Response{.stream = [&](Body& body, const std::stop_token& stop) -> Status {
      TRY(body.write("first"));
      gate.wait(stop);
      return body.write("second");
    }};
  });
  Client client(server, get("/"));
  EXPECT_THAT(client.until("first"), EndsWith("first"));
  gate.opened.count_down();
  EXPECT_THAT(client.until("0\r\n\r\n"), HasSubstr("second"));
}

TEST(StreamTest, AnErrorBreaksTheConnection) {
  RunningServer server(patient(), [](const Request& request, const std::stop_token&) {
    return Response{.stream = [throws = request.path == "/throw"](
                                  Body& body, const std::stop_token&) -> Status {
      TRY(body.write("a part"));
      if (throws) throw std::runtime_error("secret");
      return Error{ErrorKind::corrupt, "no more"};
    }};
  });
  for (const char* path : {"/", "/throw"}) {
    Client client(server, get(path));
    const Answer answer = client.answer();
    EXPECT_EQ(answer.body, "a part");
    EXPECT_FALSE(answer.whole);
    EXPECT_EQ(client.rest(), "");
  }
  Client old(server, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(old.answer().whole);
}

TEST(StreamTest, EndsWithTheConnectionForHttp10) {
  RunningServer server(patient(), [](const Request&, const std::stop_token&) {
    return Response{
        .stream = [](Body& body, const std::stop_token&) { return body.write("as it is"); }};
  });
  const Answer answer = ask(server, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer.body, "as it is");
  EXPECT_TRUE(answer.whole);
  EXPECT_THAT(answer.head, Not(HasSubstr("chunked")));
}

TEST(StreamTest, IsNotMadeForHead) {
  std::atomic<bool> made = false;
  RunningServer server(patient(), [&](const Request&, const std::stop_token&) {
    return Response{.stream = [&](Body&, const std::stop_token&) {
      made = true;
      return ok_status();
    }};
  });
  Client client(server, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.answer(true).status, 200);
  EXPECT_FALSE(made);
}

TEST(StreamTest, WritersWaitForSlowReaders) {
  std::atomic<size_t> written = 0;
  constexpr size_t kAll = 64'000'000;
  RunningServer server(patient(), [&](const Request&, const std::stop_token&) {
    return Response{.stream = [&](Body& body, const std::stop_token&) -> Status {
      const std::string piece(10'000, 'x');
      for (; written < kAll; written += piece.size()) TRY(body.write(piece));
      return ok_status();
    }};
  });
  Client client(server.port(), 4096);
  client.send(get("/"));
  size_t before = 0;
  EXPECT_TRUE(comes_true([&] {  // it stands still
    const size_t now = written;
    std::this_thread::sleep_for(kSoon);
    return now > 0 && std::exchange(before, now) == now && now == written;
  }));
  EXPECT_LT(written, kAll / 2);
  EXPECT_EQ(client.answer().body.size(), kAll);
}

TEST(StreamTest, WritersLearnThatTheReaderIsGone) {
  Status written = ok_status();
  std::latch done(1);
  RunningServer server(patient(), [&](const Request&, const std::stop_token&) {
    return Response{.stream = [&](Body& body, const std::stop_token&) -> Status {
      while (written.ok()) written = body.write(std::string(100'000, 'x'));
      done.count_down();
      return written;
    }};
  });
  Client client(server.port(), 4096);
  client.send(get("/"));
  client.until("\r\n\r\n");
  client.close();
  done.wait();
  EXPECT_EQ(written.error().kind, ErrorKind::cancelled);
}

// --- Readers that leave.

TEST(StopTest, HandlersLearnAtOnceThatTheReaderIsGone) {
  Gate gate;
  RunningServer server(patient(), [&](const Request&, const std::stop_token& stop) {
    gate.wait(stop);
    return text("for nobody");
  });
  Client client(server, get("/"));
  gate.reached.wait();
  client.close();
  gate.opened.wait();
  EXPECT_TRUE(gate.stopped);
  EXPECT_TRUE(comes_true([&] { return server.load().connections == 0; }));
}

TEST(StopTest, StreamsLearnItWhileTheyWriteNothing) {
  Gate gate;
  RunningServer server(patient(), [&](const Request&, const std::stop_token&) {
    return Response{.stream = [&](Body& body, const std::stop_token& stop) -> Status {
      TRY(body.write("begun"));
      gate.wait(stop);
      return ok_status();
    }};
  });
  Client client(server, get("/"));
  client.until("begun");
  client.close();
  gate.opened.wait();
  EXPECT_TRUE(gate.stopped);
}

TEST(StopTest, WhoLeftWhileWaitingIsNotHandled) {
  Settings settings = patient();
  settings.handlers = 1;
  Gate gate;
  std::atomic<int> handled = 0;
  RunningServer server(settings, [&](const Request& request, const std::stop_token& stop) {
    if (request.path == "/gate")
      gate.wait(stop);
    else
      handled += 1;
    return text("done");
  });
  Client busy(server, get("/gate"));
  gate.reached.wait();
  Client waiting(server, get("/"));
  EXPECT_TRUE(comes_true([&] { return server.load().waiting == 1; }));
  waiting.close_hard();
  EXPECT_TRUE(comes_true([&] { return server.load().connections == 1; }));
  gate.opened.count_down();
  EXPECT_EQ(busy.answer().body, "done");
  EXPECT_TRUE(
      comes_true([&] { return server.load().waiting == 0 && server.load().handlers_busy == 0; }));
  EXPECT_EQ(handled, 0);
}

// --- Channels.

class ChannelTest : public testing::Test {
 protected:
  static Settings settings() { return patient(); }
  Response listen(const Request&, const std::stop_token&) {
    return {.headers = {{"Content-Type", "text/event-stream"}},
            .body = "data: welcome\n\n",
            .channel = channel};
  }
  Handler handler() {
    return [this](const Request& request, const std::stop_token& stop) {
      return request.path == "/other" ? text("other") : listen(request, stop);
    };
  }
  bool comes_to(size_t listeners) {
    return comes_true([&] { return channel->listeners() == listeners; });
  }
  std::shared_ptr<Channel> channel = Channel::make();
};

TEST_F(ChannelTest, TellsEverybodyInOrder) {
  Settings few = settings();
  few.handlers = 1;  // it takes none
  RunningServer server(few, handler());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<Client>(server, get("/events")));
  ASSERT_TRUE(comes_to(50));
  for (int i = 0; i < 100; ++i) channel->tell("data: " + std::to_string(i) + "\n\n");
  EXPECT_EQ(ask(server, get("/other")).body, "other");
  channel->close();
  std::string all = "data: welcome\n\n";
  for (int i = 0; i < 100; ++i) all += "data: " + std::to_string(i) + "\n\n";
  for (const auto& client : clients) {
    const Answer answer = client->answer();
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.body, all);
    EXPECT_EQ(client->rest(), "");
  }
  EXPECT_EQ(channel->listeners(), 0u);
}

TEST_F(ChannelTest, NoticesAtOnceWhoLeaves) {
  RunningServer server(settings(), handler());
  auto stays = std::make_unique<Client>(server, get("/events"));
  auto leaves = std::make_unique<Client>(server, get("/events"));
  ASSERT_TRUE(comes_to(2));
  leaves->close();
  EXPECT_TRUE(comes_to(1));
  EXPECT_TRUE(comes_true([&] { return server.load().connections == 1; }));
  channel->tell("data: still\n\n");
  EXPECT_THAT(stays->until("still"), EndsWith("still"));
}

TEST_F(ChannelTest, CommentsWhileNothingIsTold) {
  Settings settings = ChannelTest::settings();
  settings.comment_interval = kSoon;
  RunningServer server(settings, handler());
  Client client(server, get("/events"));
  EXPECT_THAT(client.until(": \n\n"), EndsWith(": \n\n"));
  EXPECT_THAT(client.until(": \n\n"), EndsWith(": \n\n"));
}

TEST_F(ChannelTest, DropsWhoIsAMegabyteBehind) {
  RunningServer server(settings(), handler());
  Client slow(server.port(), 4096);
  slow.send(get("/events"));
  Client quick(server, get("/events"));
  ASSERT_TRUE(comes_to(2));
  for (int i = 0; i < 1000 && channel->listeners() == 2; ++i) {
    const std::string end = "end of " + std::to_string(i) + "\n\n";
    channel->tell("data: " + std::string(100'000, 'x') + end);
    quick.until(end);
  }
  EXPECT_EQ(channel->listeners(), 1u);
  EXPECT_FALSE(slow.answer().whole);
}

TEST_F(ChannelTest, OneThatIsClosedEndsAtOnce) {
  RunningServer server(settings(), handler());
  channel->close();
  const Answer answer = ask(server, get("/events"));
  EXPECT_EQ(answer.body, "data: welcome\n\n");
  EXPECT_TRUE(answer.whole);
}

TEST_F(ChannelTest, HasNoListenerForHead) {
  RunningServer server(settings(), handler());
  Client client(server, "HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/other"));
  EXPECT_EQ(client.answer(true).status, 200);
  EXPECT_EQ(client.answer().body, "other");
  EXPECT_EQ(channel->listeners(), 0u);
}

TEST_F(ChannelTest, OutlivesItsServer) {
  {
    RunningServer server(settings(), handler());
    Client client(server, get("/events"));
    ASSERT_TRUE(comes_to(1));
  }
  channel->tell("to nobody");
  EXPECT_EQ(channel->listeners(), 0u);
}

// --- The end.

TEST(EndTest, WhatIsBeingAnsweredIsAnswered) {
  Gate gate;
  RunningServer server(
      patient(),
      [&](const Request&, const std::stop_token& stop) {
        gate.wait(stop);
        return text("done");
      },
      kNever);
  Client idle(server.port());
  Client busy(server, get("/"));
  gate.reached.wait();
  server.begin_to_end();
  EXPECT_EQ(idle.rest(), "");  // closed: so the end has begun
  EXPECT_FALSE(server.ended());
  gate.opened.count_down();
  const Answer answer = busy.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
  busy.close();
  EXPECT_TRUE(comes_true([&] { return server.ended(); }));
  EXPECT_FALSE(gate.stopped);
}

TEST(EndTest, AfterItsGraceHandlersAreStopped) {
  Gate gate;
  RunningServer server(
      patient(),
      [&](const Request&, const std::stop_token& stop) {
        gate.wait(stop);
        return text("done");
      },
      kSoon);
  Client busy(server, get("/"));
  gate.reached.wait();
  server.end();
  EXPECT_TRUE(gate.stopped);
  EXPECT_EQ(busy.answer().status, 0);
}

TEST(EndTest, WritersThatWaitAreStopped) {
  std::latch writing(1);
  const auto endless = [&](Body& body, const std::stop_token&) -> Status {
    writing.count_down();
    while (true) TRY(body.write(std::string(100'000, 'x')));
  };
  RunningServer server(
      patient(),
      [&](const Request&, const std::stop_token&) { return Response{.stream = endless}; }, kSoon);
  Client client(server.port(), 4096);
  client.send(get("/"));
  writing.wait();
  server.end();
  EXPECT_FALSE(client.answer().whole);
}

TEST(EndTest, ChannelsEndWhole) {
  const auto channel = Channel::make();
  RunningServer server(
      patient(),
      [&](const Request&, const std::stop_token&) { return Response{.channel = channel}; }, kNever);
  Client client(server, get("/"));
  ASSERT_TRUE(comes_true([&] { return channel->listeners() == 1; }));
  channel->tell("last");
  server.begin_to_end();
  const Answer answer = client.answer();
  EXPECT_EQ(answer.body, "last");
  EXPECT_TRUE(answer.whole);
}

TEST(EndTest, ListensNoMore) {
  auto opened = Server::open({.port = 0}, echo);
  ASSERT_TRUE(opened.ok());
  const uint16_t port = (*opened)->port();
  Threads threads;
  std::stop_source stop;
  stop.request_stop();  // before it began
  (*opened)->serve(threads, stop.get_token(), kNever);
  Settings settings;
  settings.port = port;
  EXPECT_TRUE(Server::open(settings, echo).ok());
}

// --- Beginning.

TEST(OpenTest, ConnectionsWaitUntilItServes) {
  auto opened = Server::open({.port = 0}, echo);
  ASSERT_TRUE(opened.ok());
  Client client((*opened)->port());
  client.send(get("/early"));
  std::stop_source stop;
  std::jthread thread([&] {
    Threads threads;
    (*opened)->serve(threads, stop.get_token(), Millis(0));
  });
  EXPECT_EQ(client.answer().body, "GET /early ");
  stop.request_stop();
}

TEST(OpenTest, SaysWhyItCannotListen) {
  auto first = Server::open({.port = 0}, echo);
  ASSERT_TRUE(first.ok());
  Settings settings;
  settings.port = (*first)->port();
  const auto taken = Server::open(settings, echo);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().kind, ErrorKind::conflict);
  EXPECT_THAT(taken.error().remedy, HasSubstr("another port"));

  const auto no_address = Server::open({.address = "localhost", .port = 0}, echo);
  ASSERT_FALSE(no_address.ok());
  EXPECT_EQ(no_address.error().kind, ErrorKind::invalid);
  EXPECT_THAT(no_address.error().remedy, HasSubstr("IP address"));

  const auto no_proxy = Server::open({.port = 0, .proxies = {"proxy.example"}}, echo);
  ASSERT_FALSE(no_proxy.ok());
  EXPECT_THAT(no_proxy.error().message, HasSubstr("proxy.example"));

  const auto not_ours = Server::open({.address = "203.0.113.1", .port = 0}, echo);
  ASSERT_FALSE(not_ours.ok());
  EXPECT_EQ(not_ours.error().kind, ErrorKind::invalid);
  EXPECT_THAT(not_ours.error().remedy, HasSubstr("that this machine has"));
}

TEST(OpenTest, RecoversWhenDescriptorsRunOut) {
  RunningServer server(patient(), echo);
  EXPECT_EQ(ask(server, get("/")).status, 200);  // all its threads run
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  std::vector<int> held;
  for (int one; (one = ::dup(0)) >= 0;) held.push_back(one);
  ASSERT_FALSE(held.empty());
  ::close(held.back());
  held.pop_back();
  Client client(server, get("/late"));  // takes the last
  std::this_thread::sleep_for(3 * kSoon);
  for (const int one : held) ::close(one);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(client.answer().body, "GET /late ");
}

}  // namespace
}  // namespace rollcall::http_server
