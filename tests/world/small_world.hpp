// A small company in one process: its customers in a file, one segment activated to one list, the
// product over the simulator, and one clock for both, on which waiting costs nothing. A run takes
// milliseconds, and the same seed makes the same run.
//
// A kill is one: the run goes on in a process of its own, which ends at the named point without a
// word. What it left on the disk stays; the simulator's project is handed back as it was then.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/faulty_disk.hpp"
#include "core/catalog.hpp"
#include "run/run.hpp"
#include "tests/world/sim_transport.hpp"
#include "tests/world/states.hpp"

namespace rollcall::testing {

struct Customer {
  std::string name = "x";  // "": null
  int points = 1;
  bool vip = true;
  bool operator==(const Customer&) const = default;
};

class SmallWorld : public Observer {
 public:
  struct Setup {
    ProjectType project = ProjectType::hybrid;
    KeyType key = KeyType::email;
    uint64_t seed = 1;
    std::string activation = {};  // more keys of it, in YAML
    std::string destination = {};
    bool real_delays = true;  // what Iterable shows, it shows a little later
  };
  SmallWorld() : SmallWorld(Setup{}) {}
  explicit SmallWorld(const Setup& setup);
  ~SmallWorld() override;
  SmallWorld(const SmallWorld&) = delete;
  SmallWorld& operator=(const SmallWorld&) = delete;

  // --- The company. Customer n has the address cN@example.com and the user id UN.
  std::map<int, Customer> customers;
  // Whom Iterable knows.
  void add_contact(int n);
  void add_contacts(int from, int to);

  // --- Runs. Two minutes pass before each.
  Result<RunReport> try_run(bool full = false);
  // One that must end well.
  RunReport run(bool full = false);
  // The dry run; no time passes.
  Result<run::PlanReport> plan();
  // For whatever else is to be done here; the customers are as they stand now.
  run::World at_work();
  // The same, where a test has written the customers itself.
  run::World without_writing();
  // What `catalog` was read from.
  std::string catalog_text;
  // False: the point was not passed so often, and the run has ended.
  bool run_killed_at(const std::string& point, int occurrence = 1);
  // The same, and the power is lost with it.
  bool run_powerless_at(const std::string& point, int occurrence, size_t torn,
                        FaultyDisk::Renames names);
  // The points that the last run in this process passed, in their order.
  [[nodiscard]] const std::vector<std::string>& points() const { return points_; }
  // A copy of home and project, to come back to.
  void keep();
  void go_back();

  // --- Iterable.
  void faults(const std::string& plan);  // YAML; "[]": none
  int64_t fired(const std::string& kind);
  void turn(const std::string& name, const std::string& value);  // a switch
  // The numbers of those on the activation's list; everybody is a customer of ours.
  std::set<int> on_list();
  size_t lists();
  // A list that is not ours; its id.
  int64_t make_list(const std::string& name, const std::set<int>& members);
  // Whom our list takes: that of the activation's name, or the adopted one.
  void put_on_list(int n);
  void take_off_list(int n);
  void delete_contact(int n);
  std::optional<std::string> field(int n, const std::string& name);  // as JSON
  int64_t calls(const std::string& endpoint);                        // "POST /api/lists/subscribe"

  // --- What must be true. Each returns what is wrong, or nothing.
  // At any moment: nobody was created, deleted or taken off a channel.
  std::string not_clean();
  // At the end of a good run: the list holds the segment's contacts, with their values.
  std::string not_right();
  // Of any report: its sums, and that a claim of success is one.
  static std::string not_honest(const RunReport& report);

  ManualClock clock{Time(Millis(1'767'323'045'000))};
  Catalog catalog;
  std::filesystem::path folder;
  FaultyDisk disk{folder / "aside"};

 private:
  void reached(std::string_view point) override;
  void begin_service();
  void save_project(const std::filesystem::path& file);
  void load_project(const std::filesystem::path& file);
  void write_customers();
  std::filesystem::path home() const { return folder / "home"; }
  std::optional<sim::Slot> slot_of(int n);
  const sim::List* list();

  const Setup setup_;
  SeededRandom random_;
  OneWorker workers_;
  FileLeases leases_{home(), clock};
  std::unique_ptr<state::States> states_ = open_states({home()}, disk, leases_);
  std::unique_ptr<sim::Service> service_;
  SimTransport transport_{clock};
  std::unique_ptr<store::Store> store_;
  std::set<int> contacts_;
  std::map<std::string, std::string> switches_;
  std::map<int, std::set<std::string>> written_;  // fields that Iterable has had a value of
  std::vector<std::string> points_;
  struct Kill {
    std::string point;
    int occurrence;
    std::function<void()> also = {};
  };
  bool run_killed(Kill kill);
  std::optional<Kill> kill_;
  std::optional<std::map<int, std::set<std::string>>> written_then_;
};

}  // namespace rollcall::testing
