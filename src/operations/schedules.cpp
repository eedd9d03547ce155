#include "operations/schedules.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "calendar/calendar.hpp"

namespace rollcall::operations {
namespace {

using nlohmann::json;

constexpr const char* kFact = "schedule";

// Milliseconds, which a date in words has not.
int64_t ms(Time time) { return time.time_since_epoch().count(); }

std::optional<scheduler::Standing> standing_from(const std::string& uid, const std::string& text) {
  const json in = read_json<json>(text);
  const auto is = [&](const char* key, json::value_t type) {
    const auto at = in.find(key);
    if (at == in.end()) return false;
    return type == json::value_t::number_integer ? at->is_number_integer() : at->type() == type;
  };
  if (!in.is_object() || !is("schedule", json::value_t::string) ||
      !is("since_ms", json::value_t::number_integer) || !is("resting", json::value_t::boolean) ||
      !is("audit_since_ms", json::value_t::number_integer))
    return std::nullopt;
  return scheduler::Standing{.uid = uid,
                             .schedule = in["schedule"],
                             .since = Time(Millis(in["since_ms"].get<int64_t>())),
                             .resting = in["resting"],
                             .audit_since = Time(Millis(in["audit_since_ms"].get<int64_t>()))};
}

}  // namespace

Result<std::optional<scheduler::Standing>> standing(const World& world, const std::string& uid) {
  const auto fact = TRY(world.store.fact(uid, kFact));
  return fact ? standing_from(uid, *fact) : std::nullopt;
}

Result<std::vector<scheduler::Standing>> standings(const World& world, const Stored& stored) {
  std::vector<scheduler::Standing> out;
  for (const Activation& one : stored.catalog.activations)
    if (auto kept = TRY(standing(world, one.uid))) out.push_back(std::move(*kept));
  return out;
}

Status keep(const World& world, const scheduler::Standing& standing) {
  const json out = {{"schedule", standing.schedule},
                    {"since_ms", ms(standing.since)},
                    {"resting", standing.resting},
                    {"audit_since_ms", ms(standing.audit_since)}};
  return world.store.put_fact(standing.uid, kFact, out.dump());
}

std::optional<Time> next_run_at(const Activation& activation,
                                const std::optional<scheduler::Standing>& standing,
                                const std::optional<Time>& running, Time now) {
  if (activation.paused) return std::nullopt;
  if (!standing) {  // no service has seen it yet
    const auto next = calendar::next(activation.schedule, now);
    return next.ok() ? *next : std::nullopt;
  }
  scheduler::Scheduler alone{{}};
  alone.tasks({{.uid = activation.uid,
                .destination = activation.destination,
                .schedule = activation.schedule,
                .resting = standing->resting}},
              {*standing}, now);
  if (running) {
    alone.resume(activation.uid, *running);
    (void)alone.take(now);
  }
  return alone.next(activation.uid);
}

}  // namespace rollcall::operations
