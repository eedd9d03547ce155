#include "cli/serve_settings.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fstream>

namespace rollcall::cli {
namespace {

Result<int64_t> number(const std::string& value, int64_t least, int64_t most) {
  int64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || out < least || out > most)
    return Error{ErrorKind::invalid,
                 fmt::format("must be a whole number from {} to {}", least, most)};
  return out;
}
Status seconds(const std::string& value, int64_t least, int64_t most, Millis& to) {
  to = std::chrono::seconds(TRY(number(value, least, most)));
  return ok_status();
}
Status days(const std::string& value, std::chrono::days& to) {
  to = std::chrono::days(TRY(number(value, 1, 36'500)));
  return ok_status();
}
template <class T>
Status count(const std::string& value, int64_t least, int64_t most, T& to) {
  to = static_cast<T>(TRY(number(value, least, most)));
  return ok_status();
}
Status flag(const std::string& value, bool& to) {
  if (value != "true" && value != "false")
    return Error{ErrorKind::invalid, "must be `true` or `false`"};
  to = value == "true";
  return ok_status();
}

// "127.0.0.1:8090", "[::1]:8090"
Status listen(ServeSettings& s, const std::string& value) {
  const size_t colon = value.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return Error{ErrorKind::invalid, "must be ADDRESS:PORT, such as 127.0.0.1:8090"};
  std::string address = value.substr(0, colon);
  if (address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  s.http.address = address == "localhost" ? "127.0.0.1" : address;
  return count(value.substr(colon + 1), 0, 65535, s.http.port);
}

// "a, b": each is told, without the spaces around it.
template <class Tell>
void each(std::string_view list, Tell tell) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (const std::string_view one = trim(list.substr(0, comma)); !one.empty()) tell(one);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// The address that people open; its name is one that we are called by.
Status url(ServeSettings& s, const std::string& value) {
  if (value.empty()) return ok_status();
  const size_t scheme = value.find("://");
  if (scheme == std::string::npos ||
      (!value.starts_with("http://") && !value.starts_with("https://")))
    return Error{ErrorKind::invalid, "must begin with http:// or https://"};
  s.api.url = value;
  while (s.api.url.ends_with('/')) s.api.url.pop_back();
  std::string host = s.api.url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (!host.starts_with('[')) host = host.substr(0, host.find(':'));
  s.http.hosts.push_back(host);
  return ok_status();
}

// The first line of a file.
Status secret(const std::string& value, Secret& to) {
  if (value.empty()) return ok_status();
  std::ifstream file(value);
  std::string line;
  if (!file || !std::getline(file, line))
    return Error{ErrorKind::invalid, "must be a file that can be read, with a secret in it"};
  to = Secret(std::string(trim(line)));
  return ok_status();
}

constexpr size_t kFileColumns = 100;

using S = ServeSettings;
using V = std::string;

}  // namespace

const std::vector<ServeSetting>& serve_settings() {
  static const std::vector<ServeSetting> all = {
      {"listen", "127.0.0.1:8090", "address and port",
       "Where requests are taken. Loopback alone unless said otherwise; port 0 takes one that is "
       "free.",
       listen},
      {"url", "", "an address",
       "As people reach the service, for links in messages; behind a proxy it must be given.", url},
      {"hosts", "", "names, with commas between",
       "Names by which the service may be called beside localhost, IP addresses and that of `url`; "
       "`*` for any. "
       "Others are refused, so that no page elsewhere reaches it under a name of its own.",
       [](S& s, const V& v) -> Status {
         each(v, [&](std::string_view one) { s.http.hosts.emplace_back(one); });
         return ok_status();
       }},
      {"proxies", "", "IP addresses, with commas between",
       "Of proxies before the service. Who asks through them is told by their `X-Forwarded-For`, "
       "so "
       "that somebody who guesses passwords is held up alone. Without it all who come through one "
       "are one address.",
       [](S& s, const V& v) -> Status {
         each(v, [&](std::string_view one) { s.http.proxies.emplace_back(one); });
         return ok_status();
       }},
      {"store", "", "an address",
       "Where the catalog is, for several servers: a database of PostgreSQL's, "
       "`postgresql://USER:PASSWORD@HOST/DATABASE`. Else it is in the home.",
       [](S& s, const V& v) -> Status {
         s.store = Secret(v);
         return ok_status();
       }},
      {"tls-cert", "", "a file",
       "Certificates (PEM), the server's own first. With `tls-key`, only HTTPS is spoken.",
       [](S& s, const V& v) -> Status {
         s.http.certificate = v;
         return ok_status();
       }},
      {"tls-key", "", "a file", "The certificate's private key (PEM).",
       [](S& s, const V& v) -> Status {
         s.http.private_key = v;
         return ok_status();
       }},
      {"runs-at-once", "4", "runs",
       "How many runs and audits there may be at once. Each takes up to half a gigabyte of memory; "
       "what is due beyond waits.",
       [](S& s, const V& v) -> Status { return count(v, 1, 1000, s.service.scheduler.at_once); }},
      {"runs-at-once-destination", "2", "runs",
       "Of those, how many to one destination. They share its rate limits, so more make none of "
       "them faster.",
       [](S& s, const V& v) -> Status {
         return count(v, 1, 1000, s.service.scheduler.at_once_destination);
       }},
      {"jitter", "0", "seconds",
       "Times of schedules are put off by up to this, each activation by its own part, so that a "
       "hundred that are due at seven "
       "do not begin in one moment.",
       [](S& s, const V& v) -> Status { return seconds(v, 0, 3600, s.service.scheduler.jitter); }},
      {"retry-after", "10", "seconds",
       "After a run crashed, or found somebody else running the same activation, until it is tried "
       "again; doubled each time.",
       [](S& s, const V& v) -> Status { return seconds(v, 1, 3600, s.service.retry_first); }},
      {"retry-after-most", "600", "seconds", "What that doubling goes up to.",
       [](S& s, const V& v) -> Status { return seconds(v, 1, 86400, s.service.retry_most); }},
      {"failures-before-rest", "3", "runs",
       "How many runs in a row must fail because a source or Iterable is out of reach, until what "
       "the activation is made of is "
       "checked, and the activation rests where something is broken.",
       [](S& s, const V& v) -> Status {
         return count(v, 1, 1000, s.service.failures_before_rest);
       }},
      {"recheck-every", "900", "seconds",
       "How often an activation that rests by itself is checked; it goes on once nothing is "
       "broken. A check asks the warehouse.",
       [](S& s, const V& v) -> Status { return seconds(v, 1, 86400, s.service.recheck_every); }},
      {"file-max", "1024", "MiB",
       "How large a file may be that somebody brings for a source of files. It lies in `files` of "
       "the home.",
       [](S& s, const V& v) -> Status {
         TRY(count(v, 1, 1 << 20, s.api.file_max));
         s.api.file_max <<= 20U;
         return ok_status();
       }},
      {"keep-people", "90", "days",
       "How long it is kept who was not on the list after a run, and why (`rollcall rejects`). "
       "Those "
       "of the last run of each activation stay. Less is less personal data.",
       [](S& s, const V& v) -> Status { return days(v, s.retention.people); }},
      {"keep-runs", "400", "days",
       "How long reports of runs are kept, which hold numbers; not for less long than "
       "`keep-people`. "
       "The last of each activation stays.",
       [](S& s, const V& v) -> Status { return days(v, s.retention.runs); }},
      {"keep-log", "730", "days", "How long it is kept who did what (`rollcall log`).",
       [](S& s, const V& v) -> Status { return days(v, s.retention.log); }},
      {"look-every", "1", "seconds", "How soon a change of the catalog by another process is seen.",
       [](S& s, const V& v) -> Status { return seconds(v, 1, 3600, s.service.look_every); }},
      {"grace", "30", "seconds",
       "What runs are given to seal what they have when the service ends; then they are ended, and "
       "the next start carries them on.",
       [](S& s, const V& v) -> Status { return seconds(v, 0, 3600, s.service.grace); }},
      {"queries-at-once", "6", "requests",
       "How many requests may ask a source or Iterable at once (counts, previews, plans); others "
       "wait up to 10 s for a place.",
       [](S& s, const V& v) -> Status { return count(v, 1, 1000, s.api.queries_max); }},
      {"handlers", "16", "requests", "How many requests are answered at once; others wait.",
       [](S& s, const V& v) -> Status { return count(v, 1, 1000, s.http.handlers); }},
      {"connections", "10000", "connections",
       "How many there may be. Each idle one takes some kilobytes.",
       [](S& s, const V& v) -> Status { return count(v, 1, 1'000'000, s.http.connections_max); }},
      {"body-max", "8", "megabytes", "The largest body of a request; a catalog must fit in.",
       [](S& s, const V& v) -> Status {
         TRY(count(v, 1, 1024, s.http.body_max));
         s.http.body_max <<= 20;
         return ok_status();
       }},
      {"session-idle", "12", "hours", "A page's session ends when nothing is asked for so long.",
       [](S& s, const V& v) -> Status {
         s.access.session_idle = std::chrono::hours(TRY(number(v, 1, 8760)));
         return ok_status();
       }},
      {"session-max", "168", "hours", "A page's session ends so long after signing in.",
       [](S& s, const V& v) -> Status {
         s.access.session_max = std::chrono::hours(TRY(number(v, 1, 8760)));
         return ok_status();
       }},
      {"oidc-issuer", "", "an address",
       "The identity provider that people may sign in by (OpenID Connect), as its tokens name it: "
       "`https://login.example.com`. Register Rollcall there with the callback "
       "`URL/api/v1/sign-in/provider/callback`, URL being that of `url`.",
       [](S& s, const V& v) -> Status {
         s.oidc.issuer = v;
         return ok_status();
       }},
      {"oidc-client-id", "", "a name", "Whom the provider takes Rollcall for.",
       [](S& s, const V& v) -> Status {
         s.oidc.client_id = v;
         return ok_status();
       }},
      {"oidc-client-secret-file", "", "a file",
       "Its first line is the client's secret; without one, Rollcall is a public client. The code "
       "is "
       "protected by PKCE either way.",
       [](S& s, const V& v) { return secret(v, s.oidc.client_secret); }},
      {"oidc-ca", "", "a file",
       "Certificates (PEM) to verify the provider's with; the system's when not given.",
       [](S& s, const V& v) -> Status {
         s.oidc.ca_file = v;
         return ok_status();
       }},
      {"oidc-name", "your company's account", "text", "What the button to sign in by it says.",
       [](S& s, const V& v) -> Status {
         s.api.single_sign_on.name = v;
         return ok_status();
       }},
      {"oidc-newcomers", "", "a role",
       "Who signs in by the provider and is no user yet becomes one, with this role. When not "
       "given, "
       "an administrator adds them first.",
       [](S& s, const V& v) -> Status {
         s.api.single_sign_on.newcomers = from_word<access::Role>(v);
         if (v.empty() || s.api.single_sign_on.newcomers) return ok_status();
         return Error{ErrorKind::invalid,
                      "must be one of " + join(words<access::Role>(), ", ") + ", or empty"};
       }},
      {"oidc-domains", "", "names, with commas between",
       "Of newcomers' e-mail addresses, such as `example.com`; any when not given.",
       [](S& s, const V& v) -> Status {
         each(v, [&](std::string_view one) {
           ascii_lower(s.api.single_sign_on.domains.emplace_back(one));
         });
         return ok_status();
       }},
      {"open-metrics", "false", "true or false",
       "Whether /metrics is open to whoever reaches the service; else it needs a token. It names "
       "activations and numbers, no person.",
       [](S& s, const V& v) -> Status { return flag(v, s.api.open_metrics); }},
      {"smtp", "", "an address",
       "The mail server for alerts: `smtp://HOST:587` with STARTTLS, `smtps://HOST:465`.",
       [](S& s, const V& v) -> Status {
         if (!v.empty() && !v.starts_with("smtp://") && !v.starts_with("smtps://"))
           return Error{ErrorKind::invalid, "must begin with smtp:// or smtps://"};
         s.mail.url = v;
         return ok_status();
       }},
      {"smtp-user", "", "a name", "Whom the mail server takes us for.",
       [](S& s, const V& v) -> Status {
         s.mail.user = v;
         return ok_status();
       }},
      {"smtp-password-file", "", "a file", "Its first line is that user's password.",
       [](S& s, const V& v) { return secret(v, s.mail.password); }},
      {"smtp-ca", "", "a file",
       "Certificates (PEM) to verify the mail server's with; the system's when not given.",
       [](S& s, const V& v) -> Status {
         s.mail.ca_file = v;
         return ok_status();
       }},
      {"smtp-plain", "false", "true or false",
       "Speak to the mail server without TLS; for a relay on the same machine alone.",
       [](S& s, const V& v) { return flag(v, s.mail.plain); }},
      {"mail-from", "", "an e-mail address", "Whom alerts by mail come from.",
       [](S& s, const V& v) -> Status {
         if (!v.empty() && !mail::is_address(v))
           return Error{ErrorKind::invalid, "must be an e-mail address"};
         s.mail.from = v;
         return ok_status();
       }},
      {"alert-rejects", "5", "percent of the members",
       "More that Iterable rejects are worth an alert.",
       [](S& s, const V& v) -> Status {
         s.alerts.rejects_share = static_cast<double>(TRY(number(v, 0, 100))) / 100;
         return ok_status();
       }},
      {"alert-size", "50", "percent of the members",
       "A change of a segment's size from one run to the next by more is worth an alert.",
       [](S& s, const V& v) -> Status {
         s.alerts.size_share = static_cast<double>(TRY(number(v, 1, 10000))) / 100;
         return ok_status();
       }},
      {"alert-late", "15", "minutes",
       "A run that is due for longer and has not begun is worth an alert.",
       [](S& s, const V& v) -> Status {
         s.alerts.late_after = std::chrono::minutes(TRY(number(v, 1, 10000)));
         return ok_status();
       }},
      {"log", "text", "text or json", "The form of the lines on stderr.",
       [](S& s, const V& v) -> Status {
         if (v != "text" && v != "json")
           return Error{ErrorKind::invalid, "must be `text` or `json`"};
         s.log_json = v == "json";
         return ok_status();
       }},
  };
  return all;
}

std::string environment_name(std::string_view setting) {
  std::string out = "ROLLCALL_";
  for (const char c : setting)
    out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

Result<ServeSettings> read_settings(const ServeOptions& options) {
  std::map<std::string, std::string> in_file;
  if (!options.config.empty()) {
    std::ifstream file(options.config);
    if (!file) return Error{ErrorKind::invalid, "the file `" + options.config + "` cannot be read"};
    std::vector<std::string> names;
    for (const ServeSetting& one : serve_settings()) names.emplace_back(one.name);
    try {
      for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(file)) {
        if (item.name == "++" || item.name == "--") continue;  // its marks of sections
        if (std::find(names.begin(), names.end(), item.name) == names.end())
          return Error{ErrorKind::invalid, "`" + item.name + "` in " + options.config +
                                               " is no setting" + did_you_mean(item.name, names)};
        in_file[item.name] = CLI::detail::join(item.inputs, ",");
      }
    } catch (const CLI::Error& error) {
      return Error{ErrorKind::invalid, options.config + ": " + error.what()};
    }
  }
  ServeSettings out;
  for (const ServeSetting& one : serve_settings()) {
    const std::string name(one.name);
    const auto given = options.given.find(name);
    const auto filed = in_file.find(name);
    const bool is_given = given != options.given.end() && !given->second.empty();
    const std::string value = is_given                 ? given->second
                              : filed != in_file.end() ? filed->second
                                                       : std::string(one.fallback);
    if (const Status applied = one.apply(out, value); !applied.ok())
      return Error{ErrorKind::invalid,
                   fmt::format("`{}`{} {}, not `{}`", name,
                               !is_given && filed != in_file.end() ? " in " + options.config : "",
                               applied.error().message, value)};
  }
  if (out.http.certificate.empty() != out.http.private_key.empty())
    return Error{ErrorKind::invalid, "`tls-cert` and `tls-key` go together"};
  return out;
}

std::string settings_in_markdown() {
  std::string out = "| setting | default | unit | what it is |\n| --- | --- | --- | --- |\n";
  for (const ServeSetting& one : serve_settings())
    out += fmt::format("| `{}` | {} | {} | {} |\n", one.name,
                       one.fallback.empty() ? "none" : fmt::format("`{}`", one.fallback), one.unit,
                       one.meaning);
  return out;
}

std::string settings_in_a_file() {
  std::string out =
      "# Settings of `rollcall serve`. What is commented out shows what holds unless it is said.\n"
      "# A variable of the environment goes before a line here: ROLLCALL_LISTEN, and so on.\n";
  for (const ServeSetting& one : serve_settings()) {
    out += "\n";
    std::string line = "#";
    std::string_view rest = one.meaning;
    while (!rest.empty()) {
      const size_t space = std::min(rest.find(' '), rest.size());
      if (line.size() + 1 + space > kFileColumns) out += std::exchange(line, "#") + "\n";
      line += " " + std::string(rest.substr(0, space));
      rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    out += fmt::format("{}\n# ({})\n#{} = \"{}\"\n", line, one.unit, one.name, one.fallback);
  }
  return out;
}

}  // namespace rollcall::cli
