// The only room that opens the catalog database: objects, runs, plans, what is known of
// destinations, small records by name, the log of what was done. It is `rollcall.db` under the home
// (SQLite), or a database of PostgreSQL's that several servers share; the home is a folder all the
// same. Numbered migrations; secrets encrypted with a key file of mode 0600 in the home (`key`);
// files are private to their owner.
//
// Threads and processes: any number may share one home; every call is one transaction and waits up
// to a few seconds for another writer. Whoever reads the objects and writes them back says which
// revision was read: a write that came in between is a conflict, never lost. Errors: unavailable
// (locked, disk full, no connection), denied (rights), corrupt (not ours, newer version, wrong key
// file; nothing was written to it), not_found, conflict (another revision, a name that is taken, a
// plan that is spent; a catalog that was moved), invalid (text with a NUL byte).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"
#include "base/lease.hpp"
#include "core/catalog.hpp"

namespace rollcall::store {

// Objects travel as the JSON of room catalog; this room does not look inside.
struct ObjectRow {
  std::string kind;  // source | model | segment | destination | activation
  std::string uid;   // given by put when empty
  std::string name;
  std::string json;
  std::vector<std::pair<std::string, Secret>> secrets = {};  // name, value
  bool archived = false;
  std::string destination = {};  // an activation's: its name is its own in there alone
  // Bears the name of another that is not archived. Earlier versions let two writers store one
  // object twice; no new one comes to be.
  bool is_double = false;
};

struct Objects {
  std::vector<ObjectRow> rows;  // archived ones too, in the order of creation
  int64_t revision = 0;         // another after every put
};

struct RunRow {
  std::string run_id;
  std::string activation_uid;
  std::string activation;  // its name then
  std::string status;
  Time started_at;
  std::optional<Time> finished_at;
  std::string report_json;
  // Times of its schedule up to here are dealt with by it, once it has come to its end.
  std::optional<Time> until = std::nullopt;
};

// A small thing that is kept by name, such as a user or a session.
struct Record {
  std::string kind, key;
  std::string json;
  int64_t revision = 0;  // of what was read; 0: it is not there yet
  std::optional<Time> expires_at = std::nullopt;
};

// One line of the log of what people and programs did. It holds no secret, and of people in
// segments nothing.
struct LogLine {
  int64_t number = 0;  // rises; given by the store
  Time at = {};
  std::string who;     // an e-mail, "token NAME", or "rollcall" itself
  std::string action;  // created | changed | removed | archived | paused | resumed | run | …
  std::string kind = {}, uid = {}, name = {};  // of what
  std::string before = {}, after = {};         // JSON; empty where there is none
  std::string address = {};                    // of the caller
};
struct LogQuery {
  std::string who = {}, action = {}, kind = {}, uid = {};      // empty: any
  std::optional<Time> from = std::nullopt, to = std::nullopt;  // `to` itself not
  int64_t before = 0;  // lines of lower numbers alone; 0: from the newest
  int limit = 100;
};

struct PlanRow {
  std::string plan_id;
  std::string activation_uid;
  Time made_at;
  std::string json;
  std::string approved_by = {};  // the run that was let pass by it; written by approve alone
};

class Store {
 public:
  virtual ~Store() = default;
  // Makes the home when it is not there. Refuses links among what is kept in it (denied). `clock`,
  // `random` and `disk` must outlive the store. `server`: the address of a database of
  // PostgreSQL's, "postgresql://…", which is never printed whole; nothing: SQLite. The other
  // engine's catalog of this home, where there is one, is a conflict: it is to be moved first.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& home, Clock& clock,
                                             Random& random, Disk& disk,
                                             const std::optional<Secret>& server = std::nullopt);

  virtual Result<Objects> objects() = 0;
  // Of the objects as they are now; cheap.
  virtual Result<int64_t> revision() = 0;
  // Writes all or nothing, and only while the objects are those of `revision`. Rows with an empty
  // uid are new and get one; what is removed takes its secrets and facts with it. Of those that are
  // neither archived nor doubles, no two of a kind (and destination) bear one name.
  virtual Status put(int64_t revision, std::vector<ObjectRow> rows,
                     const std::vector<std::string>& remove_uids) = 0;

  virtual Status put_run(const RunRow& run) = 0;  // inserts, or replaces by run_id
  virtual Result<RunRow> run(const std::string& run_id) = 0;
  // Newest first; all activations when no uid is given; only those begun before the run `before`,
  // when one is given (not_found where that is none).
  virtual Result<std::vector<RunRow>> runs(const std::optional<std::string>& activation_uid,
                                           int limit, const std::string& before = {}) = 0;

  // Removes those begun before, but the last of each activation; how many.
  virtual Result<int64_t> remove_runs(Time before) = 0;
  // The newest `until` among the activation's runs that have come to an end.
  virtual Result<std::optional<Time>> dealt_until(const std::string& activation_uid) = 0;

  // Keeps the last hundred of each activation.
  virtual Status put_plan(const PlanRow& plan) = 0;
  virtual Result<PlanRow> plan(const std::string& plan_id) = 0;
  // An approval is used once: a conflict where another run was let pass by it.
  virtual Status approve(const std::string& plan_id, const std::string& run_id) = 0;

  // Facts about an object that are learnt, not declared (the trial of a destination, measured
  // rates): JSON by name. Nothing when never written.
  virtual Result<std::optional<std::string>> fact(const std::string& uid,
                                                  const std::string& name) = 0;
  virtual Status put_fact(const std::string& uid, const std::string& name,
                          const std::string& json) = 0;

  // Nothing when it is not there, or has expired by the clock.
  virtual Result<std::optional<Record>> record(const std::string& kind, const std::string& key) = 0;
  // By key; without those that have expired.
  virtual Result<std::vector<Record>> records(const std::string& kind) = 0;
  // Only while it is as it was read (`revision`), else a conflict. No revision is given twice, not
  // even to a record that is removed and made again.
  virtual Status put_record(const Record& record) = 0;
  // Whether it was there.
  virtual Result<bool> remove_record(const std::string& kind, const std::string& key) = 0;
  // How many have expired and are gone now.
  virtual Result<int64_t> remove_expired() = 0;

  virtual Status log(const LogLine& line) = 0;
  // The newest first.
  virtual Result<std::vector<LogLine>> logged(const LogQuery& query) = 0;
  // How many lines of before are gone now.
  virtual Result<int64_t> remove_log(Time before) = 0;

  // Of text of ours, such as a password for mail, that is kept in a record: sealed by the home's
  // key for this place alone, as text that JSON holds as it is. A home with such a record does not
  // open without its key. Errors: corrupt (another key, another place, changed).
  [[nodiscard]] virtual std::string seal(const Secret& text, std::string_view place) const = 0;
  [[nodiscard]] virtual Result<Secret> unseal(std::string_view sealed,
                                              std::string_view place) const = 0;

  // A secret of 32 bytes that only the key of this home leads to: the same at every call, and
  // another for every purpose. It is kept nowhere.
  [[nodiscard]] virtual Secret derived(std::string_view purpose) const = 0;

  // Writes the database as it is at one moment to a file that is not there yet, and tells the key
  // that opens its secrets. Others read and write meanwhile. Errors: conflict (the key was
  // replaced meanwhile).
  virtual Result<Secret> back_up(const std::filesystem::path& to) = 0;

  // A new key: what objects and records have sealed is sealed anew by it, all or nothing, and what
  // `derived` tells is another from then on. Killed at any moment, the home opens with the key
  // that fits; other processes that have it open go on with the new one. Records of the kinds
  // `spent` mean nothing without the old key, and are removed.
  struct Sealing {
    std::function<Result<Secret>(std::string_view sealed, std::string_view place)> unseal;
    std::function<std::string(const Secret& text, std::string_view place)> seal;  // by the new key
  };
  // The JSON of a record with what it has sealed sealed anew; nothing: it has sealed nothing.
  using Reseal = std::function<Result<std::optional<std::string>>(const Record& record,
                                                                  const Sealing& sealing)>;
  virtual Status replace_key(const Reseal& reseal, const std::vector<std::string>& spent) = 0;
};

// Leases as rows of the same database, by its clock: for kLeaseLasts from the moment that the last
// renewal was sent. So whoever is suspended, or cut off from the database, knows that it holds one
// no longer before anybody else can. Connects when it is first needed; `clock` outlives it.
constexpr Millis kLeaseLasts{30'000};
constexpr Millis kLeaseRenewed{5'000};
std::unique_ptr<Leases> open_leases(const Secret& server, Clock& clock);

// Everything of a home's catalog from one engine to the other: from SQLite to `server`, or back.
// All or nothing; killed at any moment, doing it again brings it to its end. Where it was is
// marked, so that nobody works there any more. Whoever calls holds all leases. Errors: conflict
// (there is another catalog where it shall go, or none where it should be).
Result<std::string> move_catalog(const std::filesystem::path& home, const Secret& server,
                                 bool to_server, Clock& clock, Disk& disk);

}  // namespace rollcall::store
