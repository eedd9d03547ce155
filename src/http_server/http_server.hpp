// The only room that listens: HTTP/1.1, plain or over TLS, by Boost.Beast. Handlers see our Request
// and Response, and nothing of the library.
//
// What never reaches a handler: a header or body that is too large (431, 413), two lengths or a
// length beside chunks (400), an unknown or missing Host (400, 421: a page elsewhere must not reach
// us under a name of its own; HTTP/1.0 need not name one), more connections than there may be, one
// that is too slow. Each answer carries what browsers shall be careful about
// (`X-Content-Type-Options` and its like), and each refusal a problem as its body (RFC 9457), whose code is its status in words.
//
// Threads: serve() uses one for all connections and `Settings::handlers` for handlers, so a handler
// may take its time; when all are taken, requests wait in a bounded queue, and beyond it they are
// answered 503. A channel costs no thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.hpp"

namespace rollcall::http_server {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // "GET"; a HEAD reaches the handler as GET, and is answered without a body
  std::string target;  // as it was sent
  std::string path;    // percent-decoded; never empty, begins with '/'
  Pairs query = {};    // percent-decoded, in their order
  Pairs headers = {};  // names in lower case, in their order
  std::string body = {};
  // Of the other end, without its port: "127.0.0.1", "::1"; of whom a proxy of ours asks for.
  std::string address = {};
  bool secure = false;  // over TLS

  // The first of its name; nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view lower_case_name) const;
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
  // A cookie's value; nothing when there is none of that name, or two that differ.
  [[nodiscard]] std::optional<std::string> cookie(std::string_view name) const;
};

// Takes a body while it is made.
class Body {
 public:
  virtual ~Body() = default;
  // Waits while the reader is slow. Errors: cancelled (the reader is gone, or too slow; the server
  // ends): then stop.
  virtual Status write(std::string_view bytes) = 0;
};

// Text that many are told as it comes: server-sent events. Whoever is too far behind (more than a
// megabyte) loses the connection. Any thread may tell.
class Channel {
 public:
  virtual ~Channel() = default;
  // To everybody who listens now; how texts are framed is the caller's.
  virtual void tell(std::string text) = 0;
  // Ends it: who listens is told what is there, then their connections are closed.
  virtual void close() = 0;
  [[nodiscard]] virtual size_t listeners() const = 0;
  static std::shared_ptr<Channel> make();
};

struct Response {
  int status = 200;
  Pairs headers = {};  // Content-Length, Connection and Date are ours
  std::string body = {};
  // Instead of `body`: called on the handler's thread, once the head is on its way. What it returns
  // as an error breaks the connection off, so that a part is not taken for the whole.
  std::function<Status(Body& body, const std::stop_token& stop)> stream = nullptr;
  // Instead of `body`: `body` first, then what the channel tells from the handler's return on, until
  // it closes. A comment line is sent every 15 s, so that those between us and the reader keep the
  // connection.
  std::shared_ptr<Channel> channel = nullptr;
};

// `stop`: the reader is gone (also when it only says that it sends no more), or the server ends and
// its grace is over; what is told by it must not wait. Exceptions are answered 500, without their
// text. So are headers that cannot be: a line break in a value.
using Handler = std::function<Response(const Request& request, const std::stop_token& stop)>;

struct Settings {
  std::string address = "127.0.0.1";  // an IP address; "::" and "0.0.0.0" for all
  uint16_t port = 8090;               // 0: one that is free
  // Names by which we may be called beside `localhost` and IP addresses; "*": any.
  std::vector<std::string> hosts = {};
  // IP addresses of proxies before us, whose word counts for whom they ask: the last address of
  // X-Forwarded-For that is none of theirs. Anybody may write that header, so nobody else's does.
  std::vector<std::string> proxies = {};
  std::filesystem::path certificate = {}, private_key = {};  // PEM; both or neither
  size_t header_max = 16 * 1024;
  size_t body_max = 8 * 1024 * 1024;
  size_t connections_max = 10'000;
  size_t connections_max_address = 10'000;  // from one address
  size_t handlers = 16;
  size_t waiting_max = 256;  // requests, while all handlers are taken
  // From the first byte of a request, or from the connection, until its head is there.
  Millis header_timeout{10'000};
  Millis body_timeout{60'000};
  Millis idle_timeout{75'000};      // between two requests
  Millis write_timeout{60'000};     // of a reader that takes nothing
  Millis comment_interval{15'000};  // on a channel
  Clock* clock = nullptr;           // for the header Date; without one there is none
};

class Server {
 public:
  virtual ~Server() = default;
  // Listens from now on; connections wait until serve(). Errors: invalid (addresses, certificate),
  // conflict (the port is taken), denied.
  static Result<std::unique_ptr<Server>> open(const Settings& settings, Handler handler);
  [[nodiscard]] virtual uint16_t port() const = 0;
  // Until `stop`: then it listens no more, ends channels, gives what is being answered up to `grace`
  // to end, and returns when no handler runs any more. Once, and with workers side by side.
  virtual void serve(Workers& workers, const std::stop_token& stop, Millis grace) = 0;
  struct Load {
    size_t connections = 0, handlers_busy = 0, waiting = 0;
    uint64_t requests = 0, refused = 0;  // refused: by a limit, without a handler
  };
  [[nodiscard]] virtual Load load() const = 0;
};

}  // namespace rollcall::http_server
