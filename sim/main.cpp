#include <fmt/format.h>
#include <signal.h>
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "sim/server.hpp"
#include "sim/side_door.hpp"

namespace {

struct Options {
  std::string listen = "127.0.0.1:8181";
  std::string project_type = "hybrid";
  std::string state;
  std::string faults;
  std::string contacts;
  std::string limits = "off";
  std::string api_key;
  std::string switch_file;
  std::vector<std::string> switches;
  int64_t visible_after_ms = -1;
  int64_t save_every_s = 0;
  int64_t project_id = 9079;
  uint64_t seed = 1;
  bool list_switches = false;
};

int fail(std::string_view text) {
  fmt::print(stderr, "iterable-sim: {}\n", text);
  return 1;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// Empty if done, else the reason.
std::string fill(sim::Project& project, const Options& options) {
  if (!options.switch_file.empty()) {
    auto text = read_file(options.switch_file);
    if (!text) return fmt::format("cannot read {}", options.switch_file);
    std::string error;
    auto positions = sim::Faults::parse(*text, error);
    if (positions) error = project.switches.load(*positions);
    if (!error.empty()) return fmt::format("{}: {}", options.switch_file, error);
  }
  for (const std::string& one : options.switches) {
    size_t equals = one.find('=');
    if (equals == std::string::npos) return "--switch takes NAME=VALUE";
    std::string error = project.switches.set(std::string_view(one).substr(0, equals),
                                             std::string_view(one).substr(equals + 1));
    if (!error.empty()) return error;
  }
  if (options.visible_after_ms >= 0) project.switches.visible_after_ms = options.visible_after_ms;
  project.apply_switches();

  if (!options.state.empty() && std::filesystem::exists(options.state)) {
    if (std::string error = sim::load_state(project, options.state); !error.empty()) return error;
  }
  if (!options.contacts.empty()) {
    if (auto count = sim::parse_int(options.contacts)) {
      if (*count < 0 || *count > 100'000'000) return "--contacts takes a file or 0 to 100000000";
      // A restored project keeps its people.
      if (project.world.contact_count() == 0) sim::make_contacts(project, *count);
    } else {
      auto text = read_file(options.contacts);
      if (!text) return fmt::format("cannot read {}", options.contacts);
      sim::LoadReport report = sim::load_contacts(project, *text);
      if (!report.error.empty()) {
        return fmt::format("{} line {}: {}", options.contacts, report.line, report.error);
      }
    }
  }
  if (!options.faults.empty()) {
    auto text = read_file(options.faults);
    if (!text) return fmt::format("cannot read {}", options.faults);
    std::string error;
    auto plan = sim::Faults::parse(*text, error);
    if (plan) error = project.faults.load(*plan, options.seed);
    if (!error.empty()) return fmt::format("{}: {}", options.faults, error);
  }
  return {};
}

// What a kill at this moment would lose is at most what came since the last save.
class Saver {
 public:
  Saver(sim::Project& project, std::string file) : project_(project), file_(std::move(file)) {}

  void save_every(std::chrono::seconds span, const std::stop_token& stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any woken;
    while (!stop.stop_requested()) {
      woken.wait_for(lock, stop, span, [] { return false; });
      if (stop.stop_requested() || !has_changed()) continue;
      if (std::string error = sim::save_state(project_, file_); !error.empty()) fail(error);
    }
  }

 private:
  // Calls are counted, reads among them; contacts may come in by the side door, too.
  bool has_changed() {
    const std::lock_guard lock(project_.mutex);
    const int64_t seq = project_.log.next_seq();
    const int64_t contacts = project_.world.contact_count();
    const bool changed = seq != seq_ || contacts != contacts_;
    seq_ = seq;
    contacts_ = contacts;
    return changed;
  }

  sim::Project& project_;
  const std::string file_;
  int64_t seq_ = 0, contacts_ = -1;
};

int run(const Options& options) {
  if (sodium_init() < 0) return fail("libsodium does not start");
  sim::Config config;
  auto type = sim::parse_project_type(options.project_type);
  if (!type) return fail("--project-type is hybrid, email or user_id");
  config.type = *type;
  config.project_id = options.project_id;
  config.api_key = options.api_key;
  config.published_limits = options.limits == "published";
  config.seed = options.seed;
  config.state_file = options.state;

  // Blocked before any thread starts, so that all inherit it and one thread takes the signals.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  sim::Service service(config);
  if (options.list_switches) {
    for (const auto& one : sim::Switches::describe(service.project().switches)) {
      std::string choices = one.contains("choices") ? sim::print(one["choices"]) : "number";
      fmt::print("{} = {}  {}\n    {}\n", one["name"].get<std::string>(),
                 sim::print(one["default"]), choices, one["meaning"].get<std::string>());
    }
    return 0;
  }
  if (std::string error = fill(service.project(), options); !error.empty()) return fail(error);
  sim::Server server(service);
  if (std::string error = server.listen(options.listen); !error.empty()) return fail(error);

  std::thread signal_thread([&] {
    int signal_number = 0;
    sigwait(&signals, &signal_number);
    server.stop();
  });
  fmt::print("iterable-sim: listening on http://{}:{}\n",
             options.listen.substr(0, options.listen.rfind(':')), server.port());
  std::fflush(stdout);
  std::jthread saving;
  if (!options.state.empty() && options.save_every_s > 0) {
    saving = std::jthread([&](const std::stop_token& stop) {
      Saver(service.project(), options.state)
          .save_every(std::chrono::seconds(options.save_every_s), stop);
    });
  }
  server.run();
  signal_thread.join();
  if (saving.joinable()) {
    saving.request_stop();
    saving.join();
  }
  if (!options.state.empty()) {
    if (std::string error = sim::save_state(service.project(), options.state); !error.empty()) {
      return fail(error);
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{
      "A stand-in for the HTTP API of Iterable, for the calls about lists, users, fields and "
      "exports.\n"
      "It is stricter than the real service where that is not known; see --list-switches. Its own\n"
      "side door, /_sim/, shows and changes the project: contacts, lists, requests, counters, "
      "faults,\n"
      "clock, switches. Point a browser at it.",
      "iterable-sim"};
  app.add_option("--listen", options.listen, "ADDRESS:PORT to listen on; port 0 picks one")
      ->capture_default_str();
  app.add_option("--project-type", options.project_type, "how the project identifies people")
      ->check(CLI::IsMember({"hybrid", "email", "user_id"}))
      ->capture_default_str();
  app.add_option("--project-id", options.project_id, "the id that error texts name")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "what chance is drawn from")->capture_default_str();
  app.add_option("--state", options.state,
                 "read the project from FILE, and save it on a clean stop");
  app.add_option("--save-every", options.save_every_s,
                 "seconds between saves to the file of --state while anything changes; 0: only at "
                 "the stop");
  app.add_option("--faults", options.faults, "fault plan, YAML or JSON");
  app.add_option(
      "--contacts", options.contacts,
      "NDJSON file of {email, userId, dataFields}, or a number N: user0@example.com, U0, …");
  app.add_option("--limits", options.limits, "rate limits to enforce")
      ->check(CLI::IsMember({"published", "off"}))
      ->capture_default_str();
  app.add_option("--visible-after", options.visible_after_ms,
                 "milliseconds until reads see a write (switch visible_after_ms)");
  app.add_option("--api-key", options.api_key, "the only key accepted; any if not given");
  app.add_option("--switches", options.switch_file,
                 "file of switches, YAML or JSON of NAME: VALUE; ./dev probe writes one");
  app.add_option("--switch", options.switches,
                 "NAME=VALUE, repeatable, after the file's; see --list-switches");
  app.add_flag("--list-switches", options.list_switches, "print the switches and leave");
  CLI11_PARSE(app, argc, argv);
  return run(options);
}
