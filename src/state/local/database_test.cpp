// What does not fit into a run's memory is done again with plenty, and done right.
#include "state/local/database.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace rollcall::state::local {
namespace {

class WithMemory : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(work_->run("SET GLOBAL memory_limit = '60MB'").ok());  // less than a run has
  }
  void TearDown() override {
    work_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::filesystem::path folder_ = [] {
    auto folder = std::filesystem::temp_directory_path() /
                  ("rollcall-database-test-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    return folder;
  }();
  std::unique_ptr<duck::Database> database_ =
      std::move(open_work_database(folder_ / "work.duckdb").value());
  std::unique_ptr<duck::Connection> work_ = std::move(database_->connect().value());
};

TEST_F(WithMemory, WhatDoesNotFitIsDoneAgainWithPlenty) {
  int tried = 0;
  // A list is gathered whole, and cannot be put aside.
  const Status done = with_memory(*work_, [&] {
    ++tried;
    return work_->run(
        "CREATE OR REPLACE TABLE t AS SELECT list(range) AS numbers FROM range(12000000)");
  });
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(tried, 2) << "it fitted at once, and this proves nothing";
  EXPECT_EQ(work_->scalar("SELECT len(numbers) FROM t").value(), 12000000);
}

TEST_F(WithMemory, AnotherErrorIsNotTriedAgain) {
  int tried = 0;
  const Status done = with_memory(*work_, [&] {
    ++tried;
    return work_->run("SELECT * FROM nowhere");
  });
  EXPECT_FALSE(done.ok());
  EXPECT_EQ(tried, 1);
}

}  // namespace
}  // namespace rollcall::state::local
