// The plain status page: what stands, for people, without a script. Forms bear the session's CSRF
// token.
#include <fmt/format.h>

#include <charconv>

#include "api/routes.hpp"

namespace rollcall::api {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

constexpr std::string_view kStyle = R"(
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2430 }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem }
h1 { font-size: 1.4rem } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid #d9dee6; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.good { color: #17692f } .bad { color: #a11b1b } .rest { color: #8a5a00 } .why { font-size: .9rem; color: #4b5563 }
form.box { max-width: 24rem; display: grid; gap: .6rem } input { font: inherit; padding: .4rem }
button { font: inherit; padding: .4rem .8rem; cursor: pointer } form.inline { display: inline }
)";

Response page(std::string_view title, const std::string& body, int status = 200) {
  return {
      .status = status,
      .headers = {{"Content-Type", "text/html; charset=utf-8"},
                  {"Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                   "base-uri 'none'; frame-ancestors 'none'"}},
      .body = fmt::format("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                          "<meta name=\"viewport\" content=\"width=device-width\">"
                          "<title>{} · Rollcall</title><style>{}</style><body>{}</body></html>\n",
                          escaped(title), kStyle, body)};
}

Response redirect(const std::string& to) { return {.status = 303, .headers = {{"Location", to}}}; }

// application/x-www-form-urlencoded
std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size()) {
      int value = 0;
      const auto [end, error] = std::from_chars(&text[i + 1], &text[i + 3], value, 16);
      if (error == std::errc() && end == &text[i + 3]) {
        out += static_cast<char>(value);
        i += 2;
      } else {
        out += text[i];
      }
    } else {
      out += text[i];
    }
  }
  return out;
}
std::string form_field(const Request& request, std::string_view name) {
  std::string_view rest = request.body;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name)
      return decoded(pair.substr(equals + 1));
  }
  return "";
}

Response sign_in_form_page(const std::string& complaint, int status) {
  return page(
      "Sign in",
      fmt::format(
          "<h1>Rollcall</h1>{}<form class=\"box\" method=\"post\" action=\"/sign-in\">"
          "<label for=\"email\">E-mail</label>"
          "<input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\" required>"
          "<label for=\"password\">Password</label>"
          "<input id=\"password\" name=\"password\" type=\"password\" "
          "autocomplete=\"current-password\" required>"
          "<button>Sign in</button></form>",
          complaint.empty() ? "" : "<p class=\"bad\">" + escaped(complaint) + "</p>"),
      status);
}

Response setup_form_page(const std::string& word, const std::string& complaint, int status) {
  return page(
      "Set up",
      fmt::format("<h1>Rollcall</h1><p>This link works once: it makes your account.</p>{}"
                  "<form class=\"box\" method=\"post\" action=\"/setup\">"
                  "<input type=\"hidden\" name=\"word\" value=\"{}\">"
                  "<label for=\"email\">E-mail</label>"
                  "<input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"username\">"
                  "<label for=\"password\">Password, at least 12 characters</label>"
                  "<input id=\"password\" name=\"password\" type=\"password\" "
                  "autocomplete=\"new-password\" minlength=\"12\" required>"
                  "<button>Go on</button></form>",
                  complaint.empty() ? "" : "<p class=\"bad\">" + escaped(complaint) + "</p>",
                  escaped(word)),
      status);
}

Response let_in(const Ask& ask, const access::Access::SignedIn& session) {
  Response out = redirect("/");
  out.headers.emplace_back("Set-Cookie", session_cookie(ask.request, session.cookie));
  return out;
}

std::string state_cell(const operations::ActivationStatus& one, const service::Standing& standing) {
  if (standing.rest)
    return fmt::format(
        "<span class=\"rest\">rests: {} {} is broken</span><div class=\"why\">{}</div>",
        escaped(standing.rest->kind), escaped(standing.rest->name),
        escaped(standing.rest->problem));
  if (standing.live) {
    const auto& steps = standing.live->steps;
    return "running" + (steps.empty() ? "" : ": " + escaped(steps.back().name));
  }
  if (one.activation.paused) return "paused";
  const bool good = one.state == "completed" || one.state == "completed_with_rejects";
  std::string out = fmt::format("<span class=\"{}\">{}</span>",
                                good                       ? "good"
                                : one.state == "never_run" ? ""
                                                           : "bad",
                                escaped(one.state));
  if (!good && one.last && one.last->error)
    out += "<div class=\"why\">" + escaped(one.last->error->text()) + "</div>";
  return out;
}

}  // namespace

Result<Response> status_page(const Ask& ask) {
  const auto stored = TRY(ask.shared.stored());
  std::string rows;
  for (const operations::ActivationStatus& one : TRY(operations::status(ask.world(), *stored))) {
    const service::Standing standing = ask.shared.service.standing(one.activation.uid);
    const StandingCounts& s = one.record.standing;
    rows += fmt::format(
        "<tr><td>{}<div class=\"why\">{} → {}</div></td><td>{}</td><td>{}</td><td>{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{}</td></tr>",
        escaped(one.name), escaped(one.activation.segment), escaped(one.activation.destination),
        state_cell(one, standing), one.last ? operations::date(one.last->started_at) : "–",
        standing.next_at ? operations::date(*standing.next_at)
                         : escaped(operations::in_words(one.activation.schedule)),
        thousands(one.members()), thousands(s.on_list), thousands(s.not_a_contact),
        thousands(s.rejected));
  }
  if (rows.empty())
    rows =
        "<tr><td colspan=\"8\">No activations yet: bring a catalog in with "
        "<code>rollcall apply FILE</code>.</td></tr>";
  const service::Numbers numbers = ask.shared.service.numbers();
  const std::string sign_out =
      ask.caller->csrf.empty() ? ""
                               : fmt::format(
                                     "<form class=\"inline\" method=\"post\" action=\"/sign-out\">"
                                     "<input type=\"hidden\" name=\"csrf\" value=\"{}\">"
                                     "<button>Sign out</button></form>",
                                     escaped(ask.caller->csrf));
  Response out = page(
      "Status",
      fmt::format("<header><h1>Rollcall</h1><div>{} {}</div></header>"
                  "<p>{} running, {} waiting, {} resting</p>"
                  "<table><thead><tr><th>activation</th><th>state</th><th>last run (UTC)</th>"
                  "<th>next run (UTC)</th><th class=\"n\">members</th><th class=\"n\">on list</th>"
                  "<th class=\"n\">not contacts</th><th class=\"n\">rejected</th></tr></thead>"
                  "<tbody>{}</tbody></table>",
                  escaped(ask.caller->name), sign_out, numbers.running, numbers.waiting,
                  numbers.resting, rows));
  out.headers.emplace_back("Refresh", "10");
  return out;
}

Result<Response> sign_in_page(const Ask& ask) {
  if (ask.caller) return redirect("/");
  return sign_in_form_page("", 200);
}

Result<Response> sign_in_form(const Ask& ask) {
  const auto session =
      ask.shared.access.sign_in(form_field(ask.request, "email"),
                                Secret(form_field(ask.request, "password")), ask.request.address);
  if (session.ok()) return let_in(ask, *session);
  return sign_in_form_page(session.error().text(),
                           session.error().kind == ErrorKind::throttled ? 429 : 401);
}

Result<Response> sign_out_form(const Ask& ask) {
  TRY(ask.shared.access.sign_out(*ask.caller));
  Response out = redirect("/sign-in");
  out.headers.emplace_back("Set-Cookie", ended_cookie(ask.request));
  return out;
}

Result<Response> setup_page(const Ask& ask) { return setup_form_page(ask.text("word"), "", 200); }

Result<Response> setup_form(const Ask& ask) {
  const std::string word = form_field(ask.request, "word");
  const auto user = ask.shared.access.redeem(Secret(word), form_field(ask.request, "email"),
                                             Secret(form_field(ask.request, "password")));
  if (!user.ok()) return setup_form_page(word, user.error().text(), 422);
  const auto session = TRY(ask.shared.access.begin_session(user->uid));
  Ask now = ask;
  now.caller = session.caller;
  TRY(now.log("redeemed", "user", user->uid, user->email));
  return let_in(ask, session);
}

}  // namespace rollcall::api
