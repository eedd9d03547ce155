// Keeps lists true: watches the catalog, starts runs and audits when they are due or asked for,
// carries on what was interrupted, lets rest what cannot work, and tells whoever listens.
//
// Runs and audits are jobs (jobs.hpp): `rollcall job-run UID …`. A job that another process is in
// the way of (somebody types `rollcall run`) is tried again; one that crashed is carried on, later
// each time. An activation whose source, model, segment or destination is broken rests (Rest) until
// a check of it finds nothing wrong; nobody has to resume it.
//
// Of several services over one catalog one schedules: whoever holds the lease for it. The others
// stand by, do what they are asked themselves, and take over when it is free. No time of a schedule
// is dealt with twice even where two take turns badly: a job asks the store (run/run.hpp).
//
// Threads: work() is one; everything else may be called from any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/report.hpp"
#include "operations/operations.hpp"
#include "scheduler/scheduler.hpp"
#include "service/jobs.hpp"

namespace rollcall::service {

struct Settings {
  scheduler::Settings scheduler = {};
  Millis look_every{1000};        // for changes of the catalog that others made
  Millis retry_first{10'000};     // of a job that crashed or found somebody in its way,
  Millis retry_most{600'000};     // doubled each time up to this
  Millis recheck_every{300'000};  // of what rests because something is broken
  int failures_before_rest = 3;   // in a row, where a source or Iterable is out of reach
  Millis grace{30'000};           // that runs are given to seal what they have, at the end
};

// What somebody wants done now.
struct Order {
  scheduler::Work work = scheduler::Work::run;
  Trigger trigger = Trigger::api;
  bool full = false;
  bool new_list = false;
  bool repair = false;
  std::optional<std::string> approve = std::nullopt;  // a plan's id
  uint64_t ticket = 0;                                // given by ask()
  std::optional<Time> until = std::nullopt;           // of the schedule; given when it begins
};

// Why an activation rests by itself.
struct Rest {
  std::string kind, name;  // of what is broken: "source", "Warehouse"
  std::string problem, remedy;
  Time since = {};
  bool operator==(const Rest&) const = default;
};

// Of a job under way, for whoever looks.
struct Live {
  scheduler::Work work = scheduler::Work::run;
  std::string run_id = {};  // empty until it has one
  Time started_at = {};
  struct Step {
    std::string name;
    Time begun_at = {};
    int64_t done = 0, total = 0;  // total 0: not known
  };
  std::vector<Step> steps = {};
  std::vector<std::string> notes = {};
};

struct Standing {
  std::optional<Live> live = std::nullopt;
  bool waiting = false;                        // due or asked for, and not begun
  std::optional<Time> next_at = std::nullopt;  // by the schedule
  std::optional<Rest> rest = std::nullopt;
};

// How a job ended.
struct Ended {
  std::string uid;
  scheduler::Work work = scheduler::Work::run;
  int code = 0;
  std::string json = {};   // its report; empty when there is none
  std::string error = {};  // JSON of the error, when there is no report
  uint64_t ticket = 0;     // of the order; 0: it was due by schedule
};

// What listeners are told, in order: the name is `step`, `progress`, `note`, `run` (its id is
// known) or `end`; the JSON that of the line, or of the report.
using Listener =
    std::function<void(const std::string& uid, const std::string& event, const std::string& json)>;

struct Numbers {
  size_t running = 0, waiting = 0, resting = 0;
  Millis lag{0};                               // of whoever is due for longest and has not begun
  std::map<std::string, uint64_t> ended = {};  // by status
  uint64_t crashed = 0;
};

class Service {
 public:
  // All outlive it.
  Service(const operations::World& world, Jobs& jobs, Settings settings = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Until `stop`; then runs are asked to seal what they have, and those that do not end within the
  // grace are ended. Errors: those of the store, at the start alone.
  Status work(const std::stop_token& stop);

  // Begins as soon as there is a place; a ticket to wait for its end with. Errors: not_found;
  // conflict (code `already_asked`: another waits already).
  Result<uint64_t> ask(const std::string& uid, Order order);
  // A run under way is asked to seal what it has, what waits is forgotten. False: neither.
  bool stop_run(const std::string& uid);
  // How what was asked for came out; nothing after `how_long`, when told to stop, or once work() has
  // ended.
  std::optional<Ended> wait_for(uint64_t ticket, Millis how_long, const std::stop_token& stop);
  [[nodiscard]] Standing standing(const std::string& uid) const;
  // Everybody it knows: the name, and since when it is due and has not begun.
  struct Due {
    std::string uid, name;
    std::optional<Time> since = std::nullopt;
  };
  [[nodiscard]] std::vector<Due> due() const;
  [[nodiscard]] std::string name_of(const std::string& uid) const;
  [[nodiscard]] Numbers numbers() const;
  // Whether work() goes round: it has looked within the last minute.
  [[nodiscard]] bool alive() const;
  // Whether it is this one that starts what is due.
  [[nodiscard]] bool schedules() const;
  // The catalog was changed here: look at once.
  void look();
  // Until the returned is destroyed. Listeners must not take long, nor call the service.
  [[nodiscard]] std::shared_ptr<void> listen(Listener listener);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

// The rest of an activation as it is kept; nothing: it does not rest by itself.
Result<std::optional<Rest>> rest_of(const operations::World& world, const std::string& uid);

}  // namespace rollcall::service
