#include <gtest/gtest.h>

#include "core/match_key.hpp"

namespace rollcall {
namespace {

KeyForm form(KeyType type, std::string key) { return normalise_key(type, key); }

TEST(MatchKeyTest, LowersAndTrimsEmails) {
  std::string key = "\t O'Neil+Vip@Example.COM \n";
  EXPECT_EQ(normalise_key(KeyType::email, key), KeyForm::good);
  EXPECT_EQ(key, "o'neil+vip@example.com");
}
TEST(MatchKeyTest, TrimsWhatNobodySees) {
  // A mark of the order of bytes, no-break, zero-width and ideographic space, a soft hyphen.
  std::string key = "\uFEFF\u00A0\u200BZoë@Example.com\u3000\u00AD\u2028 ";
  EXPECT_EQ(normalise_key(KeyType::email, key), KeyForm::good);
  EXPECT_EQ(key, "zoë@example.com");
  EXPECT_EQ(form(KeyType::email, "\u00A0\uFEFF "), KeyForm::blank);
  EXPECT_EQ(form(KeyType::user_id, "\u200B"), KeyForm::blank);
  for (const char* bad :
       {"zo\u200Bë@example.com", "zoë\u00A0@example.com", "zoë@\uFEFFexample.com"})
    EXPECT_EQ(form(KeyType::email, bad), KeyForm::malformed) << bad;
  EXPECT_EQ(form(KeyType::email, "क्\u200Dष@example.com"), KeyForm::good) << "it shapes a letter";
}
TEST(MatchKeyTest, FoldsTheCaseOfEveryLetter) {
  const std::pair<const char*, const char*> same[] = {
      {"JosÉ@x.com", "josé@x.com"}, {"ЖУК@x.com", "жук@x.com"},   {"ΝΊΚΟΣ@x.com", "νίκος@x.com"},
      {"ẞ@x.com", "ß@x.com"},       {"İ@x.com", "i\u0307@x.com"}, {"A@B.co", "a@b.CO"}};
  for (const auto& [one, other] : same) EXPECT_EQ(folded_key(one), folded_key(other)) << one;
  const std::pair<const char*, const char*> different[] = {
      {"jose@x.com", "josé@x.com"}, {"ß@x.com", "ss@x.com"}, {"ı@x.com", "i@x.com"}};
  for (const auto& [one, other] : different) EXPECT_NE(folded_key(one), folded_key(other)) << one;
}
TEST(MatchKeyTest, KeepsUserIdsExactly) {
  std::string key = " aB 7";
  EXPECT_EQ(normalise_key(KeyType::user_id, key), KeyForm::good);
  EXPECT_EQ(key, " aB 7");
}
TEST(MatchKeyTest, CountsBlanksApart) {
  EXPECT_EQ(form(KeyType::email, ""), KeyForm::blank);
  EXPECT_EQ(form(KeyType::email, " \t"), KeyForm::blank);
  EXPECT_EQ(form(KeyType::user_id, "  "), KeyForm::blank);
}
TEST(MatchKeyTest, AcceptsWhatIsAnAddress) {
  for (const char* good : {"a@b.co", "zoë@exämple.com", "李@example.com", "a.b@c.d-e.org",
                           "x@1.2.museum", "'@example.com", "a@xn--bcher-kva.example"})
    EXPECT_EQ(form(KeyType::email, good), KeyForm::good) << good;
}
TEST(MatchKeyTest, RefusesWhatIsNone) {
  const std::string long_local(65, 'a'), long_domain(250, 'd');
  for (const std::string& bad : std::vector<std::string>{
           std::string("a"), std::string("a@"), std::string("@b.co"), std::string("a@b"),
           std::string("a@b@c.co"), std::string("a b@c.co"), std::string("a@b..co"),
           std::string(".a@b.co"), std::string("a@-b.co"), std::string("a@b.c"),
           std::string("a@1.2.3.4"), std::string("\"x\"@b.co"), long_local + "@b.co",
           "a@" + long_domain + ".co", std::string("a\xff@b.co"), std::string("a@b.co\0x", 8)})
    EXPECT_EQ(form(KeyType::email, bad), KeyForm::malformed) << bad;
}
TEST(MatchKeyTest, RefusesUserIdsIterableCannotHold) {
  EXPECT_EQ(form(KeyType::user_id, std::string(52, 'x')), KeyForm::good);
  EXPECT_EQ(form(KeyType::user_id, std::string(53, 'x')), KeyForm::malformed);
  EXPECT_EQ(form(KeyType::user_id, "a "), KeyForm::malformed);
  EXPECT_EQ(form(KeyType::user_id, "Zoë"), KeyForm::malformed);
  EXPECT_EQ(form(KeyType::user_id, "a\tb"), KeyForm::malformed);
}

}  // namespace
}  // namespace rollcall
