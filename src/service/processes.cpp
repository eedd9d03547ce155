#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "service/jobs.hpp"

extern char** environ;

namespace rollcall::service {
namespace {

constexpr size_t kLineMax = 1 << 20;
constexpr size_t kComplaintMax = 4096;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

struct Pipe {
  Descriptor read, write;
};
Result<Pipe> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Error{ErrorKind::unavailable,
                 std::string("cannot open a pipe: ") + std::strerror(errno)};
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return pipe;
}

struct Process {
  pid_t pid = 0;
  Descriptor alive;  // readable once it has ended
  Descriptor out, err;
  std::string line = {}, complaint = {};
};

class Processes : public Jobs {
 public:
  Processes(std::string program, std::string home, const Variables& variables, Descriptor woken)
      : program_(std::move(program)), home_(std::move(home)), woken_(std::move(woken)) {
    for (char** one = environ; *one != nullptr; ++one) {
      const std::string_view text(*one);
      if (!variables.contains(std::string(text.substr(0, text.find('=')))))
        environment_.emplace_back(text);
    }
    for (const auto& [name, value] : variables) environment_.push_back(name + "=" + value.reveal());
  }

  ~Processes() override {
    for (auto& [job, process] : processes_) {
      ::kill(process.pid, SIGKILL);
      ::waitpid(process.pid, nullptr, 0);
    }
  }

  Result<JobId> start(const std::vector<std::string>& words) override {
    Pipe out = TRY(open_pipe()), err = TRY(open_pipe());
    std::vector<std::string> all = {"rollcall", "--home", home_};
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& one : all) arguments.push_back(one.data());
    arguments.push_back(nullptr);
    std::vector<char*> variables;
    for (std::string& one : environment_) variables.push_back(one.data());
    variables.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out.write.number(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, err.write.number(), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    // A group of its own: what a terminal tells us is not told to it, too.
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    Process process;
    const int failed = ::posix_spawn(&process.pid, program_.c_str(), &files, &attributes,
                                     arguments.data(), variables.data());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0)
      return Error{ErrorKind::unavailable,
                   std::string("cannot start a process: ") + std::strerror(failed)};
    process.alive = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
    process.out = std::move(out.read);
    process.err = std::move(err.read);
    const JobId job = ++last_;
    processes_.emplace(job, std::move(process));
    return job;
  }

  void stop(JobId job) override { signal(job, SIGTERM); }
  void kill(JobId job) override { signal(job, SIGKILL); }

  std::vector<JobEvent> wait(Millis how_long) override {
    std::vector<pollfd> watched = {{woken_.number(), POLLIN, 0}};
    for (const auto& [job, process] : processes_)
      for (const int number : {process.alive.number(), process.out.number(), process.err.number()})
        if (number >= 0) watched.push_back({number, POLLIN, 0});
    const auto most = std::clamp<Millis::rep>(how_long.count(), 0, 3600'000);
    (void)::poll(watched.data(), watched.size(), static_cast<int>(most));
    uint64_t ignored = 0;
    (void)!::read(woken_.number(), &ignored, sizeof ignored);
    std::vector<JobEvent> events;
    for (auto at = processes_.begin(); at != processes_.end();) {
      // Asked first, so that all it told is read by what follows.
      int status = 0;
      const bool ended = ::waitpid(at->second.pid, &status, WNOHANG) == at->second.pid;
      read(at->first, at->second, events);
      if (!ended) {
        ++at;
        continue;
      }
      if (!at->second.line.empty()) events.push_back({.job = at->first, .line = at->second.line});
      events.push_back({.job = at->first,
                        .ended = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                        .complaint = std::move(at->second.complaint)});
      at = processes_.erase(at);
    }
    return events;
  }

  void wake() override {
    const uint64_t one = 1;
    (void)!::write(woken_.number(), &one, sizeof one);
  }

 private:
  void signal(JobId job, int number) {
    if (const auto at = processes_.find(job); at != processes_.end())
      ::kill(at->second.pid, number);
  }

  // A closed end is let go of, or poll() would never wait again.
  static std::string read_all(Descriptor& from) {
    std::string out;
    std::array<char, 65536> part;
    while (from.number() >= 0) {
      const ssize_t got = ::read(from.number(), part.data(), part.size());
      if (got > 0) {
        out.append(part.data(), static_cast<size_t>(got));
      } else if (got == 0) {
        from = Descriptor();
      } else if (errno != EINTR) {
        break;
      }
    }
    return out;
  }

  static void read(JobId job, Process& process, std::vector<JobEvent>& events) {
    for (const char c : read_all(process.out)) {
      if (c != '\n') {
        if (process.line.size() < kLineMax) process.line += c;
        continue;
      }
      if (!process.line.empty()) events.push_back({.job = job, .line = process.line});
      process.line.clear();
    }
    const std::string complaint = read_all(process.err);
    (void)!::write(STDERR_FILENO, complaint.data(), complaint.size());
    process.complaint += complaint;
    if (process.complaint.size() > kComplaintMax)
      process.complaint.erase(0, process.complaint.size() - kComplaintMax);
  }

  const std::string program_, home_;
  std::vector<std::string> environment_;
  Descriptor woken_;
  JobId last_ = 0;
  std::map<JobId, Process> processes_;
};

}  // namespace

Result<std::unique_ptr<Jobs>> open_processes(std::string program, std::string home,
                                             Variables variables) {
  Descriptor woken(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (woken.number() < 0)
    return Error{ErrorKind::unavailable,
                 std::string("cannot open an event: ") + std::strerror(errno)};
  return std::unique_ptr<Jobs>(std::make_unique<Processes>(std::move(program), std::move(home),
                                                           variables, std::move(woken)));
}

}  // namespace rollcall::service
