#include "operations/data_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace rollcall::operations {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kCatalog = R"(version: 1
sources:
  - {name: shop, kind: csv, path: SHOP}
models:
  - {name: people, source: shop, table: people, primary_key: id}
segments:
  - name: VIPs
    model: people
    where: {all: [{field: ltv, op: gte, value: 5}, {field: name, op: eq, value: Ann}]}
destinations:
  - {name: It, platform: iterable, service: contact_lists, project_type: hybrid, api_key: k}
activations:
  - segment: VIPs
    destination: It
    match_key: {type: email, field: email}
    attributes:
      - {field: name, to: firstName}
)";

class DataCheckTest : public testing::Test {
 protected:
  DataCheckTest() {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "people.csv") << "id,email,name,ltv\n1,a@example.com,Ann,7.5\n";
  }
  ~DataCheckTest() override { fs::remove_all(folder_); }

  // What is found when `old` is replaced in the catalog.
  DataCheck check(const std::string& old, const std::string& fresh, const std::string& path = "") {
    std::string text = kCatalog;
    const auto replace = [&](const std::string& from, const std::string& to) {
      const size_t at = text.find(from);
      CHECK(at != std::string::npos);
      text.replace(at, from.size(), to);
    };
    replace("SHOP", path.empty() ? folder_.string() : path);
    replace(old, fresh);
    const catalog::ReadResult read = catalog::read(text, {}, {});
    CHECK(read.problems.empty());
    return hold_against_data(read.catalog, {.temp_directory = folder_});
  }
  std::vector<std::string> problems(const std::string& old, const std::string& fresh) {
    std::vector<std::string> out;
    for (const catalog::Problem& problem : check(old, fresh).problems)
      out.push_back(to_text(problem, "f"));
    return out;
  }

  fs::path folder_ = fs::temp_directory_path() / ("data_check_test-" + std::to_string(::getpid()));
};

TEST_F(DataCheckTest, FindsNothingWrongWithFieldsThatExist) {
  const DataCheck found = check("VIPs", "VIPs");
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_THAT(found.warnings, IsEmpty());
}

TEST_F(DataCheckTest, NamesAFieldOfARuleThatIsNotThere) {
  EXPECT_THAT(
      problems("field: ltv", "field: ltw"),
      ElementsAre(StartsWith("f:9:27: model `people` has no field `ltw` (did you mean `ltv`?)")));
}

TEST_F(DataCheckTest, NamesAnOperatorThatTheTypeDoesNotHave) {
  EXPECT_THAT(problems("{field: name, op: eq, value: Ann}", "{field: name, op: is_true}"),
              ElementsAre(StartsWith("f:9:60: ")));
}

TEST_F(DataCheckTest, NamesAPrimaryKeyThatIsNotThere) {
  EXPECT_THAT(problems("primary_key: id", "primary_key: idd"), ElementsAre(StartsWith("f:5:5: ")));
}

TEST_F(DataCheckTest, NamesAMatchKeyAndAttributesThatAreNotThere) {
  EXPECT_THAT(problems("field: email}", "field: emial}"),
              ElementsAre("f:13:5: there is no field `emial` in `people` for the match key (did "
                          "you mean `email`?)"));
  EXPECT_THAT(problems("{field: name, to", "{field: nmae, to"),
              ElementsAre(StartsWith("f:17:17: ")));
  EXPECT_THAT(problems("to: firstName", "to: age, type: long"),
              ElementsAre(StartsWith("f:17:17: `name` is of type text")));
}

TEST_F(DataCheckTest, WarnsOnceAboutASourceThatDoesNotOpen) {
  const DataCheck found = check("VIPs", "VIPs", "/nowhere/at/all");
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_THAT(found.warnings, ElementsAre(StartsWith("fields were not held against the data: ")));
}

}  // namespace
}  // namespace rollcall::operations
