// An ID token: signature and claims. Not a door.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/base.hpp"

namespace rollcall::oidc {

// The claims of a token that one of `keys` (a JWK set) has signed. Errors: denied; not_found: it
// names a key that is not among them, which a newer set may have.
Result<nlohmann::json> verified(const std::string& token, const nlohmann::json& keys);

struct Expected {
  std::string issuer, client_id, nonce;
  Time now;
};
// Errors: denied, saying which claim.
Status check_claims(const nlohmann::json& claims, const Expected& expected);

// A text claim; empty when it is not there, or is none.
std::string text_of(const nlohmann::json& object, const char* key);

}  // namespace rollcall::oidc
