#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "core/words.hpp"
#include "run/run.hpp"

namespace rollcall::run {
namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

template <class E>
E named(const std::string& name, E otherwise) {
  return from_word<E>(name).value_or(otherwise);
}

json error_json(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return {{"kind", to_string(error->kind)},
          {"message", error->placed()},
          {"remedy", error->remedy},
          {"context", error->context}};
}

json segment_json(const SegmentCounts& s) {
  return {{"rows", s.rows},
          {"members", s.members},
          {"no_key", s.no_key},
          {"invalid_key", s.invalid_key},
          {"duplicate_key", s.duplicate_key}};
}
json changes_json(const ChangeCounts& c) {
  return {{"entered", c.entered}, {"left", c.left}, {"changed", c.changed}, {"retried", c.retried}};
}

json choice_json(const ProofChoice& choice) {
  if (choice.way == ProofWay::none) return nullptr;
  json ways = json::object();
  for (const auto& [way, forecast] : choice.ways)
    ways[std::string(to_string(way))] = {{"calls", forecast.calls}, {"seconds", forecast.seconds}};
  return {{"way", to_string(choice.way)}, {"why", choice.why}, {"ways", std::move(ways)}};
}
ProofChoice choice_of(const json& in) {
  const auto ways = {ProofWay::look_ups, ProofWay::whole_export, ProofWay::increment};
  ProofChoice out;
  if (!in.is_object()) return out;
  out.way = named(in.at("way"), ProofWay::none);
  out.why = in.at("why");
  for (const ProofWay way : ways)
    if (const auto found = in.at("ways").find(to_string(way)); found != in.at("ways").end())
      out.ways[way] = {found->at("calls"), found->at("seconds")};
  return out;
}
json parked_json(const ParkedUse& parked) {
  return {{"people", parked.people}, {"looked_up", parked.looked_up}, {"budget", parked.budget}};
}

}  // namespace

std::string to_json(const RunReport& r) {
  json out = {{"run_id", r.run_id},
              {"activation", r.activation},
              {"destination", r.destination},
              {"kind", to_string(r.kind)},
              {"trigger", to_string(r.trigger)},
              {"status", to_string(r.status)},
              {"error", error_json(r.error)}};
  out["list"] = r.list
                    ? json{{"id", r.list->id}, {"name", r.list->name}, {"created", r.list->created}}
                    : json(nullptr);
  out["segment"] = segment_json(r.segment);
  out["changes"] = changes_json(r.changes);
  const OutcomeCounts& o = r.outcomes;
  out["outcomes"] = {{"added", o.added},       {"removed", o.removed},
                     {"updated", o.updated},   {"not_a_contact", o.not_a_contact},
                     {"rejected", o.rejected}, {"unknown", o.unknown},
                     {"not_sent", o.not_sent}};
  const StandingCounts& s = r.standing;
  out["standing"] = {{"on_list", s.on_list},   {"not_a_contact", s.not_a_contact},
                     {"rejected", s.rejected}, {"unknown", s.unknown},
                     {"not_sent", s.not_sent}, {"leavers_on_list", s.leavers_on_list}};
  out["proof"] = {{"by", r.proof.by},
                  {"people", r.proof.people},
                  {"max_age_ms", r.proof.max_age_ms},
                  {"choice", choice_json(r.proof.choice)}};
  out["parked"] = parked_json(r.parked);
  out["fields_created"] = r.fields_created;
  out["fields_pending"] = r.fields_pending;
  out["warnings"] = r.warnings;
  json by = json::object();
  for (const auto& [endpoint, count] : r.calls.by_endpoint) by[endpoint] = count;
  out["calls"] = {{"total", r.calls.total},
                  {"by_endpoint", by},
                  {"throttled", r.calls.throttled},
                  {"retried", r.calls.retried}};
  out["started_at"] = iso_utc(r.started_at);
  out["finished_at"] = r.finished_at ? json(iso_utc(*r.finished_at)) : json(nullptr);
  out["plan_id"] = r.plan_id;
  return dump(out);
}

Result<RunReport> report_from_json(const std::string& text) {
  try {
    const json in = read_json<json>(text);
    RunReport r;
    r.run_id = in.at("run_id");
    r.activation = in.at("activation");
    r.destination = in.value("destination", "");
    r.kind = named(in.at("kind"), RunKind::delta);
    r.trigger = named(in.at("trigger"), Trigger::manual);
    r.status = named(in.at("status"), RunStatus::failed);
    if (const json& e = in.at("error"); e.is_object()) {
      Error error{named(e.at("kind"), ErrorKind::corrupt), e.at("message"), e.at("remedy")};
      for (const json& c : e.at("context")) error.context.push_back(c);
      r.error = std::move(error);
    }
    if (const json& l = in.at("list"); l.is_object())
      r.list = RunReport::List{l.at("id"), l.at("name"), l.at("created")};
    const json &s = in.at("segment"), &c = in.at("changes"), &o = in.at("outcomes"),
               &t = in.at("standing"), &n = in.at("calls");
    r.segment = {s.at("rows"), s.at("members"), s.at("no_key"), s.at("invalid_key"),
                 s.at("duplicate_key")};
    r.changes = {c.at("entered"), c.at("left"), c.at("changed"), c.at("retried")};
    r.outcomes = {o.at("added"),    o.at("removed"), o.at("updated"), o.at("not_a_contact"),
                  o.at("rejected"), o.at("unknown"), o.at("not_sent")};
    r.standing = {t.at("on_list"), t.at("not_a_contact"), t.at("rejected"),
                  t.at("unknown"), t.at("not_sent"),      t.at("leavers_on_list")};
    const json& proof = in.at("proof");
    r.proof = {proof.at("by"), proof.at("people"), proof.at("max_age_ms"),
               choice_of(proof.value("choice", json()))};
    if (const auto parked = in.find("parked"); parked != in.end())
      r.parked = {parked->at("people"), parked->at("looked_up"), parked->at("budget")};
    for (const json& f : in.at("fields_created")) r.fields_created.push_back(f);
    for (const json& f : in.at("fields_pending")) r.fields_pending.push_back(f);
    for (const json& w : in.at("warnings")) r.warnings.push_back(w);
    r.calls = {n.at("total"), n.at("throttled"), n.at("retried"), {}};
    for (const auto& [endpoint, count] : n.at("by_endpoint").items())
      r.calls.by_endpoint[endpoint] = count;
    if (const auto at = parse_iso_utc(in.at("started_at").get<std::string>())) r.started_at = *at;
    if (const json& f = in.at("finished_at"); f.is_string())
      r.finished_at = parse_iso_utc(f.get<std::string>());
    r.plan_id = in.at("plan_id");
    return r;
  } catch (const json::exception&) {
    return Error{ErrorKind::corrupt, "a kept report cannot be read"};
  }
}

std::string to_json(const PlanReport& p) {
  json out = {{"plan_id", p.plan_id},
              {"activation", p.activation},
              {"destination", p.destination},
              {"list", p.list}};
  out["segment"] = segment_json(p.segment);
  out["changes"] = changes_json(p.changes);
  json breaches = json::array();
  for (const plan::Breach& breach : p.breaches)
    breaches.push_back({{"limit", breach.limit}, {"message", breach.message}});
  json cleared = json::object();
  for (const auto& [attribute, count] : p.numbers.cleared) cleared[attribute] = count;
  out["guard"] = {{"passed", p.breaches.empty()}, {"on_list_before", p.numbers.on_list_before},
                  {"removed", p.numbers.removed}, {"added", p.numbers.added},
                  {"empties", p.numbers.empties}, {"cleared", cleared},
                  {"breaches", breaches}};
  json people = json::array();
  for (const PlannedPerson& person : p.people) {
    json one = {{"key", person.key},
                {"change", to_string(person.kind)},
                {"why", person.why},
                {"attributes", person.attributes}};
    if (person.contact) one["contact"] = *person.contact;
    people.push_back(std::move(one));
  }
  out["people"] = std::move(people);
  out["people_complete"] = p.people_complete;
  out["parked"] = p.parked.people;
  out["parked_again"] = parked_json(p.parked);
  out["fields"] = {{"to_create", p.fields_to_create}, {"missing", p.fields_missing}};
  out["proof"] = p.proof;
  out["proof_choice"] = choice_json(p.proof_choice);
  if (!p.proof_by.empty()) {
    json rules = {{"by", to_string(p.proof_rules.by)},
                  {"max_age_ms", p.proof_rules.max_age.count()}};
    for (const auto& [by, one] : p.proof_by)
      rules[std::string(to_string(by))] = {
          {"calls", one.calls}, {"seconds", one.seconds}, {"risk", one.risk}};
    out["proof_rules"] = std::move(rules);
  }
  out["forecast"] = {{"calls", p.forecast_calls}, {"seconds", p.forecast_seconds}};
  out["warnings"] = p.warnings;
  return dump(out);
}

int exit_code(const RunReport& report) {
  switch (report.status) {
    case RunStatus::completed:
    case RunStatus::completed_with_rejects:
      return 0;
    case RunStatus::stopped:
      return 3;
    case RunStatus::interrupted:
      return 130;
    case RunStatus::running:
    case RunStatus::failed:
      break;
  }
  return report.error && report.error->kind == ErrorKind::invalid ? 2 : 1;
}

int exit_code(const Error& error) {
  if (error.kind == ErrorKind::invalid) return 2;
  if (error.kind == ErrorKind::busy) return 4;
  if (error.kind == ErrorKind::cancelled) return 130;
  return 1;
}

}  // namespace rollcall::run
