// The list's life: known by its id, made once, never silently made again.
#pragma once

#include "iterable/iterable.hpp"
#include "prove/prove.hpp"
#include "run/run.hpp"

namespace rollcall::run {

struct ListWork {
  const World& world;
  const iterable::Reader& reader;
  const Activation& activation;
  const Destination& destination;
  state::Writer& writer;
};

// Reads alone: the list we know is there, or the name is free for a new one. Returns warnings.
// Errors: not_found (deleted), conflict (name taken, wrong type).
Result<std::vector<std::string>> check_list(const ListWork& work, bool new_list,
                                            const std::stop_token& stop);
// Afterwards the record has a list. True when the list was made in this call.
Result<bool> ensure_list(const ListWork& work, const iterable::Client& client,
                         const std::stop_token& stop);

// Reads a list into `work`: its members once each, by the normalised key, or none where a member has
// none of this type, and by what the list calls them. Email projects tell their lists in e-mails: where the key is a user id, whose they are is read
// from an export of all contacts.
Status read_list(const iterable::Reader& reader, prove::Contacts& contacts, KeyType key_type,
                 int64_t list_id, state::Work& work, const std::stop_token& stop);

}  // namespace rollcall::run
