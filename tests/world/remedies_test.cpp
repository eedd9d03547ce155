// Whatever a run says is to be done is done here, and then the run ends well: no remedy that ends
// in the same line. What is missing on a disk or in a damaged home is in run_test.cpp.
#include <gmock/gmock.h>

#include "tests/world/little_iterable.hpp"

namespace rollcall::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RemedyTest : public RunTest {
 protected:
  void SetUp() override {
    RunTest::SetUp();
    contacts({"ann", "bob", "cem"});
    segment({{"ann", "A"}, {"bob", "B"}});
  }
  // What a run that does not end well says of it, with or without a report.
  void expect_failure(const std::string& message, const std::string& remedy, const How& how = {}) {
    const auto report = try_run(how);
    const std::optional<Error> error = !report.ok() ? report.error() : report->error;
    ASSERT_TRUE(error.has_value()) << "it ended well";
    if (report.ok()) {
      last_ = *report;
    }
    EXPECT_THAT(error->message, HasSubstr(message));
    EXPECT_THAT(error->remedy, HasSubstr(remedy));
  }
  // And after what it asked for was done.
  void expect_done(const How& how = {}) {
    const auto report = try_run(how);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(report->status, RunStatus::completed) << (report->error ? report->error->text() : "");
    ASSERT_TRUE(report->list.has_value());
    EXPECT_THAT(iterable_.on_list(report->list->id), ElementsAre("ann", "bob"));
    last_ = *report;
  }
  void lists(int64_t id, const std::string& name, const std::string& type = "Standard") {
    project().lists.push_back({.id = id, .name = name, .created_at_ms = id, .type = type});
  }
  void answer(const std::string& path, const http::Answer& with) {
    iterable_.instead = [path, with](const std::string& asked, const http::Request&) {
      return asked.starts_with(path) ? std::optional(with) : std::nullopt;
    };
  }
  void answer(const std::string& path, int status, const std::string& body = "{}",
              std::optional<Millis> retry_after = std::nullopt) {
    answer(path, http::Response{.status = status, .body = body, .retry_after = retry_after});
  }
  void as_before() { iterable_.instead = {}; }
  World world() {
    return {clock_, random_, iterable_, workers_, disk_,
            *this,  *store_, leases_,   states(), {home()}};
  }
  void declare_email_project() {
    catalog_.destinations[0].project_type = ProjectType::email;
    catalog_hash_ = "as an email project";
  }
  RunReport last_;
};

// --- The list.

TEST_F(RemedyTest, AListOfThatNameIsTakenOverOrAnotherNameGiven) {
  lists(5, "VIPs");
  expect_failure("already in Iterable, with id 5", "Take it over with `list: {adopt: 5}`");
  activation().adopt_list = 5;
  expect_done();
  EXPECT_EQ(last_.list->id, 5);
}
TEST_F(RemedyTest, AListOfThatNameIsLeftWhereTheActivationGetsAnotherName) {
  lists(5, "VIPs");
  expect_failure("already in Iterable", "or give the activation another name");
  activation().name = "Best";
  expect_done();
  EXPECT_NE(last_.list->id, 5);
}
TEST_F(RemedyTest, ADeletedListIsMadeAnew) {
  expect_done();
  project().lists.clear();
  for (auto& [email, contact] : project().contacts) contact.lists.clear();
  expect_failure("is not in this Iterable project any more", "`run --new-list` makes a new one");
  expect_done({.new_list = true});
  expect_done();
}
TEST_F(RemedyTest, AnAdoptedListThatWasDeletedIsReplaced) {
  lists(5, "Theirs");
  activation().adopt_list = 5;
  expect_done();
  project().lists.clear();
  for (auto& [email, contact] : project().contacts) contact.lists.clear();
  expect_failure("is not in this Iterable project any more", "take `list: {adopt: 5}` out");
  expect_failure("is not in this Iterable project any more", "take `list: {adopt: 5}` out",
                 {.new_list = true});
  activation().adopt_list = std::nullopt;
  expect_done({.new_list = true});
}
TEST_F(RemedyTest, AnAdoptedListThatWasDeletedIsReplacedByAnotherThatIsAdopted) {
  lists(5, "Theirs");
  lists(6, "Others");
  activation().adopt_list = 5;
  expect_done();
  std::erase_if(project().lists, [](const auto& list) { return list.id == 5; });
  expect_failure("is not in this Iterable project any more", "or name another list there");
  activation().adopt_list = 6;
  expect_done({.new_list = true});
  EXPECT_EQ(last_.list->id, 6);
}
TEST_F(RemedyTest, AListThatIsDeletedWhileARunWritesIsMadeAnew) {
  expect_done();
  segment({{"ann", "A2"}, {"bob", "B2"}});
  answer("lists/subscribe", 400, R"x({"msg":"error.lists.invalidListId(7)","code":"Success"})x");
  expect_failure("does not know this list any more", "Was it deleted? `run --new-list`");
  as_before();
  project().lists.clear();
  for (auto& [email, contact] : project().contacts) contact.lists.clear();
  expect_done({.new_list = true});
}
TEST_F(RemedyTest, ANewListIsNotMadeInPlaceOfOneThatIsThere) {
  expect_done();
  expect_failure("is there and bears the activation's name",
                 "replaces a list that was deleted or that should bear a new name",
                 {.new_list = true});
  expect_done();
  activation().name = "Best";
  expect_done({.new_list = true});
  EXPECT_EQ(last_.list->name, "Best");
}
TEST_F(RemedyTest, TheIdOfAListToAdoptIsCorrected) {
  activation().adopt_list = 99;
  expect_failure("no list 99 to adopt", "Check the id in `list: {adopt: …}`");
  lists(5, "Theirs");
  activation().adopt_list = 5;
  expect_done();
}
TEST_F(RemedyTest, AnotherListIsAdopted) {
  lists(5, "Clever", "Dynamic");
  activation().adopt_list = 5;
  expect_failure("is of type Dynamic", "Adopt another list");
  lists(6, "Plain");
  activation().adopt_list = 6;
  expect_done();
}
TEST_F(RemedyTest, AKeyOfAnotherProjectIsChangedBack) {
  expect_done();
  expect_done();  // now it is known when the list was made
  const auto ours = project();
  project().lists[0].created_at_ms = 77;
  expect_failure("of this project is another one", "use a key of the earlier project");
  project() = ours;
  expect_done();
}
TEST_F(RemedyTest, AnActivationForAnotherProjectIsMadeAnew) {
  expect_done();
  expect_done();
  project().lists[0].created_at_ms = 77;
  project().lists[0].name = "Theirs";
  for (auto& [email, contact] : project().contacts) contact.lists.clear();
  expect_failure("of this project is another one",
                 "archive this activation and make a new one for this project");
  activation().uid = "a2";
  expect_done();
}
TEST_F(RemedyTest, AListIsThereToAuditAfterARun) {
  (void)try_run({.approve = "nobody"});
  EXPECT_THAT(run::audit(world(), catalog_, activation(), {}).error().text(),
              HasSubstr("`rollcall run` makes it"));
  expect_done();
  EXPECT_TRUE(run::audit(world(), catalog_, activation(), {}).ok());
}

// --- The guard.

TEST_F(RemedyTest, WhatTheGuardStoppedIsApprovedOnce) {
  contacts({"c1", "c2", "c3", "c4", "c5", "c6"});
  segment({{"ann", "A"}, {"bob", "B"}, {"c1", ""}, {"c2", ""}, {"c3", ""}, {"c4", ""}});
  ASSERT_EQ(try_run()->status, RunStatus::completed);
  segment({{"ann", "A"}, {"bob", "B"}});
  expect_failure("stopped by the guard", "run with `--approve ");
  const std::string plan = last_.plan_id;
  expect_failure("there is no plan `x`", "the plan's id", {.approve = "x"});
  expect_done({.approve = plan});
  expect_failure("an approval counts once", "Approve a plan of today", {.approve = plan});
}

// --- The catalog.

TEST_F(RemedyTest, AUserIdBasedProjectIsMatchedByUserId) {
  catalog_.destinations[0].project_type = ProjectType::user_id;
  expect_failure("identifies nobody by e-mail", "Use `match_key: {type: user_id, …}`");
  activation().match_key.type = KeyType::user_id;
  expect_done();
}
TEST_F(RemedyTest, AMatchKeyOfManyValuesIsReplaced) {
  const Status refused =
      check_key_type({KeyType::email, "emails"}, {.name = "emails", .type = FieldType::list});
  EXPECT_THAT(refused.error().remedy, HasSubstr("Match by a field that holds one value"));
  EXPECT_TRUE(
      check_key_type({KeyType::email, "email"}, {.name = "email", .type = FieldType::text}).ok());
}
TEST_F(RemedyTest, AnApiKeyIsSet) {
  catalog_.destinations[0].api_key = Secret("");
  expect_failure("has no API key", "Set `api_key` and apply the file again");
  catalog_.destinations[0].api_key = Secret("k");
  expect_done();
}
TEST_F(RemedyTest, TheTypeOfTheProjectIsCorrected) {
  declare_email_project();
  expect_failure("is declared with project_type email", "Correct `project_type`");
  catalog_.destinations[0].project_type = ProjectType::hybrid;
  catalog_hash_ = "corrected";
  expect_done();
}
TEST_F(RemedyTest, AFieldOfAnotherTypeIsTakenOutOfTheMapping) {
  project().fields["name"] = "long";
  expect_failure("name", "");
  EXPECT_FALSE(last_.error->remedy.empty());
  project().fields["name"] = "string";
  expect_done();
}
TEST_F(RemedyTest, MappingIsComparedWhereMostAreRefusedForTheirData) {
  std::map<std::string, std::string> many = {{"ann", "A"}, {"bob", "B"}};
  std::vector<std::string> names;
  for (int i = 0; i < 120; ++i) names.push_back("c" + std::to_string(i));
  contacts(names);
  for (const std::string& name : names) many[name] = "C";
  segment(many);
  iterable_.instead = [&](const std::string& path, const http::Request& request) {
    if (path != "lists/subscribe" || request.body.find("dataFields") == std::string::npos)
      return std::optional<http::Answer>();
    json refused = json::array();
    const json body = json::parse(request.body);
    for (const json& person : body["subscribers"]) refused.push_back(person["email"]);
    return std::optional(FakeIterable::ok({{"successCount", 0},
                                           {"failCount", refused.size()},
                                           {"failedUpdates", {{"invalidDataEmails", refused}}}}));
  };
  expect_failure("refuses most people for the data",
                 "Compare the mapping with the project's fields");
  as_before();
  activation().attributes.clear();
  catalog_hash_ = "without the attribute";
  const auto report = try_run();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->status, RunStatus::completed);
  EXPECT_EQ(iterable_.on_list(7).size(), 122u);
}

// Iterable refuses a batch whole for the data of one person in it.
TEST_F(RemedyTest, WhoIsRefusedWithTheWholeBatchHoldsTheOthersUpForOneRunAtTheMost) {
  std::map<std::string, std::string> many;
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
  contacts(names);
  for (int i = 0; i < 1000; ++i) many[names[i]] = i % 20 == 7 ? "refused" : "C";
  segment(many);
  iterable_.instead = [](const std::string& path, const http::Request& request) {
    return path == "lists/subscribe" && request.body.find("refused") != std::string::npos
               ? std::optional<http::Answer>(http::Response{
                     .status = 400, .body = R"({"code":"RequestFieldsTypesMismatched"})"})
               : std::nullopt;
  };
  expect_failure("too many batches had to be sent again in pieces",
                 "run again: it goes on with the others");
  const auto report = try_run();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->status, RunStatus::completed_with_rejects)
      << (report->error ? report->error->text() : "");
  EXPECT_EQ(iterable_.on_list(7).size(), 950u);
  // And somebody who is new does not wait behind them.
  contacts({"ann"});
  many["ann"] = "A";
  segment(many);
  EXPECT_EQ(try_run()->status, RunStatus::completed_with_rejects);
  EXPECT_EQ(iterable_.on_list(7).size(), 951u);
}

// --- Iterable, and what lies between.

TEST_F(RemedyTest, RunsAgainWhateverIterableAnswered) {
  struct Case {
    const char* path;
    http::Answer answer;
    const char *message, *remedy;
  };
  const auto status = [](int code, const std::string& body = "{}") -> http::Answer {
    return http::Response{.status = code, .body = body};
  };
  const http::Answer silence = tl::unexpected(
      http::Failure{{ErrorKind::unavailable, "no answer from iterable", "Try again."}, true});
  const Case cases[] = {
      {"lists", status(401), "status 401", "Check the API key"},
      {"lists", status(404), "status 404", "Check the destination's base_url"},
      {"lists", status(200, "<html>"), "not what it documents", "Try again; if it stays"},
      {"lists", status(200, std::string(200'000, '[')), "not what it documents", "Try again"},
      {"lists", status(429), "status 429", "Other tools share this project's limits"},
      {"users/getFields", status(500), "status 500", "Iterable seems to be in trouble"},
      {"users/getFields", status(418), "status 418",
       "Iterable refuses what it takes at other times"},
      {"lists/subscribe", silence, "no answer", ""},
      {"lists/subscribe", status(200, "<html>"), "", "Run again: they are tried first"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.path + std::string(" ") + one.message);
    segment({{"ann", "A"}, {"bob", "B"}});
    answer(one.path, one.answer);
    expect_failure(one.message, one.remedy);
    as_before();
    expect_done();
    TearDown();
    iterable_.project = {};
    SetUp();
  }
}
TEST_F(RemedyTest, WaitsNoLongerThanItSaysAndRunsAgainAfterThatTime) {
  answer("lists/subscribe", 429, "{}", Millis(20 * 60'000));
  expect_failure("asks to wait 1200 s", "Run again after that time: it carries on from here");
  as_before();
  clock_.advance(Millis(20 * 60'000));
  expect_done();
}
TEST_F(RemedyTest, WhatAnswersWithOthersProfilesIsTakenAway) {
  declare_email_project();
  answer("users/getByEmail", 200, R"({"user":{"email":"eve@x.co","dataFields":{}}})");
  expect_failure("another person's profile", "look for a proxy or a cache");
  as_before();
  catalog_.destinations[0].project_type = ProjectType::hybrid;
  expect_done();
}
TEST_F(RemedyTest, AProofIsGivenLonger) {
  catalog_.destinations[0].proof.max_age = Millis(2000);
  iterable_.instead = [&](const std::string& path, const http::Request&) {
    if (path.starts_with("users/getByEmail")) clock_.advance(Millis(3000));
    return std::optional<http::Answer>();
  };
  expect_failure("within the `max_age` of a proof", "give the destination a longer one");
  catalog_.destinations[0].proof.max_age = Millis(60'000);
  catalog_hash_ = "longer";
  expect_done();
}
TEST_F(RemedyTest, OnePersonTheServerFailsAtIsTriedByTheNextRun) {
  segment({{"ann", "A"}, {"cem", "C"}});
  ASSERT_EQ(try_run()->status, RunStatus::completed);
  segment({{"ann", "A2"}, {"bob", "B"}, {"cem", "C2"}});
  iterable_.instead = [](const std::string& path, const http::Request& request) {
    return path == "lists/subscribe" && request.body.find("bob@") != std::string::npos
               ? std::optional<http::Answer>(http::Response{.status = 500})
               : std::nullopt;
  };
  expect_failure("Iterable failed each time at 1 person", "the next run tries them again");
  as_before();
  segment({{"ann", "A2"}, {"bob", "B"}});
  expect_done();
}

// --- Other processes, and those who stop one.

TEST_F(RemedyTest, AnotherRunIsWaitedFor) {
  {
    const auto other = leases_.take("activations/a1/lock", {});
    ASSERT_TRUE(other.ok());
    expect_failure("another run of this activation is in progress", "Wait for it to end");
  }
  expect_done();
}
TEST_F(RemedyTest, AnotherActivationThatMakesFieldsIsWaitedFor) {
  activation().attributes[0].to = "nick";
  activation().attributes[0].create = true;
  {
    const auto other = leases_.take("destinations/d1/lock", {});
    ASSERT_TRUE(other.ok());
    expect_failure("has been making fields for two minutes", "Try again");
  }
  expect_done();
}
TEST_F(RemedyTest, ARunThatWasStoppedIsCarriedOn) {
  iterable_.instead = [&](const std::string& path, const http::Request&) {
    if (path == "lists/subscribe") stop_.request_stop();
    return std::optional<http::Answer>();
  };
  expect_failure("stopped", "it carries on from here");
  EXPECT_EQ(last_.status, RunStatus::interrupted);
  as_before();
  stop_ = {};
  expect_done();
  EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob"));
}

// --- The home.

TEST_F(RemedyTest, WhatIsNoFileIsMovedAway) {
  for (const std::string name :
       {"state.json", "state.json.new", "lock", "../../rollcall.db-wal", "../../rollcall.db-shm"}) {
    expect_done();
    store_.reset();
    const fs::path path = kept() / name;
    fs::remove(path);
    fs::create_directory(path);
    expect_failure("something else is in its place", "Move it away and run again");
    fs::rename(path, folder_ / "moved");
    fs::remove(folder_ / "moved");
    if (name == "state.json")
      expect_failure("state.json is gone", "`rollcall run --full` of this activation rebuilds it");
    expect_done({.full = name == "state.json"});
  }
}
TEST_F(RemedyTest, WhatIsNoFolderIsMovedAway) {
  for (const fs::path& path : {kept(), kept().parent_path(), home() / "tmp"}) {
    store_.reset();
    fs::remove_all(home());
    project().lists.clear();
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "x";
    expect_failure(path.string() + " is no folder", "Move it away and run again");
    fs::remove(path);
    expect_done();
  }
}
TEST_F(RemedyTest, ALinkIsRemoved) {
  expect_done();
  fs::create_symlink(folder_ / "theirs", kept() / "state.json.new");
  expect_failure("is a link, which is not followed", "Remove it.");
  fs::remove(kept() / "state.json.new");
  expect_done();
}
TEST_F(RemedyTest, ANewHomeTakesTheListOver) {
  expect_done();
  store_.reset();
  fs::resize_file(home() / "key", 3);
  expect_failure("is no key of ours", "remove it, start a new home and apply the catalog again");
  fs::remove(home() / "key");
  fs::rename(home(), folder_ / "old");
  activation().uid = "a2";
  expect_failure("already in Iterable, with id 7", "`list: {adopt: 7}`");
  activation().adopt_list = 7;
  expect_done();
}
TEST_F(RemedyTest, AKeyIsHiddenFromOthers) {
  expect_done();
  store_.reset();
  fs::permissions(home() / "key", fs::perms(0644));
  expect_failure("can be read by others", "chmod 600 " + (home() / "key").string());
  fs::permissions(home() / "key", fs::perms(0600));
  expect_done();
}
TEST_F(RemedyTest, ADamagedDatabaseIsRestoredFromABackup) {
  expect_done();
  store_.reset();
  fs::copy(home() / "rollcall.db", folder_ / "backup.db");
  expect_done();
  store_.reset();
  for (const char* tail : {"-wal", "-shm"}) fs::remove((home() / "rollcall.db").string() + tail);
  std::ofstream(home() / "rollcall.db", std::ios::trunc) << std::string(9000, 'x');
  expect_failure("is no database of ours, or is damaged", "Restore it from a backup");
  fs::copy(folder_ / "backup.db", home() / "rollcall.db", fs::copy_options::overwrite_existing);
  expect_done();
}
TEST_F(RemedyTest, WhatWasKeptOfPeopleIsKeptAnewByTheNextRun) {
  expect_done();
  const std::string run = last_.run_id;
  const auto told = [&](const std::string& id) {
    return states().of("a1")->missing_people(id, "all", [](const auto&) { return true; });
  };
  EXPECT_THAT(told("none").error().text(), HasSubstr("Only runs that ended keep them"));
  fs::resize_file(kept() / "runs" / run / "people.parquet", 40);
  EXPECT_THAT(told(run).error().text(), HasSubstr("Run the activation again"));
  expect_done();
  EXPECT_TRUE(told(last_.run_id).ok());
}

}  // namespace
}  // namespace rollcall::run
