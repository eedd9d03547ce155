#include "operations/csv.hpp"

#include <gtest/gtest.h>

namespace rollcall::operations {
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

}  // namespace
}  // namespace rollcall::operations
