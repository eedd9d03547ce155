// A project to try things on: the service without sockets, time standing still, no delays unless a
// test asks for them, unknown fields added. Used by tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/service.hpp"
#include "sim/side_door.hpp"

namespace sim::testing {

constexpr int64_t kNow = 1'625'162'444'000;  // 2021-07-01 18:00:44

inline Config config_of(ProjectType type) {
  Config config;
  config.type = type;
  config.project_id = 2158;
  return config;
}

class TryOut {
 public:
  explicit TryOut(ProjectType type) : TryOut(config_of(type)) {}
  explicit TryOut(const Config& config) : service(config) {
    service.project().clock.freeze_at(kNow);
    turn("list_ready_after_ms", "0");
    turn("visible_after_ms", "0");
    turn("size_lag_ms", "0");
    turn("export_lag_ms", "0");
    turn("deleted_stay_ms", "0");
    turn("get_users_order", "sorted");
    turn("project_new_fields", "add");
  }

  void turn(std::string_view name, std::string_view value) {
    std::lock_guard lock(service.project().mutex);
    ASSERT_EQ(service.project().switches.set(name, value), "");
    service.project().apply_switches();
  }

  Response send(std::string_view method, std::string_view target, std::string_view body = "") {
    Request request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.peer_ip = "10.0.0.1";
    request.headers = {{"Api-Key", "0123456789abcdef0123456789abcdef"}};
    return service.handle(request);
  }
  Response get(std::string_view target) { return send("GET", target); }
  Response post(std::string_view target, std::string_view body) {
    return send("POST", target, body);
  }
  // The body of an answer as JSON; null if it is none.
  static Json json(const Response& response) {
    return Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  }

  int64_t make_list(std::string_view name = "a list") {
    Response made = post("/api/lists", print(Json{{"name", name}}));
    EXPECT_EQ(made.status, 200) << made.body;
    return json(made)["listId"].get<int64_t>();
  }
  void add_people(std::string_view ndjson) {
    LoadReport report = load_contacts(service.project(), ndjson);
    ASSERT_EQ(report.error, "");
  }
  Json write(std::string_view call, int64_t list, std::string_view subscribers,
             std::string_view more = "") {
    Response response = post(std::string("/api/lists/") + std::string(call),
                             "{\"listId\":" + std::to_string(list) + ",\"subscribers\":" +
                                 std::string(subscribers) + std::string(more) + "}");
    EXPECT_EQ(response.status, 200) << response.body;
    return json(response);
  }
  Json subscribe(int64_t list, std::string_view subscribers, bool existing_only = true) {
    return write("subscribe", list, subscribers,
                 existing_only ? ",\"updateExistingUsersOnly\":true" : "");
  }
  Json unsubscribe(int64_t list, std::string_view subscribers) {
    return write("unsubscribe", list, subscribers, ",\"channelUnsubscribe\":false");
  }
  // Who is on the list in truth: the email, or the userId of those who have none.
  std::set<std::string> members(int64_t list) {
    Response response = get("/_sim/lists/" + std::to_string(list) + "/members");
    std::set<std::string> out;
    for (const Json& one : json(response)) {
      out.insert(one.contains("email") ? one["email"] : one["userId"]);
    }
    return out;
  }
  size_t people() { return service.project().world.contact_count(); }
  void advance_ms(int64_t ms) { service.project().clock.advance_ms(ms); }
  // Loads a fault plan.
  void plan(std::string_view text) {
    Response response = send("PUT", "/_sim/faults", text);
    ASSERT_EQ(response.status, 200) << response.body;
  }
  int64_t fired(std::string_view kind) {
    return json(get("/_sim/faults"))["kinds"].value(std::string(kind), int64_t{-1});
  }

  Service service;
};

// The names under failedUpdates that are not empty, with what they hold.
inline Json failures(const Json& answer) {
  Json out = Json::object();
  for (const auto& [name, list] : answer.at("failedUpdates").items()) {
    if (!list.empty()) out[name] = list;
  }
  return out;
}

}  // namespace sim::testing
