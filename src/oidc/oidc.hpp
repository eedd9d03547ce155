// OpenID Connect: who somebody is, as their company's identity provider tells it. The authorization
// code flow with PKCE (OpenID Connect Core 1.0; RFC 7636): begin() gives the address that the browser
// goes to, finish() makes of the code that it comes back with a person.
//
// Signatures are checked by cjose, and only those of the algorithms and key types named in
// token.cpp; every claim is checked here, by the clock passed in.
//
// Threads: any number may call at once; each call may ask the provider once or twice.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/base.hpp"
#include "http/http.hpp"

namespace rollcall::oidc {

struct Settings {
  std::string issuer;  // "https://login.example.com", as its tokens name it
  std::string client_id;
  Secret client_secret = {};  // empty: a public client
  std::string ca_file = {};   // to trust; the system's when empty
};

// Https, or a machine's own loopback. Errors: invalid, with the remedy.
Status check(const Settings& settings);

// What is kept of a sign-in until the browser comes back, by whoever began it.
struct Pending {
  std::string state;  // comes back with the code
  std::string nonce, verifier;
  std::string redirect_uri;
};
struct Begun {
  std::string url;
  Pending pending;
};

struct Person {
  std::string issuer, subject;  // the two together are one person for ever
  std::string email = {};
  bool email_verified = false;
  std::string name = {};
};

class Provider {
 public:
  // All outlive it. `random` is to be one that nobody can foretell.
  Provider(Settings settings, http::Transport& transport, Clock& clock, Random& random);
  ~Provider();
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;

  // Errors: unavailable (the provider is out of reach, or is not as OpenID Connect has it).
  Result<Begun> begin(const std::string& redirect_uri, const std::stop_token& stop);
  // Errors: unavailable; denied (the code is spent or not ours, the token is not for us, forged or
  // too old, or tells no e-mail).
  Result<Person> finish(const Pending& pending, const std::string& code,
                        const std::stop_token& stop);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace rollcall::oidc
