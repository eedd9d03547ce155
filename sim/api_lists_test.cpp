#include "sim/testing.hpp"

namespace sim::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr const char* kAnn = R"({"email":"ann@example.com","userId":"A"})";

TEST(ListsTest, NewestListComesFirstAndShowsItsKind) {
  TryOut sim(ProjectType::hybrid);
  int64_t first = sim.make_list("first");
  int64_t second = sim.make_list("second");
  Json lists = sim.json(sim.get("/api/lists"))["lists"];
  ASSERT_EQ(lists.size(), 2U);
  EXPECT_EQ(lists[0]["id"], second);
  EXPECT_EQ(
      lists[1],
      (Json{{"id", first}, {"name", "first"}, {"createdAt", kNow}, {"listType", "Standard"}}));
}

TEST(ListsTest, CreateWithoutNameIsRefused) {
  TryOut sim(ProjectType::hybrid);
  Response missing = sim.post("/api/lists?name=x", "{}");
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(sim.json(missing)["code"], "BadJsonBody");
  EXPECT_EQ(sim.json(missing)["msg"], "[/api/lists] Invalid JSON body");
  EXPECT_EQ(sim.json(sim.post("/api/lists", R"({"name":null})"))["params"],
            (Json{{"obj.name", "String value expected"}}));
  EXPECT_EQ(sim.json(sim.get("/api/lists"))["lists"].size(), 0U);
}

TEST(ListsTest, DescriptionOverTheLimitIsRefused) {
  TryOut sim(ProjectType::hybrid);
  std::string fits(140, 'd');
  EXPECT_EQ(sim.post("/api/lists", R"({"name":"n","description":")" + fits + "\"}").status, 200);
  EXPECT_EQ(sim.post("/api/lists", R"({"name":"n","description":")" + fits + "d\"}").status, 400);
}

TEST(ListsTest, SameNameTwiceIsTwoListsUnlessSwitched) {
  TryOut sim(ProjectType::hybrid);
  EXPECT_NE(sim.make_list("x"), sim.make_list("x"));
  sim.turn("duplicate_list_names", "refuse");
  EXPECT_EQ(sim.post("/api/lists", R"({"name":"x"})").status, 400);
}

TEST(ListsTest, DeleteAnswersAsRecorded) {
  TryOut sim(ProjectType::hybrid);
  int64_t id = sim.make_list();
  std::string path = "/api/lists/" + std::to_string(id);
  Response gone = sim.send("DELETE", path);
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.body, "{\"msg\":\"List " + std::to_string(id) +
                           " in Project 2158 was successfully deleted.\",\"code\":\"Success\","
                           "\"params\":null}");
  Response again = sim.send("DELETE", path);
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(again.body, "{\"msg\":\"Unable to delete list " + std::to_string(id) +
                            " in Project 2158, which does not exist.\",\"code\":\"BadParams\","
                            "\"params\":null}");
  EXPECT_EQ(sim.send("DELETE", "/api/lists/").status, 404);
}

TEST(ListsTest, ListInUseCannotBeDeleted) {
  TryOut sim(ProjectType::hybrid);
  std::string id = std::to_string(sim.make_list());
  ASSERT_EQ(sim.send("PATCH", "/_sim/lists/" + id, R"({"in_use":true})").status, 200);
  Response refused = sim.send("DELETE", "/api/lists/" + id);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(sim.json(refused)["code"], "Conflict");
}

TEST(ListsTest, IdOfADeletedListIsNeverGivenAgain) {
  TryOut sim(ProjectType::hybrid);
  int64_t id = sim.make_list();
  sim.send("DELETE", "/api/lists/" + std::to_string(id));
  EXPECT_GT(sim.make_list(), id);
}

TEST(ListsTest, NewListIsUnknownToSubscribeForAWhile) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("list_ready_after_ms", "500");
  sim.add_people(kAnn);
  int64_t id = sim.make_list();
  std::string body = "{\"listId\":" + std::to_string(id) + ",\"subscribers\":[]}";
  Response refused = sim.post("/api/lists/subscribe", body);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body,
            "{\"msg\":\"error.lists.invalidListId(" + std::to_string(id) +
                ")\",\"code\":\"Success\",\"params\":{\"projectId\":2158,\"listId\":" +
                std::to_string(id) + "}}");
  EXPECT_EQ(sim.post("/api/lists/unsubscribe", body).status, 400);
  sim.advance_ms(500);
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 200);
}

TEST(SubscribeTest, AnswerHasAllTenArraysEvenIfEmpty) {
  TryOut sim(ProjectType::hybrid);
  Json answer = sim.subscribe(sim.make_list(), "[]");
  EXPECT_EQ(answer["successCount"], 0);
  EXPECT_EQ(answer["failCount"], 0);
  EXPECT_EQ(answer["failedUpdates"].size(), 10U);
  for (const auto& [name, list] : answer["failedUpdates"].items()) {
    EXPECT_TRUE(list.is_array() && list.empty()) << name;
  }
}

TEST(SubscribeTest, OlderShapesAreAsRecorded) {
  TryOut sim(ProjectType::hybrid);
  std::string body = "{\"listId\":" + std::to_string(sim.make_list()) + ",\"subscribers\":[]}";
  sim.turn("shape", "2017");
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).body,
            R"({"successCount":0,"failCount":0,"invalidEmails":[]})");
  sim.turn("shape", "2021");
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).body,
            R"({"successCount":0,"failCount":0,"invalidEmails":[],"invalidUserIds":[]})");
}

TEST(SubscribeTest, EmailProjectCreatesUnknownEmailWhateverExistingOnlySays) {
  TryOut sim(ProjectType::email);
  int64_t list = sim.make_list();
  Json answer = sim.subscribe(list, R"([{"email":"New@Example.com"}])", true);
  EXPECT_EQ(answer["successCount"], 1);
  EXPECT_EQ(sim.people(), 1U);
  EXPECT_THAT(sim.members(list), ElementsAre("new@example.com"));
}

TEST(SubscribeTest, EmailProjectRefusesUnknownUserIdUnlessPreferred) {
  TryOut sim(ProjectType::email);
  int64_t list = sim.make_list();
  Json refused = sim.subscribe(list, R"([{"userId":"X"}])", false);
  EXPECT_EQ(refused["failCount"], 1);
  EXPECT_EQ(failures(refused), (Json{{"notFoundUserIds", {"X"}}}));
  EXPECT_EQ(sim.people(), 0U);
  Json made = sim.subscribe(list, R"([{"userId":"X","preferUserId":true}])", true);
  EXPECT_EQ(made["successCount"], 1);
  ASSERT_EQ(sim.people(), 1U);
  EXPECT_THAT(*sim.members(list).begin(), HasSubstr("@placeholder.email"));
}

TEST(SubscribeTest, EmailProjectWritesToEveryoneWhoSharesAUserId) {
  TryOut sim(ProjectType::email);
  sim.add_people(
      "{\"email\":\"a@example.com\",\"userId\":\"S\"}\n"
      "{\"email\":\"b@example.com\",\"userId\":\"S\"}");
  int64_t list = sim.make_list();
  sim.subscribe(list, R"([{"userId":"S"}])");
  EXPECT_THAT(sim.members(list), ElementsAre("a@example.com", "b@example.com"));
}

TEST(SubscribeTest, EmailIdentifiesAndUserIdIsOverwrittenInEmailProject) {
  TryOut sim(ProjectType::email);
  sim.add_people(kAnn);
  sim.subscribe(sim.make_list(), R"([{"email":"ann@example.com","userId":"B"}])");
  EXPECT_EQ(sim.people(), 1U);
  EXPECT_EQ(sim.json(sim.get("/api/users/ann@example.com"))["user"]["userId"], "B");
}

class OthersTest : public ::testing::TestWithParam<ProjectType> {};
INSTANTIATE_TEST_SUITE_P(Types, OthersTest,
                         ::testing::Values(ProjectType::hybrid, ProjectType::user_id));

TEST_P(OthersTest, UnknownUserIdIsCreatedUnlessExistingOnly) {
  TryOut sim(GetParam());
  int64_t list = sim.make_list();
  Json skipped = sim.subscribe(list, R"([{"userId":"X"}])", true);
  EXPECT_EQ(skipped["successCount"], 0);
  EXPECT_EQ(skipped["failCount"], 1);
  EXPECT_EQ(failures(skipped), (Json{{"notFoundUserIds", {"X"}}}));
  EXPECT_EQ(sim.people(), 0U);
  EXPECT_EQ(sim.subscribe(list, R"([{"userId":"X"}])", false)["successCount"], 1);
  EXPECT_EQ(sim.people(), 1U);
}

TEST_P(OthersTest, UnknownMayVanishSilentlyBySwitch) {
  TryOut sim(GetParam());
  sim.turn("unknown_existing_only", "ignore");
  Json answer = sim.subscribe(sim.make_list(), R"([{"userId":"X"}])", true);
  EXPECT_EQ(answer["successCount"], 0);
  EXPECT_EQ(answer["failCount"], 0);
  EXPECT_EQ(failures(answer), Json::object());
  EXPECT_EQ(sim.people(), 0U);
}

TEST_P(OthersTest, UnsubscribeNeverCreates) {
  TryOut sim(GetParam());
  int64_t list = sim.make_list();
  Json answer = sim.unsubscribe(list, R"([{"userId":"X"}])");
  EXPECT_EQ(failures(answer), (Json{{"notFoundUserIds", {"X"}}}));
  EXPECT_EQ(answer["failCount"], 1);
  EXPECT_EQ(sim.people(), 0U);
}

TEST_P(OthersTest, UserIdKeepsItsCase) {
  TryOut sim(GetParam());
  sim.add_people(kAnn);
  Json answer = sim.subscribe(sim.make_list(), R"([{"userId":"a"},{"userId":"A"}])");
  EXPECT_EQ(answer["successCount"], 1);
  EXPECT_EQ(failures(answer), (Json{{"notFoundUserIds", {"a"}}}));
}

TEST(SubscribeTest, EmailIdentifiesNobodyInUserIdProject) {
  TryOut sim(ProjectType::user_id);
  sim.add_people(kAnn);
  int64_t list = sim.make_list();
  for (bool existing_only : {true, false}) {
    Json answer = sim.subscribe(list, R"([{"email":"ann@example.com"}])", existing_only);
    EXPECT_EQ(answer["failCount"], 1);
    EXPECT_EQ(failures(answer), (Json{{"notFoundEmails", {"ann@example.com"}}}));
  }
  EXPECT_THAT(sim.members(list), IsEmpty());
  EXPECT_EQ(sim.people(), 1U);
}

TEST(SubscribeTest, HybridFindsByEitherIdentifier) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(std::string(kAnn) + "\n{\"userId\":\"B\"}\n{\"email\":\"c@example.com\"}");
  int64_t list = sim.make_list();
  Json answer = sim.subscribe(
      list, R"([{"email":"ANN@example.com"},{"userId":"B"},{"email":"c@example.com"}])");
  EXPECT_EQ(answer["successCount"], 3);
  EXPECT_THAT(sim.members(list), ElementsAre("B", "ann@example.com", "c@example.com"));
  EXPECT_EQ(sim.people(), 3U);
}

TEST(SubscribeTest, HybridRowNamingTwoPeopleConflicts) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(
      "{\"email\":\"a@example.com\",\"userId\":\"A\"}\n"
      "{\"email\":\"b@example.com\",\"userId\":\"B\"}");
  int64_t list = sim.make_list();
  Json answer = sim.subscribe(list, R"([{"email":"a@example.com","userId":"B"}])");
  EXPECT_EQ(answer["failCount"], 1);
  EXPECT_EQ(failures(answer),
            (Json{{"conflictEmails", {"a@example.com"}}, {"conflictUserIds", {"B"}}}));
  sim.turn("hybrid_both", "user_id_wins");
  sim.subscribe(list, R"([{"email":"a@example.com","userId":"B"}])");
  EXPECT_THAT(sim.members(list), ElementsAre("b@example.com"));
}

TEST(UnsubscribeTest, EmailProjectCreatesUnknownEmailByDefault) {
  TryOut sim(ProjectType::email);
  int64_t list = sim.make_list();
  EXPECT_EQ(sim.unsubscribe(list, R"([{"email":"new@example.com"}])")["successCount"], 1);
  EXPECT_EQ(sim.people(), 1U);
  EXPECT_THAT(sim.members(list), IsEmpty());
  EXPECT_EQ(sim.json(sim.get("/_sim/counters"))["total"]["created_contacts"], 1);
  sim.turn("unsubscribe_unknown_email", "not_found");
  EXPECT_EQ(failures(sim.unsubscribe(list, R"([{"email":"other@example.com"}])")),
            (Json{{"notFoundEmails", {"other@example.com"}}}));
  EXPECT_EQ(sim.people(), 1U);
}

TEST(UnsubscribeTest, SomeoneNotOnTheListIsASuccess) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  Json answer = sim.unsubscribe(sim.make_list(), R"([{"email":"ann@example.com"}])");
  EXPECT_EQ(answer["successCount"], 1);
  EXPECT_EQ(answer["failCount"], 0);
  EXPECT_EQ(answer["noOpEmails"], Json::array({"ann@example.com"}));
}

TEST(UnsubscribeTest, ChannelUnsubscribeIsCounted) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  int64_t list = sim.make_list();
  sim.unsubscribe(list, "[]");
  sim.write("unsubscribe", list, "[]");
  sim.write("unsubscribe", list, R"([{"userId":"A"}])", ",\"channelUnsubscribe\":true");
  Json total = sim.json(sim.get("/_sim/counters"))["total"];
  EXPECT_EQ(total["channel_unsubscribe_true"], 1);
  EXPECT_EQ(total["channel_unsubscribe_absent"], 1);
  EXPECT_EQ(sim.json(sim.get(
                "/api/users/ann@example.com"))["user"]["dataFields"]["unsubscribedChannelIds"],
            Json::array({1}));
}

TEST(SubscribeTest, InvalidIdentifiersFailByRow) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  Json answer = sim.subscribe(sim.make_list(), R"([{"email":"User@"},{"email":"x@foo.test"},
      {"userId":"padded "},{"userId":""},{"email":"ann@example.com"}])");
  EXPECT_EQ(answer["successCount"], 1);
  EXPECT_EQ(answer["failCount"], 4);
  EXPECT_EQ(answer["invalidEmails"], Json::array({"user@", "x@foo.test"}));
  EXPECT_EQ(failures(answer), (Json{{"invalidEmails", {"user@", "x@foo.test"}},
                                    {"invalidUserIds", {"padded ", ""}}}));
}

TEST(SubscribeTest, FailedEmailsComeBackAsTheSwitchesSay) {
  TryOut sim(ProjectType::hybrid);
  int64_t list = sim.make_list();
  std::string rows = R"([{"email":"Bad@"},{"email":"bad@"},{"email":"Bad@"}])";
  EXPECT_EQ(sim.subscribe(list, rows)["invalidEmails"], Json::array({"bad@"}));
  EXPECT_EQ(sim.subscribe(list, rows)["failCount"], 1);
  sim.turn("echo_case", "as_sent");
  sim.turn("echo_repeats", "repeated");
  sim.turn("counts", "rows");
  EXPECT_EQ(sim.subscribe(list, rows)["invalidEmails"], Json::array({"Bad@", "bad@", "Bad@"}));
  EXPECT_EQ(sim.subscribe(list, rows)["failCount"], 3);
}

TEST(SubscribeTest, OnePersonTwiceIsOneSuccess) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  int64_t list = sim.make_list();
  std::string rows = R"([{"email":"ann@example.com"},{"userId":"A"}])";
  EXPECT_EQ(sim.subscribe(list, rows)["successCount"], 1);
  sim.turn("counts", "rows");
  EXPECT_EQ(sim.subscribe(list, rows)["successCount"], 2);
}

TEST(SubscribeTest, NamelessRowRefusesTheBatch) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  int64_t list = sim.make_list();
  std::string body = "{\"listId\":" + std::to_string(list) +
                     R"(,"subscribers":[{"email":"ann@example.com"},{"dataFields":{}}]})";
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 400);
  EXPECT_THAT(sim.members(list), IsEmpty());
  sim.turn("no_identifier", "row");
  Json answer = sim.json(sim.post("/api/lists/subscribe", body));
  EXPECT_EQ(answer["failCount"], 1);
  EXPECT_EQ(answer["successCount"], 1);
}

TEST(SubscribeTest, OneIllTypedValueRefusesTheBatch) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  int64_t list = sim.make_list();
  std::string head = "{\"listId\":" + std::to_string(list) + ",\"subscribers\":";
  Response refused =
      sim.post("/api/lists/subscribe", head + R"([{"email":"ann@example.com"},{"userId":7}]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(sim.json(refused)["params"],
            (Json{{"obj.subscribers[1].userId", "String value expected"}}));
  EXPECT_THAT(sim.members(list), IsEmpty());
  EXPECT_EQ(sim.post("/api/lists/subscribe", R"({"listId":"1","subscribers":[]})").status, 400);
  EXPECT_EQ(sim.post("/api/lists/subscribe", R"({"listId":1})").status, 400);
  EXPECT_EQ(sim.post("/api/lists/subscribe", head + "[1]}").status, 400);
  EXPECT_EQ(sim.post("/api/lists/subscribe", "[]").status, 400);
  EXPECT_EQ(sim.post("/api/lists/subscribe", "{").status, 400);
}

TEST(SubscribeTest, OtherKindsOfListAreUnknownUnlessSwitched) {
  TryOut sim(ProjectType::hybrid);
  sim.send("POST", "/_sim/lists", R"({"id":7,"name":"d","listType":"Dynamic"})");
  std::string body = R"({"listId":7,"subscribers":[]})";
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 400);
  sim.turn("non_standard_lists", "accept");
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 200);
}

TEST(SubscribeTest, ForgottenPeopleFailForEver) {
  TryOut sim(ProjectType::email);
  int64_t list = sim.make_list();
  ASSERT_EQ(sim.post("/api/users/forget", R"({"email":"Gone@example.com"})").status, 200);
  Json answer = sim.subscribe(list, R"([{"email":"gone@example.com"}])");
  EXPECT_EQ(answer["failCount"], 1);
  EXPECT_EQ(failures(answer), (Json{{"forgottenEmails", {"gone@example.com"}}}));
  EXPECT_EQ(sim.people(), 0U);
}

TEST(GetUsersTest, LinesAndUnknownListAreAsRecorded) {
  TryOut sim(ProjectType::email);
  int64_t list = sim.make_list();
  std::string target = "/api/lists/getUsers?listId=" + std::to_string(list);
  EXPECT_EQ(sim.get(target).body, "");
  sim.subscribe(list, R"([{"email":"a@example.com"},{"email":"b@example.com"}])");
  Response users = sim.get(target + "&maxResults=1");
  EXPECT_EQ(users.content_type, "text/plain");
  EXPECT_EQ(users.body, "a@example.com\nb@example.com\n");
  Response unknown = sim.get("/api/lists/getUsers?listId=42");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(
      unknown.body,
      R"({"msg":"Invalid email list id","code":"BadParams","params":{"projectId":"2158","listId":"42"}})");
  EXPECT_EQ(sim.get("/api/lists/getUsers").status, 400);
  EXPECT_EQ(sim.get("/api/lists/getUsers?listId=x").status, 400);
}

TEST(GetUsersTest, HybridShowsUserIdWhereThereIsNoEmailOrItIsPreferred) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(std::string(kAnn) + "\n{\"userId\":\"B\"}\n{\"email\":\"c@example.com\"}");
  int64_t list = sim.make_list();
  sim.subscribe(list, R"([{"userId":"A"},{"userId":"B"},{"email":"c@example.com"}])");
  std::string target = "/api/lists/getUsers?listId=" + std::to_string(list);
  EXPECT_EQ(sim.get(target).body, "ann@example.com\nB\nc@example.com\n");
  EXPECT_EQ(sim.get(target + "&preferUserId=true").body, "A\nB\nc@example.com\n");
}

TEST(GetUsersTest, WritesAreSeenLateAndSizeLater) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("visible_after_ms", "1000");
  sim.turn("size_lag_ms", "3000");
  sim.add_people(kAnn);
  sim.advance_ms(5000);
  int64_t list = sim.make_list();
  std::string id = std::to_string(list);
  sim.subscribe(list, R"([{"userId":"A"}])");
  EXPECT_THAT(sim.members(list), ElementsAre("ann@example.com"));
  sim.advance_ms(999);
  EXPECT_EQ(sim.get("/api/lists/getUsers?listId=" + id).body, "");
  sim.advance_ms(1);
  EXPECT_EQ(sim.get("/api/lists/getUsers?listId=" + id).body, "ann@example.com\n");
  EXPECT_EQ(sim.get("/api/lists/previewUsers?listId=" + id).body, "ann@example.com\n");
  EXPECT_EQ(sim.get("/api/lists/" + id + "/size").body, "0");
  sim.advance_ms(2000);
  EXPECT_EQ(sim.get("/api/lists/" + id + "/size").body, "1");
  // A deleted contact is still seen for as long.
  sim.send("DELETE", "/api/users/byUserId/A");
  EXPECT_EQ(sim.get("/api/lists/getUsers?listId=" + id).body, "ann@example.com\n");
  sim.advance_ms(1000);
  EXPECT_EQ(sim.get("/api/lists/getUsers?listId=" + id).body, "");
}

TEST(PreviewUsersTest, SampleIsBoundedAndOfTheList) {
  TryOut sim(ProjectType::hybrid);
  make_contacts(sim.service.project(), 50);
  int64_t list = sim.make_list();
  std::string id = std::to_string(list);
  std::string rows = "[";
  for (int i = 0; i < 40; ++i)
    rows += (i ? "," : "") + std::string("{\"userId\":\"U") + std::to_string(i) + "\"}";
  EXPECT_EQ(sim.subscribe(list, rows + "]")["successCount"], 40);
  std::string target = "/api/lists/previewUsers?listId=" + id;
  auto lines = [](const Response& r) { return std::count(r.body.begin(), r.body.end(), '\n'); };
  EXPECT_EQ(lines(sim.get(target + "&size=10")), 10);
  EXPECT_EQ(lines(sim.get(target)), 40);
  EXPECT_EQ(sim.get(target + "&size=5001").status, 400);
  EXPECT_EQ(sim.get(target + "&size=-1").status, 400);
}

}  // namespace
}  // namespace sim::testing
