#include "sim/faults.hpp"

#include "sim/testing.hpp"

namespace sim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kPath = "/api/lists/subscribe";

std::string load(Faults& faults, std::string_view text, uint64_t seed = 1) {
  std::string error;
  auto plan = Faults::parse(std::string(text), error);
  return plan ? faults.load(*plan, seed) : error;
}

// The calls, from 1, on which the plan strikes.
std::vector<int> strikes(std::string_view text, int calls, uint64_t seed = 1) {
  Faults faults;
  EXPECT_EQ(load(faults, text, seed), "");
  std::vector<int> out;
  for (int n = 1; n <= calls; ++n) {
    if (!faults.draw("POST", kPath).empty()) out.push_back(n);
  }
  return out;
}

TEST(FaultPlanTest, RateIsDrawnOnceAndSoHolds) {
  for (double rate : {0.05, 0.25, 0.5}) {
    std::string text = "[{\"kind\":\"http_500\",\"rate\":" + std::to_string(rate) + "}]";
    auto hits = static_cast<double>(strikes(text, 20'000).size());
    // Five standard deviations at 20,000 draws of 0.5 are 0.018.
    EXPECT_NEAR(hits / 20'000, rate, 0.018);
  }
  EXPECT_THAT(strikes(R"([{"kind":"http_500","rate":0}])", 1000), IsEmpty());
  EXPECT_THAT(strikes(R"([{"kind":"http_500","rate":1}])", 1000), SizeIs(1000));
}

TEST(FaultPlanTest, SameSeedRepeatsAndAnotherDiffers) {
  const char* text = R"([{"kind":"http_500","rate":0.25}])";
  EXPECT_EQ(strikes(text, 200, 7), strikes(text, 200, 7));
  EXPECT_NE(strikes(text, 200, 7), strikes(text, 200, 8));
  EXPECT_EQ(strikes(R"({"seed":7,"rules":[{"kind":"http_500","rate":0.25}]})", 200, 9),
            strikes(text, 200, 7));
}

TEST(FaultPlanTest, CountsSayWhichCalls) {
  EXPECT_THAT(strikes(R"([{"kind":"http_500","nth":3}])", 10), ElementsAre(3));
  EXPECT_THAT(strikes(R"([{"kind":"http_500","every":4}])", 10), ElementsAre(4, 8));
  EXPECT_THAT(strikes(R"([{"kind":"http_500","first":2}])", 10), ElementsAre(1, 2));
  EXPECT_THAT(strikes(R"([{"kind":"http_500","after":7}])", 10), ElementsAre(8, 9, 10));
  EXPECT_THAT(strikes(R"([{"kind":"http_500","rate":1,"max":3}])", 10), ElementsAre(1, 2, 3));
}

TEST(FaultPlanTest, EndpointNarrowsTheRule) {
  Faults faults;
  ASSERT_EQ(load(faults, R"([{"kind":"http_500","rate":1,"endpoint":"POST /api/lists"}])"), "");
  EXPECT_THAT(faults.draw("POST", "/api/lists"), SizeIs(1));
  EXPECT_THAT(faults.draw("GET", "/api/lists"), IsEmpty());
  EXPECT_THAT(faults.draw("POST", kPath), IsEmpty());
}

TEST(FaultPlanTest, AboutNarrowsTheRuleToCallsThatSpeakOfSomebody) {
  Faults faults;
  ASSERT_EQ(load(faults, R"([{"kind":"http_500","nth":1,"about":"a@example.com"}])"), "");
  EXPECT_THAT(faults.draw("POST", kPath, {"", R"({"email":"b@example.com"})"}), IsEmpty());
  EXPECT_THAT(faults.draw("POST", kPath, {"", R"({"email":"a@example.com"})"}), SizeIs(1));
  for (const char* text : {R"([{"kind":"http_500","rate":1,"about":1}])",
                           R"([{"kind":"http_500","rate":1,"about":""}])",
                           R"([{"kind":"refused","rate":1,"about":"a@example.com"}])"})
    EXPECT_NE(load(faults, text), "") << text;
}

TEST(FaultPlanTest, ReadsYaml) {
  EXPECT_THAT(strikes("seed: 3\nrules:\n  - kind: http_500\n    nth: 2\n"
                      "    endpoint: /api/lists/subscribe\n",
                      5),
              ElementsAre(2));
}

TEST(FaultPlanTest, MistakesAreRefusedAndTheOldPlanStays) {
  Faults faults;
  ASSERT_EQ(load(faults, R"([{"kind":"http_500","rate":1}])"), "");
  for (const char* text :
       {"[{}]", R"([{"kind":"no_such","rate":1}])", R"([{"kind":"slow"}])",
        R"([{"kind":"slow","rate":2}])", R"([{"kind":"slow","rate":1,"nth":1}])",
        R"([{"kind":"slow","rate":1,"msec":1}])", R"([{"kind":"slow","nth":-1}])",
        R"([{"kind":"partial","rate":1,"array":"nobody"}])", R"([{"kind":"slow","rate":"1"}])",
        R"([{"kind":"slow","rate":1,"endpoint":"lists"}])", R"({"rule":[]})", "3", "[1]",
        "rules: [", R"([{"kind":"partial","rate":1,"fraction":0}])"}) {
    EXPECT_NE(load(faults, text), "") << text;
  }
  EXPECT_THAT(faults.draw("POST", kPath), SizeIs(1));
}

TEST(FaultPlanTest, WhatNestsTooDeepIsRefused) {
  Faults faults;
  for (const char* levels : {"[", "{\"a\":", "- ", "? "}) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += levels;
    EXPECT_NE(load(faults, text), "") << levels;
  }
}

TEST(FaultPlanTest, EveryKindHasAName) {
  for (int i = 0; i <= static_cast<int>(FaultKind::contact_forgotten); ++i) {
    auto kind = static_cast<FaultKind>(i);
    ASSERT_NE(to_string(kind), "") << i;
    EXPECT_EQ(parse_fault_kind(to_string(kind)), kind);
  }
}

// A list with two people, and a batch that names four, two of them unknown.
class FaultTest : public ::testing::Test {
 protected:
  FaultTest() {
    sim_.add_people(
        "{\"email\":\"a@example.com\",\"userId\":\"A\"}\n"
        "{\"email\":\"b@example.com\",\"userId\":\"B\"}");
    list_ = sim_.make_list();
  }
  Response send(
      std::string_view rows = R"([{"email":"a@example.com"},{"email":"B@example.com"}])") {
    return sim_.post("/api/lists/subscribe",
                     "{\"listId\":" + std::to_string(list_) +
                         ",\"updateExistingUsersOnly\":true,\"subscribers\":" + std::string(rows) +
                         "}");
  }
  void always(std::string_view kind, std::string_view more = "") {
    sim_.plan("[{\"kind\":\"" + std::string(kind) +
              "\",\"rate\":1,\"endpoint\":\"/api/lists/subscribe\"" + std::string(more) + "}]");
  }

  TryOut sim_{ProjectType::hybrid};
  int64_t list_ = 0;
};

TEST_F(FaultTest, RefusedBeforeItIsApplied) {
  struct Case {
    const char* kind;
    int status;
    const char* type;
    const char* in_body;
  };
  for (const Case& c : {Case{"http_429", 429, "application/json", "RateLimitExceeded"},
                        Case{"http_500", 500, "application/json", "GenericError"},
                        Case{"http_503", 503, "text/plain", "Try again later"},
                        Case{"http_502", 502, "text/html", "<html>"},
                        Case{"http_400_success", 400, "application/json", "\"Success\""},
                        Case{"http_401", 401, "application/json", "BadApiKey"}}) {
    always(c.kind);
    Response response = send();
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.content_type, c.type);
    EXPECT_THAT(response.body, ::testing::HasSubstr(c.in_body));
    EXPECT_THAT(sim_.members(list_), IsEmpty()) << c.kind;
    EXPECT_EQ(sim_.fired(c.kind), 1);
  }
}

TEST_F(FaultTest, FailsEachCallThatSpeaksOfSomebodyAndNoOther) {
  sim_.plan(R"([{"kind":"http_500","rate":1,"about":"a@example.com"}])");
  EXPECT_EQ(send().status, 500);
  EXPECT_EQ(send(R"([{"email":"B@example.com"}])").status, 200);
  EXPECT_EQ(sim_.get("/api/users/getByEmail?email=a%40example.com").status, 500);
  EXPECT_EQ(sim_.get("/api/users/b%40example.com").status, 200);
  EXPECT_EQ(sim_.fired("http_500"), 2);
}

TEST_F(FaultTest, ResetBeforeAppliesNothingAndResetAfterEverything) {
  always("reset_before");
  EXPECT_TRUE(send().delivery.reset);
  EXPECT_THAT(sim_.members(list_), IsEmpty());
  always("applied_then_reset");
  EXPECT_TRUE(send().delivery.reset);
  EXPECT_THAT(sim_.members(list_), SizeIs(2));
  EXPECT_EQ(sim_.fired("applied_then_reset"), 1);
}

TEST_F(FaultTest, LostAnswersComeAfterTheWrite) {
  always("cut_body");
  EXPECT_TRUE(send().delivery.cut_body);
  EXPECT_THAT(sim_.members(list_), SizeIs(2));
  always("slow", ",\"ms\":250");
  EXPECT_EQ(send().delivery.delay_ms, 250);
  always("http_504");
  EXPECT_EQ(send().status, 504);
  EXPECT_EQ(sim_.fired("http_504"), 1);
}

TEST_F(FaultTest, RetryAfterIsSentByOneKindOnly) {
  auto retry_after = [](const Response& response) {
    for (const auto& [name, value] : response.headers) {
      if (name == "Retry-After") return value;
    }
    return std::string();
  };
  always("http_429");
  EXPECT_EQ(retry_after(send()), "");
  always("http_429_retry_after", ",\"seconds\":7");
  EXPECT_EQ(retry_after(send()), "7");
}

TEST_F(FaultTest, PartialFailureFillsEachOfTheTenArrays) {
  for (const char* array : {"invalidEmails", "invalidUserIds", "conflictEmails", "conflictUserIds",
                            "forgottenEmails", "forgottenUserIds", "invalidDataEmails",
                            "invalidDataUserIds", "notFoundEmails", "notFoundUserIds"}) {
    bool by_email = std::string_view(array).ends_with("Emails");
    always("partial", std::string(",\"fraction\":0.5,\"array\":\"") + array + "\"");
    Json answer =
        sim_.json(send(by_email ? R"([{"email":"A@example.com"},{"email":"B@example.com"}])"
                                : R"([{"userId":"A"},{"userId":"B"}])"));
    EXPECT_EQ(answer["successCount"], 1) << array;
    EXPECT_EQ(answer["failCount"], 1) << array;
    Json failed = failures(answer);
    ASSERT_EQ(failed.size(), 1U) << array;
    ASSERT_TRUE(failed.contains(array)) << failed;
    EXPECT_THAT(failed[array], SizeIs(1));
    EXPECT_THAT(sim_.members(list_), SizeIs(1)) << "the failed one must not be on the list";
    EXPECT_EQ(sim_.fired("partial"), 1);
    sim_.send("DELETE", "/_sim/lists/" + std::to_string(list_) + "/members",
              R"([{"userId":"A"},{"userId":"B"}])");
  }
}

TEST_F(FaultTest, PartialFailureEchoesAsAsked) {
  const char* rows = R"([{"email":"A@example.com"},{"email":"a@example.com"}])";
  always("partial", R"(,"fraction":1,"array":"notFound","echo":"as_sent")");
  EXPECT_THAT(failures(sim_.json(send(rows)))["notFoundEmails"], SizeIs(2));
  always("partial", R"(,"fraction":1,"array":"notFound","echo":"lower")");
  EXPECT_EQ(failures(sim_.json(send(rows)))["notFoundEmails"], Json::array({"a@example.com"}));
}

TEST_F(FaultTest, CountsDisagreeWithTheArrays) {
  always("counts_disagree");
  Json answer = sim_.json(send());
  EXPECT_EQ(answer["failCount"], 1);
  EXPECT_EQ(answer["successCount"], 1);
  EXPECT_EQ(failures(answer), Json::object());
  EXPECT_THAT(sim_.members(list_), SizeIs(1));
}

TEST_F(FaultTest, WholeBatchTypeConflictAppliesNothing) {
  always("whole_batch_type_conflict");
  Response response = send(R"([{"email":"a@example.com","dataFields":{"plan":"x"}}])");
  EXPECT_EQ(response.status, 400);
  EXPECT_TRUE(sim_.json(response)["params"]["validationErrors"].contains("plan"));
  EXPECT_THAT(sim_.members(list_), IsEmpty());
}

TEST_F(FaultTest, ListIsDeletedOrFilledBySomeoneElse) {
  always("list_filled");
  EXPECT_EQ(send(R"([])").status, 200);
  EXPECT_THAT(sim_.members(list_), SizeIs(1));
  EXPECT_EQ(sim_.fired("list_filled"), 1);
  always("list_deleted");
  EXPECT_EQ(send().status, 400);
  EXPECT_EQ(sim_.json(sim_.get("/api/lists"))["lists"].size(), 0U);
}

TEST_F(FaultTest, ContactIsDeletedBetweenLookUpAndWrite) {
  always("contact_deleted");
  Json answer = sim_.json(send());
  EXPECT_EQ(answer["successCount"], 1);
  EXPECT_THAT(failures(answer)["notFoundEmails"], SizeIs(1));
  EXPECT_EQ(sim_.people(), 1U);
  Json report = sim_.json(sim_.get("/_sim/faults"));
  ASSERT_THAT(report["deleted"], SizeIs(1));
  EXPECT_THAT(report["deleted"][0]["userId"], ::testing::AnyOf("A", "B"));
}

TEST_F(FaultTest, DeletedContactIsCreatedAgainInAnEmailProject) {
  TryOut sim(ProjectType::email);
  sim.add_people(R"({"email":"a@example.com"})");
  int64_t list = sim.make_list();
  sim.plan(R"([{"kind":"contact_deleted","rate":1}])");
  EXPECT_EQ(sim.subscribe(list, R"([{"email":"a@example.com"}])")["successCount"], 1);
  EXPECT_EQ(sim.json(sim.get("/_sim/counters"))["total"]["created_contacts"], 1);
}

TEST_F(FaultTest, ContactIsForgotten) {
  always("contact_forgotten");
  Json answer = sim_.json(send(R"([{"email":"a@example.com"}])"));
  EXPECT_EQ(failures(answer), (Json{{"forgottenEmails", {"a@example.com"}}}));
  EXPECT_EQ(sim_.people(), 1U);
  EXPECT_THAT(sim_.json(sim_.get("/_sim/faults"))["forgotten"], SizeIs(1));
}

TEST_F(FaultTest, ContactIsDeletedBeforeARefusedCallIsRepeated) {
  TryOut sim(ProjectType::email);
  sim.add_people(R"({"email":"a@example.com"})");
  int64_t list = sim.make_list();
  sim.plan(
      R"([{"kind":"http_429_retry_after","nth":1,"seconds":6},{"kind":"contact_deleted","nth":1}])");
  const std::string body =
      "{\"listId\":" + std::to_string(list) + R"(,"subscribers":[{"email":"a@example.com"}]})";
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 429);
  EXPECT_EQ(sim.people(), 0U);
  EXPECT_EQ(sim.fired("contact_deleted"), 1);
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 200);
  EXPECT_EQ(sim.json(sim.get("/_sim/counters"))["total"]["created_contacts"], 1);
}

TEST_F(FaultTest, LookUpTellsSomebodyElse) {
  sim_.plan(R"([{"kind":"another_profile","rate":1}])");
  const Json told = sim_.json(sim_.get("/api/users/getByEmail?email=a%40example.com"))["user"];
  EXPECT_NE(told["email"], "a@example.com");
  EXPECT_EQ(told["dataFields"]["email"], told["email"]);
  EXPECT_EQ(sim_.fired("another_profile"), 1);
}

TEST_F(FaultTest, FaultWithNothingToDoIsNotCounted) {
  always("contact_deleted");
  send(R"([{"email":"unknown@example.com"}])");
  EXPECT_EQ(sim_.fired("contact_deleted"), 0);
}

}  // namespace
}  // namespace sim::testing
