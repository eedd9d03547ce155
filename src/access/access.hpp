// Who may do what: users, sessions, tokens, roles. What was done is noted in the store's log by
// whoever lets it be done.
//
// Passwords are kept as Argon2id, sessions and tokens as hashes of what their bearers hold: who
// reads the store can use neither. All of it lies in the store (records of kinds `users`, `seen`,
// `session`, `token` and `failures`), so that it survives a restart and several servers share it.
//
// Guessing: after five wrong passwords for one account from one address the two together wait, ever
// longer (30 s, doubled up to 15 min); an address that fails with ten accounts waits as a whole.
// All of an IPv6 network of 64 bits is one address. An hour of quiet is forgiven. The owner, from
// an address of their own, is never locked out. Whether an account exists cannot be told from the
// answer or its time. Not more than two passwords are hashed at once, and few wait for their turn:
// the rest are throttled.
//
// While there is an enabled admin, there remains one, whoever changes what at once.
//
// Threads: any number may call at once; a few calls hash a password and take a fifth of a second.
// Errors of the store come through: unavailable, corrupt.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "base/words.hpp"
#include "store/store.hpp"

namespace rollcall::access {

// Each may do what those before it may.
enum class Role {
  viewer,   // sees objects, numbers and runs; no person
  operate,  // starts, stops, approves, pauses; sees people: previews, why, rejects
  editor,   // changes the catalog
  admin,    // users, tokens of others, settings, the log
};
[[nodiscard]] constexpr bool may(Role has, Role needs) { return has >= needs; }

struct User {
  std::string uid;
  std::string email;  // what they sign in by; in lower case
  std::string name = {};
  Role role = Role::viewer;
  bool disabled = false;
  Time created_at = {};
  std::optional<Time> last_seen_at = std::nullopt;  // to the minute
  bool has_password = false;
};

struct Token {
  std::string uid, name;
  Role role = Role::viewer;
  std::string made_by;  // of whom, by e-mail
  Time created_at = {};
  std::optional<Time> expires_at = std::nullopt;
  std::optional<Time> last_used_at = std::nullopt;  // to the minute
};

// Who asks.
struct Caller {
  enum class Kind { user, token } kind = Kind::user;
  std::string uid;   // of the user or the token
  std::string name;  // e-mail, or the token's name
  Role role = Role::viewer;
  std::string session = {};  // its key; empty for tokens
  std::string csrf = {};     // what a session's writes must bear in `X-CSRF-Token`
};

struct Settings {
  Millis session_idle{std::chrono::hours(12)};  // noted to the minute
  Millis session_max{std::chrono::hours(24 * 7)};
  Millis setup_link{std::chrono::hours(24)};
  size_t password_min = 12;  // characters
  // Of Argon2id. A password that was hashed by others is hashed anew when its owner signs in.
  uint64_t hash_memory = 64ull << 20;
  uint64_t hash_passes = 2;
};

class Access {
 public:
  // All outlive it. `random` is to be one that nobody can foretell.
  Access(store::Store& store, Clock& clock, Random& random, Settings settings = {});

  // --- Users. Errors: invalid (e-mail, name, a password that is short or among the best known),
  // conflict (an e-mail that another has; the last admin would be gone), not_found, throttled (a
  // password, while many are hashed).
  Result<std::vector<User>> users();  // by e-mail
  Result<User> user(const std::string& uid);
  // Without a password they cannot sign in until they set one by a link of invite().
  Result<User> add_user(const std::string& email, const std::string& name, Role role,
                        const std::optional<Secret>& password);
  struct UserChange {
    std::optional<std::string> name = std::nullopt;
    std::optional<Role> role = std::nullopt;
    std::optional<bool> disabled = std::nullopt;
    std::optional<Secret> password = std::nullopt;
  };
  // A change of role, password or `disabled` ends their sessions.
  Result<User> change_user(const std::string& uid, const UserChange& change);
  Status remove_user(const std::string& uid);

  // --- First start and invitations: a word that works once, for a day.
  // Nothing while there is an admin. A new one ends the one before.
  Result<std::optional<Secret>> setup_word();
  // A new one ends the one before, and so does a password that is set otherwise.
  Result<Secret> invite(const std::string& user_uid);
  // By a set-up word: makes the first admin. By an invitation: sets the password, whatever the
  // e-mail. Of several who redeem one word at once, one does. Errors: denied (spent, expired,
  // unknown, disabled: which is not told), and those of add_user, which leave the word as it was.
  Result<User> redeem(const Secret& word, const std::string& email, const Secret& password);

  // --- Sessions.
  struct SignedIn {
    Secret cookie;  // goes to the browser alone
    Caller caller;
  };
  // Errors: denied; throttled, with retry_after.
  Result<SignedIn> sign_in(const std::string& email, const Secret& password,
                           const std::string& address);
  // For who was let in by other means (redeem, OpenID Connect). Errors: not_found, denied
  // (disabled). Of one user the fifty sessions last used are kept.
  Result<SignedIn> begin_session(const std::string& user_uid);
  // Errors: denied (unknown, expired, ended, disabled).
  Result<Caller> by_session(const Secret& cookie);
  Status sign_out(const Caller& caller);

  // Of an identity provider's person, whom the provider has let in: the user they came as before, or
  // the one of their e-mail, or a new one where newcomers have a role. Errors: denied (an e-mail
  // that the provider has not verified, nobody's, or another identity's; disabled).
  struct Identity {
    std::string issuer, subject;  // the two together are one person for ever
    std::string email;
    bool email_verified = false;
    std::string name = {};
  };
  struct LetIn {
    User user;
    bool is_new = false;
  };
  Result<LetIn> let_in(const Identity& identity, std::optional<Role> newcomers);

  // --- Tokens. The text is shown once; it begins with `rc_`. They are nobody's: they last when
  // whoever made them is gone. Errors: invalid (a name, an end that is past), conflict (a name that
  // another has), not_found.
  struct NewToken {
    Token token;
    Secret text;
  };
  Result<NewToken> add_token(const std::string& name, Role role, const std::string& made_by,
                             std::optional<Time> expires_at);
  Result<std::vector<Token>> tokens();  // by name; none that has expired
  Status remove_token(const std::string& uid);
  // Errors: denied (unknown, expired, removed).
  Result<Caller> by_token(const Secret& text);

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

// The kinds of the store's records that only the home's key gives a meaning: sessions and tokens.
// Whoever replaces the key ends them.
std::vector<std::string> keyed_records();

// As programs read them.
nlohmann::ordered_json json_of(const User& user);
nlohmann::ordered_json json_of(const Token& token);

}  // namespace rollcall::access

template <>
struct rollcall::Words<rollcall::access::Role> {
  using enum access::Role;
  static constexpr auto all = std::to_array<Word<access::Role>>(
      {{"viewer", viewer}, {"operator", operate}, {"editor", editor}, {"admin", admin}});
};
