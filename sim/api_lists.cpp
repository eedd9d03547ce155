#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sim/answers.hpp"
#include "sim/api.hpp"
#include "sim/batch.hpp"

namespace sim {
namespace {

constexpr int64_t kPreviewDefault = 1000;
constexpr int64_t kPreviewMax = 5000;
// One person in so many is named twice when getUsers repeats itself.
constexpr size_t kRepeatEvery = 50;

// lists/getUsers and its kin know their list from the query.
struct ListQuery {
  int64_t id = 0;
  bool prefer_user_id = false;
  std::optional<Response> refusal;
};

ListQuery read_list_query(const Call& call) {
  ListQuery out;
  auto id = call.query.get("listId");
  auto number = id ? parse_int(*id) : std::nullopt;
  if (!number) {
    out.refusal =
        answer_bad_params(id ? "Invalid value for parameter listId" : "Missing parameter: listId");
    return out;
  }
  out.id = *number;
  auto prefer = call.query.get("preferUserId");
  if (prefer && *prefer != "true" && *prefer != "false") {
    out.refusal = answer_bad_params("Invalid value for parameter preferUserId");
    return out;
  }
  out.prefer_user_id = prefer == "true";
  return out;
}

// Reads of an unknown list: ids come as text here. Source: docs/facts/iterable.md, lists/getUsers.
Response answer_unknown_list(const Project& project, int64_t list_id) {
  int64_t project_id = project.world.project_id();
  if (project.switches.unknown_list == Switches::list_invalid_id) {
    return answer_invalid_list(project_id, list_id);
  }
  return answer_bad_params("Invalid email list id", {{"projectId", std::to_string(project_id)},
                                                     {"listId", std::to_string(list_id)}});
}

bool is_longer(std::string_view text, int64_t characters_max) {
  return characters_max > 0 && count_characters(text) > static_cast<size_t>(characters_max);
}

const std::string& shown_identifier(ProjectType type, const Contact& contact, bool prefer_user_id) {
  if (type == ProjectType::email) return contact.email;
  if (type == ProjectType::user_id) return contact.user_id;
  if (contact.email.empty()) return contact.user_id;
  return prefer_user_id && !contact.user_id.empty() ? contact.user_id : contact.email;
}

std::vector<Slot> members_of(const std::vector<uint64_t>& bits) {
  std::vector<Slot> out;
  for (size_t word = 0; word < bits.size(); ++word) {
    for (uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
      out.push_back(static_cast<Slot>(word * 64 + static_cast<size_t>(std::countr_zero(rest))));
    }
  }
  return out;
}

// Reads and applies subscribe and unsubscribe.
Response write_members(Project& project, Call& call, WriteKind kind) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  WriteOptions options;
  options.kind = kind;
  options.list_id = reader.integer(*body, "listId", true).value_or(0);
  if (kind == WriteKind::subscribe) {
    options.existing_only = reader.boolean(*body, "updateExistingUsersOnly").value_or(false);
    if (!options.existing_only) ++call.noted.existing_only_absent;
  } else {
    reader.integer(*body, "campaignId");
    auto channel = reader.boolean(*body, "channelUnsubscribe");
    if (!channel) ++call.noted.channel_unsubscribe_absent;
    options.channel_unsubscribe = channel.value_or(false);
    if (options.channel_unsubscribe) ++call.noted.channel_unsubscribe_true;
  }
  std::vector<Row> rows;
  if (Json* subscribers = reader.array(*body, "subscribers", true)) {
    rows.reserve(subscribers->size());
    for (Json& one : *subscribers) {
      BodyReader::At at{"subscribers", static_cast<int64_t>(rows.size())};
      rows.push_back(read_row(reader, call.switches, one, at, kind == WriteKind::subscribe));
      if (rows.back().prefer_user_id) ++call.noted.prefer_user_id_true;
    }
  }
  if (reader.failed()) return reader.refusal();
  if (call.switches.batch_max > 0 && rows.size() > static_cast<size_t>(call.switches.batch_max)) {
    return answer_code(400, "Batch too large", "BatchTooLarge");
  }
  return answer_batch(write_batch(project, call, std::move(rows), options), call.switches);
}

}  // namespace

Response get_lists(Project& project, Call&) {
  OrderedJson lists = OrderedJson::array();
  std::lock_guard lock(project.mutex);
  const auto& all = project.world.lists();
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    const List& list = it->second;
    OrderedJson one = {{"id", list.id},
                       {"name", list.name},
                       {"createdAt", list.created_ms},
                       {"listType", list.type}};
    // Null would not pass the official client; an absent description is left out.
    if (!list.description.empty()) one["description"] = list.description;
    if (list.type == "Suppression") one["isGlobalSuppressionEnabled"] = false;
    lists.push_back(std::move(one));
  }
  OrderedJson body = OrderedJson::object();
  body["lists"] = std::move(lists);
  return answer_json(200, body);
}

Response create_list(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  const std::string* name = reader.text(*body, "name", true);
  const std::string* description = reader.text(*body, "description");
  if (reader.failed() || name == nullptr) return reader.refusal();
  if (name->empty()) return answer_bad_params("List name must not be empty");
  if (is_longer(*name, call.switches.list_name_max)) {
    return answer_bad_params("List name is too long");
  }
  if (description != nullptr && is_longer(*description, call.switches.description_max)) {
    return answer_bad_params("List description is too long");
  }
  std::lock_guard lock(project.mutex);
  if (project.switches.duplicate_list_names == 1) {
    for (const auto& [id, list] : project.world.lists()) {
      if (list.name == *name) return answer_bad_params("A list with that name already exists");
    }
  }
  int64_t now_ms = project.clock.now_ms();
  List& list = project.world.add_list(*name, now_ms);
  if (description != nullptr) list.description = *description;
  list.ready_ms = now_ms + project.switches.list_ready_after_ms;
  OrderedJson answer = OrderedJson::object();
  answer["listId"] = list.id;
  return answer_json(200, answer);
}

Response delete_list(Project& project, Call& call) {
  auto id = parse_int(call.path_params[0]);
  if (!id) return answer_bad_params("Invalid value for parameter listId");
  std::lock_guard lock(project.mutex);
  int64_t project_id = project.world.project_id();
  List* list = project.world.list(*id);
  if (list == nullptr && project.switches.unknown_list == Switches::list_invalid_id) {
    return answer_invalid_list(project_id, *id);
  }
  if (list == nullptr) {
    return answer_bad_params(fmt::format(
        "Unable to delete list {} in Project {}, which does not exist.", *id, project_id));
  }
  if (list->in_use) {
    return answer_code(409, fmt::format("List {} is in use", *id), "Conflict");
  }
  project.world.remove_list(*id);
  return answer_success(
      fmt::format("List {} in Project {} was successfully deleted.", *id, project_id));
}

Response get_list_users(Project& project, Call& call) {
  ListQuery query = read_list_query(call);
  if (query.refusal) return *query.refusal;
  Response response = answer_text(200, "");
  std::string_view line_end = call.switches.get_users_line_end == 1 ? "\r\n" : "\n";
  std::lock_guard lock(project.mutex);
  World& world = project.world;
  const List* list = world.list(query.id);
  if (list == nullptr) return answer_unknown_list(project, query.id);
  int64_t now_ms = project.clock.now_ms();
  int64_t lag_ms = project.switches.visible_after_ms;
  std::vector<Slot> members = members_of(world.seen_members(*list, now_ms, lag_ms));
  if (project.switches.get_users_order == 0) {
    std::shuffle(members.begin(), members.end(), project.random);
  }
  response.body.reserve(members.size() * 24);
  for (size_t i = 0; i < members.size(); ++i) {
    const Contact* contact = world.seen(members[i], now_ms, lag_ms);
    if (contact == nullptr) continue;
    const std::string& text = shown_identifier(world.type(), *contact, query.prefer_user_id);
    response.body.append(text).append(line_end);
    if (project.switches.get_users_repeats == 1 && i % kRepeatEvery == 0) {
      response.body.append(text).append(line_end);
    }
  }
  for (const Contact& gone : world.seen_deleted(*list, now_ms, lag_ms)) {
    response.body.append(shown_identifier(world.type(), gone, query.prefer_user_id))
        .append(line_end);
  }
  response.delivery.delay_ms = project.switches.get_users_slow_ms;
  return response;
}

Response preview_list_users(Project& project, Call& call) {
  ListQuery query = read_list_query(call);
  if (query.refusal) return *query.refusal;
  int64_t size = kPreviewDefault;
  if (auto text = call.query.get("size")) {
    auto number = parse_int(*text);
    if (!number || *number < 0 || *number > kPreviewMax) {
      return answer_bad_params("Invalid value for parameter size");
    }
    size = *number;
  }
  Response response = answer_text(200, "");
  std::lock_guard lock(project.mutex);
  World& world = project.world;
  const List* list = world.list(query.id);
  if (list == nullptr) return answer_unknown_list(project, query.id);
  int64_t now_ms = project.clock.now_ms();
  int64_t lag_ms = project.switches.visible_after_ms;
  std::vector<Slot> members = members_of(world.seen_members(*list, now_ms, lag_ms));
  std::shuffle(members.begin(), members.end(), project.random);
  if (members.size() > static_cast<size_t>(size)) members.resize(static_cast<size_t>(size));
  for (Slot slot : members) {
    const Contact* contact = world.seen(slot, now_ms, lag_ms);
    if (contact == nullptr) continue;
    response.body += shown_identifier(world.type(), *contact, query.prefer_user_id) + "\n";
  }
  return response;
}

Response get_list_size(Project& project, Call& call) {
  auto id = parse_int(call.path_params[0]);
  if (!id) return answer_bad_params("Invalid value for parameter listId");
  std::lock_guard lock(project.mutex);
  const List* list = project.world.list(*id);
  if (list == nullptr) return answer_unknown_list(project, *id);
  int64_t size = project.world.seen_size(*list, project.clock.now_ms(), project.size_lag_ms());
  return answer_text(200, std::to_string(size));
}

Response subscribe(Project& project, Call& call) {
  return write_members(project, call, WriteKind::subscribe);
}

Response unsubscribe(Project& project, Call& call) {
  return write_members(project, call, WriteKind::unsubscribe);
}

}  // namespace sim
