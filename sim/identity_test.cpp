#include "sim/identity.hpp"

#include <gtest/gtest.h>

namespace sim {
namespace {

TEST(EmailTest, AcceptsOrdinaryAddresses) {
  for (const char* email : {"a@example.com", "first.last+tag@sub.example.co.uk",
                            "o'neil@example.org", "x@example.museum", "\"a b\"@example.com",
                            "UPPER@EXAMPLE.COM", "1@1.de", "a-b_c@ex-ample.io"}) {
    EXPECT_TRUE(is_valid_email(email)) << email;
  }
}

TEST(EmailTest, RefusesMalformedAddressesAndUnknownDomains) {
  for (const char* email : {"",
                            "@",
                            "a",
                            "a@",
                            "@example.com",
                            "a@b",
                            "a@localhost",
                            "x@foo.test",
                            "x@a.invalid",
                            "x@foo.example",
                            "a b@example.com",
                            " a@example.com",
                            "a@example.com ",
                            ".a@example.com",
                            "a.@example.com",
                            "a..b@example.com",
                            "a@-example.com",
                            "a@example-.com",
                            "a@.com",
                            "a@example..com",
                            "a@exam_ple.com",
                            "a@example.com\n",
                            "\xc3\xa9@example.com",
                            "a@\xc3\xa9xample.com",
                            "a@b@example.com",
                            "a@example.c"}) {
    EXPECT_FALSE(is_valid_email(email)) << email;
  }
  EXPECT_TRUE(is_valid_email(std::string(64, 'a') + "@example.com"));
  EXPECT_FALSE(is_valid_email(std::string(65, 'a') + "@example.com"));
}

TEST(UserIdTest, AcceptsUpTo52PrintableAsciiCharacters) {
  EXPECT_TRUE(is_valid_user_id(std::string(52, 'x')));
  EXPECT_FALSE(is_valid_user_id(std::string(53, 'x')));
  EXPECT_TRUE(is_valid_user_id(" a b/?"));
  EXPECT_FALSE(is_valid_user_id(""));
  EXPECT_FALSE(is_valid_user_id("a "));
  EXPECT_FALSE(is_valid_user_id("a\tb"));
  EXPECT_FALSE(is_valid_user_id("\xc3\xa9"));
}

TEST(LowerTest, ChangesAsciiOnly) { EXPECT_EQ(lower_ascii("AbI\xc3\x89"), "abi\xc3\x89"); }

TEST(SpelledTest, KeepsOrLowersLettersBeyondAscii) {
  EXPECT_EQ(spelled("JosÉ@X.com", Letters::refuse), "josÉ@x.com");
  EXPECT_EQ(spelled("JosÉ@X.com", Letters::keep), "josÉ@x.com");
  EXPECT_EQ(spelled("JosÉ@X.com", Letters::lower), "josé@x.com");
  EXPECT_FALSE(is_valid_email("josé@example.com"));
  EXPECT_TRUE(is_valid_email("josé@example.com", Letters::keep));
  EXPECT_TRUE(is_valid_email("josé@example.com", Letters::lower));
  EXPECT_FALSE(is_valid_email("jo sé@example.com", Letters::keep));
}

TEST(HashTest, IsSha256OfTheTrimmedLowerCasedText) {
  // sha256("a@example.com")
  EXPECT_EQ(hashed_identifier(" A@Example.com "), hashed_identifier("a@example.com"));
  EXPECT_EQ(hashed_identifier(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace sim
