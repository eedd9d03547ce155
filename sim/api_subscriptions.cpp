#include <fmt/format.h>

#include "sim/answers.hpp"
#include "sim/api.hpp"

namespace sim {
namespace {

// What a call of /api/subscriptions/{group}/{id}/… acts on.
struct Group {
  std::string kind;
  int64_t id = 0;
  std::optional<Response> refusal;
};

Group read_group(const Call& call) {
  Group group;
  // Iterable has to open these calls for a project first.
  if (call.switches.subscriptions_api == Switches::off) {
    group.refusal = answer_code(404, "Endpoint not found", "NotFound");
    return group;
  }
  group.kind = call.path_params[0];
  auto id = parse_int(call.path_params[1]);
  if (!id || (group.kind != "emailList" && group.kind != "messageType" &&
              group.kind != "messageChannel")) {
    group.refusal = answer_bad_params("Invalid subscription group");
    return group;
  }
  group.id = *id;
  return group;
}

// Under the lock. Message types and channels are taken, but only lists are kept.
std::optional<Response> refuse_group(Project& project, const Group& group) {
  if (group.kind != "emailList") return std::nullopt;
  const List* list = project.world.list(group.id);
  if (list != nullptr && list->type == "Standard") return std::nullopt;
  return answer_invalid_list(project.world.project_id(), group.id);
}

// Under the lock. Unknown people are never created here. False if nobody bears the identifier.
bool act(Project& project, const Group& group, const std::string& text, bool by_email, bool join) {
  World& world = project.world;
  std::vector<Slot> slots;
  if (!by_email) {
    slots = world.find_user_id(text);
  } else if (world.type() != ProjectType::user_id) {
    if (auto slot = world.find_email(world.spelled(text))) slots = {*slot};
  }
  List* list = group.kind == "emailList" ? world.list(group.id) : nullptr;
  for (Slot slot : slots) {
    if (list == nullptr) continue;
    world.mark_list_operation(slot);
    if (world.set_member(*list, slot, join, project.clock.now_ms())) {
      ++(join ? project.subscribe_events : project.unsubscribe_events);
    }
  }
  return !slots.empty();
}

Response act_on_one(Project& project, Call& call, bool by_email, bool join) {
  Group group = read_group(call);
  if (group.refusal) return *group.refusal;
  const std::string& text = call.path_params[2];
  if (by_email && !is_valid_email(lower_ascii(text), call.switches.letters()))
    return answer_invalid_email(text);
  std::lock_guard lock(project.mutex);
  if (auto refusal = refuse_group(project, group)) return *refusal;
  if (act(project, group, text, by_email, join)) return answer_success();
  return by_email ? answer_code(400, "User does not exist", "UnknownEmailError")
                  : answer_code(400, "User does not exist", "UnknownUserIdError");
}

}  // namespace

Response change_subscriptions(Project& project, Call& call) {
  Group group = read_group(call);
  if (group.refusal) return *group.refusal;
  auto action = call.query.get("action");
  if (action != "subscribe" && action != "unsubscribe") {
    return answer_bad_params("Invalid value for parameter action");
  }
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  std::vector<std::pair<std::string, bool>> people;
  for (bool by_email : {true, false}) {
    const char* name = by_email ? "users" : "usersByUserId";
    Json* list = reader.array(*body, name);
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      if ((*list)[i].is_string()) {
        people.emplace_back((*list)[i].get<std::string>(), by_email);
      } else {
        reader.fail(fmt::format("obj.{}[{}]", name, i), Expected::string);
      }
    }
  }
  if (reader.failed()) return reader.refusal();
  call.noted.rows = call.noted.largest_batch = static_cast<int64_t>(people.size());
  std::lock_guard lock(project.mutex);
  if (auto refusal = refuse_group(project, group)) return *refusal;
  for (const auto& [text, by_email] : people) {
    if (act(project, group, text, by_email, action == "subscribe")) ++call.noted.writes;
  }
  return answer_success();
}

Response subscribe_by_email(Project& project, Call& call) {
  return act_on_one(project, call, true, true);
}
Response unsubscribe_by_email(Project& project, Call& call) {
  return act_on_one(project, call, true, false);
}
Response subscribe_by_user_id(Project& project, Call& call) {
  return act_on_one(project, call, false, true);
}
Response unsubscribe_by_user_id(Project& project, Call& call) {
  return act_on_one(project, call, false, false);
}

}  // namespace sim
