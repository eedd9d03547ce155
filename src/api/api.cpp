#include "api/api.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/idempotency.hpp"
#include "api/routes.hpp"
#include "page/page.hpp"

namespace rollcall::api {
namespace {

constexpr std::string_view kKinds[] = {"sources", "models", "segments", "destinations",
                                       "activations"};

// The parts of a path that `pattern` names; nothing when it is another path.
std::optional<std::map<std::string, std::string, std::less<>>> match(std::string_view pattern,
                                                                     std::string_view path) {
  std::map<std::string, std::string, std::less<>> parts;
  while (!pattern.empty() || !path.empty()) {
    if (pattern.empty() || path.empty()) return std::nullopt;
    pattern.remove_prefix(1);  // both begin with '/'
    path.remove_prefix(1);
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    const std::string_view given = path.substr(0, path.find('/'));
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(given.size());
    if (!wanted.starts_with('{')) {
      if (wanted != given) return std::nullopt;
      continue;
    }
    const std::string name(wanted.substr(1, wanted.size() - 2));
    const bool is_kind = std::find(std::begin(kKinds), std::end(kKinds), given) != std::end(kKinds);
    if (given.empty() || (name == "kind" && !is_kind)) return std::nullopt;
    parts[name] = given;
  }
  return parts;
}

bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD"; }

// Who asks. Nothing is denied to somebody who does not say who they are, but what needs a role.
Result<std::optional<access::Caller>> caller_of(Shared& shared, const Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  if (const auto header = request.header("authorization")) {
    if (!header->starts_with(kBearer))
      return Error{ErrorKind::denied, "only bearer tokens are taken in `Authorization`"};
    return TRY(shared.access.by_token(Secret(std::string(header->substr(kBearer.size())))));
  }
  if (const auto cookie = request.cookie(cookie_name(shared.is_secure(request)))) {
    auto found = shared.access.by_session(Secret(*cookie));
    if (found.ok()) return std::optional(std::move(*found));
    if (found.error().kind != ErrorKind::denied) return Error(found.error());
  }
  return std::optional<access::Caller>();
}

// A write by a page's session must come from that page: other pages' browsers send the cookie, too.
bool is_forged(const access::Caller& caller, const Request& request) {
  if (caller.kind != access::Caller::Kind::user || is_safe(request.method)) return false;
  return !same(request.header("x-csrf-token").value_or(""), caller.csrf);
}
// Sign-in is a write without a session: one page must not sign its reader in to another.
bool is_of_another_site(const Request& request) {
  const auto site = request.header("sec-fetch-site");
  return site && !is_safe(request.method) && *site != "same-origin" && *site != "none";
}

bool is_page(std::string_view path) {
  return path != "/api" && !path.starts_with("/api/") && path != "/metrics";
}

Response not_allowed(const std::vector<std::string>& methods) {
  Response out = problem(405, "method_not_allowed", "this path has no such method");
  out.headers.emplace_back("Allow", join(methods, ", "));
  return out;
}

}  // namespace

struct Api::Inside {
  Shared shared;

  Response handle(const Request& request, const std::stop_token& stop) {
    const std::string method = request.method == "HEAD" ? "GET" : request.method;
    if (is_page(request.path))
      return method == "GET" ? page::answer(request, shared.world.random) : not_allowed({"GET"});
    std::vector<std::string> methods;
    Ask ask{.shared = shared, .request = request, .stop = stop};
    const Route* route = nullptr;
    for (const Route& one : routes()) {
      auto parts = match(one.path, request.path);
      if (!parts) continue;
      if (one.method != method) {
        methods.emplace_back(one.method);
        continue;
      }
      ask.parts = std::move(*parts);
      route = &one;
      break;
    }
    auto caller = caller_of(shared, request);
    if (!caller.ok()) {
      if (caller.error().kind != ErrorKind::denied) return problem(caller.error());
      Response out = problem(401, "token_unknown", caller.error().message,
                             "Ask an admin for a token: `rollcall token add`.");
      out.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
      return out;
    }
    ask.caller = std::move(*caller);
    if (route == nullptr) {
      if (!methods.empty()) return not_allowed(methods);
      return problem(404, "not_found", "there is nothing at this path");
    }
    if (is_of_another_site(request))
      return problem(403, "cross_site", "this request was made by a page of another site");
    if (ask.caller && is_forged(*ask.caller, request))
      return problem(403, "csrf_token_wrong", "the session's `X-CSRF-Token` is missing or another",
                     "GET /api/v1/session tells it.");
    const bool is_open = route->path == "/metrics" && shared.settings.open_metrics;
    if (route->needs && !is_open) {
      if (!ask.caller) {
        Response out = problem(401, "not_signed_in", "this needs a session or a token",
                               "Sign in, or send `Authorization: Bearer TOKEN`.");
        out.headers.emplace_back("WWW-Authenticate", "Bearer");
        return out;
      }
      if (!access::may(ask.caller->role, *route->needs))
        return problem(403, "role_too_low",
                       fmt::format("this needs the role {}, and `{}` has the role {}",
                                   word(*route->needs), ask.caller->name, word(ask.caller->role)));
    }
    if (const auto type = request.header("content-type");
        type && !request.body.empty() && route->answer != bring_file &&
        !type->starts_with("application/json") && !type->starts_with("application/yaml") &&
        !type->starts_with("application/merge-patch+json"))
      return problem(415, "media_type_unknown", "the body must be `application/json`");
    auto answered = once(ask, route->answer);
    if (answered.ok()) return std::move(*answered);
    return problem(answered.error());
  }
};

Api::Api(const operations::World& world, service::Service& service, access::Access& access,
         alerts::Alerts& alerts, demo::Demo& demo, Settings settings)
    : inside_(new Inside{Shared(world, service, access, alerts, demo, std::move(settings))}) {}
Api::~Api() = default;

Response Api::handle(const Request& request, const std::stop_token& stop) {
  return inside_->handle(request, stop);
}

void Api::serves(const http_server::Server& server) { inside_->shared.server = &server; }

}  // namespace rollcall::api
