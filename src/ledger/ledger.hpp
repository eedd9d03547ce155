// The ledger: what Iterable confirmed about every person of one activation, and the journal of the
// run in progress. Written from outcomes (and from reading the list itself) and from nothing else.
//
// On disk, in the activation's folder:
//   lock                 held by whoever runs the activation; the system lets go of it at any death
//   state.json           the list, the open run, the newest ledger; replaced whole, by rename
//   ledger-N.parquet     one row a person; a file is never changed, a run that ends writes the next
//   planned-N.parquet    whom the run that makes ledger N may write; there before it writes
//   runs/ID/work.duckdb  snapshot and sealed plan of the open run; gone when it has ended
//   runs/ID/journal      what was sent and what was answered, appended line by line, synced before
//                        a batch leaves
//   runs/ID/people.parquet  after the run: everybody not on the list, and why
//
// After a kill: state.json says which run is open; its plan is whole or not there; its journal says
// what was sent. A torn last line of the journal is a line that was never relied on.
//
// After damage: state.json, the journal and the newest ledger carry checksums. What the open run
// sent is unknown without its journal or work database; `planned` still says whom it may have
// written. The ledger before the newest one is kept, and the two together say of everybody who may
// have been put on the list by us. (See docs/adr/0013.)
//
// Ledger columns: key; on_list (0 off, 1 on, 2 perhaps); in_segment (false: a leaver not yet
// confirmed, or, with on_list 0, somebody removed lately); reason (null: as it should be;
// not_a_contact, rejected, unknown, not_sent), detail (Iterable's reason), final; since_ms (of this
// reason), tried_ms; wrote_ms, wrote_kind (last membership write: 1 add, 2 remove); tried_hash (of
// the attributes that were rejected); pk; and "a:NAME" per attribute: the fingerprint last
// confirmed, 0 a confirmed null, null never confirmed.
//
// Threads: a Lease and a Journal may be shared by several; the functions that read may be called by
// anybody at any time, also while another process runs the activation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "attributes/attributes.hpp"
#include "base/base.hpp"
#include "base/file.hpp"
#include "base/lease.hpp"
#include "core/outcome.hpp"
#include "core/report.hpp"
#include "duck/duck.hpp"

namespace rollcall::ledger {

struct ListRecord {
  int64_t id = 0;
  std::string name;
  int64_t created_at_ms = 0;
  bool created = true;  // by Rollcall; false: adopted
};

// A creation whose answer we have not got: ours is the list of this name that is not among `seen`.
struct ListIntent {
  std::string name;
  std::vector<int64_t> seen;
  int64_t at_ms = 0;
};

struct OpenRun {
  std::string run_id;
  std::string catalog_hash;
  int64_t snapshot_ms = 0;
  std::string report_json;                // counts known when the plan was sealed
  std::vector<std::string> pending = {};  // attributes left out of the plan
  bool prepared = false;  // fields are made and the plan is final: batches may have left
};

// Why the list must be read before the next plan: what Iterable holds may differ from the ledger.
struct Doubt {
  std::vector<std::string> why;  // in words, for the report
  bool everything = false;       // attributes may differ, too: all are sent again
  bool lost = false;             // nothing is left of the ledger
};

// Both clocks at one moment after the last writes that the ledger tells of. Its times of writes go
// on with the monotonic one while they matter, whatever the wall clock is set to.
struct Moment {
  int64_t wall_ms = 0, monotonic_ms = 0;
  std::string boot;
};

struct State {
  int64_t generation = 0;       // 0: no ledger yet
  std::string ledger_checksum;  // of that ledger's file; empty: an earlier version wrote it
  std::optional<ListRecord> list = std::nullopt;
  std::optional<ListIntent> list_intent = std::nullopt;
  std::optional<OpenRun> open_run = std::nullopt;
  std::optional<Doubt> doubt = std::nullopt;
  std::optional<Moment> wrote = std::nullopt;
  // The file is not the one that was written: a copy of it, or one that was restored. Not kept.
  bool copied = false;
  bool settled = false;  // a run has ended completed or completed_with_rejects
  StandingCounts standing = {};
};

// Where things are; nothing is made.
struct Folder {
  std::filesystem::path path;
  [[nodiscard]] std::filesystem::path ledger_file(int64_t generation) const;
  [[nodiscard]] std::filesystem::path planned_file(int64_t generation) const;
  [[nodiscard]] std::filesystem::path run(const std::string& run_id) const;
  [[nodiscard]] std::filesystem::path work_database(const std::string& run_id) const;
  [[nodiscard]] std::filesystem::path people_file(const std::string& run_id) const;
};

// The state as it is now; a fresh one when there is none. Errors: corrupt (damaged, or gone while
// what it told of is there), unavailable.
Result<State> read_state(const Folder& folder);
// Whether the ledger is there as it was written. Errors: corrupt, unavailable.
Status check_ledger(const Folder& folder, const State& state);
// What a damaged state or ledger is answered with.
Error lost(const std::string& what);

// The right to run the activation. Errors: busy when another holds it.
class Lease {
 public:
  static Result<std::unique_ptr<Lease>> take(Leases& leases, const std::string& name,
                                             const Folder& folder);
  // What its writes are asked for.
  [[nodiscard]] const Permit& permit() const { return *held_; }
  // Replaces state.json, durably.
  Status write_state(const State& state);
  [[nodiscard]] const Folder& folder() const { return folder_; }

 private:
  Lease(Folder folder, std::unique_ptr<rollcall::Lease> held)
      : folder_(std::move(folder)), held_(std::move(held)) {}
  Folder folder_;
  std::unique_ptr<rollcall::Lease> held_;
};

// What the journal says about the changes of the open run.
struct Settled {
  // One entry per change, by seq: nothing when it has not been sent; unknown when it was sent and
  // its answer is not in the journal.
  std::vector<std::optional<OutcomeKind>> kinds;
  bool begun = false;                        // the journal is there
  std::map<uint32_t, Outcome> rejections;    // those with a reason
  std::vector<std::string> filtered_fields;  // dropped by Iterable in this run
  std::vector<std::string> fields_created;
  CallCounts calls;
  Millis oldest_proof{0};  // of all writes
};

class Journal {
 public:
  // Opens or creates; appends after what is whole.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& run_folder);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Before a batch leaves; synced. Returns the batch's number.
  Result<int64_t> sent(const std::vector<uint32_t>& seqs);
  // Its outcomes, one per seq of the batch, in order. `batch` nothing: found out by a look-up
  // alone.
  Status answered(std::optional<int64_t> batch, const std::vector<uint32_t>& seqs,
                  const std::vector<Outcome>& outcomes);
  // A batch that certainly did not arrive: as if never sent.
  Status withdrawn(const std::vector<uint32_t>& seqs);
  Status filtered(const std::vector<std::string>& fields);
  Status created(const std::vector<std::string>& fields);
  Status calls(const CallCounts& counts, Millis oldest_proof);

  // Reads a journal; `changes` is the number of changes in the plan.
  static Result<Settled> read(const std::filesystem::path& run_folder, size_t changes);

 private:
  Journal(std::filesystem::path path, std::string last_checksum);
  Status append(const std::string& line, bool sync);
  const std::filesystem::path path_;
  std::mutex mutex_;  // protects what follows
  File file_;
  std::string last_checksum_;
  std::optional<Error> failed_;
  int64_t batches_ = 0;
};

struct Promotion {
  std::vector<attributes::Target> targets;
  std::vector<bool> pending;
  Settled settled;
  Time now = {};
};

// The next ledger: the last one, and what this run settled, in one new file; then `people.parquet`.
// Makes both and returns the standing and the outcomes by kind; the caller makes them count by
// writing the state. Repeatable: a kill before that leaves a file nobody reads. Errors: corrupt,
// when the new ledger would not hold everybody in the segment.
struct Promoted {
  int64_t generation = 0;
  std::string ledger_checksum;
  StandingCounts standing;
};
Result<Promoted> promote(Lease& lease, const State& state, const std::string& run_id,
                         duck::Connection& work, const Promotion& promotion);
// Before the plan in `work` is sealed: whom it may write, and with what. Errors: unavailable.
Status keep_planned(const Lease& lease, const State& state, duck::Connection& work,
                    const std::vector<attributes::Target>& targets);
// The open run's outcomes are lost: a ledger in which they are unknown becomes the one that counts,
// in `state`, with no open run. Errors: corrupt, when it is not known whom the run may have
// written; the state is as it was.
Status take_as_unknown(Lease& lease, State& state, duck::Connection& work, Time now);
// What is left of a folder with a damaged state or ledger, in `state`: the newest ledger that is
// whole, with whatever was written since as unknown. Its doubt says what was lost.
Status salvage(Lease& lease, State& state, duck::Connection& work, const std::string& damage,
               Time now);
// Removes ledgers older than the last but one, and work databases of ended runs.
void tidy(Lease& lease, const State& state);

// One person as the ledger has it.
struct PersonRow {
  std::string key;
  int on_list = 0;
  bool in_segment = false;
  std::string reason, detail;
  bool final = false;
  int64_t since_ms = 0, tried_ms = 0, wrote_ms = 0;
  int wrote_kind = 0;
  std::map<std::string, std::optional<uint64_t>> attributes;
};
Result<std::optional<PersonRow>> find(const Folder& folder, const State& state,
                                      const std::string& key);
// Streams every row (for audits and full runs), in no order.
Status for_each(const Folder& folder, const State& state,
                const std::function<void(const PersonRow&)>& on_row);

// The people not on the list after a run. Streams; kind "all" for every kind.
struct MissingPerson {
  std::string kind, key, primary_key, reason, detail;
  int64_t since_ms = 0;
};
Status missing_people(const Folder& folder, const std::string& run_id, const std::string& kind,
                      const std::function<bool(const MissingPerson&)>& on_person);

// What stands when a plan was made and nothing of it was sent: the snapshot in `work` against the
// ledger.
Result<StandingCounts> standing_unsent(const Folder& folder, const State& state,
                                       duck::Connection& work);

// Where the real list differs from the ledger. `listed(key, shown)` in `work` holds its members
// once each: the normalised key (null: this member has none of our kind), and what the list calls
// them.
//   missing  confirmed on the list, and not on it
//   extra    on it, and no longer in the segment: removed by us, or about to be
//   foreign  on it without our doing
struct DriftCounts {
  int64_t listed = 0;    // members of the real list
  int64_t expected = 0;  // members the ledger has on it
  int64_t missing = 0, extra = 0, foreign = 0;
};
struct Drift {
  std::string kind, key;
  bool in_segment = false;
  bool on_list = false;  // as the ledger has it: surely or perhaps
  int64_t wrote_ms = 0;  // our last write; 0: none
};
// Makes the table `drift` in `work`; then `drifted` streams it: missing, extra, foreign, each by
// key, until told to stop.
Result<DriftCounts> compare(const Folder& folder, const State& state, duck::Connection& work,
                            const std::string& listed);
Status drifted(duck::Connection& work, const std::function<bool(const Drift&)>& on_person);

// After reading the real list (adoption, full runs, repairs): `table` is like `listed`, above.
// People the ledger had on the list and who are not there enter again. Members that are not ours
// are left alone, or taken for leavers when they are to be removed. Writes the next ledger and the
// state.
struct Listed {
  std::string table;
  std::vector<attributes::Target> targets;
  bool remove_foreign = false;
  // People removed lately who are on it again are removed once more.
  bool remove_again = false;
  Time now = {};
  Millis settle{0};  // so long an addition may not show
};
Status reconcile(Lease& lease, State& state, duck::Connection& work, const Listed& listed);
// Where the ledger is lost, or older than what was done: who is on the list and in neither the
// ledger nor the segment, by the snapshot in `work`. Makes the table `strangers(key, ours)` there,
// ours by `remove_foreign`, and returns how many there are.
Result<int64_t> find_strangers(Lease& lease, const State& state, duck::Connection& work,
                               const Listed& listed);
// Then members of the list who are in the segment are taken for ours, and strangers who are ours
// for leavers. Writes the next ledger and the state.
Status rebuild(Lease& lease, State& state, duck::Connection& work, const Listed& listed);

}  // namespace rollcall::ledger
