#include "cli/serve_settings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rollcall::cli {
namespace {

class SettingsFileTest : public testing::Test {
 protected:
  ~SettingsFileTest() override { std::filesystem::remove(path_); }
  Result<ServeSettings> read(const std::string& text) {
    std::ofstream(path_) << text;
    return read_settings({.config = path_.string(), .given = {}});
  }

 private:
  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("settings-{}.toml", ::getpid());
};

TEST_F(SettingsFileTest, SaysNothingWhileAllIsCommentedOut) {
  const auto settings = read(settings_in_a_file());
  ASSERT_TRUE(settings.ok()) << settings.error().text();
  EXPECT_EQ(settings->http.port, 8090);
}

TEST_F(SettingsFileTest, EveryLineIsASettingOnceItIsNoComment) {
  std::istringstream lines(settings_in_a_file());
  std::string text, line;
  size_t count = 0;
  while (std::getline(lines, line)) {
    EXPECT_LE(line.size(), 100U);
    if (line.size() < 2 || line[0] != '#' || line[1] == ' ') continue;
    text += line.substr(1) + "\n";
    ++count;
  }
  EXPECT_EQ(count, serve_settings().size());
  const auto settings = read(text);
  ASSERT_TRUE(settings.ok()) << settings.error().text();
  EXPECT_EQ(settings->http.port, 8090);
  EXPECT_EQ(settings->service.grace, std::chrono::seconds(30));
  EXPECT_TRUE(settings->api.url.empty());
}

TEST(SettingsDocumentTest, IsMadeOfTheTable) {
  std::ifstream file(SETTINGS_DOCUMENT);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(settings_in_markdown()), std::string::npos)
      << "put there what `rollcall settings` prints";
}

}  // namespace
}  // namespace rollcall::cli
