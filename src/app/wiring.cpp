#include "app/wiring.hpp"

#include <signal.h>
#include <sodium.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "store/store.hpp"

namespace rollcall::app {
namespace {

int terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
    return 80;
  return size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::optional<std::string> environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

bool begin_process() {
  umask(077);                // what is kept of people is nobody else's to read
  signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not the end of a run
  if (sodium_init() >= 0) return true;
  std::fputs("rollcall: libsodium does not start\n", stderr);
  return false;
}

cli::World world_on(Machine& machine, Observer& observer) {
  return {.clock = machine.clock,
          .random = machine.random,
          .transport = *machine.transport,
          .workers = machine.workers,
          .disk = machine.disk,
          .observer = observer,
          .open_store =
              [&](const std::filesystem::path& home, const std::optional<Secret>& server) {
                return store::Store::open(home, machine.clock, machine.random, machine.disk,
                                          server);
              },
          .environment = environment,
          .out = stdout,
          .err = stderr,
          .out_is_terminal = isatty(STDOUT_FILENO) == 1,
          .err_is_terminal = isatty(STDERR_FILENO) == 1,
          .columns = terminal_columns(),
          .version = ROLLCALL_VERSION};
}

}  // namespace rollcall::app
