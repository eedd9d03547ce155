#include "base/file.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace rollcall {
namespace {

std::string folder_of(const std::filesystem::path& path) {
  const auto folder = path.parent_path();
  return folder.empty() ? "." : folder.string();
}

}  // namespace

int open_ours(const std::filesystem::path& path, int flags) {
  // A pipe would be waited for.
  const int file =
      ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
  struct stat about {};
  if (file < 0) return file;
  const bool told = ::fstat(file, &about) == 0;
  if (told && S_ISREG(about.st_mode)) return file;
  const int why = !told ? errno : S_ISDIR(about.st_mode) ? EISDIR : ENXIO;
  ::close(file);
  errno = why;
  return -1;
}

bool sync_folder(const std::filesystem::path& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.fd >= 0 && ::fsync(file.fd) == 0;
}

std::optional<std::string> read_whole(int file) {
  std::string out;
  std::array<char, 1 << 16> piece;
  while (true) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return out;
    out.append(piece.data(), static_cast<size_t>(got));
  }
}

bool write_whole(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return true;
}

Error no_space(const std::filesystem::path& path, std::string_view doing) {
  return {.kind = ErrorKind::unavailable,
          .message = "no space left in " + folder_of(path) + ": cannot " + std::string(doing) +
                     ' ' + path.string(),
          .remedy = "Free space there and try again; nothing was lost."};
}

Error cannot(std::string_view doing, const std::filesystem::path& path, int problem) {
  const std::string what = "cannot " + std::string(doing) + ' ' + path.string();
  switch (problem) {
    case ENOSPC:
      return no_space(path, doing);
    case EDQUOT:
    case EFBIG:
      return {.kind = ErrorKind::unavailable,
              .message = "no space left in " + folder_of(path) +
                         (problem == EDQUOT ? " (over quota): " : " (a limit for files): ") + what,
              .remedy = "Free space or raise the limit, and try again; nothing was lost."};
    case EROFS:
      return {.kind = ErrorKind::unavailable,
              .message = folder_of(path) + " is on a disk that takes no writes: " + what,
              .remedy = "Mount it so that it can be written to."};
    case ENOTDIR:
      // What is no folder may be the path itself, or one on the way to it.
      for (auto at = path; at.has_relative_path(); at = at.parent_path()) {
        std::error_code ignored;
        const auto about = std::filesystem::symlink_status(at, ignored);
        if (exists(about) && !is_directory(about))
          return {.kind = ErrorKind::unavailable,
                  .message = what + ": " + at.string() + " is no folder",
                  .remedy = "Move it away and run again."};
      }
      [[fallthrough]];
    case ENOENT:
      return {.kind = ErrorKind::unavailable,
              .message = folder_of(path) + " is gone: " + what,
              .remedy = "Is its disk still mounted?"};
    case ELOOP:
      return {.kind = ErrorKind::denied,
              .message = what + ": it is a link, which is not followed",
              .remedy = "Remove it: nothing that Rollcall keeps is one."};
    case EISDIR:
    case ENXIO:
      return {.kind = ErrorKind::denied,
              .message = what + ": something else is in its place",
              .remedy = "Move it away and run again."};
    case EACCES:
    case EPERM:
      return {.kind = ErrorKind::denied,
              .message = what + ": permission denied",
              .remedy = "Give this user the rights to it and to its folder."};
    default:
      return {.kind = ErrorKind::unavailable,
              .message = what + ": " + std::strerror(problem),
              .remedy = "Check the disk."};
  }
}

std::string checksum(std::string_view bytes, std::string_view before) {
  static_assert(crypto_shorthash_KEYBYTES == 16);
  // What comes before is the key: no key is secret here.
  std::array<unsigned char, crypto_shorthash_KEYBYTES> key{};
  before.copy(reinterpret_cast<char*>(key.data()), key.size());
  std::array<unsigned char, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                   key.data());
  std::array<char, 2 * crypto_shorthash_BYTES + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

Result<std::string> file_checksum(const std::filesystem::path& path) {
  const File file(open_ours(path, O_RDONLY));
  if (file.fd < 0) return cannot("read", path, errno);
  std::string piece(1 << 20, '\0'), sum;
  while (true) {
    size_t filled = 0;
    while (filled < piece.size()) {
      const ssize_t got = ::read(file.fd, piece.data() + filled, piece.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return cannot("read", path, errno);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    sum = checksum(std::string_view(piece).substr(0, filled), sum);
    if (filled < piece.size()) return sum;
  }
}

std::filesystem::path installed_file(std::string_view name) {
  std::error_code ignored;
  return installed_file(name, std::filesystem::read_symlink("/proc/self/exe", ignored));
}

std::filesystem::path installed_file(std::string_view name, const std::filesystem::path& program) {
  const auto home = program.parent_path();
  const auto lib = home.parent_path() / "lib";
  std::vector<std::filesystem::path> folders = {home, lib / "rollcall", lib};
  std::error_code ignored;
  if (!std::filesystem::is_directory(lib / "rollcall", ignored))
    folders.emplace_back(ROLLCALL_LIBRARIES_DIR);
  for (const std::filesystem::path& folder : folders)
    if (std::filesystem::exists(folder / name, ignored)) return folder / name;
  return home / name;
}

}  // namespace rollcall
