// The only room that opens the catalog database (SQLite, `rollcall.db` under the home): objects,
// runs, plans, what is known of destinations. Numbered migrations; secrets encrypted with a key
// file of mode 0600 beside it (`key`); files are private to their owner.
//
// Threads and processes: any number may share one home; every call is one transaction and waits up
// to a few seconds for another writer. Whoever reads the objects and writes them back says which
// revision was read: a write that came in between is a conflict, never lost. Errors: unavailable
// (locked, disk full), denied (rights), corrupt (not ours, newer version, wrong key file; nothing
// was written to it), not_found, conflict (another revision, a name that is taken, a plan that is
// spent).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"
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
  // Makes the home when it is not there. Refuses links among what is kept in it (denied). `clock`
  // and `random` must outlive the store.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& home, Clock& clock,
                                             Random& random, Disk& disk);

  virtual Result<Objects> objects() = 0;
  // Writes all or nothing, and only while the objects are those of `revision`. Rows with an empty
  // uid are new and get one; what is removed takes its secrets and facts with it. Of those that are
  // neither archived nor doubles, no two of a kind (and destination) bear one name.
  virtual Status put(int64_t revision, std::vector<ObjectRow> rows,
                     const std::vector<std::string>& remove_uids) = 0;

  virtual Status put_run(const RunRow& run) = 0;  // inserts, or replaces by run_id
  virtual Result<RunRow> run(const std::string& run_id) = 0;
  // Newest first; all activations when no uid is given.
  virtual Result<std::vector<RunRow>> runs(const std::optional<std::string>& activation_uid,
                                           int limit) = 0;

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

  // A secret of 32 bytes that only the key of this home leads to: the same at every call, and
  // another for every purpose. It is kept nowhere.
  [[nodiscard]] virtual Secret derived(std::string_view purpose) const = 0;
};

}  // namespace rollcall::store
