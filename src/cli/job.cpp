// job-run, job-audit, job-check: runs, audits and checks as the service has them done, each in a process of its own that tells
// what it does by lines of JSON:
//   {"run_id": …}   {"begun": STEP}   {"progress": {"step", "done", "total"}}   {"note": …}
// and at its end one of {"report": …}, {"findings": […]}, {"dealt_with": true} (another run had dealt
// with the time it was for), {"error": …}. Nobody may be there to read
// them: a run goes on to its end all the same.
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/commands.hpp"
#include "core/words.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

// Tells which run it is, too; and whoever watches the command sees the points.
class JobLines : public operations::Lines {
 public:
  JobLines(const World& world, store::Store& store, std::string uid)
      : Lines(world.clock,
              [out = world.out](const std::string& line) {
                (void)std::fwrite(line.data(), 1, line.size(), out);
                (void)std::fflush(out);
              }),
        world_(world),
        store_(store),
        uid_(std::move(uid)) {}

  void begun(Step step) override {
    world_.observer.begun(step);
    tell_run();
    Lines::begun(step);
  }
  void reached(std::string_view point) override { world_.observer.reached(point); }

 private:
  // It is stored under its id before its first step.
  void tell_run() {
    {
      const std::lock_guard lock(mutex_);
      if (is_told_) return;
    }
    const auto rows = store_.runs(uid_, 1);
    if (!rows.ok() || rows->empty() || (*rows)[0].status != to_string(RunStatus::running)) return;
    {
      const std::lock_guard lock(mutex_);
      is_told_ = true;
    }
    tell({{"run_id", (*rows)[0].run_id}});
  }

  const World& world_;
  store::Store& store_;
  const std::string uid_;
  std::mutex mutex_;
  bool is_told_ = false;  // protected by mutex_
};

// `body(world, stored, activation, lines)` returns the exit code. An error is the last line.
template <class Body>
Result<int> job(Session& session, const std::string& uid, Body body) {
  const operations::World plain = TRY(session.run_world());
  JobLines lines(session.world(), plain.store, uid);
  const operations::World world = operations::watched_by(plain, lines);
  const auto done = [&]() -> Result<int> {
    const operations::Stored stored = TRY(operations::stored(world));
    return body(
        world, stored,
        *TRY(operations::by_uid(stored.catalog.activations, catalog::Kind::activation, uid)),
        lines);
  }();
  if (done.ok()) return *done;
  if (done.error().code == run::kDealtWith) {
    lines.tell({{"dealt_with", true}});
    return kDone;
  }
  lines.tell({{"error", operations::to_json(done.error())}});
  return run::exit_code(done.error());
}

}  // namespace

Result<int> job_run(Session& session, const JobOptions& options) {
  const auto trigger = from_word<Trigger>(options.trigger);
  if (!trigger) return Error{ErrorKind::invalid, "there is no trigger `" + options.trigger + "`"};
  std::optional<Time> until;
  if (options.until_ms) until = Time(Millis(*options.until_ms));
  return job(session, options.uid,
             [&](const auto& world, const auto& stored, const Activation& activation,
                 JobLines& lines) -> Result<int> {
               const auto once = [&] {
                 return operations::run(world, stored, activation,
                                        {.trigger = *trigger,
                                         .full = options.full,
                                         .new_list = options.new_list,
                                         .repair = options.repair,
                                         .approve = options.approve,
                                         .until = until},
                                        session.stop());
               };
               RunReport report = TRY(once());
               // It may have been an older one that was carried on, with what that had read.
               const bool goes_on =
                   until && *trigger == Trigger::schedule && run::exit_code(report) == 0;
               auto again = goes_on ? once() : Result<RunReport>(report);
               if (again.ok()) report = std::move(*again);
               if (!again.ok() && again.error().code != run::kDealtWith)
                 return Error(again.error());
               lines.tell({{"report", read_json<json>(run::to_json(report))}});
               return run::exit_code(report);
             });
}

Result<int> job_audit(Session& session, const JobOptions& options) {
  return job(session, options.uid,
             [&](const auto& world, const auto& stored, const Activation& activation,
                 JobLines& lines) -> Result<int> {
               const auto audit =
                   TRY(run::audit(world, stored.catalog, activation, session.stop()));
               lines.tell({{"report", read_json<json>(run::to_json(audit->report()))}});
               return kDone;
             });
}

Result<int> job_check(Session& session, const JobOptions& options) {
  return job(session, options.uid,
             [&](const auto& world, const auto& stored, const Activation& activation,
                 JobLines& lines) -> Result<int> {
               const auto findings =
                   TRY(operations::check_made_of(world, stored, activation, session.stop()));
               lines.tell({{"findings", operations::to_json(findings)["findings"]}});
               return kDone;
             });
}

}  // namespace rollcall::cli
