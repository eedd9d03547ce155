#include "prove/index.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "base/faulty_disk.hpp"
#include "core/match_key.hpp"

namespace rollcall::prove {
namespace {

namespace fs = std::filesystem;

std::string key_of(int i) { return "user" + std::to_string(i) + "@example.com"; }

class IndexTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("index-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    index_file_ = {folder_ / "1.index", Secret(std::string(32, 's')), "hybrid us 1"};
  }
  void TearDown() override { fs::remove_all(folder_); }
  ManualClock clock_{Time{}};

  // Puts the e-mails of people from..to-1 and one user id into the index.
  Status put(int from, int to, const Index* before = nullptr, Moments moments = {}) {
    const auto lock = take_to_write(index_file_, clock_, {});
    EXPECT_TRUE(lock.ok());
    Sorter emails(folder_, 100), user_ids(folder_, 100);
    for (int i = from; i < to; ++i) TRY(emails.add(hash_of(key_of(i), index_file_.secret)));
    TRY(user_ids.add(hash_of("U" + std::to_string(from), index_file_.secret)));
    return write_index(disk_, index_file_, moments, {emails, user_ids}, before, observer_);
  }
  std::shared_ptr<const Index> opened(KeyType type = KeyType::email) {
    return Index::open(index_file_, type);
  }
  // How many of people from..to-1 it shows.
  int shown(int from, int to) {
    const auto index = opened();
    int out = 0;
    for (int i = from; index && i < to; ++i) out += index->holds(key_of(i)) ? 1 : 0;
    return out;
  }

  fs::path folder_;
  IndexFile index_file_;
  RealDisk disk_;
  Observer observer_;
};

TEST_F(IndexTest, IsReadAsItWasWritten) {
  EXPECT_EQ(opened(), nullptr);
  const Moments moments{Time(Millis(1)), Time(Millis(2)), Time(Millis(3))};
  ASSERT_TRUE(put(0, 1000, nullptr, moments).ok());
  EXPECT_EQ(shown(0, 1000), 1000);
  EXPECT_EQ(shown(1000, 2000), 0);
  const auto index = opened(KeyType::user_id);
  EXPECT_TRUE(index->holds("U0"));
  EXPECT_FALSE(index->holds(key_of(0)));
  EXPECT_EQ(index->moments().whole_at, moments.whole_at);
  EXPECT_EQ(index->moments().complete_to, moments.complete_to);
  EXPECT_EQ(index->moments().brought_up_at, moments.brought_up_at);
  EXPECT_EQ(fs::file_size(index_file_.path), 96U + 1001 * 16);
  EXPECT_EQ(fs::status(index_file_.path).permissions(), fs::perms(0600));
}

TEST_F(IndexTest, HoldsNoKeyInClear) {
  ASSERT_TRUE(put(0, 10).ok());
  std::ifstream file(index_file_.path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(bytes.find("example"), std::string::npos);
}

TEST_F(IndexTest, AddsToTheOneBefore) {
  ASSERT_TRUE(put(0, 1000).ok());
  const auto before = opened();
  ASSERT_TRUE(put(900, 1300, before.get()).ok());
  EXPECT_EQ(shown(0, 1300), 1300);
  EXPECT_EQ(opened()->hashes(KeyType::email).size(), 1300U) << "once each";
  EXPECT_EQ(opened()->hashes(KeyType::user_id).size(), 2U);
  EXPECT_TRUE(before->holds(key_of(0))) << "whoever has opened it keeps what was opened";
  EXPECT_FALSE(before->holds(key_of(1200)));
}

TEST_F(IndexTest, DamageOfAnyByteIsSeen) {
  ASSERT_TRUE(put(0, 20).ok());
  std::fstream file(index_file_.path, std::ios::in | std::ios::out | std::ios::binary);
  const auto size = static_cast<int>(fs::file_size(index_file_.path));
  for (int at = 0; at < size; ++at) {
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1)).flush();
    EXPECT_EQ(opened(), nullptr) << at;
    file.seekp(at);
    file.put(static_cast<char>(byte)).flush();
  }
  EXPECT_EQ(shown(0, 20), 20);
  fs::resize_file(index_file_.path, static_cast<size_t>(size) - 16);
  EXPECT_EQ(opened(), nullptr);
  std::ofstream(index_file_.path) << "something else";
  EXPECT_EQ(opened(), nullptr);
}

TEST_F(IndexTest, ShowsAnAddressWhateverTheCaseOfItsLetters) {
  Sorter emails(folder_, 100), user_ids(folder_, 100);
  ASSERT_TRUE(take_to_write(index_file_, clock_, {}).ok());
  // As an export's are kept now, and as they were kept before.
  for (const std::string& key : {folded_key("JOSÉ@x.co"), std::string("zoË@x.co")})
    ASSERT_TRUE(emails.add(hash_of(key, index_file_.secret)).ok());
  ASSERT_TRUE(write_index(disk_, index_file_, {}, {emails, user_ids}, nullptr, observer_).ok());
  const auto index = opened();
  for (const char* key : {"josÉ@x.co", "josé@x.co", "zoË@x.co"}) EXPECT_TRUE(index->holds(key));
  EXPECT_FALSE(index->holds("jose@x.co"));
}

TEST_F(IndexTest, AnotherProjectsOrHomesIsNotTaken) {
  ASSERT_TRUE(put(0, 20).ok());
  IndexFile other = index_file_;
  other.project = "hybrid us 2";
  EXPECT_EQ(Index::open(other, KeyType::email), nullptr);
  other = index_file_;
  other.secret = Secret(std::string(31, 's') + "t");
  EXPECT_EQ(Index::open(other, KeyType::email), nullptr);
}

TEST_F(IndexTest, WritersOfSeveralProcessesLoseNothing) {
  ASSERT_TRUE(put(0, 10).ok());
  constexpr int kWriters = 4, kTimes = 5;
  std::vector<pid_t> children;
  for (int writer = 1; writer <= kWriters; ++writer) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool good = true;
      for (int i = 0; i < kTimes; ++i) {
        const int from = writer * 10'000 + i * 300;
        // As an increment does: what is there is read under the lock.
        const auto lock = take_to_write(index_file_, clock_, {});
        const auto before = opened();
        Sorter emails(folder_, 100), user_ids(folder_, 100);
        for (int p = from; p < from + 300; ++p)
          good = good && emails.add(hash_of(key_of(p), index_file_.secret)).ok();
        good =
            good && before &&
            write_index(disk_, index_file_, {}, {emails, user_ids}, before.get(), observer_).ok();
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  int seen = 0;
  while (!children.empty()) {  // readers meanwhile see whole ones
    EXPECT_EQ(shown(0, 10), 10);
    int status = 0;
    if (::waitpid(children.back(), &status, WNOHANG) > 0) {
      EXPECT_EQ(status, 0);
      children.pop_back();
    }
    ++seen;
  }
  EXPECT_GT(seen, 0);
  for (int writer = 1; writer <= kWriters; ++writer)
    EXPECT_EQ(shown(writer * 10'000, writer * 10'000 + kTimes * 300), kTimes * 300);
}

TEST_F(IndexTest, AWriterThatDiedLeavesTheOneBefore) {
  ASSERT_TRUE(put(0, 10).ok());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    struct : Observer {
      void reached(std::string_view point) override {
        if (point == "index.part") ::raise(SIGKILL);
      }
    } killer;
    const auto lock = take_to_write(index_file_, clock_, {});
    Sorter emails(folder_), user_ids(folder_);
    (void)emails.add(hash_of("x", index_file_.secret));
    (void)write_index(disk_, index_file_, {}, {emails, user_ids}, nullptr, killer);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(shown(0, 10), 10);
  ASSERT_TRUE(put(0, 30).ok()) << "nor does it hold the lock";
  EXPECT_EQ(shown(0, 30), 30);
}

TEST_F(IndexTest, AFullDiskLeavesTheOneBefore) {
  ASSERT_TRUE(put(0, 10).ok());
  FaultyDisk full(folder_ / "aside");
  for (const uint64_t room : {0, 1, 100, 200}) {
    full.room = room;
    Sorter emails(folder_), user_ids(folder_);
    for (int i = 0; i < 10; ++i)
      ASSERT_TRUE(emails.add(hash_of(key_of(i), index_file_.secret)).ok());
    const Status written =
        write_index(full, index_file_, {}, {emails, user_ids}, nullptr, observer_);
    ASSERT_FALSE(written.ok()) << room;
    const Error& error = written.error();
    EXPECT_EQ(error.kind, ErrorKind::unavailable);
    EXPECT_NE(error.message.find("no space left in " + folder_.string()), std::string::npos);
    EXPECT_EQ(shown(0, 10), 10);
  }
}

TEST_F(IndexTest, MergesManyRunsInOrder) {
  fs::create_directories(folder_);
  Sorter sorter(folder_, 97);
  std::set<Hash> expected;
  SeededRandom random(1);
  for (int i = 0; i < 100'000; ++i) {
    const Hash hash{random.next() % 50'000, 0};
    expected.insert(hash);
    ASSERT_TRUE(sorter.add(hash).ok());
  }
  const std::vector<Hash> more = {{1, 0}, {1, 1}, {60'000, 0}};
  expected.insert(more.begin(), more.end());
  std::vector<Hash> told;
  ASSERT_TRUE(sorter
                  .merge(more,
                         [&](std::span<const Hash> page) {
                           told.insert(told.end(), page.begin(), page.end());
                           return ok_status();
                         })
                  .ok());
  EXPECT_TRUE(std::equal(told.begin(), told.end(), expected.begin(), expected.end()));
  EXPECT_TRUE(fs::is_empty(folder_)) << "what waits on the disk has no name";
}

}  // namespace
}  // namespace rollcall::prove
