#include "operations/forget.hpp"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/match_key.hpp"
#include "operations/names.hpp"

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

// An activation whose state may tell of the person, and the right to change it.
struct Held {
  const Activation* activation;
  bool archived = false;
  std::string key;  // as its runs write it
  std::unique_ptr<state::State> state;
  std::unique_ptr<state::Writer> writer = nullptr;
};

std::string normal(const MatchKey& match_key, std::string key) {
  (void)normalise_key(match_key.type, key);
  return key;
}

Result<std::vector<Held>> all_of(const World& world, const Stored& stored,
                                 const ForgetRequest& request) {
  std::vector<Held> out;
  for (const auto* some : {&stored.catalog.activations, &stored.archived})
    for (const Activation& one : *some) {
      Held held{.activation = &one,
                .archived = some == &stored.archived,
                .key = normal(one.match_key, request.key),
                .state = world.states.of(one.uid)};
      if (request.really)
        held.writer = TRY(in_context(held.state->take(), "activation " + one.name));
      out.push_back(std::move(held));
    }
  return out;
}

Result<bool> in_segment(const World& world, const Catalog& catalog, const Held& held,
                        const std::stop_token& stop) {
  const Activation& activation = *held.activation;
  TRY(run::validate(catalog, activation));
  run::OnePerson one = TRY(run::OnePerson::open(world, catalog, activation, held.key, stop));
  return !TRY(one.rows(activated_segment(catalog, activation).where)).empty();
}

// An answer that names them, however it spells them.
bool tells_of(const std::string& text, const ForgetRequest& request) {
  const std::string folded = folded_key(text);
  for (const KeyType type : {KeyType::email, KeyType::user_id})
    if (folded.find(folded_key(normal({.type = type, .field = {}}, request.key))) !=
        std::string::npos)
      return true;
  return false;
}

}  // namespace

Result<ForgottenPerson> forget(const World& world, const Stored& stored,
                               const ForgetRequest& request, const std::stop_token& stop) {
  std::string bare = request.key;
  if (normalise_key(KeyType::email, bare) == KeyForm::blank)
    return Error{ErrorKind::invalid, "the key is blank",
                 "Give the e-mail address or user id of one person."};
  std::vector<Held> all = TRY(all_of(world, stored, request));
  ForgottenPerson out;
  out.removed = request.really;
  for (Held& held : all) {
    const Activation& activation = *held.activation;
    const std::string where = "activation " + activation.name;
    const state::Record record = TRY(in_context(held.state->read(), where));
    const auto row = TRY(in_context(held.state->find(held.key), where));
    out.activations.push_back({.name = activation.name,
                               .destination = activation.destination,
                               .segment = activation.segment,
                               .archived = held.archived,
                               .list = record.list,
                               .on_list = row ? row->on_list : 0,
                               .in_ledger = row.has_value(),
                               .in_past_runs = 0,
                               .in_segment = std::nullopt,
                               .not_asked = {}});
    if (held.writer) held.writer->record = record;
  }
  if (request.really) {
    for (size_t i = 0; i < all.size(); ++i) {
      const Held& held = all[i];
      const state::Forgotten gone =
          TRY(in_context(run::forget(world, *held.activation, *held.writer, held.key),
                         "activation " + held.activation->name));
      out.activations[i].in_past_runs = gone.in_past_runs;
    }
    for (const Destination& destination : stored.catalog.destinations) {
      bool removed = false;
      for (const KeyType type : {KeyType::email, KeyType::user_id}) {
        const MatchKey match_key{.type = type, .field = {}};
        removed = TRY(run::forget_contact(world, destination, match_key,
                                          normal(match_key, request.key))) ||
                  removed;
      }
      if (removed) out.indexes.push_back(destination.name);
    }
    for (const store::Record& answer : TRY(world.store.records(kKeptAnswers)))
      if (tells_of(answer.json, request) &&
          TRY(world.store.remove_record(kKeptAnswers, answer.key)))
        ++out.answers;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].writer.reset();  // the next run need not wait for the source
    if (all[i].archived) continue;
    const auto asked = in_segment(world, stored.catalog, all[i], stop);
    if (asked.ok()) {
      out.activations[i].in_segment = *asked;
    } else {
      out.activations[i].not_asked = asked.error().message;
    }
  }
  return out;
}

json to_json(const ForgottenPerson& person) {
  json activations = json::array();
  for (const auto& one : person.activations)
    activations.push_back(
        {{"activation", one.name},
         {"destination", one.destination},
         {"segment", one.segment},
         {"archived", one.archived},
         {"list", one.list ? json{{"id", one.list->id}, {"name", one.list->name}} : json()},
         {"on_list", one.on_list == 1   ? "yes"
                     : one.on_list == 2 ? "perhaps"
                                        : "no"},
         {"in_ledger", one.in_ledger},
         {"in_past_runs", one.in_past_runs},
         {"in_segment", one.in_segment ? json(*one.in_segment) : json()},
         {"not_asked", one.not_asked.empty() ? json() : json(one.not_asked)}});
  return {{"removed", person.removed},
          {"activations", std::move(activations)},
          {"contact_indexes", person.indexes},
          {"answers", person.answers}};
}

}  // namespace rollcall::operations
