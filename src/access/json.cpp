#include <nlohmann/json.hpp>

#include "access/access.hpp"

namespace rollcall::access {

using json = nlohmann::ordered_json;

namespace {
json or_null(const std::optional<Time>& time) { return time ? json(iso_utc(*time)) : json(); }
}  // namespace

json json_of(const User& user) {
  return {{"uid", user.uid},
          {"email", user.email},
          {"name", user.name},
          {"role", word(user.role)},
          {"disabled", user.disabled},
          {"has_password", user.has_password},
          {"created_at", iso_utc(user.created_at)},
          {"last_seen_at", or_null(user.last_seen_at)}};
}

json json_of(const Token& token) {
  return {{"uid", token.uid},
          {"name", token.name},
          {"role", word(token.role)},
          {"made_by", token.made_by},
          {"created_at", iso_utc(token.created_at)},
          {"expires_at", or_null(token.expires_at)},
          {"last_used_at", or_null(token.last_used_at)}};
}

}  // namespace rollcall::access
