// One request out of bytes as they come, or why it is refused. Knows no connection.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http_server/http_server.hpp"

namespace rollcall::http_server {

struct Refusal {
  int status = 400;
  std::string detail;  // a sentence, without anything of the request
  Pairs headers = {};
};

class RequestParser {
 public:
  enum class Progress {
    more,    // needs more bytes
    head,    // told once: the head is complete and may go on; feed what is left
    whole,   // done: the rest belongs to the next request
    refused  // see refusal(); nothing more is read
  };
  virtual ~RequestParser() = default;
  // `used`: how many of `bytes` are done with. The others are fed again, with what comes.
  virtual Progress feed(std::string_view bytes, size_t& used) = 0;
  [[nodiscard]] virtual const Refusal& refusal() const = 0;
  // From Progress::head on.
  [[nodiscard]] virtual Request& request() = 0;
  [[nodiscard]] virtual bool keep_alive() const = 0;
  [[nodiscard]] virtual bool old() const = 0;               // HTTP/1.0
  [[nodiscard]] virtual bool expects_continue() const = 0;  // before it sends its body
  [[nodiscard]] virtual bool head_only() const = 0;         // HEAD
  static std::unique_ptr<RequestParser> make(const Settings& settings);
};

}  // namespace rollcall::http_server
