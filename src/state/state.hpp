// The state of activations: per activation the record (its list, its open run), the ledger (what
// Iterable confirmed about every person), and of the open run the snapshot, the sealed plan and the
// journal. Whoever holds this interface neither knows nor cares where they are kept and compared.
//
// The ledger is written from outcomes (and from reading the list itself) and from nothing else. A
// new one counts from the moment the record names it, so that a kill leaves the old or the new.
//
// A second kind of state implements States, State, Writer and Work, and is held to
// suite_test.cpp. plan/plan.hpp says how a change is found, Promotion what becomes of a person.
//
// Threads: States and State any; a Writer and a Work one at a time.
#pragma once

#include <array>
#include <filesystem>
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

// One person as the ledger has it. It keeps two things more: the primary key last seen, which
// MissingPerson tells, and a fingerprint of all the data that were rejected, by which the plan sees
// that they have changed since.
struct PersonRow {
  std::string key;
  int on_list = 0;  // 0 off, 1 on, 2 perhaps
  bool in_segment = false;
  // Why they are not as they should be (not_a_contact, rejected, unknown, not_sent; empty: they
  // are, or have left), and Iterable's reason.
  std::string reason, detail;
  bool final = false;    // rejected, and no retry can help until the person's data change
  int64_t since_ms = 0;  // of this reason
  int64_t tried_ms = 0;  // the last outcome but not_sent
  // The last write that may have touched the membership; 0: none. Every outcome sets it but
  // not_a_contact and not_sent: what was rejected or is unknown may have been done.
  int64_t wrote_ms = 0;
  int wrote_kind = 0;  // 1 add (an update is one, too), 2 remove
  // The fingerprint last confirmed; 0 a confirmed null, nothing: never confirmed.
  std::map<std::string, std::optional<uint64_t>> attributes;
};

// Who is told as missing: of the segment by their reason, of its rows those that are nobody, and
// whoever left and is, or may be, still on the list.
inline constexpr std::array kMissingKinds = {"rejected",      "not_a_contact", "unknown",
                                             "not_sent",      "no_key",        "invalid_key",
                                             "duplicate_key", "leaver"};

// Somebody not on the list after a run, or not as they should be there.
struct MissingPerson {
  std::string kind, key, primary_key, reason, detail;
  int64_t since_ms = 0;
};

// How often somebody was told of who is forgotten.
struct Forgotten {
  int64_t in_ledger = 0;     // more than once where it had two spellings
  int64_t in_past_runs = 0;  // among the people not on the list
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
  // A Work compares with the ledger that `record` names when it is asked, written or not.
  virtual Result<std::unique_ptr<Work>> begin(const std::string& run_id) = 0;
  virtual Result<std::unique_ptr<Work>> go_on(const std::string& run_id) = 0;

  // The open run's outcomes are lost: in the record, a ledger in which whom its sealed plan may
  // write is unknown, and no open run. Errors: corrupt, when it is not known whom the run may have
  // written; the record is as it was.
  virtual Status take_as_unknown(Time now) = 0;
  // What is left where record or ledger are damaged: the newest ledger that is whole, whatever the
  // record names, with whom every plan sealed since may write as unknown, and no open run. The
  // record's doubt takes the place of an earlier one: everything is sent again, and `lost` says
  // that somebody may be missing. Makes it count; what else `record` holds is kept.
  virtual Status salvage(const std::string& damage, Time now) = 0;
  // Lets go of what nobody needs any more: old ledgers, the work of ended runs; not of their
  // missing people.
  virtual void tidy() = 0;
  // Removes whatever is kept of one person, in all spellings of a normalised key: from now on a
  // ledger without them counts, earlier ones that tell of them are gone. Only where no run is open.
  // Whoever is killed in the middle does it again. Errors: corrupt (the ledger), unavailable.
  virtual Result<Forgotten> forget(const std::string& key) = 0;
};

// One activation's, for whoever reads it, also while another process runs the activation. What is
// read is what the written record names.
class State {
 public:
  virtual ~State() = default;
  // A fresh one when there is none. Errors: corrupt (damaged, or gone while what it told of is
  // there), unavailable.
  virtual Result<Record> read() = 0;
  // Whether the ledger that it names is there as it was written. Errors: corrupt, unavailable.
  virtual Status check(const Record& record) = 0;
  // What a damaged state is answered with.
  static Error lost(const std::string& what);
  // Where it is kept, in words.
  [[nodiscard]] virtual std::string place() const = 0;

  // By a normalised key, or another spelling of it (see Work), its own before the others.
  virtual Result<std::optional<PersonRow>> find(const std::string& key) = 0;
  // Everybody, in no order; without their attributes.
  virtual Status for_each(const std::function<void(const PersonRow&)>& on_row) = 0;
  // The parked who are in the segment, the longest waiting (tried_ms) first, then by key.
  virtual Status parked(const OnKey& on_key) = 0;
  // The people of kMissingKinds after a run, by kind and key, until told to stop; kind "all" for
  // every kind. They are those of the run's promotion, from when a record that names it is written.
  // Errors: not_found, corrupt.
  virtual Status missing_people(const std::string& run_id, const std::string& kind,
                                const std::function<bool(const MissingPerson&)>& on_person) = 0;

  // Lets go of the missing people of runs that have ended; how many runs'. Also while another
  // process runs the activation: that run is none of `which`.
  virtual Result<int64_t> drop_missing_people(
      const std::function<Result<bool>(const std::string& run_id)>& which) = 0;

  // The right to run the activation, held as long as the writer lives. Errors: busy.
  virtual Result<std::unique_ptr<Writer>> take() = 0;
  // Who has it, in words; nothing: nobody.
  virtual Result<std::optional<std::string>> holder() = 0;
  // A copy to try things on, as they were by `record`, which is what its own begins as: the ledger,
  // and nothing of the open run. What is written there is gone with it. It has no permit: to ask
  // for one is a bug. One name, one copy at a time.
  virtual Result<std::unique_ptr<Writer>> copy(const Record& record, const std::string& name) = 0;
  // Into files of a folder, what a backup keeps: record and ledger as they belong together, while
  // others may run the activation. No open run is in it; whoever reads the record there, or where
  // the files are put, finds it `copied`. No folder is made where there is nothing yet. Errors:
  // corrupt, unavailable.
  virtual Status back_up(const std::filesystem::path& folder) = 0;
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
