#include "sim/service.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "sim/answers.hpp"
#include "sim/api.hpp"
#include "sim/routes.hpp"
#include "sim/side_door.hpp"

namespace sim {
namespace {

Response answer_throttled(std::string_view what, std::string_view endpoint, int64_t project_id,
                          int64_t retry_after_s) {
  // The blank at the end is in the recording.
  Response response =
      answer_code(429,
                  fmt::format("Exceeded rate limit{} for endpoint: {}, project: {} ", what,
                              endpoint, project_id),
                  "RateLimitExceeded", OrderedJson::object());
  if (retry_after_s > 0) {
    response.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  }
  return response;
}

Response answer_bad_key(const Request& request, std::string_view endpoint) {
  return answer_code(401, "Invalid API key", "BadApiKey",
                     {{"ip", request.peer_ip}, {"endpoint", endpoint}});
}

Response answer_proxy_page(int status, std::string_view reason) {
  Response response;
  response.status = status;
  response.content_type = "text/html";
  response.body = fmt::format(
      "<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<center><h1>{0} {1}</h1>"
      "</center>\r\n</body>\r\n</html>\r\n",
      status, reason);
  return response;
}

// The limit of an endpoint for which none is published, as the switches have it.
Limit unpublished_limit(const Switches& switches, const Route& route) {
  int64_t calls = 0;
  if (route.pattern == "/api/lists/subscribe") {
    calls = switches.limit_subscribe_per_min;
  } else if (route.pattern == "/api/lists/unsubscribe") {
    calls = switches.limit_unsubscribe_per_min;
  } else if (route.handler == create_list || route.handler == delete_list) {
    calls = switches.limit_lists_write_per_min;
  } else if (route.handler == update_email || route.handler == update_subscriptions ||
             route.handler == bulk_update_subscriptions) {
    calls = switches.limit_users_write_per_min;
  }
  return {static_cast<double>(calls), 60'000};
}

// The query as logged: a key in it is not accepted, but must not be kept either.
std::string redacted(std::string_view query) {
  std::string out;
  while (!query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!out.empty()) out += '&';
    size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), true);
    bool key =
        name && (equals_ignoring_case(*name, "api_key") || equals_ignoring_case(*name, "api-key") ||
                 equals_ignoring_case(*name, "apiKey"));
    out += key ? "api_key=***" : std::string(pair);
  }
  return out;
}

void add_to(Counter& counter, const Counter& noted) {
  counter.rows += noted.rows;
  counter.writes += noted.writes;
  counter.largest_batch = std::max(counter.largest_batch, noted.largest_batch);
  counter.created_contacts += noted.created_contacts;
  counter.deleted_contacts += noted.deleted_contacts;
  counter.channel_unsubscribe_true += noted.channel_unsubscribe_true;
  counter.channel_unsubscribe_absent += noted.channel_unsubscribe_absent;
  counter.existing_only_absent += noted.existing_only_absent;
  counter.prefer_user_id_true += noted.prefer_user_id_true;
  counter.over_limit += noted.over_limit;
  counter.throttled += noted.throttled;
}

}  // namespace

Service::Service(const Config& config) : project_(config) {}

bool Service::key_is_good(const Request& request) const {
  // Both spellings of the header are documented; a key in the query is not taken.
  std::string_view key = request.header("Api-Key");
  if (key.empty()) key = request.header("Api_Key");
  if (key.empty()) return false;
  return project_.config.api_key.empty() || key == project_.config.api_key;
}

std::optional<Response> Service::fail_before(Call& call) {
  for (const Fault& fault : call.faults) {
    std::optional<Response> response;
    switch (fault.kind) {
      case FaultKind::reset_before:
        response.emplace();
        response->delivery.reset = true;
        break;
      case FaultKind::http_429:
      case FaultKind::http_429_retry_after:
        response = answer_throttled(
            "", call.endpoint, project_.config.project_id,
            fault.kind == FaultKind::http_429 ? 0 : std::max<int64_t>(1, fault.seconds));
        break;
      case FaultKind::http_500:
        response = answer_code(500, "An error occurred. Please try again later.", "GenericError");
        break;
      case FaultKind::http_503:
        response = answer_text(503, "Request timeout.  Try again later.");
        break;
      case FaultKind::http_502:
        response = answer_proxy_page(502, "Bad Gateway");
        break;
      case FaultKind::http_400_success:
        response = answer_code(400, "Request could not be processed", "Success");
        break;
      case FaultKind::http_401:
        response = answer_bad_key(call.request, call.endpoint);
        break;
      default:
        continue;
    }
    project_.faults.fired(fault);
    return response;
  }
  return std::nullopt;
}

// Someone else deletes people whom a refused call named: its repetition meets a world without them.
void Service::delete_named(const Call& call) {
  const Fault* fault = call.fault(FaultKind::contact_deleted);
  const auto body = fault == nullptr ? std::nullopt : parse_json(call.request.body);
  if (!body || !body->is_object()) return;
  const Json& rows = body->contains("subscribers") ? (*body)["subscribers"] : (*body)["users"];
  if (!rows.is_array()) return;
  std::lock_guard lock(project_.mutex);
  World& world = project_.world;
  int64_t done = 0;
  for (size_t i = 0; i < rows.size() && done < fault->people; ++i) {
    const Json& row = rows[(fault->random + i) % rows.size()];
    std::optional<Slot> slot;
    if (row.is_object() && row.contains("email") && row["email"].is_string()) {
      slot = world.find_email(lower_ascii(row["email"].get<std::string>()));
    } else if (row.is_object() && row.contains("userId") && row["userId"].is_string()) {
      slot = world.first_user_id(row["userId"].get<std::string>());
    }
    if (!slot) continue;
    const Contact gone = world.contact(*slot);
    world.remove(*slot, project_.clock.now_ms());
    project_.faults.note_person(fault->kind, gone.email, gone.user_id);
    ++done;
  }
  if (done > 0) project_.faults.fired(*fault);
}

// As a cache does that forgets what it was asked. False if there is nobody else.
bool Service::tell_another(Response& response) {
  auto body = parse_json(response.body);
  if (response.status != 200 || !body || !body->is_object() || !body->contains("user"))
    return false;
  Json& user = (*body)["user"];
  std::lock_guard lock(project_.mutex);
  const World& world = project_.world;
  for (Slot slot = 0; slot < world.slot_count(); ++slot) {
    const Contact& other = world.contact(slot);
    if (!other.alive ||
        (other.email == user.value("email", "") && other.user_id == user.value("userId", "")))
      continue;
    for (Json* told : {&user, &user["dataFields"]}) {
      told->erase("email");
      told->erase("userId");
      if (!other.email.empty()) (*told)["email"] = other.email;
      if (!other.user_id.empty()) (*told)["userId"] = other.user_id;
    }
    response.body = print(*body);
    return true;
  }
  return false;
}

// Faults that strike after the call took effect.
void Service::spoil(const std::vector<Fault>& faults, Response& response) {
  for (const Fault& fault : faults) {
    switch (fault.kind) {
      case FaultKind::slow:
        response.delivery.delay_ms += fault.ms;
        break;
      case FaultKind::applied_then_reset:
        response.delivery.reset = true;
        break;
      case FaultKind::cut_body:
        if (response.body.size() < 2 && !response.next_chunk) continue;
        response.delivery.cut_body = true;
        break;
      case FaultKind::another_profile:
        if (!tell_another(response)) continue;
        break;
      case FaultKind::http_504:
        response = answer_proxy_page(504, "Gateway Time-out");
        break;
      default:
        continue;
    }
    project_.faults.fired(fault);
  }
}

Response Service::handle_api(const Request& request, std::string_view path,
                             std::string_view raw_query, std::string& endpoint,
                             std::vector<Fault>& faults, Counter& noted) {
  auto match = match_route(request.method, path);
  if (!match) return answer_not_found_page(request.target);
  const Route& route = *match->route;
  endpoint = fmt::format("{} {}", route.method, route.pattern);
  if (!key_is_good(request)) return answer_bad_key(request, path);
  if (match->bad_encoding) return answer_bad_params("Malformed path");

  Call call{request, route.pattern, Query(raw_query), std::move(match->params), {}, {}, {}};
  {
    std::lock_guard lock(project_.mutex);
    call.switches = project_.switches;
    int64_t now_ms = project_.clock.now_ms();
    bool published = route.published.calls > 0;
    Limit limit = published ? route.published : unpublished_limit(call.switches, route);
    bool shared =
        !route.bucket.empty() &&
        (route.bucket != "list reads" || call.switches.list_read_bucket == Switches::bucket_shared);
    std::string_view key = shared ? route.bucket : std::string_view(endpoint);
    bool fits = project_.limits.take(key, limit, now_ms);
    if (fits && route.daily.calls > 0) {
      fits = project_.limits.take(fmt::format("{} daily", endpoint), route.daily, now_ms);
      if (!fits) limit = route.daily;
    }
    if (!fits) {
      noted.over_limit = 1;
      // Published limits are counted even when they are not enforced.
      if (!published || project_.config.published_limits) {
        noted.throttled = 1;
        return answer_throttled(fmt::format(" of {}", limit.text()), route.pattern,
                                project_.config.project_id, call.switches.retry_after_s);
      }
    }
  }
  if (!call.query.is_valid()) return answer_bad_params("Malformed query");
  if (request.body.size() > static_cast<size_t>(call.switches.body_max)) {
    if (call.switches.too_large == Switches::too_large_400) {
      return answer_code(400, "Request body is too large", "BatchTooLarge");
    }
    return answer_proxy_page(413, "Request Entity Too Large");
  }

  const std::string target = percent_decode(request.target, true).value_or(request.target);
  faults = call.faults = project_.faults.draw(route.method, route.pattern, {target, request.body});
  if (const Fault* fault = call.fault(FaultKind::slow_before)) {
    project_.faults.fired(*fault);
    project_.clock.wait_ms(fault->ms);
  }
  if (auto failed = fail_before(call)) {
    delete_named(call);
    return *failed;
  }
  Response response = route.handler(project_, call);
  call.noted.over_limit = noted.over_limit;
  noted = call.noted;
  spoil(faults, response);
  return response;
}

void Service::add_headers(int64_t took_ms, Response& response) {
  int64_t shape;
  uint64_t a, b;
  {
    std::lock_guard lock(project_.mutex);
    shape = project_.switches.shape;
    a = project_.random();
    b = project_.random();
  }
  auto& headers = response.headers;
  headers.emplace_back("Request-Time", std::to_string(took_ms));
  if (shape == Switches::shape_2017) {
    headers.emplace_back("Vary", "Accept-Encoding");
    headers.emplace_back("Access-Control-Allow-Origin", "*");
    headers.emplace_back("Access-Control-Allow-Credentials", "true");
    if (response.content_type == "application/json" || response.content_type == "text/plain") {
      response.content_type += "; charset=utf-8";
    }
    return;
  }
  headers.emplace_back("Server", fmt::format("iterable-ingress {:04x}", a & 0xffff));
  if (shape == Switches::shape_2021) {
    headers.emplace_back("Vary", "Origin");
    return;
  }
  headers.emplace_back("Vary", "Origin,Accept-Encoding");
  headers.emplace_back("Iterable-Request-Id",
                       fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32,
                                   (a >> 16) & 0xffff, a & 0xfff, b >> 52, b & 0xffffffffffff));
  headers.emplace_back("Referrer-Policy",
                       "origin-when-cross-origin, strict-origin-when-cross-origin");
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("X-Xss-Protection", "1; mode=block");
  headers.emplace_back("X-Permitted-Cross-Domain-Policies", "master-only");
}

Response Service::handle(const Request& request) {
  size_t mark = std::min(request.target.find('?'), request.target.size());
  std::string_view path = std::string_view(request.target).substr(0, mark);
  std::string_view query =
      std::string_view(request.target).substr(std::min(mark + 1, request.target.size()));
  if (path == "/_sim" || path.starts_with("/_sim/")) {
    return answer_side_door(project_, request, path, query);
  }
  if (path.starts_with("/export-files/")) return download_export_file(project_, request);

  int64_t begin_us = project_.clock.now_us();
  std::string endpoint = "unknown";
  std::vector<Fault> faults;
  Counter noted;
  Response response = handle_api(request, path, query, endpoint, faults, noted);
  int64_t took_us = std::max<int64_t>(0, project_.clock.now_us() - begin_us);
  add_headers(took_us / 1000, response);

  LoggedRequest entry;
  entry.took_us = took_us;
  entry.method = request.method;
  entry.path = path;
  entry.query = redacted(query);
  entry.endpoint = endpoint;
  entry.body_bytes = request.body.size();
  entry.status = response.delivery.reset ? 0 : response.status;
  for (const Fault& fault : faults) entry.faults.emplace_back(to_string(fault.kind));
  std::lock_guard lock(project_.mutex);
  entry.at_ms = project_.clock.now_ms();
  entry.body = request.body.substr(0, static_cast<size_t>(project_.switches.log_body_max));
  Counter& counter = project_.counters[endpoint];
  ++counter.calls;
  ++counter.statuses[entry.status];
  counter.largest_body = std::max(counter.largest_body, static_cast<int64_t>(request.body.size()));
  add_to(counter, noted);
  project_.log.add(std::move(entry));
  return response;
}

}  // namespace sim
