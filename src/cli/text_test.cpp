#include "cli/text.hpp"

#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

TEST(CsvTest, QuotesWhatRfc4180AsksFor) {
  EXPECT_EQ(csv_line({"a", "b,c", "d\"e", "f\ng", ""}), "a,\"b,c\",\"d\"\"e\",\"f\ng\",\n");
  EXPECT_EQ(csv_line({" a "}), "\" a \"\n") << "white space at the ends is kept";
  EXPECT_EQ(csv_line({"Zoë", "李"}), "Zoë,李\n");
}

TEST(CsvTest, DisarmsFormulasAndLeavesNumbersAlone) {
  EXPECT_EQ(csv_line({"=1+2", "@SUM(A1)", "+cmd|' /C calc'!A0"}),
            "'=1+2,'@SUM(A1),'+cmd|' /C calc'!A0\n");
  EXPECT_EQ(csv_line({"-5", "+4.5", "-"}), "-5,+4.5,'-\n");
  EXPECT_EQ(csv_line({"-5+3"}), "'-5+3\n");
}

TEST(TableTest, LinesColumnsUpByWhatTheyTakeOnTheScreen) {
  Table table({{"name"}, {"count", Table::Align::right}});
  table.add({"Zoë", "1"});
  table.add({"李小龙", "1,234"});
  EXPECT_EQ(table.text(),
            "name    count\n"
            "Zoë         1\n"
            "李小龙  1,234\n");
}

TEST(TableTest, IsNothingWithoutRows) { EXPECT_EQ(Table({{"name"}}).text(), ""); }

TEST(TableTest, CutsWhatIsTooLongAndShowsWhatATerminalWouldObey) {
  Table table({{"key", Table::Align::left, 6}});
  table.add({"abcdefgh"});
  table.add({"a\x1b[31mb"});
  table.add({"\xff"});
  EXPECT_EQ(table.text(), "key\nabcde…\na?[31…\n?\n");
}

TEST(TextTest, ShowsWhatNobodyWouldSee) {
  EXPECT_EQ(plain("\uFEFFzoë\u200B@x.com\u00A0"), "\\ufeffzoë\\u200b@x.com\\u00a0");
  EXPECT_EQ(plain("क्\u200Dष 👩\u200D🚀 東京\u3000"), "क्\u200Dष 👩\u200D🚀 東京\u3000");
}

TEST(TextTest, CutsAtWholeCharacters) {
  EXPECT_EQ(cut("Zoë", 3), "Zoë");
  EXPECT_EQ(cut("Zoëx", 3), "Zo…");
  EXPECT_EQ(cut("李小龙", 4), "李…");
  EXPECT_EQ(cut("abc", 0), "…");
}

TEST(TextTest, TellsDurationsSharesAndDates) {
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

TEST(TextTest, TellsSchedules) {
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
}  // namespace rollcall::cli
