// What every command needs: the world that operations are given, and where to print.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json_fwd.hpp>

#include "cli/cli.hpp"
#include "cli/progress.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {

class Session {
 public:
  // `server`: where the catalog is, in PostgreSQL; nothing: in the home.
  Session(const World& world, std::filesystem::path home, std::optional<Secret> server, bool json,
          std::stop_token stop)
      : world_(world),
        home_(std::move(home)),
        json_(json),
        stop_(std::move(stop)),
        progress_({world.err, world.err_is_terminal, world.columns}, world.clock, world.observer) {
    use(std::move(server));
  }

  [[nodiscard]] const World& world() const { return world_; }
  [[nodiscard]] const std::filesystem::path& home() const { return home_; }
  [[nodiscard]] const std::optional<Secret>& server() const { return server_; }
  // Before the store is opened.
  void use(std::optional<Secret> server);
  [[nodiscard]] Leases& leases() const { return *leases_; }
  // `body`, while what leases it takes are renewed beside it.
  Result<int> keeping_leases(const std::function<Result<int>()>& body);
  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] const std::stop_token& stop() const { return stop_; }
  Progress& progress() { return progress_; }

  // Opened at the first call; valid as long as the session.
  Result<store::Store*> store();
  // What operations are given.
  Result<operations::World> run_world();

  template <class... T>
  void print(fmt::format_string<T...> format, T&&... values) {
    print_text(fmt::format(format, std::forward<T>(values)...));
  }
  void print_text(const std::string& text);
  void print_json(const nlohmann::ordered_json& value);
  // Prints as it is written; it fails once there is nobody to print for.
  operations::JsonWriter json_writer();
  // To stderr, in front of which the progress line is wiped away.
  void say(const std::string& message);
  // An error, with --json also as the one value on stdout.
  void fail(const Error& error);
  // False once stdout is closed: there is nobody to print for.
  [[nodiscard]] bool heard() const;

 private:
  const World& world_;
  std::filesystem::path home_;
  std::optional<Secret> server_;
  std::shared_ptr<Leases> leases_;  // kept beside it
  std::unique_ptr<state::States> states_;
  bool json_;
  std::stop_token stop_;
  Progress progress_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace rollcall::cli
