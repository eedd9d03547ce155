#include "service/service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/json.hpp"
#include "core/words.hpp"
#include "operations/operations.hpp"
#include "service/words.hpp"

namespace rollcall::service {

using json = nlohmann::ordered_json;
using scheduler::Work;

namespace {

constexpr const char* kRestFact = "rest";
constexpr Millis kAlive{60'000};
constexpr size_t kNotesKept = 50;  // of one job
constexpr size_t kFinishedKept = 1000;

json parsed(const std::string& text) {
  json out = read_json<json>(text);
  return out.is_object() ? out : json::object();
}
std::string text_of(const json& in, const char* key) {
  const auto at = in.find(key);
  return at != in.end() && at->is_string() ? at->get<std::string>() : "";
}

}  // namespace

Result<std::optional<Rest>> rest_of(const operations::World& world, const std::string& uid) {
  const auto fact = TRY(world.store.fact(uid, kRestFact));
  if (!fact) return std::nullopt;
  const json in = parsed(*fact);
  if (in.empty()) return std::nullopt;
  return Rest{.kind = text_of(in, "kind"),
              .name = text_of(in, "name"),
              .problem = text_of(in, "problem"),
              .remedy = text_of(in, "remedy"),
              .since = parse_iso_utc(text_of(in, "since")).value_or(Time{})};
}

struct Service::Inside {
  struct Job {
    std::string uid;
    Work work = Work::run;
    bool is_check = false;
    Order order = {};
    Live live = {};
    bool told_to_stop = false;
    bool was_dealt_with = false;  // another run had done it
    std::string report = {}, error = {}, findings = {};
  };
  struct Later {  // a job to be tried again
    Millis at{0};
    Order order = {};
  };
  struct Known {  // an activation
    std::string name;
    Activation activation = {};
    int tries = 0;     // in a row that came to no end
    int failures = 0;  // in a row for want of reach
    std::optional<Rest> rest = std::nullopt;
    Millis recheck_at{0};
    bool is_checked = false;  // a job of it is under way
  };

  Inside(const operations::World& the_world, Jobs& the_jobs, const Settings& the_settings)
      : world(the_world),
        jobs(the_jobs),
        settings(the_settings),
        scheduler(the_settings.scheduler) {}

  const operations::World world;
  Jobs& jobs;
  const Settings settings;

  mutable std::mutex mutex;
  std::condition_variable_any has_ended;
  // Protected by mutex.
  scheduler::Scheduler scheduler;
  std::map<std::string, Known> known;
  std::map<JobId, Job> running;
  std::map<std::string, Later> later;
  std::map<uint64_t, Ended> finished;     // the last of those asked for, by ticket
  std::map<std::string, uint64_t> asked;  // the ticket of what waits, by activation
  std::set<std::string> held;             // open runs that other processes had when we began
  bool is_over = false;                   // work() came to its end: nothing is finished any more
  std::map<std::string, uint64_t> ended_by_status;
  bool is_ending = false;
  uint64_t crashed = 0, last_ticket = 0;
  std::optional<int64_t> revision;  // of the catalog that `known` is from
  bool schedules = false;
  std::vector<scheduler::Task> tasks;                 // as the scheduler has them
  std::set<std::string> owed;                         // what is tried again: not dealt with yet
  std::map<std::string, scheduler::Standing> unkept;  // standings that are to be kept
  Millis look_at{0}, looked_at{0};

  // Of work() alone.
  std::unique_ptr<Lease> lease;  // to schedule
  Millis take_at{0};

  std::mutex listeners_mutex;
  std::map<uint64_t, std::shared_ptr<Listener>> listeners;  // protected by listeners_mutex
  uint64_t last_listener = 0;                               // likewise

  // --- What is told. Called without `mutex`.

  void tell(const std::string& uid, const std::string& event, const std::string& text) {
    std::vector<std::shared_ptr<Listener>> all;
    {
      const std::lock_guard lock(listeners_mutex);
      for (const auto& [number, listener] : listeners) all.push_back(listener);
    }
    for (const auto& listener : all) (*listener)(uid, event, text);
  }

  // --- The catalog as it is now.

  // `take_over`: another has scheduled till now.
  Status look(bool at_any_rate, bool take_over = false) {
    const int64_t now_revision = TRY(world.store.revision());
    if (!at_any_rate && revision == now_revision) return ok_status();
    const operations::Stored stored = TRY(operations::stored(world));
    const std::vector<scheduler::Standing> kept = TRY(operations::standings(world, stored));
    std::map<std::string, std::optional<Rest>> rests;
    for (const Activation& one : stored.catalog.activations)
      rests[one.uid] = TRY(rest_of(world, one.uid));
    const std::lock_guard lock(mutex);
    revision = stored.revision;
    std::map<std::string, Known> are;
    if (take_over) schedules = true;
    tasks.clear();
    for (const Activation& one : stored.catalog.activations) {
      Known mine = known[one.uid];
      mine.name = operations::shown_name(stored.catalog, one);
      mine.activation = one;
      mine.rest = rests[one.uid];
      const Destination* const to = stored.catalog.destination(one.destination);
      tasks.push_back({.uid = one.uid,
                       .destination = to == nullptr ? "" : to->uid,
                       .schedule = one.schedule,
                       .audit_every = one.audit_every,
                       .resting = one.paused || mine.rest || !schedules});
      are[one.uid] = std::move(mine);
    }
    known = std::move(are);
    scheduler.tasks(tasks, kept, world.clock.now());
    if (take_over) scheduler.take_over(kept, world.clock.now());
    return ok_status();
  }

  // --- Who schedules.

  // Takes the lease where it is free. Where it may have been given away (this process was suspended,
  // or cut off), nothing is begun any more but what is asked for.
  void take_turn() {
    if (lease && !lease->outlasts(Millis(0))) {
      stand_by();
      lease.reset();
    }
    if (world.clock.monotonic() < take_at) return;
    if (!lease) {
      take_at = world.clock.monotonic() + settings.look_every;
      auto taken = world.leases.take(Home::lease_of_scheduler(), {});
      if (taken.ok()) lease = std::move(*taken);
    }
    if (!lease || is_scheduling()) return;
    if (look(true, true).ok()) {
      carry_on();
    } else {
      lease.reset();  // another may be able to
    }
  }
  void stand_by() {
    const std::lock_guard lock(mutex);
    schedules = false;
    for (scheduler::Task& one : tasks) one.resting = true;
    scheduler.tasks(tasks, {}, world.clock.now());
    held.clear();
    owed.clear();
    unkept.clear();
  }
  bool is_scheduling() const {
    const std::lock_guard lock(mutex);
    return schedules;
  }

  // What was interrupted before there was a service, or with it, is carried on.
  void carry_on() {
    std::vector<std::string> all;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [uid, one] : known) all.push_back(uid);
    }
    carry_on(all);
  }

  // A run that another process has (a job of a service that was killed goes on) is looked at until
  // that process is gone, for it may be killed as well.
  void carry_on(const std::vector<std::string>& all) {
    for (const std::string& uid : all) {
      const auto state = world.states.of(uid);
      const auto record = state->read();  // what is damaged is said by its next run
      const auto holder = state->holder();
      const bool is_open = record.ok() && record->open_run;
      const bool is_held = is_open && (!holder.ok() || *holder);
      const auto report = is_open ? run::report_from_json(record->open_run->report_json)
                                  : Result<RunReport>(Error{ErrorKind::not_found, ""});
      const std::lock_guard lock(mutex);
      is_held ? void(held.insert(uid)) : void(held.erase(uid));
      if (!is_open || is_held) continue;
      scheduler.resume(uid, report.ok() ? report->started_at : world.clock.now());
    }
  }

  // A store that is out of reach for a while is no end: it is looked at again.
  void look_if_due() {
    const Millis now = world.clock.monotonic();
    {
      const std::lock_guard lock(mutex);
      looked_at = now;
      if (now < look_at) return;
      look_at = now + settings.look_every;
    }
    (void)look(false);
    if (!is_scheduling()) return;
    std::vector<std::string> others;
    {
      const std::lock_guard lock(mutex);
      others.assign(held.begin(), held.end());
    }
    carry_on(others);
  }

  // --- Beginning.

  void begin_due() {
    for (;;) {
      std::vector<scheduler::Start> starts;
      {
        const std::lock_guard lock(mutex);
        starts = scheduler.take(world.clock.now());
      }
      if (starts.empty()) return;
      for (const scheduler::Start& start : starts) begin(start);
    }
  }

  void begin(const scheduler::Start& start) {
    Order order = start.asked ? order_of(start.note)
                              : Order{.work = start.work, .trigger = Trigger::schedule};
    if (start.work == Work::run) order.until = start.until;
    // Before there is a list there is nothing to audit.
    if (start.work == Work::audit && !operations::has_list(world, start.uid)) {
      const std::lock_guard lock(mutex);
      return scheduler.ended(start.uid, start.work, world.clock.now());
    }
    const auto job = jobs.start(words_of(start.uid, order));
    const std::lock_guard lock(mutex);
    if (start.asked) asked.erase(start.uid);
    held.erase(start.uid);
    if (!job.ok()) {
      scheduler.ended(start.uid, start.work, world.clock.now());
      return try_later(start.uid, order);
    }
    Job mine{.uid = start.uid, .work = start.work, .order = std::move(order)};
    mine.live.work = start.work;
    mine.live.started_at = world.clock.now();
    running.emplace(*job, std::move(mine));
  }

  void begin_check(const std::string& uid) {
    const auto job = jobs.start({"job-check", uid});
    const std::lock_guard lock(mutex);
    const auto at = known.find(uid);
    if (at == known.end()) return;
    at->second.recheck_at = world.clock.monotonic() + settings.recheck_every;
    if (!job.ok()) return;
    at->second.is_checked = true;
    running.emplace(*job, Job{.uid = uid, .is_check = true});
  }

  void recheck_if_due() {
    std::vector<std::string> due;
    {
      const std::lock_guard lock(mutex);
      if (!schedules) return;
      for (const auto& [uid, one] : known)
        if (one.rest && !one.is_checked && one.recheck_at <= world.clock.monotonic())
          due.push_back(uid);
    }
    for (const std::string& uid : due) begin_check(uid);
  }

  // Protected by mutex.
  void try_later(const std::string& uid, const Order& order) {
    const auto at = known.find(uid);
    if (at == known.end()) return;
    const int doubled = std::min(at->second.tries++, 20);
    const Millis wait =
        std::min(settings.retry_first * (int64_t{1} << doubled), settings.retry_most);
    later[uid] = {world.clock.monotonic() + wait, order};
    owed.insert(uid);
  }

  void retry_if_due() {
    const std::lock_guard lock(mutex);
    for (auto at = later.begin(); at != later.end();) {
      if (world.clock.monotonic() < at->second.at) {
        ++at;
        continue;
      }
      (void)scheduler.ask(at->first, at->second.order.work, note_of(at->second.order),
                          world.clock.now());
      at = later.erase(at);
    }
  }

  // --- What jobs tell.

  void hear(const JobEvent& event) {
    std::string uid, name, text;
    {
      const std::lock_guard lock(mutex);
      const auto at = running.find(event.job);
      if (at == running.end()) return;
      Job& job = at->second;
      uid = job.uid;
      const json line = parsed(event.line);
      const Time now = world.clock.now();
      if (const std::string step = text_of(line, "begun"); !step.empty()) {
        job.live.steps.push_back({.name = step, .begun_at = now});
        name = "step";
      } else if (const auto progress = line.find("progress");
                 progress != line.end() && progress->is_object()) {
        const std::string of = text_of(*progress, "step");
        if (job.live.steps.empty() || job.live.steps.back().name != of)
          job.live.steps.push_back({.name = of, .begun_at = now});
        job.live.steps.back().done = progress->value("done", int64_t{0});
        job.live.steps.back().total = progress->value("total", int64_t{0});
        name = "progress";
      } else if (const std::string note = text_of(line, "note"); !note.empty()) {
        if (job.live.notes.size() < kNotesKept) job.live.notes.push_back(note);
        name = "note";
      } else if (const std::string run_id = text_of(line, "run_id"); !run_id.empty()) {
        job.live.run_id = run_id;
        name = "run";
      } else if (line.contains("report")) {
        job.report = line["report"].dump();
      } else if (line.contains("error")) {
        job.error = line["error"].dump();
      } else if (line.contains("dealt_with")) {
        job.was_dealt_with = true;
      } else if (line.contains("findings")) {
        job.findings = line["findings"].dump();
      }
      if (job.is_check) name.clear();
      text = event.line;
    }
    if (!name.empty()) tell(uid, name, text);
  }

  void end(const JobEvent& event) {
    Ended ended;
    bool shall_check = false, is_check = false;
    std::string findings;
    {
      const std::lock_guard lock(mutex);
      const auto at = running.find(event.job);
      if (at == running.end()) return;
      const Job job = std::move(at->second);
      running.erase(at);
      is_check = job.is_check;
      findings = job.findings;
      ended = {job.uid, job.work, *event.ended, job.report, job.error, job.order.ticket};
      // What ends with the service is due again when there is one.
      if (!is_check && !is_ending) scheduler.ended(job.uid, job.work, world.clock.now());
      if (!is_check) owed.erase(job.uid);
      if (job.was_dealt_with) {
        if (const auto one = known.find(job.uid); one != known.end()) one->second.tries = 0;
        return;
      }
      if (!is_check) {
        shall_check = judge(job, ended);
        // What is tried again has not come out yet.
        if (!later.contains(job.uid)) finish(ended);
      } else if (const auto one = known.find(job.uid); one != known.end()) {
        one->second.is_checked = false;
      }
    }
    if (is_check) return (void)keep_rest(ended.uid, findings);
    has_ended.notify_all();
    tell(ended.uid, "end", json_of(ended));
    if (shall_check) begin_check(ended.uid);
  }

  // For whoever waits for it. Protected by mutex.
  void finish(const Ended& ended) {
    if (ended.ticket != 0) finished[ended.ticket] = ended;
    while (finished.size() > kFinishedKept) finished.erase(finished.begin());
  }

  static std::string not_begun() {
    return json{{"kind", to_string(ErrorKind::cancelled)},
                {"message", "it was told to stop before it began"},
                {"remedy", ""},
                {"context", json::array()}}
        .dump();
  }
  // What waits is not done any more. Protected by mutex.
  void forget(const std::string& uid, uint64_t ticket) {
    constexpr int kInterrupted = 130;
    finish({.uid = uid, .code = kInterrupted, .error = not_begun(), .ticket = ticket});
  }

  // What comes after a job; whether what it is made of shall be checked. Protected by mutex.
  bool judge(const Job& job, Ended& ended) {
    const auto at = known.find(job.uid);
    if (at == known.end()) return false;
    Known& mine = at->second;
    constexpr int kBusy = 4, kInterrupted = 130;
    const bool came_to_an_end = !ended.json.empty() || !ended.error.empty();
    const bool is_busy = ended.code == kBusy;
    // Told to stop before it listened to that, it ends without a word.
    const bool was_interrupted =
        ended.code == kInterrupted || (job.told_to_stop && !came_to_an_end);
    if (was_interrupted && !came_to_an_end) ended.error = not_begun();
    if (!came_to_an_end && !was_interrupted) {
      ++crashed;
      ended.error =
          json{{"kind", "corrupt"},
               {"message", fmt::format("the process of the {} ended with code {}",
                                       job.work == Work::run ? "run" : "audit", ended.code)},
               {"remedy", "It is carried on by itself."}}
              .dump();
    }
    if (is_busy || (was_interrupted && !job.told_to_stop) ||
        (!came_to_an_end && !was_interrupted)) {
      try_later(job.uid, job.order);
      return false;
    }
    mine.tries = 0;
    if (job.work != Work::run) return false;
    const json report = parsed(ended.json);
    const std::string status = text_of(report, "status");
    ++ended_by_status[!status.empty() ? status : was_interrupted ? "interrupted" : "failed"];
    if (was_interrupted) return false;
    if (status != "failed" && ended.error.empty()) {
      mine.failures = 0;
      return false;
    }
    const json error = !ended.error.empty() ? parsed(ended.error)
                       : report.contains("error") && report["error"].is_object() ? report["error"]
                                                                                 : json::object();
    const std::string kind = text_of(error, "kind");
    const bool may_pass = kind == to_string(ErrorKind::unavailable) ||
                          kind == to_string(ErrorKind::throttled) ||
                          kind == to_string(ErrorKind::busy);
    if (may_pass && ++mine.failures < settings.failures_before_rest) return false;
    return !mine.is_checked;
  }

  // Rests, or no longer: by the first problem that a check found of what it is made of.
  Status keep_rest(const std::string& uid, const std::string& findings) {
    const json all = read_json<json>(findings);
    if (!all.is_array()) return ok_status();  // the check came to no end
    std::optional<Rest> rest;
    for (const json& one : all)
      if (!rest && text_of(one, "level") == "problem")
        rest = Rest{.kind = text_of(one, "kind"),
                    .name = text_of(one, "name"),
                    .problem = text_of(one, "message"),
                    .remedy = text_of(one, "remedy"),
                    .since = world.clock.now()};
    {
      const std::lock_guard lock(mutex);
      const auto at = known.find(uid);
      if (at == known.end()) return ok_status();
      if (rest && at->second.rest && rest->kind == at->second.rest->kind &&
          rest->name == at->second.rest->name && rest->problem == at->second.rest->problem)
        return ok_status();
      if (!rest && !at->second.rest) return ok_status();
      if (!rest) at->second.failures = 0;
    }
    TRY(world.store.put_fact(uid, kRestFact, rest ? json_of(*rest) : "null"));
    tell(uid, "rest", rest ? json_of(*rest) : "null");
    return look(true);
  }

  // --- Going round.

  Millis pause() const {
    const std::lock_guard lock(mutex);
    Millis most = std::max(Millis(0), look_at - world.clock.monotonic());
    if (const auto wake = scheduler.wake())
      most = std::min(most, std::max(Millis(0), *wake - world.clock.now()));
    for (const auto& [uid, one] : later)
      most = std::min(most, std::max(Millis(0), one.at - world.clock.monotonic()));
    return most;
  }

  // What cannot be kept now is kept later; till then the runs say what was dealt with.
  void keep_standings() {
    std::vector<scheduler::Standing> changed;
    {
      const std::lock_guard lock(mutex);
      for (scheduler::Standing& one : scheduler.changed()) unkept[one.uid] = std::move(one);
      // What shall be tried again is still due to whoever comes after us.
      for (const auto& [uid, one] : unkept)
        if (!owed.contains(uid)) changed.push_back(one);
      if (!schedules) unkept.clear();
    }
    for (const scheduler::Standing& one : changed) {
      if (!lease || !lease->outlasts(Millis(0)) || !operations::keep(world, one).ok()) continue;
      const std::lock_guard lock(mutex);
      unkept.erase(one.uid);
    }
  }

  void take(const std::vector<JobEvent>& events) {
    for (const JobEvent& event : events) {
      if (!event.line.empty()) hear(event);
      if (event.ended) end(event);
    }
  }

  void stop_all() {
    const auto each = [&](auto body) {
      const std::lock_guard lock(mutex);
      for (auto& [job, one] : running) body(job, one);
      return !running.empty();
    };
    each([&](JobId job, Job& one) {
      is_ending = one.told_to_stop = true;
      jobs.stop(job);
    });
    const Millis until = world.clock.monotonic() + settings.grace;
    while (each([](JobId, const Job&) {}) && world.clock.monotonic() < until)
      take(jobs.wait(std::min<Millis>(until - world.clock.monotonic(), Millis(1000))));
    if (each([&](JobId job, const Job&) { jobs.kill(job); })) take(jobs.wait(Millis(1000)));
  }

  Status work(const std::stop_token& stop) {
    take_turn();
    if (!lease) TRY(look(true));
    const std::stop_callback woken(stop, [&] { jobs.wake(); });
    while (!stop.stop_requested()) {
      take_turn();
      look_if_due();
      retry_if_due();
      recheck_if_due();
      begin_due();
      keep_standings();
      take(jobs.wait(pause()));
    }
    keep_standings();
    stop_all();
    keep_standings();
    lease.reset();
    {
      const std::lock_guard lock(mutex);
      is_over = true;
    }
    has_ended.notify_all();
    return ok_status();
  }
};

Service::Service(const operations::World& world, Jobs& jobs, Settings settings)
    : inside_(std::make_unique<Inside>(world, jobs, settings)) {}
Service::~Service() = default;

Status Service::work(const std::stop_token& stop) { return inside_->work(stop); }

Result<uint64_t> Service::ask(const std::string& uid, Order order) {
  bool is_known = false;
  {
    const std::lock_guard lock(inside_->mutex);
    is_known = inside_->known.contains(uid);
  }
  if (!is_known) TRY(inside_->look(true));  // it may be new
  {
    const std::lock_guard lock(inside_->mutex);
    if (!inside_->known.contains(uid))
      return operations::no_such_uid(catalog::Kind::activation, uid);
    order.ticket = ++inside_->last_ticket;
    if (!inside_->scheduler.ask(uid, order.work, note_of(order), inside_->world.clock.now()))
      return Error{.kind = ErrorKind::conflict,
                   .message = "a run was asked for already, and waits for its turn",
                   .code = "already_asked"};
    inside_->later.erase(uid);
    if (order.work == Work::run) inside_->asked[uid] = order.ticket;
  }
  inside_->jobs.wake();
  return order.ticket;
}

bool Service::stop_run(const std::string& uid) {
  const std::lock_guard lock(inside_->mutex);
  const auto later = inside_->later.find(uid);
  bool found = later != inside_->later.end();
  if (found) {
    inside_->forget(uid, later->second.order.ticket);
    inside_->later.erase(later);
  }
  if (const auto waits = inside_->asked.find(uid); waits != inside_->asked.end()) {
    inside_->forget(uid, waits->second);
    inside_->asked.erase(waits);
  }
  inside_->has_ended.notify_all();
  for (const scheduler::Waiting& one : inside_->scheduler.waiting())
    found = found || one.uid == uid;
  inside_->scheduler.withdraw(uid);
  for (auto& [job, one] : inside_->running) {
    if (one.uid != uid || one.is_check) continue;
    one.told_to_stop = found = true;
    inside_->jobs.stop(job);
  }
  return found;
}

std::optional<Ended> Service::wait_for(uint64_t ticket, Millis how_long,
                                       const std::stop_token& stop) {
  std::unique_lock lock(inside_->mutex);
  const auto is_there = [&] { return inside_->finished.contains(ticket) || inside_->is_over; };
  if (!inside_->has_ended.wait_for(lock, stop, how_long, is_there)) return std::nullopt;
  const auto at = inside_->finished.find(ticket);
  return at == inside_->finished.end() ? std::nullopt : std::optional(at->second);
}

Standing Service::standing(const std::string& uid) const {
  std::unique_lock lock(inside_->mutex);
  Standing out{.next_at = inside_->scheduler.next(uid)};
  for (const auto& [job, one] : inside_->running)
    if (one.uid == uid && !one.is_check) out.live = one.live;
  for (const scheduler::Waiting& one : inside_->scheduler.waiting())
    out.waiting = out.waiting || one.uid == uid;
  const auto at = inside_->known.find(uid);
  if (at == inside_->known.end()) return out;
  out.rest = at->second.rest;
  if (inside_->schedules || out.rest) return out;
  // By what the one that schedules has kept.
  const Activation activation = at->second.activation;
  lock.unlock();
  if (const auto kept = operations::standing(inside_->world, uid); kept.ok())
    out.next_at =
        operations::next_run_at(activation, *kept, std::nullopt, inside_->world.clock.now());
  return out;
}

std::vector<Service::Due> Service::due() const {
  const std::lock_guard lock(inside_->mutex);
  std::map<std::string, Due> all;
  for (const auto& [uid, one] : inside_->known) all[uid] = {.uid = uid, .name = one.name};
  for (const scheduler::Waiting& one : inside_->scheduler.waiting())
    if (const auto at = all.find(one.uid); at != all.end() && one.work == Work::run)
      at->second.since = one.due;
  std::vector<Due> out;
  for (auto& [uid, one] : all) out.push_back(std::move(one));
  return out;
}

std::string Service::name_of(const std::string& uid) const {
  const std::lock_guard lock(inside_->mutex);
  const auto at = inside_->known.find(uid);
  return at == inside_->known.end() ? uid : at->second.name;
}

Numbers Service::numbers() const {
  const std::lock_guard lock(inside_->mutex);
  Numbers out{.running = inside_->scheduler.running(),
              .ended = inside_->ended_by_status,
              .crashed = inside_->crashed};
  for (const scheduler::Waiting& one : inside_->scheduler.waiting()) {
    ++out.waiting;
    out.lag = std::max(out.lag, inside_->world.clock.now() - one.due);
  }
  for (const auto& [uid, one] : inside_->known) out.resting += one.rest ? 1 : 0;
  return out;
}

bool Service::alive() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->revision && inside_->world.clock.monotonic() - inside_->looked_at < kAlive;
}

bool Service::schedules() const { return inside_->is_scheduling(); }

void Service::look() {
  {
    const std::lock_guard lock(inside_->mutex);
    inside_->look_at = Millis(0);
  }
  inside_->jobs.wake();
}

std::shared_ptr<void> Service::listen(Listener listener) {
  const std::lock_guard lock(inside_->listeners_mutex);
  const uint64_t number = ++inside_->last_listener;
  inside_->listeners.emplace(number, std::make_shared<Listener>(std::move(listener)));
  Inside* const inside = inside_.get();
  return {nullptr, [inside, number](void*) {
            const std::lock_guard lock_too(inside->listeners_mutex);
            inside->listeners.erase(number);
          }};
}

}  // namespace rollcall::service
