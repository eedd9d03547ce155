// One run of an activation, from segment to ledger, resumable at every arrow; and its dry form, the
// plan. Read run.cpp from top to bottom: it is the table of contents of the product.
//
// Threads: one run per call; different activations may run side by side.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"
#include "base/home.hpp"
#include "core/catalog.hpp"
#include "core/change.hpp"
#include "core/observer.hpp"
#include "core/report.hpp"
#include "core/rows.hpp"
#include "http/http.hpp"
#include "iterable/iterable.hpp"
#include "plan/plan.hpp"
#include "prove/prove.hpp"
#include "state/state.hpp"
#include "store/store.hpp"

namespace rollcall::run {

// What a run needs of the world. All outlive the call.
struct World {
  Clock& clock;
  Random& random;
  http::Transport& transport;
  Workers& workers;
  Disk& disk;
  Observer& observer;
  store::Store& store;
  Leases& leases;
  const state::States& states;  // of its activations
  Home home;
};

// A line to a destination's project: what reads it, its pace and what was counted.
// All lines of a home to one project, in whatever process, share one pace: it is kept in a file
// named after the project's place and a fingerprint of its key. (Two keys of one project cannot be
// told; what they share is found by 429s.) Not to be moved; outlived by `world`.
struct Line {
  Line(const World& world, const Destination& destination);
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  // What writes, too, while the permit lasts. Outlived by both.
  [[nodiscard]] iterable::Client writer(const Permit& permit);

  iterable::Pace pace;
  iterable::CallCounter counter;
  iterable::Reader reader;

 private:
  const World& world_;
};

struct Request {
  const Catalog& catalog;
  const Activation& activation;
  std::string catalog_hash;  // a sealed plan is continued only under the catalog it was made from
  Trigger trigger = Trigger::manual;
  bool full = false;      // the list is read, and everything is sent again
  bool repair = false;    // the list is read, and what differs from the ledger is mended
  bool emptying = false;  // the segment is taken for empty, and the guard has nothing to say
  bool new_list = false;
  std::optional<std::string> approve = std::nullopt;  // a plan's id
  // It deals with the times of the schedule up to here; nothing: no
  // service began it. One that a schedule began does nothing where another has done so.
  std::optional<Time> until = std::nullopt;
};

// What no run can mend, found without any call (a match key that cannot match, an unknown segment).
Status validate(const Catalog& catalog, const Activation& activation);
// Whether values of the column can name people.
Status check_key_type(const MatchKey& key, const ColumnInfo& column);

// Runs to the end. Fails only when there was no run: busy (another holds the lease, or has taken it
// over meanwhile), invalid (catalog), conflict with the code kDealtWith (another has dealt with the
// times it was for). Everything else is in the report, which is also kept by the store.
Result<RunReport> run(const World& world, const Request& request, const std::stop_token& stop);

inline constexpr const char* kDealtWith = "dealt_with";

// What is known of this destination from earlier runs. A trial of another project, or of the same
// one declared otherwise or opened with another key, says nothing about this one.
Result<prove::Trial> known_trial(store::Store& store, const Destination& destination);
struct PlannedPerson {
  std::string key;
  ChangeKind kind = ChangeKind::entered;
  std::string why;                             // in words
  std::optional<bool> contact = std::nullopt;  // by a look-up; nothing when nobody looked
  std::vector<std::string> attributes = {};    // those to be written
};

struct PlanReport {
  std::string plan_id, activation, destination;
  SegmentCounts segment;
  ChangeCounts changes;
  std::vector<plan::Breach> breaches;  // empty: the guard lets it pass
  plan::GuardNumbers numbers;
  std::vector<PlannedPerson> people;
  bool people_complete = false;  // otherwise a sample
  std::vector<std::string> fields_to_create, fields_missing, warnings;
  std::string proof;         // how existence would be proven, in words
  ProofChoice proof_choice;  // and what it was chosen from
  ProofRules proof_rules;
  // What each rule would take, where somebody needs a proof, and what it leaves open.
  struct ProofRisk {
    int64_t calls = 0;
    double seconds = 0;
    std::string risk;
  };
  std::map<ProofRules::By, ProofRisk> proof_by;
  ParkedUse parked;
  int64_t forecast_calls = 0;
  double forecast_seconds = 0;  // at the published limits, if all goes well
  std::string list;             // what would become of the list, in words
};

struct PlanRequest {
  const Catalog& catalog;
  const Activation& activation;
  bool prove = false;      // look everybody up, so that those who are not contacts are named
  bool everybody = false;  // name everybody instead of a sample
};
// A dry run: no write to Iterable or to the ledger. The plan's numbers are kept under its id, for
// approval.
Result<PlanReport> plan(const World& world, const PlanRequest& request,
                        const std::stop_token& stop);

// One person, as a run would take them: their rows by its snapshot, what it would do by its plan.
// Nothing is asked of Iterable and nothing is kept.
class OnePerson {
 public:
  // `key` is normalised already.
  static Result<OnePerson> open(const World& world, const Catalog& catalog,
                                const Activation& activation, std::string key,
                                std::stop_token stop);
  OnePerson(OnePerson&&) noexcept;
  ~OnePerson();
  // The primary keys of a rule's people that bear the key, the one that speaks for it first.
  Result<std::vector<std::string>> rows(const Rule& rule);
  struct Next {
    std::optional<Change> change = std::nullopt;  // nothing: nothing
    std::string not_looked_up = {};  // of the parked: why this one's turn has not come; or empty
  };
  // What the next run would do, where these attributes are left out.
  Result<Next> next(const std::vector<std::string>& pending);
  [[nodiscard]] const std::vector<attributes::Target>& targets() const;

 private:
  struct Inside;
  explicit OnePerson(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

// The real list against the ledger; reads alone. While it is read nobody runs the activation; what
// was found may be looked at for as long as one likes.
class Audit {
 public:
  virtual ~Audit() = default;
  struct Report {
    std::string activation, destination;
    RunReport::List list;
    state::DriftCounts counts;
    Time read_at;
    std::vector<std::string> warnings;
    // Nobody is missing and nobody is on the list who should have been removed.
    [[nodiscard]] bool true_to_ledger() const { return counts.missing + counts.extra == 0; }
  };
  [[nodiscard]] virtual const Report& report() const = 0;
  // Everybody who differs, and why in words: missing, extra, foreign, each by key, until told to
  // stop.
  virtual Status people(
      const std::function<bool(const state::Drift&, const std::string& why)>& on_person) = 0;
};
// Its counts are kept by the store (last_audit). Errors: busy (another run holds the lease),
// invalid (no list yet), not_found (the list is gone), those of reading it.
Result<std::unique_ptr<Audit>> audit(const World& world, const Catalog& catalog,
                                     const Activation& activation, const std::stop_token& stop);
// The JSON of its counts, or nothing: never audited.
Result<std::optional<std::string>> last_audit(store::Store& store, const Activation& activation);

// What is kept of one person in an activation's state is gone; a run that was interrupted is closed
// first, and whom it may have written counts as unknown. `writer` has the record in it. Errors:
// those of the state.
Result<state::Forgotten> forget(const World& world, const Activation& activation,
                                state::Writer& writer, const std::string& key);
// Whether the destination's contact index told of them: then it is gone, and made anew by the next
// export.
Result<bool> forget_contact(const World& world, const Destination& destination,
                            const MatchKey& match_key, const std::string& key);

// The JSON of contract and store.
std::string to_json(const RunReport& report);
Result<RunReport> report_from_json(const std::string& json);
std::string to_json(const PlanReport& report);
std::string to_json(const Audit::Report& report);

// Exit codes of the contract: 0, 1, 2, 3, 4, 130.
int exit_code(const RunReport& report);
int exit_code(const Error& error);

}  // namespace rollcall::run
