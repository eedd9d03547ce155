#include "base/lease.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

constexpr Millis kLookAgain{250};

class FileLease : public Lease {
 public:
  explicit FileLease(int file) : file_(file) {}
  [[nodiscard]] bool outlasts(Millis) const override { return true; }

 private:
  File file_;
};

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Says who holds it, for whoever asks; nothing depends on it.
void sign(int file) {
  const std::string text = "process " + std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) == 0)
    (void)(::pwrite(file, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
}

}  // namespace

Error taken_over() {
  return {ErrorKind::busy, "another process may have taken this over meanwhile",
          "Nothing is lost: whoever has it goes on from what was recorded."};
}

Result<std::unique_ptr<Lease>> FileLeases::take(const std::string& name,
                                                const std::stop_token& stop, Millis patience) {
  const fs::path path = folder_ / name;
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  if (problem) return cannot("make", path.parent_path(), problem.value());
  File file(open_ours(path, O_RDWR | O_CREAT));
  if (file.fd < 0) return cannot("open", path, errno);
  for (Millis waited{0};; waited += kLookAgain) {
    struct flock lock = whole_file();
    if (::fcntl(file.fd, F_OFD_SETLK, &lock) == 0) break;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EACCES) return cannot("lock", path, errno);
    if (waited >= patience) {
      const auto who = TRY(holder(name));
      return Error{ErrorKind::busy, name + " is held by " + who.value_or("another process"),
                   "Wait for it to end, or stop it."};
    }
    if (!clock_->sleep(kLookAgain, stop))
      return Error{ErrorKind::cancelled, "stopped while waiting for " + name};
  }
  sign(file.fd);
  return std::unique_ptr<Lease>(new FileLease(std::exchange(file.fd, -1)));
}

Result<std::optional<std::string>> FileLeases::holder(const std::string& name) {
  const fs::path path = folder_ / name;
  const File file(open_ours(path, O_RDONLY));
  if (file.fd < 0 && errno == ENOENT) return std::optional<std::string>();
  if (file.fd < 0) return cannot("open", path, errno);
  struct flock lock = whole_file();
  if (::fcntl(file.fd, F_OFD_GETLK, &lock) != 0) return cannot("look at", path, errno);
  if (lock.l_type == F_UNLCK) return std::optional<std::string>();
  std::string who = read_whole(file.fd).value_or("");
  who.resize(std::min(who.find('\n'), who.size()));
  return std::optional(who.empty() ? "another process" : who);
}

}  // namespace rollcall
