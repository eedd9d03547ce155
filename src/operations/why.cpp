// One person, from the data to the list, by the snapshot and the plan of a run.
#include "operations/why.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attributes/attributes.hpp"
#include "operations/names.hpp"
#include "operations/rule_words.hpp"
#include "operations/words.hpp"

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

// The parts of a rule that are told one by one.
std::vector<Rule> parts_of(const Rule& rule, std::string& combined) {
  if (const auto* all = std::get_if<AllOf>(&rule.test)) return combined = "all", all->rules;
  if (const auto* any = std::get_if<AnyOf>(&rule.test)) return combined = "any", any->rules;
  if (const auto* none = std::get_if<NoneOf>(&rule.test)) return combined = "none", none->rules;
  combined = "all";
  return {rule};
}

bool holds_for(const std::vector<std::string>& rows, const std::vector<std::string>& in_model) {
  return !in_model.empty() && std::find(rows.begin(), rows.end(), in_model[0]) != rows.end();
}

std::vector<std::string> attributes_to_write(const std::optional<Change>& change,
                                             const std::vector<attributes::Target>& targets) {
  std::vector<std::string> out;
  if (!change || change->kind == ChangeKind::left) return out;
  for (size_t i = 0; i < targets.size(); ++i)
    if (change->values[i])
      out.push_back(targets[i].to + (*change->values[i] == "null" ? " (cleared)" : ""));
  return out;
}

void tell_state(Why& person) {
  const auto say = [&](const char* state, std::string text) {
    person.state = state;
    person.state_text = std::move(text);
  };
  if (!person.row) return say("unknown_to_ledger", "no run has met this person in the segment");
  const state::PersonRow& row = *person.row;
  const std::string since = " since " + date_ms(row.since_ms);
  if (!row.in_segment && row.on_list == 0)
    return say("removed", "removed from the list on " + date_ms(row.wrote_ms));
  if (!row.in_segment)
    return say("leaver", "left the segment; the removal is not confirmed yet" +
                             (row.detail.empty() ? "" : " (" + row.detail + ")"));
  const std::string on_list = row.on_list == 1   ? "on the list; "
                              : row.on_list == 2 ? "perhaps on the list; "
                                                 : "";
  if (row.reason.empty())
    return row.on_list > 0 ? say("on_list", "on the list" + since)
                           : say("not_on_list", "not on the list any more, as reading it showed");
  if (row.reason == "not_a_contact")
    return say("not_a_contact", "parked: Iterable does not know this person," + since);
  if (row.reason == "rejected")
    return say("rejected", on_list + "rejected by Iterable: " + row.detail + "," + since);
  if (row.reason == "unknown")
    return say("unknown", on_list + "sent, and no answer was read," + since);
  return say("not_sent", on_list + "planned, and the run ended before," + since);
}

std::string next_run(const Why& person, const run::OnePerson::Next& next) {
  const std::optional<Change>& change = next.change;
  if (!change) {
    if (person.in_segment.empty()) return "nothing";
    if (person.row && person.row->reason == "rejected" && person.row->final)
      return "nothing, until their data change or a run with --full";
    return "nothing: everything is as it should be";
  }
  switch (change->kind) {
    case ChangeKind::entered:
      return "added to the list, if Iterable knows this person";
    case ChangeKind::left:
      return "removed from the list";
    case ChangeKind::retried:
      if (!next.not_looked_up.empty()) return "nothing yet: " + next.not_looked_up;
      return change->look_up_first
                 ? "looked up again, and added to the list if they have become a contact"
                 : "tried again";
    case ChangeKind::changed:
      break;
  }
  return "updated: " + join(person.attributes_to_write, ", ");
}

std::string form_in_words(KeyForm form) {
  switch (form) {
    case KeyForm::good:
      return "good";
    case KeyForm::blank:
      return "blank";
    case KeyForm::malformed:
      return "malformed";
  }
  return "";
}

}  // namespace

Result<Why> why(const World& world, const Stored& stored, const Activation& activation,
                const std::string& asked, const std::stop_token& stop) {
  TRY(run::validate(stored.catalog, activation));
  Why person;
  person.activation = shown_name(stored.catalog, activation);
  person.destination = activation.destination;
  person.segment = activation.segment;
  person.match_key = activation.match_key;
  person.asked = asked;
  person.key = asked;
  person.form = normalise_key(activation.match_key.type, person.key);
  if (person.form == KeyForm::blank)
    return Error{ErrorKind::invalid, "the key is blank",
                 "Give the " +
                     std::string(activation.match_key.type == KeyType::email ? "e-mail address"
                                                                             : "user id") +
                     " of one person."};

  run::OnePerson one =
      TRY(run::OnePerson::open(world, stored.catalog, activation, person.key, stop));
  const Rule rule = activated_segment(stored.catalog, activation).where;
  person.in_model = TRY(one.rows(Rule{}));
  if (!person.in_model.empty() && person.form == KeyForm::good)
    person.in_segment = TRY(one.rows(rule));
  for (const Rule& part : parts_of(rule, person.combined)) {
    const bool holds = !person.in_model.empty() && holds_for(TRY(one.rows(part)), person.in_model);
    person.conditions.push_back({in_words(part), holds});
  }

  const auto state = world.states.of(activation.uid);
  const state::Record record = TRY(state->read());
  person.list = record.list;
  person.row = TRY(state->find(person.key));
  std::vector<std::string> pending;
  const auto last = TRY(world.store.runs(activation.uid, 1));
  if (!last.empty())
    if (const auto report = run::report_from_json(last[0].report_json); report.ok())
      pending = report->fields_pending;
  const run::OnePerson::Next next = TRY(one.next(pending));
  person.attributes_to_write = attributes_to_write(next.change, one.targets());
  tell_state(person);
  person.next = next_run(person, next);
  return person;
}

nlohmann::ordered_json to_json(const Why& person) {
  json conditions = json::array();
  for (const Why::Condition& one : person.conditions)
    conditions.push_back({{"rule", one.text}, {"holds", one.holds}});
  json out = {{"activation", person.activation},
              {"destination", person.destination},
              {"segment", person.segment},
              {"asked", person.asked},
              {"key", person.key},
              {"key_type", to_string(person.match_key.type)},
              {"key_field", person.match_key.field},
              {"key_form", form_in_words(person.form)},
              {"in_model", !person.in_model.empty()},
              {"in_segment", !person.in_segment.empty()},
              {"primary_keys", person.in_model},
              {"rule", {{"combined", person.combined}, {"conditions", conditions}}}};
  out["list"] =
      person.list ? json{{"id", person.list->id}, {"name", person.list->name}} : json(nullptr);
  out["state"] = person.state;
  out["state_text"] = person.state_text;
  out["ledger"] = nullptr;
  if (person.row) {
    const state::PersonRow& row = *person.row;
    const auto when = [](int64_t ms) {
      return ms == 0 ? json(nullptr) : json(iso_utc(Time(Millis(ms))));
    };
    const auto text = [](const std::string& value) {
      return value.empty() ? json(nullptr) : json(value);
    };
    out["ledger"] = {{"on_list", row.on_list == 1   ? "yes"
                                 : row.on_list == 2 ? "perhaps"
                                                    : "no"},
                     {"in_segment", row.in_segment},
                     {"reason", text(row.reason)},
                     {"detail", text(row.detail)},
                     {"final", row.final},
                     {"since", when(row.since_ms)},
                     {"tried_at", when(row.tried_ms)},
                     {"wrote_at", when(row.wrote_ms)},
                     {"last_write", row.wrote_kind == 1   ? json("add")
                                    : row.wrote_kind == 2 ? json("remove")
                                                          : json(nullptr)}};
  }
  out["next_run"] = person.next;
  out["attributes_to_write"] = person.attributes_to_write;
  return out;
}

}  // namespace rollcall::operations
