#include "demo/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/file.hpp"

namespace rollcall::demo {
namespace {

constexpr size_t kSaidMax = 4096;  // bytes

struct Pipe {
  std::optional<File> read, write;
};
bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe.read.emplace(ends[0]);
  pipe.write.emplace(ends[1]);
  return true;
}

// In the child, between fork and exec: nothing but what a signal handler may call.
[[noreturn]] void become(const char* program, char* const* words, pid_t parent, int in, int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  if (::getppid() != parent) ::_exit(127);  // it ended before we asked
  ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  char* const no_variables[] = {nullptr};
  ::execve(program, words, no_variables);
  constexpr std::string_view kFailed = "it cannot be started\n";
  (void)!::write(STDERR_FILENO, kFailed.data(), kFailed.size());
  ::_exit(127);
}

std::string last_line(std::string_view text) {
  text = trim(text);
  return std::string(
      trim(text.substr(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n'))));
}

class RealChild : public Child {
 public:
  RealChild(Clock& clock, int woken) : clock_(clock), woken_(woken) {}
  ~RealChild() override { end(); }

  void want(const std::optional<Command>& command) override {
    if (command == wanted_) return;
    end();
    wanted_ = command;
    again_after_ = kAgainFirst;
    not_before_ = Millis(0);
    start_if_due();
  }

  void tend(Millis how_long) override {
    if (wanted_ && pid_ == 0)
      how_long = std::clamp(not_before_ - clock_.monotonic(), Millis(0), how_long);
    std::array<pollfd, 3> watched = {{{woken_.fd, POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLIN, 0}}};
    if (alive_) watched[1].fd = alive_->fd;
    if (told_) watched[2].fd = told_->fd;
    (void)::poll(watched.data(), watched.size(), static_cast<int>(how_long.count()));
    uint64_t ignored = 0;
    (void)!::read(woken_.fd, &ignored, sizeof ignored);
    hear();
    if (int status = 0; pid_ != 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) has_ended(status);
    start_if_due();
  }

  void wake() override {
    const uint64_t one = 1;
    (void)!::write(woken_.fd, &one, sizeof one);
  }
  bool is_running() const override {
    const std::lock_guard lock(mutex_);
    return is_running_;
  }
  std::string said() const override {
    const std::lock_guard lock(mutex_);
    return said_;
  }

 private:
  void start_if_due() {
    if (!wanted_ || pid_ != 0 || clock_.monotonic() < not_before_) return;
    Pipe nothing, told;
    const bool opened = open_pipe(nothing) && open_pipe(told);
    nothing.write.reset();  // whoever reads finds the end
    std::vector<std::string> all = {wanted_->program.filename().string()};
    all.insert(all.end(), wanted_->words.begin(), wanted_->words.end());
    std::vector<char*> words;
    for (std::string& one : all) words.push_back(one.data());
    words.push_back(nullptr);
    const pid_t us = ::getpid();
    const pid_t pid = opened ? ::fork() : -1;
    if (pid == 0)
      become(wanted_->program.c_str(), words.data(), us, nothing.read->fd, told.write->fd);
    if (pid < 0) {
      tell(false, std::string("it cannot be started: ") + std::strerror(errno));
      return later();
    }
    pid_ = pid;
    began_ = clock_.monotonic();
    alive_.emplace(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    ::fcntl(told.read->fd, F_SETFL, O_NONBLOCK);
    told_.emplace(std::exchange(told.read->fd, -1));
    heard_.clear();
    tell(true, "");
  }

  void later() {
    not_before_ = clock_.monotonic() + again_after_;
    again_after_ = std::min(again_after_ * 2, kAgainMost);
  }

  // A closed end is let go of, or poll() would never wait again.
  void hear() {
    std::array<char, 4096> part;
    while (told_) {
      const ssize_t got = ::read(told_->fd, part.data(), part.size());
      if (got > 0) {
        heard_.append(part.data(), static_cast<size_t>(got));
        if (heard_.size() > kSaidMax) heard_.erase(0, heard_.size() - kSaidMax);
      } else if (got == 0) {
        told_.reset();
      } else if (errno != EINTR) {
        return;
      }
    }
  }

  void has_ended(int status) {
    hear();
    pid_ = 0;
    alive_.reset();
    told_.reset();
    std::string last = last_line(heard_);
    if (last.empty())
      last = WIFSIGNALED(status) ? "it was ended by the signal " + std::to_string(WTERMSIG(status))
                                 : "it ended with " + std::to_string(WEXITSTATUS(status));
    tell(false, std::move(last));
    if (clock_.monotonic() - began_ >= kLivedWell) again_after_ = kAgainFirst;
    later();
  }

  void end() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGTERM);
    pollfd gone{alive_->fd, POLLIN, 0};
    if (::poll(&gone, 1, static_cast<int>(kEndGrace.count())) <= 0) ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    alive_.reset();
    told_.reset();
    tell(false, "");
  }

  void tell(bool running, std::string said) {
    const std::lock_guard lock(mutex_);
    is_running_ = running;
    said_ = std::move(said);
  }

  Clock& clock_;
  const File woken_;
  // Of the one thread.
  std::optional<Command> wanted_;
  pid_t pid_ = 0;              // 0: none runs
  std::optional<File> alive_;  // readable once it has ended
  std::optional<File> told_;
  std::string heard_;
  Millis began_{0}, not_before_{0}, again_after_ = kAgainFirst;

  mutable std::mutex mutex_;
  // Protected by mutex_.
  bool is_running_ = false;
  std::string said_;
};

}  // namespace

Result<std::unique_ptr<Child>> Child::make(Clock& clock) {
  const int woken = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (woken < 0)
    return Error{ErrorKind::unavailable,
                 std::string("cannot watch over a process: ") + std::strerror(errno)};
  return std::unique_ptr<Child>(std::make_unique<RealChild>(clock, woken));
}

}  // namespace rollcall::demo
