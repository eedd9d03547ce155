#include "http_server/target.hpp"

#include <gtest/gtest.h>

#include <array>

namespace rollcall::http_server {
namespace {

TEST(TargetTest, DecodesPathAndQuery) {
  const auto target = read_target("/a%20b/%C3%A9?x=1&y=a+b%2Bc&flag&x=2&&=v");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a b/é");
  EXPECT_EQ(target->query,
            (Pairs{{"x", "1"}, {"y", "a b+c"}, {"flag", ""}, {"x", "2"}, {"", "v"}}));
}

TEST(TargetTest, KeepsPlusInPath) { EXPECT_EQ(read_target("/a+b")->path, "/a+b"); }

TEST(TargetTest, ReadsTheFormForProxies) {
  const auto target = read_target("HTTP://example.com:80/x?y=1");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "example.com:80");
  EXPECT_EQ(target->path, "/x");
  EXPECT_EQ(read_target("http://example.com")->path, "/");
  EXPECT_EQ(read_target("http://example.com?y=1")->query, (Pairs{{"y", "1"}}));
}

TEST(TargetTest, RefusesWhatIsNone) {
  for (const char* target :
       {"", "x", "*", "example.com:443", "/%", "/%2", "/%zz", "/%00", "/%0a", "/%7F", "/%1f",
        "/a#b", "/%FF", "/?x=%00", "/?x=%FF", "/?%zz", "ftp://example.com/"})
    EXPECT_FALSE(read_target(target)) << target;
}

TEST(TargetTest, TakesLineBreaksInQueries) {
  EXPECT_EQ(read_target("/?x=%0Ay")->query, (Pairs{{"x", "\ny"}}));
}

TEST(HostTest, TakesThePortOff) {
  EXPECT_EQ(host_name("Example.COM:8090"), "example.com");
  EXPECT_EQ(host_name("example.com."), "example.com");
  EXPECT_EQ(host_name("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(host_name("[::1]:8090"), "::1");
  EXPECT_EQ(host_name("[::1]"), "::1");
}

TEST(HostTest, RefusesWhatIsNoName) {
  for (const char* host :
       {"", ":80", "a b", "user@example.com", "example.com:x", "example.com:123456", "a,b", "[::1",
        "[::1]x", "[]", "[localhost]", "::1", ".", "a/b"})
    EXPECT_FALSE(host_name(host)) << host;
}

TEST(HostTest, MayBeLocalhostAnAddressOrNamed) {
  EXPECT_TRUE(may_be_called("localhost", {}));
  EXPECT_TRUE(may_be_called("10.1.2.3", {}));
  EXPECT_TRUE(may_be_called("::1", {}));
  EXPECT_FALSE(may_be_called("evil.example", {"good.example"}));
  EXPECT_FALSE(may_be_called("localhost.evil.example", {}));
  EXPECT_FALSE(may_be_called("127.0.0.1.evil.example", {}));
  EXPECT_TRUE(may_be_called("good.example", {"Good.Example"}));
  EXPECT_TRUE(may_be_called("any.example", {"*"}));
}

TEST(AskerTest, IsWhomAProxyOfOursNames) {
  const std::string proxy = "10.0.0.1", before_it = "10.0.0.2";
  const Pairs one = {{"x-forwarded-for", "6.6.6.6, 203.0.113.9"}};
  EXPECT_EQ(asker(one, proxy, {proxy}), "203.0.113.9");
  EXPECT_EQ(asker({{"x-forwarded-for", "2001:db8::1"}}, proxy, {proxy}), "2001:db8::1");
  // A chain of ours, in one header or in several.
  EXPECT_EQ(asker({{"x-forwarded-for", "203.0.113.9, 10.0.0.2"}}, proxy, {proxy, before_it}),
            "203.0.113.9");
  EXPECT_EQ(
      asker({{"x-forwarded-for", "6.6.6.6"}, {"x-forwarded-for", "203.0.113.9"}}, proxy, {proxy}),
      "203.0.113.9");
}

TEST(AskerTest, IsThePeerWhereNoProxyOfOursSpeaks) {
  const Pairs one = {{"x-forwarded-for", "203.0.113.9"}};
  EXPECT_EQ(asker(one, "198.51.100.7", {}), "198.51.100.7");
  EXPECT_EQ(asker(one, "198.51.100.7", {"10.0.0.1"}), "198.51.100.7");
  EXPECT_EQ(asker({}, "10.0.0.1", {"10.0.0.1"}), "10.0.0.1");
  for (const char* none : {"", " ", "unknown", "203.0.113.9:80", "203.0.113.9, ", "a,b"})
    EXPECT_EQ(asker({{"x-forwarded-for", none}}, "10.0.0.1", {"10.0.0.1"}), "10.0.0.1") << none;
}

Request with_cookies(Pairs headers) {
  return {.method = "GET", .target = "/", .path = "/", .headers = std::move(headers)};
}

TEST(CookieTest, IsFoundAmongOthers) {
  const Request request =
      with_cookies({{"cookie", "a=1; session=x=y ;b=\"2\""}, {"cookie", "c=3"}});
  EXPECT_EQ(request.cookie("a"), "1");
  EXPECT_EQ(request.cookie("session"), "x=y");
  EXPECT_EQ(request.cookie("b"), "2");
  EXPECT_EQ(request.cookie("c"), "3");
  EXPECT_EQ(request.cookie("sess"), std::nullopt);
}

TEST(CookieTest, IsNothingWhenTwoDiffer) {
  EXPECT_EQ(with_cookies({{"cookie", "s=1; s=2"}}).cookie("s"), std::nullopt);
  EXPECT_EQ(with_cookies({{"cookie", "s=1"}, {"cookie", "s=2"}}).cookie("s"), std::nullopt);
  EXPECT_EQ(with_cookies({{"cookie", "s=1; s=1"}}).cookie("s"), "1");
}

TEST(RequestTest, GivesTheFirstOfAName) {
  const Request request{.method = "GET",
                        .target = "/",
                        .path = "/",
                        .query = {{"x", "1"}, {"x", "2"}},
                        .headers = {{"accept", "a"}, {"accept", "b"}}};
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.parameter("x"), "1");
  EXPECT_EQ(request.header("host"), std::nullopt);
}

}  // namespace
}  // namespace rollcall::http_server
