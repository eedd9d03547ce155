// One simulated project with everything that belongs to it, and what a handler gets to work with.
//
// `mutex` guards every member below it. Handlers parse their bodies before they take it. `clock`
// and `faults` look after themselves; `config` is constant.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sim/clock.hpp"
#include "sim/exports.hpp"
#include "sim/faults.hpp"
#include "sim/http.hpp"
#include "sim/limits.hpp"
#include "sim/switches.hpp"
#include "sim/world.hpp"

namespace sim {

struct Config {
  ProjectType type = ProjectType::hybrid;
  int64_t project_id = 9079;
  std::string api_key;  // empty: any key that is not empty
  bool published_limits = false;
  uint64_t seed = 1;
  std::string state_file;  // empty: nowhere to save to
  Machine machine = {};
};

// What one endpoint has seen since the counters were last zeroed.
struct Counter {
  int64_t calls = 0;
  int64_t rows = 0;    // subscribers, users sent
  int64_t writes = 0;  // of them, those counted as success
  int64_t largest_batch = 0;
  int64_t largest_body = 0;
  int64_t created_contacts = 0;
  int64_t deleted_contacts = 0;
  int64_t channel_unsubscribe_true = 0;
  int64_t channel_unsubscribe_absent = 0;  // calls of unsubscribe that left it to the default
  int64_t existing_only_absent = 0;  // calls of subscribe without updateExistingUsersOnly: true
  int64_t prefer_user_id_true = 0;   // rows
  int64_t over_limit = 0;            // calls above the published limit, enforced or not
  int64_t throttled = 0;             // calls that got 429 for it
  std::map<int, int64_t> statuses;   // as decided; 0: no answer was sent
};

struct LoggedRequest {
  int64_t seq = 0;
  int64_t at_ms = 0;
  int64_t took_us = 0;
  std::string method;
  std::string path;
  std::string query;
  std::string endpoint;
  std::string body;
  size_t body_bytes = 0;
  int status = 0;
  std::vector<std::string> faults;  // that were drawn for it
};

// The last requests, oldest dropped first: at most kRequestsMax, and kBytesMax of bodies.
class RequestLog {
 public:
  static constexpr size_t kRequestsMax = 2000;
  static constexpr size_t kBytesMax = 64'000'000;
  void add(LoggedRequest request);
  [[nodiscard]] const std::deque<LoggedRequest>& all() const { return requests_; }
  [[nodiscard]] int64_t next_seq() const { return next_seq_; }

 private:
  std::deque<LoggedRequest> requests_;
  size_t bytes_ = 0;
  int64_t next_seq_ = 1;
};

struct Project {
  explicit Project(const Config& config);
  Project(const Project&) = delete;
  Project& operator=(const Project&) = delete;

  const Config config;
  Clock clock;
  Faults faults;

  std::mutex mutex;
  World world;
  Switches switches;
  Limits limits;
  Exports exports;
  RequestLog log;
  std::map<std::string, Counter, std::less<>> counters;  // by "METHOD pattern"
  int64_t subscribe_events = 0;
  int64_t unsubscribe_events = 0;
  std::mt19937_64 random;

  // To be called under the lock after a switch was turned.
  void apply_switches();
  FieldPolicy field_policy() const;
  int64_t size_lag_ms() const;
  int64_t export_lag_ms() const;
};

// A request on its way through a handler.
struct Call {
  const Request& request;
  std::string_view endpoint;  // pattern, such as /api/lists/{listId}
  Query query;
  std::vector<std::string> path_params;  // decoded
  std::vector<Fault> faults;
  Switches switches;  // a copy, so that parsing needs no lock
  Counter noted;      // added to the endpoint's counter afterwards

  // The drawn fault of that kind, or null.
  [[nodiscard]] const Fault* fault(FaultKind kind) const;
};

using Handler = Response (*)(Project&, Call&);

}  // namespace sim
