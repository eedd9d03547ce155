// serve: the service, in one process: scheduler, API and page, until it is told to end.
#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "access/access.hpp"
#include "api/api.hpp"
#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/notify.hpp"
#include "cli/serve_settings.hpp"
#include "cli/text.hpp"
#include "demo/demo.hpp"
#include "http_server/http_server.hpp"
#include "service/service.hpp"

namespace rollcall::cli {
namespace {

using json = nlohmann::ordered_json;

constexpr auto kTidyEvery = std::chrono::minutes(10);
constexpr Millis kLookAgain{1000};

// What happens, a line each on stderr. No person is named.
class Log {
 public:
  Log(Session& session, bool as_json) : session_(session), as_json_(as_json) {}

  void line(const char* event, const json& fields) {
    const std::string at = iso_utc(session_.world().clock.now());
    if (as_json_) {
      json whole = {{"at", at}, {"event", event}};
      whole.update(fields);
      return print(whole.dump(-1, ' ', false, json::error_handler_t::replace));
    }
    std::string text = at + " " + event;
    for (const auto& [key, value] : fields.items())
      text += fmt::format(" {}={}", key, value.is_string() ? quoted(value) : value.dump());
    print(text);
  }

  void told(const std::string& uid, const std::string& event, const std::string& text) {
    const json data = read_json<json>(text);
    if (event == "rest" && data.is_object())
      return line("activation_rests", {{"activation", uid},
                                       {"kind", data.value("kind", "")},
                                       {"name", data.value("name", "")},
                                       {"problem", data.value("problem", "")}});
    if (event == "rest") return line("activation_goes_on", {{"activation", uid}});
    if (event != "end" || !data.is_object()) return;
    const json& report = data["report"];
    json fields = {{"activation", uid}, {"work", data.value("work", "")}};
    if (report.is_object()) {
      for (const char* key : {"activation", "run_id", "status", "trigger", "changes", "outcomes"})
        if (report.contains(key)) fields[key] = report[key];
      if (report.contains("error") && report["error"].is_object())
        fields["error"] = report["error"].value("message", "");
    } else if (data["error"].is_object()) {
      fields["error"] = data["error"].value("message", "");
    }
    line("ended", fields);
  }

  void let_go(const Result<operations::LetGo>& done) {
    if (!done.ok())
      line("not_let_go", {{"error", done.error().message}});
    else if (done->people_of_runs + done->runs + done->log_lines > 0)
      line("let_go", {{"people_of_runs", done->people_of_runs},
                      {"runs", done->runs},
                      {"log_lines", done->log_lines}});
  }

 private:
  static std::string quoted(const json& value) {
    const std::string text = value.get<std::string>();
    return text.find_first_of(" \"=\n") == std::string::npos && !text.empty() ? text : value.dump();
  }
  void print(const std::string& text) {
    const std::lock_guard lock(mutex_);
    fmt::print(session_.world().err, "{}\n", text);
    std::fflush(session_.world().err);
  }

  Session& session_;
  const bool as_json_;
  std::mutex mutex_;
};

// What is worth telling people. That it could not be kept is said by the store's next failure.
void alert(alerts::Alerts& alerts, const service::Service& service, const std::string& uid,
           const std::string& event, const std::string& text) {
  const json data = read_json<json>(text);
  const auto part = [&](const char* key) {
    return data.is_object() && data.contains(key) && !data[key].is_null() ? data[key].dump() : "";
  };
  if (event == "rest" && data.is_object())
    (void)alerts.rests(uid, service.name_of(uid), data.value("problem", ""),
                       data.value("remedy", ""));
  if (event == "end" && data.is_object())
    (void)alerts.ended(uid, service.name_of(uid), data.value("work", "") == "audit", part("report"),
                       part("error"));
}

std::string url_of(const ServeSettings& settings, uint16_t port) {
  if (!settings.api.url.empty()) return settings.api.url;
  const std::string& address = settings.http.address;
  const std::string host = address == "0.0.0.0" || address == "::"  ? "localhost"
                           : address.find(':') != std::string::npos ? "[" + address + "]"
                                                                    : address;
  return fmt::format("{}://{}:{}", settings.http.certificate.empty() ? "http" : "https", host,
                     port);
}

Result<int> serve(Session& session, const ServeSettings& settings) {
  Log log(session, settings.log_json);
  const operations::World plain = TRY(session.run_world());
  Observer nobody;
  const operations::World world = operations::watched_by(plain, nobody);
  service::Variables variables;
  if (session.server()) variables["ROLLCALL_STORE"] = *session.server();
  const auto jobs = TRY(service::open_processes(
      "/proc/self/exe", std::filesystem::absolute(world.home.root).string(), variables));
  access::Access access(world.store, world.clock, world.random, settings.access);
  service::Service service(world, *jobs, settings.service);
  api::Settings api_settings = settings.api;
  api_settings.version = session.world().version;
  std::optional<oidc::Provider> provider;
  if (!settings.oidc.issuer.empty()) {
    TRY(oidc::check(settings.oidc));
    provider.emplace(settings.oidc, world.transport, world.clock, world.random);
    api_settings.single_sign_on.provider = &*provider;
  }
  const auto mailer = mail::make_mailer(settings.mail, world.clock, world.random);
  alerts::Settings alert_settings = settings.alerts;
  alert_settings.url = settings.api.url;
  alerts::Alerts teller(world.store, world.clock, world.random, world.transport, *mailer,
                        alert_settings);
  const auto demo =
      TRY(demo::Demo::open(world, {.simulator = demo::simulator_beside_us(),
                                   .store_is_shared = session.server().has_value(),
                                   .is_keeper = [&] { return service.schedules(); }}));
  api::Api api(world, service, access, teller, *demo, api_settings);
  http_server::Settings http = settings.http;
  http.clock = &world.clock;
  const auto server = TRY(http_server::Server::open(
      http, [&](const http_server::Request& request, const std::stop_token& stop) {
        return api.handle(request, stop);
      }));
  api.serves(*server);
  const std::string url = url_of(settings, server->port());
  const auto listening = service.listen(
      [&](const std::string& uid, const std::string& event, const std::string& text) {
        log.told(uid, event, text);
        alert(teller, service, uid, event, text);
      });
  session.print("rollcall serves {}\n", url);
  if (const auto word = TRY(access.setup_word()))
    session.print(
        "Nobody has an account yet. This link makes the first one, once, for a day:\n  "
        "{}/setup?word={}\n",
        url, word->reveal());
  std::fflush(session.world().out);

  // systemd, where it started us; that it hears nothing is its own business.
  const auto socket = session.world().environment("NOTIFY_SOCKET");
  const auto watchdog = watchdog_every(session.world().environment("WATCHDOG_USEC"));

  // Whichever ends first ends the others.
  std::stop_source ending;
  const std::stop_callback told(session.stop(), [&] { ending.request_stop(); });
  const std::stop_callback stopping(ending.get_token(),
                                    [&] { (void)notify(socket, "STOPPING=1"); });
  // The simulator goes on until runs have sealed what they have.
  std::stop_source runs_ended;
  std::atomic<int> next{0};
  Status worked = ok_status();
  const std::stop_token stop = ending.get_token();
  (void)notify(socket, "READY=1");
  world.workers.run(6, [&] {
    switch (next++) {
      case 0:
        server->serve(world.workers, stop, settings.service.grace);
        break;
      case 1:
        worked = service.work(stop);
        runs_ended.request_stop();
        break;
      case 2:
        // Of several servers one tells.
        while (world.clock.sleep(service.schedules() ? teller.deliver(stop) : kLookAgain, stop)) {
          std::vector<alerts::Alerts::Waiting> waiting;
          for (const service::Service::Due& one : service.due())
            waiting.push_back({one.uid, one.name, one.since});
          (void)teller.wait(waiting);
        }
        break;
      case 3:
        demo->work(runs_ended.get_token());
        break;
      case 4:
        if (!watchdog) return;
        while (world.clock.sleep(*watchdog, stop))
          if (service.alive()) (void)notify(socket, "WATCHDOG=1");
        break;
      default:
        while (world.clock.sleep(kTidyEvery, stop))
          log.let_go(operations::let_go(world, settings.retention));
    }
    ending.request_stop();
  });
  TRY(std::move(worked));
  log.line("ended_well", json::object());
  return kDone;
}

}  // namespace

Result<int> serve(Session& session, const ServeOptions& options) {
  const ServeSettings settings = TRY(read_settings(options));
  // What stands in front of the command goes before all; then what is in the settings.
  const auto named = session.world().environment("ROLLCALL_STORE");
  const bool is_typed = session.server() && (!named || session.server()->reveal() != *named);
  if (is_typed || settings.store.empty()) return serve(session, settings);
  session.use(settings.store);
  return session.keeping_leases([&] { return serve(session, settings); });
}

Result<int> print_settings(Session& session, bool as_file) {
  session.print_text(as_file ? settings_in_a_file() : settings_in_markdown());
  return kDone;
}

}  // namespace rollcall::cli
