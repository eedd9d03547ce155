// Pacing, on a clock that moves only when somebody waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/faulty_disk.hpp"
#include "iterable/iterable.hpp"

#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // g++ 12 misreads std::stop_source

namespace rollcall::iterable {
namespace {

using testing::DoubleNear;
using testing::Optional;
using namespace std::chrono_literals;

struct Limit {
  const char* endpoint;
  size_t calls;
  Millis window;
};
// Source: docs/facts/iterable.md, rate limits.
constexpr Limit kLimits[] = {
    {"lists", 100, 1s},         {"lists/getUsers", 5, 60s},  {"users/get", 100, 1s},
    {"users/getFields", 3, 1s}, {"users/bulkUpdate", 5, 1s},
};

class PaceTest : public testing::Test {
 protected:
  ManualClock clock_{Time(std::chrono::hours(24 * 365 * 56))};
  Pace pace_{clock_};

  // When each of so many calls was let through; the caller dawdles a little between them.
  std::vector<Millis> let_through(std::string_view endpoint, int calls, Millis dawdle = 0ms) {
    std::vector<Millis> out;
    for (int i = 0; i < calls; ++i) {
      EXPECT_TRUE(pace_.wait(endpoint, {}));
      out.push_back(clock_.monotonic());
      clock_.advance(i % 3 == 0 ? dawdle : 0ms);
    }
    return out;
  }
  // The most calls in any window of that length, both ends included: stricter than any server.
  static size_t most_in(const std::vector<Millis>& times, Millis window) {
    size_t most = 0;
    for (size_t from = 0, to = 0; to < times.size(); ++to) {
      while (times[to] - times[from] >= window) ++from;
      most = std::max(most, to - from + 1);
    }
    return most;
  }
};

TEST_F(PaceTest, PassesNoPublishedLimitInAnyWindow) {
  for (const Limit& limit : kLimits) {
    for (const Millis dawdle : {0ms, 1ms, 7ms, 1900ms}) {
      const auto times = let_through(limit.endpoint, 400, dawdle);
      EXPECT_LE(most_in(times, limit.window), limit.calls)
          << limit.endpoint << " " << dawdle.count();
    }
  }
}

TEST_F(PaceTest, SavesNoCallsUpForABurst) {
  for (const Limit& limit : kLimits) {
    (void)let_through(limit.endpoint, 3);
    clock_.advance(1h);
    EXPECT_LE(most_in(let_through(limit.endpoint, 200), limit.window), limit.calls)
        << limit.endpoint;
  }
}

TEST_F(PaceTest, UsesNearlyAllOfAPublishedLimit) {
  for (const Limit& limit : kLimits) {
    const Millis began = clock_.monotonic();
    const int calls = static_cast<int>(limit.calls) * 20;
    (void)let_through(limit.endpoint, calls);
    const double ideal = static_cast<double>(limit.window.count()) * 20;
    EXPECT_LT(static_cast<double>((clock_.monotonic() - began).count()), ideal * 1.12)
        << limit.endpoint;
  }
}

TEST_F(PaceTest, HoldsNobodyBackWhereNoLimitIsKnown) {
  const Millis began = clock_.monotonic();
  (void)let_through("lists/subscribe", 1000);
  EXPECT_EQ(clock_.monotonic(), began);
  EXPECT_EQ(pace_.rate("lists/subscribe"), std::nullopt);
}

TEST_F(PaceTest, KeepsEndpointsApart) {
  (void)let_through("lists/getUsers", 2);
  const Millis began = clock_.monotonic();
  EXPECT_TRUE(pace_.wait("users/get", {}));
  EXPECT_TRUE(pace_.wait("lists", {}));
  EXPECT_EQ(clock_.monotonic(), began);
}

TEST_F(PaceTest, HalvesAtA429) {
  const double before = *pace_.rate("users/get");
  pace_.throttled("users/get", std::nullopt);
  EXPECT_THAT(pace_.rate("users/get"), Optional(DoubleNear(before / 2, 0.001)));
}

TEST_F(PaceTest, HalvesOnceForABurstOf429s) {
  const double before = *pace_.rate("users/get");
  for (int i = 0; i < 20; ++i) pace_.throttled("users/get", std::nullopt);
  EXPECT_THAT(pace_.rate("users/get"), Optional(DoubleNear(before / 2, 0.001)));
  clock_.advance(1s);
  pace_.throttled("users/get", std::nullopt);
  EXPECT_THAT(pace_.rate("users/get"), Optional(DoubleNear(before / 4, 0.001)));
}

TEST_F(PaceTest, FallsNoLowerThanTwiceAMinute) {
  for (int i = 0; i < 100; ++i) {
    pace_.throttled("lists/subscribe", std::nullopt);
    clock_.advance(1s);
  }
  EXPECT_THAT(pace_.rate("lists/subscribe"), Optional(DoubleNear(1.0 / 30, 0.0001)));
}

TEST_F(PaceTest, LearnsAnUnpublishedLimitFromTheRateAtWhichIt429s) {
  // 50 a second went well until they did not.
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(pace_.wait("lists/subscribe", {}));
    clock_.advance(20ms);
    pace_.answered("lists/subscribe");
  }
  pace_.throttled("lists/subscribe", std::nullopt);
  EXPECT_THAT(pace_.rate("lists/subscribe"), Optional(DoubleNear(25, 1)));
}

TEST_F(PaceTest, WaitsOutRetryAfter) {
  (void)let_through("lists/subscribe", 1);
  const Millis began = clock_.monotonic();
  pace_.throttled("lists/subscribe", 7s);
  (void)let_through("lists/subscribe", 1);
  EXPECT_GE(clock_.monotonic() - began, 7s);
}

TEST_F(PaceTest, RecoversSlowlyAndOnlyToThePublishedLimit) {
  const double limit = *pace_.rate("users/bulkUpdate");
  pace_.throttled("users/bulkUpdate", std::nullopt);
  double last = *pace_.rate("users/bulkUpdate");
  int answers = 0;
  while (*pace_.rate("users/bulkUpdate") < limit && answers < 10'000) {
    pace_.answered("users/bulkUpdate");
    EXPECT_LE(*pace_.rate("users/bulkUpdate"), last * 1.03);
    last = *pace_.rate("users/bulkUpdate");
    ++answers;
  }
  EXPECT_GE(answers, 50);
  EXPECT_LE(answers, 600);
  pace_.answered("users/bulkUpdate");
  EXPECT_DOUBLE_EQ(*pace_.rate("users/bulkUpdate"), limit);
}

// A server that allows so many calls a second and says 429 beyond, with room for a burst of as many
// seconds' worth.
class Server {
 public:
  Server(double allowed, double burst_seconds, Millis now)
      : allowed_(allowed),
        room_(std::max(1.0, allowed * burst_seconds)),
        tokens_(room_),
        last_(now) {}
  bool takes(Millis now) {
    tokens_ =
        std::min(room_, tokens_ + allowed_ * static_cast<double>((now - last_).count()) / 1000);
    last_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double allowed_, room_, tokens_;
  Millis last_;
};

// From the first call on, knowing nothing: at least 95 % of a constant limit is used, and less than
// 1 % of the calls are refused.
TEST_F(PaceTest, FindsAConstantLimitNobodyTold) {
  constexpr int kCalls = 20'000;
  for (const double allowed : {0.5, 3.0, 8.0, 25.0, 90.0}) {
    for (const double burst : {1.0, 5.0}) {
      Pace pace(clock_);
      Server server(allowed, burst, clock_.monotonic());
      const Millis began = clock_.monotonic();
      int refused = 0;
      for (int i = 0; i < kCalls; ++i) {
        ASSERT_TRUE(pace.wait("lists/subscribe", {}));
        clock_.advance(2ms);
        if (server.takes(clock_.monotonic())) {
          pace.answered("lists/subscribe");
        } else {
          ++refused;
          pace.throttled("lists/subscribe", std::nullopt);
        }
      }
      const double seconds = static_cast<double>((clock_.monotonic() - began).count()) / 1000;
      const double used = (kCalls - refused) / seconds / allowed;
      EXPECT_GE(used, 0.95) << allowed << " a second, burst " << burst << ", refused " << refused;
      EXPECT_LT(refused, kCalls / 100)
          << allowed << " a second, burst " << burst << ", used " << used;
    }
  }
}

// Somebody else uses the limit up, so that whatever we do a quarter of our calls are refused.
TEST_F(PaceTest, KeepsGoingWhereOthersUseTheLimitUp) {
  const double limit = *pace_.rate("users/get");
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(pace_.wait("users/get", {}));
    if (i % 4 == 3) {
      pace_.throttled("users/get", std::nullopt);
    } else {
      pace_.answered("users/get");
    }
  }
  EXPECT_GT(*pace_.rate("users/get"), limit / 20);
  for (int i = 0; i < 100; ++i) pace_.answered("users/get");
  EXPECT_GT(*pace_.rate("users/get"), limit * 0.9) << "they are gone";
}

TEST_F(PaceTest, FindsALimitThatWasRaised) {
  Server narrow(5, 1, clock_.monotonic());
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(pace_.wait("lists/subscribe", {}));
    clock_.advance(2ms);
    narrow.takes(clock_.monotonic()) ? pace_.answered("lists/subscribe")
                                     : pace_.throttled("lists/subscribe", std::nullopt);
  }
  EXPECT_LT(*pace_.rate("lists/subscribe"), 8);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_TRUE(pace_.wait("lists/subscribe", {}));
    pace_.answered("lists/subscribe");
  }
  EXPECT_GT(*pace_.rate("lists/subscribe"), 50);
}

class SharedPaceTest : public PaceTest {
 protected:
  void SetUp() override { std::filesystem::remove_all(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("pace_test." + std::to_string(::getpid()));
  std::filesystem::path file_ = folder_ / "pace" / "project";
  FaultyDisk disk_{folder_ / "aside"};
};

TEST_F(SharedPaceTest, KeepsTwoUnderOneLimit) {
  Pace one(clock_, disk_, file_), two(clock_, disk_, file_);
  const Millis began = clock_.monotonic();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(one.wait("users/bulkUpdate", {}));
    ASSERT_TRUE(two.wait("users/bulkUpdate", {}));
  }
  EXPECT_GE(clock_.monotonic() - began, 199 * 200ms);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other"));
}

TEST_F(SharedPaceTest, KeepsProcessesUnderOneLimit) {
  constexpr int kProcesses = 4, kCalls = 25;
  std::vector<pid_t> children;
  for (int child = 0; child < kProcesses; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ManualClock clock{Time(1'000'000ms)};  // stands still but for its own waits
      Pace pace(clock, disk_, file_);
      bool good = true;
      for (int i = 0; i < kCalls; ++i) good = pace.wait("users/bulkUpdate", {}) && good;
      ::_exit(good ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  // The next place lies behind all those they took.
  ManualClock clock{Time(1'000'000ms)};
  Pace pace(clock, disk_, file_);
  ASSERT_TRUE(pace.wait("users/bulkUpdate", {}));
  EXPECT_GE(clock.monotonic(), 1'000'000ms + kProcesses * kCalls * 200ms);
}

TEST_F(SharedPaceTest, LetsAllKnowOfA429) {
  Pace one(clock_, disk_, file_), two(clock_, disk_, file_);
  const double before = *two.rate("users/get");
  one.throttled("users/get", std::nullopt);
  EXPECT_THAT(two.rate("users/get"), Optional(DoubleNear(before / 2, 0.001)));
}

TEST_F(SharedPaceTest, ForgetsTimesOfAnotherStartOfTheMachine) {
  {
    Pace before(clock_, disk_, file_);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(before.wait("lists/getUsers", {}));
  }
  ManualClock started_anew{Time(5s)};
  Pace pace(started_anew, disk_, file_);
  ASSERT_TRUE(pace.wait("lists/getUsers", {}));
  EXPECT_EQ(started_anew.monotonic(), 5s);
}

TEST_F(SharedPaceTest, MakesSenseOfAnyFile) {
  std::filesystem::create_directories(file_.parent_path());
  for (const char byte : {'\0', '\x7f', '\xff'}) {
    std::ofstream(file_, std::ios::trunc | std::ios::binary) << std::string(5000, byte);
    Pace pace(clock_, disk_, file_);
    for (const char* endpoint : {"lists", "users/bulkUpdate", "lists/subscribe"}) {
      const Millis began = clock_.monotonic();
      ASSERT_TRUE(pace.wait(endpoint, {}));
      ASSERT_TRUE(pace.wait(endpoint, {}));
      pace.throttled(endpoint, std::nullopt);
      pace.answered(endpoint);
      EXPECT_LE(clock_.monotonic() - began, 1s);
      EXPECT_GT(*pace.rate(endpoint), 0);
    }
  }
}

// However much of its last write is there after a loss of power: places are taken as before, a limit
// that was found is the one before, the one after, or none.
TEST_F(SharedPaceTest, MakesSenseOfATornFile) {
  constexpr size_t kSlotBytes = 152;
  for (size_t torn = 0; torn <= kSlotBytes; torn += 7) {
    std::filesystem::remove_all(folder_ / "pace");
    double before = 0, after = 0;
    {
      Pace pace(clock_, disk_, file_);
      ASSERT_TRUE(pace.wait("users/get", {}));
      const auto file = std::move(*disk_.open(file_, Disk::Open::keep));
      ASSERT_TRUE(file->sync().ok() && disk_.sync_folder(file_.parent_path()).ok());
      before = *pace.rate("users/get");
      pace.throttled("users/get", std::nullopt);
      after = *pace.rate("users/get");
    }
    disk_.lose_power(torn);
    Pace pace(clock_, disk_, file_);
    EXPECT_THAT(
        *pace.rate("users/get"),
        testing::AnyOf(DoubleNear(before, 1e-9), DoubleNear(after, 1e-9), DoubleNear(100, 1)))
        << torn;
    const Millis began = clock_.monotonic();
    ASSERT_TRUE(pace.wait("users/get", {}));
    EXPECT_LE(clock_.monotonic() - began, 1min) << torn;
  }
}

TEST_F(SharedPaceTest, PacesAloneWhereTheDiskIsFull) {
  disk_.room = 0;
  Pace pace(clock_, disk_, file_);
  const Millis began = clock_.monotonic();
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(pace.wait("users/bulkUpdate", {}));
  EXPECT_GE(clock_.monotonic() - began, 2s);
}

TEST_F(SharedPaceTest, PacesAloneWhereTheFileCannotBe) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "pace") << "a file where a folder should be";
  Pace pace(clock_, disk_, file_);
  const Millis began = clock_.monotonic();
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(pace.wait("users/bulkUpdate", {}));
  EXPECT_GE(clock_.monotonic() - began, 2s);
}

TEST_F(PaceTest, GivesNoPlaceToWhoIsStopped) {
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(pace_.wait("lists", source.get_token()));
  EXPECT_FALSE(pace_.wait("lists", source.get_token()));
}

TEST(PaceThreadsTest, GivesEachThreadItsOwnPlace) {
  ManualClock clock{Time(1'000'000ms)};
  Pace pace(clock);
  std::vector<std::thread> threads;
  std::atomic<int> let_through{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        if (pace.wait("users/bulkUpdate", {})) ++let_through;
        pace.answered("users/bulkUpdate");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(let_through, 400);
  // The 401st place lies where 400 calls at 5 a second end, however the threads were mixed.
  EXPECT_GE(clock.monotonic(), 1'000'000ms + 399 * 200ms);
}

TEST(CallCounterTest, CountsFromManyThreads) {
  CallCounter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i)
        counter.made(i % 2 == 0 ? "lists" : "users/get", i % 10 == 0, i % 20 == 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const CallCounts counts = counter.counts();
  EXPECT_EQ(counts.total, 400);
  EXPECT_EQ(counts.retried, 40);
  EXPECT_EQ(counts.throttled, 20);
  EXPECT_THAT(counts.by_endpoint,
              testing::ElementsAre(testing::Pair("lists", 200), testing::Pair("users/get", 200)));
}

}  // namespace
}  // namespace rollcall::iterable
