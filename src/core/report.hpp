// The report of a run. Its sums hold always:
//   rows = members + no_key + invalid_key + duplicate_key
//   all changes (entered … retried) = all outcomes (added … not_sent)
//   members = on_list + not_a_contact + rejected + unknown + not_sent, in `standing`
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"

namespace rollcall {

enum class RunKind { full, delta };
enum class Trigger { manual, schedule, api, activation };
enum class RunStatus { running, completed, completed_with_rejects, stopped, failed, interrupted };

std::string_view to_string(RunKind kind);
std::string_view to_string(Trigger trigger);
std::string_view to_string(RunStatus status);

struct SegmentCounts {
  int64_t rows = 0, members = 0, no_key = 0, invalid_key = 0, duplicate_key = 0;
};
struct ChangeCounts {
  int64_t entered = 0, left = 0, changed = 0, retried = 0;
};
struct OutcomeCounts {
  int64_t added = 0, removed = 0, updated = 0, not_a_contact = 0, rejected = 0, unknown = 0,
          not_sent = 0;
};
struct StandingCounts {
  int64_t on_list = 0, not_a_contact = 0, rejected = 0, unknown = 0, not_sent = 0,
          leavers_on_list = 0;
};
struct CallCounts {
  int64_t total = 0, throttled = 0, retried = 0;
  std::map<std::string, int64_t> by_endpoint = {};
};
// How people are proven: a look-up each; one export of all contacts; or, of those whom the contact
// index shows once an increment has brought it up to date, a look-up each.
enum class ProofWay { none, look_ups, whole_export, increment };
std::string_view to_string(ProofWay way);  // none, look_ups, export, increment
struct ProofForecast {
  int64_t calls = 0;
  double seconds = 0;
};
struct ProofChoice {
  ProofWay way = ProofWay::none;
  std::string why = {};
  std::map<ProofWay, ProofForecast> ways = {};  // those there were to choose from
};
struct ProofUse {
  std::string by = "none";  // answer | lookup | export | none
  int64_t people = 0;
  int64_t max_age_ms = 0;  // longest time between a proof and the write that relied on it
  ProofChoice choice = {};
};
struct ParkedUse {
  int64_t people = 0;     // parked and in the segment as the run began
  int64_t looked_up = 0;  // of them planned to be looked at
  int64_t budget = 0;     // how many would have been, at most
};

struct RunReport {
  std::string run_id;
  std::string activation;
  std::string destination;
  RunKind kind = RunKind::delta;
  Trigger trigger = Trigger::manual;
  RunStatus status = RunStatus::running;
  std::optional<Error> error = std::nullopt;
  struct List {
    int64_t id = 0;
    std::string name = {};
    bool created = false;
  };
  std::optional<List> list = std::nullopt;
  SegmentCounts segment;
  ChangeCounts changes;
  OutcomeCounts outcomes;
  StandingCounts standing;
  ProofUse proof;
  ParkedUse parked = {};
  std::vector<std::string> fields_created = {};
  std::vector<std::string> fields_pending = {};
  std::vector<std::string> warnings = {};
  CallCounts calls;
  Time started_at = {};
  std::optional<Time> finished_at = std::nullopt;
  std::string plan_id = {};
};

}  // namespace rollcall
