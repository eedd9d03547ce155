#include "access/access.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "access/guesses.hpp"
#include "access/kept.hpp"
#include "access/keys.hpp"
#include "access/passwords.hpp"

namespace rollcall::access {
namespace {

constexpr size_t kEmailBytesMax = 254;  // RFC 5321, 4.5.3.1.3, without its brackets
constexpr size_t kNameBytesMax = 200;
constexpr size_t kUsersMax = 5000;  // all of them are one record
constexpr size_t kTokensMax = 1000;
constexpr size_t kSessionsMax = 50;                 // of one user
constexpr Millis kNoted = std::chrono::minutes(1);  // uses are, at most this often
constexpr std::string_view kTokenBegins = "rc_";
constexpr int kTries = 100;  // against others who write

// Where things are, among the store's records.
constexpr const char* kUsers = "users";
constexpr const char* kAllUsers = "all";
constexpr const char* kSeen = "seen";
constexpr const char* kSession = "session";
constexpr const char* kToken = "token";

bool is_printable(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
         });
}

Result<std::string> normal_email(std::string_view text) {
  std::string out(trim(text));
  ascii_lower(out);
  const size_t at = out.find('@');
  const bool has_form = at != std::string::npos && at > 0 && at + 1 < out.size() &&
                        out.find('@', at + 1) == std::string::npos;
  if (has_form && out.size() <= kEmailBytesMax && is_printable(out) &&
      out.find(' ') == std::string::npos)
    return out;
  return Error{.message = "this is no e-mail address",
               .remedy = "It has one @ and no spaces: ada@example.com.",
               .code = "email_invalid"};
}

Result<std::string> normal_name(std::string_view text, bool may_be_empty) {
  std::string out(trim(text));
  if (is_printable(out) && out.size() <= kNameBytesMax && (may_be_empty || !out.empty()))
    return out;
  return Error{.message = may_be_empty ? "this is no name: it has at most 200 bytes, in one line"
                                       : "this is no name: it has 1 to 200 bytes, in one line",
               .code = "name_invalid"};
}

Error no_such_user() { return {.kind = ErrorKind::not_found, .message = "there is no such user"}; }
Error not_signed_in() {
  return {.kind = ErrorKind::denied,
          .message = "this session has ended",
          .remedy = "Sign in again.",
          .code = "session_ended"};
}
Error wrong_password() {
  return {.kind = ErrorKind::denied,
          .message = "e-mail and password do not belong together",
          .code = "sign_in_failed"};
}
Error spent_word() {
  return {.kind = ErrorKind::denied,
          .message = "this link was used before, or has expired",
          .remedy = "Ask an administrator for a new one.",
          .code = "link_spent"};
}
Error unknown_token() {
  return {.kind = ErrorKind::denied,
          .message = "this token is not known, or has expired",
          .code = "token_unknown"};
}

Caller caller_of(const Account& account) {
  return {.uid = account.user.uid, .name = account.user.email, .role = account.user.role};
}

bool is(const std::optional<Word>& word, const std::string& hash, Time now) {
  return word && word->hash == hash && now < word->expires_at;
}

}  // namespace

struct Access::Inside {
  Inside(store::Store& in, Clock& by, Random& from, const Settings& with)
      : store(in),
        clock(by),
        random(from),
        settings(with),
        keys(in.derived("access"), from),
        passwords(with),
        guesses(in, by, keys) {}

  store::Store& store;
  Clock& clock;
  Random& random;
  const Settings settings;
  const Keys keys;
  Passwords passwords;
  Guesses guesses;

  // As it was read last: a revision is never given twice, so the text of one is read once.
  std::mutex mutex;
  int64_t roster_revision = 0;
  std::shared_ptr<const Roster> roster_read;

  struct Read {
    std::shared_ptr<const Roster> roster;
    int64_t revision = 0;
  };
  Result<Read> read() {
    const auto kept = TRY(store.record(kUsers, kAllUsers));
    if (!kept) return Read{std::make_shared<const Roster>(), 0};
    {
      const std::lock_guard lock(mutex);
      if (roster_revision == kept->revision) return Read{roster_read, kept->revision};
    }
    auto roster = std::make_shared<const Roster>(TRY(roster_from_json(kept->json)));
    const std::lock_guard lock(mutex);
    roster_revision = kept->revision;
    roster_read = roster;
    return Read{std::move(roster), kept->revision};
  }
  Result<std::shared_ptr<const Roster>> roster() { return TRY(read()).roster; }

  // `change` is asked again where others wrote in between, and may refuse. An admin remains.
  template <class Change>
  Status write(Change&& change) {
    for (int tried = 1;; ++tried) {
      const Read before = TRY(read());
      Roster roster = *before.roster;
      TRY(change(roster));
      if (before.roster->has_admin() && !roster.has_admin())
        return Error{.kind = ErrorKind::conflict,
                     .message = "there would be no administrator any more",
                     .remedy = "Make somebody else one first.",
                     .code = "last_admin"};
      Status done = store.put_record(
          {.kind = kUsers, .key = kAllUsers, .json = to_json(roster), .revision = before.revision});
      if (done.ok() || done.error().kind != ErrorKind::conflict || tried == kTries) return done;
    }
  }

  Status add(Roster& roster, Account account) {
    if (roster.by_email(account.user.email) != nullptr)
      return Error{.kind = ErrorKind::conflict,
                   .message = "there is a user of this e-mail address",
                   .code = "email_taken"};
    if (roster.accounts.size() >= kUsersMax)
      return Error{.kind = ErrorKind::conflict,
                   .message = "there are too many users",
                   .remedy = "Remove those who are gone."};
    do {
      account.user.uid = new_id(clock, random);
    } while (roster.by_uid(account.user.uid) != nullptr);
    account.user.created_at = clock.now();
    account.user.has_password = !account.password.empty();
    roster.accounts.push_back(std::move(account));
    return ok_status();
  }

  static void set_password(Account& account, const std::string& hash) {
    account.password = hash;
    account.user.has_password = true;
    account.invitation.reset();
    ++account.epoch;
  }

  // Their sessions have ended with the epoch: this makes room.
  void remove_sessions(const std::string& uid, size_t keep = 0) {
    const auto all = store.records(kSession);
    if (!all.ok()) return;
    std::vector<std::pair<Time, std::string>> theirs;
    for (const store::Record& record : *all)
      if (const auto session = session_from_json(record.json);
          session.ok() && session->user_uid == uid)
        theirs.emplace_back(session->used_at, record.key);
    std::sort(theirs.rbegin(), theirs.rend());
    for (size_t i = keep; i < theirs.size(); ++i)
      (void)store.remove_record(kSession, theirs[i].second);
  }

  Result<SignedIn> begin_session(const Account& account) {
    remove_sessions(account.user.uid, kSessionsMax - 1);
    const Time now = clock.now();
    const std::string cookie = keys.fresh();
    SignedIn out{Secret(cookie), caller_of(account)};
    out.caller.session = keys.hash("session", cookie);
    out.caller.csrf = keys.hash("csrf", cookie);
    TRY(store.put_record({.kind = kSession,
                          .key = out.caller.session,
                          .json = to_json(KeptSession{account.user.uid, account.epoch, now, now}),
                          .expires_at = end_of_session(now, now)}));
    note_seen(account.user.uid);
    return out;
  }

  [[nodiscard]] Time end_of_session(Time began, Time used) const {
    return std::min(used + settings.session_idle, began + settings.session_max);
  }

  // What cannot be noted is not: the next use will be.
  void note_seen(const std::string& uid) {
    const auto before = store.record(kSeen, uid);
    if (!before.ok()) return;
    const Time now = clock.now();
    if (*before && now - seen_in(**before) < kNoted) return;
    (void)store.put_record({.kind = kSeen,
                            .key = uid,
                            .json = std::to_string(now.time_since_epoch().count()),
                            .revision = *before ? (*before)->revision : 0});
  }
  static Time seen_in(const store::Record& record) {
    int64_t at = 0;
    std::from_chars(record.json.data(), record.json.data() + record.json.size(), at);
    return Time(Millis(at));
  }
};

Access::Access(store::Store& store, Clock& clock, Random& random, Settings settings)
    : inside_(std::make_shared<Inside>(store, clock, random, settings)) {}

// --- Users

Result<std::vector<User>> Access::users() {
  const auto roster = TRY(inside_->roster());
  std::vector<User> out;
  for (const Account& one : roster->accounts) out.push_back(one.user);
  std::sort(out.begin(), out.end(), [](const User& a, const User& b) { return a.email < b.email; });
  for (const store::Record& seen : TRY(inside_->store.records(kSeen)))
    for (User& user : out)
      if (user.uid == seen.key) user.last_seen_at = Inside::seen_in(seen);
  return out;
}

Result<User> Access::user(const std::string& uid) {
  const auto roster = TRY(inside_->roster());
  const Account* const found = roster->by_uid(uid);
  if (found == nullptr) return no_such_user();
  User out = found->user;
  if (const auto seen = TRY(inside_->store.record(kSeen, uid)))
    out.last_seen_at = Inside::seen_in(*seen);
  return out;
}

Result<User> Access::add_user(const std::string& email, const std::string& name, Role role,
                              const std::optional<Secret>& password) {
  Account account;
  account.user.email = TRY(normal_email(email));
  account.user.name = TRY(normal_name(name, true));
  account.user.role = role;
  if (password) {
    TRY(inside_->passwords.may_be(*password, account.user.email));
    account.password = TRY(inside_->passwords.hash(*password));
  }
  User made;
  TRY(inside_->write([&](Roster& roster) -> Status {
    TRY(inside_->add(roster, account));
    made = roster.accounts.back().user;
    return ok_status();
  }));
  return made;
}

Result<User> Access::change_user(const std::string& uid, const UserChange& change) {
  const User before = TRY(user(uid));
  std::string name, hash;
  if (change.name) name = TRY(normal_name(*change.name, true));
  if (change.password) {
    TRY(inside_->passwords.may_be(*change.password, before.email));
    hash = TRY(inside_->passwords.hash(*change.password));
  }
  bool ends_sessions = false;
  TRY(inside_->write([&](Roster& roster) -> Status {
    Account* const account = roster.by_uid(uid);
    if (account == nullptr) return no_such_user();
    User& user = account->user;
    const int64_t epoch = account->epoch;
    if (change.name) user.name = name;
    if (change.password) Inside::set_password(*account, hash);
    if (change.role && user.role != *change.role) {
      user.role = *change.role;
      ++account->epoch;
    }
    if (change.disabled && user.disabled != *change.disabled) {
      user.disabled = *change.disabled;
      ++account->epoch;
    }
    if (user.disabled) account->invitation.reset();
    ends_sessions = account->epoch != epoch;
    return ok_status();
  }));
  if (ends_sessions) inside_->remove_sessions(uid);
  return user(uid);
}

Status Access::remove_user(const std::string& uid) {
  TRY(inside_->write([&](Roster& roster) -> Status {
    if (std::erase_if(roster.accounts, [&](const Account& one) { return one.user.uid == uid; }) ==
        0)
      return no_such_user();
    return ok_status();
  }));
  inside_->remove_sessions(uid);
  (void)inside_->store.remove_record(kSeen, uid);
  return ok_status();
}

// --- Words

Result<std::optional<Secret>> Access::setup_word() {
  if (TRY(inside_->roster())->has_admin()) return std::optional<Secret>();
  std::optional<Secret> word = Secret(inside_->keys.fresh());
  TRY(inside_->write([&](Roster& roster) -> Status {
    if (roster.has_admin()) {
      word.reset();
      return ok_status();
    }
    roster.setup = Word{inside_->keys.hash("word", word->reveal()),
                        inside_->clock.now() + inside_->settings.setup_link};
    return ok_status();
  }));
  return word;
}

Result<Secret> Access::invite(const std::string& user_uid) {
  Secret word(inside_->keys.fresh());
  TRY(inside_->write([&](Roster& roster) -> Status {
    Account* const account = roster.by_uid(user_uid);
    if (account == nullptr) return no_such_user();
    if (account->user.disabled)
      return Error{.kind = ErrorKind::conflict,
                   .message = "this user is disabled",
                   .remedy = "Enable them first.",
                   .code = "user_disabled"};
    account->invitation = Word{inside_->keys.hash("word", word.reveal()),
                               inside_->clock.now() + inside_->settings.setup_link};
    return ok_status();
  }));
  return word;
}

Result<User> Access::redeem(const Secret& word, const std::string& email, const Secret& password) {
  const std::string hash = inside_->keys.hash("word", word.reveal());
  // Whose it is, or nobody's yet.
  const auto owner = [&](const Roster& roster) -> Result<std::string> {
    const Time now = inside_->clock.now();
    if (is(roster.setup, hash, now) && !roster.has_admin()) return std::string();
    for (const Account& one : roster.accounts)
      if (is(one.invitation, hash, now) && !one.user.disabled) return one.user.uid;
    return spent_word();
  };
  const auto roster = TRY(inside_->roster());
  const std::string uid = TRY(owner(*roster));
  Account first;
  first.user.role = Role::admin;
  first.user.email = uid.empty() ? TRY(normal_email(email)) : roster->by_uid(uid)->user.email;
  TRY(inside_->passwords.may_be(password, first.user.email));
  first.password = TRY(inside_->passwords.hash(password));

  User out;
  TRY(inside_->write([&](Roster& now_there) -> Status {
    if (TRY(owner(now_there)) != uid) return spent_word();
    if (uid.empty()) {
      TRY(inside_->add(now_there, first));
      now_there.setup.reset();
      out = now_there.accounts.back().user;
    } else {
      Account& account = *now_there.by_uid(uid);
      Inside::set_password(account, first.password);
      out = account.user;
    }
    return ok_status();
  }));
  if (!uid.empty()) inside_->remove_sessions(uid);
  return out;
}

// --- Sessions

Result<Access::SignedIn> Access::sign_in(const std::string& email, const Secret& password,
                                         const std::string& address) {
  // One that is no address is nobody's, and is told so as slowly.
  const auto normal = normal_email(email);
  const Guesses::Try one = TRY(inside_->guesses.begin(normal.ok() ? *normal : email, address));
  const auto roster = TRY(inside_->roster());
  const Account* const account = normal.ok() ? roster->by_email(*normal) : nullptr;
  const auto right =
      inside_->passwords.is(password, account != nullptr ? account->password : std::string());
  if (!right.ok()) {
    (void)inside_->guesses.give_back(one);
    return Error(right.error());
  }
  if (!*right || account->user.disabled) return wrong_password();
  TRY(inside_->guesses.was_right(one));

  if (inside_->passwords.is_outdated(account->password)) {
    const auto anew = inside_->passwords.hash(password);
    if (anew.ok())  // else at the next time
      (void)inside_->write([&](Roster& now_there) -> Status {
        Account* const same = now_there.by_uid(account->user.uid);
        if (same != nullptr && same->password == account->password) same->password = *anew;
        return ok_status();
      });
  }
  return inside_->begin_session(*account);
}

Result<Access::LetIn> Access::let_in(const Identity& identity, std::optional<Role> newcomers) {
  const auto refused = [](const std::string& why, const std::string& remedy) {
    return Error{.kind = ErrorKind::denied, .message = why, .remedy = remedy};
  };
  const std::string email = TRY(normal_email(identity.email));
  const auto name = normal_name(identity.name, true);
  LetIn out;
  TRY(inside_->write([&](Roster& roster) -> Status {
    out = {};
    Account* account = nullptr;
    for (Account& one : roster.accounts)
      if (one.issuer == identity.issuer && one.subject == identity.subject) account = &one;
    if (account == nullptr) {
      if (!identity.email_verified)
        return refused("the identity provider has not verified the e-mail " + email,
                       "Verify it there, or ask an administrator for an invitation.");
      const Account* const same = roster.by_email(email);
      account = same == nullptr ? nullptr : roster.by_uid(same->user.uid);
      if (account == nullptr && !newcomers)
        return refused("nobody here has the e-mail " + email,
                       "Ask an administrator to add you as a user.");
      if (account == nullptr) {
        Account fresh;
        fresh.user.email = email;
        if (name.ok()) fresh.user.name = *name;
        fresh.user.role = *newcomers;
        TRY(inside_->add(roster, fresh));
        account = &roster.accounts.back();
        out.is_new = true;
      }
      // An e-mail may have gone to another person since.
      if (!account->subject.empty())
        return refused("the user " + email + " is somebody else at the identity provider",
                       "Ask an administrator to remove that user, and to add you.");
      account->issuer = identity.issuer;
      account->subject = identity.subject;
    }
    out.user = account->user;
    return ok_status();
  }));
  if (out.user.disabled)
    return refused("the user " + out.user.email + " is disabled", "Ask an administrator.");
  return out;
}

Result<Access::SignedIn> Access::begin_session(const std::string& user_uid) {
  const auto roster = TRY(inside_->roster());
  const Account* const account = roster->by_uid(user_uid);
  if (account == nullptr) return no_such_user();
  if (account->user.disabled)
    return Error{.kind = ErrorKind::denied,
                 .message = "this user is disabled",
                 .remedy = "Ask an administrator.",
                 .code = "user_disabled"};
  return inside_->begin_session(*account);
}

Result<Caller> Access::by_session(const Secret& cookie) {
  const std::string key = inside_->keys.hash("session", cookie.reveal());
  auto record = TRY(inside_->store.record(kSession, key));
  if (!record) return not_signed_in();
  KeptSession session = TRY(session_from_json(record->json));
  const auto roster = TRY(inside_->roster());
  const Account* const account = roster->by_uid(session.user_uid);
  if (account == nullptr || account->user.disabled || account->epoch != session.epoch)
    return not_signed_in();

  const Time now = inside_->clock.now();
  if (now - session.used_at >= kNoted) {
    session.used_at = now;
    record->json = to_json(session);
    record->expires_at = inside_->end_of_session(session.began_at, now);
    (void)inside_->store.put_record(*record);  // another call of this minute did it, or will
    inside_->note_seen(account->user.uid);
  }
  Caller out = caller_of(*account);
  out.session = key;
  out.csrf = inside_->keys.hash("csrf", cookie.reveal());
  return out;
}

Status Access::sign_out(const Caller& caller) {
  (void)TRY(inside_->store.remove_record(kSession, caller.session));
  return ok_status();
}

// --- Tokens

Result<Access::NewToken> Access::add_token(const std::string& name, Role role,
                                           const std::string& made_by,
                                           std::optional<Time> expires_at) {
  const Time now = inside_->clock.now();
  Token token;
  token.name = TRY(normal_name(name, false));
  token.uid = new_id(inside_->clock, inside_->random);
  token.role = role;
  token.made_by = made_by;
  token.created_at = now;
  token.expires_at = expires_at;
  NewToken out{std::move(token), Secret(std::string(kTokenBegins) + inside_->keys.fresh())};
  if (expires_at && *expires_at <= now)
    return Error{.message = "the token would have expired already", .code = "expiry_past"};
  const std::string key = inside_->keys.hash("token", out.text.reveal());
  TRY(inside_->store.put_record(
      {.kind = kToken, .key = key, .json = to_json(out.token), .expires_at = expires_at}));
  // Looked for when it is there: of two who take one name at once, neither misses the other.
  const auto all = tokens();
  const auto is_another = [&](const Token& one) {
    return one.name == out.token.name && one.uid != out.token.uid;
  };
  const bool is_taken = all.ok() && std::any_of(all->begin(), all->end(), is_another);
  if (all.ok() && !is_taken && all->size() <= kTokensMax) return out;
  (void)TRY(inside_->store.remove_record(kToken, key));
  if (!all.ok()) return Error(all.error());
  if (is_taken)
    return Error{.kind = ErrorKind::conflict,
                 .message = "there is a token of this name",
                 .code = "name_taken"};
  return Error{.kind = ErrorKind::conflict,
               .message = "there are too many tokens",
               .remedy = "Remove those that nobody uses."};
}

Result<std::vector<Token>> Access::tokens() {
  std::vector<Token> out;
  for (const store::Record& record : TRY(inside_->store.records(kToken))) {
    out.push_back(TRY(token_from_json(record.json)));
    out.back().expires_at = record.expires_at;
  }
  std::sort(out.begin(), out.end(), [](const Token& a, const Token& b) { return a.name < b.name; });
  return out;
}

Status Access::remove_token(const std::string& uid) {
  for (const store::Record& record : TRY(inside_->store.records(kToken)))
    if (TRY(token_from_json(record.json)).uid == uid &&
        TRY(inside_->store.remove_record(kToken, record.key)))
      return ok_status();
  return Error{.kind = ErrorKind::not_found, .message = "there is no such token"};
}

Result<Caller> Access::by_token(const Secret& text) {
  if (!text.reveal().starts_with(kTokenBegins)) return unknown_token();
  auto record = TRY(inside_->store.record(kToken, inside_->keys.hash("token", text.reveal())));
  if (!record) return unknown_token();
  Token token = TRY(token_from_json(record->json));
  const Time now = inside_->clock.now();
  if (!token.last_used_at || now - *token.last_used_at >= kNoted) {
    token.last_used_at = now;
    record->json = to_json(token);
    (void)inside_->store.put_record(*record);  // another call of this minute did it, or will
  }
  return Caller{
      .kind = Caller::Kind::token, .uid = token.uid, .name = token.name, .role = token.role};
}

std::vector<std::string> keyed_records() { return {kSession, kToken}; }

}  // namespace rollcall::access
