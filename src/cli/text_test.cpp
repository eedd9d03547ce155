#include "cli/text.hpp"

#include <gtest/gtest.h>

namespace rollcall::cli {
namespace {

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

}  // namespace
}  // namespace rollcall::cli
