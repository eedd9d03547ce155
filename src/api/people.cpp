// Sessions, users, tokens, and the log of what was done.
#include "api/routes.hpp"
#include "base/json.hpp"

namespace rollcall::api {
namespace {

json json_of(const access::Caller& caller) {
  json out = {{"kind", caller.kind == access::Caller::Kind::user ? "user" : "token"},
              {"uid", caller.uid},
              {"name", caller.name},
              {"role", word(caller.role)}};
  if (!caller.csrf.empty()) out["csrf_token"] = caller.csrf;
  return out;
}

Result<Role> role_field(const json& body, Role otherwise) {
  const std::string text = TRY(text_field(body, "role", false));
  if (text.empty()) return otherwise;
  if (const auto role = from_word<Role>(text)) return *role;
  return Error{.kind = ErrorKind::invalid,
               .message = "`role` must be one of " + join(words<Role>(), ", "),
               .code = "value_invalid",
               .place = ErrorPlace{.pointer = "/role"}};
}

Response signed_in(const Ask& ask, const access::Access::SignedIn& session) {
  Response out = answer(json_of(session.caller));
  out.headers.emplace_back("Set-Cookie",
                           session_cookie(ask.shared.is_secure(ask.request), session.cookie));
  return out;
}

// Denied here is the caller, not something that we asked.
Response refused(const Error& error) {
  if (error.kind == ErrorKind::denied)
    return problem(401, "credentials_wrong", error.message, error.remedy);
  if (error.kind == ErrorKind::throttled) {
    Response out = problem(429, "too_many_attempts", error.message, error.remedy);
    if (error.retry_after)
      out.headers.emplace_back("Retry-After",
                               std::to_string((error.retry_after->count() + 999) / 1000));
    return out;
  }
  return problem(error);
}

}  // namespace

std::string cookie_name(bool is_secure) { return is_secure ? "__Host-rollcall" : "rollcall"; }
std::string session_cookie(bool is_secure, const Secret& value) {
  return cookie_name(is_secure) + "=" + value.reveal() + "; Path=/; HttpOnly; SameSite=Strict" +
         (is_secure ? "; Secure" : "");
}
std::string ended_cookie(bool is_secure) {
  return session_cookie(is_secure, Secret()) + "; Max-Age=0";
}

Result<Response> get_session(const Ask& ask) { return answer(json_of(*ask.caller)); }

// {"email", "password"}
Result<Response> begin_session(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"email", "password"}));
  const std::string email = TRY(text_field(body, "email"));
  const Secret password(TRY(text_field(body, "password")));
  const auto session = ask.shared.access.sign_in(email, password, ask.request.address);
  if (!session.ok()) return refused(session.error());
  Ask now = ask;
  now.caller = session->caller;
  TRY(now.log("signed_in", "session", session->caller.uid, session->caller.name));
  return signed_in(ask, *session);
}

Result<Response> end_session(const Ask& ask) {
  TRY(ask.shared.access.sign_out(*ask.caller));
  return Response{.status = 204,
                  .headers = {{"Set-Cookie", ended_cookie(ask.shared.is_secure(ask.request))}}};
}

// {"current", "password"}: one's own. Every session of theirs ends, and this page gets a new one.
Result<Response> change_own_password(const Ask& ask) {
  access::Access& access = ask.shared.access;
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"current", "password"}));
  const Secret current(TRY(text_field(body, "current")));
  const Secret password(TRY(text_field(body, "password")));
  if (ask.caller->kind != access::Caller::Kind::user)
    return Error{.kind = ErrorKind::invalid,
                 .message = "a token has no password",
                 .remedy = "Remove it and make another, if somebody else may know it.",
                 .code = "no_password"};
  const auto known = access.sign_in(ask.caller->name, current, ask.request.address);
  if (!known.ok() && known.error().kind == ErrorKind::denied)
    return Error{.kind = ErrorKind::invalid,
                 .message = "this is not your password",
                 .remedy = "An admin can invite you anew if you have forgotten it.",
                 .code = "credentials_wrong",
                 .place = ErrorPlace{.pointer = "/current"}};
  if (!known.ok()) return refused(known.error());
  const auto changed = access.change_user(ask.caller->uid, {.password = password});
  if (!changed.ok()) {
    (void)access.sign_out(known->caller);  // it was for the question alone
    Error error = changed.error();
    if (error.kind == ErrorKind::invalid) error.place = ErrorPlace{.pointer = "/password"};
    return problem(error);
  }
  TRY(ask.log("changed password", "user", ask.caller->uid, ask.caller->name));
  return signed_in(ask, TRY(access.begin_session(ask.caller->uid)));
}

// {"word", "email", "password"}: of a set-up link or an invitation.
Result<Response> redeem_word(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"word", "email", "password"}));
  const Secret word(TRY(text_field(body, "word"))), password(TRY(text_field(body, "password")));
  const auto user = ask.shared.access.redeem(word, TRY(text_field(body, "email", false)), password);
  if (!user.ok()) return refused(user.error());
  const auto session = ask.shared.access.begin_session(user->uid);
  if (!session.ok()) return refused(session.error());
  Ask now = ask;
  now.caller = session->caller;
  TRY(now.log("redeemed", "user", user->uid, user->email));
  return signed_in(ask, *session);
}

Result<Response> list_users(const Ask& ask) {
  const auto all = TRY(ask.shared.access.users());
  return page_of(
      ask, all, [](const access::User& one) { return one.uid; },
      [](const access::User& one) { return json_of(one); });
}

Result<Response> get_user(const Ask& ask) {
  return answer(json_of(TRY(ask.shared.access.user(ask.uid()))));
}

// {"email", "name"?, "role"?, "password"?}; without a password, an invitation comes with it.
Result<Response> make_user(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"email", "name", "role", "password"}));
  const std::string password = TRY(text_field(body, "password", false));
  const std::string email = TRY(text_field(body, "email"));
  const std::string name = TRY(text_field(body, "name", false));
  const Role role = TRY(role_field(body, Role::viewer));
  const access::User user = TRY(ask.shared.access.add_user(
      email, name, role, password.empty() ? std::nullopt : std::optional(Secret(password))));
  TRY(ask.log("created", "user", user.uid, user.email, "", json_of(user).dump()));
  json out = json_of(user);
  if (password.empty()) out["invitation"] = TRY(ask.shared.access.invite(user.uid)).reveal();
  Response done = answer(out, 201);
  done.headers.emplace_back("Location", "/api/v1/users/" + user.uid);
  return done;
}

Result<Response> change_user(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"name", "role", "disabled", "password"}));
  const access::User before = TRY(ask.shared.access.user(ask.uid()));
  access::Access::UserChange change;
  if (body.contains("name")) change.name = TRY(text_field(body, "name"));
  if (body.contains("role")) change.role = TRY(role_field(body, before.role));
  if (body.contains("disabled")) change.disabled = TRY(flag_field(body, "disabled"));
  if (body.contains("password")) change.password = Secret(TRY(text_field(body, "password")));
  const access::User user = TRY(ask.shared.access.change_user(ask.uid(), change));
  TRY(ask.log("changed", "user", user.uid, user.email, json_of(before).dump(),
              json_of(user).dump()));
  return answer(json_of(user));
}

Result<Response> delete_user(const Ask& ask) {
  const access::User was = TRY(ask.shared.access.user(ask.uid()));
  TRY(ask.shared.access.remove_user(ask.uid()));
  TRY(ask.log("removed", "user", was.uid, was.email, json_of(was).dump()));
  return Response{.status = 204};
}

Result<Response> invite_user(const Ask& ask) {
  const access::User user = TRY(ask.shared.access.user(ask.uid()));
  const Secret word = TRY(ask.shared.access.invite(user.uid));
  TRY(ask.log("invited", "user", user.uid, user.email));
  return answer({{"invitation", word.reveal()}}, 201);
}

Result<Response> list_tokens(const Ask& ask) {
  const auto all = TRY(ask.shared.access.tokens());
  return page_of(
      ask, all, [](const access::Token& one) { return one.uid; },
      [](const access::Token& one) { return json_of(one); });
}

// {"name", "role"?, "expires_in_days"?}
Result<Response> make_token(const Ask& ask) {
  const json body = TRY(ask.body());
  TRY(only_fields(body, {"name", "role", "expires_in_days"}));
  const auto days = TRY(number_field(body, "expires_in_days", 1, 3650));
  const std::string name = TRY(text_field(body, "name"));
  const Role role = TRY(role_field(body, Role::viewer));
  const auto made = TRY(ask.shared.access.add_token(
      name, role, ask.who(),
      days ? std::optional(ask.world().clock.now() + std::chrono::hours(24 * *days))
           : std::nullopt));
  TRY(ask.log("created", "token", made.token.uid, made.token.name, "", json_of(made.token).dump()));
  json out = json_of(made.token);
  out["token"] = made.text.reveal();
  Response done = answer(out, 201);
  done.headers.emplace_back("Location", "/api/v1/tokens/" + made.token.uid);
  return done;
}

Result<Response> delete_token(const Ask& ask) {
  std::string name;
  for (const access::Token& one : TRY(ask.shared.access.tokens()))
    if (one.uid == ask.uid()) name = one.name;
  TRY(ask.shared.access.remove_token(ask.uid()));
  TRY(ask.log("removed", "token", ask.uid(), name));
  return Response{.status = 204};
}

// ?who, ?action, ?kind, ?uid, ?from, ?to; the newest first.
Result<Response> list_log(const Ask& ask) {
  const int64_t limit = TRY(ask.number("limit", 100, 1, 1000));
  const int64_t cursor = TRY(ask.number("cursor", 0, 0, INT64_MAX));
  store::LogQuery query{.who = ask.text("who"),
                        .action = ask.text("action"),
                        .kind = ask.text("kind"),
                        .uid = ask.text("uid"),
                        .before = cursor,
                        .limit = static_cast<int>(limit)};
  for (const auto& [name, time] : {std::pair("from", &query.from), std::pair("to", &query.to)}) {
    const std::string text = ask.text(name);
    if (text.empty()) continue;
    *time = parse_iso_utc(text);
    if (!*time)
      return problem(422, "parameter_invalid",
                     std::string("`") + name + "` must be a time like 2026-01-02T03:04:05Z");
  }
  const auto lines = TRY(ask.world().store.logged(query));
  json items = json::array();
  for (const store::LogLine& one : lines) items.push_back(operations::to_json(one));
  const bool more = lines.size() == static_cast<size_t>(limit);
  return answer(
      {{"items", std::move(items)},
       {"next_cursor", more ? json(std::to_string(lines.back().number)) : json(nullptr)}});
}

}  // namespace rollcall::api
