// A request and an answer as plain values, without sockets, and the reading of targets.
// Everything here is pure and never fails: a target that cannot be decoded is kept as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sim {

struct Request {
  std::string method;
  std::string target;  // path and query as sent
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string peer_ip;

  // Value of a header, by name in any case; empty if absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

// What the connection does instead of, or while, sending the answer.
struct Delivery {
  int64_t delay_ms = 0;   // wait before the first byte
  bool reset = false;     // no answer: reset the connection
  bool cut_body = false;  // send the head and half of the body, then close
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // If set, the body is sent in chunks: called until it returns false, each time filling the text.
  // Called on the connection's thread, without any lock held.
  std::function<bool(std::string&)> next_chunk;
  Delivery delivery;
  bool close = false;
};

// Percent-decoding; '+' becomes a space only in queries. Nothing if a '%' is not followed by two
// hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);

class Query {
 public:
  // Pairs that cannot be decoded make is_valid() false and are left out.
  explicit Query(std::string_view raw);
  [[nodiscard]] bool is_valid() const { return valid_; }
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& pairs() const {
    return pairs_;
  }

 private:
  bool valid_ = true;
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Whole text as a decimal integer; nothing otherwise.
std::optional<int64_t> parse_int(std::string_view text);

// The Date header: "Thu, 01 Jul 2021 18:00:44 GMT".
std::string http_date(int64_t now_ms);

bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace sim
