#include "http_server/answer.hpp"

#include <algorithm>
#include <array>

namespace rollcall::http_server {
namespace {

struct Reason {
  int status;
  std::string_view text;
};
constexpr std::array kReasons = {
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{204, "No Content"},
    Reason{206, "Partial Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{417, "Expectation Failed"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{428, "Precondition Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
};

std::string_view reason(int status) {
  const auto* const found = std::ranges::find(kReasons, status, &Reason::status);
  return found == kReasons.end() ? "Other" : found->text;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kCareful = {{
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
}};
constexpr std::pair<std::string_view, std::string_view> kTlsFromNowOn = {
    "Strict-Transport-Security", "max-age=31536000"};

std::string lower(std::string_view text) {
  std::string out(text);
  ascii_lower(out);
  return out;
}

bool has(const Pairs& headers, std::string_view name) {
  return std::ranges::any_of(headers,
                             [&](const auto& one) { return lower(one.first) == lower(name); });
}

bool is_ours(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kOurs = {"content-length", "connection", "date",
                                                            "transfer-encoding", "keep-alive"};
  return std::ranges::find(kOurs, lower(name)) != kOurs.end();
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void add_framing(std::string& out, const Head& head) {
  const bool chunked = head.framing == Framing::chunked || head.chunked_otherwise;
  if (chunked && !head.old)
    add(out, "Transfer-Encoding", "chunked");
  else if (head.length)
    add(out, "Content-Length", std::to_string(*head.length));
  if (!head.keep_alive)
    add(out, "Connection", "close");
  else if (head.old)
    add(out, "Connection", "keep-alive");
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string two_digits(unsigned number) {
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

// "Content Too Large" as programs tell it by: content_too_large.
std::string code_of(std::string_view reason) {
  std::string out = lower(reason);
  std::ranges::replace_if(
      out, [](char c) { return c < 'a' || c > 'z'; }, '_');
  return out;
}

}  // namespace

std::string to_bytes(const Head& head) {
  std::string out = "HTTP/1.1 " + std::to_string(head.status) + " ";
  out.append(reason(head.status)).append("\r\n");
  if (head.now) add(out, "Date", http_date(*head.now));
  for (const auto& [name, value] : head.headers)
    if (!is_ours(name)) add(out, name, value);
  for (const auto& [name, value] : kCareful)
    if (!has(head.headers, name)) add(out, name, value);
  if (head.secure && !has(head.headers, kTlsFromNowOn.first))
    add(out, kTlsFromNowOn.first, kTlsFromNowOn.second);
  add_framing(out, head);
  return out + "\r\n";
}

bool is_well_formed(const Response& response) {
  return response.status >= 200 && response.status <= 999 &&
         std::ranges::all_of(response.headers, [](const auto& one) {
           return is_token(one.first) &&
                  one.second.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
         });
}

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

Response problem(int status, std::string_view detail) {
  std::string body = R"({"type":"about:blank","title":")";
  body.append(reason(status)).append(R"(","status":)").append(std::to_string(status));
  body.append(R"(,"code":")").append(code_of(reason(status))).append("\"");
  if (!detail.empty()) body.append(R"(,"detail":")").append(detail).append("\"");
  return {.status = status,
          .headers = {{"Content-Type", "application/problem+json"}},
          .body = body + "}"};
}

std::string http_date(Time time) {
  static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                            "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  std::string out(kDays[std::chrono::weekday(day).c_encoding()]);
  out.append(", ").append(two_digits(static_cast<unsigned>(date.day()))).append(" ");
  out.append(kMonths[static_cast<unsigned>(date.month()) - 1]).append(" ");
  out.append(std::to_string(static_cast<int>(date.year()))).append(" ");
  out.append(two_digits(static_cast<unsigned>(clock.hours().count()))).append(":");
  out.append(two_digits(static_cast<unsigned>(clock.minutes().count()))).append(":");
  out.append(two_digits(static_cast<unsigned>(clock.seconds().count()))).append(" GMT");
  return out;
}

}  // namespace rollcall::http_server
