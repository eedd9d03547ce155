// The transport seam: one request out, one response back. The real one is libcurl; tests pass their
// own. Nothing here knows Iterable, and nothing here retries: who calls decides that.
//
// Threads: a Transport may be used from any number of threads; connections are kept alive and
// shared.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.hpp"

namespace rollcall::http {

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::string ca_file = {};                // certificates to trust; the system's when empty
  Millis timeout{30'000};                  // for the whole exchange
  Millis stall_timeout{60'000};            // without a byte, once the body has begun
  size_t response_bytes_max = 16'000'000;  // a longer body is an error, unless it is streamed
  // Sent once at the very most. Otherwise libcurl repeats a request whose kept-alive connection
  // turns out to be dead, and then one that was carried out could be carried out twice.
  bool at_most_once = false;
  // When set, asked when the connection stands and the request is about to leave; false: it does
  // not.
  std::function<bool()> may_leave = {};
  // When set, a body of status 200 goes here piece by piece; returning false ends the exchange.
  std::function<bool(std::string_view)> on_body = {};
};

struct Response {
  int status = 0;
  std::string body = {};
  std::string content_type = {};
  std::optional<Millis> retry_after = std::nullopt;
  std::vector<std::pair<std::string, std::string>> headers = {};  // names in lower case
  [[nodiscard]] const std::string* header(std::string_view name) const {
    for (const auto& [one, value] : headers)
      if (one == name) return &value;
    return nullptr;
  }
  std::optional<Time> date = std::nullopt;  // the server's clock as it began to answer
};

// No response was read. `may_have_arrived`: whether the server may have acted on the request.
struct Failure {
  Error error;
  bool may_have_arrived = true;
};

using Answer = tl::expected<Response, Failure>;

class Transport {
 public:
  virtual ~Transport() = default;
  virtual Answer send(const Request& request, const std::stop_token& stop) = 0;
};

// Over libcurl: TLS verified, http and https alone, no redirects followed.
std::unique_ptr<Transport> make_transport();

// Percent-encodes everything but unreserved characters.
std::string url_encode(std::string_view text);

}  // namespace rollcall::http
