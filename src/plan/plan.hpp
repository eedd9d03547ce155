// The plan: what must change for the list to equal the segment, and why. A comparison of the
// snapshot with the ledger in the run's work database; no network, no decision about sending. The
// guard stands here too.
//
// Table made: `changes(key, kind, was_on, look_up, not_before, v0…)`. The row id is the change's
// seq. Additions and updates come before removals.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/base.hpp"
#include "core/activation.hpp"
#include "core/change.hpp"
#include "core/report.hpp"
#include "duck/duck.hpp"

namespace rollcall::plan {

struct Input {
  std::optional<std::filesystem::path> ledger = std::nullopt;  // nothing: the first run
  std::vector<attributes::Target> targets = {};
  std::vector<bool> pending =
      {};  // targets left out because Iterable does not have the field (yet)
  OnNull on_null = OnNull::clear;
  bool full = false;  // everything is sent again, whatever the ledger says
  bool put_on_again =
      false;  // with full: the list could not be read, so everybody is put on it again
  Time now = {};
  Millis settle{0};                     // opposite writes of one key keep this long between them
  int64_t parked_lookups_max = 10'000;  // parked people looked at again in one run
  // The parked who may have become contacts; nothing: all. Of the others only the longest waiting
  // are looked at again, so many.
  std::function<bool(std::string_view key)> parked_candidate = {};
  int64_t parked_others_max = 20;
};

struct Plan {
  ChangeCounts changes;
  int64_t on_list_before = 0;
  int64_t members = 0;
  int64_t writes = 0;  // of the changes: additions and updates
  int64_t removals = 0;
  int64_t look_ups = 0;                         // of the writes: parked people
  int64_t parked = 0;                           // all parked people still in the segment
  std::map<std::string, int64_t> cleared = {};  // by attribute: values turning null
};

// Makes (or makes anew) the table of changes.
Result<Plan> make(duck::Connection& work, const Input& input);
// Streams the keys of all parked people still in the segment.
Status parked(duck::Connection& work, const std::filesystem::path& ledger,
              const std::function<void(std::string_view key)>& on_key);

// The changes in their order, which is that of their keys where nobody must wait: the same plan
// makes the same batches, whatever DuckDB's threads did first.
class Changes {
 public:
  static Result<std::unique_ptr<Changes>> open(duck::Connection& work, size_t targets,
                                               const std::string& where,
                                               std::optional<size_t> first = std::nullopt);
  // Fills `out` with at most `limit` changes; empty at the end.
  Status next(std::vector<Change>& out, size_t limit);

 private:
  Changes(std::unique_ptr<duck::Stream> stream, size_t targets)
      : stream_(std::move(stream)), targets_(targets) {}
  std::unique_ptr<duck::Stream> stream_;
  size_t targets_;
  const duck::Chunk* chunk_ = nullptr;
  size_t row_ = 0;
  bool ended_ = false;
};

// One guarded number that is too large.
struct Breach {
  std::string
      limit;  // max_removed_share, max_removed, max_added_share, max_cleared_share, allow_empty
  std::string message;  // with the numbers
};

// The numbers the guard looks at; what an approval allows.
struct GuardNumbers {
  int64_t removed = 0, added = 0, on_list_before = 0;
  bool empties = false;
  std::map<std::string, int64_t> cleared = {};
};
GuardNumbers guard_numbers(const Plan& plan);

// `settled`: a run of this activation has ended completed or completed_with_rejects; shares bind
// only then, and only from 5 people on the list. Within `approved` numbers everything passes.
std::vector<Breach> guard(const GuardNumbers& numbers, const GuardLimits& limits, bool settled,
                          const std::optional<GuardNumbers>& approved);

}  // namespace rollcall::plan
