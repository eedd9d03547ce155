// Each activation has two times, of its next run and of its next audit. Those that are ahead stand in
// one ordered set, from which take() removes what has become due; whoever may start stands in the
// ordered queue of its destination. So nothing is computed for an activation to which nothing
// happens.
#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "calendar/calendar.hpp"

namespace rollcall::scheduler {
namespace {

constexpr std::array kWorks = {Work::run, Work::audit};

// Differs whenever the schedule does.
std::string text_of(const Schedule& schedule) {
  switch (schedule.kind) {
    case Schedule::Kind::manual:
      return "manual";
    case Schedule::Kind::every:
      return "every " + std::to_string(schedule.every.count());
    case Schedule::Kind::cron:
      return "cron " + schedule.cron + " " + schedule.tz;
    case Schedule::Kind::recurrences:
      break;
  }
  std::string out = "on";
  for (const Recurrence& one : schedule.recurrences)
    out += " " + join(one.days, ",") + " " + one.at + " " + one.tz;
  return out;
}

bool is_interval(const Schedule& schedule) {
  return schedule.kind == Schedule::Kind::every && schedule.every.count() > 0;
}

// FNV-1a: the same on every machine and in every version.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

enum class Rank { resumed, asked, due };

struct Wait {
  Rank rank;
  Time since;
  Work work;
};

struct Asked {
  Time at;
  std::string note;
};

// A time of an activation. One that is ahead stands in the set of those, one that is due not.
struct Appointment {
  std::optional<Time> at;
  bool due = false;
};

using Key = std::tuple<Rank, Time, std::string>;  // with the uid

struct Entry {
  Task task;
  Standing standing;
  Millis jitter{0};
  std::optional<Time> resumed = std::nullopt;
  std::array<std::optional<Asked>, 2> asked = {};  // by work, as what follows
  std::array<Appointment, 2> times = {};
  std::optional<Time> reckoned = std::nullopt;  // what its next run was reckoned from
  bool passed_over = false;                     // its audit, by a run
  std::string queue = {};                       // the destination in whose queue it stands
  std::optional<Key> key = std::nullopt;        // and where; nothing: in none
};

struct Running {
  Work work;
  std::string destination;  // as it was
  Time begun;               // times up to here are its
};

struct Place {
  size_t running = 0;
  std::set<Key> ready = {};
};

size_t index(Work work) { return work == Work::run ? 0 : 1; }

// In the order in which they go.
std::vector<Wait> waits(const Entry& entry) {
  std::vector<Wait> out;
  if (entry.resumed) out.push_back({Rank::resumed, *entry.resumed, Work::run});
  for (const Work work : kWorks) {
    const auto& asked = entry.asked[index(work)];
    const Appointment& time = entry.times[index(work)];
    if (asked) {
      out.push_back({Rank::asked, asked->at, work});
    } else if (time.due) {
      out.push_back({Rank::due, *time.at, work});
    }
  }
  std::ranges::stable_sort(out, {}, [&](const Wait& wait) {
    return std::pair(wait.rank, (wait.work == Work::run) == entry.passed_over);
  });
  return out;
}

// The last time that has passed at `at`, or what stands for it: the next one is the first after it.
Time dealt_with(const Entry& entry, Time at) {
  const Time since = entry.standing.since;
  const Schedule& schedule = entry.task.schedule;
  if (!is_interval(schedule)) return std::max(since, at - entry.jitter);
  return since + std::max<int64_t>(0, (at - since) / schedule.every) * schedule.every;
}

}  // namespace

struct Scheduler::Inside {
  Settings settings;
  Time now = {};  // the last that was given
  std::map<std::string, Entry> entries = {};
  std::map<std::string, Running> running = {};  // by uid; of those forgotten too
  std::map<std::string, Place> places = {};     // by destination; where one runs or waits
  std::set<std::tuple<Time, std::string, Work>> ahead = {};
  std::set<std::string> changed = {};

  Entry* find(const std::string& uid) {
    const auto found = entries.find(uid);
    return found == entries.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const Running* running_of(const std::string& uid) const {
    const auto found = running.find(uid);
    return found == running.end() ? nullptr : &found->second;
  }

  void keep(Entry& entry, const Standing& standing) {
    if (entry.standing == standing) return;
    entry.standing = standing;
    changed.insert(standing.uid);
  }

  void set_time(Entry& entry, Work work, std::optional<Time> at) {
    Appointment& time = entry.times[index(work)];
    if (time.at && !time.due) ahead.erase({*time.at, entry.task.uid, work});
    time = {.at = at, .due = at && *at <= now};
    if (time.at && !time.due) ahead.emplace(*time.at, entry.task.uid, work);
  }

  // Both times of it anew, and its place in the queue.
  void reckon(Entry& entry) {
    const Task& task = entry.task;
    Standing sane = entry.standing;
    if (!calendar::can_have_passed(task.schedule, sane.since, now)) sane.since = now;
    sane.audit_since = std::min(sane.audit_since, now);
    keep(entry, sane);
    const Running* runs = running_of(task.uid);
    std::optional<Time> run, audit;
    if (!task.resting) {
      const bool a_run = runs != nullptr && runs->work == Work::run;
      const Time since = a_run ? dealt_with(entry, runs->begun) : sane.since;
      run = since == entry.reckoned ? entry.times[index(Work::run)].at : next_run(entry, since);
      entry.reckoned = since;
      const bool an_audit = runs != nullptr && runs->work == Work::audit;
      if (task.audit_every) audit = (an_audit ? runs->begun : sane.audit_since) + *task.audit_every;
    }
    set_time(entry, Work::run, run);
    set_time(entry, Work::audit, audit);
    queue(entry);
  }

  static std::optional<Time> next_run(const Entry& entry, Time since) {
    const Schedule& schedule = entry.task.schedule;
    if (schedule.kind == Schedule::Kind::every && !is_interval(schedule)) return std::nullopt;
    const auto next = calendar::next(schedule, since);
    if (!next.ok() || !*next) return std::nullopt;
    return **next + entry.jitter;
  }

  // Puts it where it belongs: into its destination's queue if it waits and does not run.
  void queue(Entry& entry) {
    leave_queue(entry);
    const std::vector<Wait> waiting = waits(entry);
    if (waiting.empty() || running_of(entry.task.uid) != nullptr) return;
    entry.queue = entry.task.destination;
    entry.key = Key(waiting[0].rank, waiting[0].since, entry.task.uid);
    places[entry.queue].ready.insert(*entry.key);
  }
  void leave_queue(Entry& entry) {
    if (!entry.key) return;
    places[entry.queue].ready.erase(*entry.key);
    entry.key.reset();
    tidy(entry.queue);
  }
  void tidy(const std::string& destination) {
    const auto place = places.find(destination);
    if (place->second.running == 0 && place->second.ready.empty()) places.erase(place);
  }

  void add(const Task& task, const Standing* kept) {
    Entry& entry = entries[task.uid];
    stand(entry, task, kept);
    change(entry, task);
  }

  void stand(Entry& entry, const Task& task, const Standing* kept) {
    if (kept != nullptr) {
      entry.standing = *kept;
      return;
    }
    // An interval is due one after `since`.
    const Time since = is_interval(task.schedule) ? now - task.schedule.every : now;
    keep(entry,
         {.uid = task.uid, .schedule = text_of(task.schedule), .since = since, .audit_since = now});
  }

  void change(Entry& entry, const Task& task) {
    entry.task = task;
    Millis most = settings.jitter;
    if (is_interval(task.schedule)) most = std::min(most, Millis(task.schedule.every) / 10);
    entry.jitter = Millis(hash_of(task.uid) % static_cast<uint64_t>(most.count() + 1));
    Standing standing = entry.standing;
    standing.schedule = text_of(task.schedule);
    standing.resting = task.resting;
    if (standing.schedule != entry.standing.schedule) {
      standing.since = now;
    } else if (entry.standing.resting && !task.resting) {
      standing.since = is_interval(task.schedule) ? dealt_with(entry, now) : now;
    }
    keep(entry, standing);
    if (task.resting) entry.resumed.reset();
    entry.reckoned.reset();
    reckon(entry);
  }

  void forget(Entry& entry) {
    set_time(entry, Work::run, std::nullopt);
    set_time(entry, Work::audit, std::nullopt);
    leave_queue(entry);
    changed.erase(entry.task.uid);
  }

  void it_is(Time time) {
    const bool set_back = time < now;
    now = time;
    if (!set_back) return;
    for (auto& [uid, one] : running)
      if (one.begun > now + calendar::kSetBack) one.begun = now;
    for (auto& [uid, entry] : entries) reckon(entry);
  }

  // The destination whose turn it is; nothing if nobody may start.
  [[nodiscard]] const Place* turn() const {
    if (running.size() >= settings.at_once) return nullptr;
    const auto order = [](const Place& place) {
      const auto& [rank, since, uid] = *place.ready.begin();
      return std::tuple(rank != Rank::resumed, place.running, rank, since, uid);
    };
    const Place* best = nullptr;
    for (const auto& [uid, place] : places)
      if (!place.ready.empty() && place.running < settings.at_once_destination &&
          (best == nullptr || order(place) < order(*best)))
        best = &place;
    return best;
  }

  Start start(Entry& entry) {
    const Wait wait = waits(entry)[0];
    const size_t work = index(wait.work);
    Start out{.uid = entry.task.uid, .work = wait.work, .due = wait.since};
    Time begun = now;
    if (wait.rank == Rank::resumed) {
      begun = std::min(now, *std::exchange(entry.resumed, std::nullopt));
    } else if (wait.rank == Rank::asked) {
      out.asked = true;
      out.note = std::exchange(entry.asked[work], std::nullopt)->note;
    }
    const size_t audit = index(Work::audit);
    out.until = dealt_with(entry, begun);
    entry.passed_over = wait.work == Work::run && (entry.asked[audit] || entry.times[audit].due);
    leave_queue(entry);
    ++places[entry.task.destination].running;
    running.emplace(out.uid, Running{wait.work, entry.task.destination, begun});
    reckon(entry);
    return out;
  }
};

Scheduler::Scheduler(Settings settings)
    : inside_(std::make_unique<Inside>(Inside{.settings = settings})) {}
Scheduler::~Scheduler() = default;

void Scheduler::tasks(const std::vector<Task>& tasks, const std::vector<Standing>& kept, Time now) {
  inside_->it_is(now);
  std::map<std::string, const Standing*> standings;
  for (const Standing& standing : kept) standings[standing.uid] = &standing;
  std::set<std::string> there;
  for (const Task& task : tasks) {
    there.insert(task.uid);
    if (Entry* entry = inside_->find(task.uid); entry == nullptr) {
      const auto standing = standings.find(task.uid);
      inside_->add(task, standing == standings.end() ? nullptr : standing->second);
    } else if (entry->task != task) {
      inside_->change(*entry, task);
    }
  }
  auto& entries = inside_->entries;
  for (auto one = entries.begin(); one != entries.end();) {
    if (there.contains(one->first)) {
      ++one;
    } else {
      inside_->forget(one->second);
      one = entries.erase(one);
    }
  }
}

bool Scheduler::ask(const std::string& uid, Work work, std::string note, Time now) {
  inside_->it_is(now);
  Entry* entry = inside_->find(uid);
  if (entry == nullptr || entry->asked[index(work)]) return false;
  entry->asked[index(work)] = Asked{now, std::move(note)};
  inside_->queue(*entry);
  return true;
}

void Scheduler::take_over(const std::vector<Standing>& kept, Time now) {
  inside_->it_is(now);
  std::map<std::string, const Standing*> standings;
  for (const Standing& standing : kept) standings[standing.uid] = &standing;
  for (auto& [uid, entry] : inside_->entries) {
    const auto standing = standings.find(uid);
    inside_->stand(entry, entry.task, standing == standings.end() ? nullptr : standing->second);
    inside_->change(entry, Task(entry.task));
  }
}

void Scheduler::withdraw(const std::string& uid) {
  Entry* entry = inside_->find(uid);
  if (entry == nullptr) return;
  entry->resumed.reset();
  entry->asked = {};
  Standing standing = entry->standing;
  if (entry->times[index(Work::run)].due) standing.since = dealt_with(*entry, inside_->now);
  if (entry->times[index(Work::audit)].due) standing.audit_since = inside_->now;
  inside_->keep(*entry, standing);
  inside_->reckon(*entry);
}

void Scheduler::resume(const std::string& uid, Time since) {
  Entry* entry = inside_->find(uid);
  if (entry == nullptr || entry->task.resting) return;
  entry->resumed = since;
  inside_->queue(*entry);
}

std::vector<Start> Scheduler::take(Time now) {
  inside_->it_is(now);
  while (!inside_->ahead.empty() && std::get<Time>(*inside_->ahead.begin()) <= now) {
    const auto [at, uid, work] = *inside_->ahead.begin();
    inside_->ahead.erase(inside_->ahead.begin());
    Entry& entry = *inside_->find(uid);
    entry.times[index(work)].due = true;
    inside_->queue(entry);
  }
  std::vector<Start> out;
  while (const Place* place = inside_->turn())
    out.push_back(inside_->start(*inside_->find(std::get<std::string>(*place->ready.begin()))));
  return out;
}

void Scheduler::ended(const std::string& uid, Work work, Time now) {
  inside_->it_is(now);
  const auto found = inside_->running.find(uid);
  if (found == inside_->running.end() || found->second.work != work) return;
  const Running was = found->second;
  inside_->running.erase(found);
  --inside_->places[was.destination].running;
  inside_->tidy(was.destination);
  Entry* entry = inside_->find(uid);
  if (entry == nullptr) return;
  Standing standing = entry->standing;
  if (work == Work::run) standing.since = dealt_with(*entry, was.begun);
  if (work == Work::audit) standing.audit_since = std::max(standing.audit_since, was.begun);
  inside_->keep(*entry, standing);
  inside_->reckon(*entry);
}

std::optional<Time> Scheduler::wake() const {
  if (inside_->turn() != nullptr) return inside_->now;
  if (inside_->ahead.empty()) return std::nullopt;
  return std::get<Time>(*inside_->ahead.begin());
}

std::vector<Waiting> Scheduler::waiting() const {
  std::vector<std::pair<Wait, std::string>> all;
  for (const auto& [uid, entry] : inside_->entries)
    for (const Wait& wait : waits(entry)) all.emplace_back(wait, uid);
  std::ranges::stable_sort(
      all, {}, [](const auto& one) { return std::pair(one.first.rank, one.first.since); });
  std::vector<Waiting> out;
  for (const auto& [wait, uid] : all)
    out.push_back(
        {.uid = uid, .work = wait.work, .asked = wait.rank == Rank::asked, .due = wait.since});
  return out;
}

size_t Scheduler::running() const { return inside_->running.size(); }

std::optional<Time> Scheduler::next(const std::string& uid) const {
  const Entry* entry = inside_->find(uid);
  return entry == nullptr ? std::nullopt : entry->times[index(Work::run)].at;
}

std::vector<Standing> Scheduler::changed() {
  std::vector<Standing> out;
  for (const std::string& uid : std::exchange(inside_->changed, {}))
    out.push_back(inside_->find(uid)->standing);
  return out;
}

}  // namespace rollcall::scheduler
