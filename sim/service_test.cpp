#include "sim/service.hpp"

#include "sim/limits.hpp"
#include "sim/routes.hpp"
#include "sim/testing.hpp"

namespace sim::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(LimitsTest, BucketHoldsAPeriodsCallsAndLeaksEvenly) {
  Limits limits;
  Limit five{5, 60'000};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limits.take("k", five, 0));
  EXPECT_FALSE(limits.take("k", five, 0));
  EXPECT_FALSE(limits.take("k", five, 11'999));
  EXPECT_TRUE(limits.take("k", five, 12'000));
  EXPECT_FALSE(limits.take("k", five, 12'000));
  EXPECT_TRUE(limits.take("other", five, 12'000));
  // A clock that steps back neither fills nor empties.
  EXPECT_FALSE(limits.take("k", five, 0));
}

TEST(KeyTest, MissingOrWrongKeyIs401AsRecorded) {
  Config config = config_of(ProjectType::hybrid);
  config.api_key = "good";
  TryOut sim(config);
  Request request;
  request.method = "GET";
  request.target = "/api/lists";
  request.peer_ip = "10.0.0.1";
  EXPECT_EQ(
      sim.service.handle(request).body,
      R"({"msg":"Invalid API key","code":"BadApiKey","params":{"ip":"10.0.0.1","endpoint":"/api/lists"}})");
  for (const char* name : {"Api-Key", "api-key", "Api_Key", "api_key", "API_KEY"}) {
    request.headers = {{name, "good"}};
    EXPECT_EQ(sim.service.handle(request).status, 200) << name;
    request.headers = {{name, "bad"}};
    EXPECT_EQ(sim.service.handle(request).status, 401) << name;
  }
  request.headers = {};
  request.target = "/api/lists?api_key=good";
  EXPECT_EQ(sim.service.handle(request).status, 401);
}

TEST(RouteTest, UnknownPathOrMethodIsAPage) {
  TryOut sim(ProjectType::hybrid);
  for (auto [method, path] :
       {std::pair{"GET", "/api/nothing"}, std::pair{"POST", "/api/users/getFields"},
        std::pair{"DELETE", "/api/lists/"}, std::pair{"PUT", "/api/lists"}, std::pair{"GET", "/"},
        std::pair{"GET", ""}, std::pair{"GET", "x"}, std::pair{"HEAD", "/api/lists"},
        std::pair{"GET", "/api/lists/1/size/x"}, std::pair{"GET", "/api/<script>"}}) {
    Response response = sim.send(method, path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
    EXPECT_THAT(response.body, HasSubstr("<title>Action not found</title>"));
    EXPECT_THAT(response.body, Not(HasSubstr("<script>")));
    EXPECT_GE(response.body.size(), 3000U);
  }
}

TEST(RouteTest, BadPercentEncodingIsRefused) {
  TryOut sim(ProjectType::hybrid);
  EXPECT_EQ(sim.get("/api/users/a%2").status, 400);
  EXPECT_EQ(sim.get("/api/users/a%zz@example.com").status, 400);
  EXPECT_EQ(sim.get("/api/users/getByEmail?email=%").status, 400);
  EXPECT_EQ(sim.get("/api/users/a%00b@example.com").status, 400);
}

TEST(RouteTest, LongerPathWinsOverAParameter) {
  EXPECT_EQ(match_route("GET", "/api/users/getByEmail")->route->pattern, "/api/users/getByEmail");
  EXPECT_EQ(match_route("GET", "/api/users/x@example.com")->route->pattern, "/api/users/{email}");
  auto match = match_route("GET", "/api/users/byUserId/a%2Fb+c");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->params.at(0), "a/b+c");
}

TEST(HeadersTest, AreThoseOfTheYear) {
  TryOut sim(ProjectType::hybrid);
  Response now = sim.get("/api/lists");
  EXPECT_THAT(header_of(now, "Server"), HasSubstr("iterable-ingress "));
  EXPECT_THAT(header_of(now, "Iterable-Request-Id"), SizeIs(36));
  EXPECT_EQ(header_of(now, "Vary"), "Origin,Accept-Encoding");
  EXPECT_NE(header_of(now, "Request-Time"), "");
  EXPECT_EQ(now.content_type, "application/json");
  for (const auto& [name, value] : now.headers) EXPECT_THAT(name, Not(HasSubstr("RateLimit")));
  sim.turn("shape", "2021");
  EXPECT_EQ(header_of(sim.get("/api/lists"), "Vary"), "Origin");
  sim.turn("shape", "2017");
  Response then = sim.get("/api/lists");
  EXPECT_EQ(header_of(then, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(then.content_type, "application/json; charset=utf-8");
}

TEST(BadJsonTest, OlderShapesGiveTheRequestBack) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("shape", "2017");
  Json then = sim.json(sim.post("/api/lists", R"({"name":null})"));
  EXPECT_EQ(then["params"],
            Json::parse(R"({"obj.name":[{"msg":"error.expected.jsstring","args":[]}]})"));
  EXPECT_THAT(then["msg"].get<std::string>(),
              HasSubstr("[/api/lists] body: {\"name\":null}, hdrs: ArrayBuffer("));
  EXPECT_THAT(then["msg"].get<std::string>(), Not(HasSubstr("0123456789abcdef")));
  EXPECT_EQ(sim.json(sim.post("/api/lists", "{}"))["params"]["obj.name"][0]["msg"],
            "error.path.missing");
  sim.turn("shape", "2022");
  Json later = sim.json(sim.post("/api/lists", "{}"));
  ASSERT_TRUE(later["msg"].is_array());
  EXPECT_THAT(later["msg"][0].get<std::string>(), HasSubstr("0123456789abcdef"));
}

TEST(BodyTest, OverFourMegabytesIs413) {
  TryOut sim(ProjectType::hybrid);
  std::string body = R"({"users":[{"userId":"A"}]})";
  body.resize(4'000'000, ' ');
  EXPECT_EQ(sim.post("/api/users/bulkUpdate", body).status, 200);
  body.push_back(' ');
  EXPECT_EQ(sim.post("/api/users/bulkUpdate", body).status, 413);
  sim.turn("too_large", "400");
  EXPECT_EQ(sim.json(sim.post("/api/users/bulkUpdate", body))["code"], "BatchTooLarge");
}

TEST(BodyTest, RowsMayBeCapped) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("batch_max", "1");
  EXPECT_EQ(sim.post("/api/users/bulkUpdate", R"({"users":[{"userId":"A"}]})").status, 200);
  Response over = sim.post("/api/users/bulkUpdate", R"({"users":[{"userId":"A"},{"userId":"B"}]})");
  EXPECT_EQ(over.status, 400);
  EXPECT_EQ(sim.json(over)["code"], "BatchTooLarge");
}

TEST(BodyTest, NothingAHostileBodyHoldsEndsTheService) {
  for (ProjectType type : {ProjectType::hybrid, ProjectType::email, ProjectType::user_id}) {
    TryOut sim(type);
    int64_t list = sim.make_list();
    std::string id = std::to_string(list);
    std::vector<std::string> bodies = {
        "",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}",
        "\xff\xfe",
        "{\"listId\":1e999}",
        "{\"listId\":" + id + ",\"subscribers\":null}",
        "{\"listId\":18446744073709551615,\"subscribers\":[]}",
        "{\"listId\":-1,\"subscribers\":[]}",
        "{\"listId\":1.5,\"subscribers\":[]}",
        "{\"listId\":" + id + ",\"subscribers\":[{\"email\":\"\\u0000\"}]}",
        "{\"listId\":" + id + ",\"subscribers\":[{\"userId\":\"\\ud800\"}]}",
        "{\"listId\":" + id + ",\"subscribers\":[{\"userId\":\"\xc3\x28\"}]}",
        "{\"listId\":" + id + ",\"subscribers\":[{\"userId\":\"A\",\"dataFields\":[]}]}",
        "{\"listId\":" + id + ",\"subscribers\":[{\"userId\":\"A\",\"dataFields\":{\"\":{}}}]}",
        std::string(100'000, '['),
        std::string(100'000, '{'),
        "{\"users\":[{\"userId\":\"A\",\"dataFields\":{\"x\":" + std::string(60, '[') +
            std::string(60, ']') + "}}]}",
        "{\"users\":[{\"userId\":\"A\",\"dataFields\":{\"email\":7,\"userId\":[]}}]}",
        "{\"users\":[{\"userId\":\"A\",\"dataFields\":{\"emailListIds\":\"x\"}}]}",
        "{\"users\":[{\"userId\":\"A\",\"dataFields\":{\"d\":1e308,\"e\":-0.0}}]}"};
    for (const Route& route : routes()) {
      std::string path(route.pattern);
      while (path.find('{') != std::string::npos) {
        path.replace(path.find('{'), path.find('}') - path.find('{') + 1, "1");
      }
      for (const std::string& body : bodies) {
        Response response = sim.send(route.method, path, body);
        EXPECT_TRUE(response.status == 200 || (response.status >= 400 && response.status < 500))
            << path << " " << body.substr(0, 100);
      }
    }
  }
}

TEST(ThrottleTest, LimitedCallsAre429AsRecorded) {
  Config config = config_of(ProjectType::hybrid);
  config.published_limits = true;
  TryOut sim(config);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(sim.get("/api/export/data.json?dataTypeName=user&range=All").status, 200);
  }
  Response refused = sim.get("/api/export/data.json?dataTypeName=user&range=All");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(
      refused.body,
      R"({"msg":"Exceeded rate limit of 4.0 per minute for endpoint: /api/export/data.json, project: 2158 ","code":"RateLimitExceeded","params":{}})");
  EXPECT_EQ(header_of(refused, "Retry-After"), "");
  sim.turn("retry_after_s", "9");
  EXPECT_EQ(header_of(sim.get("/api/export/data.json?dataTypeName=user&range=All"), "Retry-After"),
            "9");
  sim.advance_ms(15'000);
  EXPECT_EQ(sim.get("/api/export/data.json?dataTypeName=user&range=All").status, 200);
  Json counter = sim.json(sim.get("/_sim/counters"))["endpoints"]["GET /api/export/data.json"];
  EXPECT_EQ(counter["over_limit"], 2);
  EXPECT_EQ(counter["throttled"], 2);
}

TEST(ThrottleTest, ListReadsShareABucketUnlessSwitched) {
  Config config = config_of(ProjectType::hybrid);
  config.published_limits = true;
  TryOut sim(config);
  std::string id = std::to_string(sim.make_list());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sim.get("/api/lists/" + id + "/size").status, 200);
  EXPECT_EQ(sim.get("/api/lists/getUsers?listId=" + id).status, 429);
  sim.turn("list_read_bucket", "separate");
  EXPECT_EQ(sim.get("/api/lists/getUsers?listId=" + id).status, 200);
}

TEST(ThrottleTest, BulkUpdateTakesFiveASecondAndForgetAThousandADay) {
  Config config = config_of(ProjectType::hybrid);
  config.published_limits = true;
  TryOut sim(config);
  std::string body = R"({"users":[{"userId":"A"}]})";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sim.post("/api/users/bulkUpdate", body).status, 200);
  EXPECT_EQ(sim.post("/api/users/bulkUpdate", body).status, 429);
  sim.advance_ms(200);
  EXPECT_EQ(sim.post("/api/users/bulkUpdate", body).status, 200);
  int taken = 0;
  for (int i = 0; i < 1100; ++i) {
    sim.advance_ms(334);
    taken += sim.post("/api/users/forget", R"({"userId":"Z"})").status == 200 ? 1 : 0;
  }
  // The day's bucket leaks while it fills: 1,100 calls in six minutes leave room for four more.
  EXPECT_GE(taken, 1000);
  EXPECT_LE(taken, 1005);
}

TEST(ThrottleTest, OverLimitIsCountedEvenWhenNothingIsEnforced) {
  TryOut sim(ProjectType::hybrid);
  std::string id = std::to_string(sim.make_list());
  for (int i = 0; i < 7; ++i) EXPECT_EQ(sim.get("/api/lists/" + id + "/size").status, 200);
  Json counter = sim.json(sim.get("/_sim/counters"))["endpoints"]["GET /api/lists/{listId}/size"];
  EXPECT_EQ(counter["over_limit"], 2);
  EXPECT_EQ(counter["throttled"], 0);
}

TEST(ThrottleTest, UnpublishedLimitsCanBeSet) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("limit_subscribe_per_min", "2");
  int64_t list = sim.make_list();
  std::string body = "{\"listId\":" + std::to_string(list) + ",\"subscribers\":[]}";
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 200);
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 200);
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 429);
  EXPECT_EQ(sim.post("/api/lists/unsubscribe", body).status, 200);
}

TEST(SideDoorTest, ShowsRequestsWithoutTheKey) {
  TryOut sim(ProjectType::hybrid);
  sim.post("/api/lists?q=1", R"({"name":"x"})");
  Response log = sim.get("/_sim/requests?since=0");
  EXPECT_THAT(log.body, Not(HasSubstr("0123456789abcdef")));
  Json all = sim.json(log);
  ASSERT_THAT(all["requests"], SizeIs(1));
  Json one = all["requests"][0];
  EXPECT_EQ(one["method"], "POST");
  EXPECT_EQ(one["path"], "/api/lists");
  EXPECT_EQ(one["query"], "q=1");
  EXPECT_EQ(one["endpoint"], "POST /api/lists");
  EXPECT_EQ(one["status"], 200);
  EXPECT_EQ(one["body"], R"({"name":"x"})");
  EXPECT_EQ(one["at_ms"], kNow);
  EXPECT_THAT(sim.json(sim.get("/_sim/requests?since=" + all["next"].dump()))["requests"],
              SizeIs(0));
}

TEST(SideDoorTest, KeyInAQueryIsNotKept) {
  TryOut sim(ProjectType::hybrid);
  sim.get("/api/lists?a=1&api_key=SECRET&b=2");
  sim.get("/api/lists?api%5Fkey=SECRET");
  Response log = sim.get("/_sim/requests");
  EXPECT_THAT(log.body, Not(HasSubstr("SECRET")));
  EXPECT_EQ(sim.json(log)["requests"][0]["query"], "a=1&api_key=***&b=2");
}

TEST(SideDoorTest, LogIsBounded) {
  RequestLog log;
  for (size_t i = 0; i < RequestLog::kRequestsMax + 10; ++i) log.add({});
  EXPECT_EQ(log.all().size(), RequestLog::kRequestsMax);
  EXPECT_EQ(log.all().front().seq, 11);
  for (int i = 0; i < 100; ++i) {
    LoggedRequest big;
    big.body.assign(1'000'000, 'x');
    log.add(std::move(big));
  }
  EXPECT_LE(log.all().size(), 64U);
}

TEST(SideDoorTest, AddsFindsAndDeletesContacts) {
  TryOut sim(ProjectType::hybrid);
  Json added =
      sim.json(sim.post("/_sim/contacts",
                        "{\"email\":\"A@example.com\",\"userId\":\"A\",\"dataFields\":{\"x\":1}}\n"
                        "\n{\"userId\":\"B\"}\n{\"userId\":\"B\",\"dataFields\":{\"x\":2}}"));
  EXPECT_EQ(added, Json::parse(R"({"added":2,"updated":1})"));
  EXPECT_EQ(sim.json(sim.get("/_sim/contacts"))["count"], 2);
  EXPECT_EQ(sim.json(sim.get("/_sim/contacts?email=a@example.com"))["dataFields"]["x"], 1);
  EXPECT_EQ(sim.get("/_sim/contacts?userId=Z").status, 404);
  Response full = sim.get("/_sim/contacts?full=1");
  std::string text, chunk;
  while (full.next_chunk(chunk)) text += chunk;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(sim.json(sim.send("DELETE", "/_sim/contacts?userId=A"))["deleted"], 1);
  EXPECT_EQ(sim.people(), 1U);
  Response wrong = sim.post("/_sim/contacts", "{\"userId\":\"C\"}\n{\"email\":\"bad\"}");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(sim.json(wrong)["error"], "line 2: invalid email");
  EXPECT_EQ(sim.json(wrong)["added"], 1);
}

TEST(SideDoorTest, MakesChangesAndFillsLists) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people("{\"userId\":\"A\"}\n{\"email\":\"b@example.com\",\"userId\":\"B\"}");
  Json made = sim.json(sim.post("/_sim/lists", R"({"name":"n","listType":"Suppression"})"));
  std::string path = "/_sim/lists/" + made["id"].dump();
  EXPECT_EQ(sim.json(sim.get("/api/lists"))["lists"][0]["isGlobalSuppressionEnabled"], false);
  EXPECT_EQ(sim.json(sim.post(path + "/members", R"([{"userId":"A"},{"email":"B@example.com"},
      {"userId":"Z"}])")),
            Json::parse(R"({"changed":2,"unknown":1,"members":2})"));
  EXPECT_EQ(sim.json(sim.get(path + "/members")),
            Json::parse(R"([{"userId":"A"},{"email":"b@example.com","userId":"B"}])"));
  EXPECT_EQ(sim.json(sim.get("/_sim/lists"))["lists"][0]["members"], 2);
  EXPECT_EQ(sim.json(sim.send("PATCH", path, R"({"name":"renamed"})"))["name"], "renamed");
  EXPECT_EQ(sim.send("PATCH", path, R"({"nam":"x"})").status, 400);
  EXPECT_EQ(sim.send("DELETE", path).status, 200);
  EXPECT_EQ(sim.get(path).status, 404);
}

TEST(SideDoorTest, TurnsSwitchesAllOrNone) {
  TryOut sim(ProjectType::hybrid);
  EXPECT_EQ(sim.send("PUT", "/_sim/switches", R"({"shape":"2017","field_limit":5})").status, 200);
  EXPECT_EQ(sim.send("PUT", "/_sim/switches", R"({"shape":"2021","nonsense":1})").status, 400);
  EXPECT_EQ(sim.send("PUT", "/_sim/switches", R"({"field_limit":-1})").status, 400);
  EXPECT_EQ(sim.send("PUT", "/_sim/switches", R"({"shape":"1999"})").status, 400);
  Json switches = sim.json(sim.get("/_sim/switches"));
  EXPECT_EQ(switches["shape"], "2017");
  EXPECT_EQ(switches["field_limit"], 5);
  for (const Json& one : sim.json(sim.get("/_sim/switches?full=1"))) {
    EXPECT_NE(one["meaning"], "") << one["name"];
  }
}

TEST(SideDoorTest, EverySwitchTakesEachOfItsPositions) {
  Switches switches;
  for (const OrderedJson& one : Switches::describe(switches)) {
    std::string name = one["name"];
    if (!one.contains("choices")) {
      EXPECT_EQ(switches.set(name, "7"), "");
      EXPECT_EQ(switches.to_json()[name], 7);
      continue;
    }
    EXPECT_EQ(one["default"], one["choices"][0]) << name << ": the first position is the default";
    for (const auto& choice : one["choices"]) {
      EXPECT_EQ(switches.set(name, choice.get<std::string>()), "");
      EXPECT_EQ(switches.to_json()[name], choice);
    }
  }
}

TEST(SideDoorTest, MovesTheClock) {
  TryOut sim(ProjectType::hybrid);
  EXPECT_EQ(sim.json(sim.send("PUT", "/_sim/clock", R"({"advance_ms":5})"))["now_ms"], kNow + 5);
  EXPECT_EQ(sim.json(sim.send("PUT", "/_sim/clock", R"({"frozen_at_ms":1000})"))["now_ms"], 1000);
  EXPECT_EQ(sim.json(sim.send("PUT", "/_sim/clock", R"({"frozen":false})"))["frozen"], false);
  EXPECT_EQ(sim.send("PUT", "/_sim/clock", R"({"adv":5})").status, 400);
}

TEST(SideDoorTest, PageAndUnknownCalls) {
  TryOut sim(ProjectType::hybrid);
  EXPECT_THAT(sim.get("/_sim/").body, HasSubstr("<h1>iterable-sim</h1>"));
  EXPECT_EQ(sim.get("/_sim/nothing").status, 404);
  EXPECT_EQ(sim.post("/_sim/save", "").status, 400);
  EXPECT_EQ(sim.json(sim.get("/_sim/info"))["project_type"], "hybrid");
}

TEST(SideDoorTest, ResetZeroesCountersAndBuckets) {
  TryOut sim(ProjectType::hybrid);
  sim.make_list();
  EXPECT_EQ(sim.json(sim.get("/_sim/counters"))["total"]["calls"], 1);
  sim.post("/_sim/reset", "");
  EXPECT_EQ(sim.json(sim.get("/_sim/counters"))["total"]["calls"], 0);
}

TEST(StateTest, SavedProjectComesBackWhole) {
  std::string file = ::testing::TempDir() + "/iterable-sim-state";
  TryOut before(ProjectType::hybrid);
  before.add_people(
      "{\"email\":\"a@example.com\",\"userId\":\"A\",\"dataFields\":{\"x\":1.0,"
      "\"o\":{\"y\":[1]}}}\n{\"userId\":\"B\"}");
  before.post("/api/users/update", R"({"userId":"B","dataFields":{"signupDate":null}})");
  before.post("/api/users/forget", R"({"email":"gone@example.com"})");
  int64_t list = before.make_list("kept");
  before.subscribe(list, R"([{"userId":"A"}])");
  ASSERT_EQ(save_state(before.service.project(), file), "");

  TryOut after(ProjectType::hybrid);
  ASSERT_EQ(load_state(after.service.project(), file), "");
  for (const char* call : {"/api/lists", "/api/users/byUserId/A", "/api/users/byUserId/B",
                           "/api/users/getFields", "/api/users/forgotten", "/_sim/contacts"}) {
    EXPECT_EQ(after.get(call).body, before.get(call).body) << call;
  }
  EXPECT_EQ(after.members(list), before.members(list));
  EXPECT_GT(after.make_list(), list);

  TryOut other(ProjectType::email);
  EXPECT_NE(load_state(other.service.project(), file), "");
  EXPECT_NE(load_state(after.service.project(), file), "");
  EXPECT_NE(load_state(other.service.project(), file + "-none"), "");
}

}  // namespace
}  // namespace sim::testing
