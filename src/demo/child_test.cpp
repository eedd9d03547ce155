// A child that is kept running: real processes, on a clock of the test's.
#include "demo/child.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace rollcall::demo {
namespace {

namespace fs = std::filesystem;

class ChildTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // A line of the shell; it is given no variables, so it names programs by their path.
  static Command shell(const std::string& line) {
    return {.program = "/bin/sh", .words = {"-c", line}};
  }
  // Tells its number and stays.
  [[nodiscard]] Command stays(const std::string& name = "pid") const {
    return shell("echo $$ > " + (folder_ / (name + ".new")).string() + "; /bin/mv " +
                 (folder_ / (name + ".new")).string() + " " + (folder_ / name).string() +
                 "; exec /bin/sleep 1000");
  }
  [[nodiscard]] pid_t told(const std::string& name = "pid") const {
    for (int i = 0; i < 1000 && !fs::exists(folder_ / name); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    pid_t pid = 0;
    std::ifstream(folder_ / name) >> pid;
    return pid;
  }
  // Gone and fetched: not even a zombie is left. Of one that is nobody's here, a zombie will do.
  static bool is_there(pid_t pid, bool zombies_count = true) {
    if (::kill(pid, 0) != 0) return false;
    if (zombies_count) return true;
    std::string text;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), text);
    const size_t at = text.rfind(')');
    return at != std::string::npos && text.size() > at + 2 && text[at + 2] != 'Z';
  }
  [[nodiscard]] int lines(const std::string& name) const {
    std::ifstream in(folder_ / name);
    int n = 0;
    for (std::string line; std::getline(in, line);) ++n;
    return n;
  }
  static bool ends(Child& child) {
    for (int i = 0; i < 1000 && child.is_running(); ++i) child.tend(Millis(10));
    return !child.is_running();
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / ("child-" + std::to_string(::getpid()));
  ManualClock clock_{Time(Millis(1'800'000'000'000))};
};

TEST_F(ChildTest, RunsUntilItIsNoLongerWanted) {
  const auto child = Child::make(clock_).value();
  EXPECT_FALSE(child->is_running());
  child->want(stays());
  EXPECT_TRUE(child->is_running());
  const pid_t pid = told();
  ASSERT_GT(pid, 0);
  child->want(stays());
  child->tend(Millis(0));
  EXPECT_TRUE(is_there(pid)) << "the same as before";
  child->want(std::nullopt);
  EXPECT_FALSE(is_there(pid)) << "a zombie, or it goes on";
  EXPECT_FALSE(child->is_running());
}

TEST_F(ChildTest, AnotherCommandTakesItsPlace) {
  const auto child = Child::make(clock_).value();
  child->want(stays("first"));
  const pid_t first = told("first");
  child->want(stays("second"));
  EXPECT_FALSE(is_there(first));
  EXPECT_TRUE(is_there(told("second")));
}

TEST_F(ChildTest, EndsWithItsKeeper) {
  pid_t pid = 0;
  {
    const auto child = Child::make(clock_).value();
    child->want(stays());
    pid = told();
    EXPECT_TRUE(is_there(pid));
  }
  EXPECT_FALSE(is_there(pid));
}

TEST_F(ChildTest, ComesAgainLaterEachTime) {
  const auto child = Child::make(clock_).value();
  const std::string file = (folder_ / "began").string();
  child->want(shell("echo x >> " + file + "; echo port 1 is taken >&2; exit 1"));
  ASSERT_TRUE(ends(*child));
  EXPECT_EQ(child->said(), "port 1 is taken");
  Millis waits = kAgainFirst;
  for (int times = 1; times < 12; ++times) {
    EXPECT_EQ(lines("began"), times);
    clock_.advance(waits - Millis(1));
    child->tend(Millis(0));
    EXPECT_FALSE(child->is_running()) << "too soon";
    clock_.advance(Millis(1));
    child->tend(Millis(0));
    ASSERT_TRUE(ends(*child));
    waits = std::min(waits * 2, kAgainMost);
  }
}

TEST_F(ChildTest, IsStartedAtOnceAgainWhenItHadRunWell) {
  const auto child = Child::make(clock_).value();
  child->want(stays());
  ::kill(told(), SIGKILL);
  ASSERT_TRUE(ends(*child));
  EXPECT_EQ(child->said(), "it was ended by the signal 9");
  fs::remove(folder_ / "pid");
  clock_.advance(kAgainFirst);
  child->tend(Millis(0));
  ASSERT_TRUE(child->is_running());
  EXPECT_EQ(child->said(), "");
  clock_.advance(kLivedWell);
  ::kill(told(), SIGKILL);
  ASSERT_TRUE(ends(*child));
  clock_.advance(kAgainFirst);
  child->tend(Millis(0));
  EXPECT_TRUE(child->is_running()) << "what went wrong long ago is forgiven";
}

TEST_F(ChildTest, WhatIsNoProgramSaysSo) {
  const auto child = Child::make(clock_).value();
  child->want(Command{.program = folder_ / "nothing"});
  ASSERT_TRUE(ends(*child));
  EXPECT_EQ(child->said(), "it cannot be started");
}

TEST_F(ChildTest, IsGivenNoVariablesAndNoFiles) {
  ::setenv("ROLLCALL_STORE", "postgresql://somebody:secret@example.com/x", 1);
  const auto child = Child::make(clock_).value();
  child->want(shell("/usr/bin/env > " + (folder_ / "env").string() + "; /bin/ls -l /proc/$$/fd > " +
                    (folder_ / "fds").string()));
  ASSERT_TRUE(ends(*child));
  ::unsetenv("ROLLCALL_STORE");
  std::ifstream env(folder_ / "env");
  const std::string variables((std::istreambuf_iterator<char>(env)), {});
  EXPECT_THAT(variables, testing::Not(testing::HasSubstr("ROLLCALL")));
  EXPECT_LE(lines("fds"), 6);  // the total, the three of everybody, what the shell keeps
}

TEST_F(ChildTest, DoesNotOutliveWhoeverWasKilled) {
  const pid_t keeper = ::fork();
  if (keeper == 0) {
    const auto child = Child::make(clock_).value();
    child->want(stays());
    (void)told();
    ::raise(SIGKILL);
  }
  const pid_t pid = told();
  ASSERT_GT(pid, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(keeper, &status, 0), keeper);
  EXPECT_TRUE(WIFSIGNALED(status));
  for (int i = 0; i < 1000 && is_there(pid, false); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(is_there(pid, false));
}

}  // namespace
}  // namespace rollcall::demo
