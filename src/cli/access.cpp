// user, token, log: who may use the service, and what was done.
#include "access/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

using access::Access;
using access::Role;
using access::Token;
using access::User;
using json = nlohmann::ordered_json;

constexpr const char* kWho = "command line";

Result<Access> access_of(Session& session) {
  return Access(*TRY(session.store()), session.world().clock, session.world().random);
}

json or_null(const std::optional<Time>& time) { return time ? json(iso_utc(*time)) : json(); }

// What of them the log tells.
json noted(const User& user) {
  return {{"email", user.email},
          {"name", user.name},
          {"role", word(user.role)},
          {"disabled", user.disabled}};
}
json noted(const Token& token) {
  return {
      {"name", token.name}, {"role", word(token.role)}, {"expires_at", or_null(token.expires_at)}};
}

struct Note {
  const char* action;
  const char* kind;
  std::string uid, name;
  json before = nullptr, after = nullptr;
};
Status note(Session& session, const Note& what) {
  return TRY(session.store())
      ->log({.at = session.world().clock.now(),
             .who = kWho,
             .action = what.action,
             .kind = what.kind,
             .uid = what.uid,
             .name = what.name,
             .before = what.before.is_null() ? "" : what.before.dump(),
             .after = what.after.is_null() ? "" : what.after.dump()});
}

Result<Role> role_of(const std::string& text) {
  if (const auto role = from_word<Role>(text)) return *role;
  return Error{ErrorKind::invalid,
               "there is no role `" + text + "`" + did_you_mean(text, words<Role>()),
               "There are " + join(words<Role>(), ", ") + "."};
}

Result<User> find_user(Access& access, const std::string& email) {
  std::string wanted(trim(email));
  ascii_lower(wanted);
  std::vector<std::string> emails;
  for (const User& user : TRY(access.users())) {
    if (user.email == wanted) return user;
    emails.push_back(user.email);
  }
  return Error{ErrorKind::invalid,
               "there is no user `" + wanted + "`" + did_you_mean(wanted, emails),
               "`rollcall user list` lists them."};
}

Result<Secret> password_from_stdin() {
  constexpr size_t kLineMax = 4096;
  std::string line;
  char next = 0;
  while (line.size() <= kLineMax && std::cin.get(next) && next != '\n') line += next;
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty() || line.size() > kLineMax)
    return Error{ErrorKind::invalid, "the first line of stdin is no password"};
  return Secret(std::move(line));
}

// "90d".
Result<Millis> span_of(const std::string& text) {
  constexpr int64_t kLongest = 24 * 3660;  // in hours
  int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  const int64_t hours = unit == "h" ? 1 : unit == "d" ? 24 : unit == "w" ? 24 * 7 : 0;
  if (problem == std::errc() && number > 0 && hours > 0 && number <= kLongest / hours)
    return Millis(std::chrono::hours(number * hours));
  return Error{ErrorKind::invalid,
               "--expires must be a time span like 12h, 90d or 52w, found `" + text + "`",
               "At most 10 years; leave it out for no end."};
}

// A word by which somebody sets their password: on stdout, what it is for on stderr.
void hand_out(Session& session, const User& user, const Secret& word) {
  session.print("{}\n", word.reveal());
  session.say("this word lets " + user.email +
              " set a password on the page, once and within a day; hand it to nobody else");
}

std::string standing(const User& user) {
  if (user.disabled) return "disabled";
  return user.has_password ? "enabled" : "no password yet";
}
std::string date_or(const std::optional<Time>& time, const char* otherwise) {
  return time ? date(*time) : otherwise;
}

}  // namespace

Result<int> add_user(Session& session, const UserOptions& options) {
  const Role role = TRY(role_of(options.role.value_or("viewer")));
  std::optional<Secret> password;
  if (options.password_stdin) password = TRY(password_from_stdin());
  Access access = TRY(access_of(session));
  const User user = TRY(access.add_user(options.email, options.name.value_or(""), role, password));
  TRY(note(session, {"created", "user", user.uid, user.email, nullptr, noted(user)}));
  std::optional<Secret> word;
  if (!password) word = TRY(access.invite(user.uid));
  if (session.json()) {
    session.print_json(
        {{"user", json_of(user)}, {"invitation", word ? json(word->reveal()) : json()}});
  } else if (word) {
    hand_out(session, user, *word);
  } else {
    session.print("{} may sign in as {}\n", plain(user.email), rollcall::word(user.role));
  }
  return kDone;
}

Result<int> users(Session& session) {
  Access access = TRY(access_of(session));
  const auto all = TRY(access.users());
  json list = json::array();
  Table table({{"e-mail"}, {"name"}, {"role"}, {"standing"}, {"last seen (UTC)"}});
  for (const User& user : all) {
    list.push_back(json_of(user));
    table.add({user.email, user.name, std::string(word(user.role)), standing(user),
               date_or(user.last_seen_at, "–")});
  }
  if (session.json()) {
    session.print_json(list);
  } else if (all.empty()) {
    session.say("no users yet: `rollcall user add EMAIL --role admin` makes one");
  } else {
    session.print_text(table.text());
  }
  return kDone;
}

Result<int> set_user(Session& session, const UserOptions& options) {
  Access::UserChange change{.name = options.name};
  if (options.role) change.role = TRY(role_of(*options.role));
  if (options.disabled || options.enabled) change.disabled = options.disabled;
  const bool changes = change.name || change.role || change.disabled || options.password_stdin;
  if (!changes && !options.invite)
    return Error{ErrorKind::invalid, "nothing is said that would change",
                 "`rollcall user set --help` lists what can be."};
  Access access = TRY(access_of(session));
  const User before = TRY(find_user(access, options.email));
  if (options.password_stdin) change.password = TRY(password_from_stdin());

  User user = before;
  if (changes) {
    user = TRY(access.change_user(before.uid, change));
    json after = noted(user);
    if (change.password) after["password"] = "changed";
    TRY(note(session, {"changed", "user", user.uid, user.email, noted(before), after}));
  }
  std::optional<Secret> word;
  if (options.invite) {
    word = TRY(access.invite(user.uid));
    TRY(note(session, {"invited", "user", user.uid, user.email}));
  }
  if (session.json()) {
    session.print_json(
        {{"user", json_of(user)}, {"invitation", word ? json(word->reveal()) : json()}});
  } else if (word) {
    hand_out(session, user, *word);
  } else {
    session.print("{}: {}, {}\n", plain(user.email), rollcall::word(user.role), standing(user));
  }
  return kDone;
}

Result<int> remove_user(Session& session, const UserOptions& options) {
  Access access = TRY(access_of(session));
  const User user = TRY(find_user(access, options.email));
  TRY(access.remove_user(user.uid));
  TRY(note(session, {"removed", "user", user.uid, user.email, noted(user)}));
  if (session.json()) {
    session.print_json({{"removed", json_of(user)}});
  } else {
    session.print("{} is removed\n", plain(user.email));
  }
  return kDone;
}

Result<int> add_token(Session& session, const TokenOptions& options) {
  const Role role = TRY(role_of(options.role));
  std::optional<Time> expires_at;
  if (options.expires) expires_at = session.world().clock.now() + TRY(span_of(*options.expires));
  Access access = TRY(access_of(session));
  const auto made = TRY(access.add_token(options.name, role, kWho, expires_at));
  TRY(note(session,
           {"created", "token", made.token.uid, made.token.name, nullptr, noted(made.token)}));
  if (!expires_at) session.say("this token never expires; `--expires 90d` would give it an end");
  if (session.json()) {
    session.print_json({{"token", json_of(made.token)}, {"text", made.text.reveal()}});
    return kDone;
  }
  session.print("{}\n", made.text.reveal());
  session.say("it is shown this once, and kept nowhere");
  return kDone;
}

Result<int> tokens(Session& session) {
  Access access = TRY(access_of(session));
  const auto all = TRY(access.tokens());
  json list = json::array();
  Table table({{"token"},
               {"role"},
               {"made by"},
               {"created (UTC)"},
               {"expires (UTC)"},
               {"last used (UTC)"}});
  for (const Token& token : all) {
    list.push_back(json_of(token));
    table.add({token.name, std::string(word(token.role)), token.made_by, date(token.created_at),
               date_or(token.expires_at, "never"), date_or(token.last_used_at, "–")});
  }
  if (session.json()) {
    session.print_json(list);
  } else if (all.empty()) {
    session.say("no tokens yet: `rollcall token add NAME` makes one");
  } else {
    session.print_text(table.text());
  }
  return kDone;
}

Result<int> remove_token(Session& session, const TokenOptions& options) {
  Access access = TRY(access_of(session));
  const std::string wanted(trim(options.name));
  std::vector<std::string> names;
  for (const Token& token : TRY(access.tokens())) {
    names.push_back(token.name);
    if (token.name != wanted) continue;
    TRY(access.remove_token(token.uid));
    TRY(note(session, {"removed", "token", token.uid, token.name, noted(token)}));
    if (session.json()) {
      session.print_json({{"removed", json_of(token)}});
    } else {
      session.print("{} is removed\n", plain(token.name));
    }
    return kDone;
  }
  return Error{ErrorKind::invalid,
               "there is no token `" + wanted + "`" + did_you_mean(wanted, names),
               "`rollcall token list` lists them."};
}

Result<int> log(Session& session, const LogOptions& options) {
  const auto lines = TRY(TRY(session.store())
                             ->logged({.who = options.who,
                                       .action = options.action,
                                       .limit = static_cast<int>(options.limit)}));
  json list = json::array();
  Table table({{"when (UTC)"}, {"who"}, {"what"}, {"kind"}, {"name"}, {"from"}});
  for (const store::LogLine& line : lines) {
    if (session.json()) {
      list.push_back(operations::to_json(line));
      continue;
    }
    table.add({date(line.at), line.who, line.action, line.kind, line.name, line.address});
  }
  if (session.json()) {
    session.print_json(list);
  } else if (lines.empty()) {
    session.say("nothing of that kind is noted");
  } else {
    session.print_text(table.text());
  }
  return kDone;
}

Result<std::string> access_names(Session& session, const std::string& kind) {
  std::string out;
  if (kind == "--role") return join(words<Role>(), "\n") + "\n";
  if (kind != "USER" && kind != "TOKEN") return out;
  Access access = TRY(access_of(session));
  if (kind == "USER")
    for (const User& user : TRY(access.users())) out += user.email + "\n";
  if (kind == "TOKEN")
    for (const Token& token : TRY(access.tokens())) out += token.name + "\n";
  return out;
}

}  // namespace rollcall::cli
