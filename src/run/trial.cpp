#include "run/trial.hpp"

#include <algorithm>

namespace rollcall::run {
namespace {

constexpr size_t kPresentWanted = 10;
constexpr size_t kLookUpsMax = 100;
constexpr size_t kLookUpsAtOnce = 20;
constexpr Millis kLookEvery{300};

}  // namespace

Status try_destination(const World& world, const deliver::Order& order, deliver::Delivery& delivery, const Destination& destination,
                       duck::Connection& work, const ledger::Settled& settled, const std::stop_token& stop) {
  prove::Trial trial = order.trust.trial();
  if (trial.standing != prove::Trial::Standing::untried) return ok_status();
  const bool wants_absent = destination.project_type != ProjectType::email;

  std::vector<Change> people;
  {
    const auto entrants = TRY(plan::Changes::open(work, order.targets.size(), "kind = 0 AND not_before = 0 LIMIT " + std::to_string(kLookUpsMax)));
    TRY(entrants->next(people, kLookUpsMax));
  }
  std::erase_if(people, [&](const Change& change) { return settled.kinds[change.seq] && *settled.kinds[change.seq] != OutcomeKind::unknown; });
  std::vector<Change> present;
  std::optional<Change> absent;
  for (size_t from = 0; from < people.size() && (present.size() < kPresentWanted || (wants_absent && !absent)); from += kLookUpsAtOnce) {
    std::vector<std::string> keys;
    for (size_t i = from; i < std::min(people.size(), from + kLookUpsAtOnce); ++i) keys.push_back(people[i].key);
    const auto seen = TRY(prove::look_up_all(order.client, order.key_type, keys, world.clock, stop));
    for (size_t i = 0; i < seen.size(); ++i) {
      if (!seen[i].profile) {
        if (!absent) absent = people[from + i];
      } else if (present.size() < kPresentWanted) {
        present.push_back(people[from + i]);
      }
    }
  }
  if (present.empty()) return ok_status();  // nobody to see it on: the next run tries

  const Millis started = world.clock.monotonic();
  delivery.write_now(present, stop);
  if (const auto error = delivery.delivered().error) return Error(*error);
  world.observer.reached("trial.written");

  // As soon as the write can be seen, a profile names the list where the project's type says.
  bool seen = false;
  while (!seen) {
    for (const Change& change : present) {
      const auto profile = TRY(order.client.look_up(order.key_type, change.key, stop));
      if (!profile) continue;
      const prove::Told told = prove::told(*profile, order.list_id, destination.project_type);
      if (told == prove::Told::otherwise)
        return Error{ErrorKind::conflict, "destination `" + destination.name + "` is declared with project_type " + std::string(to_string(destination.project_type)) +
                         ", but Iterable lists its members the way " +
                         (destination.project_type == ProjectType::email ? "a userId-based or hybrid project does" : "an email-based project does"),
                     "Correct `project_type` of the destination; Iterable shows it in the project's settings."};
      if (told == prove::Told::as_declared) {
        seen = true;
        break;
      }
    }
    if (seen) break;
    if (world.clock.monotonic() - started >= destination.settle) break;
    if (!world.clock.sleep(kLookEvery, stop)) return Error{ErrorKind::cancelled, "stopped during the trial of the destination"};
  }
  if (!seen) return ok_status();  // neither passed nor failed: this run looks everybody up

  trial.standing = prove::Trial::Standing::passed;
  // Only now may somebody absent be sent: in a project that is what it is declared to be.
  if (wants_absent && absent) {
    const Millis as_long_again = world.clock.monotonic() - started;
    const iterable::Person person{absent->key};
    const iterable::BatchAnswer named = order.client.send({.call = iterable::BatchCall::subscribe, .list_id = order.list_id, .key_type = order.key_type,
                                                           .people = {&person, 1}, .list_is_new = order.list_is_new}, stop);
    world.observer.reached("trial.absent_sent");
    if (!world.clock.sleep(as_long_again, stop)) return Error{ErrorKind::cancelled, "stopped during the trial of the destination"};
    const bool not_found = named.kind == iterable::BatchAnswer::Kind::answered && named.verdicts.at(0).kind == iterable::Verdict::Kind::not_found;
    const auto created = TRY(order.client.look_up(order.key_type, absent->key, stop));
    if (named.kind == iterable::BatchAnswer::Kind::failed) {
      trial.standing = prove::Trial::Standing::untried;
    } else if (created || !not_found) {
      trial.standing = prove::Trial::Standing::failed;
      trial.note = created ? "an absent person sent with updateExistingUsersOnly was there afterwards"
                           : "an absent person sent with updateExistingUsersOnly was not named as not found";
    } else {
      trial.absent_tested = true;
    }
    // Recorded by what was looked up, not by what was answered.
    if (!created) TRY(order.journal.answered(std::nullopt, {absent->seq}, {{OutcomeKind::not_a_contact}}));
  }
  order.trust.set(trial);
  world.observer.reached("trial.judged");
  return ok_status();
}

}  // namespace rollcall::run
