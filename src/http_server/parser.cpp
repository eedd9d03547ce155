// Boost.Beast reads the message. It is handed a head only when that is complete: then sizes, line
// ends and the number of fields are ours to bound. (Beast alone waits for ever behind bare line
// feeds, and counts fields that come one by one anew.)
#include "http_server/parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <set>

#include "http_server/target.hpp"

namespace rollcall::http_server {
namespace {

namespace beast = boost::beast::http;
using Code = boost::beast::error_code;
using Text = boost::beast::string_view;

constexpr size_t kMostFields = 128;
constexpr size_t kShortestEnd = 5;               // of chunks: "0", and two line breaks
constexpr size_t kLongestLineOfBody = 8 * 1024;  // a chunk's size with its extensions, trailers

std::string_view view(Text text) { return {text.data(), text.size()}; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What Beast tells of one message.
class Message : public beast::basic_parser<true> {
 public:
  explicit Message(size_t body_max) : body_max_(body_max) {
    header_limit(1u << 30);  // bounded before it comes here
    body_limit(body_max);
  }
  Request request = {};
  bool head_done = false;

 private:
  void on_request_impl(beast::verb, Text method, Text target, int, Code&) override {
    request.method = std::string(view(method));
    request.target = std::string(view(target));
  }
  void on_response_impl(int, Text, int, Code&) override {}
  void on_field_impl(beast::field, Text name, Text value, Code&) override {
    if (head_done) return;  // a trailer
    std::string lower(view(name));
    ascii_lower(lower);
    request.headers.emplace_back(std::move(lower), trim(view(value)));
  }
  void on_header_impl(Code&) override { head_done = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  size_t on_body_impl(Text body, Code& code) override { return take(body, code); }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  size_t on_chunk_body_impl(std::uint64_t, Text body, Code& code) override {
    return take(body, code);
  }
  void on_finish_impl(Code&) override {}

  size_t take(Text body, Code& code) {
    if (request.body.size() + body.size() > body_max_) {
      code = beast::error::body_limit;
      return 0;
    }
    request.body.append(body.data(), body.size());
    return body.size();
  }

  const size_t body_max_;
};

Refusal refusal_of(const Code& code) {
  if (code == beast::error::body_limit) return {413, "The body is too large."};
  if (code == beast::error::bad_version) return {505, "HTTP/1.1 is spoken here, and HTTP/1.0."};
  if (code == beast::error::bad_target) return {400, "The target of the request is malformed."};
  if (code == beast::error::bad_content_length || code == beast::error::bad_transfer_encoding)
    return {400, "The length of the body is not told unambiguously."};
  if (code == beast::error::bad_chunk || code == beast::error::bad_chunk_extension)
    return {400, "The chunks of the body are malformed."};
  return {400, "The request is malformed."};
}

class Parser : public RequestParser {
 public:
  explicit Parser(const Settings& settings) : settings_(settings), message_(settings.body_max) {}

  Progress feed(std::string_view bytes, size_t& used) override {
    used = 0;
    return message_.head_done ? feed_body(bytes, used) : feed_head(bytes, used);
  }
  [[nodiscard]] const Refusal& refusal() const override { return refusal_; }
  [[nodiscard]] Request& request() override { return message_.request; }
  [[nodiscard]] bool keep_alive() const override { return message_.keep_alive(); }
  [[nodiscard]] bool old() const override { return old_; }
  [[nodiscard]] bool expects_continue() const override { return expects_continue_; }
  [[nodiscard]] bool head_only() const override { return head_only_; }

 private:
  Progress refuse(Refusal refusal) {
    refusal_ = std::move(refusal);
    return Progress::refused;
  }

  Progress feed_head(std::string_view bytes, size_t& used) {
    // Line breaks before a request line are to be ignored: old clients send one behind a body.
    while (scanned_ == 0 && bytes.substr(used).starts_with("\r\n")) used += 2;
    const std::string_view head = bytes.substr(used);
    if (head == "\r") return Progress::more;
    // What speaks TLS, or something else, waits to be told and sends no line.
    if (!head.empty() && !is_letter(head[0])) return refuse({400, "This is no HTTP."});
    size_t end = 0;
    for (; end == 0 && scanned_ < head.size(); ++scanned_) {
      const char c = head[scanned_];
      const bool after_return = scanned_ > 0 && head[scanned_ - 1] == '\r';
      if (after_return != (c == '\n'))
        return refuse({400, "Lines of the head end with CR and LF."});
      if (c == '\0') return refuse({400, "The head has a NUL in it."});
      if (c != '\n') continue;
      any_line_ = true;
      if (scanned_ >= 3 && head.substr(scanned_ - 3, 4) == "\r\n\r\n") end = scanned_ + 1;
    }
    if (scanned_ > settings_.header_max)
      return refuse(any_line_ ? Refusal{431, "The head of the request is too large."}
                              : Refusal{414, "The target of the request is too long."});
    return end == 0 ? Progress::more : read_head(head.substr(0, end), used);
  }

  Progress read_head(std::string_view head, size_t& used) {
    old_ = head.substr(0, head.find('\r')).ends_with("HTTP/1.0");
    head_only_ = head.starts_with("HEAD ");
    Code code;
    size_t at = 0;
    while (!message_.head_done && !code)
      at += message_.put({head.data() + at, head.size() - at}, code);
    used += head.size();
    if (code) return refuse(refusal_of(code));
    if (auto wrong = check()) return refuse(std::move(*wrong));
    return Progress::head;
  }

  Progress feed_body(std::string_view bytes, size_t& used) {
    while (!message_.is_done()) {
      if (bytes.size() - used < (line_begun_ ? kShortestEnd : 1)) return Progress::more;
      Code code;
      used += message_.put({bytes.data() + used, bytes.size() - used}, code);
      line_begun_ = code == beast::error::need_more;
      if (line_begun_) {
        if (bytes.size() - used > kLongestLineOfBody)
          return refuse({400, "The chunks of the body are malformed."});
        return Progress::more;
      }
      if (code) return refuse(refusal_of(code));
    }
    return Progress::whole;
  }

  // Of a head that is well-formed.
  std::optional<Refusal> check() {
    Request& request = message_.request;
    if (request.headers.size() > kMostFields)
      return Refusal{431, "The head of the request has too many fields."};
    if (auto wrong = check_method()) return wrong;
    if (auto wrong = check_fields()) return wrong;
    auto target = read_target(request.target);
    if (!target) return Refusal{400, "The target of the request is malformed."};
    if (auto wrong = check_host(target->authority)) return wrong;
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    if (head_only_) request.method = "GET";
    return std::nullopt;
  }

  std::optional<Refusal> check_method() const {
    static const std::set<std::string_view> kHandled = {"GET",   "HEAD",   "POST",   "PUT",
                                                        "PATCH", "DELETE", "OPTIONS"};
    const std::string& method = message_.request.method;
    if (method == "CONNECT" || method == "TRACE")
      return Refusal{405,
                     "There is no such method here.",
                     {{"Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}}};
    if (!kHandled.contains(method)) return Refusal{501, "There is no such method here."};
    return std::nullopt;
  }

  [[nodiscard]] size_t count(std::string_view name) const {
    return static_cast<size_t>(
        std::ranges::count(message_.request.headers, name,
                           [](const auto& one) { return std::string_view(one.first); }));
  }

  std::optional<Refusal> check_fields() {
    const Request& request = message_.request;
    const auto length = request.header("content-length");
    // Equal ones, too: who stands before us may have looked at another.
    if (count("content-length") > 1 || (length && length->find(',') != std::string_view::npos))
      return Refusal{400, "The length of the body is told twice."};
    if (const auto coding = request.header("transfer-encoding")) {
      if (old_ || count("transfer-encoding") > 1)
        return Refusal{400, "The length of the body is not told unambiguously."};
      std::string lower(*coding);
      ascii_lower(lower);
      if (lower != "chunked") return Refusal{501, "Bodies are chunked here, and nothing else."};
    }
    if (const auto expected = request.header("expect")) {
      std::string lower(*expected);
      ascii_lower(lower);
      if (lower != "100-continue") return Refusal{417, "This cannot be expected here."};
      expects_continue_ = !old_ && !message_.is_done();
    }
    return std::nullopt;
  }

  // A browser names the host that a page believes to talk to: under a name that is not ours, a page
  // elsewhere has led it here. Programs that speak HTTP/1.0 need not name one, and are no browsers.
  std::optional<Refusal> check_host(const std::optional<std::string>& authority) const {
    const auto host = message_.request.header("host");
    if (count("host") > 1) return Refusal{400, "The request names two hosts."};
    if (!host && !old_) return Refusal{400, "The request names no host."};
    for (const auto& one : {host ? std::optional(std::string(*host)) : std::nullopt, authority}) {
      if (!one) continue;
      const auto name = host_name(*one);
      if (!name) return Refusal{400, "The host is malformed."};
      if (!may_be_called(*name, settings_.hosts))
        return Refusal{421, "No host of that name is here."};
    }
    return std::nullopt;
  }

  const Settings& settings_;
  Message message_;
  Refusal refusal_;
  size_t scanned_ = 0;  // of the head, which has not been handed on
  bool any_line_ = false;
  // Beast waits for the rest of a line between chunks, and asserts that there is as much of it as
  // the last one must have.
  bool line_begun_ = false;
  bool old_ = false, head_only_ = false, expects_continue_ = false;
};

}  // namespace

std::unique_ptr<RequestParser> RequestParser::make(const Settings& settings) {
  return std::make_unique<Parser>(settings);
}

}  // namespace rollcall::http_server
