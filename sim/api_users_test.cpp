#include "sim/testing.hpp"

namespace sim::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kAnn = R"({"email":"ann@example.com","userId":"A"})";
constexpr const char* kSuccess = R"({"msg":"","code":"Success","params":null})";

Json fields_of(TryOut& sim, std::string_view email = "ann@example.com") {
  return sim.json(sim.get("/api/users/" + std::string(email)))["user"]["dataFields"];
}

TEST(GetUserTest, ProfileLooksAsRecorded) {
  TryOut sim(ProjectType::email);
  ASSERT_EQ(sim.post("/api/users/update", kAnn).body, kSuccess);
  EXPECT_EQ(sim.json(sim.get("/api/users/ann%40example.com")), Json::parse(R"({"user":{
      "email":"ann@example.com","userId":"A","dataFields":{"email":"ann@example.com","userId":"A",
      "signupDate":"2021-07-01 18:00:44 +00:00","signupSource":"API",
      "profileUpdatedAt":"2021-07-01 18:00:44 +00:00",
      "itblInternal":{"documentCreatedAt":"2021-07-01 18:00:44 +00:00",
                      "documentUpdatedAt":"2021-07-01 18:00:44 +00:00",
                      "emailDomain":"example.com"}}}})"));
}

TEST(GetUserTest, UnknownEmailIsAnEmptyObjectAndMalformedOneAnError) {
  TryOut sim(ProjectType::hybrid);
  EXPECT_EQ(sim.get("/api/users/getByEmail?email=a@example.com").body, "{}");
  EXPECT_EQ(sim.get("/api/users/getByEmail?email=a@example.com").status, 200);
  Response bad = sim.get("/api/users/foo@");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.body,
            R"({"msg":"Invalid email: foo@","code":"InvalidEmailAddressError","params":null})");
  EXPECT_EQ(sim.get("/api/users/getByEmail").status, 400);
}

TEST(GetUserTest, UnknownUserIdIsAnErrorOfItsYear) {
  TryOut sim(ProjectType::hybrid);
  Response now = sim.get("/api/users/byUserId/42");
  EXPECT_EQ(now.status, 400);
  EXPECT_EQ(sim.json(now)["code"], "error.users.noUserWithIdExists");
  sim.turn("shape", "2017");
  Response then = sim.get("/api/users/byUserId?userId=42");
  EXPECT_EQ(then.status, 400);
  EXPECT_EQ(then.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(then.body, "No user with that id exists!");
}

TEST(GetUserTest, PlusInAQueryIsASpaceUnlessEncoded) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(R"({"email":"a+b@example.com"})");
  EXPECT_EQ(sim.get("/api/users/getByEmail?email=a+b@example.com").status, 400);
  EXPECT_NE(sim.get("/api/users/getByEmail?email=a%2Bb@example.com").body, "{}");
  EXPECT_NE(sim.get("/api/users/a+b@example.com").body, "{}");
}

TEST(GetUserTest, JustCreatedUserIsThereWithoutBeingSeen) {
  TryOut sim(ProjectType::user_id);
  sim.turn("visible_after_ms", "3000");
  sim.post("/api/users/update", R"({"userId":"A","dataFields":{"x":1}})");
  Response early = sim.get("/api/users/byUserId/A");
  EXPECT_EQ(early.status, 200);
  EXPECT_EQ(early.body, "{}");
  sim.advance_ms(3000);
  EXPECT_EQ(sim.json(sim.get("/api/users/byUserId/A"))["user"]["dataFields"]["x"], 1);
  // A changed value is seen late as well, the old one until then.
  sim.post("/api/users/update", R"({"userId":"A","dataFields":{"x":2}})");
  EXPECT_EQ(sim.json(sim.get("/api/users/byUserId/A"))["user"]["dataFields"]["x"], 1);
  sim.advance_ms(3000);
  EXPECT_EQ(sim.json(sim.get("/api/users/byUserId/A"))["user"]["dataFields"]["x"], 2);
}

TEST(GetUserTest, EmailIsLeftOutWhereThereIsNone) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(R"({"userId":"A"})");
  EXPECT_FALSE(sim.json(sim.get("/api/users/byUserId/A"))["user"].contains("email"));
  sim.turn("missing_email", "empty");
  EXPECT_EQ(sim.json(sim.get("/api/users/byUserId/A"))["user"]["email"], "");
}

TEST(GetUserTest, ListsShowUnderTheNameOfTheProjectType) {
  for (auto [type, name] : {std::pair{ProjectType::email, "emailListIds"},
                            std::pair{ProjectType::hybrid, "userListIds"}}) {
    TryOut sim(type);
    sim.add_people(kAnn);
    int64_t list = sim.make_list();
    sim.subscribe(list, R"([{"email":"ann@example.com"}])");
    EXPECT_EQ(fields_of(sim)[name], Json::array({list}));
    EXPECT_EQ(fields_of(sim)["unsubscribedChannelIds"], Json::array());
    sim.unsubscribe(list, R"([{"email":"ann@example.com"}])");
    EXPECT_EQ(fields_of(sim)[name], Json::array());
  }
}

TEST(UpdateTest, RefusalsAreAsRecorded) {
  TryOut sim(ProjectType::email);
  Response empty = sim.post("/api/users/update", R"({"email":""})");
  EXPECT_EQ(empty.status, 400);
  EXPECT_EQ(empty.body,
            R"({"msg":"Invalid email: ","code":"InvalidEmailAddressError","params":null})");
  EXPECT_EQ(sim.post("/api/users/update", "{}").status, 400);
  EXPECT_EQ(sim.json(sim.post("/api/users/update", R"({"userId":"X"})"))["code"],
            "UnknownUserIdError");
  EXPECT_EQ(sim.people(), 0U);
  EXPECT_EQ(sim.post("/api/users/update", R"({"userId":"X","preferUserId":true})").status, 200);
  EXPECT_EQ(sim.people(), 1U);
}

TEST(UpdateTest, TypeConflictAnswersAsRecordedAndStoresNothing) {
  TryOut sim(ProjectType::email);
  sim.post("/api/users/update",
           R"({"email":"ann@example.com","dataFields":{"signupDate":"2020-01-01","n":1}})");
  Response refused =
      sim.post("/api/users/update",
               R"({"email":"ann@example.com","dataFields":{"n":2,"signupDate":"GGG"}})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(
      refused.body,
      R"({"msg":"Project 2158: The request does not have the same data types as the data previously submitted. Field 'signupDate' already exists for type 'user' and has a data type of 'date' but possible types 'string, keyword' in the request.","code":"RequestFieldsTypesMismatched","params":{"validationErrors":{"signupDate":{"incomingTypes":["string","keyword"],"expectedType":"date","_type":"UnexpectedType","offendingValue":"GGG","category":"user"}}}})");
  EXPECT_EQ(fields_of(sim)["n"], 1);
}

TEST(UpdateTest, ForgottenPersonIs409) {
  TryOut sim(ProjectType::email);
  sim.post("/api/users/forget", R"({"email":"ann@example.com"})");
  Response refused = sim.post("/api/users/update", R"({"email":"ann@example.com"})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(sim.json(refused)["code"], "ForgottenUserError");
  sim.turn("forgotten_status", "400");
  EXPECT_EQ(sim.post("/api/users/update", R"({"email":"ann@example.com"})").status, 400);
  EXPECT_EQ(sim.json(sim.get("/api/users/forgotten"))["hashedEmails"],
            Json::array({hashed_identifier("ann@example.com")}));
  sim.post("/api/users/unforget", R"({"email":"ann@example.com"})");
  EXPECT_EQ(sim.post("/api/users/update", R"({"email":"ann@example.com"})").status, 200);
}

TEST(UpdateTest, IdentityChangesThroughDataFields) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(std::string(kAnn) + "\n{\"email\":\"bob@example.com\",\"userId\":\"B\"}");
  EXPECT_EQ(
      sim.post("/api/users/update", R"({"userId":"A","dataFields":{"email":"ANN2@example.com"}})")
          .status,
      200);
  EXPECT_EQ(fields_of(sim, "ann2@example.com")["userId"], "A");
  EXPECT_EQ(sim.get("/api/users/ann@example.com").body, "{}");
  EXPECT_EQ(
      sim.post("/api/users/update", R"({"userId":"A","dataFields":{"email":"bob@example.com"}})")
          .status,
      409);
  EXPECT_EQ(sim.post("/api/users/update", R"({"userId":"A","dataFields":{"userId":"B"}})").status,
            409);
}

TEST(BulkUpdateTest, AnswersAsRecorded) {
  TryOut sim(ProjectType::email);
  sim.turn("shape", "2017");
  EXPECT_EQ(sim.post("/api/users/bulkUpdate",
                     R"({"users":[{"email":"sample@example.com"},{"email":"bad@"}]})")
                .body,
            R"({"successCount":1,"failCount":1,"invalidEmails":["bad@"]})");
  Response empty = sim.post("/api/users/bulkUpdate", R"({"users":[]})");
  EXPECT_EQ(empty.status, 400);
  EXPECT_EQ(empty.body,
            R"({"msg":"Emails invalid: ","code":"InvalidEmailAddressError","params":null})");
}

TEST(BulkUpdateTest, CreatesUnknownPeopleAndIgnoresUpdateOnlyUnlessEnabled) {
  TryOut sim(ProjectType::hybrid);
  std::string body = R"({"updateOnly":true,"users":[{"userId":"X"}]})";
  sim.turn("bulk_update_only", "on");
  EXPECT_EQ(sim.json(sim.post("/api/users/bulkUpdate", body))["failCount"], 1);
  EXPECT_EQ(sim.people(), 0U);
  sim.turn("bulk_update_only", "off");
  EXPECT_EQ(sim.json(sim.post("/api/users/bulkUpdate", body))["successCount"], 1);
  EXPECT_EQ(sim.people(), 1U);
}

TEST(BulkUpdateTest, TypeConflictRefusesAllOrOneRow) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  sim.post("/api/users/update", R"({"userId":"A","dataFields":{"n":1}})");
  std::string body =
      R"({"users":[{"userId":"B","dataFields":{"n":2}},{"userId":"A","dataFields":{"n":"x"}}]})";
  Response refused = sim.post("/api/users/bulkUpdate", body);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(sim.json(refused)["code"], "RequestFieldsTypesMismatched");
  EXPECT_EQ(sim.people(), 1U);
  sim.turn("type_conflict", "row");
  Json answer = sim.json(sim.post("/api/users/bulkUpdate", body));
  EXPECT_EQ(answer["successCount"], 1);
  EXPECT_EQ(failures(answer), (Json{{"invalidDataUserIds", {"A"}}}));
  EXPECT_EQ(sim.people(), 2U);
  EXPECT_EQ(fields_of(sim)["n"], 1);
}

TEST(BulkUpdateTest, SubscribersDataFieldsFollowTheSameRules) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  sim.post("/api/users/update", R"({"userId":"A","dataFields":{"n":1}})");
  int64_t list = sim.make_list();
  std::string body = "{\"listId\":" + std::to_string(list) +
                     R"(,"subscribers":[{"userId":"A","dataFields":{"n":"x"}}]})";
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 400);
  EXPECT_THAT(sim.members(list), IsEmpty());
}

TEST(BulkUpdateTest, NewFieldsAreAddedDroppedOrLeftToTheProject) {
  TryOut sim(ProjectType::hybrid);
  auto send = [&](std::string_view create, std::string_view field) {
    return sim.json(
        sim.post("/api/users/bulkUpdate", "{" + std::string(create) +
                                              R"("users":[{"userId":"A","dataFields":{")" +
                                              std::string(field) + "\":{\"in\":1}}}]}"));
  };
  EXPECT_EQ(send("\"createNewFields\":true,", "a")["createdFields"], Json::array({"a", "a.in"}));
  EXPECT_EQ(send("\"createNewFields\":false,", "b")["filteredOutFields"], Json::array({"b"}));
  EXPECT_EQ(send("", "c")["createdFields"], Json::array({"c", "c.in"}));
  sim.turn("project_new_fields", "drop");
  EXPECT_EQ(send("", "d")["filteredOutFields"], Json::array({"d"}));
  EXPECT_EQ(send("", "a")["filteredOutFields"], Json::array());
  Json fields = sim.json(sim.get("/api/users/getFields"))["fields"];
  EXPECT_EQ(fields["a"], "object");
  EXPECT_EQ(fields["a.in"], "long");
  EXPECT_EQ(fields["userListIds"], "long");
  EXPECT_FALSE(fields.contains("b"));
  EXPECT_FALSE(fields.contains("d"));
}

TEST(BulkUpdateTest, FieldLimitRefusesTheRequest) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("field_limit", "2");
  Response refused = sim.post("/api/users/bulkUpdate",
                              R"({"users":[{"userId":"A","dataFields":{"a":{"b":1},"c":1}}]})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(
      refused.body,
      R"({"msg":"Project 2158: The request would increase the number of object fields to 3 by adding [a, a.b, c], which exceeds the limit of 2","code":"UniqueFieldsLimitExceeded","params":{"limit":2,"requestedTotal":3,"newFields":["a","a.b","c"]}})");
  EXPECT_EQ(sim.people(), 0U);
}

TEST(BulkUpdateTest, NullRemovesAndObjectsAreReplacedOrMerged) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  auto send = [&](std::string_view row) {
    EXPECT_EQ(sim.post("/api/users/bulkUpdate", "{\"users\":[" + std::string(row) + "]}").status,
              200);
  };
  send(R"({"userId":"A","dataFields":{"x":1,"o":{"a":1,"b":2,"in":{"p":1,"q":2}}}})");
  send(R"({"userId":"A","mergeNestedObjects":true,"dataFields":{"o":{"a":null,"c":3}}})");
  EXPECT_EQ(fields_of(sim)["o"], Json::parse(R"({"b":2,"c":3,"in":{"p":1,"q":2}})"));
  send(R"({"userId":"A","mergeNestedObjects":true,"dataFields":{"o":{"in":{"p":9}}}})");
  EXPECT_EQ(fields_of(sim)["o"]["in"], Json::parse(R"({"p":9})"));
  send(R"({"userId":"A","dataFields":{"o":{"b":5}}})");
  EXPECT_EQ(fields_of(sim)["o"], Json::parse(R"({"b":5})"));
  EXPECT_EQ(fields_of(sim)["x"], 1);
  send(R"({"userId":"A","dataFields":{"x":null}})");
  EXPECT_FALSE(fields_of(sim).contains("x"));
}

TEST(BulkUpdateTest, SignupDateIsWritableAndRemovable) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  sim.post("/api/users/update", R"({"userId":"A","dataFields":{"signupDate":"2001-02-03"}})");
  EXPECT_EQ(fields_of(sim)["signupDate"], "2001-02-03 00:00:00 +00:00");
  sim.post("/api/users/update", R"({"userId":"A","dataFields":{"signupDate":null}})");
  EXPECT_FALSE(fields_of(sim).contains("signupDate"));
}

TEST(BulkUpdateTest, ProfileUpdatedAtMovesWithFieldsButNotWithLists) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  int64_t list = sim.make_list();
  sim.advance_ms(60'000);
  sim.subscribe(list, R"([{"userId":"A"}])");
  EXPECT_EQ(fields_of(sim)["profileUpdatedAt"], "2021-07-01 18:00:44 +00:00");
  sim.subscribe(list, R"([{"userId":"A","dataFields":{"x":1}}])");
  EXPECT_EQ(fields_of(sim)["profileUpdatedAt"], "2021-07-01 18:01:44 +00:00");
  sim.advance_ms(60'000);
  EXPECT_EQ(sim.subscribe(list, R"([{"userId":"A","dataFields":{"x":1}}])")["noOpUserIds"],
            Json::array({"A"}));
  EXPECT_EQ(fields_of(sim)["profileUpdatedAt"], "2021-07-01 18:01:44 +00:00");
}

TEST(BulkUpdateTest, ListsCanBeSetWithoutEvents) {
  TryOut sim(ProjectType::email);
  sim.add_people(kAnn);
  int64_t first = sim.make_list();
  int64_t second = sim.make_list();
  sim.subscribe(first, R"([{"email":"ann@example.com"}])");
  sim.post("/api/users/bulkUpdate", R"({"users":[{"email":"ann@example.com","dataFields":
      {"emailListIds":[)" + std::to_string(second) +
                                        "]}}]}");
  EXPECT_THAT(sim.members(first), IsEmpty());
  EXPECT_THAT(sim.members(second), ElementsAre("ann@example.com"));
  EXPECT_EQ(sim.json(sim.get("/_sim/counters"))["total"]["subscribe_events"], 1);
}

TEST(BulkUpdateTest, ServiceFieldsCannotBeWritten) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  sim.post("/api/users/update",
           R"({"userId":"A","dataFields":{"profileUpdatedAt":"2001-01-01","itblInternal":{}}})");
  EXPECT_EQ(fields_of(sim)["profileUpdatedAt"], "2021-07-01 18:00:44 +00:00");
}

TEST(DeleteTest, AnswersAsRecorded) {
  TryOut sim(ProjectType::email);
  sim.add_people(
      "{\"email\":\"a@example.com\",\"userId\":\"1\"}\n"
      "{\"email\":\"b@example.com\",\"userId\":\"1\"}\n" +
      std::string(kAnn));
  int64_t list = sim.make_list();
  sim.subscribe(list, R"([{"email":"ann@example.com"}])");
  EXPECT_EQ(sim.send("DELETE", "/api/users/ann@example.com").body, kSuccess);
  EXPECT_EQ(sim.send("DELETE", "/api/users/ann@example.com").body, kSuccess);
  EXPECT_THAT(sim.members(list), IsEmpty());
  EXPECT_EQ(sim.send("DELETE", "/api/users/foo@").status, 400);
  EXPECT_EQ(sim.json(sim.send("DELETE", "/api/users/byUserId/1"))["msg"],
            "All users associated with 1 were successfully deleted");
  EXPECT_EQ(sim.people(), 0U);
  Response unknown = sim.send("DELETE", "/api/users/byUserId/42");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(sim.json(unknown)["msg"], "User does not exist. Email:  UserId: 42");
  sim.turn("shape", "2017");
  EXPECT_EQ(sim.json(sim.send("DELETE", "/api/users/byUserId/42"))["msg"],
            "No users with userId 42 exist");
  EXPECT_EQ(sim.json(sim.get("/_sim/counters"))["total"]["deleted_contacts"], 3);
}

TEST(DeleteTest, DeletedPersonCanComeBackButForgottenOneCannot) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  sim.send("DELETE", "/api/users/byUserId/A");
  EXPECT_EQ(sim.post("/api/users/update", kAnn).status, 200);
  sim.post("/api/users/forget", R"({"userId":"A"})");
  EXPECT_EQ(sim.people(), 0U);
  EXPECT_EQ(sim.post("/api/users/update", R"({"email":"ann@example.com"})").status, 409);
  EXPECT_EQ(sim.post("/api/users/update", R"({"userId":"A"})").status, 409);
}

TEST(DeleteTest, UserIdProjectKnowsNoDeleteByEmail) {
  TryOut sim(ProjectType::user_id);
  sim.add_people(kAnn);
  EXPECT_EQ(sim.send("DELETE", "/api/users/ann@example.com").status, 400);
  EXPECT_EQ(sim.post("/api/users/forget", R"({"email":"ann@example.com"})").status, 400);
  EXPECT_EQ(sim.people(), 1U);
}

TEST(UpdateEmailTest, MovesTheProfileWithItsLists) {
  TryOut sim(ProjectType::email);
  sim.add_people(std::string(kAnn) + "\n{\"email\":\"bob@example.com\"}");
  int64_t list = sim.make_list();
  sim.subscribe(list, R"([{"email":"ann@example.com"}])");
  auto send = [&](const char* from, const char* to) {
    return sim.post("/api/users/updateEmail",
                    print(Json{{"currentEmail", from}, {"newEmail", to}}));
  };
  EXPECT_EQ(send("ann@example.com", "ann@example.org").body, kSuccess);
  EXPECT_THAT(sim.members(list), ElementsAre("ann@example.org"));
  EXPECT_EQ(sim.json(send("ann@example.org", "bob@example.com"))["code"], "EmailAlreadyExists");
  EXPECT_EQ(sim.json(send("foo@", "x@example.com"))["msg"], "Invalid email: foo@");
  EXPECT_EQ(sim.json(send("no@example.com", "x@example.com"))["msg"],
            "Invalid currentEmail no@example.com");
  EXPECT_EQ(sim.post("/api/users/updateEmail", R"({"currentEmail":"bob@example.com"})").status,
            400);
}

TEST(SubscriptionsTest, OverwritesEveryArrayGiven) {
  TryOut sim(ProjectType::email);
  sim.add_people(kAnn);
  int64_t first = sim.make_list();
  int64_t second = sim.make_list();
  sim.subscribe(first, R"([{"email":"ann@example.com"}])");
  Response done = sim.post("/api/users/updateSubscriptions",
                           "{\"email\":\"ann@example.com\",\"unsubscribedChannelIds\":[3],"
                           "\"emailListIds\":[" +
                               std::to_string(second) + "]}");
  EXPECT_EQ(done.body, kSuccess);
  EXPECT_THAT(sim.members(first), IsEmpty());
  EXPECT_THAT(sim.members(second), ElementsAre("ann@example.com"));
  EXPECT_EQ(fields_of(sim)["unsubscribedChannelIds"], Json::array({3}));
  EXPECT_EQ(sim.post("/api/users/updateSubscriptions", R"({"email":"foo@"})").status, 400);
}

TEST(SubscriptionsTest, BulkAnswersAsRecorded) {
  TryOut sim(ProjectType::email);
  sim.turn("shape", "2017");
  sim.add_people(kAnn);
  EXPECT_EQ(sim.post("/api/users/bulkUpdateSubscriptions",
                     R"({"updateSubscriptionsRequests":[{"email":"ann@example.com"}]})")
                .body,
            R"({"successCount":1,"failCount":0,"invalidEmails":[],"validEmailFailures":[]})");
  EXPECT_EQ(sim.post("/api/users/bulkUpdateSubscriptions",
                     R"({"updateSubscriptionsRequests":[{"email":"foo@"}]})")
                .body,
            R"({"successCount":0,"failCount":1,"invalidEmails":["foo@"],"validEmailFailures":[]})");
}

TEST(SubscriptionsApiTest, IsClosedUntilSwitchedOn) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  std::string path = "/api/subscriptions/emailList/" + std::to_string(sim.make_list());
  Response closed = sim.send("PATCH", path + "/user/ann@example.com");
  EXPECT_EQ(closed.status, 404);
  EXPECT_EQ(sim.json(closed)["code"], "NotFound");
}

TEST(SubscriptionsApiTest, PutsPeopleOnAListAndCreatesNobody) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("subscriptions_api", "on");
  sim.add_people(std::string(kAnn) + "\n{\"userId\":\"B\"}");
  int64_t list = sim.make_list();
  std::string path = "/api/subscriptions/emailList/" + std::to_string(list);
  EXPECT_EQ(sim.send("PUT", path + "?action=subscribe",
                     R"({"users":["ann@example.com","no@example.com"],"usersByUserId":["B"]})")
                .body,
            kSuccess);
  EXPECT_THAT(sim.members(list), ElementsAre("B", "ann@example.com"));
  EXPECT_EQ(sim.people(), 2U);
  EXPECT_EQ(sim.send("DELETE", path + "/user/ann@example.com").status, 200);
  EXPECT_EQ(sim.send("DELETE", path + "/byUserId/B").status, 200);
  EXPECT_THAT(sim.members(list), IsEmpty());
  EXPECT_EQ(sim.send("PATCH", path + "/byUserId/B").status, 200);
  EXPECT_EQ(sim.send("PATCH", path + "/user/Ann@example.com").status, 200);
  EXPECT_THAT(sim.members(list), ElementsAre("B", "ann@example.com"));
  EXPECT_EQ(sim.send("PATCH", path + "/byUserId/Z").status, 400);
  EXPECT_EQ(sim.send("PATCH", "/api/subscriptions/emailList/1/byUserId/B").status, 400);
  EXPECT_EQ(sim.send("PATCH", "/api/subscriptions/other/1/byUserId/B").status, 400);
  EXPECT_EQ(sim.send("PUT", path + "?action=subscribe", R"({"users":[1]})").status, 400);
  EXPECT_EQ(sim.send("PUT", path, R"({"users":[]})").status, 400);
}

TEST(MergeTest, SourceGoesIntoDestinationOrTakesItsName) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(
      "{\"email\":\"a@example.com\",\"dataFields\":{\"x\":1,\"y\":1}}\n"
      "{\"email\":\"b@example.com\",\"dataFields\":{\"x\":2}}");
  int64_t list = sim.make_list();
  sim.subscribe(list, R"([{"email":"a@example.com"}])");
  auto send = [&](const char* from, const char* to) {
    return sim.post("/api/users/merge",
                    print(Json{{"sourceEmail", from}, {"destinationEmail", to}}));
  };
  EXPECT_EQ(send("a@example.com", "b@example.com").status, 200);
  EXPECT_EQ(fields_of(sim, "b@example.com")["x"], 2);
  EXPECT_EQ(fields_of(sim, "b@example.com")["y"], 1);
  EXPECT_THAT(sim.members(list), ElementsAre("b@example.com"));
  EXPECT_EQ(send("a@example.com", "b@example.com").status, 400);
  EXPECT_EQ(send("b@example.com", "c@example.com").status, 200);
  EXPECT_THAT(sim.members(list), ElementsAre("c@example.com"));
  EXPECT_EQ(sim.people(), 1U);
}

}  // namespace
}  // namespace sim::testing
