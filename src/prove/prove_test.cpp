#include "prove/prove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>

namespace rollcall::prove {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

// Answers exports in turn, the last for ever, in small pieces; nothing stands for a stream that
// breaks after what was sent of it.
struct Export {
  std::string body;
  bool breaks = false;
  int status = 200;
  std::optional<Time> date = std::nullopt;
};
class Exports : public http::Transport {
 public:
  http::Answer send(const http::Request& request, const std::stop_token&) override {
    urls.push_back(request.url);
    const Export next = exports.front();
    if (exports.size() > 1) exports.pop_front();
    if (next.status != 200) return http::Response{.status = next.status, .body = next.body};
    constexpr size_t kPiece = 7;
    for (size_t at = 0; at < next.body.size(); at += kPiece)
      if (!request.on_body(std::string_view(next.body).substr(at, kPiece)))
        return tl::unexpected(http::Failure{{ErrorKind::corrupt, "ended by its reader"}});
    if (next.breaks)
      return tl::unexpected(http::Failure{{ErrorKind::unavailable, "the connection was lost"}});
    return http::Response{.status = 200, .date = next.date};
  }
  std::deque<Export> exports;
  std::vector<std::string> urls;
};

class ContactsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("contacts-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  IndexFile index_file() {
    return {folder_ / "1.index", Secret(std::string(32, 's')), project_text_};
  }
  std::unique_ptr<Contacts> contacts(KeyType type = KeyType::email) {
    return std::make_unique<Contacts>(reader_, type, clock_, disk_, observer_, index_file());
  }
  // A run that exports everybody.
  void export_everybody() {
    ASSERT_TRUE(contacts()->exported({}).ok());
    exports_.urls.clear();
  }

  std::filesystem::path folder_;
  RealDisk disk_;
  std::string project_text_ = "a project";
  Exports exports_;
  ManualClock clock_{Time(Millis(1'000'000'000))};
  SeededRandom random_{1};
  Observer observer_;
  iterable::Pace pace_{clock_};
  iterable::CallCounter counter_;
  iterable::Reader reader_{{"https://iterable.example", Secret("k"), ProjectType::email},
                           exports_,
                           clock_,
                           random_,
                           pace_,
                           counter_};
};

constexpr const char* kThree =
    R"({"email":"ann@example.com","userId":"A1","signupDate":"2026-01-02 03:04:05 +00:00"}
{"email":"Bob@Example.com"}
{"userId":"c3"})";

TEST_F(ContactsTest, AnExportOfEverybodyAnswersForEmailsInAnyCase) {
  exports_.exports = {{kThree}};
  const auto people = contacts();
  const auto exported = people->exported({});
  ASSERT_TRUE(exported.ok()) << exported.error().text();
  EXPECT_THAT(exports_.urls.at(0), HasSubstr("/api/export/data.json?dataTypeName=user&range=All"));
  const Index& index = *exported->index;
  EXPECT_EQ(index.hashes(KeyType::email).size(), 2U);
  EXPECT_TRUE(index.holds("ann@example.com"));
  EXPECT_TRUE(index.holds("bob@example.com"));
  EXPECT_FALSE(index.holds("c3"));
  EXPECT_FALSE(index.holds("A1"));
  EXPECT_FALSE(index.holds("eve@example.com"));
}

TEST_F(ContactsTest, UserIdsAreExact) {
  exports_.exports = {{kThree}};
  const auto exported = contacts(KeyType::user_id)->exported({});
  ASSERT_TRUE(exported.ok());
  EXPECT_TRUE(exported->index->holds("A1"));
  EXPECT_TRUE(exported->index->holds("c3"));
  EXPECT_FALSE(exported->index->holds("a1"));
}

TEST_F(ContactsTest, IsReadOnceAndAnewWhenItsProofIsTooOld) {
  exports_.exports = {{kThree}, {R"({"email":"new@example.com"})"}};
  const auto people = contacts();
  ASSERT_TRUE(people->exported({}).ok());
  clock_.advance(14min);
  EXPECT_TRUE(people->exported({})->index->holds("ann@example.com"));
  EXPECT_EQ(exports_.urls.size(), 1U);
  clock_.advance(2min);
  const auto later = people->exported({});
  EXPECT_FALSE(later->index->holds("ann@example.com"));
  EXPECT_TRUE(later->index->holds("new@example.com"));
  EXPECT_EQ(exports_.urls.size(), 2U);
}

TEST_F(ContactsTest, AnExportProvesWhenItBeganLongEnoughAfterTheRun) {
  // Whoever was deleted before the run may still be in an export that begins with it.
  exports_.exports = {{kThree}, {R"({"email":"bob@example.com"})"}};
  Contacts contacts(reader_, KeyType::email, clock_, disk_, observer_, index_file(), 60s);
  clock_.advance(5s);
  EXPECT_TRUE((*contacts.everybody({}))->holds("ann@example.com")) << "to choose whom to look up";
  EXPECT_FALSE(contacts.has_exported());
  EXPECT_EQ(contacts.until_it_proves(), 55s);
  const Millis before = clock_.monotonic();
  const auto exported = contacts.exported({});
  ASSERT_TRUE(exported.ok());
  EXPECT_FALSE(exported->index->holds("ann@example.com"));
  EXPECT_GE(exported->read_at - before, 55s);
  EXPECT_TRUE(contacts.has_exported());
}

TEST_F(ContactsTest, AStreamThatBreaksIsReadFromTheStart) {
  exports_.exports = {{kThree, true},
                      {"{\"email\":\"ann@example.com\"}\n{\"ema"},
                      {"{\"email\":\"bob@example.com\"}\n"}};
  const auto exported = contacts()->exported({});
  ASSERT_TRUE(exported.ok()) << exported.error().text();
  EXPECT_EQ(exported->index->hashes(KeyType::email).size(), 1U);
  EXPECT_TRUE(exported->index->holds("bob@example.com"));
  EXPECT_FALSE(exported->index->holds("ann@example.com"));
}

TEST_F(ContactsTest, AStreamThatAlwaysBreaksIsAnErrorInTheEnd) {
  exports_.exports = {{kThree, true}};
  const auto exported = contacts()->exported({});
  ASSERT_FALSE(exported.ok());
  EXPECT_EQ(exported.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(exports_.urls.size(), 4U);
  EXPECT_EQ(contacts()->kept(), nullptr);
}

TEST_F(ContactsTest, AKeyThatMayNotExportSaysSo) {
  exports_.exports = {{R"({"msg":"Invalid API key","code":"BadApiKey","params":{}})", false, 401}};
  const auto exported = contacts()->exported({});
  ASSERT_FALSE(exported.ok());
  EXPECT_EQ(exported.error().kind, ErrorKind::denied);
  EXPECT_EQ(exports_.urls.size(), 1U);
}

// The clock of these tests stands at 1970-01-12 13:46:40.
TEST_F(ContactsTest, ALaterRunAsksForThoseUpdatedSinceAnHourBefore) {
  exports_.exports = {{kThree}, {R"({"email":"new@example.com","userId":"N"})"}};
  export_everybody();
  clock_.advance(24h);
  const auto people = contacts();
  EXPECT_TRUE(people->kept()->holds("ann@example.com"));
  EXPECT_FALSE(people->kept()->holds("new@example.com"));
  const auto index = people->up_to_date({});
  ASSERT_TRUE(index.ok()) << index.error().text();
  EXPECT_TRUE((*index)->holds("ann@example.com"));
  EXPECT_TRUE((*index)->holds("new@example.com"));
  EXPECT_THAT(exports_.urls.at(0),
              HasSubstr("dataTypeName=user&startDateTime=1970-01-12%2012%3A46%3A40%20%2B00%3A00"
                        "&endDateTime=1970-01-13%2013%3A46%3A42%20%2B00%3A00&"));
  EXPECT_EQ((*people->up_to_date({})), *index) << "once in a run";
  EXPECT_EQ(exports_.urls.size(), 1U);
  EXPECT_TRUE(Index::open(index_file(), KeyType::user_id)->holds("N"))
      << "whichever key it is used for";
  EXPECT_DOUBLE_EQ(people->rates({10, 1}).updated_a_day, 1 / (25.0 + 2 / 3600.0) * 24 / 10);
}

TEST_F(ContactsTest, AnIncrementBeginsByIterablesClock) {
  const Time theirs = clock_.now() - 2h;
  exports_.exports = {{kThree, false, 200, theirs}};
  export_everybody();
  clock_.advance(24h);
  ASSERT_TRUE(contacts()->up_to_date({}).ok());
  EXPECT_THAT(exports_.urls.at(0), HasSubstr("startDateTime=1970-01-12%2010%3A46%3A40"));
}

TEST_F(ContactsTest, WhatAnotherProcessBroughtUpToDateSinceTheRunBeganIsEnough) {
  exports_.exports = {{kThree}};
  export_everybody();
  clock_.advance(1h);
  const auto ours = contacts();
  clock_.advance(1min);
  ASSERT_TRUE(contacts()->up_to_date({}).ok());
  ASSERT_TRUE(ours->up_to_date({}).ok());
  EXPECT_EQ(exports_.urls.size(), 1U);
}

TEST_F(ContactsTest, ADeletedContactStaysInTheIndexUntilAWholeExport) {
  exports_.exports = {{kThree}, {""}, {R"({"email":"bob@example.com"})"}};
  export_everybody();
  EXPECT_TRUE((*contacts()->up_to_date({}))->holds("ann@example.com"));
  EXPECT_FALSE(contacts()->exported({})->index->holds("ann@example.com"));
  EXPECT_FALSE(contacts()->kept()->holds("ann@example.com"));
}

TEST_F(ContactsTest, AnIndexIsNotUsedForMoreThanAWeek) {
  exports_.exports = {{kThree}};
  export_everybody();
  clock_.advance(6 * 24h);
  ASSERT_TRUE(contacts()->up_to_date({}).ok());
  clock_.advance(25h);
  EXPECT_EQ(contacts()->kept(), nullptr);
  EXPECT_EQ(contacts()->up_to_date({}).error().kind, ErrorKind::not_found);
}

TEST_F(ContactsTest, AnIndexFromTheFutureIsNotUsed) {
  exports_.exports = {{kThree}};
  export_everybody();
  clock_.advance(-1min);
  EXPECT_EQ(contacts()->kept(), nullptr);
}

TEST_F(ContactsTest, AnIndexOfAnotherProjectIsMadeAnew) {
  exports_.exports = {{kThree}};
  export_everybody();
  project_text_ = "another project";
  EXPECT_EQ(contacts()->kept(), nullptr);
  ASSERT_TRUE(contacts()->exported({}).ok());
  EXPECT_NE(contacts()->kept(), nullptr);
}

TEST_F(ContactsTest, AnIndexThatLacksPeopleIsForgotten) {
  exports_.exports = {{kThree}};
  export_everybody();
  contacts()->forget();
  EXPECT_EQ(contacts()->kept(), nullptr);
}

Rates rates(double look_ups, ExportRates exports = {}, double wait = 0) {
  return {look_ups, wait, exports, Time(Millis(0))};
}
ProofWay way_for(int64_t people, const Rates& rates) {
  return choose({.people = people}, rates).way;
}

TEST(ChooseTest, ManyAreProvenByExportAndFewByLookUps) {
  EXPECT_EQ(way_for(5'000, rates(97)), ProofWay::look_ups);
  EXPECT_EQ(way_for(7'000, rates(97)), ProofWay::whole_export);
  EXPECT_EQ(way_for(5'000, rates(48)), ProofWay::whole_export) << "throttled";
  EXPECT_EQ(way_for(500, rates(97, {2'000, 1.5})), ProofWay::whole_export);
  EXPECT_EQ(way_for(500, rates(97, {2'000, 1.5}, 15)), ProofWay::look_ups) << "and must wait";
  EXPECT_EQ(way_for(0, rates(97, {0, 0})), ProofWay::none);
}

TEST(ChooseTest, AnIndexSavesLookUpsWhereItShowsFew) {
  const Time yesterday = Time(Millis(0)) - 24h;
  const Rates now = rates(97);
  const auto chosen = choose({.people = 20'000, .by_index = {{25, yesterday}}}, now);
  EXPECT_EQ(chosen.way, ProofWay::increment);
  EXPECT_EQ(chosen.ways.at(ProofWay::increment).calls, 26);
  EXPECT_NEAR(chosen.ways.at(ProofWay::increment).seconds, 25 / 97.0 + 6, 0.01);
  EXPECT_EQ(chosen.ways.at(ProofWay::look_ups).calls, 20'000);
  EXPECT_EQ(chosen.ways.at(ProofWay::whole_export).calls, 1);
  EXPECT_EQ(chosen.why,
            "an increment and 25 look-ups in about 7 s; 20,000 look-ups: 207 s; an export of all "
            "contacts: 60 s");
  EXPECT_EQ(choose({.people = 20'000, .by_index = {{19'000, yesterday}}}, now).way,
            ProofWay::whole_export);
  EXPECT_EQ(choose({.people = 30, .by_index = {{25, yesterday}}}, now).way, ProofWay::look_ups);
}

TEST(ChooseTest, WhatWasMadeInTheRunCostsNothingMore) {
  const Rates now = rates(97, {}, 15);
  EXPECT_EQ(choose({.people = 30, .by_index = {{25, {}, true}}}, now).way, ProofWay::increment);
  EXPECT_EQ(choose({.people = 30, .exported = true}, now).way, ProofWay::whole_export);
  EXPECT_EQ(choose({.people = 90'000, .may_export = false}, now).way, ProofWay::look_ups);
}

TEST(ChooseTest, AnExportThatProvesNobodyIsWorthItWhereItShowsFew) {
  const auto need = [](int64_t people, int64_t after) {
    return Need{.people = people, .look_ups_after_export = after};
  };
  const Rates now = rates(97);
  EXPECT_EQ(choose(need(200'000, 200'000), now).way, ProofWay::look_ups);
  const auto chosen = choose(need(20'000, 120), now);
  EXPECT_EQ(chosen.way, ProofWay::whole_export);
  EXPECT_EQ(chosen.ways.at(ProofWay::whole_export).calls, 121);
  EXPECT_EQ(chosen.why,
            "an export of all contacts and some 120 look-ups in about 62 s; 20,000 look-ups: 207 "
            "s");
}

TEST(ChooseTest, WhatAnExportTookIsKept) {
  const ExportRates kept = export_rates_from_json(to_json(ExportRates{12, 3.5, 0.25}));
  EXPECT_EQ(kept.contacts, 12);
  EXPECT_EQ(kept.seconds, 3.5);
  EXPECT_EQ(kept.updated_a_day, 0.25);
  EXPECT_EQ(export_rates_from_json("[]").contacts, ExportRates{}.contacts);
  EXPECT_EQ(export_rates_from_json(R"({"contacts":5,"seconds":1})").updated_a_day, 0.1);
}

}  // namespace
}  // namespace rollcall::prove
