// Stores for tests, on either engine.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/postgres.hpp"
#include "store/store.hpp"
#include "tests/postgres_address.hpp"

namespace rollcall::store {
namespace fs = std::filesystem;

inline constexpr std::string_view kHush = "hush-hush-key";

inline std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class StoreFixture : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ranges::replace(name, '/', '-');
    home_ = fs::path(testing::TempDir()) / ("store-" + std::to_string(::getpid()) + "-" + name);
    fs::remove_all(home_);
  }
  void TearDown() override { fs::remove_all(home_); }

  Result<std::unique_ptr<Store>> try_open() {
    return Store::open(home_, clock_, random_, disk_, server_);
  }
  std::unique_ptr<Store> open() {
    auto store = try_open();
    EXPECT_TRUE(store.ok()) << store.error().text();
    return store.ok() ? std::move(*store) : nullptr;
  }
  // Whatever the store holds.
  static Status put(Store& store, std::vector<ObjectRow> rows,
                    const std::vector<std::string>& remove_uids) {
    return store.put(TRY(store.objects()).revision, std::move(rows), remove_uids);
  }
  // Though others write as well.
  static Status insist(Store& store, const std::vector<ObjectRow>& rows) {
    for (;;) {
      Status done = put(store, rows, {});
      if (done.ok() || done.error().kind != ErrorKind::conflict) return done;
    }
  }
  static std::vector<std::string> names(Store& store) {
    std::vector<std::string> out;
    const Result<Objects> objects = store.objects();
    EXPECT_TRUE(objects.ok());
    if (objects.ok())
      for (const ObjectRow& row : objects->rows) out.push_back(row.name);
    return out;
  }
  void put_destination() { ASSERT_TRUE(put(*open(), {with_key("d")}, {}).ok()); }
  static ObjectRow with_key(const std::string& uid, const std::string& name = "Iterable") {
    return {.kind = "destination",
            .uid = uid,
            .name = name,
            .json = "{}",
            .secrets = {{"api_key", Secret(std::string(kHush))}}};
  }
  static ObjectRow row(const std::string& uid, const std::string& name) {
    return {.kind = "model", .uid = uid, .name = name, .json = "{}"};
  }
  static ObjectRow activation(const std::string& name, const std::string& destination) {
    return {.kind = "activation",
            .uid = "",
            .name = name,
            .json = "{\"destination\":\"" + destination + "\"}",
            .destination = destination};
  }
  void write_key(char with) {
    fs::remove(home_ / "key");
    std::ofstream(home_ / "key") << std::string(32, with);
    fs::permissions(home_ / "key", fs::perms::owner_read | fs::perms::owner_write);
  }
  void sql(const std::string& statements) {
    if (server_) {
      const auto database = connect_postgres(*server_);
      ASSERT_TRUE(database.ok()) << database.error().text();
      const Status done = (*database)->execute(statements.c_str());
      ASSERT_TRUE(done.ok()) << done.error().text();
      return;
    }
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((home_ / "rollcall.db").c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  static mode_t mode_of(const fs::path& path) {
    struct stat about {};
    EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
    return about.st_mode & 0777;
  }

  ManualClock clock_{Time(Millis(1'000'000))};
  RealDisk disk_;
  SeededRandom random_{1};
  fs::path home_;
  std::optional<Secret> server_;  // nothing: SQLite
};

using SqliteStoreTest = StoreFixture;

// On the server that tests/postgres.py started, each test in a schema of its own.
class PostgresStoreTest : public StoreFixture {
 protected:
  void SetUp() override {
    StoreFixture::SetUp();
    begin_server();
  }
  void TearDown() override {
    end_server();
    StoreFixture::TearDown();
  }
  void begin_server() {
    if (tests::postgres_port().empty()) GTEST_SKIP() << "no PostgreSQL was started";
    static int made = 0;
    schema_ = "store_" + std::to_string(::getpid()) + "_" + std::to_string(made++);
    server_ = Secret(tests::postgres_address(schema_));
    sql("CREATE SCHEMA " + schema_);
  }
  void end_server() {
    if (!schema_.empty()) sql("DROP SCHEMA " + schema_ + " CASCADE");
  }

  // The test's own connections, but the one that says so.
  void end_all() {
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
        "application_name = '" +
        schema_ + "'");
  }

  std::string schema_;
};

}  // namespace rollcall::store
