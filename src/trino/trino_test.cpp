// Pages, and a session over a transport that plays the server: what no server does when asked to.
#include "trino/trino.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads std::stop_source

namespace rollcall::trino {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Page, IsReadAsItStreamsBy) {
  RowBatch rows;
  const auto page = read_page(
      R"json({"id":"q","nextUri":"https://elsewhere:1/v1/statement/executing/q/y/2?x=1",
      "columns":[{"name":"n","type":"bigint","typeSignature":{"rawType":"bigint","arguments":[]}},
      {"name":"data","type":"varchar(3)"}],"data":[[1,"a"],[-9223372036854775808,null]],
      "stats":{"state":"RUNNING","error":{"message":"no"},"rootStage":{"data":[[1]]}},"warnings":[]})json",
      {FieldType::integer, FieldType::text}, rows);
  ASSERT_TRUE(page.ok()) << page.error().text();
  EXPECT_EQ(page->next, "/v1/statement/executing/q/y/2?x=1");
  EXPECT_EQ(page->error_name, "");
  ASSERT_EQ(page->columns.size(), 2U);
  EXPECT_EQ(page->columns[1].name, "data");
  EXPECT_EQ(page->columns[1].type, "varchar(3)");
  EXPECT_EQ(rows.rows, 2U);
  EXPECT_THAT(rows.columns[0].ints, ElementsAre(1, std::numeric_limits<int64_t>::min()));
  ASSERT_EQ(rows.columns[1].texts.size(), 2U);
  EXPECT_EQ(rows.columns[1].texts[0], "a");
  EXPECT_EQ(rows.columns[1].texts[1], "");
  EXPECT_THAT(rows.columns[1].valid, ElementsAre(1, 0));
}

TEST(Page, TellsTheErrorOfAStatement) {
  RowBatch rows;
  const auto page = read_page(
      R"({"id":"q","error":{"message":"m","errorCode":1,"errorName":"SYNTAX_ERROR",
      "errorType":"USER_ERROR","errorLocation":{"message":"x"},"failureInfo":{"message":"y","errorName":"z"}}})",
      {}, rows);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->error_name, "SYNTAX_ERROR");
  EXPECT_EQ(page->error_type, "USER_ERROR");
  EXPECT_EQ(page->error_message, "m");
  EXPECT_EQ(read_page(R"({"error":{}})", {}, rows)->error_name, "UNKNOWN") << "and no end";
}

TEST(Page, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "null", "7", "{", R"({"data":[[1)", R"({"data":[[1,2]]})", R"({"data":[[]]})",
        R"({"data":[["x"]]})", R"({"data":[[18446744073709551615]]})", R"({"data":[[1.5]]})",
        R"({"data":[[[1]]]})", R"({"data":[[{"a":1}]]})", R"({"data":[[true]]})",
        R"({"nextUri":"elsewhere"})", R"({"nextUri":"http://host"})", "{\"a\":\"\xff\"}"}) {
    RowBatch rows;
    const auto page = read_page(text, {FieldType::integer}, rows);
    ASSERT_FALSE(page.ok()) << text;
    EXPECT_EQ(page.error().kind, ErrorKind::corrupt);
  }
  for (const char* text : {"2026-13-01", "2026-02-30", "2026-1-1", "x", "", "2026-01-01 00:00:00",
                           "99999-01-01", "--1-01-01"}) {
    RowBatch rows;
    EXPECT_FALSE(
        read_page(R"({"data":[[")" + std::string(text) + R"("]]})", {FieldType::date}, rows).ok())
        << text;
  }
  for (const char* text : {"2026-01-01", "2026-01-01 00:00", "2026-01-01 00:00:00.",
                           "2026-01-01 00:00:00 UTC", "2026-01-01T00:00:00"}) {
    RowBatch rows;
    EXPECT_FALSE(
        read_page(R"({"data":[[")" + std::string(text) + R"("]]})", {FieldType::timestamp}, rows)
            .ok())
        << text;
  }
}

// Answers in the order given, and remembers what was asked.
class Script : public http::Transport {
 public:
  http::Answer send(const http::Request& request, const std::stop_token& stop) override {
    asked.push_back(request.method + " " + request.url + (request.body.empty() ? "" : " ") +
                    request.body);
    headers = request.headers;
    if (on_request) on_request(request);
    if (stop.stop_requested())
      return tl::unexpected(http::Failure{{ErrorKind::cancelled, "stopped"}, false});
    if (request.method == "DELETE") return http::Response{.status = 204};
    if (request.body == "ROLLBACK") return http::Response{.status = 200, .body = R"({"id":"r"})"};
    if (answers.empty()) {
      ADD_FAILURE() << "not foreseen: " << asked.back();
      return http::Response{.status = 500};
    }
    http::Answer answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }

  void begins() {
    answers.push_back(http::Response{
        .status = 200, .body = R"({"id":"t","nextUri":"http://s/v1/statement/t/1"})"});
    answers.push_back(http::Response{.status = 200,
                                     .body = R"({"id":"t"})",
                                     .headers = {{"x-trino-started-transaction-id", "tx"}}});
  }
  void page(const std::string& body) {
    answers.push_back(http::Response{.status = 200, .body = body});
  }
  void status(int status) { answers.push_back(http::Response{.status = status}); }
  void lost() {
    answers.push_back(tl::unexpected(http::Failure{{ErrorKind::unavailable, "reset"}, true}));
  }

  std::deque<http::Answer> answers;
  std::vector<std::string> asked;
  std::vector<std::pair<std::string, std::string>> headers;
  std::function<void(const http::Request&)> on_request;
};

class SessionTest : public testing::Test {
 protected:
  Result<std::vector<int64_t>> read(const std::stop_token& stop = {}) {
    TRY(session_.query("SELECT n", {FieldType::integer}, stop));
    std::vector<int64_t> out;
    RowBatch batch;
    while (TRY(session_.next(batch)))
      out.insert(out.end(), batch.columns[0].ints.begin(), batch.columns[0].ints.end());
    return out;
  }
  static std::string rows(const std::string& data, const std::string& next) {
    return R"({"id":"q","columns":[{"name":"n","type":"bigint"}])" +
           (data.empty() ? "" : ",\"data\":" + data) +
           (next.empty() ? "" : R"(,"nextUri":"http://s/v1/statement/q/)" + next + "\"") + "}";
  }

  Script script_;
  ManualClock clock_{Time{}};
  Session session_{{.url = "http://s:8080/", .user = "u", .catalog = "c"}, script_, clock_};
};

TEST_F(SessionTest, ReadsPagesThatMayLackRows) {
  script_.begins();
  script_.page(rows("", "1"));
  script_.page(rows("", "2"));
  script_.page(rows("[[1],[2]]", "3"));
  script_.page(rows("", "4"));
  script_.page(rows("[[3]]", ""));
  const auto read = this->read();
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_THAT(*read, ElementsAre(1, 2, 3));
  EXPECT_THAT(
      script_.asked,
      ElementsAre("POST http://s:8080/v1/statement START TRANSACTION READ ONLY",
                  "GET http://s:8080/v1/statement/t/1", "POST http://s:8080/v1/statement SELECT n",
                  "GET http://s:8080/v1/statement/q/1", "GET http://s:8080/v1/statement/q/2",
                  "GET http://s:8080/v1/statement/q/3", "GET http://s:8080/v1/statement/q/4"));
  EXPECT_THAT(script_.headers, testing::Contains(testing::Pair("X-Trino-Transaction-Id", "tx")));
  EXPECT_THAT(script_.headers, testing::Contains(testing::Pair("X-Trino-Catalog", "c")));
}

TEST_F(SessionTest, RowsThatComeWithTheAnswerToTheStatementAreNotLost) {
  script_.begins();
  script_.page(rows("[[1]]", "1"));
  script_.page(rows("[[2]]", ""));
  EXPECT_THAT(*read(), ElementsAre(1, 2));
}

TEST_F(SessionTest, AsksAgainForAPageThatDidNotCome) {
  script_.begins();
  script_.status(503);
  script_.page(rows("", "1"));
  script_.lost();
  script_.status(502);
  script_.answers.push_back(http::Response{.status = 429, .retry_after = Millis{7'000}});
  const Millis before = clock_.monotonic();
  script_.page(rows("[[1]]", "2"));
  script_.lost();
  script_.page(rows("[[2]]", ""));
  EXPECT_THAT(*read(), ElementsAre(1, 2));
  EXPECT_EQ(script_.asked.size(), 10U);
  EXPECT_GE(clock_.monotonic() - before, Millis{7'000}) << "as long as it was asked to wait";
}

TEST_F(SessionTest, AServerThatIsGoneIsAnErrorThatSaysSo) {
  script_.begins();
  script_.page(rows("", "1"));
  script_.page(rows("[[1]]", "2"));
  for (int i = 0; i < 9; ++i) script_.lost();
  const auto read = this->read();
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(read.error().text(), HasSubstr("the connection to the server was lost"));
  EXPECT_TRUE(script_.answers.empty());
}

TEST_F(SessionTest, AServerThatWasStartedAnewIsAnErrorThatSaysSo) {
  script_.begins();
  script_.page(rows("", "1"));
  script_.status(404);
  const auto read = this->read();
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(read.error().text(), HasSubstr("no longer knows the query"));
  // And the next statement begins a new transaction.
  script_.begins();
  script_.page(rows("[[5]]", ""));
  EXPECT_THAT(*this->read(), ElementsAre(5));
}

TEST_F(SessionTest, NoServerAtAllIsToldAtOnce) {
  script_.lost();
  const auto read = this->read();
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().text(), HasSubstr("cannot connect"));
}

TEST_F(SessionTest, AHalfPageIsNoShortResult) {
  script_.begins();
  script_.page(rows("", "1"));
  script_.page(R"({"id":"q","data":[[1],[2)");
  const auto read = this->read();
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::corrupt);
}

TEST_F(SessionTest, MessagesHoldNoValues) {
  struct Case {
    const char *name, *type, *message, *shown;
    ErrorKind kind;
  };
  const Case cases[] = {
      {"INVALID_CAST_ARGUMENT", "USER_ERROR", "Cannot cast 'o'hara@x.com' to INT",
       "Cannot cast … to INT", ErrorKind::invalid},
      {"NUMERIC_VALUE_OUT_OF_RANGE", "USER_ERROR", "Out of range for integer: 4711",
       "Out of range for integer", ErrorKind::invalid},
      {"COLUMN_NOT_FOUND", "USER_ERROR", "line 2:8: Column 'nmae' cannot be resolved",
       "Column 'nmae' cannot be resolved", ErrorKind::invalid},
      {"EXCEEDED_GLOBAL_MEMORY_LIMIT", "INSUFFICIENT_RESOURCES", "Query exceeded 1GB",
       "Query exceeded 1GB", ErrorKind::unavailable},
      {"PAGE_TRANSPORT_TIMEOUT", "INTERNAL_ERROR", "Encountered too many errors (http://w:1)",
       "PAGE_TRANSPORT_TIMEOUT", ErrorKind::unavailable},
      {"USER_CANCELED", "USER_ERROR", "Query was canceled", "somebody ended the query",
       ErrorKind::unavailable}};
  for (const Case& one : cases) {
    script_.begins();
    script_.page(rows("", "1"));
    script_.page(std::string(R"({"error":{"message":")") + one.message + R"(","errorName":")" +
                 one.name + R"(","errorType":")" + one.type + R"("},"nextUri":"http://s/x"})");
    const auto read = this->read();
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().kind, one.kind) << one.name;
    EXPECT_THAT(read.error().text(), HasSubstr(one.shown));
    EXPECT_THAT(read.error().text(), Not(testing::AnyOf(HasSubstr("x.com"), HasSubstr("4711"))));
  }
}

TEST_F(SessionTest, AStopEndsTheQueryThereToo) {
  std::stop_source stop;
  script_.begins();
  script_.page(rows("", "1"));
  script_.page(rows("[[1]]", "2"));
  script_.on_request = [&](const http::Request& request) {
    if (request.url.ends_with("/q/2") && request.method == "GET") stop.request_stop();
  };
  const auto read = this->read(stop.get_token());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(script_.asked.back(), "DELETE http://s:8080/v1/statement/q/2");
}

TEST_F(SessionTest, WhatIsNotReadToItsEndIsEndedThere) {
  script_.begins();
  script_.page(rows("", "1"));
  ASSERT_TRUE(session_.query("SELECT n", {FieldType::integer}, {}).ok());
  session_.finish();
  EXPECT_EQ(script_.asked.back(), "DELETE http://s:8080/v1/statement/q/1");
  session_.finish();
  EXPECT_EQ(script_.asked.size(), 4U) << "once";
}

TEST(Session, SendsAPasswordAsTrinoReadsIt) {
  Script script;
  ManualClock clock{Time{}};
  script.lost();
  Session session({.url = "https://s", .user = "u", .password = Secret("p\u00e9")}, script, clock);
  EXPECT_FALSE(session.columns("SELECT 1").ok());
  EXPECT_THAT(script.headers, testing::Contains(testing::Pair("Authorization", "Basic dTpw6Q==")));
}

}  // namespace
}  // namespace rollcall::trino
