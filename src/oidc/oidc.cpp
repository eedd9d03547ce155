#include "oidc/oidc.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <mutex>
#include <optional>

#include "base/base64.hpp"
#include "base/json.hpp"
#include "oidc/token.hpp"

namespace rollcall::oidc {
namespace {

using nlohmann::json;

constexpr auto kMetadataKept = std::chrono::hours(1);
constexpr auto kKeysAskedEvery = std::chrono::minutes(1);
constexpr size_t kAnswerMax = 1 << 20;

std::string challenge_of(const std::string& verifier) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(hash.data()),
                     reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size());
  return base64url(hash);
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [key, value] : fields)
    out += (out.empty() ? "" : "&") + key + "=" + http::url_encode(value);
  return out;
}

bool is_safe(const std::string& url) {
  return url.starts_with("https://") || url.starts_with("http://127.0.0.1") ||
         url.starts_with("http://localhost") || url.starts_with("http://[::1]");
}

Error trouble(const std::string& what) {
  return {.kind = ErrorKind::unavailable,
          .message = "the identity provider " + what,
          .remedy =
              "Look whether `oidc-issuer` is right and reached from the server; meanwhile, sign "
              "in by a password where you have one."};
}

}  // namespace

Status check(const Settings& settings) {
  if (!is_safe(settings.issuer))
    return Error{.kind = ErrorKind::invalid,
                 .message = "`oidc-issuer` must begin with https://",
                 .remedy = "Give the address that the provider's tokens name as `iss`."};
  if (settings.client_id.empty())
    return Error{.kind = ErrorKind::invalid,
                 .message = "`oidc-issuer` needs `oidc-client-id`",
                 .remedy = "Register Rollcall with the provider, which tells the client id."};
  return ok_status();
}

struct Provider::Inside {
  struct Metadata {
    std::string authorization, token, keys, userinfo;
    bool basic = true;  // how the client tells its secret
    Time read_at = {};
  };

  const Settings settings;
  http::Transport& transport;
  Clock& clock;
  Random& random;
  std::mutex mutex = {};
  std::optional<Metadata> known = std::nullopt;  // protected by mutex, as what follows
  json keys = {};
  std::optional<Time> keys_at = std::nullopt;

  Result<json> ask(http::Request request, const std::stop_token& stop) {
    request.ca_file = settings.ca_file;
    request.response_bytes_max = kAnswerMax;
    request.headers.emplace_back("Accept", "application/json");
    const auto answer = transport.send(request, stop);
    if (!answer) {
      if (answer.error().error.kind == ErrorKind::cancelled) return answer.error().error;
      return trouble("is out of reach: " + answer.error().error.message);
    }
    json body = read_json<json>(answer->body);
    if (answer->status == 200 && body.is_object()) return body;
    const std::string code = text_of(body, "error");
    if (answer->status >= 400 && answer->status < 500 && !code.empty())
      return Error{.kind = ErrorKind::denied,
                   .message = fmt::format("the identity provider refuses: {} {}", code,
                                          text_of(body, "error_description")),
                   .remedy =
                       "Sign in again. `invalid_client` means that the client id or its secret "
                       "is wrong."};
    return trouble(fmt::format("answered {} where JSON was asked for", answer->status));
  }

  Result<Metadata> metadata(const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex);
      if (known && clock.now() - known->read_at < kMetadataKept) return *known;
    }
    std::string base = settings.issuer;
    while (base.ends_with('/')) base.pop_back();
    const json told = TRY(ask({.url = base + "/.well-known/openid-configuration"}, stop));
    if (text_of(told, "issuer") != settings.issuer)
      return trouble("names itself `" + text_of(told, "issuer") + "`, which is not `oidc-issuer`");
    Metadata out;
    out.authorization = text_of(told, "authorization_endpoint");
    out.token = text_of(told, "token_endpoint");
    out.keys = text_of(told, "jwks_uri");
    out.userinfo = text_of(told, "userinfo_endpoint");
    for (const std::string& url : {out.authorization, out.token, out.keys})
      if (!is_safe(url)) return trouble("does not tell where it is asked over https");
    if (!out.userinfo.empty() && !is_safe(out.userinfo)) out.userinfo.clear();
    const json ways = told.value("token_endpoint_auth_methods_supported", json());
    const auto has = [&](const char* way) {
      return ways.is_array() && std::find(ways.begin(), ways.end(), way) != ways.end();
    };
    out.basic = !ways.is_array() || has("client_secret_basic") || !has("client_secret_post");
    out.read_at = clock.now();
    const std::lock_guard lock(mutex);
    known = out;
    return out;
  }

  // The claims of a token. A key that is not known may be a new one.
  Result<json> claims_of(const std::string& token, const Metadata& at,
                         const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    const bool has_keys = keys_at.has_value();
    if (has_keys) {
      auto claims = verified(token, keys);
      if (claims.ok() || claims.error().kind != ErrorKind::not_found) return claims;
      if (clock.now() - *keys_at < kKeysAskedEvery) return unknown_key();
    }
    lock.unlock();
    json fresh = TRY(ask({.url = at.keys}, stop));
    lock.lock();
    keys = std::move(fresh);
    keys_at = clock.now();
    auto claims = verified(token, keys);
    if (!claims.ok() && claims.error().kind == ErrorKind::not_found) return unknown_key();
    return claims;
  }
  static Error unknown_key() {
    return {.kind = ErrorKind::denied,
            .message = "the identity provider's token is refused: no key of the provider signed it",
            .remedy = "Sign in again in a minute; the provider may have a new key."};
  }
};

Provider::Provider(Settings settings, http::Transport& transport, Clock& clock, Random& random)
    : inside_(new Inside{std::move(settings), transport, clock, random}) {}
Provider::~Provider() = default;

Result<Begun> Provider::begin(const std::string& redirect_uri, const std::stop_token& stop) {
  const Inside::Metadata at = TRY(inside_->metadata(stop));
  Begun out;
  out.pending = {.state = random_word(inside_->random),
                 .nonce = random_word(inside_->random),
                 .verifier = random_word(inside_->random),
                 .redirect_uri = redirect_uri};
  out.url = at.authorization + (at.authorization.find('?') == std::string::npos ? "?" : "&") +
            form({{"response_type", "code"},
                  {"client_id", inside_->settings.client_id},
                  {"redirect_uri", redirect_uri},
                  {"scope", "openid email profile"},
                  {"state", out.pending.state},
                  {"nonce", out.pending.nonce},
                  {"code_challenge", challenge_of(out.pending.verifier)},
                  {"code_challenge_method", "S256"}});
  return out;
}

Result<Person> Provider::finish(const Pending& pending, const std::string& code,
                                const std::stop_token& stop) {
  const Settings& settings = inside_->settings;
  const Inside::Metadata at = TRY(inside_->metadata(stop));
  std::vector<std::pair<std::string, std::string>> fields = {{"grant_type", "authorization_code"},
                                                             {"code", code},
                                                             {"redirect_uri", pending.redirect_uri},
                                                             {"code_verifier", pending.verifier}};
  http::Request request{.method = "POST", .url = at.token, .at_most_once = true};
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  if (settings.client_secret.empty() || !at.basic)
    fields.emplace_back("client_id", settings.client_id);
  if (!settings.client_secret.empty() && !at.basic)
    fields.emplace_back("client_secret", settings.client_secret.reveal());
  if (!settings.client_secret.empty() && at.basic) {
    const std::string pair = http::url_encode(settings.client_id) + ":" +
                             http::url_encode(settings.client_secret.reveal());
    request.headers.emplace_back("Authorization", "Basic " + base64(pair));
  }
  request.body = form(fields);
  const json tokens = TRY(inside_->ask(std::move(request), stop));
  const json claims = TRY(inside_->claims_of(text_of(tokens, "id_token"), at, stop));
  TRY(check_claims(claims, {.issuer = settings.issuer,
                            .client_id = settings.client_id,
                            .nonce = pending.nonce,
                            .now = inside_->clock.now()}));
  Person out{.issuer = settings.issuer, .subject = text_of(claims, "sub")};
  const auto take = [&](const json& from) {
    out.email = text_of(from, "email");
    const auto verified_at = from.find("email_verified");
    // Some providers tell it as text.
    out.email_verified =
        verified_at != from.end() && (*verified_at == true || *verified_at == "true");
    out.name = text_of(from, "name");
  };
  take(claims);
  const std::string access = text_of(tokens, "access_token");
  if (out.email.empty() && !at.userinfo.empty() && !access.empty()) {
    const json told = TRY(inside_->ask(
        {.url = at.userinfo, .headers = {{"Authorization", "Bearer " + access}}}, stop));
    if (text_of(told, "sub") == out.subject) take(told);
  }
  if (out.email.empty())
    return Error{.kind = ErrorKind::denied,
                 .message = "the identity provider tells no e-mail",
                 .remedy = "Let it release the scope `email` to this application."};
  return out;
}

}  // namespace rollcall::oidc
