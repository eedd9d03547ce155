#include "oidc/token.hpp"

#include <cjose/cjose.h>
#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <memory>
#include <optional>

#include "base/base64.hpp"
#include "base/json.hpp"

namespace rollcall::oidc {
namespace {

using nlohmann::json;

struct Algorithm {
  std::string_view name, key_type;
};
// Of public keys alone: with a shared secret, or with none, anybody could sign.
constexpr std::array<Algorithm, 9> kAlgorithms = {{{"RS256", "RSA"},
                                                   {"RS384", "RSA"},
                                                   {"RS512", "RSA"},
                                                   {"PS256", "RSA"},
                                                   {"PS384", "RSA"},
                                                   {"PS512", "RSA"},
                                                   {"ES256", "EC"},
                                                   {"ES384", "EC"},
                                                   {"ES512", "EC"}}};
constexpr int64_t kSkew = 60;  // seconds that the provider's clock may differ from ours
constexpr size_t kTokenMax = 64 * 1024;

Error refused(const std::string& why) {
  return {.kind = ErrorKind::denied,
          .message = "the identity provider's token is refused: " + why,
          .remedy =
              "Sign in again. If it stays so, the provider's settings for this application, or "
              "ours of it, are wrong."};
}

struct FreeJws {
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
};
struct FreeJwk {
  void operator()(cjose_jwk_t* jwk) const { cjose_jwk_release(jwk); }
};

// The one key of the set that the header means.
Result<json> key_of(const json& header, std::string_view key_type, const json& keys) {
  const std::string kid = text_of(header, "kid");
  const json* found = nullptr;
  if (keys.is_object() && keys.contains("keys") && keys["keys"].is_array())
    for (const json& key : keys["keys"]) {
      if (text_of(key, "kty") != key_type || text_of(key, "use") == "enc") continue;
      if (!kid.empty() && text_of(key, "kid") != kid) continue;
      if (found != nullptr) return refused("several keys could have signed it");
      found = &key;
    }
  if (found == nullptr)
    return Error{ErrorKind::not_found, "the provider has no key as the token names it"};
  return *found;
}

}  // namespace

std::string text_of(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Result<json> verified(const std::string& token, const json& keys) {
  if (token.size() > kTokenMax) return refused("it is too long");
  const auto head = from_base64url(std::string_view(token).substr(0, token.find('.')));
  const json header = head ? read_json<json>(*head) : json();
  if (!header.is_object()) return refused("it is no signed token");
  if (header.contains("crit")) return refused("it demands what is not known here");
  const std::string named = text_of(header, "alg");
  const Algorithm* algorithm = nullptr;
  for (const Algorithm& one : kAlgorithms)
    if (one.name == named) algorithm = &one;
  if (algorithm == nullptr) return refused("it is not signed by an algorithm that is taken here");
  const std::string key = TRY(key_of(header, algorithm->key_type, keys)).dump();

  cjose_err problem{};
  const std::unique_ptr<cjose_jwk_t, FreeJwk> jwk(
      cjose_jwk_import(key.data(), key.size(), &problem));
  if (!jwk) return refused("the provider's key cannot be read");
  const std::unique_ptr<cjose_jws_t, FreeJws> jws(
      cjose_jws_import(token.data(), token.size(), &problem));
  if (!jws) return refused("it is no signed token");
  if (!cjose_jws_verify(jws.get(), jwk.get(), &problem)) return refused("its signature is wrong");
  uint8_t* text = nullptr;  // the token's own
  size_t size = 0;
  if (!cjose_jws_get_plaintext(jws.get(), &text, &size, &problem))
    return refused("it says nothing");
  json claims = read_json<json>(std::string_view(reinterpret_cast<const char*>(text), size));
  if (!claims.is_object()) return refused("it says nothing");
  return claims;
}

Status check_claims(const json& claims, const Expected& expected) {
  const auto seconds = [&](const char* key) -> std::optional<double> {
    const auto at = claims.find(key);
    if (at == claims.end() || !at->is_number()) return std::nullopt;
    return at->get<double>();
  };
  const auto now = static_cast<double>(
      std::chrono::duration_cast<std::chrono::seconds>(expected.now.time_since_epoch()).count());
  if (text_of(claims, "iss") != expected.issuer) return refused("`iss` is another provider");
  size_t audiences = 0;
  bool is_ours = false;
  const json audience = claims.value("aud", json());
  for (const json& one : audience.is_array() ? audience : json::array({audience})) {
    ++audiences;
    is_ours = is_ours || one == expected.client_id;
  }
  if (!is_ours) return refused("`aud` is another application");
  const std::string party = text_of(claims, "azp");
  if ((audiences > 1 || claims.contains("azp")) && party != expected.client_id)
    return refused("`azp` is another application");
  const auto ends = seconds("exp"), made = seconds("iat"), begins = seconds("nbf");
  if (!ends || *ends + kSkew <= now) return refused("`exp`: it has expired");
  if (!made || *made - kSkew > now) return refused("`iat`: it is of the future");
  if (begins && *begins - kSkew > now) return refused("`nbf`: it does not hold yet");
  const std::string nonce = text_of(claims, "nonce");
  if (nonce.size() != expected.nonce.size() ||
      sodium_memcmp(nonce.data(), expected.nonce.data(), nonce.size()) != 0)
    return refused("`nonce` is that of another sign-in");
  constexpr size_t kSubjectMax = 255;
  const std::string subject = text_of(claims, "sub");
  if (subject.empty() || subject.size() > kSubjectMax) return refused("`sub` names nobody");
  return ok_status();
}

}  // namespace rollcall::oidc
