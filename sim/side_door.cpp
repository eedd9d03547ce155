#include "sim/side_door.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sim/answers.hpp"
#include "sim/api.hpp"
#include "sim/identity.hpp"

namespace sim {
namespace {

// Contacts printed under one hold of the lock, so that a long answer does not stop the service.
constexpr size_t kSlotsPerChunk = 2000;

Response answer_error(int status, std::string_view text) {
  return answer_json(status, {{"error", text}});
}

OrderedJson identifiers(const Contact& contact) {
  OrderedJson out = OrderedJson::object();
  if (!contact.email.empty()) out["email"] = contact.email;
  if (!contact.user_id.empty()) out["userId"] = contact.user_id;
  return out;
}

OrderedJson whole_contact(const Project& project, Slot slot) {
  const Contact& contact = project.world.contact(slot);
  OrderedJson out = identifiers(contact);
  out["dataFields"] = OrderedJson::parse(
      print(shown_fields(project, slot, contact, project.clock.now_ms(), /*lag_ms=*/0)));
  return out;
}

std::vector<Slot> find_contacts(const Project& project, const Query& query) {
  if (auto email = query.get("email")) {
    std::vector<Slot> out;
    // Asked for by a checker, so also in projects where an email identifies nobody.
    if (auto slot = project.world.find_email(project.world.spelled(*email))) out.push_back(*slot);
    return out;
  }
  return project.world.find_user_id(query.get("userId").value_or(""));
}

Response get_contacts(Project& project, const Query& query) {
  std::lock_guard lock(project.mutex);
  if (query.get("email") || query.get("userId")) {
    auto slots = find_contacts(project, query);
    if (slots.empty()) return answer_error(404, "no such contact");
    return answer_json(200, whole_contact(project, slots.front()));
  }
  if (query.get("full") != "1") {
    return answer_json(200, {{"count", project.world.contact_count()},
                             {"forgotten_emails", project.world.forgotten_emails().size()},
                             {"forgotten_user_ids", project.world.forgotten_user_ids().size()}});
  }
  Response response;
  response.content_type = "application/x-ndjson";
  response.next_chunk = [&project, next = size_t{0}](std::string& chunk) mutable {
    chunk.clear();
    std::lock_guard chunk_lock(project.mutex);
    size_t end = project.world.slot_count();
    while (next < end && chunk.empty()) {
      size_t stop = std::min(end, next + kSlotsPerChunk);
      for (; next < stop; ++next) {
        Slot slot = static_cast<Slot>(next);
        if (project.world.contact(slot).alive) chunk += print(whole_contact(project, slot)) + "\n";
      }
    }
    return !chunk.empty();
  };
  return response;
}

Response post_contacts(Project& project, const Request& request) {
  LoadReport report = load_contacts(project, request.body);
  if (!report.error.empty()) {
    return answer_json(400, {{"error", fmt::format("line {}: {}", report.line, report.error)},
                             {"added", report.added},
                             {"updated", report.updated}});
  }
  return answer_json(200, {{"added", report.added}, {"updated", report.updated}});
}

Response delete_contacts(Project& project, const Query& query) {
  if (!query.get("email") && !query.get("userId")) {
    return answer_error(400, "email or userId is needed");
  }
  std::lock_guard lock(project.mutex);
  auto slots = find_contacts(project, query);
  for (Slot slot : slots) project.world.remove(slot, project.clock.now_ms());
  OrderedJson body = OrderedJson::object();
  body["deleted"] = slots.size();
  return answer_json(200, body);
}

OrderedJson shown_list(const List& list) {
  OrderedJson out = {{"id", list.id},
                     {"name", list.name},
                     {"listType", list.type},
                     {"createdAt", list.created_ms},
                     {"members", list.count},
                     {"in_use", list.in_use},
                     {"ready_at_ms", list.ready_ms}};
  if (!list.description.empty()) out["description"] = list.description;
  return out;
}

Response get_all_lists(Project& project) {
  std::lock_guard lock(project.mutex);
  OrderedJson lists = OrderedJson::array();
  for (const auto& [id, list] : project.world.lists()) lists.push_back(shown_list(list));
  OrderedJson body = OrderedJson::object();
  body["lists"] = std::move(lists);
  return answer_json(200, body);
}

// Sets what `json` names. Empty if done.
std::string change_list(List& list, const Json& json, int64_t now_ms) {
  for (const auto& [key, value] : json.items()) {
    if (key == "name" && value.is_string()) {
      list.name = value.get<std::string>();
    } else if (key == "description" && value.is_string()) {
      list.description = value.get<std::string>();
    } else if (key == "listType" && value.is_string()) {
      std::string type = value.get<std::string>();
      if (type != "Standard" && type != "Dynamic" && type != "Suppression" && type != "Internal") {
        return "listType is Standard, Dynamic, Suppression or Internal";
      }
      list.type = type;
    } else if (key == "in_use" && value.is_boolean()) {
      list.in_use = value.get<bool>();
    } else if (key == "ready_in_ms" && value.is_number_integer()) {
      list.ready_ms = now_ms + value.get<int64_t>();
    } else if (key != "id") {
      return fmt::format("a list has no such '{}'", key);
    }
  }
  return {};
}

Response post_list(Project& project, const Request& request) {
  auto json = parse_json(request.body);
  if (!json || !json->is_object()) return answer_error(400, "the body must be an object");
  if (!json->contains("name") || !(*json)["name"].is_string()) {
    return answer_error(400, "name is needed");
  }
  std::lock_guard lock(project.mutex);
  int64_t now_ms = project.clock.now_ms();
  std::string name = (*json)["name"].get<std::string>();
  List* list;
  if (json->contains("id")) {
    if (!(*json)["id"].is_number_integer()) return answer_error(400, "id must be a whole number");
    int64_t id = (*json)["id"].get<int64_t>();
    if (project.world.list(id) != nullptr) return answer_error(400, "the id is taken");
    list = &project.world.add_list_with_id(id, name, now_ms);
  } else {
    list = &project.world.add_list(name, now_ms);
  }
  if (std::string error = change_list(*list, *json, now_ms); !error.empty()) {
    project.world.remove_list(list->id);
    return answer_error(400, error);
  }
  return answer_json(200, shown_list(*list));
}

Response get_members(Project& project, const List& list) {
  Response response;
  response.body = "[";
  for (size_t word = 0; word < list.bits.size(); ++word) {
    for (uint64_t rest = list.bits[word]; rest != 0; rest &= rest - 1) {
      auto slot = static_cast<Slot>(word * 64 + static_cast<size_t>(std::countr_zero(rest)));
      if (response.body.size() > 1) response.body += ",\n";
      response.body += print(identifiers(project.world.contact(slot)));
    }
  }
  response.body += "]";
  return response;
}

// Someone else fills or empties the list; unknown people are left out.
Response change_members(Project& project, const Request& request, List& list, bool add) {
  auto json = parse_json(request.body);
  if (json && json->is_object()) json = Json::array({*json});
  if (!json || !json->is_array()) {
    return answer_error(400, "the body must be an array of {email, userId}");
  }
  int64_t changed = 0;
  int64_t unknown = 0;
  for (const Json& one : *json) {
    std::optional<Slot> slot;
    if (one.is_object() && one.contains("email") && one["email"].is_string()) {
      slot = project.world.find_email(project.world.spelled(one["email"].get<std::string>()));
    }
    if (!slot && one.is_object() && one.contains("userId") && one["userId"].is_string()) {
      slot = project.world.first_user_id(one["userId"].get<std::string>());
    }
    if (!slot) {
      ++unknown;
    } else if (project.world.set_member(list, *slot, add, project.clock.now_ms())) {
      ++changed;
    }
  }
  return answer_json(200, {{"changed", changed}, {"unknown", unknown}, {"members", list.count}});
}

Response answer_lists(Project& project, const Request& request, std::string_view rest) {
  if (rest.empty()) {
    if (request.method == "GET") return get_all_lists(project);
    if (request.method == "POST") return post_list(project, request);
    return answer_error(404, "no such call");
  }
  rest.remove_prefix(1);
  bool members = rest.ends_with("/members");
  if (members) rest.remove_suffix(8);
  auto id = parse_int(rest);
  std::lock_guard lock(project.mutex);
  List* list = id ? project.world.list(*id) : nullptr;
  if (list == nullptr) return answer_error(404, "no such list");
  if (members && request.method == "GET") return get_members(project, *list);
  if (members && request.method == "POST") return change_members(project, request, *list, true);
  if (members && request.method == "DELETE") return change_members(project, request, *list, false);
  if (request.method == "GET") return answer_json(200, shown_list(*list));
  if (request.method == "PATCH") {
    auto json = parse_json(request.body);
    if (!json || !json->is_object()) return answer_error(400, "the body must be an object");
    std::string error = change_list(*list, *json, project.clock.now_ms());
    return error.empty() ? answer_json(200, shown_list(*list)) : answer_error(400, error);
  }
  if (request.method == "DELETE") {
    project.world.remove_list(*id);
    OrderedJson body = OrderedJson::object();
    body["deleted"] = 1;
    return answer_json(200, body);
  }
  return answer_error(404, "no such call");
}

Response get_requests(Project& project, const Query& query) {
  int64_t since = parse_int(query.get("since").value_or("0")).value_or(0);
  int64_t limit = parse_int(query.get("limit").value_or("2000")).value_or(2000);
  std::string endpoint = query.get("endpoint").value_or("");
  OrderedJson requests = OrderedJson::array();
  std::lock_guard lock(project.mutex);
  const auto& all = project.log.all();
  int64_t next = project.log.next_seq();
  for (const LoggedRequest& one : all) {
    if (one.seq < since || (!endpoint.empty() && one.endpoint != endpoint)) continue;
    if (static_cast<int64_t>(requests.size()) >= limit) {
      next = one.seq;
      break;
    }
    requests.push_back({{"seq", one.seq},
                        {"at_ms", one.at_ms},
                        {"took_us", one.took_us},
                        {"method", one.method},
                        {"path", one.path},
                        {"query", one.query},
                        {"endpoint", one.endpoint},
                        {"status", one.status},
                        {"body_bytes", one.body_bytes},
                        {"body", one.body},
                        {"faults", one.faults}});
  }
  return answer_json(200, {{"next", next},
                           {"first", all.empty() ? next : all.front().seq},
                           {"requests", std::move(requests)}});
}

OrderedJson shown_counter(const Counter& counter) {
  OrderedJson statuses = OrderedJson::object();
  for (const auto& [status, count] : counter.statuses) statuses[std::to_string(status)] = count;
  return {{"calls", counter.calls},
          {"rows", counter.rows},
          {"writes", counter.writes},
          {"statuses", std::move(statuses)},
          {"largest_batch", counter.largest_batch},
          {"largest_body", counter.largest_body},
          {"created_contacts", counter.created_contacts},
          {"deleted_contacts", counter.deleted_contacts},
          {"channel_unsubscribe_true", counter.channel_unsubscribe_true},
          {"channel_unsubscribe_absent", counter.channel_unsubscribe_absent},
          {"existing_only_absent", counter.existing_only_absent},
          {"prefer_user_id_true", counter.prefer_user_id_true},
          {"over_limit", counter.over_limit},
          {"throttled", counter.throttled}};
}

Response get_counters(Project& project) {
  OrderedJson endpoints = OrderedJson::object();
  Counter sum;
  std::lock_guard lock(project.mutex);
  for (const auto& [name, counter] : project.counters) {
    endpoints[name] = shown_counter(counter);
    sum.calls += counter.calls;
    sum.rows += counter.rows;
    sum.writes += counter.writes;
    sum.created_contacts += counter.created_contacts;
    sum.deleted_contacts += counter.deleted_contacts;
    sum.channel_unsubscribe_true += counter.channel_unsubscribe_true;
    sum.channel_unsubscribe_absent += counter.channel_unsubscribe_absent;
    sum.existing_only_absent += counter.existing_only_absent;
    sum.prefer_user_id_true += counter.prefer_user_id_true;
    sum.over_limit += counter.over_limit;
    sum.throttled += counter.throttled;
    sum.largest_batch = std::max(sum.largest_batch, counter.largest_batch);
    sum.largest_body = std::max(sum.largest_body, counter.largest_body);
    for (const auto& [status, count] : counter.statuses) sum.statuses[status] += count;
  }
  OrderedJson total = shown_counter(sum);
  total["subscribe_events"] = project.subscribe_events;
  total["unsubscribe_events"] = project.unsubscribe_events;
  return answer_json(200, {{"total", std::move(total)}, {"endpoints", std::move(endpoints)}});
}

Response reset(Project& project) {
  std::lock_guard lock(project.mutex);
  project.counters.clear();
  project.subscribe_events = project.unsubscribe_events = 0;
  project.limits.clear();
  return answer_json(200, OrderedJson::object());
}

Response put_faults(Project& project, const Request& request) {
  std::string error;
  auto plan = Faults::parse(request.body, error);
  if (plan) error = project.faults.load(*plan, project.config.seed);
  if (!error.empty()) return answer_error(400, error);
  return answer_json(200, project.faults.report());
}

Response answer_clock(Project& project, const Request& request) {
  if (request.method == "PUT") {
    auto json = parse_json(request.body);
    if (!json || !json->is_object()) return answer_error(400, "the body must be an object");
    for (const auto& [key, value] : json->items()) {
      bool number = value.is_number_integer();
      if (key == "advance_ms" && number) {
        project.clock.advance_ms(value.get<int64_t>());
      } else if (key == "offset_ms" && number) {
        project.clock.set_offset_ms(value.get<int64_t>());
      } else if (key == "frozen_at_ms" && number) {
        project.clock.freeze_at(value.get<int64_t>());
      } else if (key == "frozen" && value == true) {
        project.clock.freeze_at(project.clock.now_ms());
      } else if (key == "frozen" && value == false) {
        project.clock.run();
      } else {
        return answer_error(400, "takes advance_ms, offset_ms, frozen_at_ms, frozen");
      }
    }
  }
  return answer_json(200, {{"now_ms", project.clock.now_ms()},
                           {"offset_ms", project.clock.offset_ms()},
                           {"frozen", project.clock.is_frozen()}});
}

Response answer_switches(Project& project, const Request& request, const Query& query) {
  std::lock_guard lock(project.mutex);
  if (request.method == "PUT") {
    auto json = parse_json(request.body);
    if (!json) return answer_error(400, "the body must be an object");
    if (std::string error = project.switches.load(*json); !error.empty()) {
      return answer_error(400, error);
    }
    project.apply_switches();
  }
  if (query.get("full") == "1") return answer_json(200, Switches::describe(project.switches));
  return answer_json(200, project.switches.to_json());
}

Response answer_info(Project& project) {
  std::lock_guard lock(project.mutex);
  return answer_json(200, {{"project_type", to_string(project.config.type)},
                           {"project_id", project.config.project_id},
                           {"limits", project.config.published_limits ? "published" : "off"},
                           {"seed", project.config.seed},
                           {"contacts", project.world.contact_count()},
                           {"lists", project.world.lists().size()},
                           {"fields", project.world.fields().custom_count()}});
}

// A page for people. It draws itself from the same calls a script would use.
constexpr std::string_view kPage = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>iterable-sim</title>
<style>
body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222}
h1{font-size:1.3rem}h2{font-size:1rem;margin-top:1.5rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ddd}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:#b00020}code{font-size:.9em}
</style></head><body>
<h1>iterable-sim</h1><p id="info">…</p>
<h2>Lists</h2><table id="lists"></table>
<h2>Faults fired</h2><p id="faults"></p>
<h2>Requests</h2><table id="requests"></table>
<script>
const text = (tag, value, cls) => { const e = document.createElement(tag); e.textContent = value;
  if (cls) e.className = cls; return e; };
const row = (cells) => { const tr = document.createElement('tr'); tr.append(...cells); return tr; };
let since = 0; let seen = [];
async function tick() {
  try {
    const get = async (p) => (await fetch('/_sim/' + p)).json();
    const info = await get('info');
    document.getElementById('info').textContent = `${info.project_type} project ${info.project_id}, ` +
      `${info.contacts} contacts, ${info.fields} custom fields, limits ${info.limits}`;
    const lists = (await get('lists')).lists;
    document.getElementById('lists').replaceChildren(
      row([text('th', 'Id'), text('th', 'Name'), text('th', 'Type'), text('th', 'Members', 'n')]),
      ...lists.map((l) => row([text('td', l.id), text('td', l.name), text('td', l.listType),
                               text('td', l.members, 'n')])));
    const kinds = Object.entries((await get('faults')).kinds);
    document.getElementById('faults').textContent =
      kinds.length ? kinds.map(([k, n]) => `${k}: ${n}`).join(', ') : 'no fault plan';
    const r = await get('requests?since=' + since);
    since = r.next; seen = seen.concat(r.requests).slice(-50);
    document.getElementById('requests').replaceChildren(
      row([text('th', 'Time'), text('th', 'Call'), text('th', 'Status', 'n'),
           text('th', 'Bytes', 'n'), text('th', 'Faults')]),
      ...seen.slice().reverse().map((q) => row([
        text('td', new Date(q.at_ms).toISOString().slice(11, 23)), text('td', q.method + ' ' + q.path),
        text('td', q.status || 'reset', q.status === 200 ? 'n' : 'n bad'),
        text('td', q.body_bytes, 'n'), text('td', q.faults.join(', '))])));
  } catch (e) { document.getElementById('info').textContent = 'The simulator does not answer.'; }
  setTimeout(tick, 1000);
}
tick();
</script></body></html>
)";

}  // namespace

Response answer_side_door(Project& project, const Request& request, std::string_view path,
                          std::string_view raw_query) {
  path.remove_prefix(std::string_view("/_sim").size());
  Query query(raw_query);
  const std::string& method = request.method;
  if (method == "GET" && (path.empty() || path == "/")) {
    Response response;
    response.content_type = "text/html; charset=utf-8";
    response.body = kPage;
    return response;
  }
  if (path == "/info" && method == "GET") return answer_info(project);
  if (path == "/contacts") {
    if (method == "GET") return get_contacts(project, query);
    if (method == "POST") return post_contacts(project, request);
    if (method == "DELETE") return delete_contacts(project, query);
  }
  if (path == "/lists" || path.starts_with("/lists/")) {
    return answer_lists(project, request, path.substr(6));
  }
  if (path == "/requests" && method == "GET") return get_requests(project, query);
  if (path == "/counters" && method == "GET") return get_counters(project);
  if (path == "/reset" && method == "POST") return reset(project);
  if (path == "/faults" && method == "GET") return answer_json(200, project.faults.report());
  if (path == "/faults" && method == "PUT") return put_faults(project, request);
  if (path == "/clock" && (method == "GET" || method == "PUT")) {
    return answer_clock(project, request);
  }
  if (path == "/switches" && (method == "GET" || method == "PUT")) {
    return answer_switches(project, request, query);
  }
  if (path == "/save" && method == "POST") {
    std::string file = project.config.state_file;
    if (file.empty()) return answer_error(400, "started without --state");
    std::string error = save_state(project, file);
    return error.empty() ? answer_json(200, {{"saved", file}}) : answer_error(500, error);
  }
  return answer_error(404, "no such call");
}

}  // namespace sim
