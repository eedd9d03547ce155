// The state of activations: per activation the record (its list, its open run), the ledger (what
// Iterable confirmed about every person), and of the open run the snapshot, the sealed plan and the
// journal. Whoever holds this interface neither knows nor cares where they are kept and compared.
//
// The ledger is written from outcomes (and from reading the list itself) and from nothing else. A
// new one counts from the moment the record names it, so that a kill leaves the old or the new.
//
// A second kind of state implements States, State, Writer and Work, and is held to suite.hpp.
//
// Threads: States and State any; a Writer and a Work one at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"
#include "base/home.hpp"
#include "base/lease.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/work.hpp"

namespace rollcall::state {

// One person as the ledger has it.
struct PersonRow {
  std::string key;
  int on_list = 0;  // 0 off, 1 on, 2 perhaps
  bool in_segment = false;
  std::string reason, detail;  // why not on the list, and Iterable's reason
  bool final = false;          // rejected, and no retry can help until the person's data change
  int64_t since_ms = 0;        // of this reason
  int64_t tried_ms = 0;
  int64_t wrote_ms = 0;  // last write of the membership; 0: none
  int wrote_kind = 0;    // 1 add, 2 remove
  // The fingerprint last confirmed; 0 a confirmed null, nothing: never confirmed.
  std::map<std::string, std::optional<uint64_t>> attributes;
};

// Somebody not on the list after a run.
struct MissingPerson {
  std::string kind, key, primary_key, reason, detail;
  int64_t since_ms = 0;
};

// The state in the hands of whoever runs the activation.
class Writer {
 public:
  virtual ~Writer() = default;
  // What write() makes count. Begin by putting into it what State::read returned.
  Record record;
  // Makes the record count, durably.
  virtual Status write() = 0;
  // What writes to Iterable are asked for, while the lease is held.
  [[nodiscard]] virtual const Permit& permit() const = 0;

  // The work of a new run, and of the open one. Outlived by the writer. Errors of go_on: corrupt,
  // when the work is damaged or gone; what may be right again at the next try is another error.
  virtual Result<std::unique_ptr<Work>> begin(const std::string& run_id) = 0;
  virtual Result<std::unique_ptr<Work>> go_on(const std::string& run_id) = 0;

  // The open run's outcomes are lost: in the record, a ledger in which they are unknown, and no
  // open run. Errors: corrupt, when it is not known whom the run may have written; the record is as
  // it was.
  virtual Status take_as_unknown(Time now) = 0;
  // What is left where record or ledger are damaged: the newest ledger that is whole, with whatever
  // was written since as unknown. The record's doubt says what was lost. Makes it count.
  virtual Status salvage(const std::string& damage, Time now) = 0;
  // Lets go of what nobody needs any more: old ledgers, the work of ended runs.
  virtual void tidy() = 0;
};

// One activation's, for whoever reads it, also while another process runs the activation.
class State {
 public:
  virtual ~State() = default;
  // A fresh one when there is none. Errors: corrupt (damaged, or gone while what it told of is
  // there), unavailable.
  virtual Result<Record> read() = 0;
  // Whether the ledger is there as it was written. Errors: corrupt, unavailable.
  virtual Status check(const Record& record) = 0;
  // What a damaged state is answered with.
  static Error lost(const std::string& what);
  // Where it is kept, in words.
  [[nodiscard]] virtual std::string place() const = 0;

  virtual Result<std::optional<PersonRow>> find(const std::string& key) = 0;
  // Everybody, in no order.
  virtual Status for_each(const std::function<void(const PersonRow&)>& on_row) = 0;
  // The parked who are in the segment, the longest waiting first.
  virtual Status parked(const OnKey& on_key) = 0;
  // The people not on the list after a run, by kind and key, until told to stop; kind "all" for
  // every kind. Errors: not_found, corrupt.
  virtual Status missing_people(const std::string& run_id, const std::string& kind,
                                const std::function<bool(const MissingPerson&)>& on_person) = 0;

  // The right to run the activation, held as long as the writer lives. Errors: busy.
  virtual Result<std::unique_ptr<Writer>> take() = 0;
  // Who has it, in words; nothing: nobody.
  virtual Result<std::optional<std::string>> holder() = 0;
  // A copy to try things on, as they were by `record`. What is written there is gone with it, and
  // it has no permit.
  virtual Result<std::unique_ptr<Writer>> copy(const Record& record, const std::string& name) = 0;
};

class States {
 public:
  virtual ~States() = default;
  // By the activation's uid.
  [[nodiscard]] virtual std::unique_ptr<State> of(const std::string& uid) const = 0;
};

// In files of the home, compared by the engine in this process. Disk and leases outlive it.
std::unique_ptr<States> open_local(const Home& home, Disk& disk, Leases& leases);

}  // namespace rollcall::state
