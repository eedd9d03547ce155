// What goes wrong, as data. A plan is a list of rules; each names a kind of fault, where it strikes
// and how often. Whether a rule fires on the n-th call it matches depends on the seed, the rule's
// place and n alone, so a run repeats whatever the threads do. Every kind counts what it was
// offered and what it did: a fault that never fired proves nothing.
//
// Plan (YAML or JSON):
//   seed: 7
//   rules:
//     - {kind: applied_then_reset, endpoint: /api/lists/subscribe, rate: 0.25}
//     - {kind: partial, array: notFound, echo: lower, fraction: 0.1, first: 3}
//     - {kind: http_429_retry_after, nth: 2, seconds: 1}
// endpoint: a path, with or without the method before it, with {names} as in the API's description
// ("POST /api/lists", "/api/lists/{listId}"); absent is every call under /api.
// about: a text, mostly somebody's key: only calls whose path, query or body holds it, so that each
// call fails that speaks of one person, and no other.
// How often: exactly one of rate (0 to 1), nth (that call only), every (each n-th), first (the
// first n). Optionally max: at most so many times.
//
// Safe from any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/json.hpp"

namespace sim {

enum class FaultKind {
  refused,               // the connection is reset as soon as it is accepted
  reset_before,          // the request is read, not applied, and the connection reset
  applied_then_reset,    // applied, then reset: the client cannot know
  cut_body,              // applied, answered, and the body ends half-way
  slow,                  // applied, answered after `ms`
  slow_before,           // applied and answered after `ms`
  http_429,              // without Retry-After
  http_429_retry_after,  // with Retry-After: `seconds`
  http_500,              // JSON, GenericError
  http_503,              // plain text
  http_502,              // HTML of a proxy
  http_504,              // HTML of a proxy, after the write took effect
  http_400_success,      // 400 whose body says code Success
  http_401,              // key refused
  partial,               // some rows fail: `array`, `echo`, `fraction`
  counts_disagree,       // failCount names more rows than the arrays do
  whole_batch_type_conflict,
  list_deleted,       // the list is gone before the write
  list_filled,        // someone else adds `people` to the list before the write
  contact_deleted,    // `people` of the batch are deleted before the write, also if it is refused
  contact_forgotten,  // `people` of the batch are forgotten before the write
  another_profile,    // a look-up is answered with the profile of somebody else
};

std::string_view to_string(FaultKind kind);
std::optional<FaultKind> parse_fault_kind(std::string_view text);

// One firing, with the rule's parameters and a number to draw from.
struct Fault {
  FaultKind kind{};
  size_t rule = 0;
  uint64_t random = 0;
  int64_t ms = 1000;
  int64_t seconds = 1;
  int64_t people = 1;
  double fraction = 0.1;
  std::string array;  // "invalid", "notFoundEmails", "random", …
  std::string echo;   // "as_sent", "lower", "distinct", or empty: as the switches say
};

class Faults {
 public:
  // Replaces the plan and zeroes the counts. Empty if done, else what is wrong with it (then the
  // old plan stays). `plan` is null, an array of rules or {seed, rules}.
  std::string load(const Json& plan, uint64_t default_seed);
  // Reads YAML or JSON text into the plan's form; nothing and a reason if it is neither.
  static std::optional<Json> parse(const std::string& text, std::string& error);

  // The faults that strike a call. `path` is the endpoint's pattern, `said` what the call says.
  std::vector<Fault> draw(std::string_view method, std::string_view path,
                          std::initializer_list<std::string_view> said = {});
  // Whether to refuse a new connection.
  bool draw_refusal();
  // Says that a drawn fault did its work. A drawn fault that found nothing to do is not counted.
  void fired(const Fault& fault);
  // Notes people a fault deleted or forgot, so that a checker can leave them out.
  void note_person(FaultKind kind, std::string email, std::string user_id);

  // {"seed", "rules": [{…, "matched", "fired"}], "kinds": {kind: fired}, "deleted": [{email,
  // userId}],
  //  "forgotten": […]}
  OrderedJson report() const;

 private:
  struct Rule {
    Fault fault;
    std::string method;  // empty: any
    std::string path;    // empty: any
    std::string about;   // likewise
    double rate = -1;
    int64_t nth = 0;
    int64_t every = 0;
    int64_t first = 0;
    int64_t after = -1;
    int64_t max = 0;
    OrderedJson as_given;
    int64_t matched = 0;
    int64_t drawn = 0;
    int64_t fired = 0;
  };
  static std::string read_rule(const Json& json, Rule& rule);
  bool strikes(Rule& rule, size_t index, uint64_t& random);

  mutable std::mutex mutex_;
  uint64_t seed_ = 0;
  std::vector<Rule> rules_;
  std::map<std::string, int64_t> kinds_;
  OrderedJson deleted_ = OrderedJson::array();
  OrderedJson forgotten_ = OrderedJson::array();
};

}  // namespace sim
