// The REST API under /api/v1: requests to operations, reports to JSON. All other paths are the page's.
// docs/api/openapi.yaml is its contract, and is served by it.
//
// Who may what: see the table of routes in routes.cpp. Whatever goes wrong is a problem (RFC 9457)
// with a `code`, a `remedy`, and where a value is wrong a JSON pointer to it.
//
// Threads: handle() is called from any number at once.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "access/access.hpp"
#include "alerts/alerts.hpp"
#include "demo/demo.hpp"
#include "http_server/http_server.hpp"
#include "oidc/oidc.hpp"
#include "operations/operations.hpp"
#include "service/service.hpp"

namespace rollcall::api {

// Signing in by an identity provider.
struct SingleSignOn {
  oidc::Provider* provider = nullptr;  // nothing: there is none
  std::string name = "your company's account";
  std::optional<access::Role> newcomers = std::nullopt;  // nothing: only who is a user may come
  std::vector<std::string> domains = {};  // of newcomers' e-mails, in lower case; none: any
};

struct Settings {
  SingleSignOn single_sign_on = {};
  std::string url = {};                   // as people reach us, for links; empty: as they asked
  bool open_metrics = false;              // /metrics without a token
  size_t queries_max = 6;                 // requests at once that ask a source or Iterable
  uint64_t file_max = uint64_t{1} << 30;  // bytes of a file that somebody brings
  std::string version = {};
};

class Api {
 public:
  // All outlive it.
  Api(const operations::World& world, service::Service& service, access::Access& access,
      alerts::Alerts& alerts, demo::Demo& demo, Settings settings);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  http_server::Response handle(const http_server::Request& request, const std::stop_token& stop);
  // What the server is asked for by /metrics; none until it is there.
  void serves(const http_server::Server& server);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace rollcall::api
