#include "core/source_kinds.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace rollcall {
namespace {

TEST(SourceKindsTest, EveryKindAndEachOfItsKeysIsInTheDocument) {
  std::ifstream file(SOURCES_DOCUMENT);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_FALSE(text.empty());
  const auto is_told = [&](const std::string& word) {
    return text.find('`' + word + '`') != std::string::npos ||
           text.find(word + ": ") != std::string::npos;
  };
  for (const SourceKind& kind : source_kinds()) {
    EXPECT_TRUE(is_told(kind.name)) << kind.name;
    for (const SourceOption& option : kind.options)
      EXPECT_TRUE(is_told(option.key)) << kind.name << ": " << option.key;
  }
}

TEST(SourceKindsTest, AnUnknownKindHasNoNameAndNoKeys) {
  EXPECT_EQ(source_kind("csv").name, "csv");
  EXPECT_EQ(source_kind("excel").name, "");
  EXPECT_TRUE(source_kind("excel").options.empty());
}

}  // namespace
}  // namespace rollcall
