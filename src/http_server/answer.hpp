// An answer's head as bytes, and the answers that are the server's own. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http_server/http_server.hpp"

namespace rollcall::http_server {

// How a reader knows where a body ends.
enum class Framing {
  none,         // it has none, whatever its head says of it
  length,       // told before
  chunked,      // by its last chunk
  until_close,  // by the connection's end: HTTP/1.0 knows no chunks
};

struct Head {
  int status = 200;
  Pairs headers = {};
  Framing framing = Framing::length;
  std::optional<size_t> length = std::nullopt;  // with Framing::none: what it would be
  bool chunked_otherwise = false;               // with Framing::none: a HEAD of what is streamed
  bool keep_alive = true;
  bool old = false;  // HTTP/1.0
  bool secure = false;
  std::optional<Time> now = std::nullopt;
};

// With what browsers shall be careful about, wherever the handler did not set it.
std::string to_bytes(const Head& head);
// No header of these would begin another line, and the status is one that ends a request.
bool is_well_formed(const Response& response);
bool status_has_body(int status);
// RFC 9457, with a `code` made of the status' own words. Both texts are ours: they need no escaping.
Response problem(int status, std::string_view detail = {});
// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(Time time);

}  // namespace rollcall::http_server
