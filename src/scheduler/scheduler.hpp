// Who is due, and who of them may start now. Pure: no thread, no clock of its own, nothing kept. The
// service tells it the time and what has happened, starts what it says, and keeps the standings.
//
// Promises: an activation never runs twice at once, nor while it is audited. Times that pass while
// it runs, waits, or while nobody serves come to one run (coalesced), which is due since the first
// of them; an interval then goes on by its own beat: from the newest time that passed, not from
// when the run began. What had begun and was killed is due again. An activation that rests misses
// its times for good; when it is resumed, or its schedule is another one, the next time is the first
// after that moment (resumed: of its old beat, where it is an interval). At most `at_once` runs and
// audits together, of one destination at most `at_once_destination`; of those that wait, the
// destination with the fewest running comes first, then whoever waits longest (whoever asked by hand
// before who is due by schedule). Of one activation a run goes before an audit that waits as well,
// but not twice in a row, so that one that is always due is audited too.
//
// A clock that is set forwards makes due whatever it passes, once. One that is set back by up to an
// hour repeats nothing but intervals, which count from there; by more, and the times that come again
// are due again, for the clock was wrong when they were dealt with.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/activation.hpp"

namespace rollcall::scheduler {

enum class Work { run, audit };

// An activation as the catalog has it now.
struct Task {
  std::string uid;
  std::string destination;  // its uid
  Schedule schedule = {};
  std::optional<std::chrono::seconds> audit_every = std::nullopt;
  bool resting = false;  // paused, by people or by us: only what is asked for by hand
  bool operator==(const Task&) const = default;
};

// What must survive a restart, one for each activation. JSON of it is the caller's.
struct Standing {
  std::string uid;
  std::string schedule;  // a text of the schedule that `since` belongs to
  Time since = {};       // times up to here, this one included, are dealt with
  bool resting = false;  // so its times pass unused, a service or none
  Time audit_since =
      {};  // the begin of its last audit; before there is one, when it was first known
  bool operator==(const Standing&) const = default;
};

struct Start {
  std::string uid;
  Work work = Work::run;
  bool asked = false;     // by hand
  Time due = {};          // since when it is; for what was asked for, when that was
  std::string note = {};  // of whoever asked, unchanged
  Time until = {};        // times of its schedule up to here are dealt with by it
};

struct Waiting {
  std::string uid;
  Work work = Work::run;
  bool asked = false;
  Time due = {};
};

struct Settings {
  size_t at_once = 4;
  size_t at_once_destination = 2;
  // Times of a schedule are put off by up to this, each activation by its own part of it (the same
  // always), so that a hundred that are due at seven do not begin in one moment. Not more than a
  // tenth of an interval. Audits are not put off.
  Millis jitter{0};
};

class Scheduler {
 public:
  explicit Scheduler(Settings settings);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // All activations as they are now; those that are not among them are forgotten (what runs of
  // them is still counted). A new one is due at the first time after `now`, an interval at once
  // (its first run is what it is for); its first audit comes `audit_every` after `now`. `kept` is
  // consulted for those not known yet. Cheap for those that did not change.
  void tasks(const std::vector<Task>& tasks, const std::vector<Standing>& kept, Time now);
  // Somebody asks for it now, whatever the schedule says; a run that is due anyway becomes this one.
  // False: somebody has asked for the same and it waits, or nobody knows the uid. One that runs is
  // run again after it.
  bool ask(const std::string& uid, Work work, std::string note, Time now);
  // Another scheduler has decided meanwhile: what it kept takes the place of all standings here, and
  // what it kept nothing of is new.
  void take_over(const std::vector<Standing>& kept, Time now);
  // What waits of it is forgotten; an audit that was due comes `audit_every` later.
  void withdraw(const std::string& uid);
  // An open run of before that must be carried on: due since `since`, before all others. It deals
  // with the times up to `since`; later ones come to a run after it. Nothing happens where the
  // activation rests: its next run carries on what is open.
  void resume(const std::string& uid, Time since);

  // What shall be started now, in this order; taken as started.
  std::vector<Start> take(Time now);
  // It ended (`work` of take()), well or not; nothing happens if no such one runs.
  void ended(const std::string& uid, Work work, Time now);

  // When take() may have something next, if nothing else happens; nothing: never. Not after the
  // last `now` that was given: at once.
  [[nodiscard]] std::optional<Time> wake() const;
  // What is due or asked for and not started, as of the last `now`: whoever asked first.
  [[nodiscard]] std::vector<Waiting> waiting() const;
  [[nodiscard]] size_t running() const;
  // The next time by its schedule, jitter included; a past one while its run waits. Nothing where
  // there is none: manual, resting, unknown, or a schedule that this machine cannot read (a zone it
  // has not).
  [[nodiscard]] std::optional<Time> next(const std::string& uid) const;
  // Those that changed since the last call, to be kept: of a run or an audit once it ended.
  std::vector<Standing> changed();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace rollcall::scheduler
