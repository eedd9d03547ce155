#include "store/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace rollcall::store {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::path(testing::TempDir()) / ("store-" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(home_);
  }
  void TearDown() override { fs::remove_all(home_); }
  std::unique_ptr<Store> open() {
    auto store = Store::open(home_, clock_, random_);
    EXPECT_TRUE(store.ok()) << store.error().text();
    return store.ok() ? std::move(*store) : nullptr;
  }
  std::string every_byte() {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(home_)) {
      std::ifstream in(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  }
  ManualClock clock_{Time(Millis(1'000'000))};
  SeededRandom random_{1};
  fs::path home_;
};

TEST_F(StoreTest, KeepsObjectsAndTheirSecretsAcrossProcesses) {
  ASSERT_TRUE(open()->put({{"destination", "", "Iterable", "{}", {{"api_key", Secret("hush-hush-key")}}}}, {}).ok());
  const auto objects = open()->objects();
  ASSERT_TRUE(objects.ok());
  ASSERT_EQ(objects->size(), 1u);
  EXPECT_FALSE((*objects)[0].uid.empty());
  EXPECT_EQ((*objects)[0].secrets[0].second.reveal(), "hush-hush-key");
}
TEST_F(StoreTest, HasNoSecretInAnyFileInClear) {
  auto store = open();
  ASSERT_TRUE(store->put({{"destination", "d", "Iterable", "{}", {{"api_key", Secret("hush-hush-key")}}}}, {}).ok());
  EXPECT_EQ(every_byte().find("hush-hush"), std::string::npos);
}
TEST_F(StoreTest, IsPrivateToItsOwner) {
  open();
  struct stat about {};
  for (const char* name : {"key", "rollcall.db"}) {
    ASSERT_EQ(::stat((home_ / name).c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 077, 0u) << name;
  }
}
TEST_F(StoreTest, RefusesAKeyFileOthersMayRead) {
  open();
  fs::permissions(home_ / "key", fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(Store::open(home_, clock_, random_).error().kind, ErrorKind::denied);
}
TEST_F(StoreTest, SaysWhatToDoWithoutTheRightKey) {
  ASSERT_TRUE(open()->put({{"destination", "d", "Iterable", "{}", {{"api_key", Secret("x")}}}}, {}).ok());
  fs::remove(home_ / "key");
  EXPECT_EQ(Store::open(home_, clock_, random_).error().kind, ErrorKind::not_found);
  std::ofstream(home_ / "key") << std::string(32, 'k');
  fs::permissions(home_ / "key", fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(open()->objects().error().kind, ErrorKind::corrupt);
}
TEST_F(StoreTest, RefusesADatabaseThatIsNotOurs) {
  fs::create_directories(home_);
  std::ofstream(home_ / "rollcall.db") << "this is no database at all, however long it may be, and never was one";
  EXPECT_EQ(Store::open(home_, clock_, random_).error().kind, ErrorKind::corrupt);
  fs::remove(home_ / "rollcall.db");
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((home_ / "rollcall.db").c_str(), &other), SQLITE_OK);
  sqlite3_exec(other, "CREATE TABLE theirs(x)", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_EQ(Store::open(home_, clock_, random_).error().kind, ErrorKind::corrupt);
}
TEST_F(StoreTest, RefusesANewerVersion) {
  open();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((home_ / "rollcall.db").c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "PRAGMA user_version = 999", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  EXPECT_THAT(Store::open(home_, clock_, random_).error().message, testing::HasSubstr("newer"));
}
TEST_F(StoreTest, WritesAllOrNothing) {
  auto store = open();
  ASSERT_TRUE(store->put({{"model", "m", "a", "{}", {}}}, {}).ok());
  // The second row's secrets carry one name twice, which the database refuses.
  EXPECT_FALSE(store->put({{"model", "m", "changed", "{}", {}}, {"source", "s", "b", "{}", {{"x", Secret("1")}, {"x", Secret("2")}}}}, {}).ok());
  EXPECT_EQ((*store->objects())[0].name, "a");
}
TEST_F(StoreTest, ServesTwoProgramsAtOnce) {
  auto one = open(), two = open();
  ASSERT_TRUE(one->put({{"model", "m", "a", "{}", {}}}, {}).ok());
  ASSERT_TRUE(two->put({{"model", "n", "b", "{}", {}}}, {"m"}).ok());
  const auto objects = one->objects();
  ASSERT_EQ(objects->size(), 1u);
  EXPECT_EQ((*objects)[0].name, "b");
}
TEST_F(StoreTest, ListsRunsNewestFirst) {
  auto store = open();
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE(store->put_run({"r" + std::to_string(i), i == 2 ? "other" : "a", "A", "running", Time(Millis(i * 1000)), std::nullopt, "{}"}).ok());
  ASSERT_TRUE(store->put_run({"r1", "a", "A", "completed", Time(Millis(1000)), Time(Millis(2000)), "{\"x\":1}"}).ok());
  const auto runs = store->runs("a", 10);
  ASSERT_EQ(runs->size(), 2u);
  EXPECT_EQ((*runs)[0].run_id, "r3");
  EXPECT_EQ((*runs)[1].status, "completed");
  EXPECT_EQ(store->runs(std::nullopt, 2)->size(), 2u);
  EXPECT_EQ(store->run("r9").error().kind, ErrorKind::not_found);
}
TEST_F(StoreTest, KeepsPlansAndFacts) {
  auto store = open();
  ASSERT_TRUE(store->put_plan({"p", "a", Time(Millis(5)), "{}"}).ok());
  EXPECT_EQ(store->plan("p")->activation_uid, "a");
  EXPECT_FALSE(*store->fact("d", "trial"));
  ASSERT_TRUE(store->put_fact("d", "trial", "1").ok());
  ASSERT_TRUE(store->put_fact("d", "trial", "2").ok());
  EXPECT_EQ(*store->fact("d", "trial"), "2");
}

}  // namespace
}  // namespace rollcall::store
