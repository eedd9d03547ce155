// Requests, byte by byte, without a connection.
#include "http_server/parser.hpp"

#include <gtest/gtest.h>

namespace rollcall::http_server {
namespace {

using Progress = RequestParser::Progress;

struct Read {
  Progress progress = Progress::more;
  Request request = {};
  int status = 0;  // of a refusal
  bool keep_alive = false, old = false, expects_continue = false, head_only = false;
  std::string rest = {};
};

// The bytes come `at_once` at a time.
Read read(const std::string& bytes, size_t at_once, const Settings& settings = {}) {
  const auto parser = RequestParser::make(settings);
  Read out;
  std::string coming;
  bool head = false;
  for (size_t at = 0; out.progress == Progress::more && (at < bytes.size() || head);) {
    coming += bytes.substr(at, head ? 0 : at_once);
    at += head ? 0 : std::min(at_once, bytes.size() - at);
    size_t used = 0;
    out.progress = parser->feed(coming, used);
    coming.erase(0, used);
    head = out.progress == Progress::head;
    if (!head) continue;
    out.keep_alive = parser->keep_alive();
    out.old = parser->old();
    out.expects_continue = parser->expects_continue();
    out.head_only = parser->head_only();
    out.progress = Progress::more;
  }
  if (out.progress == Progress::whole) out.request = parser->request();
  if (out.progress == Progress::refused) out.status = parser->refusal().status;
  out.rest = coming;
  return out;
}

// As it comes must make no difference.
Read read(const std::string& bytes, const Settings& settings = {}) {
  const Read whole = read(bytes, bytes.size(), settings);
  for (const size_t at_once : {1, 2, 7}) {
    const Read pieces = read(bytes, at_once, settings);
    EXPECT_EQ(pieces.progress, whole.progress) << bytes << " by " << at_once;
    EXPECT_EQ(pieces.status, whole.status) << bytes << " by " << at_once;
    EXPECT_EQ(pieces.request.body, whole.request.body);
    EXPECT_EQ(pieces.request.headers, whole.request.headers);
  }
  return whole;
}

int refused(const std::string& bytes, const Settings& settings = {}) {
  const Read out = read(bytes, settings);
  EXPECT_EQ(out.progress, Progress::refused) << bytes;
  return out.status;
}

TEST(ParserTest, ReadsARequest) {
  const Read out =
      read("GET /a%20b?x=1 HTTP/1.1\r\nHost: localhost:8090\r\nAccept:  text/html \r\n\r\n");
  ASSERT_EQ(out.progress, Progress::whole);
  EXPECT_EQ(out.request.method, "GET");
  EXPECT_EQ(out.request.target, "/a%20b?x=1");
  EXPECT_EQ(out.request.path, "/a b");
  EXPECT_EQ(out.request.query, (Pairs{{"x", "1"}}));
  EXPECT_EQ(out.request.headers, (Pairs{{"host", "localhost:8090"}, {"accept", "text/html"}}));
  EXPECT_TRUE(out.keep_alive);
  EXPECT_FALSE(out.old);
}

TEST(ParserTest, ReadsBodies) {
  EXPECT_EQ(
      read("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello").request.body,
      "hello");
  EXPECT_EQ(read("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Chunked\r\n\r\n"
                 "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n")
                .request.body,
            "hello");
}

TEST(ParserTest, LeavesTheNextRequest) {
  const std::string one = "GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(read(one + "GET /2", 1000).rest, "GET /2");
}

TEST(ParserTest, TakesLineBreaksBeforeARequest) {
  EXPECT_EQ(read("\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n").progress, Progress::whole);
}

TEST(ParserTest, KnowsHowLongAConnectionLasts) {
  EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(read("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").keep_alive);
  EXPECT_TRUE(
      read("GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(ParserTest, GivesHeadAsGet) {
  const Read out = read("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(out.request.method, "GET");
  EXPECT_TRUE(out.head_only);
}

TEST(ParserTest, ExpectsContinueOnlyBeforeABody) {
  const std::string expect = "Host: localhost\r\nExpect: 100-Continue\r\n";
  EXPECT_TRUE(read("POST / HTTP/1.1\r\n" + expect + "Content-Length: 1\r\n\r\nx").expects_continue);
  EXPECT_FALSE(
      read("POST / HTTP/1.0\r\n" + expect + "Content-Length: 1\r\n\r\nx").expects_continue);
  EXPECT_FALSE(read("GET / HTTP/1.1\r\n" + expect + "\r\n").expects_continue);
  EXPECT_EQ(
      refused("POST / HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n"),
      417);
}

TEST(ParserTest, RefusesTwoLengths) {
  const std::string begin = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(refused(begin + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"), 400);
  EXPECT_EQ(refused(begin + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx"), 400);
  EXPECT_EQ(refused(begin + "Content-Length: 1, 1\r\n\r\nx"), 400);
  EXPECT_EQ(refused(begin + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(refused(begin + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(
      refused(begin + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      400);
}

TEST(ParserTest, RefusesLengthsThatAreNone) {
  const std::string begin = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  for (const char* length : {"-1", "+1", "0x1", "1 1", "a", "", "99999999999999999999"})
    EXPECT_EQ(refused(begin + "Content-Length: " + length + "\r\n\r\n"), 400) << length;
}

TEST(ParserTest, RefusesOtherCodings) {
  const std::string begin = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: ";
  for (const char* coding : {"gzip, chunked", "identity", "chunked, gzip", "xchunked", ""})
    EXPECT_EQ(refused(begin + coding + "\r\n\r\n"), 501) << coding;
  EXPECT_EQ(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST(ParserTest, RefusesChunksThatAreNone) {
  const std::string begin =
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* chunks :
       {"x\r\nabc\r\n", "-1\r\na\r\n", "2\r\nabc\r\n0\r\n\r\n", "ffffffffffffffffff\r\na\r\n",
        "1;\1\r\na\r\n0\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n"})
    EXPECT_GE(refused(begin + chunks), 400) << chunks;
}

TEST(ParserTest, BoundsChunkExtensionsAndTrailers) {
  const std::string begin =
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read(begin + "1;a=" + std::string(100'000, 'x'), 1000).status, 400);
  EXPECT_EQ(read(begin + "0\r\nA: " + std::string(100'000, 'x'), 1000).status, 400);
}

TEST(ParserTest, RefusesLargeBodies) {
  const Settings settings{.body_max = 10};
  const std::string begin = "POST / HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(read(begin + "Content-Length: 10\r\n\r\n0123456789", settings).request.body,
            "0123456789");
  EXPECT_EQ(refused(begin + "Content-Length: 11\r\n\r\n", settings), 413);
  EXPECT_EQ(refused(begin + "Transfer-Encoding: chunked\r\n\r\nb\r\n01", settings), 413);
  EXPECT_EQ(refused(begin + "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n", settings),
            413);
}

TEST(ParserTest, RefusesLargeHeads) {
  const Settings settings{.header_max = 1000};
  const std::string begin = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(refused(begin + "A: " + std::string(1000, 'x') + "\r\n\r\n", settings), 431);
  EXPECT_EQ(read(begin + "A: " + std::string(100'000, 'x'), 100, settings).status, 431);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "A: 1\r\n";
  EXPECT_EQ(refused(begin + many + "\r\n"), 431);
  EXPECT_EQ(read(begin + many + many, 6, settings).status, 431);
}

TEST(ParserTest, RefusesEndlessTargets) {
  EXPECT_EQ(read("GET /" + std::string(100'000, 'x'), 100).status, 414);
}

TEST(ParserTest, RefusesBareLineFeedsAtOnce) {
  EXPECT_EQ(refused("GET / HTTP/1.1\nHost: localhost\n\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: localhost\rA: b\r\n\r\n"), 400);
  EXPECT_EQ(refused("\nGET / HTTP/1.1\r\n"), 400);
}

TEST(ParserTest, RefusesHeadsThatAreNone) {
  const std::string nul(1, '\0');
  for (const std::string& head :
       {std::string("\x16\x03\x01\x02"), std::string("GET\r\n\r\n"), std::string("GET /\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: localhost\r\nA: b" + nul + "c\r\n\r\n",
        std::string("GET / HTTP/1.1\r\nHost: localhost\r\nA: b\1c\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n"),
        std::string("G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n")})
    EXPECT_EQ(read(head + "\r\n\r\n", 1).status, 400) << head;
}

TEST(ParserTest, RefusesOtherVersions) {
  EXPECT_EQ(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(refused("GET / HTTP/3.0\r\n\r\n"), 505);
  EXPECT_EQ(refused("GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n"), 505);
}

TEST(ParserTest, RefusesControlCharactersInThePath) {
  for (const char* path : {"/%00", "/a%0d%0ab", "/%7f", "/%FF", "/%", "*", "x"})
    EXPECT_EQ(refused(std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400)
        << path;
}

TEST(ParserTest, RefusesOddMethods) {
  EXPECT_EQ(refused("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
  EXPECT_EQ(refused("TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
  EXPECT_EQ(refused("PROPFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 501);
  EXPECT_EQ(refused("get / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 501);
}

TEST(ParserTest, AsksForOneHostThatIsOurs) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"), 400);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
  EXPECT_EQ(refused("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), 421);
  EXPECT_EQ(refused("GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
  const Settings named{.hosts = {"rollcall.example"}};
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: Rollcall.Example:8090\r\n\r\n", named).progress,
            Progress::whole);
}

TEST(ParserTest, TakesOldRequestsWithoutHost) {
  const Read out = read("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(out.progress, Progress::whole);
  EXPECT_TRUE(out.old);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n"), 421);
}

}  // namespace
}  // namespace rollcall::http_server
