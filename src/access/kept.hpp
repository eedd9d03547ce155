// What access keeps in the store, as values; each to JSON and back. All users are one record: that
// no two bear one e-mail, that an admin remains and that a word works once is so decided by one
// write, whoever else writes. What changes often, when they were last seen, is beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/access.hpp"

namespace rollcall::access {

struct Word {
  std::string hash;
  Time expires_at;
};

struct Account {
  User user;             // but for `last_seen_at`
  std::string password;  // its hash; empty: none
  int64_t epoch = 0;     // sessions of another have ended
  std::optional<Word> invitation = std::nullopt;
  // Who they are at an identity provider, from when they first came by it; empty: never.
  std::string issuer = {}, subject = {};
};

struct Roster {
  std::vector<Account> accounts;
  std::optional<Word> setup = std::nullopt;

  [[nodiscard]] Account* by_uid(std::string_view uid);
  [[nodiscard]] const Account* by_uid(std::string_view uid) const;
  [[nodiscard]] const Account* by_email(std::string_view email) const;
  // Those who can act.
  [[nodiscard]] bool has_admin() const;
};

struct KeptSession {
  std::string user_uid;
  int64_t epoch = 0;
  Time began_at, used_at;
};

std::string to_json(const Roster& roster);
std::string to_json(const KeptSession& session);
std::string to_json(const Token& token);  // but for `expires_at`
// Errors: corrupt.
Result<Roster> roster_from_json(const std::string& json);
Result<KeptSession> session_from_json(const std::string& json);
Result<Token> token_from_json(const std::string& json);

}  // namespace rollcall::access
