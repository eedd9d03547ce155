// Bad weather, drawn from seeds. Each seed draws a project, a small company, what changes in it,
// what goes wrong and how often; then the weather clears up, and the list must be right. While it
// lasts nobody is created, and no report claims what is not so.
//
// WORLD_SEEDS=N tries so many, WORLD_SEED=N that one alone, which says all it does.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/world/small_world.hpp"

namespace rollcall::testing {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr uint64_t kSeeds = 5;  // one of each kind of project
#else
constexpr uint64_t kSeeds = 1000;
#endif
constexpr int kPeople = 24;

struct Pair {
  ProjectType project;
  KeyType key;
};
constexpr Pair kPairs[] = {{ProjectType::hybrid, KeyType::email},
                           {ProjectType::hybrid, KeyType::user_id},
                           {ProjectType::user_id, KeyType::user_id},
                           {ProjectType::email, KeyType::email},
                           {ProjectType::email, KeyType::user_id}};
constexpr const char* kKinds[] = {"http_429",         "http_429_retry_after",
                                  "http_500",         "http_502",
                                  "http_503",         "http_504",
                                  "reset_before",     "applied_then_reset",
                                  "cut_body",         "slow",
                                  "slow_before",      "refused",
                                  "http_400_success", "counts_disagree",
                                  "another_profile"};

class Weather {
 public:
  explicit Weather(uint64_t seed) : random_(seed), world_(setup(seed)) {}

  // What is wrong at the end, or nothing.
  std::string go() {
    for (int n = 1; n <= kPeople; ++n) {
      world_.customers[n] = {"Name" + std::to_string(n), n, one_in(4) == false};
      if (!one_in(6)) world_.add_contact(n);
    }
    std::string wrong;
    for (const char* const phase : {"first", "later"}) {
      world_.faults(weather());
      for (int runs = 0; runs < 2; ++runs) {
        if (one_in(3)) {
          (void)world_.run_killed_at(kPoints[random_.next() % std::size(kPoints)]);
          wrong += in(phase, world_.not_clean());
          world_.faults(weather());
        }
        wrong += in(phase, report(world_.try_run()));
        wrong += in(phase, world_.not_clean());
      }
      world_.faults("[]");
      for (int runs = 0; runs < 2; ++runs) wrong += in(phase, report(world_.try_run(), runs == 1));
      wrong += in(phase, world_.not_right());
      change_something();
    }
    return wrong;
  }

 private:
  static constexpr const char* kPoints[] = {"plan.sealed",    "list.intended",  "list.created",
                                            "list.recorded",  "fields.made",    "add.journalled",
                                            "add.sent",       "add.recorded",   "remove.sent",
                                            "ledger.written", "ledger.promoted"};
  SmallWorld::Setup setup(uint64_t seed) {
    const Pair& pair = kPairs[seed % std::size(kPairs)];
    return {.project = pair.project,
            .key = pair.key,
            .seed = seed,
            .activation =
                "guard: {max_removed_share: 1, max_added_share: 100, "
                "max_cleared_share: 1, allow_empty: true}"};
  }
  bool one_in(uint64_t n) { return random_.next() % n == 0; }
  std::string weather() {
    std::string plan;
    for (int i = 0; i < 3; ++i) {
      const double rate = std::array{0.05, 0.2, 0.5}[random_.next() % 3];
      plan += "- {kind: " + std::string(kKinds[random_.next() % std::size(kKinds)]) +
              ", rate: " + std::to_string(rate) + "}\n";
    }
    return plan;
  }
  void change_something() {
    for (auto& [n, one] : world_.customers) {
      if (one_in(6)) one.vip = !one.vip;
      if (one_in(6)) one.points += 1000;
      if (one_in(8)) one.name = one.name.empty() ? "Again" : "";
    }
  }
  static std::string in(const std::string& phase, const std::string& wrong) {
    return wrong.empty() ? "" : "\n  " + phase + ": " + wrong;
  }
  static std::string report(const Result<RunReport>& result, bool must_be_well = false) {
    if (!result.ok()) return result.error().text();
    std::string wrong = SmallWorld::not_honest(*result);
    if (must_be_well && result->status != RunStatus::completed)
      wrong += "in calm weather: " + (result->error ? result->error->text() : "not completed");
    return wrong;
  }

  SeededRandom random_;
  SmallWorld world_;
};

std::optional<uint64_t> number(const char* name) {
  const char* const text = std::getenv(name);
  return text ? std::optional<uint64_t>(std::stoull(text)) : std::nullopt;
}

TEST(SeedsTest, BadWeatherThenCalmEndsRight) {
  const auto only = number("WORLD_SEED");
  const uint64_t first = only.value_or(1),
                 last = only.value_or(number("WORLD_SEEDS").value_or(kSeeds));
  for (uint64_t seed = first; seed <= last; ++seed) {
    const std::string wrong = Weather(seed).go();
    ASSERT_EQ(wrong, "") << "WORLD_SEED=" << seed;
  }
}

}  // namespace
}  // namespace rollcall::testing
