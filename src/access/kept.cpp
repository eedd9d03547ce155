#include "access/kept.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace rollcall::access {
namespace {

using Json = nlohmann::json;

int64_t number(Time time) { return time.time_since_epoch().count(); }
Time time_in(const Json& json, const char* key) { return Time(Millis(json.at(key))); }

Error unreadable(const char* what) {
  return {.kind = ErrorKind::corrupt,
          .message = std::string("what is kept of ") + what + " cannot be read",
          .remedy = "Restore rollcall.db from a backup, together with the file `key`."};
}

// Of what throws when something is missing or of another type.
template <class Read>
auto read(const char* what, const std::string& text, Read&& read)
    -> Result<decltype(read(std::declval<const Json&>()))> {
  const auto json = read_json<Json>(text);
  try {
    return read(json);
  } catch (const Json::exception&) {
    return unreadable(what);
  }
}

Json json_of(const Word& word) {
  return {{"hash", word.hash}, {"expires_ms", number(word.expires_at)}};
}
Word word_of(const Json& json) { return {json.at("hash"), time_in(json, "expires_ms")}; }

Json json_of(const Account& account) {
  const User& user = account.user;
  Json out{{"uid", user.uid},
           {"email", user.email},
           {"name", user.name},
           {"role", word(user.role)},
           {"disabled", user.disabled},
           {"created_ms", number(user.created_at)},
           {"password", account.password},
           {"epoch", account.epoch}};
  if (account.invitation) out["invitation"] = json_of(*account.invitation);
  if (!account.subject.empty())
    out["identity"] = {{"issuer", account.issuer}, {"subject", account.subject}};
  return out;
}

// A role that is not known may do least.
Role role_of(const Json& json) {
  return from_word<Role>(json.at("role").get<std::string>()).value_or(Role::viewer);
}

Account account_of(const Json& json) {
  Account out;
  out.user = {.uid = json.at("uid"),
              .email = json.at("email"),
              .name = json.at("name"),
              .role = role_of(json),
              .disabled = json.at("disabled"),
              .created_at = time_in(json, "created_ms")};
  out.password = json.at("password");
  out.user.has_password = !out.password.empty();
  out.epoch = json.at("epoch");
  if (json.contains("invitation")) out.invitation = word_of(json.at("invitation"));
  if (json.contains("identity")) {
    out.issuer = json.at("identity").at("issuer");
    out.subject = json.at("identity").at("subject");
  }
  return out;
}

}  // namespace

Account* Roster::by_uid(std::string_view uid) {
  return const_cast<Account*>(std::as_const(*this).by_uid(uid));
}
const Account* Roster::by_uid(std::string_view uid) const {
  for (const Account& one : accounts)
    if (one.user.uid == uid) return &one;
  return nullptr;
}
const Account* Roster::by_email(std::string_view email) const {
  for (const Account& one : accounts)
    if (one.user.email == email) return &one;
  return nullptr;
}
bool Roster::has_admin() const {
  return std::any_of(accounts.begin(), accounts.end(), [](const Account& one) {
    return one.user.role == Role::admin && !one.user.disabled;
  });
}

std::string to_json(const Roster& roster) {
  Json out{{"users", Json::array()}};
  for (const Account& one : roster.accounts) out["users"].push_back(json_of(one));
  if (roster.setup) out["setup"] = json_of(*roster.setup);
  return out.dump();
}

Result<Roster> roster_from_json(const std::string& text) {
  return read("the users", text, [](const Json& json) {
    Roster out;
    for (const Json& one : json.at("users")) out.accounts.push_back(account_of(one));
    if (json.contains("setup")) out.setup = word_of(json.at("setup"));
    return out;
  });
}

std::string to_json(const KeptSession& session) {
  return Json{{"user", session.user_uid},
              {"epoch", session.epoch},
              {"began_ms", number(session.began_at)},
              {"used_ms", number(session.used_at)}}
      .dump();
}

Result<KeptSession> session_from_json(const std::string& text) {
  return read("a session", text, [](const Json& json) {
    return KeptSession{json.at("user"), json.at("epoch"), time_in(json, "began_ms"),
                       time_in(json, "used_ms")};
  });
}

std::string to_json(const Token& token) {
  Json out{{"uid", token.uid},
           {"name", token.name},
           {"role", word(token.role)},
           {"made_by", token.made_by},
           {"created_ms", number(token.created_at)}};
  if (token.last_used_at) out["used_ms"] = number(*token.last_used_at);
  return out.dump();
}

Result<Token> token_from_json(const std::string& text) {
  return read("a token", text, [](const Json& json) {
    Token out{.uid = json.at("uid"),
              .name = json.at("name"),
              .role = role_of(json),
              .made_by = json.at("made_by"),
              .created_at = time_in(json, "created_ms")};
    if (json.contains("used_ms")) out.last_used_at = time_in(json, "used_ms");
    return out;
  });
}

}  // namespace rollcall::access
