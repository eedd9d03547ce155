// E-mail out, over SMTP by libcurl: one plain text to some people.
//
// Threads: any number may send at once.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"

namespace rollcall::mail {

struct Server {
  std::string url = {};  // smtp://host:587 (with STARTTLS), smtps://host:465
  std::string user = {};
  Secret password = {};
  std::string from = {};     // the address that it comes from
  std::string ca_file = {};  // certificates to trust; the system's when empty
  bool plain = false;        // without TLS: for a relay on the same machine alone
};

struct Message {
  std::vector<std::string> to;
  std::string subject;
  std::string text;
};

class Mailer {
 public:
  virtual ~Mailer() = default;
  // Errors: invalid (no server, an address that is none), denied (the password, a recipient),
  // unavailable (also for want of TLS).
  virtual Status send(const Message& message, const std::stop_token& stop) = 0;
};

std::unique_ptr<Mailer> make_mailer(Server server, Clock& clock, Random& random);

// As it goes over the line, but for the dots: headers in ASCII, the text as base64 of UTF-8.
std::string to_text(const Server& server, const Message& message, Time now, uint64_t id);
// Something that mail may be sent to: one @, no space, no control character, no list of several.
bool is_address(std::string_view text);

}  // namespace rollcall::mail
