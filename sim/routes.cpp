#include "sim/routes.hpp"

namespace sim {
namespace {

constexpr Limit kNone = {};
constexpr Limit per_second(double calls) { return {calls, 1000}; }
constexpr Limit per_minute(double calls) { return {calls, 60'000}; }
constexpr Limit per_day(double calls) { return {calls, 86'400'000}; }

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    size_t end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

bool is_param(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }

}  // namespace

const std::vector<Route>& routes() {
  // Literal paths stand before patterns that would also match them.
  static const std::vector<Route> kRoutes = {
      {"GET", "/api/lists", get_lists, per_second(100), ""},
      {"POST", "/api/lists", create_list, kNone, ""},
      {"GET", "/api/lists/getUsers", get_list_users, per_minute(5), "list reads"},
      {"GET", "/api/lists/previewUsers", preview_list_users, per_minute(5), "list reads"},
      {"POST", "/api/lists/subscribe", subscribe, kNone, ""},
      {"POST", "/api/lists/unsubscribe", unsubscribe, kNone, ""},
      {"DELETE", "/api/lists/{listId}", delete_list, kNone, ""},
      {"GET", "/api/lists/{listId}/size", get_list_size, per_minute(5), "list reads"},

      {"POST", "/api/users/update", update_user, per_second(500), ""},
      {"POST", "/api/users/bulkUpdate", bulk_update_users, per_second(5), ""},
      {"GET", "/api/users/getByEmail", get_user_by_email, per_second(100), "users by email"},
      {"GET", "/api/users/byUserId", get_user_by_id, per_second(100), "users by userId"},
      {"GET", "/api/users/byUserId/{userId}", get_user_by_id, per_second(100), "users by userId"},
      {"DELETE", "/api/users/byUserId/{userId}", delete_user_by_id, per_second(100), ""},
      {"GET", "/api/users/getFields", get_fields, per_second(3), ""},
      {"GET", "/api/users/getSentMessages", get_sent_messages, per_second(3), ""},
      {"GET", "/api/users/forgotten", get_forgotten_emails, per_second(3), ""},
      {"GET", "/api/users/forgottenUserIds", get_forgotten_user_ids, per_second(3), ""},
      {"POST", "/api/users/forget", forget_user, per_second(3), "", per_day(1000)},
      {"POST", "/api/users/unforget", unforget_user, per_second(3), "", per_day(1000)},
      {"POST", "/api/users/updateEmail", update_email, kNone, ""},
      {"POST", "/api/users/updateSubscriptions", update_subscriptions, kNone, ""},
      {"POST", "/api/users/bulkUpdateSubscriptions", bulk_update_subscriptions, kNone, ""},
      {"POST", "/api/users/merge", merge_users, per_second(50), ""},
      {"GET", "/api/users/{email}", get_user_by_email, per_second(100), "users by email"},
      {"DELETE", "/api/users/{email}", delete_user_by_email, per_second(100), ""},

      {"PUT", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}", change_subscriptions,
       kNone, ""},
      {"PATCH", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/user/{userEmail}",
       subscribe_by_email, kNone, ""},
      {"DELETE", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/user/{userEmail}",
       unsubscribe_by_email, kNone, ""},
      {"PATCH", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/byUserId/{userId}",
       subscribe_by_user_id, kNone, ""},
      {"DELETE", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/byUserId/{userId}",
       unsubscribe_by_user_id, kNone, ""},

      {"GET", "/api/export/data.json", export_json, per_minute(4), ""},
      {"GET", "/api/export/data.csv", export_csv, per_minute(4), ""},
      {"GET", "/api/export/userEvents", export_user_events, kNone, ""},
      {"POST", "/api/export/start", start_export, per_second(1), ""},
      {"GET", "/api/export/jobs", get_export_jobs, kNone, ""},
      {"GET", "/api/export/{jobId}/files", get_export_files, per_second(1), ""},
      {"DELETE", "/api/export/{jobId}", cancel_export, per_second(1), ""},
  };
  return kRoutes;
}

std::optional<Match> match_route(std::string_view method, std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  auto segments = split(path);
  for (const Route& route : routes()) {
    if (route.method != method) continue;
    auto pattern = split(route.pattern);
    if (pattern.size() != segments.size()) continue;
    Match match;
    match.route = &route;
    bool same = true;
    for (size_t i = 0; i < pattern.size() && same; ++i) {
      if (!is_param(pattern[i])) {
        same = pattern[i] == segments[i];
        continue;
      }
      same = !segments[i].empty();
      auto decoded = percent_decode(segments[i], false);
      if (!decoded) match.bad_encoding = true;
      match.params.push_back(decoded.value_or(""));
    }
    if (same) return match;
  }
  return std::nullopt;
}

}  // namespace sim
