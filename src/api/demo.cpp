// The demo shop, and what happens in it.
#include "demo/demo.hpp"

#include "api/routes.hpp"

namespace rollcall::api {
namespace {

constexpr const char* kName = "Demo shop";

json json_of(const demo::Standing& demo) {
  json out = {{"exists", demo.exists}, {"obstacle", nullptr}};
  if (demo.obstacle) out["obstacle"] = operations::to_json(*demo.obstacle);
  if (!demo.exists) return out;
  out.update({{"made_at", iso_utc(demo.made_at)},
              {"day", demo.day},
              {"iterable",
               {{"address", demo.address},
                {"answers", demo.answers},
                {"said", demo.said.empty() ? json(nullptr) : json(demo.said)}}},
              {"activations", demo.activations}});
  return out;
}

// One that waits already is as good.
Status run_all(const Ask& ask, const demo::Standing& demo, Trigger trigger) {
  for (const std::string& uid : demo.activations) {
    const auto asked = ask.shared.service.ask(uid, {.trigger = trigger});
    if (!asked.ok() && asked.error().kind != ErrorKind::conflict) return Error(asked.error());
  }
  return ok_status();
}

}  // namespace

Result<Response> get_demo(const Ask& ask) {
  return answer(json_of(TRY(ask.shared.demo.standing(ask.stop))));
}

// Made, and the first runs asked for.
Result<Response> make_demo(const Ask& ask) {
  TRY(only_fields(TRY(ask.body()), {}));
  const Place place = TRY(Place::take(ask.shared));
  const demo::Standing made = TRY(ask.shared.demo.make(ask.stop));
  TRY(ask.log("created", "demo", "", kName, "", json_of(made).dump()));
  TRY(run_all(ask, made, Trigger::activation));
  return answer(json_of(made), 201);
}

// {"run"?: whether its activations run, too}
Result<Response> pass_demo_day(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"run"}));
  const bool run = TRY(flag_field(body, "run"));
  const Place place = TRY(Place::take(ask.shared));
  const demo::Standing now = TRY(ask.shared.demo.pass_day(ask.stop));
  TRY(ask.log("changed", "demo", "", kName, "", json{{"day", now.day}}.dump()));
  if (run) TRY(run_all(ask, now, Trigger::api));
  return answer(json_of(now));
}

Result<Response> delete_demo(const Ask& ask) {
  const Place place = TRY(Place::take(ask.shared));
  const demo::Standing was = TRY(ask.shared.demo.standing(ask.stop));
  for (const std::string& uid : was.activations) ask.shared.service.stop_run(uid);
  TRY(ask.shared.demo.remove(ask.stop));
  TRY(ask.log("removed", "demo", "", kName, json_of(was).dump()));
  ask.shared.service.look();
  return Response{.status = 204};
}

}  // namespace rollcall::api
