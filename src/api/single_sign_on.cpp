// Signing in by an identity provider: the browser is sent there, and comes back with a code.
#include <algorithm>

#include "api/html.hpp"
#include "api/routes.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace rollcall::api {
namespace {

constexpr const char* kBegun = "sign_in";  // records: what is kept until the browser comes back
constexpr auto kKept = std::chrono::minutes(10);
constexpr std::string_view kCallback = "/api/v1/sign-in/provider/callback";

std::string state_cookie_name(bool is_secure) {
  return is_secure ? "__Secure-rollcall-sign-in" : "rollcall-sign-in";
}
// It comes back from another site, so it is not strict; it opens nothing by itself.
std::string state_cookie(bool is_secure, const std::string& state, int seconds) {
  return fmt::format("{}={}; Path={}; HttpOnly; SameSite=Lax; Max-Age={}{}",
                     state_cookie_name(is_secure), state, kCallback, seconds,
                     is_secure ? "; Secure" : "");
}

std::string own_url(const Ask& ask) {
  if (!ask.shared.settings.url.empty()) return ask.shared.settings.url;
  return fmt::format("{}://{}", ask.request.secure ? "https" : "http",
                     ask.request.header("host").value_or("localhost"));
}

Response failed(const Error& error) {
  const int status = error.kind == ErrorKind::not_found ? 404 : 400;
  return html_page("Not signed in", status,
                   fmt::format("<h1>Not signed in</h1><p>{}</p><p>{}</p><p><a href=\"/sign-in\">"
                               "Back to sign-in</a></p>",
                               escaped_html(error.message), escaped_html(error.remedy)));
}

bool may_come(const SingleSignOn& settings, const std::string& email) {
  if (settings.domains.empty()) return true;
  std::string domain = email.substr(email.rfind('@') + 1);  // all of one that has none
  ascii_lower(domain);
  return std::find(settings.domains.begin(), settings.domains.end(), domain) !=
         settings.domains.end();
}

Result<access::Access::SignedIn> finish(const Ask& ask) {
  const SingleSignOn& sso = ask.shared.settings.single_sign_on;
  const auto unknown = [] {
    return Error{.kind = ErrorKind::denied,
                 .message = "this sign-in was begun elsewhere, or too long ago",
                 .remedy = "Sign in again."};
  };
  const std::string state = ask.text("state");
  const auto cookie = ask.request.cookie(state_cookie_name(ask.shared.is_secure(ask.request)));
  if (state.empty() || !cookie || !same(*cookie, state)) return unknown();
  const auto record = TRY(ask.world().store.record(kBegun, state));
  // One sign-in, one answer: whoever removes it has it.
  if (!record || !TRY(ask.world().store.remove_record(kBegun, state))) return unknown();
  const json kept = read_json<json>(record->json);
  if (const std::string problem = ask.text("error"); !problem.empty())
    return Error{.kind = ErrorKind::denied,
                 .message = "the identity provider let nobody in: " + problem,
                 .remedy = "Sign in again, or ask who runs the provider."};
  const oidc::Pending pending{.state = state,
                              .nonce = kept.value("nonce", ""),
                              .verifier = kept.value("verifier", ""),
                              .redirect_uri = kept.value("redirect_uri", "")};
  const oidc::Person person = TRY(sso.provider->finish(pending, ask.text("code"), ask.stop));
  const access::Access::LetIn in =
      TRY(ask.shared.access.let_in({.issuer = person.issuer,
                                    .subject = person.subject,
                                    .email = person.email,
                                    .email_verified = person.email_verified,
                                    .name = person.name},
                                   may_come(sso, person.email) ? sso.newcomers : std::nullopt));
  auto session = TRY(ask.shared.access.begin_session(in.user.uid));
  Ask now = ask;
  now.caller = session.caller;
  if (in.is_new) TRY(now.log("created", "user", in.user.uid, in.user.email));
  TRY(now.log("signed_in", "session", in.user.uid, in.user.email));
  return session;
}

}  // namespace

// What there is to sign in by, for the page.
Result<Response> ways_in(const Ask& ask) {
  const SingleSignOn& sso = ask.shared.settings.single_sign_on;
  return answer(
      {{"single_sign_on", sso.provider == nullptr
                              ? json(nullptr)
                              : json{{"name", sso.name}, {"path", "/api/v1/sign-in/provider"}}}});
}

Result<Response> to_provider(const Ask& ask) {
  const SingleSignOn& sso = ask.shared.settings.single_sign_on;
  if (sso.provider == nullptr)
    return failed({.kind = ErrorKind::not_found,
                   .message = "there is no identity provider to sign in by",
                   .remedy = "An administrator names one by the setting `oidc-issuer`."});
  const auto begun = sso.provider->begin(own_url(ask) + std::string(kCallback), ask.stop);
  if (!begun.ok()) return failed(begun.error());
  const oidc::Pending& pending = begun->pending;
  const json kept = {{"nonce", pending.nonce},
                     {"verifier", pending.verifier},
                     {"redirect_uri", pending.redirect_uri}};
  TRY(ask.world().store.put_record({.kind = kBegun,
                                    .key = pending.state,
                                    .json = kept.dump(),
                                    .expires_at = ask.world().clock.now() + kKept}));
  return Response{
      .status = 303,
      .headers = {{"Location", begun->url},
                  {"Cache-Control", "no-store"},
                  {"Set-Cookie", state_cookie(ask.shared.is_secure(ask.request), pending.state,
                                              std::chrono::seconds(kKept).count())}}};
}

Result<Response> from_provider(const Ask& ask) {
  if (ask.shared.settings.single_sign_on.provider == nullptr) return to_provider(ask);
  const auto session = finish(ask);
  Response out = session.ok() ? html_page("Signed in", 200, "<p><a href=\"/\">Go on</a></p>", "/")
                              : failed(session.error());
  out.headers.emplace_back("Set-Cookie", state_cookie(ask.shared.is_secure(ask.request), "", 0));
  // Strict cookies do not come along from another site: the next step is one of our own.
  if (session.ok())
    out.headers.emplace_back("Set-Cookie",
                             session_cookie(ask.shared.is_secure(ask.request), session->cookie));
  return out;
}

}  // namespace rollcall::api
