#include "http_server/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall::http_server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(AnswerTest, TellsDatesAsHttpDoes) {
  EXPECT_EQ(http_date(*parse_iso_utc("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(*parse_iso_utc("2028-02-29T23:59:59Z")), "Tue, 29 Feb 2028 23:59:59 GMT");
}

TEST(AnswerTest, CarriesWhatBrowsersAreToBeCarefulAbout) {
  const std::string head = to_bytes({.headers = {{"Content-Type", "text/plain"}}, .length = 5});
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
  for (const char* line :
       {"X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
        "X-Frame-Options: DENY\r\n", "Cache-Control: no-store\r\n",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n",
        "Content-Length: 5\r\n"})
    EXPECT_THAT(head, HasSubstr(line));
  EXPECT_THAT(head, Not(HasSubstr("Strict-Transport-Security")));
  EXPECT_THAT(to_bytes({.secure = true}), HasSubstr("Strict-Transport-Security: max-age="));
}

TEST(AnswerTest, LeavesToTheHandlerWhatItSets) {
  const std::string head =
      to_bytes({.headers = {{"cache-control", "max-age=60"},
                            {"Content-Security-Policy", "default-src 'self'"}}});
  EXPECT_THAT(head, HasSubstr("cache-control: max-age=60\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("no-store")));
  EXPECT_THAT(head, Not(HasSubstr("default-src 'none'")));
}

TEST(AnswerTest, TakesNoFramingFromTheHandler) {
  const std::string head = to_bytes({.headers = {{"content-length", "7"},
                                                 {"Transfer-Encoding", "gzip"},
                                                 {"Connection", "upgrade"}},
                                     .length = 5});
  EXPECT_THAT(head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("7")));
  EXPECT_THAT(head, Not(HasSubstr("gzip")));
  EXPECT_THAT(head, Not(HasSubstr("upgrade")));
}

TEST(AnswerTest, KnowsHeadersThatCannotBe) {
  EXPECT_TRUE(is_well_formed({.headers = {{"A", "b c"}}}));
  EXPECT_FALSE(is_well_formed({.headers = {{"A", "b\r\nSet-Cookie: x"}}}));
  EXPECT_FALSE(is_well_formed({.headers = {{"A:", "b"}}}));
  EXPECT_FALSE(is_well_formed({.headers = {{"", "b"}}}));
  EXPECT_FALSE(is_well_formed({.status = 101}));
}

TEST(AnswerTest, TellsProblems) {
  EXPECT_EQ(problem(500).body,
            R"({"type":"about:blank","title":"Internal Server Error","status":500,)"
            R"("code":"internal_server_error"})");
  EXPECT_EQ(problem(413, "Too much.").body,
            R"({"type":"about:blank","title":"Content Too Large","status":413,)"
            R"("code":"content_too_large","detail":"Too much."})");
}

}  // namespace
}  // namespace rollcall::http_server
