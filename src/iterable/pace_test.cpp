// Pacing, on a clock that moves only when somebody waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

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
    EXPECT_LE(*pace_.rate("users/bulkUpdate"), last * 1.02);
    last = *pace_.rate("users/bulkUpdate");
    ++answers;
  }
  EXPECT_GE(answers, 50);
  EXPECT_LE(answers, 500);
  pace_.answered("users/bulkUpdate");
  EXPECT_DOUBLE_EQ(*pace_.rate("users/bulkUpdate"), limit);
}

// A server that allows so many calls a second and says 429 beyond: few calls are lost, and the rate
// found is near the limit.
TEST_F(PaceTest, SettlesNearALimitNobodyTold) {
  constexpr double kAllowed = 8;
  double tokens = kAllowed;
  Millis last = clock_.monotonic();
  int refused = 0, accepted = 0;
  const Millis began = last;
  while (accepted < 1000) {
    ASSERT_TRUE(pace_.wait("lists/subscribe", {}));
    clock_.advance(5ms);
    const Millis now = clock_.monotonic();
    tokens =
        std::min(kAllowed, tokens + kAllowed * static_cast<double>((now - last).count()) / 1000);
    last = now;
    if (tokens >= 1) {
      tokens -= 1;
      ++accepted;
      pace_.answered("lists/subscribe");
    } else {
      ++refused;
      pace_.throttled("lists/subscribe", std::nullopt);
    }
  }
  const double seconds = static_cast<double>((clock_.monotonic() - began).count()) / 1000;
  EXPECT_LT(refused, 100);
  EXPECT_GT(accepted / seconds, kAllowed / 2) << "seconds: " << seconds;
}

TEST_F(PaceTest, GivesNoPlaceToWhoIsStopped) {
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(pace_.wait("lists", source.get_token()));
  EXPECT_FALSE(pace_.wait("lists", source.get_token()));
}

// A clock for several threads on which sleeping costs nothing but moves time.
class SharedClock : public Clock {
 public:
  Time now() override { return Time(Millis(time_.load())); }
  Millis monotonic() override { return Millis(time_.load()); }
  bool sleep(Millis how_long, const std::stop_token&) override {
    time_ += how_long.count();
    return true;
  }

 private:
  std::atomic<int64_t> time_{1'000'000};
};

TEST(PaceThreadsTest, GivesEachThreadItsOwnPlace) {
  SharedClock clock;
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
