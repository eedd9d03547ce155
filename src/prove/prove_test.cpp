#include "prove/prove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
    return http::Response{.status = 200};
  }
  std::deque<Export> exports;
  std::vector<std::string> urls;
};

class ContactsTest : public testing::Test {
 protected:
  Contacts contacts(KeyType type) { return {client_, type, clock_, random_, observer_}; }

  Exports exports_;
  ManualClock clock_{Time(Millis(1'000'000'000))};
  SeededRandom random_{1};
  Observer observer_;
  iterable::Pace pace_{clock_};
  iterable::CallCounter counter_;
  iterable::Client client_{{"https://iterable.example", Secret("k"), ProjectType::email},
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
  auto people = contacts(KeyType::email);
  const auto index = people.fresh({});
  ASSERT_TRUE(index.ok()) << index.error().text();
  EXPECT_THAT(exports_.urls.at(0), HasSubstr("/api/export/data.json?dataTypeName=user&range=All"));
  EXPECT_EQ((*index)->contacts(), 2U);
  EXPECT_TRUE((*index)->holds("ann@example.com"));
  EXPECT_TRUE((*index)->holds("bob@example.com"));
  EXPECT_FALSE((*index)->holds("c3"));
  EXPECT_FALSE((*index)->holds("A1"));
  EXPECT_FALSE((*index)->holds("eve@example.com"));
}

TEST_F(ContactsTest, UserIdsAreExact) {
  exports_.exports = {{kThree}};
  auto people = contacts(KeyType::user_id);
  const auto index = people.fresh({});
  ASSERT_TRUE(index.ok());
  EXPECT_TRUE((*index)->holds("A1"));
  EXPECT_TRUE((*index)->holds("c3"));
  EXPECT_FALSE((*index)->holds("a1"));
}

TEST_F(ContactsTest, IsReadOnceAndAnewWhenItsProofIsTooOld) {
  exports_.exports = {{kThree}, {R"({"email":"new@example.com"})"}};
  auto people = contacts(KeyType::email);
  ASSERT_TRUE(people.fresh({}).ok());
  clock_.advance(14min);
  EXPECT_TRUE((*people.fresh({}))->holds("ann@example.com"));
  EXPECT_EQ(exports_.urls.size(), 1U);
  clock_.advance(2min);
  const auto later = people.fresh({});
  EXPECT_FALSE((*later)->holds("ann@example.com"));
  EXPECT_TRUE((*later)->holds("new@example.com"));
  EXPECT_EQ(exports_.urls.size(), 2U);
}

TEST_F(ContactsTest, AStreamThatBreaksIsReadFromTheStart) {
  exports_.exports = {{kThree, true},
                      {"{\"email\":\"ann@example.com\"}\n{\"ema"},
                      {"{\"email\":\"bob@example.com\"}\n"}};
  auto people = contacts(KeyType::email);
  const auto index = people.fresh({});
  ASSERT_TRUE(index.ok()) << index.error().text();
  EXPECT_EQ((*index)->contacts(), 1U);
  EXPECT_TRUE((*index)->holds("bob@example.com"));
  EXPECT_FALSE((*index)->holds("ann@example.com"));
}

TEST_F(ContactsTest, AStreamThatAlwaysBreaksIsAnErrorInTheEnd) {
  exports_.exports = {{kThree, true}};
  auto people = contacts(KeyType::email);
  const auto index = people.fresh({});
  ASSERT_FALSE(index.ok());
  EXPECT_EQ(index.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(exports_.urls.size(), 4U);
}

TEST_F(ContactsTest, AKeyThatMayNotExportSaysSo) {
  exports_.exports = {{R"({"msg":"Invalid API key","code":"BadApiKey","params":{}})", false, 401}};
  auto people = contacts(KeyType::email);
  const auto index = people.fresh({});
  ASSERT_FALSE(index.ok());
  EXPECT_EQ(index.error().kind, ErrorKind::denied);
  EXPECT_EQ(exports_.urls.size(), 1U);
}

TEST(ChooseTest, ManyAreProvenByExportAndFewByLookUps) {
  EXPECT_FALSE(choose(5'000, 97, {}).by_export);
  EXPECT_TRUE(choose(7'000, 97, {}).by_export);
  EXPECT_TRUE(choose(5'000, 48, {}).by_export);  // throttled
  EXPECT_TRUE(choose(500, 97, {2'000, 1.5}).by_export);
  EXPECT_FALSE(choose(0, 97, {0, 0}).by_export);
}

TEST(ChooseTest, WhatAnExportTookIsKept) {
  const ExportRate kept = export_rate_from_json(to_json(ExportRate{12, 3.5}));
  EXPECT_EQ(kept.contacts, 12);
  EXPECT_EQ(kept.seconds, 3.5);
  EXPECT_EQ(export_rate_from_json("[]").contacts, ExportRate{}.contacts);
}

}  // namespace
}  // namespace rollcall::prove
