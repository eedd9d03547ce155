// The settings of the service: one table, that the flags of `serve --help`, the environment, the
// configuration file and docs/operating/settings.md are made of.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.hpp"
#include "alerts/alerts.hpp"
#include "api/api.hpp"
#include "cli/commands.hpp"
#include "http_server/http_server.hpp"
#include "mail/mail.hpp"
#include "oidc/oidc.hpp"
#include "service/service.hpp"

namespace rollcall::cli {

struct ServeSettings {
  http_server::Settings http = {};
  service::Settings service = {};
  access::Settings access = {};
  api::Settings api = {};
  alerts::Settings alerts = {};
  mail::Server mail = {};
  operations::Retention retention = {};
  oidc::Settings oidc = {};
  Secret store = {};
  bool log_json = false;
};

struct ServeSetting {
  std::string_view name;      // --NAME, $ROLLCALL_NAME, and `NAME = …` in the file
  std::string_view fallback;  // what holds where nobody says
  std::string_view unit;      // of the value
  std::string_view meaning;   // what it is, and what more or less of it does
  // Errors: invalid, of the value.
  Status (*apply)(ServeSettings& settings, const std::string& value);
};
const std::vector<ServeSetting>& serve_settings();

// "ROLLCALL_TLS_CERT"
std::string environment_name(std::string_view setting);
// By the flags and variables that were given, then the file, then what holds otherwise. Errors:
// invalid, saying where.
Result<ServeSettings> read_settings(const ServeOptions& options);
// docs/operating/settings.md
std::string settings_in_markdown();
// A file for --config that says nothing yet: every setting, commented out.
std::string settings_in_a_file();

}  // namespace rollcall::cli
