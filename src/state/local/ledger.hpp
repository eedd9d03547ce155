// The local kind of state: files of the home. Not a door.
//
// In the activation's folder:
//   lock                 held by whoever runs the activation; the system lets go of it at any death
//   state.json           the record; replaced whole, by rename
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
// the attributes that were rejected); pk; "a:NAME" per attribute: the fingerprint last confirmed, 0
// a confirmed null, null never confirmed; and read_hash (settled.hpp): of the source's row that pk and
// these fingerprints are made of, a null for one that was never confirmed; null: of none, or not known.
//
// Tables of the work database, beside those of the files named here:
//   rows(key, pk, v0…, f0…, h)  the snapshot, one row a person, but for those who are settled
//                               (settled.hpp): v is the wire text or null, f its fingerprint (0 for
//                               null), h the hash of the source's row (null: not to be kept)
//   apart(place), taken_with(file)  the rows of that ledger, by their number, that tell of nobody
//                               settled; not there where nobody could be
//   problems(kind, pk, key)     its rows that are nobody: no_key, invalid_key, duplicate_key
//   targets                     what the snapshot was taken for
//   changes(key, kind, was_on, look_up, not_before, v0…)   the plan; the row id is the seq. Where
//                               many enter and there is no ledger, the view `entrants` of rows
//                               instead, with a column seq (plan.hpp: changes_of)
//   touched(key)                of whom the next ledger may tell something else than the last; not
//                               there without a ledger
//   spared(key)                 keys that another spelling of the same person stands for
//   listed(key, shown)          the members of the real list, once each; key null: one has none
//   drift, strangers            what differs from the ledger
#pragma once

#include <filesystem>

#include "base/disk.hpp"
#include "duck/duck.hpp"
#include "state/state.hpp"

namespace rollcall::state::local {

// Where things are; nothing is made.
struct Folder {
  std::filesystem::path path;
  Disk* disk;  // outlives it
  [[nodiscard]] std::filesystem::path ledger_file(int64_t generation) const;
  [[nodiscard]] std::filesystem::path planned_file(int64_t generation) const;
  [[nodiscard]] std::filesystem::path run(const std::string& run_id) const;
  [[nodiscard]] std::filesystem::path work_database(const std::string& run_id) const;
  [[nodiscard]] std::filesystem::path people_file(const std::string& run_id) const;
};

Result<Record> read_record(const Folder& folder);
// Replaces state.json, durably.
Status write_record(const Folder& folder, const Record& record);
// Whether the ledger is there as it was written. Errors: corrupt, unavailable.
Status check_ledger(const Folder& folder, const Record& record);
// Removes ledgers older than the last but one, and work databases of ended runs.
void tidy(const Folder& folder, const Record& record);

class FileJournal : public Journal {
 public:
  // Opens or creates; appends after what is whole.
  static Result<std::unique_ptr<FileJournal>> open(Disk& disk,
                                                   const std::filesystem::path& run_folder);
  FileJournal(const FileJournal&) = delete;
  FileJournal& operator=(const FileJournal&) = delete;

  Result<int64_t> sent(const std::vector<uint32_t>& seqs) override;
  Status answered(std::optional<int64_t> batch, const std::vector<uint32_t>& seqs,
                  const std::vector<Outcome>& outcomes) override;
  Status withdrawn(const std::vector<uint32_t>& seqs) override;
  Status filtered(const std::vector<std::string>& fields) override;
  Status created(const std::vector<std::string>& fields) override;
  Status calls(const CallCounts& counts, Millis oldest_proof) override;

  // Reads a journal; `changes` is the number of changes in the plan.
  static Result<Answers> read(Disk& disk, const std::filesystem::path& run_folder, size_t changes);

 private:
  FileJournal(std::unique_ptr<DiskFile> file, uint64_t end, std::string last_checksum)
      : file_(std::move(file)), end_(end), last_checksum_(std::move(last_checksum)) {}
  Status append(const std::string& line, bool sync);
  std::mutex mutex_;  // protects what follows
  std::unique_ptr<DiskFile> file_;
  uint64_t end_;  // of its last whole line
  std::string last_checksum_;
  std::optional<Error> failed_;
  int64_t batches_ = 0;
};

// --- The next ledger. What makes one leaves it to the caller to write the record, which names it
// from then on.

// Makes people.parquet of the run, too.
Status promote(const Folder& folder, Record& record, const std::string& run_id,
               duck::Connection& work, const Promotion& promotion);
// Before the plan in `work` is sealed: whom it may write, and with what. Errors: unavailable.
Status keep_planned(const Folder& folder, const Record& record, duck::Connection& work,
                    const std::vector<attributes::Target>& targets);
Status take_as_unknown(const Folder& folder, Record& record, duck::Connection& work, Time now);
Status salvage(const Folder& folder, Record& record, duck::Connection& work,
               const std::string& damage, Time now);
Result<StandingCounts> standing_unsent(const Folder& folder, const Record& record,
                                       duck::Connection& work);

// --- People.

Result<std::optional<PersonRow>> find(const Folder& folder, const Record& record,
                                      const std::string& key);
Status for_each(const Folder& folder, const Record& record,
                const std::function<void(const PersonRow&)>& on_row);
Status parked(const Folder& folder, const Record& record, const OnKey& on_key);
Status missing_people(const Folder& folder, const std::string& run_id, const std::string& kind,
                      const std::function<bool(const MissingPerson&)>& on_person);
Result<int64_t> drop_missing_people(
    const Folder& folder, const std::function<Result<bool>(const std::string& run_id)>& which);

// No run is open. Writes the record where the ledger held them.
Result<Forgotten> forget(const Folder& folder, Record& record, duck::Connection& db,
                         const std::string& key);

// --- The real list, in the table `listed`.

Status take_members(duck::Connection& work, const Tell& tell);
Status take_owners(duck::Connection& work, const Tell& tell);
Result<DriftCounts> compare(const Folder& folder, const Record& record, duck::Connection& work);
Status drifted(duck::Connection& work, const std::function<bool(const Drift&)>& on_person);
Status reconcile(const Folder& folder, Record& record, duck::Connection& work,
                 const Listed& listed);
Result<int64_t> find_strangers(const Folder& folder, const Record& record, duck::Connection& work,
                               const Listed& listed);
Status rebuild(const Folder& folder, Record& record, duck::Connection& work, const Listed& listed);

}  // namespace rollcall::state::local
