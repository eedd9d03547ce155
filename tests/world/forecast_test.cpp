// Whether a run takes what its plan said: the calls, one by one, and the time, by a clock that
// stands still while anybody works.
#include <gtest/gtest.h>

#include <condition_variable>
#include <set>
#include <thread>

#include "tests/world/little_iterable.hpp"

namespace rollcall::run {
namespace {

// Time passes for sleepers alone: when nobody has asked for it or woken for a moment, the next of
// them wakes. For any number of threads.
class IdleClock : public Clock {
 public:
  Time now() override { return Time(Millis(1'767'323'045'000)) + monotonic(); }
  Millis monotonic() override {
    const std::lock_guard lock(mutex_);
    ++activity_;
    return now_;
  }
  bool sleep(Millis how_long, const std::stop_token& stop) override {
    // Before it leaps whoever is about to sleep as well is waited for longer.
    constexpr Millis kLeap{100};
    constexpr std::chrono::microseconds kMoment{200}, kLongMoment{30'000};
    std::unique_lock lock(mutex_);
    ++activity_;
    const auto until = wake_.insert(now_ + how_long);
    while (now_ < *until && !stop.stop_requested()) {
      const uint64_t before = activity_;
      const bool leaps = *wake_.begin() - now_ >= kLeap;
      const bool woken =
          woken_.wait_for(lock, leaps ? kLongMoment : kMoment, [&] { return now_ >= *until; });
      if (woken || activity_ != before) continue;
      now_ = *wake_.begin();
      ++activity_;
      woken_.notify_all();
    }
    ++activity_;
    wake_.erase(until);
    return !stop.stop_requested();
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  Millis now_{100'000};  // protected by mutex_, and all below
  std::multiset<Millis> wake_;
  uint64_t activity_ = 0;
};

class Threads : public Workers {
 public:
  void run(size_t n, const std::function<void()>& body) override {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < n; ++i) threads.emplace_back(body);
    if (n > 0) body();
  }
};

// A project in which a call takes its time.
class SlowIterable : public http::Transport {
 public:
  explicit SlowIterable(IdleClock& clock) : clock_(clock) {}
  http::Answer send(const http::Request& request, const std::stop_token& stop) override {
    clock_.sleep(request.method == "GET" ? read_takes : write_takes, stop);
    const std::lock_guard lock(mutex_);
    const std::string path = request.url.substr(request.url.find("/api/") + 5);
    const json body = request.body.empty() ? json() : json::parse(request.body);
    if (path == "lists" && request.method == "GET") {
      json lists = json::array();
      if (list_made)
        lists.push_back({{"id", 7}, {"name", "VIPs"}, {"createdAt", 5}, {"listType", "Standard"}});
      return ok({{"lists", lists}});
    }
    if (path == "lists") {
      list_made = true;
      return ok({{"listId", 7}});
    }
    if (path == "users/getFields") {
      json fields = {{"email", "string"}, {"name", "string"}};
      if (field_made) fields["score"] = "long";
      return ok({{"fields", fields}});
    }
    if (path.starts_with("users/getByEmail")) {
      std::string email = path.substr(path.find('=') + 1);
      email.replace(email.find("%40"), 3, "@");
      const auto known = contacts.find(email);
      if (known == contacts.end()) return ok(json::object());
      json lists = json::array();
      if (known->second) lists.push_back(7);
      const char* const named = hybrid ? "userListIds" : "emailListIds";
      return ok({{"user", {{"email", email}, {"dataFields", {{named, lists}}}}}});
    }
    json unknown = json::array();
    const json& people = path == "users/bulkUpdate" ? body["users"] : body["subscribers"];
    for (const json& person : people) {
      const auto known = contacts.find(person["email"]);
      if (known == contacts.end()) {
        unknown.push_back(person["email"]);
      } else if (path != "users/bulkUpdate") {
        known->second = path == "lists/subscribe";
      }
      field_made = field_made || person.value("dataFields", json::object()).contains("score");
    }
    EXPECT_TRUE(hybrid || unknown.empty()) << "somebody would have been created";
    return ok({{"successCount", people.size() - unknown.size()},
               {"failCount", unknown.size()},
               {"failedUpdates", {{"notFoundEmails", unknown}}}});
  }

  Millis read_takes{0}, write_takes{500};
  bool hybrid = false, list_made = false, field_made = false;
  std::map<std::string, bool> contacts;  // on the list

 private:
  static http::Answer ok(const json& body) {
    return http::Response{.status = 200, .body = body.dump()};
  }
  IdleClock& clock_;
  std::mutex mutex_;
};

class ForecastTest : public testing::Test, public Observer {
 protected:
  void SetUp() override {
    folder_ = test_folder();
    leases_ = FileLeases(folder_ / "home", clock_);
    catalog_ = vips_of(folder_, ProjectType::email);
    GuardLimits& guard = catalog_.activations[0].guard;
    guard.allow_empty = true;
    guard.max_removed_share = 1;
    guard.max_added_share = 100;
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  // The segment from now on: people of these numbers.
  void segment(int from, int to, const std::string& name = "x") {
    std::ofstream file(folder_ / "data" / "people.csv");
    file << "email,name,score\n";
    for (int i = from; i < to; ++i) file << "p" << i << "@x.co," << name << "," << i << "\n";
  }
  void contacts(int from, int to) {
    for (int i = from; i < to; ++i) iterable_.contacts["p" + std::to_string(i) + "@x.co"] = false;
  }
  // Plans and runs; both must agree. Nobody knows before how many are no contacts.
  RunReport expect_as_planned(bool all_are_contacts = true) {
    store_.reset();
    auto store = store::Store::open(folder_ / "home", clock_, random_, disk_);
    EXPECT_TRUE(store.ok());
    store_ = std::move(*store);
    const auto states = open_states({folder_ / "home"}, disk_, leases_);
    const World world{clock_, random_, iterable_, workers_, disk_,
                      *this,  *store_, leases_,   *states,  {folder_ / "home"}};
    const auto planned = plan(world, {catalog_, catalog_.activations[0]}, {});
    EXPECT_TRUE(planned.ok()) << planned.error().text();
    const Millis before = clock_.monotonic();
    const auto report = run::run(
        world, {.catalog = catalog_, .activation = catalog_.activations[0], .catalog_hash = "h"},
        {});
    EXPECT_TRUE(report.ok()) << report.error().text();
    if (!planned.ok() || !report.ok()) return {};
    EXPECT_EQ(report->status, RunStatus::completed) << (report->error ? report->error->text() : "");
    const double took = static_cast<double>((clock_.monotonic() - before).count()) / 1000;
    std::string calls;
    for (const auto& [endpoint, n] : report->calls.by_endpoint)
      calls += endpoint + " " + std::to_string(n) + "; ";
    if (all_are_contacts)
      EXPECT_EQ(planned->forecast_calls, report->calls.total) << calls;
    else
      EXPECT_NEAR(planned->forecast_calls, report->calls.total, report->calls.total / 10) << calls;
    EXPECT_NEAR(planned->forecast_seconds, took, std::max(1.0, took / 10)) << calls;
    return *report;
  }

  fs::path folder_;
  IdleClock clock_;
  SlowIterable iterable_{clock_};
  SeededRandom random_{1};
  Threads workers_;
  RealDisk disk_;
  FileLeases leases_{"", clock_};
  std::unique_ptr<store::Store> store_;
  Catalog catalog_;
};

// At 97 look-ups a second, which is 97 % of the published limit.
TEST_F(ForecastTest, HoldsInEmailProjects) {
  contacts(0, 1800);
  segment(0, 1600);
  (void)expect_as_planned();  // the first run: a trial and a new list
  segment(300, 1800, "y");
  (void)expect_as_planned();  // all three kinds; who was added just now is removed when it settled
  segment(0, 1800, "y");
  (void)expect_as_planned();  // and the reverse
  (void)expect_as_planned();  // nothing to do
}
TEST_F(ForecastTest, HoldsForFewPeople) {
  contacts(0, 100);
  for (const int people : {1, 9, 40}) {
    segment(0, people);
    (void)expect_as_planned();
  }
}
TEST_F(ForecastTest, HoldsWhereEveryCallTakesLong) {
  iterable_.read_takes = Millis(600);
  contacts(0, 1200);
  segment(0, 1200);
  (void)expect_as_planned();
}
TEST_F(ForecastTest, HoldsWhereThereArePeopleWhoAreNoContacts) {
  contacts(0, 1000);
  segment(800, 1800);
  (void)expect_as_planned(false);
  (void)expect_as_planned(false);  // the parked are looked at again
}
TEST_F(ForecastTest, HoldsWhereAnAttributeIsMade) {
  contacts(0, 700);
  segment(0, 700);
  catalog_.activations[0].attributes.push_back({.field = "score", .to = "score", .create = true});
  (void)expect_as_planned();
}
TEST_F(ForecastTest, HoldsInHybridProjects) {
  iterable_.hybrid = true;
  catalog_.destinations[0].project_type = ProjectType::hybrid;
  contacts(0, 4000);
  segment(0, 3500);
  (void)expect_as_planned();
  segment(500, 4000, "y");
  (void)expect_as_planned();
}

}  // namespace
}  // namespace rollcall::run
