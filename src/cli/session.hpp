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
  Session(const World& world, std::filesystem::path home, bool json, std::stop_token stop)
      : world_(world),
        home_(std::move(home)),
        leases_(home_, world.clock),
        states_(state::open_local({home_}, world.disk, leases_)),
        json_(json),
        stop_(std::move(stop)),
        progress_({world.err, world.err_is_terminal, world.columns}, world.clock, world.observer) {}

  [[nodiscard]] const World& world() const { return world_; }
  [[nodiscard]] const std::filesystem::path& home() const { return home_; }
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
  FileLeases leases_;
  std::unique_ptr<state::States> states_;
  bool json_;
  std::stop_token stop_;
  Progress progress_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace rollcall::cli
