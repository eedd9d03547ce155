// The program: signals, then one command.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "adbc/adbc.hpp"
#include "app/test_hooks.hpp"
#include "app/wiring.hpp"
#include "base/process.hpp"

namespace {

using namespace rollcall;

constexpr int kFailed = 1;
constexpr int kInterrupted = 130;

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

// What was typed is shown to everybody by `ps`, and may hold the password of a database.
std::vector<std::string> take_words(int argc, char** argv) {
  std::vector<std::string> out(argv + 1, argv + argc);
  for (int i = 1; i < argc; ++i)
    if (const std::string_view word(argv[i]); word.find("postgres") != std::string_view::npos)
      if (const size_t at = word.find("://"); at != std::string_view::npos)
        std::memset(argv[i] + at + 3, '*', word.size() - at - 3);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
#ifndef __SANITIZE_ADDRESS__  // whose search for leaks looks into the process from another
  forbid_core_dumps();
#endif
  if (argc == 2 && argv[1] == adbc::kReaderWord) return adbc::reader_main();
  std::stop_source stop;
  watch_signals(stop);
  if (!app::begin_process()) return kFailed;
  app::Machine machine;
  app::TestHooks hooks(app::environment("ROLLCALL_POINTS"), app::environment("ROLLCALL_KILL_AT"));
  const int code =
      cli::main(app::world_on(machine, hooks), take_words(argc, argv), stop.get_token());
  std::fflush(stdout);
  return code;
}
