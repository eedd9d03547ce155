// The trial of a destination: is the project what it is declared to be, and does
// updateExistingUsersOnly hold there? A few people decide it before the first large write.
#pragma once

#include "deliver/deliver.hpp"
#include "run/run.hpp"

namespace rollcall::run {

// Keeps it, if there is something new: another activation's run may have learnt more meanwhile.
Status keep_trial(store::Store& store, const Destination& destination, const prove::Trial& before,
                  const prove::Trial& now);

// People of the plan it looks up, so many at a time, and so many contacts that it writes.
constexpr size_t kTrialLookUpsMax = 100, kTrialLookUpsAtOnce = 20, kTrialWrites = 10;

struct TrialWork {
  const World& world;
  const Destination& destination;
  state::Work& work;  // the sealed plan
  const state::Answers& answers;
};

// Some of those to be added, as look-ups show them: who is a contact, and who is not. Nothing where
// the project has been tried already.
struct TrialPeople {
  std::vector<Change> present, absent;
};
Result<TrialPeople> find_trial_people(const TrialWork& trial, const prove::Trial& known,
                                      const iterable::Reader& reader, KeyType key_type,
                                      const std::stop_token& stop);

// Writes some proven people of the plan (through `delivery`, as ordinary outcomes) and, in
// user_id and hybrid projects, sends one absent person with the flag. Sets the trust of `order`.
// `people`, if they are known already, are of this plan. Errors: conflict when the project is not of
// the declared type.
Status try_destination(const TrialWork& trial, const deliver::Order& order,
                       deliver::Delivery& delivery, std::optional<TrialPeople> people,
                       const std::stop_token& stop);

}  // namespace rollcall::run
