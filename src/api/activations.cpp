// What is done with an activation, and how it stands.
#include "api/events.hpp"
#include "api/routes.hpp"
#include "base/json.hpp"
#include "calendar/calendar.hpp"
#include "run/run.hpp"

namespace rollcall::api {
namespace {

constexpr int64_t kWaitMax = 3600;  // seconds

Result<const Activation*> activation_of(const Ask& ask, const operations::Stored& stored) {
  return operations::by_uid(stored.catalog.activations, catalog::Kind::activation, ask.uid());
}

Result<json> status_json(const Ask& ask, const operations::Stored& stored,
                         const Activation& activation) {
  json out = {{"uid", activation.uid}};
  out.update(operations::to_json(TRY(operations::status(ask.world(), stored, activation))));
  out.update(json_of(ask.shared.service.standing(activation.uid)));
  return out;
}

json ended_json(const service::Ended& ended) {
  const auto part = [](const std::string& text) {
    return text.empty() ? json(nullptr) : read_json<json>(text);
  };
  return {{"state", "ended"}, {"report", part(ended.json)}, {"error", part(ended.error)}};
}

// `body(world, stop)` does the work; what it returns is the whole answer, or under `name` the last
// line.
template <class Body>
Result<Response> long_work(const Ask& ask, const char* name, Body body) {
  if (!ask.wants_lines()) {
    const Place place = TRY(Place::take(ask.shared));
    return answer(TRY(body(ask.world(), ask.stop)));
  }
  Shared& shared = ask.shared;
  const auto place = std::make_shared<Place>(TRY(Place::take(shared)));
  return Response{.headers = {{"Content-Type", "application/x-ndjson"}},
                  .stream = [&shared, place, name, body](http_server::Body& out,
                                                         const std::stop_token& stop) -> Status {
                    operations::Lines lines(shared.world.clock, [&](const std::string& line) {
                      (void)out.write(line);  // whose reader is gone is told to stop
                    });
                    const auto done = body(operations::watched_by(shared.world, lines), stop);
                    if (done.ok()) {
                      lines.tell({{name, *done}});
                    } else {
                      lines.tell({{"error", operations::to_json(done.error())}});
                    }
                    return ok_status();
                  }};
}

}  // namespace

// {"schedule": …, "count"?: 5}: of one that nothing has yet.
Result<Response> next_times(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"schedule", "count"}));
  if (!body.contains("schedule"))
    return problem(422, "key_missing", "`schedule` is missing: the schedule that is asked about");
  const int64_t count = TRY(number_field(body, "count", 1, 100)).value_or(5);
  const Schedule schedule = TRY(catalog::read_schedule(body["schedule"].dump()));
  json items = json::array();
  for (const Time at :
       TRY(calendar::next_times(schedule, ask.world().clock.now(), static_cast<int>(count))))
    items.push_back(iso_utc(at));
  return answer({{"items", std::move(items)}});
}

Result<Response> activation_status(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  return answer(TRY(status_json(ask, *stored, *TRY(activation_of(ask, *stored)))));
}

// {"full"?, "new_list"?, "approve"?: PLAN_ID, "repair"?}; ?wait=SECONDS answers with the report.
Result<Response> run_activation(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Activation& activation = *TRY(activation_of(ask, *stored));
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"full", "new_list", "approve", "repair"}));
  service::Order order{.full = TRY(flag_field(body, "full")),
                       .new_list = TRY(flag_field(body, "new_list")),
                       .repair = TRY(flag_field(body, "repair"))};
  if (const std::string plan = TRY(text_field(body, "approve", false)); !plan.empty()) {
    const auto row = ask.world().store.plan(plan);
    if (!row.ok() || row->activation_uid != activation.uid)
      return Error{.kind = ErrorKind::invalid,
                   .message = "there is no plan `" + plan + "` of this activation",
                   .remedy = "Make one: POST …/plan.",
                   .code = "plan_unknown",
                   .place = ErrorPlace{.pointer = "/approve"}};
    order.approve = plan;
  }
  const int64_t wait = TRY(ask.number("wait", 0, 0, kWaitMax));
  const uint64_t ticket = TRY(ask.shared.service.ask(activation.uid, order));
  TRY(ask.log(order.approve ? "approved" : "run", "activation", activation.uid, activation.name, "",
              body.empty() ? "" : body.dump()));
  if (wait > 0)
    if (const auto ended =
            ask.shared.service.wait_for(ticket, std::chrono::seconds(wait), ask.stop))
      return answer(ended_json(*ended));
  Response out =
      answer({{"state", ask.shared.service.standing(activation.uid).live ? "running" : "waiting"},
              {"status", "/api/v1/activations/" + activation.uid + "/status"},
              {"events", "/api/v1/activations/" + activation.uid + "/events"}},
             202);
  out.headers.emplace_back("Location", "/api/v1/activations/" + activation.uid + "/status");
  return out;
}

Result<Response> stop_activation(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Activation& activation = *TRY(activation_of(ask, *stored));
  const bool was = ask.shared.service.stop_run(activation.uid);
  if (was) TRY(ask.log("stopped", "activation", activation.uid, activation.name));
  return answer({{"stopped", was}});
}

// {"prove"?, "all"?}
Result<Response> plan_activation(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Activation activation = *TRY(activation_of(ask, *stored));
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"prove", "all"}));
  const bool prove = TRY(flag_field(body, "prove")), all = TRY(flag_field(body, "all"));
  return long_work(ask, "plan",
                   [stored, activation, prove, all](const operations::World& world,
                                                    const std::stop_token& stop) -> Result<json> {
                     const run::PlanReport report = TRY(run::plan(world,
                                                                  {.catalog = stored->catalog,
                                                                   .activation = activation,
                                                                   .prove = prove,
                                                                   .everybody = all},
                                                                  stop));
                     return read_json<json>(run::to_json(report));
                   });
}

// The list as it is in Iterable; ?limit people of each kind by name.
Result<Response> audit_activation(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Activation activation = *TRY(activation_of(ask, *stored));
  const int64_t limit = TRY(ask.number("limit", 20, 0, 100'000));
  TRY(ask.log("audit", "activation", activation.uid, activation.name));
  return long_work(
      ask, "audit",
      [stored, activation, limit](const operations::World& world,
                                  const std::stop_token& stop) -> Result<json> {
        const auto audit = TRY(run::audit(world, stored->catalog, activation, stop));
        json out = read_json<json>(run::to_json(audit->report()));
        json people = json::array();
        std::map<std::string, int64_t> told;
        bool complete = true;
        TRY(audit->people([&](const state::Drift& person, const std::string& why) {
          if (++told[person.kind] > limit) {
            complete = false;
          } else {
            people.push_back({{"kind", person.kind}, {"key", person.key}, {"why", why}});
          }
          return !stop.stop_requested();
        }));
        out["people"] = std::move(people);
        out["people_complete"] = complete;
        return out;
      });
}

namespace {
Result<Response> set_paused(const Ask& ask, bool paused) {
  const auto stored = TRY(ask.shared.stored());
  const Activation& activation = *TRY(activation_of(ask, *stored));
  const operations::Paused done = TRY(
      operations::set_paused(ask.world(), activation.destination + "/" + activation.name, paused));
  if (done.changed)
    TRY(ask.log(paused ? "paused" : "resumed", "activation", activation.uid, activation.name));
  ask.shared.service.look();
  return answer(operations::to_json(done));
}
}  // namespace

Result<Response> pause_activation(const Ask& ask) { return set_paused(ask, true); }
Result<Response> resume_activation(const Ask& ask) { return set_paused(ask, false); }

// {"list"?: "keep" | "empty"}
Result<Response> archive_activation(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Activation& activation = *TRY(activation_of(ask, *stored));
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"list"}));
  const std::string list = TRY(text_field(body, "list", false));
  if (!list.empty() && list != "keep" && list != "empty")
    return Error{.kind = ErrorKind::invalid,
                 .message = "`list` must be `keep` or `empty`",
                 .code = "value_invalid",
                 .place = ErrorPlace{.pointer = "/list"}};
  const Place place = TRY(Place::take(ask.shared));
  const operations::Archived done =
      TRY(operations::archive(ask.world(), *stored, activation, list == "empty", ask.stop));
  if (done.done)
    TRY(ask.log("archived", "activation", activation.uid, activation.name, "",
                operations::to_json(done).dump()));
  ask.shared.service.look();
  return answer(operations::to_json(done), done.done ? 200 : 409);
}

Result<Response> activation_why(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Activation& activation = *TRY(activation_of(ask, *stored));
  const std::string key = ask.text("key");
  if (key.empty())
    return problem(422, "parameter_invalid", "`key` is an e-mail address or a user id");
  const Place place = TRY(Place::take(ask.shared));
  return answer(
      operations::to_json(TRY(operations::why(ask.world(), *stored, activation, key, ask.stop))));
}

Result<Response> activation_events(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  const Activation& activation = *TRY(activation_of(ask, *stored));
  return events_of(
      ask, activation.uid,
      event_text("status", json_of(ask.shared.service.standing(activation.uid)).dump()), false);
}

Result<Response> get_status(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  return page_of(
      ask, stored->catalog.activations, [](const Activation& one) { return one.uid; },
      [&](const Activation& one) { return status_json(ask, *stored, one); });
}

}  // namespace rollcall::api
