// why: one person, from the data to the list, by the snapshot and the plan of a run.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "attributes/attributes.hpp"
#include "cli/commands.hpp"
#include "cli/names.hpp"
#include "cli/rule_words.hpp"
#include "cli/text.hpp"
#include "core/match_key.hpp"
#include "ledger/ledger.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

struct Condition {
  std::string text;
  bool holds = false;
};

struct Person {
  KeyForm form = KeyForm::good;
  // Primary keys of the rows with this key, the one that counts first.
  std::vector<std::string> in_model, in_segment;
  std::string combined;  // all | any | none | rule
  std::vector<Condition> conditions;
  std::optional<ledger::PersonRow> row;
  std::optional<ledger::ListRecord> list;
  std::vector<std::string> attributes_to_write;
  std::string state, state_text, next;
};

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

void tell_state(Person& person) {
  const auto say = [&](const char* state, std::string text) {
    person.state = state;
    person.state_text = std::move(text);
  };
  if (!person.row) return say("unknown_to_ledger", "no run has met this person in the segment");
  const ledger::PersonRow& row = *person.row;
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

std::string next_run(const Person& person, const std::optional<Change>& change) {
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

json to_json(const Activation& activation, const std::string& name, const std::string& asked,
             const std::string& key, const Person& person) {
  json conditions = json::array();
  for (const Condition& one : person.conditions)
    conditions.push_back({{"rule", one.text}, {"holds", one.holds}});
  json out = {{"activation", name},
              {"destination", activation.destination},
              {"segment", activation.segment},
              {"asked", asked},
              {"key", key},
              {"key_type", to_string(activation.match_key.type)},
              {"key_field", activation.match_key.field},
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
    const ledger::PersonRow& row = *person.row;
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

void print(Session& session, const Activation& activation, const std::string& name,
           const std::string& key, const Person& person) {
  session.print("{} in {}\n", plain(key), plain(name));
  const auto line = [&](const char* head, const std::string& text) {
    session.print("  {:<10} {}\n", head, plain(text));
  };
  std::string form = fmt::format("{} from field `{}`", to_string(activation.match_key.type),
                                 activation.match_key.field);
  if (person.form == KeyForm::malformed) form += "; malformed: no run sends a key of this form";
  line("key", form);
  if (person.in_model.empty()) {
    line("data", "no row of the model has this key now");
  } else {
    std::string rows = "primary key " + person.in_model[0];
    if (person.in_model.size() > 1)
      rows += fmt::format("; {} have this key: {}",
                          counted(static_cast<int64_t>(person.in_model.size()), "row", "rows"),
                          join(person.in_model, ", "));
    line("data", rows);
    line("segment", (person.in_segment.empty() ? "not in `" : "in `") + activation.segment +
                        "` now" +
                        (person.conditions.empty()  ? ""
                         : person.combined == "all" ? "; all of these must hold:"
                         : person.combined == "any" ? "; one of these must hold:"
                                                    : "; none of these may hold:"));
    for (const Condition& one : person.conditions)
      line("", (one.holds ? "yes  " : "no   ") + one.text);
  }
  line("state", person.state_text);
  if (person.list) line("list", fmt::format("{} `{}`", person.list->id, person.list->name));
  if (person.row) {
    const ledger::PersonRow& row = *person.row;
    if (row.wrote_kind != 0)
      line("written", fmt::format("{} on {}", row.wrote_kind == 1 ? "added" : "removed",
                                  date_ms(row.wrote_ms)));
    if (row.tried_ms != 0) line("answered", date_ms(row.tried_ms));
  }
  line("next run", person.next);
}

}  // namespace

Result<int> why(Session& session, const WhyOptions& options) {
  const Stored stored = TRY(session.stored());
  const Activation& activation = *TRY(find_activation(stored, options.activation));
  TRY(run::validate(stored.catalog, activation));
  std::string key = options.key;
  Person person;
  person.form = normalise_key(activation.match_key.type, key);
  if (person.form == KeyForm::blank)
    return Error{ErrorKind::invalid, "the key is blank",
                 "Give the " +
                     std::string(activation.match_key.type == KeyType::email ? "e-mail address"
                                                                             : "user id") +
                     " of one person."};

  const run::World world = TRY(session.run_world());
  run::OnePerson one =
      TRY(run::OnePerson::open(world, stored.catalog, activation, key, session.stop()));
  const Rule rule = activated_segment(stored.catalog, activation).where;
  person.in_model = TRY(one.rows(Rule{}));
  if (!person.in_model.empty() && person.form == KeyForm::good)
    person.in_segment = TRY(one.rows(rule));
  for (const Rule& part : parts_of(rule, person.combined)) {
    const bool holds = !person.in_model.empty() && holds_for(TRY(one.rows(part)), person.in_model);
    person.conditions.push_back({in_words(part), holds});
  }

  const ledger::Folder folder = run::folder_of(session.home(), activation);
  const ledger::State state = TRY(ledger::read_state(folder));
  person.list = state.list;
  person.row = TRY(ledger::find(folder, state, key));
  std::vector<std::string> pending;
  const auto last = TRY(TRY(session.store())->runs(activation.uid, 1));
  if (!last.empty())
    if (const auto report = run::report_from_json(last[0].report_json); report.ok())
      pending = report->fields_pending;
  const std::optional<Change> change = TRY(one.next(pending));
  person.attributes_to_write = attributes_to_write(change, one.targets());
  tell_state(person);
  person.next = next_run(person, change);

  const std::string name = shown_name(stored.catalog, activation);
  if (session.json()) {
    session.print_json(to_json(activation, name, options.key, key, person));
  } else {
    print(session, activation, name, key, person);
  }
  return kDone;
}

}  // namespace rollcall::cli
