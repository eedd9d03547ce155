#include "deliver/deliver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "state/testing.hpp"

namespace rollcall::deliver {
namespace {

using nlohmann::json;
using testing::Each;
using testing::ElementsAre;

// A little Iterable in memory: contacts by e-mail, one list, and whatever mischief a test asks for.
class FakeIterable : public http::Transport {
 public:
  http::Answer send(const http::Request& request, const std::stop_token&) override {
    const std::lock_guard lock(mutex_);
    if (request.url.find("users/getByEmail") != std::string::npos) {
      ++look_ups;
      const std::string email = request.url.substr(request.url.find('=') + 1);
      std::string plain = email;
      if (const size_t at = plain.find("%40"); at != std::string::npos) plain.replace(at, 3, "@");
      if (on_look_up) on_look_up();
      if (unanswered.count(plain)) return http::Response{.status = 500, .body = ""};
      if (confused.count(plain)) plain = "somebody.else@x.co";
      return http::Response{
          .status = 200,
          .body =
              contacts.count(plain) || plain == "somebody.else@x.co"
                  ? json{{"user",
                          {{"email", plain}, {"dataFields", {{"profileUpdatedAt", updated_at}}}}}}
                        .dump()
                  : "{}"};
    }
    if (request.url.find("export/data.json") != std::string::npos) {
      if (export_fails) return http::Response{.status = 500, .body = ""};
      for (const std::string& email : contacts)
        EXPECT_TRUE(request.on_body(json{{"email", email}}.dump() + "\n"));
      return http::Response{.status = 200};
    }
    if (request.may_leave && !request.may_leave())
      return tl::unexpected(http::Failure{{ErrorKind::unavailable, "held back"}, false});
    ++writes;
    const json body = json::parse(request.body);
    const json& people = body.contains("subscribers") ? body["subscribers"] : body["users"];
    biggest = std::max(biggest, people.size());
    if (mischief) {
      if (auto answer = mischief(people)) return *answer;
    }
    std::vector<std::string> unknown, forgotten_now;
    for (const json& person : people) {
      const std::string email = person["email"];
      if (forgotten.count(email)) {
        forgotten_now.push_back(email);
        continue;
      }
      if (!contacts.count(email) && creates) {
        contacts.insert(email);
        created.insert(email);
      }
      if (!contacts.count(email)) {
        unknown.push_back(email);
      } else if (request.url.find("unsubscribe") != std::string::npos) {
        list.erase(email);
      } else if (request.url.find("subscribe") != std::string::npos) {
        list.insert(email);
      }
    }
    const size_t failed = unknown.size() + forgotten_now.size();
    const json answer = {
        {"successCount", people.size() - failed},
        {"failCount", failed},
        {"failedUpdates", {{"notFoundEmails", unknown}, {"forgottenEmails", forgotten_now}}}};
    return http::Response{.status = 200, .body = answer.dump()};
  }

  std::set<std::string> contacts, forgotten, list;
  bool export_fails = false;
  bool creates = false;  // whom it does not know, as an email-based project does
  std::set<std::string> created;
  std::set<std::string> confused;    // asked for these it tells another person's profile
  std::set<std::string> unanswered;  // at these it fails when it is asked for them
  std::function<void()> on_look_up;
  std::string updated_at = "1970-01-01 00:00:00 +00:00";
  std::function<std::optional<http::Answer>(const json& people)> mischief;
  int writes = 0, look_ups = 0;
  size_t biggest = 0;

 private:
  std::mutex mutex_;
};

// What two batches do to each other shows only where they are side by side.
class Threads : public Workers {
 public:
  void run(size_t n, const std::function<void()>& body) override {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < n; ++i) threads.emplace_back(body);
  }
};

class DeliverTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("deliver-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    journal_ = std::make_unique<state::MemoryJournal>();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // p0@x.co … with a name each, all entering or leaving.
  void people(int count, ChangeKind kind = ChangeKind::entered, bool look_up = false) {
    count_ = count;
    changes_.clear();
    for (int i = 0; i < count; ++i) {
      const std::string name = "p" + std::to_string(i);
      changes_.push_back({.seq = static_cast<uint32_t>(i),
                          .key = name + "@x.co",
                          .kind = kind,
                          .was_on_list = kind == ChangeKind::left,
                          .look_up_first = look_up,
                          .values = {"\"n" + std::to_string(i) + "\""}});
      iterable_.contacts.insert(name + "@x.co");
    }
  }
  std::optional<Error> deliver(ProjectType type = ProjectType::hybrid, bool trusted = true) {
    iterable::Pace pace(clock_);
    iterable::CallCounter counter;
    const iterable::Client client({"http://iterable", Secret("k"), type}, iterable_, clock_,
                                  random_, pace, counter, permit_);
    if (setting_the_pace) setting_the_pace(pace);
    iterable_.creates = type == ProjectType::email;
    prove::Trust trust(
        type, {trusted ? prove::Trial::Grade::passed : prove::Trial::Grade::untried, true});
    Observer observer;
    prove::Contacts exported_by(client, KeyType::email, clock_, disk_, observer,
                                {folder_ / "exported", Secret(std::string(32, 's')), "a project"});
    Delivery delivery({.client = client,
                       .calls = counter,
                       .journal = *journal_,
                       .trust = trust,
                       .clock = clock_,
                       .random = random_,
                       .workers = workers_,
                       .observer = observer,
                       .targets = targets_,
                       .list_id = 7,
                       .list_is_new = list_is_new_,
                       .changes = count_,
                       .settle = Millis(0),
                       .proof_max_age = max_age_});
    if (by_export_) delivery.prove_by(exported_by);
    if (indexed_) {
      iterable_.contacts.swap(*indexed_);
      prove::Contacts contacts(client, KeyType::email, clock_, disk_, observer,
                               {folder_ / "index", Secret(std::string(32, 's')), "a project"});
      const auto exported = contacts.exported({});
      EXPECT_TRUE(exported.ok());
      iterable_.contacts.swap(*indexed_);
      delivery.look_up_by(exported->index);
    }
    state::ListedChanges changes(changes_);
    delivery.deliver(changes, answers(), "add", {});
    delivered_ = delivery.delivered();
    failed_ = delivery.failed();
    oldest_proof_ = counter.oldest_proof();
    return delivered_.error;
  }
  state::Answers answers() { return journal_->answers(static_cast<size_t>(count_)); }
  std::vector<std::string> outcomes() {
    std::vector<std::string> out;
    for (const auto& kind : answers().kinds)
      out.emplace_back(to_string(kind.value_or(OutcomeKind::not_sent)));
    return out;
  }

  FakeIterable iterable_;
  ManualClock clock_{Time(Millis(1'000'000'000'000))};
  SeededRandom random_{1};
  Threads workers_;
  RealDisk disk_;
  struct : Permit {
    [[nodiscard]] bool outlasts(Millis) const override { return true; }
  } permit_;
  std::filesystem::path folder_;
  std::unique_ptr<state::MemoryJournal> journal_;
  std::vector<Change> changes_;
  std::vector<attributes::Target> targets_ = {
      {"name", "name", FieldType::text, AttributeType::string}};
  int64_t count_ = 0;
  // The contacts as they were when the index was made; nothing: there is none.
  std::optional<std::set<std::string>> indexed_;
  bool by_export_ = false;
  Delivered delivered_;
  bool failed_ = false;
  Millis oldest_proof_{0};
  Millis max_age_{60'000};
  bool list_is_new_ = false;
  std::function<void(iterable::Pace&)> setting_the_pace;
};

TEST_F(DeliverTest, AddsEverybodyInBatchesOfAThousandAtMost) {
  people(2500);
  EXPECT_FALSE(deliver());
  EXPECT_EQ(iterable_.list.size(), 2500u);
  EXPECT_EQ(iterable_.writes, 3);
  EXPECT_LE(iterable_.biggest, 1000u);
  EXPECT_THAT(outcomes(), Each("added"));
}
TEST_F(DeliverTest, RecordsWhoIsNoContactByTheAnswer) {
  people(3);
  iterable_.contacts.erase("p1@x.co");
  EXPECT_FALSE(deliver());
  EXPECT_THAT(outcomes(), ElementsAre("added", "not_a_contact", "added"));
}
TEST_F(DeliverTest, ProvesEverybodyBeforeWritingInEmailProjects) {
  people(3);
  iterable_.contacts.erase("p1@x.co");
  iterable_.mischief = [](const json& sent) -> std::optional<http::Answer> {
    EXPECT_EQ(sent.size(), 2u);  // the absent one is not among them
    return std::nullopt;
  };
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_THAT(outcomes(), ElementsAre("added", "not_a_contact", "added"));
}
TEST_F(DeliverTest, ProvesEverybodyWhileTheDestinationIsNotTrusted) {
  people(3);
  EXPECT_FALSE(deliver(ProjectType::hybrid, false));
  EXPECT_EQ(iterable_.look_ups, 3);
}
TEST_F(DeliverTest, TouchesTheParkedByReadsAlone) {
  people(3, ChangeKind::retried, true);
  iterable_.contacts.clear();
  EXPECT_FALSE(deliver());
  EXPECT_EQ(iterable_.writes, 0);
  EXPECT_THAT(outcomes(), Each("not_a_contact"));
}
TEST_F(DeliverTest, CountsALeaverWhoIsGoneAsRemovedWithoutACall) {
  people(2, ChangeKind::left);
  iterable_.contacts.clear();
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_EQ(iterable_.writes, 0);
  EXPECT_THAT(outcomes(), Each("removed"));
}
TEST_F(DeliverTest, ParksNewPeopleWhomTheIndexDoesNotShow) {
  people(400);
  iterable_.contacts = {"p1@x.co", "p2@x.co"};
  indexed_ = iterable_.contacts;
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_EQ(iterable_.list, iterable_.contacts);
  EXPECT_EQ(iterable_.look_ups, 22) << "some whom it does not show are looked up all the same";
  EXPECT_EQ(delivered_.proven_people, 22);
  EXPECT_FALSE(delivered_.incomplete);
  const auto all = outcomes();
  EXPECT_EQ(std::count(all.begin(), all.end(), "not_a_contact"), 398);
}
// The culprit is sent alone first, and so is everybody else, down to the last who is left.
TEST_F(DeliverTest, WhoIsLeftOfASmallBatchIsTriedToo) {
  for (const int count : {2, 3, 4, 5}) {
    journal_ = std::make_unique<state::MemoryJournal>();
    iterable_.list.clear();
    people(count);
    iterable_.mischief = [](const json& sent) -> std::optional<http::Answer> {
      for (const json& person : sent)
        if (person["email"] == "p0@x.co") return http::Response{.status = 502, .body = ""};
      return std::nullopt;
    };
    EXPECT_TRUE(deliver());
    EXPECT_EQ(iterable_.list.size(), static_cast<size_t>(count - 1)) << "of " << count;
  }
}
TEST_F(DeliverTest, WhereTheExportFailsPeopleAreLookedUp) {
  people(30);
  by_export_ = iterable_.export_fails = true;
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_EQ(iterable_.list.size(), 30u);
  EXPECT_EQ(iterable_.look_ups, 30);
  EXPECT_FALSE(delivered_.by_export);
  EXPECT_TRUE(delivered_.export_error);
}
TEST_F(DeliverTest, AnIndexProvesNobody) {
  people(3);
  indexed_ = iterable_.contacts;
  iterable_.contacts.erase("p1@x.co");  // deleted since
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_EQ(iterable_.look_ups, 3);
  EXPECT_EQ(iterable_.list, iterable_.contacts);
  EXPECT_THAT(outcomes(), ElementsAre("added", "not_a_contact", "added"));
}
TEST_F(DeliverTest, LooksUpTheParkedAndTheLeaversWhateverTheIndexShows) {
  people(50, ChangeKind::retried, true);
  indexed_.emplace();
  iterable_.updated_at = "2026-01-01 00:00:00 +00:00";  // contacts of just now
  EXPECT_FALSE(deliver());
  EXPECT_EQ(iterable_.look_ups, 50);
  EXPECT_EQ(iterable_.list.size(), 50u);
  EXPECT_FALSE(delivered_.incomplete);
  people(50, ChangeKind::left);
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  journal_ = std::make_unique<state::MemoryJournal>();
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_EQ(iterable_.look_ups, 100);
  EXPECT_TRUE(iterable_.list.empty());
}
TEST_F(DeliverTest, AnIndexThatLacksPeopleIsNotAskedAnyMore) {
  people(400);
  indexed_.emplace();
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_TRUE(delivered_.incomplete);
  EXPECT_EQ(iterable_.list.size(), 400u);
}
TEST_F(DeliverTest, HalvesARefusedBatchUntilTheBadRowStandsAlone) {
  people(1000);
  iterable_.mischief = [](const json& sent) -> std::optional<http::Answer> {
    for (const json& person : sent)
      if (person["email"] == "p637@x.co")
        return http::Response{.status = 400, .body = R"({"code":"BadJsonBody","msg":"…"})"};
    return std::nullopt;
  };
  EXPECT_FALSE(deliver());
  EXPECT_EQ(iterable_.list.size(), 999u);
  EXPECT_LE(iterable_.writes, 22);
  EXPECT_EQ(answers().kinds[637], OutcomeKind::rejected);
  EXPECT_EQ(answers().rejections.at(637).reason, "bad_json_body");
}
TEST_F(DeliverTest, DoesNotBelieveAnAnswerWhoseCountsDisagree) {
  people(4);
  bool first = true;
  iterable_.mischief = [&](const json& sent) -> std::optional<http::Answer> {
    if (!std::exchange(first, false)) return std::nullopt;
    EXPECT_EQ(sent.size(), 4u);
    return http::Response{.status = 200,
                          .body = R"({"successCount":3,"failCount":1,"failedUpdates":{}})"};
  };
  EXPECT_FALSE(deliver());
  EXPECT_EQ(iterable_.writes, 3);
  EXPECT_THAT(outcomes(), Each("added"));
}
TEST_F(DeliverTest, LeavesOnePersonUnknownWhoseAnswerContradictsItself) {
  people(1);
  iterable_.mischief = [](const json&) -> std::optional<http::Answer> {
    return http::Response{.status = 200, .body = R"({"successCount":5,"failCount":0})"};
  };
  deliver();
  EXPECT_THAT(outcomes(), ElementsAre("unknown"));
}
TEST_F(DeliverTest, GivesUpWhenTooMuchMustBeSentAgain) {
  people(1000);
  iterable_.mischief = [](const json&) -> std::optional<http::Answer> {
    return http::Response{.status = 200, .body = "{}"};
  };
  const auto error = deliver();
  ASSERT_TRUE(error);
  EXPECT_LE(iterable_.writes, 220);
  EXPECT_THAT(outcomes(), testing::Contains("unknown"));
}
TEST_F(DeliverTest, CallsAnUnansweredBatchUnknownAndTheRestNotSent) {
  people(3000);
  std::atomic<int> calls{0};
  iterable_.mischief = [&](const json&) -> std::optional<http::Answer> {
    if (++calls == 1) return std::nullopt;
    return tl::unexpected(http::Failure{{ErrorKind::unavailable, "connection reset"}, true});
  };
  const auto error = deliver();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::unavailable);
  const auto all = outcomes();
  EXPECT_EQ(std::count(all.begin(), all.end(), "added"), 1000);
  EXPECT_GE(std::count(all.begin(), all.end(), "unknown"), 1000);
}
// The server fails at every batch that names one of these.
std::function<std::optional<http::Answer>(const json&)> failing_at(std::set<std::string> people) {
  return [people = std::move(people)](const json& sent) -> std::optional<http::Answer> {
    for (const json& person : sent)
      if (people.contains(person["email"]))
        return http::Response{.status = 500, .body = R"({"msg":"","code":"GenericError"})"};
    return std::nullopt;
  };
}
TEST_F(DeliverTest, OnePersonTheServerFailsAtHoldsNobodyUp) {
  for (const int count : {2, 20, 2500}) {
    for (const int culprit : {0, 1, count - 1}) {
      TearDown(), SetUp();
      people(count);
      const std::string key = "p" + std::to_string(culprit) + "@x.co";
      iterable_.mischief = failing_at({key});
      const auto error = deliver();
      ASSERT_TRUE(error);
      EXPECT_THAT(error->message, testing::HasSubstr("1 person"));
      EXPECT_THAT(error->message, testing::HasSubstr("500"));
      auto all = outcomes();
      EXPECT_EQ(all[static_cast<size_t>(culprit)], "unknown") << count;
      EXPECT_EQ(std::count(all.begin(), all.end(), "added"), count - 1);
      EXPECT_THAT(answers().rejections[static_cast<uint32_t>(culprit)].reason,
                  testing::HasSubstr("500"));
    }
  }
}
TEST_F(DeliverTest, SeveralPeopleTheServerFailsAtHoldNobodyUp) {
  people(5000, ChangeKind::left);
  std::set<std::string> culprits;
  for (const int i : {3, 4, 999, 1500, 4999}) culprits.insert("p" + std::to_string(i) + "@x.co");
  iterable_.mischief = failing_at(culprits);
  EXPECT_TRUE(deliver(ProjectType::email));
  const auto all = outcomes();
  EXPECT_EQ(std::count(all.begin(), all.end(), "removed"), 4995);
  EXPECT_EQ(std::count(all.begin(), all.end(), "unknown"), 5);
}
TEST_F(DeliverTest, OnePersonWhoCannotBeLookedUpHoldsNobodyUp) {
  people(30);
  iterable_.unanswered = {"p7@x.co"};
  const auto error = deliver(ProjectType::email);
  ASSERT_TRUE(error);
  auto all = outcomes();
  EXPECT_EQ(all[7], "unknown");
  EXPECT_EQ(std::count(all.begin(), all.end(), "added"), 29);
}
TEST_F(DeliverTest, APersonInEachBatchHoldsNobodyUp) {
  for (const int batches : {2, 3, 9}) {
    for (const ChangeKind kind : {ChangeKind::entered, ChangeKind::left}) {
      TearDown(), SetUp();
      people(batches * 1000, kind);
      std::set<std::string> culprits;
      for (int i = 0; i < batches; ++i)
        culprits.insert("p" + std::to_string(i * 1000 + 331 * i % 1000) + "@x.co");
      iterable_.mischief = failing_at(culprits);
      const auto error = deliver();
      ASSERT_TRUE(error);
      EXPECT_THAT(error->message, testing::HasSubstr("while others got through"));
      const auto all = outcomes();
      EXPECT_EQ(
          std::count(all.begin(), all.end(), kind == ChangeKind::entered ? "added" : "removed"),
          batches * 999);
      EXPECT_EQ(std::count(all.begin(), all.end(), "unknown"), batches);
    }
  }
}
TEST_F(DeliverTest, AFewPeopleOfWhomMostCannotBeWrittenHoldNobodyUp) {
  people(5);
  iterable_.mischief = failing_at({"p0@x.co", "p1@x.co", "p2@x.co", "p4@x.co"});
  const auto error = deliver();
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, testing::HasSubstr("4 people"));
  EXPECT_THAT(outcomes(), ElementsAre("unknown", "unknown", "unknown", "added", "unknown"));
}
TEST_F(DeliverTest, SeveralPeopleWhoCannotBeLookedUpHoldNobodyUp) {
  people(200);
  for (int i = 0; i < 200; i += 20) iterable_.unanswered.insert("p" + std::to_string(i) + "@x.co");
  const auto error = deliver(ProjectType::email);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, testing::HasSubstr("10 people"));
  const auto all = outcomes();
  EXPECT_EQ(std::count(all.begin(), all.end(), "added"), 190);
}
TEST_F(DeliverTest, InAnOutageNothingIsRepeatedButOneProbe) {
  for (const int count : {2, 1000, 2000, 5000}) {
    TearDown(), SetUp();
    people(count);
    iterable_.writes = 0;
    std::set<size_t> sizes;
    iterable_.mischief = [&](const json& sent) -> std::optional<http::Answer> {
      sizes.insert(sent.size());
      return http::Response{.status = 503, .body = ""};
    };
    ASSERT_TRUE(deliver());
    EXPECT_EQ(delivered_.error->kind, ErrorKind::unavailable);
    EXPECT_THAT(sizes, testing::IsSubsetOf({1, 2, 1000}));
    constexpr int kProbe = 12;
    constexpr int kBegun = 5;  // two more may have begun when the third has failed
    EXPECT_LE(iterable_.writes, std::min((count + 999) / 1000, kBegun) * iterable::kTries + kProbe);
    EXPECT_THAT(outcomes(), testing::Not(testing::Contains("added")));
  }
}
TEST_F(DeliverTest, AnOutageThatBeginsWhileCulpritsAreSoughtIsOne) {
  people(3000);
  const auto culprit = failing_at({"p5@x.co", "p1005@x.co", "p2005@x.co"});
  int left = 12 * iterable::kTries;
  iterable_.mischief = [&](const json& sent) -> std::optional<http::Answer> {
    if (--left < 0) return http::Response{.status = 503, .body = ""};
    return culprit(sent);
  };
  ASSERT_TRUE(deliver());
  EXPECT_TRUE(failed_);
  EXPECT_GE(left, -200);
}
TEST_F(DeliverTest, CallsABatchThatNeverLeftNotSent) {
  people(2);
  iterable_.mischief = [](const json&) -> std::optional<http::Answer> {
    return tl::unexpected(http::Failure{{ErrorKind::unavailable, "refused"}, false});
  };
  EXPECT_TRUE(deliver());
  EXPECT_THAT(outcomes(), Each("not_sent"));
}
TEST_F(DeliverTest, SendsTheUnknownAgainAndTheSettledNot) {
  people(3);
  ASSERT_TRUE(journal_->sent({0}).ok());
  ASSERT_TRUE(journal_->answered(std::nullopt, {1}, {{OutcomeKind::added}}).ok());
  iterable_.mischief = [](const json& sent) -> std::optional<http::Answer> {
    EXPECT_EQ(sent.size(), 2u);
    return std::nullopt;
  };
  EXPECT_FALSE(deliver());
  EXPECT_THAT(outcomes(), Each("added"));
}
TEST_F(DeliverTest, StopsWhenMostPeopleAreRefusedForTheirData) {
  people(400);
  iterable_.mischief = [](const json& sent) -> std::optional<http::Answer> {
    std::vector<std::string> named;
    for (const json& person : sent) named.push_back(person["email"]);
    return http::Response{.status = 200,
                          .body = json{{"successCount", 0},
                                       {"failCount", named.size()},
                                       {"failedUpdates", {{"invalidDataEmails", named}}}}
                                      .dump()};
  };
  const auto error = deliver();
  ASSERT_TRUE(error);
  EXPECT_THAT(error->remedy, testing::HasSubstr("check"));
}
TEST_F(DeliverTest, TakesTheForgottenForGood) {
  people(2);
  iterable_.forgotten.insert("p0@x.co");
  EXPECT_FALSE(deliver());
  EXPECT_TRUE(answers().rejections.at(0).final);
}

// --- Nobody is created: in projects that make whomever a call names, every try has its own proof.

constexpr const char* kInvalidList =
    R"x({"msg":"error.lists.invalidListId(7)","code":"Success","params":{"listId":7}})x";
constexpr const char* kGone = "p1@x.co";

struct Trouble {
  const char* name;
  std::vector<http::Answer> answers;  // to the first tries; a contact is deleted with each
};
std::vector<Trouble> troubles() {
  using std::chrono::seconds;
  const auto status = [](int code, std::optional<Millis> retry_after = std::nullopt,
                         std::string body = "{}") {
    return http::Answer(
        http::Response{.status = code, .body = std::move(body), .retry_after = retry_after});
  };
  return {
      {"a pause", {status(429, seconds(6))}},
      {"a pause of minutes", {status(429, seconds(590))}},
      {"trouble", {status(503), status(503), status(503)}},
      {"a lost answer", {tl::unexpected(http::Failure{{ErrorKind::unavailable, "reset"}, true})}},
      {"a refusal", {status(400, std::nullopt, R"({"code":"BadJsonBody"})")}},
      {"too large", {status(413)}},
      {"a doubtful answer", {status(200)}}};
}

TEST_F(DeliverTest, WhoIsDeletedBetweenTwoTriesIsNotMadeAnew) {
  for (const ChangeKind kind : {ChangeKind::entered, ChangeKind::left}) {
    for (const Trouble& trouble : troubles()) {
      journal_ = std::make_unique<state::MemoryJournal>();
      iterable_.contacts.clear();
      iterable_.created.clear();
      people(40, kind);
      size_t tries = 0;
      iterable_.mischief = [&](const json&) -> std::optional<http::Answer> {
        if (tries == trouble.answers.size()) return std::nullopt;
        iterable_.contacts.erase("p" + std::to_string(++tries) + "@x.co");
        return trouble.answers[tries - 1];
      };
      const auto error = deliver(ProjectType::email);
      EXPECT_FALSE(error) << trouble.name << ": " << error->text();
      EXPECT_TRUE(iterable_.created.empty()) << trouble.name << ", " << to_string(kind);
      EXPECT_EQ(outcomes()[1], kind == ChangeKind::entered ? "not_a_contact" : "removed")
          << trouble.name;
      EXPECT_EQ(outcomes()[39], kind == ChangeKind::entered ? "added" : "removed") << trouble.name;
      EXPECT_LE(oldest_proof_, max_age_) << trouble.name;
    }
  }
}
TEST_F(DeliverTest, WhoIsDeletedBetweenTwoHalvesIsNotMadeAnew) {
  people(64);
  iterable_.mischief = [&](const json& sent) -> std::optional<http::Answer> {
    if (sent.size() > 8) return http::Response{.status = 413};
    iterable_.contacts.erase("p63@x.co");  // with the first of the pieces
    return std::nullopt;
  };
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_TRUE(iterable_.created.empty());
  EXPECT_EQ(outcomes()[63], "not_a_contact");
}
TEST_F(DeliverTest, WhoIsDeletedWhileAListIsNotReadyIsNotMadeAnew) {
  people(3);
  list_is_new_ = true;
  const Millis began = clock_.monotonic();
  iterable_.mischief = [&](const json&) -> std::optional<http::Answer> {
    if (clock_.monotonic() - began > Millis(8000)) return std::nullopt;
    iterable_.contacts.erase(kGone);
    return http::Response{.status = 400, .body = kInvalidList};
  };
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_TRUE(iterable_.created.empty());
  EXPECT_THAT(outcomes(), ElementsAre("added", "not_a_contact", "added"));
}
TEST_F(DeliverTest, EndsItsPatienceWithAListJustMade) {
  people(3);
  list_is_new_ = true;
  iterable_.mischief = [&](const json&) -> std::optional<http::Answer> {
    return http::Response{.status = 400, .body = kInvalidList};
  };
  const Millis began = clock_.monotonic();
  EXPECT_EQ(deliver()->kind, ErrorKind::not_found);
  EXPECT_THAT(clock_.monotonic() - began,
              testing::AllOf(testing::Ge(Millis(45'000)), testing::Le(Millis(70'000))));
  EXPECT_THAT(outcomes(), Each("not_sent"));
}
TEST_F(DeliverTest, ThePaceIsWaitedForBeforeAnybodyIsProven) {
  // Another process was asked to pause, before this one begins or while it looks people up.
  for (const bool before : {true, false}) {
    journal_ = std::make_unique<state::MemoryJournal>();
    people(3);
    iterable::Pace* ours = nullptr;
    setting_the_pace = [&](iterable::Pace& pace) {
      ours = &pace;
      if (before) pace.throttled("lists/subscribe", Millis(6000));
    };
    bool asked = before;
    iterable_.on_look_up = [&] {
      if (!std::exchange(asked, true)) ours->throttled("lists/subscribe", Millis(6000));
    };
    clock_.on_sleep = [&](Millis how_long) {
      if (how_long > Millis(5000)) iterable_.contacts.erase(kGone);
    };
    EXPECT_FALSE(deliver(ProjectType::email));
    EXPECT_FALSE(iterable_.contacts.count(kGone));
    EXPECT_TRUE(iterable_.created.empty());
    EXPECT_THAT(outcomes(), ElementsAre("added", "not_a_contact", "added"));
  }
}
TEST_F(DeliverTest, WhatWasProvenBeforeAStandstillIsProvenAgain) {
  people(3);
  max_age_ = Millis(1000);
  int asked = 0;
  // The process stands still for two seconds when everybody is looked up.
  iterable_.on_look_up = [&] {
    if (++asked != 3) return;
    clock_.advance(Millis(2000));
    iterable_.contacts.erase("p0@x.co");
    iterable_.contacts.erase("p1@x.co");
    iterable_.contacts.erase("p2@x.co");
  };
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_TRUE(iterable_.created.empty());
  EXPECT_EQ(iterable_.writes, 0);
  EXPECT_THAT(outcomes(), Each("not_a_contact"));
}
TEST_F(DeliverTest, AsManyAreProvenTogetherAsTheLifeOfAProofAllows) {
  people(200);
  max_age_ = Millis(1000);
  EXPECT_FALSE(deliver(ProjectType::email));
  EXPECT_THAT(outcomes(), Each("added"));
  EXPECT_LE(iterable_.biggest, 33u);
  EXPECT_LE(oldest_proof_, max_age_);
}
TEST_F(DeliverTest, TellsWhenNobodyCanBeProvenInTime) {
  people(2);
  max_age_ = Millis(1000);
  iterable_.on_look_up = [&] { clock_.advance(Millis(900)); };
  const auto error = deliver(ProjectType::email);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->text(), testing::HasSubstr("max_age"));
  EXPECT_EQ(iterable_.writes, 0);
  EXPECT_THAT(outcomes(), Each("not_sent"));
}
TEST_F(DeliverTest, AnotherPersonsProfileProvesNobodyAndIsTold) {
  people(3);
  iterable_.confused = {kGone};
  const auto error = deliver(ProjectType::email);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->text(), testing::HasSubstr("another person's profile"));
  EXPECT_THAT(outcomes(), ElementsAre("added", "not_sent", "added"));
  EXPECT_FALSE(iterable_.list.count(kGone));
}

}  // namespace
}  // namespace rollcall::deliver
