// The journal of the run in progress: what was sent and what was answered, each before the next
// step relies on it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/outcome.hpp"
#include "core/report.hpp"

namespace rollcall::state {

// Threads: any.
class Journal {
 public:
  virtual ~Journal() = default;
  // Before a batch leaves; durable when it returns. Returns the batch's number.
  virtual Result<int64_t> sent(const std::vector<uint32_t>& seqs) = 0;
  // Its outcomes, one per seq of the batch, in order. `batch` nothing: found out by a look-up
  // alone.
  virtual Status answered(std::optional<int64_t> batch, const std::vector<uint32_t>& seqs,
                          const std::vector<Outcome>& outcomes) = 0;
  // A batch that certainly did not arrive: as if never sent.
  virtual Status withdrawn(const std::vector<uint32_t>& seqs) = 0;
  // Fields that Iterable dropped, and fields that were made; durable.
  virtual Status filtered(const std::vector<std::string>& fields) = 0;
  virtual Status created(const std::vector<std::string>& fields) = 0;
  // So far, and how old the oldest proof was that a write relied on.
  virtual Status calls(const CallCounts& counts, Millis oldest_proof) = 0;
};

// What the journal says.
struct Answers {
  // One entry per change, by seq: nothing when it has not been sent; unknown when it was sent and
  // its answer is not in the journal.
  std::vector<std::optional<OutcomeKind>> kinds;
  bool begun = false;                        // the journal is there
  std::map<uint32_t, Outcome> rejections;    // those with a reason
  std::vector<std::string> filtered_fields;  // dropped by Iterable in this run
  std::vector<std::string> fields_created;
  CallCounts calls;
  Millis oldest_proof{0};  // of all writes

  // Whether a change is still to be sent, or sent again.
  [[nodiscard]] bool is_open(uint32_t seq) const {
    return !kinds[seq] || *kinds[seq] == OutcomeKind::unknown;
  }
};

}  // namespace rollcall::state
