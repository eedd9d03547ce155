// The service on simulated time: its jobs are carried out here, by the commands that it would start
// as processes, over the simulator.
#include "service/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "cli/cli.hpp"
#include "operations/operations.hpp"
#include "tests/world/small_world.hpp"

namespace rollcall::testing {
namespace {

using service::JobEvent;
using service::JobId;
using ::testing::IsEmpty;

constexpr int kKilled = 137;

// A job is carried out when its end is waited for; while there is none, waiting passes the time.
class JobsHere : public service::Jobs {
 public:
  explicit JobsHere(SmallWorld& world) : world_(world) {}

  Result<JobId> start(const std::vector<std::string>& words) override {
    started.push_back(words);
    waiting_.push_back({++last_, words});
    return last_;
  }
  void stop(JobId) override {}
  void kill(JobId) override {}
  void wake() override {}
  std::vector<JobEvent> wait(Millis how_long) override {
    if (before_wait) before_wait();
    if (waiting_.empty()) {
      world_.clock.advance(std::max(how_long, Millis(1)));
      return {};
    }
    const auto [job, words] = waiting_.front();
    waiting_.pop_front();
    if (killed > 0) {
      --killed;
      return {{.job = job, .ended = kKilled}};
    }
    return carry_out(job, words);
  }

  std::deque<std::vector<std::string>> started = {};
  int killed = 0;  // so many of the next end without a word
  std::function<void()> before_wait = {};
  std::function<run::World()> at_work = [this] { return world_.at_work(); };

  [[nodiscard]] int count(const std::string& command) const {
    return static_cast<int>(std::count_if(started.begin(), started.end(),
                                          [&](const auto& words) { return words[0] == command; }));
  }

 private:
  std::vector<JobEvent> carry_out(JobId job, std::vector<std::string> words) {
    const run::World now = at_work();
    words.insert(words.begin(), {"--home", now.home.root.string()});
    char* text = nullptr;
    size_t size = 0;
    std::FILE* const out = ::open_memstream(&text, &size);
    std::FILE* const err = std::fopen("/dev/null", "w");
    const int code =
        cli::main({.clock = now.clock,
                   .random = now.random,
                   .transport = now.transport,
                   .workers = now.workers,
                   .disk = now.disk,
                   .observer = now.observer,
                   .open_store =
                       [&](const std::filesystem::path& home, const std::optional<Secret>&) {
                         return store::Store::open(home, now.clock, now.random, now.disk);
                       },
                   .environment = [](const std::string&) { return std::nullopt; },
                   .out = out,
                   .err = err,
                   .version = "test"},
                  words, {});
    std::fclose(out);
    std::fclose(err);
    std::vector<JobEvent> events;
    std::string_view rest(text, size);
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      events.push_back({.job = job, .line = std::string(rest.substr(0, end))});
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    std::free(text);
    events.push_back({.job = job, .ended = code});
    return events;
  }

  SmallWorld& world_;
  std::deque<std::pair<JobId, std::vector<std::string>>> waiting_;
  JobId last_ = 0;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest()
      : world_([] {
          SmallWorld::Setup setup;
          setup.real_delays = false;
          return setup;
        }()) {
    for (int n = 1; n <= 4; ++n) world_.customers[n] = {};
    world_.add_contacts(1, 3);
  }
  void apply(const std::string& schedule) {
    std::string text = world_.catalog_text;
    const std::string manual = "schedule: manual";
    text.replace(text.find(manual), manual.size(), "schedule: " + schedule);
    const auto applied = operations::apply(world_.at_work(), {.text = text}, {});
    ASSERT_TRUE(applied.ok()) << applied.error().text();
    ASSERT_THAT(applied->problems, IsEmpty());
  }
  std::string uid() { return operations::stored(jobs_.at_work())->catalog.activations.at(0).uid; }
  // The service, from now on for so long; `each` is called as it goes round.
  void serve(Millis how_long, std::function<void(service::Service&)> each = {}) {
    const run::World world = jobs_.at_work();
    service::Service service(world, jobs_, {.retry_first = Millis(10'000)});
    std::stop_source stop;
    const Time until = world_.clock.now() + how_long;
    jobs_.before_wait = [&] {
      if (each) each(service);
      if (world_.clock.now() >= until) stop.request_stop();
    };
    const Status worked = service.work(stop.get_token());
    EXPECT_TRUE(worked.ok()) << worked.error().text();
    jobs_.before_wait = {};
  }
  std::vector<store::RunRow> runs() { return *jobs_.at_work().store.runs(uid(), 10'000); }

  SmallWorld world_;
  JobsHere jobs_{world_};
};

TEST_F(ServiceTest, KeepsTheListTrueByItsSchedule) {
  apply("{every: 1h}");
  serve(std::chrono::hours(3), [&](service::Service&) {
    const auto minute = (world_.clock.now().time_since_epoch() / std::chrono::minutes(1)) % 180;
    world_.customers[5].vip = minute > 60;
    world_.add_contact(5);
  });
  EXPECT_EQ(runs().size(), 4U);  // at once, and every hour
  EXPECT_EQ(runs().front().status, "completed");
  EXPECT_EQ(world_.not_clean(), "");
}

TEST_F(ServiceTest, AManualActivationRunsWhenAskedAlone) {
  apply("manual");
  uint64_t ticket = 0;
  std::optional<service::Ended> ended;
  serve(std::chrono::minutes(5), [&](service::Service& service) {
    if (ticket == 0) ticket = *service.ask(uid(), {.full = true});
    if (!ended) ended = service.wait_for(ticket, Millis(0), {});
  });
  ASSERT_TRUE(ended);
  const auto report = nlohmann::json::parse(ended->json);
  EXPECT_EQ(report["status"], "completed");
  EXPECT_EQ(report["kind"], "full");
  EXPECT_EQ(report["trigger"], "api");
  EXPECT_EQ(runs().size(), 1U);
  EXPECT_EQ(world_.not_right(), "");
}

TEST_F(ServiceTest, ATimeThatAnotherHasDealtWithIsNotRunAgain) {
  apply("{every: 1h}");
  const std::string activation = uid();
  serve(std::chrono::minutes(90));
  ASSERT_EQ(runs().size(), 2U);
  // Of a service that was killed before it could keep what it had done.
  ASSERT_TRUE(jobs_.at_work().store.put_fact(activation, "schedule", "{}").ok());
  const auto jobs_before = jobs_.count("job-run");
  int ended = 0;
  serve(std::chrono::minutes(1), [&](service::Service& service) {
    static std::shared_ptr<void> listening;
    if (!listening)
      listening = service.listen([&](const std::string&, const std::string& event,
                                     const std::string&) { ended += event == "end" ? 1 : 0; });
    if (jobs_.count("job-run") > jobs_before) listening.reset();
  });
  EXPECT_EQ(jobs_.count("job-run"), jobs_before + 1) << "it was due, to whoever knew no better";
  EXPECT_EQ(runs().size(), 2U) << "but the job found it done";
  EXPECT_EQ(ended, 0) << "which is no end of a run";
}

TEST_F(ServiceTest, OfTwoOneSchedulesAndTheOtherDoesWhatItIsAsked) {
  apply("{every: 1h}");
  JobsHere other_jobs(world_);
  const run::World world = jobs_.at_work();
  service::Service other(world, other_jobs, {});
  uint64_t ticket = 0;
  bool schedules = false;
  std::stop_source stop;
  serve(std::chrono::hours(2), [&](service::Service& one) {
    EXPECT_TRUE(one.schedules());
    if (ticket != 0) return;
    // The other goes round once, in the middle.
    other_jobs.before_wait = [&] {
      schedules = other.schedules();
      if (ticket == 0) ticket = *other.ask(uid(), {});
      if (other.wait_for(ticket, Millis(0), {})) stop.request_stop();
    };
    EXPECT_TRUE(other.work(stop.get_token()).ok());
  });
  EXPECT_FALSE(schedules);
  EXPECT_EQ(other_jobs.count("job-run"), 1) << "what it was asked for";
  EXPECT_GE(jobs_.count("job-run"), 2) << "what was due";
  EXPECT_EQ(world_.not_clean(), "");
}

TEST_F(ServiceTest, OneAskedForTwiceWhileItWaitsIsRefused) {
  apply("manual");
  int asked = 0;
  serve(std::chrono::minutes(1), [&](service::Service& service) {
    if (asked++ > 0) return;
    EXPECT_TRUE(service.ask(uid(), {}).ok());
    const auto again = service.ask(uid(), {});
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().code, "already_asked");
    EXPECT_EQ(service.ask("nobody", {}).error().kind, ErrorKind::not_found);
  });
}

TEST_F(ServiceTest, WhatCrashedIsTriedAgainLaterEachTime) {
  apply("{every: 1d}");
  jobs_.killed = 3;
  std::vector<Millis> begun;
  const Time start = world_.clock.now();
  serve(std::chrono::minutes(5), [&](service::Service&) {
    if (begun.size() < jobs_.started.size()) begun.push_back(world_.clock.now() - start);
  });
  ASSERT_EQ(begun.size(), 4U);
  EXPECT_GE(begun[1] - begun[0], Millis(10'000));
  EXPECT_GE(begun[2] - begun[1], Millis(20'000));
  EXPECT_GE(begun[3] - begun[2], Millis(40'000));
  EXPECT_EQ(runs().size(), 1U);
  EXPECT_EQ(world_.not_right(), "");
}

TEST_F(ServiceTest, WhoeverTypesRunMeanwhileIsWaitedFor) {
  apply("{every: 1d}");
  auto taken = world_.at_work().states.of(uid())->take();
  ASSERT_TRUE(taken.ok());
  serve(std::chrono::minutes(5), [&](service::Service&) {
    if (jobs_.started.size() == 2 && taken.ok()) taken->reset();
  });
  EXPECT_EQ(jobs_.count("job-run"), 2);
  EXPECT_EQ(runs().size(), 1U);
  EXPECT_EQ(world_.not_right(), "");
}

TEST_F(ServiceTest, RestsWhileItsSourceIsBrokenAndGoesOnByItself) {
  apply("{every: 5m}");
  serve(std::chrono::minutes(1));
  const auto there = world_.folder / "data", aside = world_.folder / "elsewhere";
  std::filesystem::rename(there, aside);
  jobs_.at_work = [&] { return world_.without_writing(); };  // customers are not there either
  std::optional<service::Rest> rest;
  serve(std::chrono::minutes(30), [&](service::Service& service) {
    if (!rest) rest = service.standing(uid()).rest;
  });
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->kind, "source");
  EXPECT_EQ(rest->name, "shop");
  const size_t before = runs().size();
  std::filesystem::rename(aside, there);
  serve(std::chrono::minutes(30),
        [&](service::Service& service) { rest = service.standing(uid()).rest; });
  EXPECT_FALSE(rest);
  EXPECT_GT(runs().size(), before);
  EXPECT_EQ(runs().front().status, "completed");
}

TEST_F(ServiceTest, TimesThatPassedWhileNobodyServedComeToOneRun) {
  apply("{cron: \"*/30 * * * *\"}");
  serve(std::chrono::hours(1));
  const size_t before = runs().size();
  world_.clock.advance(std::chrono::hours(48));
  serve(std::chrono::minutes(1));
  EXPECT_EQ(runs().size(), before + 1);
}

TEST_F(ServiceTest, AChangeByAnotherProcessIsSeen) {
  apply("manual");
  bool changed = false;
  serve(std::chrono::minutes(30), [&](service::Service& service) {
    EXPECT_TRUE(changed || !service.standing(uid()).next_at);
    if (!changed) apply("{every: 10m}");
    changed = true;
  });
  EXPECT_EQ(runs().size(), 2U);  // from then on every ten minutes
}

}  // namespace
}  // namespace rollcall::testing
