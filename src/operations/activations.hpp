// Activations as they stand, and what is done with them: activate, pause, run, repair, archive.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/report.hpp"
#include "operations/world.hpp"
#include "state/state.hpp"

namespace rollcall::operations {

struct Activated {
  std::string destination, name;
  bool is_new = false;  // else it was there already, for the same segment
  std::vector<std::string> warnings = {};
};
// Stores an activation of the segment with the destination's default settings; nothing runs yet.
// Errors: invalid (no defaults, a name that another segment has).
Result<Activated> activate(const World& world, const std::string& segment,
                           const std::string& destination, const std::string& name);

struct Paused {
  std::string activation;
  bool paused = false;
  bool changed = false;  // else it was so already
};
Result<Paused> set_paused(const World& world, const std::string& activation, bool paused);

struct RunOptions {
  Trigger trigger = Trigger::manual;
  bool full = false;
  bool new_list = false;
  bool repair = false;
  std::optional<std::string> approve = std::nullopt;
  std::optional<Time> until = std::nullopt;  // of the schedule; see run/run.hpp
};
// One run to its end; see run/run.hpp. Errors: busy (another holds the lease), invalid (catalog).
Result<RunReport> run(const World& world, const Stored& stored, const Activation& activation,
                      const RunOptions& options, const std::stop_token& stop);

struct Archived {
  std::string activation;
  bool done = false;  // else not everybody is off the list yet: `emptied` says why
  std::optional<state::ListRecord> list;
  bool list_kept = false;
  std::optional<RunReport> emptied;  // the run that took everybody off
};
// Ends an activation; its list is kept, or emptied first.
Result<Archived> archive(const World& world, const Stored& stored, const Activation& activation,
                         bool empty_list, const std::stop_token& stop);

struct ActivationStatus {
  Activation activation;
  std::string name;   // as people tell it from others
  std::string state;  // running | interrupted | never_run | or the last run's status
  state::Record record;
  std::optional<RunReport> last;
  std::optional<std::string> last_audit;           // its JSON
  std::optional<Time> next_run_at = std::nullopt;  // as schedules.hpp tells it
  // Everybody a run took for a member.
  [[nodiscard]] int64_t members() const;
};
// As it stands. Nothing is asked of Iterable.
Result<ActivationStatus> status(const World& world, const Stored& stored,
                                const Activation& activation);
// Every activation.
Result<std::vector<ActivationStatus>> status(const World& world, const Stored& stored);

nlohmann::ordered_json to_json(const Paused& paused);
nlohmann::ordered_json to_json(const Archived& archived);
nlohmann::ordered_json to_json(const ActivationStatus& status);

}  // namespace rollcall::operations
