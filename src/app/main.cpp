// The wiring: the only place that makes a real clock, real randomness, a transport and a store.
#include <signal.h>
#include <sodium.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <thread>

#include "adbc/adbc.hpp"
#include "app/system.hpp"
#include "app/test_hooks.hpp"
#include "base/process.hpp"
#include "cli/cli.hpp"
#include "http/http.hpp"
#include "store/store.hpp"

namespace {

using namespace rollcall;

constexpr int kFailed = 1;
constexpr int kInterrupted = 130;

std::optional<std::string> environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

int terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
    return 80;
  return size.ws_col > 0 ? size.ws_col : 80;
}

// The first signal asks for an end, the second is one. All threads made later inherit the mask, so
// that this one alone takes them.
void watch_signals(std::stop_source stop) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, stop = std::move(stop)]() mutable {
    int number = 0;
    sigwait(&signals, &number);
    stop.request_stop();
    sigwait(&signals, &number);
    _exit(kInterrupted);
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
#ifndef __SANITIZE_ADDRESS__  // whose search for leaks looks into the process from another
  forbid_core_dumps();
#endif
  if (argc == 2 && argv[1] == adbc::kReaderWord) return adbc::reader_main();
  umask(077);                // what is kept of people is nobody else's to read
  signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not the end of a run
  std::stop_source stop;
  watch_signals(stop);
  if (sodium_init() < 0) {
    std::fputs("rollcall: libsodium does not start\n", stderr);
    return kFailed;
  }
  app::SystemClock clock;
  app::SystemRandom random;
  app::Threads workers;
  RealDisk disk;
  const auto transport = http::make_transport();
  app::TestHooks hooks(environment("ROLLCALL_POINTS"), environment("ROLLCALL_KILL_AT"));
  const cli::World world{.clock = clock,
                         .random = random,
                         .transport = *transport,
                         .workers = workers,
                         .disk = disk,
                         .observer = hooks,
                         .open_store =
                             [&](const std::filesystem::path& home) {
                               return store::Store::open(home, clock, random, disk);
                             },
                         .environment = environment,
                         .out = stdout,
                         .err = stderr,
                         .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                         .err_is_terminal = isatty(STDERR_FILENO) == 1,
                         .columns = terminal_columns(),
                         .version = ROLLCALL_VERSION};
  const int code = cli::main(world, {argv + 1, argv + argc}, stop.get_token());
  std::fflush(stdout);
  return code;
}
