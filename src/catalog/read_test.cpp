#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog.hpp"
#include "catalog/example_test.hpp"

namespace rollcall::catalog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

References references() {
  References out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "ITERABLE_API_KEY") return "secret-key-0123";
    if (name == "EMPTY") return "";
    if (name == "PORT") return "5433";
    return std::nullopt;
  };
  out.file = [](const std::filesystem::path& path) -> Result<std::string> {
    if (path == "/etc/rollcall/key") return std::string("secret-from-file\n");
    if (path == "/work/query.sql") return std::string("select 1 as customer_id\n");
    return Error{ErrorKind::not_found, "no such file"};
  };
  out.folder = "/work";
  return out;
}

std::vector<std::string> texts(const ReadResult& result) {
  std::vector<std::string> out;
  for (const Problem& problem : result.problems) out.push_back(to_text(problem, "f.yaml"));
  return out;
}

ReadResult read_plain(std::string_view yaml) { return read(yaml, {}, references()); }

TEST(ReadTest, ReadsTheWholeExample) {
  const ReadResult result = read_plain(kExample);
  ASSERT_THAT(texts(result), IsEmpty());
  EXPECT_EQ(result.catalog.models.size(), 3U);
  EXPECT_EQ(result.catalog.activations[0].attributes[1].type, AttributeType::double_);
  // What is written reads as the same, and is written the same again.
  const std::string written = write(result.catalog);
  const ReadResult again = read_plain(written);
  ASSERT_THAT(texts(again), IsEmpty()) << written;
  EXPECT_EQ(write(again.catalog), written);
}

}  // namespace
}  // namespace rollcall::catalog
