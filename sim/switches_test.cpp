// Switches that no other test has an eye on: each position, and how they are read.
#include "sim/testing.hpp"

namespace sim::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kAnn = R"({"email":"ann@example.com","userId":"A"})";

Json bulk_update(TryOut& sim, std::string_view fields) {
  return TryOut::json(
      sim.post("/api/users/bulkUpdate", "{\"users\":[{\"userId\":\"A\",\"dataFields\":" +
                                            std::string(fields) + "}],\"createNewFields\":true}"));
}

TEST(SwitchesTest, LoadTurnsAllOrNone) {
  Switches switches;
  EXPECT_EQ(switches.load({{"counts", "rows"}, {"no_op_arrays", false}, {"batch_max", 7}}), "");
  EXPECT_EQ(switches.counts, Switches::count_rows);
  EXPECT_EQ(switches.no_op_arrays, Switches::flipped_off);
  EXPECT_EQ(switches.batch_max, 7);
  EXPECT_THAT(switches.load({{"batch_max", 9}, {"nothing", 1}}), HasSubstr("'nothing'"));
  EXPECT_THAT(switches.load({{"batch_max", 9}, {"counts", {"rows"}}}), HasSubstr("counts"));
  EXPECT_THAT(switches.load({{"batch_max", -9}}), HasSubstr("batch_max"));
  EXPECT_THAT(switches.load(Json::array()), HasSubstr("object"));
  EXPECT_EQ(switches.batch_max, 7);
}

TEST(SwitchesTest, LoadTakesWhatToJsonGives) {
  Switches switches;
  switches.shape = Switches::shape_2021;
  switches.size_lag_ms = 3;
  Switches other;
  EXPECT_EQ(other.load(Json::parse(print(switches.to_json()))), "");
  EXPECT_EQ(other.to_json(), switches.to_json());
}

TEST(SwitchesTest, TypeConflictOfSubscribeIsApartFromBulkUpdate) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  bulk_update(sim, R"({"n":1})");
  int64_t list = sim.make_list();
  std::string body = "{\"listId\":" + std::to_string(list) +
                     R"(,"subscribers":[{"userId":"A","dataFields":{"n":"x"}}]})";
  sim.turn("type_conflict", "row");
  EXPECT_EQ(sim.post("/api/lists/subscribe", body).status, 400);
  EXPECT_EQ(failures(bulk_update(sim, R"({"n":"x"})")), (Json{{"invalidDataUserIds", {"A"}}}));
  sim.turn("type_conflict_subscribe", "row");
  EXPECT_EQ(failures(sim.json(sim.post("/api/lists/subscribe", body))),
            (Json{{"invalidDataUserIds", {"A"}}}));
}

TEST(SwitchesTest, NumberTextsFitNumbersOrDoNot) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  bulk_update(sim, R"({"n":1,"t":"text"})");
  for (const char* fields : {R"({"n":"12"})", R"({"t":12})"}) {
    sim.turn("number_texts", "refuse");
    EXPECT_EQ(bulk_update(sim, fields)["code"], "RequestFieldsTypesMismatched") << fields;
    sim.turn("number_texts", "accept");
    EXPECT_EQ(bulk_update(sim, fields)["successCount"], 1) << fields;
  }
  for (const char* fields : {R"({"n":"a"})", R"({"n":""})", R"({"t":true})", R"({"n":true})"}) {
    EXPECT_EQ(bulk_update(sim, fields)["code"], "RequestFieldsTypesMismatched") << fields;
  }
}

TEST(SwitchesTest, MixedArraysTakeTheTypeOfTheFirstOrAreRefused) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  EXPECT_EQ(bulk_update(sim, R"({"a":[1,"x"]})")["code"], "RequestFieldsTypesMismatched");
  sim.turn("mixed_arrays", "accept");
  EXPECT_EQ(bulk_update(sim, R"({"a":[1,"x",true]})")["successCount"], 1);
  EXPECT_EQ(sim.json(sim.get("/api/users/getFields"))["fields"]["a"], "long");
  EXPECT_EQ(sim.json(sim.get("/_sim/contacts?userId=A"))["dataFields"]["a"], (Json{1, "x", true}));
  EXPECT_EQ(bulk_update(sim, R"({"a":["x",1]})")["code"], "RequestFieldsTypesMismatched");
}

TEST(SwitchesTest, NoOpsAreSuccessesOrCountNowhere) {
  TryOut sim(ProjectType::hybrid);
  sim.add_people(kAnn);
  int64_t list = sim.make_list();
  std::string_view ann = R"([{"userId":"A"}])";
  EXPECT_EQ(sim.subscribe(list, ann)["successCount"], 1);
  EXPECT_EQ(sim.subscribe(list, ann)["successCount"], 1);
  sim.turn("no_op_counts", "neither");
  Json again = sim.subscribe(list, ann);
  EXPECT_EQ(again["successCount"], 0);
  EXPECT_EQ(again["failCount"], 0);
  EXPECT_EQ(again["noOpUserIds"], Json{"A"});
  EXPECT_EQ(sim.unsubscribe(list, ann)["successCount"], 1);
}

TEST(SwitchesTest, UnknownListIsNamedTheOldWayOrTheNew) {
  TryOut sim(ProjectType::hybrid);
  for (auto [method, target] :
       {std::pair{"GET", "/api/lists/getUsers?listId=42"},
        std::pair{"GET", "/api/lists/previewUsers?listId=42"},
        std::pair{"GET", "/api/lists/42/size"}, std::pair{"DELETE", "/api/lists/42"}}) {
    sim.turn("unknown_list", "bad_params");
    EXPECT_EQ(sim.json(sim.send(method, target))["code"], "BadParams") << target;
    sim.turn("unknown_list", "invalid_list_id");
    Response response = sim.send(method, target);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(sim.json(response)["msg"], "error.lists.invalidListId(42)") << target;
  }
}

TEST(SwitchesTest, NamesAndDescriptionsAreMeasuredInCharacters) {
  TryOut sim(ProjectType::hybrid);
  auto make = [&](int name, int description) {
    auto repeat = [](int count) {
      std::string out;
      for (int i = 0; i < count; ++i) out += "é";
      return out;
    };
    Json body = {{"name", repeat(name)}, {"description", repeat(description)}};
    return sim.post("/api/lists", print(body)).status;
  };
  EXPECT_EQ(make(255, 140), 200);
  EXPECT_EQ(make(256, 140), 400);
  EXPECT_EQ(make(255, 141), 400);
  sim.turn("list_name_max", "0");
  sim.turn("description_max", "0");
  EXPECT_EQ(make(2000, 2000), 200);
}

TEST(SwitchesTest, DeletedMembersStayInGetUsersForAWhile) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("visible_after_ms", "100");
  sim.turn("deleted_stay_ms", "2000");
  sim.add_people(R"({"email":"ann@example.com"}
{"email":"bob@example.com"})");
  int64_t list = sim.make_list();
  sim.subscribe(list, R"([{"email":"ann@example.com"},{"email":"bob@example.com"}])");
  sim.advance_ms(100);
  std::string target = "/api/lists/getUsers?listId=" + std::to_string(list);
  EXPECT_EQ(sim.send("DELETE", "/api/users/ann@example.com").status, 200);
  EXPECT_EQ(sim.get(target).body, "ann@example.com\nbob@example.com\n");
  sim.advance_ms(100);
  EXPECT_EQ(sim.get(target).body, "bob@example.com\nann@example.com\n");
  EXPECT_EQ(sim.get("/api/users/ann@example.com").body, "{}");
  EXPECT_EQ(sim.members(list), (std::set<std::string>{"bob@example.com"}));
  sim.add_people(R"({"email":"ann@example.com"})");  // someone new of that name
  EXPECT_EQ(sim.get(target).body, "bob@example.com\n");
  sim.send("DELETE", "/api/users/bob@example.com");
  sim.advance_ms(1999);
  EXPECT_EQ(sim.get(target).body, "bob@example.com\n");
  sim.advance_ms(1);
  EXPECT_EQ(sim.get(target).body, "");
}

TEST(SwitchesTest, ExportsSeeAWriteLaterThanOtherReads) {
  TryOut sim(ProjectType::hybrid);
  sim.turn("visible_after_ms", "100");
  sim.turn("export_lag_ms", "2000");
  sim.post("/api/users/update", R"({"email":"ann@example.com"})");
  std::string target = "/api/export/data.json?dataTypeName=user&range=All";
  auto rows = [&] {
    Response response = sim.get(target);
    std::string all;
    for (std::string chunk; response.next_chunk(chunk);) all += chunk;
    return all;
  };
  sim.advance_ms(100);
  EXPECT_NE(sim.get("/api/users/ann@example.com").body, "{}");
  EXPECT_EQ(rows(), "");
  sim.advance_ms(1900);
  EXPECT_THAT(rows(), HasSubstr("ann@example.com"));
}

TEST(SwitchesTest, IdentifiersThatNameNobodyHereAreNotFoundOrInvalid) {
  TryOut by_email(ProjectType::email);
  int64_t list = by_email.make_list();
  EXPECT_EQ(failures(by_email.subscribe(list, R"([{"userId":"X"}])")),
            (Json{{"notFoundUserIds", {"X"}}}));
  by_email.turn("email_project_user_id", "invalid");
  EXPECT_EQ(failures(by_email.subscribe(list, R"([{"userId":"X"}])")),
            (Json{{"invalidUserIds", {"X"}}}));

  TryOut by_id(ProjectType::user_id);
  list = by_id.make_list();
  EXPECT_EQ(failures(by_id.subscribe(list, R"([{"email":"x@example.com"}])")),
            (Json{{"notFoundEmails", {"x@example.com"}}}));
  by_id.turn("user_id_project_email", "invalid");
  EXPECT_EQ(failures(by_id.subscribe(list, R"([{"email":"x@example.com"}])")),
            (Json{{"invalidEmails", {"x@example.com"}}}));
}

TEST(SwitchesTest, UpdateOnlyCreatesNobodyInAnEmailProjectEither) {
  TryOut sim(ProjectType::email);
  std::string_view body = R"({"users":[{"email":"new@example.com"}],"updateOnly":true})";
  sim.turn("bulk_update_only", "on");
  EXPECT_EQ(sim.json(sim.post("/api/users/bulkUpdate", body))["failCount"], 1);
  EXPECT_EQ(sim.people(), 0U);
  sim.turn("bulk_update_only", "off");
  EXPECT_EQ(sim.json(sim.post("/api/users/bulkUpdate", body))["successCount"], 1);
}

}  // namespace
}  // namespace sim::testing
