#include "operations/words.hpp"

#include <gtest/gtest.h>

namespace rollcall::operations {
namespace {

TEST(WordsTest, TellsDurationsSharesAndDates) {
  EXPECT_EQ(duration(Millis(850)), "850 ms");
  EXPECT_EQ(duration(Millis(2'340)), "2.3 s");
  EXPECT_EQ(duration(Millis(59'400)), "59 s");
  EXPECT_EQ(duration(Millis(200'000)), "3 min 20 s");
  EXPECT_EQ(duration(Millis(7'500'000)), "2 h 5 min");
  EXPECT_EQ(share(1, 8), "12 %");
  EXPECT_EQ(share(1, 300), "0.3 %");
  EXPECT_EQ(share(1, 100'000), "< 0.1 %");
  EXPECT_EQ(share(0, 10), "0 %");
  EXPECT_EQ(share(0, 0), "–");
  EXPECT_EQ(date_ms(0), "–");
  EXPECT_EQ(date_ms(1'767'323'045'000), "2026-01-02 03:04:05");
  EXPECT_EQ(people(1), "1 person");
  EXPECT_EQ(people(1234), "1,234 people");
}

TEST(WordsTest, TellsSchedules) {
  Schedule every;
  every.kind = Schedule::Kind::every;
  every.every = std::chrono::minutes(90);
  EXPECT_EQ(in_words(every), "every 90 min");
  every.every = std::chrono::hours(24);
  EXPECT_EQ(in_words(every), "every 1 d");
  EXPECT_EQ(in_words(Schedule{}), "manual");
  Schedule days;
  days.kind = Schedule::Kind::recurrences;
  days.recurrences = {{{"mon", "wed"}, "09:00", "Europe/Paris"}};
  EXPECT_EQ(in_words(days), "mon wed 09:00 (Europe/Paris)");
}

}  // namespace
}  // namespace rollcall::operations
