// Who listens to a channel, as the channel sees it.
#pragma once

#include <memory>
#include <string>

#include "http_server/http_server.hpp"

namespace rollcall::http_server {

class Listener {
 public:
  virtual ~Listener() = default;
  // Both from any thread, and neither waits.
  virtual void told(const std::shared_ptr<const std::string>& text) = 0;
  virtual void closed() = 0;
};

// Nothing is told before this returns; closed already: told so at once.
void listen(Channel& channel, const std::shared_ptr<Listener>& listener);
void leave(Channel& channel, const Listener& listener);

}  // namespace rollcall::http_server
