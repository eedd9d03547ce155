// New custom attributes: made in Iterable once, by the first values, on contacts that were looked
// up.
#pragma once

#include "attributes/attributes.hpp"
#include "iterable/iterable.hpp"
#include "run/run.hpp"

namespace rollcall::run {

// People looked at together for a contact with a value.
constexpr size_t kFieldCandidatesAtOnce = 10;

struct FieldWork {
  const World& world;
  const iterable::Client& client;
  const Activation& activation;
  const Destination& destination;
  const std::vector<attributes::Target>& targets;
  int64_t list_id;
  bool list_is_new;
  state::Work& work;  // the snapshot
};

struct FieldState {
  std::vector<bool> missing;  // by target: not in Iterable, whether or not it is to be created
  std::vector<std::string> to_create, not_there;
  std::vector<std::string> doubts;  // in words
};
// Reads alone. Errors: conflict (a field of another type), naming both types and the remedy.
Result<FieldState> check_fields(const iterable::Reader& client,
                                const std::vector<attributes::Target>& targets,
                                const std::stop_token& stop);

struct FieldsMade {
  std::vector<std::string> created;
  std::vector<bool> pending;  // by target: still not there
};
// Iterable has no call that makes a field; the first value written fixes its type for ever. So the
// missing ones are written on as few proven contacts as have a value that fixes the type, and
// waited for. Where updateExistingUsersOnly protects they are written with the list, on which these
// people belong: the call that is made for attributes would make a contact anew who was deleted
// since. It is used where the project lets no other call make fields.
Result<FieldsMade> make_fields(const FieldWork& work, const FieldState& state,
                               const std::stop_token& stop);

}  // namespace rollcall::run
