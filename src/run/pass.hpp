// What a run and its dry form, the plan, have in common: reading the segment and keeping a plan's
// numbers.
#pragma once

#include "run/run.hpp"
#include "segment/segment.hpp"
#include "snapshot/snapshot.hpp"

namespace rollcall::run {

struct PassInput {
  const World& world;
  const Catalog& catalog;
  const Activation& activation;
  Time now;
};

// The state of an activation, with its ledger whole. Errors: corrupt, with the remedy.
Result<ledger::State> read_state(const World& world, const Activation& activation);
// The state again from what is left, where read_state failed with `damage`.
Result<ledger::State> salvage(const World& world, const Activation& activation,
                              ledger::Lease& lease, const Error& damage);
// What the store knows of an activation's list.
inline constexpr const char* kListFact = "list";
std::string to_json(const ledger::ListRecord& list);

// The database of one run's snapshot and plan, in bounded memory.
Result<std::unique_ptr<duck::Database>> open_work_database(const std::filesystem::path& path);
// What did not fit into its memory is tried once more with plenty: wide ledgers of millions. The
// body must be repeatable.
Status give_plenty(duck::Connection& work);
template <class Body>
auto with_memory(duck::Connection& work, Body body) -> decltype(body()) {
  auto done = body();
  if (done.ok() || done.error().kind != ErrorKind::unavailable) return done;
  TRY(give_plenty(work));
  return body();
}

// One for a command that keeps nothing: its file goes with it.
class Scratch {
 public:
  static Result<std::unique_ptr<Scratch>> open(const World& world, const std::string& name);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  duck::Connection& work() { return *connection_; }
  // A file that goes with it.
  [[nodiscard]] std::filesystem::path beside(const char* ending) const {
    return file_.string() + ending;
  }

 private:
  explicit Scratch(std::filesystem::path file) : file_(std::move(file)) {}
  std::filesystem::path file_;
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> connection_;
};

Result<segment::Reader> open_segment(const PassInput& input, const std::stop_token& stop);
// Primary key, match key, then what the attributes read.
std::vector<std::string> fields_read(const Catalog& catalog, const Activation& activation);
// The mapping against the model's fields, and the match key.
Result<std::vector<attributes::Target>> targets_of(const Activation& activation,
                                                   const std::vector<ColumnInfo>& columns);
// What the time is for writes that must settle. Until `settle` has passed since the last ones, by
// the clock that nobody sets, it goes on from the time that they were recorded with; of writes
// before the machine's last start no more is known than that they came before it.
Time settling_now(Clock& clock, const ledger::State& state, Millis settle);
ledger::Moment moment(Clock& clock);
// Reads the segment's rows into `work`, and keeps the targets there too (load_targets).
snapshot::Spec snapshot_of(const PassInput& input, const std::vector<attributes::Target>& targets);
Result<snapshot::Snapshot> take_snapshot(const PassInput& input, segment::Reader& reader,
                                         const std::vector<attributes::Target>& targets,
                                         duck::Connection& work, const std::stop_token& stop);
// A snapshot of a segment that holds nobody.
Result<snapshot::Snapshot> take_nobody(const World& world, const Activation& activation,
                                       duck::Connection& work);
Result<std::vector<attributes::Target>> load_targets(duck::Connection& work);

Status keep_plan_numbers(store::Store& store, const std::string& plan_id,
                         const Activation& activation, const plan::GuardNumbers& numbers, Time now);
// What a plan showed, unless its approval is used up.
Result<plan::GuardNumbers> approved_numbers(store::Store& store, const std::string& plan_id,
                                            const Activation& activation);
// Whether it was this run that the plan's approval let pass.
Result<bool> is_approval_of(store::Store& store, const std::string& plan_id,
                            const std::string& run_id);

}  // namespace rollcall::run
