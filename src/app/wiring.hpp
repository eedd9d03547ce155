// What the program is wired from; also the one that carries out many commands for tests.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/system.hpp"
#include "base/disk.hpp"
#include "cli/cli.hpp"
#include "http/http.hpp"

namespace rollcall::app {

std::optional<std::string> environment(const std::string& name);
// What holds for the whole process: rights of new files, closed pipes, libsodium. False: it said
// why not.
bool begin_process();

struct Machine {
  SystemClock clock;
  SystemRandom random;
  Threads workers;
  RealDisk disk;
  std::unique_ptr<http::Transport> transport = http::make_transport();
};
// Prints to stdout and stderr. Outlived by both.
cli::World world_on(Machine& machine, Observer& observer);

}  // namespace rollcall::app
