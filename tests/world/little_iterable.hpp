// A little Iterable in memory, a clock that is told to move, and whole runs against both.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "run/run.hpp"
#include "tests/world/states.hpp"

namespace rollcall::run {

namespace fs = std::filesystem;
using nlohmann::json;

// A hybrid project: contacts by e-mail with their attribute, and lists. Their user id is their
// address.
class FakeIterable : public http::Transport {
 public:
  struct Contact {
    json fields = json::object();
    std::set<int64_t> lists = {};
  };
  struct List {
    int64_t id;
    std::string name;
    int64_t created_at_ms = 0;
    std::string type = "Standard";
  };

  http::Answer send(const http::Request& request, const std::stop_token&) override {
    const std::lock_guard lock(mutex_);
    const std::string path = request.url.substr(request.url.find("/api/") + 5);
    if (instead)
      if (auto answer = instead(path, request)) return *answer;
    const json body = request.body.empty() ? json() : json::parse(request.body);
    if (request.method == "GET") return read(path, request);
    ++project.writes;
    if (path == "lists") {
      project.lists.push_back(
          {.id = project.next_id, .name = body["name"], .created_at_ms = project.next_id});
      return ok({{"listId", project.next_id++}});
    }
    const int64_t list = body.value("listId", int64_t{0});
    json unknown = json::array();
    for (const json& person : body["subscribers"]) {
      const std::string email = person.value("email", person.value("userId", ""));
      const auto known = project.contacts.find(email);
      if (known == project.contacts.end()) {
        unknown.push_back(email);
      } else if (path == "lists/subscribe") {
        known->second.lists.insert(list);
        const json fields = person.value("dataFields", json::object());
        for (const auto& [name, value] : fields.items()) known->second.fields[name] = value;
        for (const auto& [name, value] : fields.items()) project.fields.emplace(name, "string");
      } else {
        known->second.lists.erase(list);
      }
    }
    return ok({{"successCount", body["subscribers"].size() - unknown.size()},
               {"failCount", unknown.size()},
               {"failedUpdates", {{"notFoundEmails", unknown}}}});
  }

  std::vector<std::string> on_list(int64_t id) {
    std::vector<std::string> out;
    for (const auto& [email, contact] : project.contacts)
      if (contact.lists.contains(id)) out.push_back(email.substr(0, email.find('@')));
    return out;
  }
  Contact& contact(const std::string& name) { return project.contacts[name + "@x.co"]; }

  struct Project {
    std::map<std::string, Contact> contacts;
    std::vector<List> lists;
    int64_t next_id = 7;
    std::map<std::string, std::string> fields = {{"email", "string"}, {"name", "string"}};
    int writes = 0, lists_read = 0;
  } project;
  // What answers in its place, if it does.
  std::function<std::optional<http::Answer>(const std::string& path, const http::Request&)> instead;

  static http::Answer ok(const json& body) {
    return http::Response{.status = 200, .body = body.dump()};
  }

 private:
  http::Answer read(const std::string& path, const http::Request& request) {
    if (path == "lists") {
      json lists = json::array();
      for (const List& list : project.lists)
        lists.push_back({{"id", list.id},
                         {"name", list.name},
                         {"createdAt", list.created_at_ms},
                         {"listType", list.type}});
      return ok({{"lists", lists}});
    }
    if (path == "users/getFields") return ok({{"fields", project.fields}});
    const std::string value = path.substr(path.find('=') + 1);
    if (path.starts_with("lists/getUsers")) {
      ++project.lists_read;
      if (std::ranges::none_of(project.lists,
                               [&](const List& list) { return list.id == std::stoll(value); }))
        return http::Response{.status = 400, .body = "Invalid email list id"};
      for (const std::string& name : on_list(std::stoll(value)))
        EXPECT_TRUE(request.on_body(name + "@x.co\n"));
      return http::Response{.status = 200};
    }
    std::string email = value;
    if (const size_t at = email.find("%40"); at != std::string::npos) email.replace(at, 3, "@");
    const auto known = project.contacts.find(email);
    if (known == project.contacts.end()) return ok(json::object());
    json fields = known->second.fields;
    fields["userListIds"] = known->second.lists;
    return ok({{"user", {{"email", email}, {"userId", email}, {"dataFields", fields}}}});
  }
  std::mutex mutex_;
};

// Of a machine that can be started again: monotonic time begins anew.
class RestartedClock : public ManualClock {
 public:
  using ManualClock::ManualClock;
  Millis monotonic() override { return ManualClock::monotonic() - started_; }
  std::string boot() override { return std::to_string(started_.count()); }
  void restart() { started_ = ManualClock::monotonic(); }

 private:
  Millis started_{0};
};

// A folder of this test's own, empty but for `data`.
inline fs::path test_folder() {
  fs::path out = fs::path(testing::TempDir()) /
                 ("run-" + std::to_string(::getpid()) + "-" +
                  testing::UnitTest::GetInstance()->current_test_info()->name());
  fs::remove_all(out);
  fs::create_directories(out / "data");
  return out;
}

// Everybody in a file `people` of the folder's `data` is a VIP; e-mail and name go to Iterable.
inline Catalog vips_of(const fs::path& folder, ProjectType project) {
  Catalog out;
  out.sources = {
      {.name = "shop", .kind = "csv", .options = {{"path", (folder / "data").string()}}}};
  out.models = {{.name = "people", .source = "shop", .table = "people", .primary_key = "email"}};
  out.segments = {{.name = "VIPs", .model = "people"}};
  out.destinations = {{.name = "it",
                       .uid = "d1",
                       .base_url = "http://iterable",
                       .project_type = project,
                       .api_key = Secret("k")}};
  out.activations = {{.uid = "a1",
                      .segment = "VIPs",
                      .destination = "it",
                      .name = "VIPs",
                      .match_key = {KeyType::email, "email"},
                      .attributes = {{.field = "name", .to = "name"}}}};
  return out;
}

class RunTest : public testing::Test, public Observer {
 protected:
  void SetUp() override {
    folder_ = test_folder();
    leases_ = FileLeases(home(), clock_);
    states_ = open_states({home()}, disk_, leases_);
    catalog_ = vips_of(folder_, ProjectType::hybrid);
  }
  void TearDown() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  fs::path home() { return folder_ / "home"; }
  const state::States& states() { return *states_; }
  fs::path kept() { return home() / "activations" / "a1"; }
  Activation& activation() { return catalog_.activations[0]; }
  FakeIterable::Project& project() { return iterable_.project; }

  // The segment from now on: name → attribute ("" for none).
  void segment(const std::map<std::string, std::string>& people) {
    std::ofstream file(folder_ / "data" / "people.csv");
    file << "email,name\n";
    for (const auto& [name, value] : people) file << name << "@x.co," << value << "\n";
  }
  void contacts(const std::vector<std::string>& names) {
    for (const std::string& name : names) iterable_.contact(name);
  }

  struct How {
    bool full = false, new_list = false;
    std::optional<std::string> approve = std::nullopt;
  };
  Result<RunReport> try_run(bool full = false) { return try_run(How{.full = full}); }
  Result<RunReport> try_run(const How& how) {
    clock_.advance(between_runs_);
    store_.reset();
    store_ = TRY(store::Store::open(home(), clock_, random_, disk_));
    const World world{clock_, random_, iterable_, workers_, disk_,
                      *this,  *store_, leases_,   states(), {home()}};
    return run::run(world,
                    {.catalog = catalog_,
                     .activation = activation(),
                     .catalog_hash = catalog_hash_,
                     .full = how.full,
                     .new_list = how.new_list,
                     .approve = how.approve},
                    stop_.get_token());
  }
  RunReport run(bool full = false) {
    auto report = try_run(full);
    EXPECT_TRUE(report.ok()) << report.error().text();
    if (!report.ok()) return {};
    EXPECT_EQ(report->status, RunStatus::completed) << (report->error ? report->error->text() : "");
    return *report;
  }
  // As a kill at the point would have left the disk and the project.
  void run_killed_at(const std::string& point) {
    kill_at_ = point;
    (void)run();
    ASSERT_TRUE(kill_at_.empty()) << point << " was not passed";
    store_.reset();
    fs::remove_all(home());
    fs::rename(folder_ / "killed", home());
    project() = killed_;
  }
  void reached(std::string_view point) override {
    if (point == set_clock_at_) clock_.set_by(set_clock_by_);
    if (point != kill_at_) return;
    kill_at_.clear();
    fs::copy(home(), folder_ / "killed", fs::copy_options::recursive);
    // The same file, not a copy.
    const fs::path state = folder_ / "killed" / "activations" / "a1" / "state.json";
    if (fs::remove(state)) fs::create_hard_link(kept() / "state.json", state);
    killed_ = project();
  }

  static void change_a_byte(const fs::path& path, size_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 1));
  }
  fs::path only(const std::string& prefix) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(kept()))
      if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found.empty() ? fs::path() : found.back();
  }
  fs::path open_run() { return fs::directory_iterator(kept() / "runs")->path(); }

  fs::path folder_;
  FakeIterable iterable_;
  RestartedClock clock_{Time{Millis(1'767'323'045'000)}};
  SeededRandom random_{1};
  OneWorker workers_;
  RealDisk disk_;
  FileLeases leases_{"", clock_};
  std::unique_ptr<state::States> states_;
  std::unique_ptr<store::Store> store_;
  Catalog catalog_;
  Millis between_runs_{120'000};
  std::string catalog_hash_ = "h";
  std::stop_source stop_;
  std::string kill_at_, set_clock_at_;
  Millis set_clock_by_{0};
  FakeIterable::Project killed_;
};

}  // namespace rollcall::run
