// The demo shop: a shop to look around in, for which no account is needed anywhere. Its data are made
// up (shop.hpp) and lie as CSV files in the home; its catalog (catalog.yaml) has a source, models,
// segments, a destination and activations; its Iterable is the simulator that is installed beside
// this program, kept running on this machine for as long as the service runs.
//
// In the home, all under `demo`: `shop/` with the files, `contacts.ndjson`, whom the simulator knows
// from the first, and `iterable.state`, its lists and contacts as they are now. What the demo is made
// of (seed, days, port, its objects) is a record of the store; whatever is gone of the files is made
// anew from it. A backup has the record, and with it the shop, but no lists of the simulator's.
//
// It is made whole or not at all: what fails is undone. Where the process is killed meanwhile, the
// next attempt to make or to remove it clears away what it left.
//
// Threads: work() is one, and lives as long as the simulator shall; everything else may be called from
// any. make(), pass_day() and remove() take seconds; one of them goes on at a time, the others are
// busy. Errors besides: those of the store and of the disk.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "operations/operations.hpp"

namespace rollcall::demo {

struct Settings {
  std::filesystem::path simulator = {};  // the program
  bool store_is_shared = false;          // the catalog is in PostgreSQL: then there is no demo
  // Whether it is this process that keeps the simulator running, of several over one home.
  std::function<bool()> is_keeper = [] { return true; };
};

// The simulator that is installed with this program: in the same folder.
std::filesystem::path simulator_beside_us();

struct Standing {
  bool exists = false;
  std::optional<Error> obstacle = std::nullopt;  // why none can be made here
  // Of one that exists:
  Time made_at = {};
  int day = 0;                                // how many have passed
  std::string address = {};                   // of the simulated Iterable
  bool answers = false;                       // whether it does, now
  std::string said = {};                      // the last it said, where it does not run
  std::vector<std::string> activations = {};  // uids of those that are still there
};

class Demo {
 public:
  // The world outlives it. Errors: unavailable (no descriptors left).
  static Result<std::unique_ptr<Demo>> open(const operations::World& world, Settings settings);
  virtual ~Demo() = default;

  virtual Result<Standing> standing(const std::stop_token& stop) = 0;
  // Makes it; no run has begun then. Errors: conflict (code `demo_exists`; `name_taken`, an object of
  // the catalog bears a name of the demo's; `demo_needs_own_store`; `simulator_missing`); busy;
  // unavailable (the simulator does not come up); cancelled.
  virtual Result<Standing> make(const std::stop_token& stop) = 0;
  // A day passes: other files, and more contacts. So do the days that went by since the last on the
  // calendar. Waits for runs of its activations to end. Errors: not_found; busy (code `demo_busy`, a
  // run does not end); conflict (code `demo_too_old`); unavailable (the simulator does not answer).
  virtual Result<Standing> pass_day(const std::stop_token& stop) = 0;
  // Removes its objects with their state, its files and its simulator, and nothing else; of its runs
  // the history stays. Whoever calls has asked runs to stop. Errors: not_found; conflict (code
  // `demo_in_use`, saying by whom: something else is made of it); busy as above.
  virtual Status remove(const std::stop_token& stop) = 0;

  // Keeps the simulator running, until `stop`; then ends it.
  virtual void work(const std::stop_token& stop) = 0;
};

}  // namespace rollcall::demo
