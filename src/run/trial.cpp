#include "run/trial.hpp"

#include <algorithm>

#include "run/proof.hpp"

namespace rollcall::run {
namespace {

constexpr const char* kFact = "trial";
constexpr size_t kAbsentMax = 3;
constexpr Millis kLookEvery{300};

Error contradiction(const Destination& destination) {
  return {
      ErrorKind::conflict,
      "destination `" + destination.name + "` is declared with project_type " +
          std::string(to_string(destination.project_type)) +
          ", but Iterable lists its members the way " +
          (destination.project_type == ProjectType::email ? "a userId-based or hybrid project does"
                                                          : "an email-based project does"),
      "Correct `project_type` of the destination; Iterable shows it in the project's settings."};
}

// What the people's profiles say of the list, as soon as one of them says anything.
Result<prove::Told> told_by(const std::vector<std::string>& keys, const deliver::Order& order,
                            ProjectType declared, const std::stop_token& stop) {
  for (const std::string& key : keys) {
    const auto seen = TRY(order.client.look_up(order.key_type, key, stop));
    if (!seen.profile) continue;
    if (const prove::Told told = prove::told(*seen.profile, order.list_id, declared);
        told != prove::Told::not_yet)
      return told;
  }
  return prove::Told::not_yet;
}

// Sends one absent person with the flag. Nothing when that says nothing: Iterable refused the
// identifier itself, or did not answer. This is the one write that relies on the flag before it is
// trusted: whether it may be is the question.
enum class Absent { named, created, not_named, refused, no_answer };
Result<Absent> send_absent(const TrialWork& trial, const deliver::Order& order,
                           const std::string& key, Millis wait, const std::stop_token& stop) {
  using iterable::BatchAnswer;
  const iterable::Person person{key};
  const auto make_ready = [&]() -> Result<std::optional<deliver::Ready>> {
    return std::optional(deliver::Ready{{.call = iterable::BatchCall::subscribe,
                                         .list_id = order.list_id,
                                         .key_type = order.key_type,
                                         .people = {&person, 1}},
                                        iterable::Proof::by_answer()});
  };
  BatchAnswer answer;
  for (int i = 0; i < 2; ++i) {  // an answer that contradicts itself may be an accident, once
    answer = deliver::send({order.client, order.clock, order.random},
                           iterable::BatchCall::subscribe, order.list_is_new, make_ready, stop)
                 .value();
    if (answer.kind != BatchAnswer::Kind::doubtful) break;
  }
  trial.world.observer.reached("trial.absent_sent");
  if (!trial.world.clock.sleep(wait, stop))
    return Error{ErrorKind::cancelled, "stopped during the trial of the destination"};
  const auto seen = TRY(order.client.look_up(order.key_type, key, stop));
  if (seen.of_another) return Absent::no_answer;
  if (seen.profile) return Absent::created;
  switch (answer.kind) {
    case BatchAnswer::Kind::failed:
    case BatchAnswer::Kind::too_late:
      return Absent::no_answer;
    case BatchAnswer::Kind::refused:
    case BatchAnswer::Kind::too_large:
      return Absent::refused;
    case BatchAnswer::Kind::doubtful:
      return Absent::not_named;
    case BatchAnswer::Kind::answered:
      break;
  }
  switch (answer.verdicts.at(0).kind) {
    case iterable::Verdict::Kind::not_found:
      return Absent::named;
    case iterable::Verdict::Kind::rejected:
      return Absent::refused;
    case iterable::Verdict::Kind::confirmed:
      break;
  }
  return Absent::not_named;
}

}  // namespace

Result<prove::Trial> known_trial(store::Store& store, const Destination& destination) {
  prove::Trial out;
  if (const auto fact = TRY(store.fact(destination.uid, kFact)))
    out = prove::trial_from_json(*fact);
  if (out.about != project_text(destination)) out = {};
  out.about = project_text(destination);
  return out;
}

Status keep_trial(store::Store& store, const Destination& destination, const prove::Trial& before,
                  const prove::Trial& now) {
  if (prove::to_json(before) == prove::to_json(now)) return ok_status();
  return store.put_fact(destination.uid, kFact, prove::to_json(now));
}

Result<TrialPeople> find_trial_people(const TrialWork& trial, const prove::Trial& known,
                                      const iterable::Reader& reader, KeyType key_type,
                                      const std::stop_token& stop) {
  if (known.grade != prove::Trial::Grade::untried) return TrialPeople{};
  const bool wants_absent = trial.destination.project_type != ProjectType::email;
  std::vector<Change> people;
  {
    state::Which which = state::entrants();
    which.waiting = false;
    which.first = kTrialLookUpsMax;
    const auto entrants = TRY(trial.work.changes(which));
    TRY(entrants->next(people, kTrialLookUpsMax));
  }
  std::erase_if(people, [&](const Change& change) { return !trial.answers.is_open(change.seq); });
  TrialPeople out;
  for (size_t from = 0; from < people.size() &&
                        (out.present.size() < kTrialWrites || (wants_absent && out.absent.empty()));
       from += kTrialLookUpsAtOnce) {
    std::vector<std::string> keys;
    for (size_t i = from; i < std::min(people.size(), from + kTrialLookUpsAtOnce); ++i)
      keys.push_back(people[i].key);
    const auto seen = TRY(prove::look_up_all(trial.world.workers, reader, key_type, keys, stop));
    for (size_t i = 0; i < seen.size(); ++i) {
      if (seen[i].profile) {
        if (out.present.size() < kTrialWrites) out.present.push_back(people[from + i]);
      } else if (!seen[i].of_another && !seen[i].failed && wants_absent &&
                 out.absent.size() < kAbsentMax && !people[from + i].look_up_first) {
        out.absent.push_back(people[from + i]);  // the parked are touched by reads alone
      }
    }
  }
  return out;
}

Status try_destination(const TrialWork& work, const deliver::Order& order,
                       deliver::Delivery& delivery, std::optional<TrialPeople> people,
                       const std::stop_token& stop) {
  prove::Trial trial = order.trust.trial();
  if (trial.grade != prove::Trial::Grade::untried) return ok_status();
  const Destination& destination = work.destination;
  const ProjectType declared = destination.project_type;

  // Those who are on the list already tell it without a write.
  prove::Told told = TRY(told_by(TRY(work.work.members(kTrialWrites)), order, declared, stop));
  if (told == prove::Told::otherwise) return contradiction(destination);
  const TrialPeople found =
      people ? std::move(*people)
             : TRY(find_trial_people(work, trial, order.client, order.key_type, stop));
  Millis wait = destination.settle;  // how long a write takes to be seen, as far as is known
  if (!found.present.empty()) {
    const Millis started = work.world.clock.monotonic();
    delivery.write_now(found.present, stop);
    if (delivery.failed()) return Error(*delivery.delivered().error);
    work.world.observer.reached("trial.written");
    // As soon as the write can be seen, a profile names the list where the project's type says.
    std::vector<std::string> keys;
    for (const Change& change : found.present) keys.push_back(change.key);
    while (true) {
      told = TRY(told_by(keys, order, declared, stop));
      wait = work.world.clock.monotonic() - started;
      if (told != prove::Told::not_yet || wait >= destination.settle) break;
      if (!work.world.clock.sleep(kLookEvery, stop))
        return Error{ErrorKind::cancelled, "stopped during the trial of the destination"};
    }
    if (told == prove::Told::otherwise) return contradiction(destination);
  }
  if (told == prove::Told::not_yet)
    return ok_status();  // neither passed nor failed: this run looks everybody up

  trial.grade = prove::Trial::Grade::passed;
  // Only now may somebody absent be sent: in a project that is what it is declared to be.
  for (const Change& absent : found.absent) {
    const Absent what = TRY(send_absent(work, order, absent.key, wait, stop));
    if (what == Absent::refused) continue;  // whatever is refused here will be in its turn
    trial.absent_tested = what == Absent::named;
    if (what == Absent::no_answer) trial.grade = prove::Trial::Grade::untried;
    if (what == Absent::created || what == Absent::not_named) {
      trial.grade = prove::Trial::Grade::failed;
      trial.note =
          what == Absent::created
              ? "an absent person sent with updateExistingUsersOnly was there afterwards"
              : "an absent person sent with updateExistingUsersOnly was not named as not found";
    }
    // Recorded by what was looked up, not by what was answered.
    if (what != Absent::created)
      TRY(order.journal.answered(std::nullopt, {absent.seq}, {{OutcomeKind::not_a_contact}}));
    break;
  }
  order.trust.set(trial);
  work.world.observer.reached("trial.judged");
  return ok_status();
}

}  // namespace rollcall::run
