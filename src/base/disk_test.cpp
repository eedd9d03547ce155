// What is kept survives: the real disk, and the one that loses what was not synced.
#include "base/disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/faulty_disk.hpp"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using Open = Disk::Open;

class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static Status put(Disk& disk, const fs::path& path, const std::string& text) {
    return disk.replace(path, [&](const std::string&) { return text; });
  }
  // Empty: there is none.
  static std::string held(Disk& disk, const fs::path& path) {
    const auto file = disk.open(path, Open::read);
    if (!file.ok()) return file.error().text();
    return *file ? read_whole(**file).value() : "";
  }

  const fs::path folder_ = fs::path(testing::TempDir()) /
                           ("disk-" + std::to_string(::getpid()) + "-" +
                            testing::UnitTest::GetInstance()->current_test_info()->name());
  const fs::path path_ = folder_ / "state";
  RealDisk real_;
  FaultyDisk faulty_{folder_ / "aside"};
};

TEST_F(DiskTest, ReadsWhatItWrote) {
  EXPECT_EQ(held(real_, path_), "") << "there is none";
  const std::string large(200'000, 'x');
  ASSERT_TRUE(put(real_, path_, large).ok());
  EXPECT_EQ(held(real_, path_), large);
  ASSERT_TRUE(put(real_, path_, "small").ok());
  EXPECT_EQ(held(real_, path_), "small");
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0600));
  EXPECT_THAT(*real_.list(folder_), UnorderedElementsAre("state"));
  EXPECT_TRUE(real_.list(folder_ / "none")->empty());
  ASSERT_TRUE(real_.make_folder(folder_ / "a" / "b").ok());
  ASSERT_TRUE(real_.remove(folder_ / "a").ok());
  ASSERT_TRUE(real_.remove(folder_ / "a").ok()) << "what is not there is gone";
  EXPECT_FALSE(fs::exists(folder_ / "a"));
}

TEST_F(DiskTest, OpensAFileAsItIsToldTo) {
  {
    const auto file = std::move(*real_.open(path_, Open::first));
    ASSERT_TRUE(file->write(0, "12345").ok());
    ASSERT_TRUE(file->write(5, "678").ok());
    ASSERT_TRUE(file->cut(6).ok());
    EXPECT_EQ(file->about()->bytes, 6U);
    EXPECT_FALSE(file->about()->others_may_read);
  }
  EXPECT_FALSE(real_.open(path_, Open::first).ok()) << "there is one";
  EXPECT_EQ(read_whole(**real_.open(path_, Open::keep)).value(), "123456");
  std::string piece(4, '\0');
  EXPECT_EQ((*real_.open(path_, Open::read))->read(3, piece.data(), piece.size()).value(), 3U);
  EXPECT_EQ(piece.substr(0, 3), "456");
  EXPECT_EQ((*real_.open(path_, Open::anew))->about()->bytes, 0U);
  fs::permissions(path_, fs::perms(0644));
  EXPECT_TRUE((*real_.open(path_, Open::read))->about()->others_may_read);
  ASSERT_TRUE(real_.open(path_, Open::adopt).ok());
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0600));
}

TEST_F(DiskTest, FollowsNoLink) {
  std::ofstream(folder_ / "theirs") << "theirs";
  fs::create_symlink("theirs", path_);
  for (const Open how : {Open::read, Open::keep, Open::anew, Open::adopt})
    EXPECT_EQ(real_.open(path_, how).error().kind, ErrorKind::denied);
  EXPECT_EQ(fs::file_size(folder_ / "theirs"), 6U);
}

TEST_F(DiskTest, KnowsAFileByItsBirth) {
  std::string told;
  ASSERT_TRUE(real_.replace(path_, [&](const std::string& birth) { return told = birth; }).ok());
  EXPECT_EQ((*real_.open(path_, Open::read))->about()->birth, told);
  fs::copy_file(path_, folder_ / "copy");
  EXPECT_NE((*real_.open(folder_ / "copy", Open::read))->about()->birth, told);
  fs::rename(path_, folder_ / "moved");
  EXPECT_EQ((*real_.open(folder_ / "moved", Open::read))->about()->birth, told);
}

TEST_F(DiskTest, PlacesAFileOnlyWhereNoneIs) {
  for (const char* text : {"first", "second"}) {
    std::ofstream(folder_ / "fresh") << text;
    EXPECT_EQ(*real_.place(folder_ / "fresh", path_), text == std::string("first"));
    EXPECT_FALSE(fs::exists(folder_ / "fresh"));
  }
  EXPECT_EQ(held(real_, path_), "first");
}

// The power is lost after every step of a replacement, and any part of what was not synced is
// there or not.
TEST_F(DiskTest, ReplacesAFileWholeOrNotAtAll) {
  int replaced = 0;
  for (int step = 0;; ++step) {
    bool done = false;
    for (size_t torn = 0; torn <= 4; ++torn)
      for (const auto names : {FaultyDisk::Renames::lost, FaultyDisk::Renames::kept}) {
        ASSERT_TRUE(put(faulty_, path_, "old").ok());
        faulty_.lose_power();
        faulty_.lost_after = step;
        done = put(faulty_, path_, "new!").ok();
        faulty_.lose_power(torn, names);
        const std::string now = held(faulty_, path_);
        EXPECT_TRUE(now == "new!" || (!done && now == "old")) << now << " after step " << step;
        replaced += now == "new!" ? 1 : 0;
      }
    if (done) break;
    ASSERT_LT(step, 10);
  }
  EXPECT_GT(replaced, 10) << "a rename was kept";
}

TEST_F(DiskTest, LeavesWhatWasThereWhereARenameFails) {
  ASSERT_TRUE(put(faulty_, path_, "old").ok());
  faulty_.renames_fail = true;
  EXPECT_EQ(put(faulty_, path_, "new").error().kind, ErrorKind::unavailable);
  EXPECT_EQ(held(faulty_, path_), "old");
}

TEST_F(DiskTest, SaysWhichFolderIsFull) {
  ASSERT_TRUE(put(faulty_, path_, "old").ok());
  for (uint64_t room = 0; room < 4; ++room) {
    faulty_.room = room;
    const Error full = put(faulty_, path_, "new!").error();
    EXPECT_EQ(full.kind, ErrorKind::unavailable);
    EXPECT_THAT(full.message, HasSubstr("no space left in " + folder_.string()));
    EXPECT_EQ(held(faulty_, path_), "old");
  }
  faulty_.room = 4;
  EXPECT_TRUE(put(faulty_, path_, "new!").ok());
}

// The tester: without a sync, nothing is sure.
TEST_F(DiskTest, TheFaultyDiskForgetsWhatWasNotSynced) {
  ASSERT_TRUE(put(faulty_, path_, "kept").ok());
  {
    const auto file = std::move(*faulty_.open(path_, Open::keep));
    ASSERT_TRUE(file->write(4, " lost").ok());
    const auto fresh = std::move(*faulty_.open(folder_ / "fresh", Open::anew));
    ASSERT_TRUE(fresh->write(0, "lost").ok());
    ASSERT_TRUE(faulty_.rename(folder_ / "fresh", folder_ / "renamed").ok());
  }
  EXPECT_EQ(held(faulty_, path_), "kept lost");
  const std::string birth = (*faulty_.open(path_, Open::read))->about()->birth;
  faulty_.lose_power(0, FaultyDisk::Renames::kept);
  EXPECT_EQ(held(faulty_, path_), "kept");
  EXPECT_EQ((*faulty_.open(path_, Open::read))->about()->birth, birth);
  EXPECT_TRUE(fs::exists(folder_ / "renamed"));
  EXPECT_EQ(held(faulty_, folder_ / "renamed"), "") << "the name outlived what was written";
  ASSERT_TRUE(put(faulty_, path_, "x").ok());
  ASSERT_TRUE((*faulty_.open(path_, Open::keep))->write(1, "12345").ok());
  faulty_.lose_power(3);
  EXPECT_EQ(held(faulty_, path_), "x123") << "torn";
  ASSERT_TRUE(faulty_.remove(path_).ok());
  faulty_.lose_power();
  EXPECT_EQ(held(faulty_, path_), "x123");
}

}  // namespace
}  // namespace rollcall
