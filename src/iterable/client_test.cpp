// The client against a transport in memory that plays a script: what it sends, when it tries again,
// and what it makes of every kind of answer. Time stands still except when somebody sleeps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "iterable/iterable.hpp"

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads std::stop_source

namespace rollcall::iterable {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr const char* kKey = "0123456789abcdef0123456789abcdef";
constexpr const char* kHtml =
    "<!DOCTYPE html><html><head><title>Action not found</title></head></html>";
constexpr const char* kRateLimit =
    R"({"msg":"Exceeded rate limit of 5.0 per second for endpoint: /api/lists/subscribe, project: 1 ","code":"RateLimitExceeded","params":{}})";
constexpr const char* kInvalidList =
    R"x({"msg":"error.lists.invalidListId(7)","code":"Success","params":{"projectId":1,"listId":7}})x";

http::Answer answered(int status, std::string body,
                      std::optional<Millis> retry_after = std::nullopt) {
  return http::Response{.status = status, .body = std::move(body), .retry_after = retry_after};
}
http::Answer lost(bool may_have_arrived = true) {
  return tl::unexpected(
      http::Failure{{ErrorKind::unavailable, "no answer from iterable"}, may_have_arrived});
}

// Plays the answers in turn, the last one for ever, and remembers what was asked and when.
class Script : public http::Transport {
 public:
  explicit Script(ManualClock& clock) : clock_(clock) {}

  http::Answer send(const http::Request& request, const std::stop_token&) override {
    requests.push_back(request);
    times.push_back(clock_.monotonic());
    if (before_leaving) before_leaving();
    if (request.may_leave && !request.may_leave())
      return tl::unexpected(http::Failure{{ErrorKind::unavailable, "held back"}, false});
    if (on_send) on_send();
    CHECK(!answers.empty());
    const http::Answer next = answers.front();
    if (answers.size() > 1) answers.pop_front();
    if (!request.on_body || !next || next->status != 200) return next;
    // In pieces, as the real one does.
    for (size_t at = 0; at < next->body.size(); at += piece_bytes) {
      if (!request.on_body(std::string_view(next->body).substr(at, piece_bytes)))
        return tl::unexpected(http::Failure{
            {ErrorKind::corrupt, "iterable answered with a body that makes no sense"}});
    }
    if (cut_after_streaming) return lost();
    return http::Response{.status = 200};
  }

  // Between two requests.
  [[nodiscard]] std::vector<Millis> pauses() const {
    std::vector<Millis> out;
    for (size_t i = 1; i < times.size(); ++i) out.push_back(times[i] - times[i - 1]);
    return out;
  }

  std::deque<http::Answer> answers;
  std::function<void()> on_send, before_leaving;
  size_t piece_bytes = 1'000'000;
  bool cut_after_streaming = false;
  std::vector<http::Request> requests;
  std::vector<Millis> times;

 private:
  ManualClock& clock_;
};

class ClientTest : public testing::Test {
 protected:
  Client client(ProjectType type = ProjectType::hybrid) {
    return {{"http://iterable", Secret(kKey), type},
            transport_,
            clock_,
            random_,
            pace_,
            counter_,
            permit_,
            &observer_};
  }
  BatchAnswer attempt(const Batch& batch) {
    return client().attempt(batch, Proof::by_answer(), false, {});
  }
  BatchAnswer subscribe() {
    static const std::vector<Person> kPeople = {{"ann@example.com"}, {"bob@example.com"}};
    return attempt({.list_id = 7, .people = kPeople});
  }
  // Any read; all are tried again alike.
  Status read(const std::stop_token& stop = {}) {
    const auto lists = client().lists(stop);
    return lists.ok() ? ok_status() : Status(lists.error());
  }
  Result<Seen> look_up(KeyType type, std::string_view key, http::Answer answer) {
    transport_.answers = {std::move(answer)};
    return client().look_up(type, key, {});
  }
  // Whoever the client tells, and how it ended.
  std::pair<std::vector<std::string>, Status> members(KeyType prefer = KeyType::email,
                                                      ProjectType type = ProjectType::hybrid) {
    std::vector<std::string> told;
    Status status = client(type).list_members(
        7, prefer, [&](std::string_view one) { told.emplace_back(one); }, {});
    return {std::move(told), std::move(status)};
  }

  ManualClock clock_{Time(std::chrono::hours(24 * 365 * 56))};
  SeededRandom random_{1};
  Script transport_{clock_};
  Pace pace_{clock_};
  CallCounter counter_;
  struct : Permit {
    [[nodiscard]] bool outlasts(Millis how_long) const override { return how_long <= left; }
    [[nodiscard]] Millis lasts() const override { return left; }
    Millis left = Millis::max();
  } permit_;
  struct : Observer {
    void note(std::string_view message) override { notes.emplace_back(message); }
    std::vector<std::string> notes;
  } observer_;
};

const char* const kTwoIn = R"({"successCount":2,"failCount":0})";

// --- What every request carries.

TEST_F(ClientTest, SendsTheKeyInAHeaderAndNowhereElse) {
  transport_.answers = {answered(200, kTwoIn)};
  EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::answered);
  const http::Request& request = transport_.requests.at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://iterable/api/lists/subscribe");
  EXPECT_THAT(request.headers, Contains(Pair("Api-Key", kKey)));
  EXPECT_THAT(request.headers, Contains(Pair("Content-Type", "application/json")));
  EXPECT_THAT(request.url + request.body, Not(HasSubstr(kKey)));
}

template <class T>
concept Writes = requires(const T& one, const Batch& batch) {
  one.create_list("", "", std::stop_token());
}
|| requires(const T& one, const Batch& batch) {
  one.attempt(batch, Proof::by_answer(), false, std::stop_token());
};
static_assert(Writes<Client> && !Writes<Reader>, "what a dry run and an audit hold cannot write");

TEST_F(ClientTest, WritesNothingThatOutlastsItsLease) {
  const std::vector<Person> people = {{"a@b.co"}};
  permit_.left = Millis(9'999);  // what a write is given at least
  const BatchAnswer answer = attempt({.list_id = 7, .people = people});
  EXPECT_EQ(answer.kind, BatchAnswer::Kind::failed);
  EXPECT_FALSE(answer.may_have_arrived);
  EXPECT_FALSE(answer.worth_another_try);
  EXPECT_EQ(answer.error->kind, ErrorKind::busy);
  EXPECT_EQ(client().create_list("a list", "", {}).id.error().kind, ErrorKind::busy);
  EXPECT_EQ(transport_.requests.size(), 0u) << "nothing left";
  EXPECT_EQ(answer.error->remedy, "Run again: what was sent is recorded.");
  permit_.left = Millis(3'600'000);  // the next run has a lease of its own
  transport_.answers = {answered(200, kTwoIn)};
  EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::answered);
  EXPECT_EQ(transport_.requests.at(0).timeout, Millis(60'000));
}

TEST_F(ClientTest, AWriteTakesNoLongerThanItsLeaseLasts) {
  permit_.left = Millis(20'000);
  transport_.answers = {answered(200, kTwoIn)};
  EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::answered);
  EXPECT_EQ(transport_.requests.at(0).timeout, Millis(20'000));
}

TEST_F(ClientTest, TakesTheHostFromTheRegionUnlessThereIsABaseUrl) {
  Destination destination;
  EXPECT_EQ(project_of(destination).base_url, "https://api.iterable.com");
  destination.region = "eu";
  EXPECT_EQ(project_of(destination).base_url, "https://api.eu.iterable.com");
  destination.base_url = "http://127.0.0.1:8181//";
  EXPECT_EQ(project_of(destination).base_url, "http://127.0.0.1:8181");
}

// --- Trying again.

const char* const kNoLists = R"({"lists":[]})";

TEST_F(ClientTest, ReadsAgainAfterTroubleOnTheOtherSide) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    transport_.requests.clear();
    transport_.answers = {answered(status, kHtml), answered(status, "{}"), lost(),
                          answered(200, kNoLists)};
    EXPECT_TRUE(read().ok()) << status;
    EXPECT_THAT(transport_.requests, SizeIs(4)) << status;
  }
}

TEST_F(ClientTest, DoesNotTryAgainWhatIsRefused) {
  for (const int status : {400, 401, 403, 404, 409, 413}) {
    transport_.requests.clear();
    transport_.answers = {answered(status, "{}")};
    EXPECT_FALSE(read().ok());
    EXPECT_THAT(transport_.requests, SizeIs(1)) << status;
  }
}

TEST_F(ClientTest, WaitsLongerEachTimeAndGivesUpInTheEnd) {
  transport_.answers = {answered(500, "{}")};
  EXPECT_EQ(read().error().kind, ErrorKind::unavailable);
  EXPECT_THAT(transport_.requests, SizeIs(8));
  Millis most{250};
  for (const Millis pause : transport_.pauses()) {
    EXPECT_THAT(pause, AllOf(Ge(most / 2), Le(most + 1ms)));
    most = std::min<Millis>(most * 2, 20s);
  }
}

TEST_F(ClientTest, SpreadsItsPausesByChance) {
  transport_.answers = {answered(500, "{}")};
  (void)read();
  const auto first = transport_.pauses();
  transport_.times.clear();
  (void)read();
  EXPECT_NE(first, transport_.pauses());
}

TEST_F(ClientTest, WaitsAsLongAsRetryAfterSaysAndTellsOfIt) {
  transport_.answers = {answered(429, kRateLimit, 7s), answered(200, kNoLists)};
  EXPECT_TRUE(read().ok());
  EXPECT_THAT(transport_.pauses(), ElementsAre(Ge(7000ms)));
  EXPECT_THAT(observer_.notes, ElementsAre(AllOf(HasSubstr("waiting 7 s"), HasSubstr("lists"))));
  transport_.times.clear();
  transport_.answers = {answered(503, kHtml, 600s), answered(200, kNoLists)};
  EXPECT_TRUE(read().ok());
  EXPECT_THAT(transport_.pauses(), ElementsAre(Ge(600'000ms)));
}

TEST_F(ClientTest, WaitsForTenMinutesAtMost) {
  for (const int status : {429, 503}) {
    transport_.requests.clear();
    transport_.answers = {answered(status, kRateLimit, 960s), answered(200, kNoLists)};
    const Status ended = read();
    ASSERT_FALSE(ended.ok());
    EXPECT_THAT(transport_.requests, SizeIs(1));
    if (status == 503) continue;  // nobody else is kept off by it
    EXPECT_EQ(ended.error().kind, ErrorKind::throttled);
    EXPECT_THAT(ended.error().text(), HasSubstr("wait 960 s"));
    // Nor is the pause waited for by those who come later.
    EXPECT_EQ(read().error().kind, ErrorKind::throttled);
    EXPECT_THAT(transport_.requests, SizeIs(1));
    clock_.advance(960s);
    EXPECT_TRUE(read().ok());
  }
}

TEST_F(ClientTest, WaitsForOthersManyTimesAndNotForEver) {
  // Another process is told to wait whenever this one has waited.
  class Others : public ManualClock {
   public:
    using ManualClock::ManualClock;
    bool sleep(Millis how_long, const std::stop_token& stop) override {
      const bool went_on = ManualClock::sleep(how_long, stop);
      pace->throttled("lists", Millis(60'000));
      return went_on;
    }
    Pace* pace = nullptr;
  } clock(clock_.now());
  Pace pace(clock);
  clock.pace = &pace;
  pace.throttled("lists", Millis(60'000));
  const Reader client({"http://iterable", Secret(kKey), ProjectType::hybrid}, transport_, clock,
                      random_, pace, counter_);
  const Millis before = clock.monotonic();
  const auto lists = client.lists({});
  ASSERT_FALSE(lists.ok());
  EXPECT_EQ(lists.error().kind, ErrorKind::throttled);
  EXPECT_THAT(lists.error().remedy, HasSubstr("Run again when they are done"));
  EXPECT_LE(clock.monotonic() - before, Millis(kTries * 60'000));
  EXPECT_TRUE(transport_.requests.empty());
}
TEST_F(ClientTest, FindsItsOwnPaceWithoutRetryAfter) {
  transport_.answers = {answered(429, kRateLimit)};
  EXPECT_EQ(pace_.rate("lists/subscribe"), std::nullopt);
  EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::failed);
  ASSERT_TRUE(pace_.rate("lists/subscribe").has_value());
  EXPECT_LT(*pace_.rate("lists/subscribe"), 10);
  EXPECT_EQ(pace_.rate("lists/unsubscribe"), std::nullopt) << "limits are per endpoint";
}

TEST_F(ClientTest, TellsOfThrottlingThatDoesNotEnd) {
  transport_.answers = {answered(429, kRateLimit, 2s)};
  const Status ended = read();
  EXPECT_EQ(ended.error().kind, ErrorKind::throttled);
  EXPECT_EQ(ended.error().retry_after, 2000ms);
  const CallCounts counts = counter_.counts();
  EXPECT_EQ(counts.total, 8);
  EXPECT_EQ(counts.throttled, 8);
  EXPECT_EQ(counts.retried, 7);
  EXPECT_THAT(counts.by_endpoint, ElementsAre(Pair("lists", 8)));
}

TEST_F(ClientTest, StopsBetweenTries) {
  std::stop_source source;
  transport_.answers = {answered(500, "{}")};
  transport_.on_send = [&] { source.request_stop(); };
  EXPECT_EQ(read(source.get_token()).error().kind, ErrorKind::cancelled);
  EXPECT_THAT(transport_.requests, SizeIs(1));
}

TEST_F(ClientTest, SendsNothingWhenStopped) {
  std::stop_source source;
  source.request_stop();
  transport_.answers = {answered(200, kNoLists)};
  EXPECT_EQ(read(source.get_token()).error().kind, ErrorKind::cancelled);
  EXPECT_THAT(transport_.requests, IsEmpty());
}

// --- One attempt of a write.

TEST_F(ClientTest, TriesAWriteOnceAndTellsWhatAnotherTryIsWorth) {
  struct Case {
    http::Answer answer;
    bool may_have_arrived, worth_another_try;
  };
  for (const Case& one :
       {Case{lost(true), true, true}, Case{lost(false), false, true},
        Case{answered(500, "{}"), true, true}, Case{answered(408, ""), true, true},
        Case{answered(429, kRateLimit), false, true}, Case{answered(401, "{}"), false, false}}) {
    transport_.requests.clear();
    transport_.answers = {one.answer};
    const BatchAnswer answer = subscribe();
    EXPECT_EQ(answer.kind, BatchAnswer::Kind::failed);
    EXPECT_EQ(answer.may_have_arrived, one.may_have_arrived);
    EXPECT_EQ(answer.worth_another_try, one.worth_another_try);
    EXPECT_THAT(transport_.requests, SizeIs(1));
  }
}

TEST_F(ClientTest, AWriteEndsWithinTheLifeOfItsProofAndIsNotRepeatedBelow) {
  const std::vector<Person> people = {{"ann@example.com"}};
  Proof proof;
  proof.add("ann@example.com", clock_.monotonic() - 12s, 60s);
  transport_.answers = {answered(200, R"({"successCount":1,"failCount":0})")};
  transport_.on_send = [&] { clock_.advance(3s); };
  EXPECT_EQ(
      client(ProjectType::email)
          .attempt({.call = BatchCall::bulk_update, .people = people}, std::move(proof), false, {})
          .kind,
      BatchAnswer::Kind::answered);
  EXPECT_EQ(transport_.requests.at(0).timeout, 48s);
  EXPECT_TRUE(transport_.requests.at(0).at_most_once);
  EXPECT_EQ(counter_.oldest_proof(), 15s);
}

TEST_F(ClientTest, NothingLeavesWithAProofThatIsTooOld) {
  const std::vector<Person> people = {{"ann@example.com"}};
  const auto attempt_after = [&](Millis age) {
    Proof proof;
    proof.add("ann@example.com", clock_.monotonic() - age, 2s);
    return client(ProjectType::email)
        .attempt({.list_id = 7, .people = people}, std::move(proof), false, {})
        .kind;
  };
  transport_.answers = {answered(200, R"({"successCount":1,"failCount":0})")};
  EXPECT_EQ(attempt_after(2s), BatchAnswer::Kind::too_late);
  EXPECT_EQ(attempt_after(1600ms), BatchAnswer::Kind::too_late) << "too little is left for a call";
  EXPECT_THAT(transport_.requests, IsEmpty());
  EXPECT_EQ(attempt_after(1s), BatchAnswer::Kind::answered);
  // The process is held up while it connects.
  transport_.before_leaving = [&] { clock_.advance(2s); };
  EXPECT_EQ(attempt_after(0s), BatchAnswer::Kind::too_late);
}

TEST_F(ClientTest, NothingLeavesWhileAnotherWasAskedToPause) {
  pace_.throttled("lists/subscribe", 6s);
  EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::too_late);
  EXPECT_THAT(transport_.requests, IsEmpty());
  EXPECT_TRUE(client().await_turn(BatchCall::subscribe, {}).ok());
  transport_.answers = {answered(200, kTwoIn)};
  EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::answered);
  EXPECT_EQ(counter_.oldest_proof(), 0ms) << "the answer is the proof";
}

using ClientDeathTest = ClientTest;
TEST_F(ClientDeathTest, NobodyIsSentWhomTheProofDoesNotCover) {
  const std::vector<Person> people = {{"ann@example.com"}, {"bob@example.com"}};
  EXPECT_DEATH(
      {
        Proof proof;
        proof.add("ann@example.com", clock_.monotonic(), 60s);
        (void)client().attempt({.people = people}, std::move(proof), false, {});
      },
      "");
  EXPECT_DEATH(
      (void)client(ProjectType::email).attempt({.people = people}, Proof::by_answer(), false, {}),
      "");
  EXPECT_DEATH((void)client().attempt({.call = BatchCall::bulk_update, .people = people},
                                      Proof::by_answer(), false, {}),
               "");
}

// --- Errors and what they show.

TEST_F(ClientTest, BlamesTheKeyFor401And403) {
  for (const int status : {401, 403}) {
    transport_.answers = {answered(
        status,
        R"({"msg":"Invalid API key","code":"BadApiKey","params":{"ip":"10.0.0.1","endpoint":"/api/lists"}})")};
    const auto lists = client().lists({});
    ASSERT_FALSE(lists.ok());
    EXPECT_EQ(lists.error().kind, ErrorKind::denied);
    EXPECT_THAT(lists.error().text(),
                AllOf(HasSubstr("BadApiKey"), HasSubstr("API key"), Not(HasSubstr("10.0.0.1"))));
  }
}

TEST_F(ClientTest, ShowsNothingOfABodyButItsCode) {
  const std::string echo = R"({"msg":"headers: Api-Key: )" + std::string(kKey) +
                           R"(, body: ann@example.com","code":"BadParams","params":null})";
  const std::string code_is_key = R"({"code":")" + std::string(kKey) + R"("})";
  const std::string code_is_person = R"({"code":"ann@example.com"})";
  for (const std::string& body : {echo, code_is_key, code_is_person,
                                  std::string("Api-Key: ") + kKey, std::string(kHtml) + kKey}) {
    for (const int status : {302, 400, 401, 403, 404, 409, 418, 429, 500, 503}) {
      transport_.answers = {answered(status, body)};
      std::vector<Error> errors;
      const auto take = [&](const auto& result) {
        if (!result.has_value()) errors.push_back(result.error());
      };
      take(client().lists({}));
      take(client().fields({}));
      take(client().look_up(KeyType::email, "ann@example.com", {}));
      take(client().look_up(KeyType::user_id, "ann@example.com", {}));
      take(members().second);
      take(client().create_list("ann@example.com", "", {}).id);
      if (const BatchAnswer answer = subscribe(); answer.error) errors.push_back(*answer.error);
      EXPECT_THAT(errors, SizeIs(Ge(6U)));
      for (const Error& error : errors) {
        EXPECT_THAT(error.text(), Not(HasSubstr(kKey)));
        EXPECT_THAT(error.text(), Not(HasSubstr("ann")));
        EXPECT_FALSE(error.message.empty());
      }
    }
  }
}

TEST_F(ClientTest, TakesAPageForAWrongAddress) {
  transport_.answers = {answered(404, kHtml)};
  const auto lists = client().lists({});
  ASSERT_FALSE(lists.ok());
  EXPECT_EQ(lists.error().kind, ErrorKind::not_found);
  EXPECT_THAT(lists.error().remedy, HasSubstr("base_url"));
  EXPECT_EQ(subscribe().error->kind, ErrorKind::not_found);
}

TEST_F(ClientTest, DoesNotBelieveAPageWithStatus200) {
  transport_.answers = {answered(200, kHtml)};
  EXPECT_EQ(client().lists({}).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(client().fields({}).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(client().look_up(KeyType::email, "ann@example.com", {}).error().kind,
            ErrorKind::corrupt);
  EXPECT_EQ(client().create_list("x", "", {}).id.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::doubtful);
}

// --- A list just made.

TEST_F(ClientTest, TellsThatAListIsNotKnown) {
  transport_.answers = {answered(400, kInvalidList)};
  const BatchAnswer answer = subscribe();
  EXPECT_EQ(answer.kind, BatchAnswer::Kind::failed);
  EXPECT_EQ(answer.error->kind, ErrorKind::not_found);
  EXPECT_TRUE(answer.list_is_not_known);
  EXPECT_FALSE(answer.worth_another_try);
  EXPECT_THAT(answer.error->remedy, HasSubstr("--new-list"));
  EXPECT_THAT(transport_.requests, SizeIs(1));
}

// --- Lists.

TEST_F(ClientTest, ReadsLists) {
  transport_.answers = {answered(
      200,
      R"({"lists":[{"id":99,"name":"Zoë \"VIP\"","createdAt":1506916757000,"listType":"Standard","description":"x"},
                                          {"id":3,"name":"Old","createdAt":1,"listType":"Novel","isGlobalSuppressionEnabled":true}],"more":1})")};
  const auto lists = client().lists({});
  ASSERT_TRUE(lists.ok());
  ASSERT_THAT(*lists, SizeIs(2));
  EXPECT_EQ((*lists)[0].id, 99);
  EXPECT_EQ((*lists)[0].name, "Zoë \"VIP\"");
  EXPECT_EQ((*lists)[0].type, "Standard");
  EXPECT_EQ((*lists)[0].created_at_ms, 1506916757000);
  EXPECT_EQ((*lists)[1].type, "Novel");
}

TEST_F(ClientTest, RefusesListsItCannotRead) {
  for (const char* body :
       {"", "[]", "{}", R"({"lists":null})", R"({"lists":{}})", R"({"lists":[7]})",
        R"({"lists":[{"name":"x"}]})", R"({"lists":[{"id":"7"}]})"}) {
    transport_.answers = {answered(200, body)};
    const auto lists = client().lists({});
    ASSERT_FALSE(lists.ok()) << body;
    EXPECT_EQ(lists.error().kind, ErrorKind::corrupt) << body;
  }
}

TEST_F(ClientTest, CreatesAListWithOneRequest) {
  transport_.answers = {answered(200, R"({"listId":4711})")};
  const CreateListAnswer answer = client().create_list("O'Neil \"李\"", "", {});
  ASSERT_TRUE(answer.id.ok());
  EXPECT_EQ(*answer.id, 4711);
  const http::Request& request = transport_.requests.at(0);
  EXPECT_TRUE(request.at_most_once);
  EXPECT_EQ(request.url, "http://iterable/api/lists");
  EXPECT_EQ(json::parse(request.body), json({{"name", "O'Neil \"李\""}}));
  (void)client().create_list("x", "why", {});
  EXPECT_EQ(json::parse(transport_.requests.at(1).body),
            json({{"name", "x"}, {"description", "why"}}));
}

TEST_F(ClientTest, NeverRepeatsTheCreationOfAList) {
  struct Case {
    http::Answer answer;
    bool may_have_arrived;
  };
  const Case kCases[] = {
      {lost(true), true},
      {lost(false), false},
      {answered(500, "{}"), true},
      {answered(502, kHtml), true},
      {answered(503, ""), true},
      {answered(408, ""), true},
      {answered(429, kRateLimit), false},
      {answered(401, "{}"), false},
      {answered(400, "{}"), false},
      {answered(200, "{}"), true},
      {answered(200, kHtml), true},
      {answered(200, R"({"listId":"7"})"), true},
  };
  for (const Case& one : kCases) {
    transport_.requests.clear();
    transport_.answers = {one.answer};
    const CreateListAnswer answer = client().create_list("x", "", {});
    EXPECT_FALSE(answer.id.ok());
    EXPECT_EQ(answer.may_have_arrived, one.may_have_arrived)
        << (one.answer ? one.answer->status : 0);
    EXPECT_THAT(transport_.requests, SizeIs(1));
  }
}

// --- The members of a list.

TEST_F(ClientTest, TellsMembersWhereverTheStreamIsCutIntoPieces) {
  const std::vector<std::string> expected = {
      "ann@example.com", "o'neil@example.com", "zoë@example.com", "U1", "42", "a b"};
  const std::string kBodies[] = {
      "ann@example.com\no'neil@example.com\nzoë@example.com\nU1\n42\na b\n",
      "ann@example.com\no'neil@example.com\nzoë@example.com\nU1\n42\na b",
      "ann@example.com\r\no'neil@example.com\r\nzoë@example.com\r\nU1\r\n42\r\na b\r\n",
      "\nann@example.com\n\no'neil@example.com\nzoë@example.com\nU1\n42\na b\n\n",
  };
  for (const std::string& body : kBodies) {
    for (size_t bytes = 1; bytes <= body.size(); ++bytes) {
      transport_.answers = {answered(200, body)};
      transport_.piece_bytes = bytes;
      const auto [told, status] = members();
      ASSERT_TRUE(status.ok());
      ASSERT_EQ(told, expected) << bytes;
    }
  }
}

TEST_F(ClientTest, TellsNobodyOfAnEmptyList) {
  transport_.answers = {answered(200, "")};
  const auto [told, status] = members();
  EXPECT_TRUE(status.ok());
  EXPECT_THAT(told, IsEmpty());
}

TEST_F(ClientTest, AsksForUserIdsInHybridProjectsAlone) {
  transport_.answers = {answered(200, "")};
  const std::string kPlain = "http://iterable/api/lists/getUsers?listId=7";
  (void)members(KeyType::email, ProjectType::hybrid);
  (void)members(KeyType::user_id, ProjectType::hybrid);
  (void)members(KeyType::user_id, ProjectType::user_id);
  (void)members(KeyType::user_id, ProjectType::email);
  ASSERT_THAT(transport_.requests, SizeIs(4));
  EXPECT_EQ(transport_.requests[0].url, kPlain);
  EXPECT_EQ(transport_.requests[1].url, kPlain + "&preferUserId=true");
  EXPECT_EQ(transport_.requests[2].url, kPlain);
  EXPECT_EQ(transport_.requests[3].url, kPlain);
}

TEST_F(ClientTest, AsksAgainForMembersWhileNobodyWasTold) {
  transport_.answers = {answered(429, kRateLimit), answered(503, kHtml), lost(),
                        answered(200, "ann@example.com\n")};
  const auto [told, status] = members();
  EXPECT_TRUE(status.ok());
  EXPECT_THAT(told, ElementsAre("ann@example.com"));
  EXPECT_THAT(transport_.requests, SizeIs(4));
}

TEST_F(ClientTest, DoesNotTellMembersTwiceAfterACut) {
  transport_.answers = {answered(200, "ann@example.com\nbo")};
  transport_.cut_after_streaming = true;
  const auto [told, status] = members();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(told, ElementsAre("ann@example.com"));
  EXPECT_THAT(transport_.requests, SizeIs(1));
}

TEST_F(ClientTest, RefusesALineThatNeverEnds) {
  transport_.answers = {answered(200, std::string(10'000, 'x'))};
  for (const size_t bytes : {size_t{1}, size_t{1000}, size_t{1'000'000}}) {
    transport_.piece_bytes = bytes;
    const auto [told, status] = members();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().kind, ErrorKind::corrupt);
    EXPECT_THAT(told, IsEmpty());
  }
}

TEST_F(ClientTest, KnowsAListThatIsGone) {
  transport_.answers = {answered(
      400,
      R"({"msg":"Invalid email list id","code":"BadParams","params":{"projectId":"1","listId":"7"}})")};
  EXPECT_EQ(members().second.error().kind, ErrorKind::not_found);
  transport_.answers = {answered(400, kInvalidList)};
  EXPECT_EQ(members().second.error().kind, ErrorKind::not_found);
  transport_.answers = {answered(400, R"({"msg":"x","code":"BadParams"})")};
  EXPECT_EQ(members().second.error().kind, ErrorKind::unavailable);
}

// --- Looking somebody up.

TEST_F(ClientTest, FindsAContact) {
  const auto found = look_up(KeyType::email, "ann@example.com",
                             answered(200, R"({"user":{"email":"ann@example.com","userId":"U1",
      "dataFields":{"email":"ann@example.com","firstName":"Zoë","emailListIds":[1,2],"userListIds":[3,"x",null],
      "profileUpdatedAt":"2021-07-01 18:00:32 +00:00"}}})"));
  ASSERT_TRUE(found.ok());
  ASSERT_TRUE(found->profile.has_value());
  EXPECT_EQ(found->profile->email, "ann@example.com");
  EXPECT_EQ(found->profile->user_id, "U1");
  EXPECT_THAT(found->profile->email_list_ids, ElementsAre(1, 2));
  EXPECT_THAT(found->profile->user_list_ids, ElementsAre(3));
  EXPECT_EQ(json::parse(found->profile->data_fields_json).at("firstName"), "Zoë");
  EXPECT_EQ(found->profile->updated_at, parse_iso_utc("2021-07-01T18:00:32Z"));
}

TEST_F(ClientTest, TakesAMomentItCannotReadForNone) {
  for (const char* text :
       {"", "yesterday", " +00:00", "2021-07-01 18:00:32", "x2021-07-01 18 +00:00"}) {
    const auto found = look_up(
        KeyType::email, "a@example.com",
        answered(200,
                 json{{"user",
                       {{"email", "a@example.com"}, {"dataFields", {{"profileUpdatedAt", text}}}}}}
                     .dump()));
    ASSERT_TRUE(found.ok() && found->profile.has_value());
    EXPECT_EQ(found->profile->updated_at, std::nullopt) << text;
  }
}

TEST_F(ClientTest, FindsAContactWithoutAnAddress) {
  const auto found =
      look_up(KeyType::user_id, "U1", answered(200, R"({"user":{"dataFields":{"userId":"U1"}}})"));
  ASSERT_TRUE(found.ok() && found->profile.has_value());
  EXPECT_EQ(found->profile->email, "");
  EXPECT_EQ(found->profile->user_id, "U1");
}

TEST_F(ClientTest, KnowsEveryWayToSayNobody) {
  const std::string unknown_id = "No user with that id exists!";
  const std::tuple<KeyType, int, std::string> kCases[] = {
      {KeyType::email, 200, "{}"},
      {KeyType::email, 200, R"({"user":null})"},
      {KeyType::email, 200, R"({"user":{}})"},
      {KeyType::email, 200, R"({"user":{"email":"","dataFields":{}}})"},
      {KeyType::email, 400,
       R"({"msg":"Invalid email: foo@","code":"InvalidEmailAddressError","params":null})"},
      {KeyType::email, 400, R"({"msg":"","code":"UnknownEmailError","params":null})"},
      {KeyType::email, 404, R"({"msg":"","code":"UnknownEmailError","params":null})"},
      {KeyType::user_id, 400, unknown_id},
      {KeyType::user_id, 404, unknown_id},
      {KeyType::user_id, 400,
       R"({"msg":"x","code":"error.users.noUserWithIdExists","params":null})"},
      {KeyType::user_id, 404,
       R"({"msg":"x","code":"error.users.noUserWithIdExists","params":null})"},
      {KeyType::user_id, 400, R"({"msg":"x","code":"UnknownUserIdError","params":null})"},
      {KeyType::user_id, 200, "{}"},
      {KeyType::user_id, 200, R"({"user":null})"},
  };
  for (const auto& [type, status, body] : kCases) {
    const auto found = look_up(type, "x@example.com", answered(status, body));
    ASSERT_TRUE(found.ok()) << status << " " << body;
    EXPECT_FALSE(found->profile.has_value()) << status << " " << body;
  }
}

TEST_F(ClientTest, AnotherPersonsProfileProvesNobody) {
  const auto email = [](std::string_view address) {
    return answered(200, json{{"user", {{"email", address}, {"userId", "U1"}}}}.dump());
  };
  for (const auto& [type, key, answer] :
       {std::tuple(KeyType::email, "ann@example.com", email("bob@example.com")),
        std::tuple(KeyType::email, "é@example.com", email("e@example.com")),
        std::tuple(KeyType::email, "ann@example.com", answered(200, R"({"user":{"userId":"U1"}})")),
        std::tuple(KeyType::user_id, "u1", email("ann@example.com"))}) {
    const auto seen = look_up(type, key, answer);
    ASSERT_TRUE(seen.ok());
    EXPECT_TRUE(seen->of_another) << key;
    EXPECT_FALSE(seen->profile) << key;
  }
  // As Iterable spells it, which may be in lower case beyond ASCII as well.
  for (const auto& [key, address] : {std::pair("ann@example.com", "Ann@Example.com"),
                                     std::pair("ZOË.ÉMILE@example.com", "zoë.émile@example.com"),
                                     std::pair("ΩДŽ@example.com", "ωдž@example.com")})
    EXPECT_TRUE(look_up(KeyType::email, key, email(address))->profile) << key;
}

// What prints or copies a tree goes down as deep as the tree does.
TEST_F(ClientTest, TakesAnAnswerThatNestsTooDeepForSenseless) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const auto within = [&](const std::string& body) {
    std::string out = body;
    return out.replace(out.find('@'), 1, deep);
  };
  const auto corrupt = [](const auto& result) {
    return !result.ok() && result.error().kind == ErrorKind::corrupt;
  };
  EXPECT_TRUE(
      corrupt(look_up(KeyType::email, "x",
                      answered(200, within(R"({"user":{"email":"x","dataFields":{"a":@}}})")))));
  EXPECT_FALSE(look_up(KeyType::email, "x", answered(400, within(R"({"code":@})"))).ok());
  transport_.answers = {answered(200, within(R"({"lists":[{"id":1,"name":"a","x":@}]})"))};
  EXPECT_TRUE(corrupt(client().lists({})));
  transport_.answers = {answered(200, within(R"({"fields":{"a":"string"},"x":@})"))};
  EXPECT_TRUE(corrupt(client().fields({})));
  transport_.answers = {answered(200, within(R"({"listId":1,"x":@})"))};
  const CreateListAnswer made = client().create_list("a", "", {});
  EXPECT_TRUE(corrupt(made.id) && made.may_have_arrived);
  transport_.answers = {answered(200, within("{\"email\":\"x\",\"a\":@}\n"))};
  EXPECT_FALSE(client().contacts({}, [](auto, auto) { FAIL(); }, {}).ok());
}

TEST_F(ClientTest, DoesNotTakeTroubleForNobody) {
  const std::pair<int, std::string> kCases[] = {
      {404, kHtml},
      {404, R"({"msg":"","code":"NotFound"})"},
      {400, "{}"},
      {400, R"({"code":"BadParams"})"},
      {400, kHtml},
      {401, "{}"},
      {500, "{}"},
      {200, ""},
      {200, "[]"},
      {200, kHtml},
      {200, R"({"user":"ann"})"},
      {200, R"({"user":[]})"},
      {409, "{}"},
  };
  for (const KeyType type : {KeyType::email, KeyType::user_id}) {
    for (const auto& [status, body] : kCases)
      EXPECT_FALSE(look_up(type, "x@example.com", answered(status, body)).ok())
          << status << " " << body;
  }
  EXPECT_FALSE(look_up(KeyType::email, "x", lost()).ok());
  // Each by its own words alone.
  EXPECT_FALSE(look_up(KeyType::email, "x", answered(400, "No user with that id exists!")).ok());
  EXPECT_FALSE(
      look_up(KeyType::user_id, "x", answered(400, R"({"code":"InvalidEmailAddressError"})")).ok());
}

TEST_F(ClientTest, EncodesKeysInAddresses) {
  transport_.answers = {answered(200, "{}")};
  (void)client().look_up(KeyType::email, "ann+tag@example.com", {});
  (void)client().look_up(KeyType::user_id, "U 1/?&#%李", {});
  EXPECT_EQ(transport_.requests.at(0).url,
            "http://iterable/api/users/getByEmail?email=ann%2Btag%40example.com");
  EXPECT_EQ(transport_.requests.at(1).url,
            "http://iterable/api/users/byUserId?userId=U%201%2F%3F%26%23%25%E6%9D%8E");
}

// --- Fields.

TEST_F(ClientTest, ReadsFields) {
  transport_.answers = {answered(
      200,
      R"({"fields":{"email":"string","Lifetime Value":"double","address.number":"long","odd":7}})")};
  const auto fields = client().fields({});
  ASSERT_TRUE(fields.ok());
  EXPECT_THAT(*fields, ElementsAre(Pair("Lifetime Value", "double"), Pair("address.number", "long"),
                                   Pair("email", "string")));
  for (const char* body : {"{}", R"({"fields":[]})", "", R"({"fields":null})"}) {
    transport_.answers = {answered(200, body)};
    EXPECT_EQ(client().fields({}).error().kind, ErrorKind::corrupt) << body;
  }
}

// --- Batches.

TEST_F(ClientTest, SendsEachKindOfBatchToItsEndpoint) {
  const std::vector<Person> people = {{"U1", R"({"a":1})"}};
  transport_.answers = {answered(200, R"({"successCount":1,"failCount":0})")};
  const std::pair<BatchCall, const char*> kCalls[] = {{BatchCall::subscribe, "lists/subscribe"},
                                                      {BatchCall::unsubscribe, "lists/unsubscribe"},
                                                      {BatchCall::bulk_update, "users/bulkUpdate"}};
  for (const auto& [call, endpoint] : kCalls) {
    const Batch batch{.call = call, .list_id = 7, .key_type = KeyType::user_id, .people = people};
    Proof proof;
    proof.add("U1", clock_.monotonic(), 60s);
    EXPECT_EQ(client().attempt(batch, std::move(proof), false, {}).kind,
              BatchAnswer::Kind::answered);
    EXPECT_EQ(transport_.requests.back().url, "http://iterable/api/" + std::string(endpoint));
    EXPECT_EQ(transport_.requests.back().body, encode(batch));
    EXPECT_EQ(counter_.counts().by_endpoint.at(endpoint), 1);
  }
}

TEST_F(ClientTest, SendsNoBodyBeyondFourMegabytes) {
  const std::string big = "{\"a\":\"" + std::string(2'100'000, 'x') + "\"}";
  const std::vector<Person> two = {{"U1", big}, {"U2", big}};
  EXPECT_EQ(attempt({.key_type = KeyType::user_id, .people = two}).kind,
            BatchAnswer::Kind::too_large);
  const std::string huge = "{\"a\":\"" + std::string(4'000'000, 'x') + "\"}";
  const std::vector<Person> one = {{"U1", huge}};
  const BatchAnswer alone = attempt({.key_type = KeyType::user_id, .people = one});
  EXPECT_EQ(alone.kind, BatchAnswer::Kind::refused);
  EXPECT_EQ(alone.reason, "too_large");
  EXPECT_THAT(transport_.requests, IsEmpty());
}

TEST_F(ClientTest, LeavesHalvingToTheCaller) {
  for (const http::Answer& answer :
       {answered(413, kHtml), answered(400, R"({"code":"BatchTooLarge"})")}) {
    transport_.answers = {answer};
    EXPECT_EQ(subscribe().kind, BatchAnswer::Kind::too_large);
  }
  transport_.answers = {answered(409, R"({"code":"ForgottenUserError"})")};
  const BatchAnswer forgotten = subscribe();
  EXPECT_EQ(forgotten.kind, BatchAnswer::Kind::refused);
  EXPECT_EQ(forgotten.reason, "forgotten");
  EXPECT_TRUE(forgotten.final);
}

}  // namespace
}  // namespace rollcall::iterable
