#include "base/disk.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/file.hpp"

namespace rollcall {
namespace fs = std::filesystem;

namespace {

class RealFile : public DiskFile {
 public:
  RealFile(int file, fs::path path) : file_(file), path_(std::move(path)) {}

  Result<About> about() override {
    struct statx about {};
    if (::statx(file_.fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_INO | STATX_MODE | STATX_SIZE,
                &about) != 0)
      return cannot("look at", path_, errno);
    About out{.bytes = about.stx_size,
              .others_may_read = (about.stx_mask & STATX_MODE) == 0 || (about.stx_mode & 077) != 0,
              .birth = "number " + std::to_string(about.stx_ino)};
    if ((about.stx_mask & STATX_BTIME) != 0 && about.stx_btime.tv_sec != 0)
      out.birth = "at " + std::to_string(about.stx_btime.tv_sec) + '.' +
                  std::to_string(about.stx_btime.tv_nsec);
    return out;
  }

  Result<size_t> read(uint64_t at, void* into, size_t size) override {
    size_t filled = 0;
    while (filled < size) {
      const ssize_t got = ::pread(file_.fd, static_cast<char*>(into) + filled, size - filled,
                                  static_cast<off_t>(at + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return cannot("read", path_, errno);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    return filled;
  }

  Status write(uint64_t at, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t put = ::pwrite(file_.fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return cannot("write", path_, errno);
      at += static_cast<uint64_t>(put);
      bytes.remove_prefix(static_cast<size_t>(put));
    }
    return ok_status();
  }

  Status cut(uint64_t bytes) override {
    if (::ftruncate(file_.fd, static_cast<off_t>(bytes)) != 0) return cannot("write", path_, errno);
    return ok_status();
  }

  Status sync() override {
    if (::fsync(file_.fd) != 0) return cannot("write", path_, errno);
    return ok_status();
  }

  bool lock() override {
    int result = 0;
    do result = ::flock(file_.fd, LOCK_EX);
    while (result != 0 && errno == EINTR);
    return result == 0;
  }
  void unlock() override { ::flock(file_.fd, LOCK_UN); }

 private:
  const File file_;
  const fs::path path_;
};

int flags_of(Disk::Open how) {
  switch (how) {
    case Disk::Open::read:
    case Disk::Open::adopt:
      return O_RDONLY;
    case Disk::Open::keep:
      return O_RDWR | O_CREAT;
    case Disk::Open::anew:
      return O_RDWR | O_CREAT | O_TRUNC;
    case Disk::Open::first:
      return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

const char* doing(Disk::Open how) {
  return how == Disk::Open::read ? "read" : how == Disk::Open::keep ? "open" : "write";
}

}  // namespace

Status Disk::put_in_place(const fs::path& fresh, DiskFile& file, const fs::path& path) {
  TRY(file.sync());
  TRY(rename(fresh, path));
  return sync_folder(path.parent_path());
}

Status Disk::replace(const fs::path& path, const Content& content) {
  const fs::path fresh = path.string() + ".new";
  const auto file = TRY(open(fresh, Open::anew));
  TRY(file->write(0, content(TRY(file->about()).birth)));
  return put_in_place(fresh, *file, path);
}

Result<std::string> read_whole(DiskFile& file) {
  constexpr size_t kPiece = 1 << 16;
  std::string out;
  while (true) {
    const size_t held = out.size();
    out.resize(held + kPiece);
    const size_t got = TRY(file.read(held, out.data() + held, kPiece));
    out.resize(held + got);
    if (got < kPiece) return out;
  }
}

Result<std::unique_ptr<DiskFile>> RealDisk::open(const fs::path& path, Open how) {
  const int file = open_ours(path, flags_of(how));
  if (file < 0 && errno == ENOENT && how == Open::read) return std::unique_ptr<DiskFile>();
  if (file < 0) return cannot(doing(how), path, errno);
  std::unique_ptr<DiskFile> out = std::make_unique<RealFile>(file, path);
  if (how == Open::adopt && ::fchmod(file, S_IRUSR | S_IWUSR) != 0)
    return cannot("write", path, errno);
  return out;
}

Status RealDisk::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return cannot("write", to, errno);
  return ok_status();
}

Result<bool> RealDisk::place(const fs::path& from, const fs::path& to) {
  const int why = ::link(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  ::unlink(from.c_str());
  if (why != 0 && why != EEXIST) return cannot("write", to, why);
  return why == 0;
}

Status RealDisk::remove(const fs::path& path) {
  std::error_code problem;
  fs::remove_all(path, problem);
  if (problem) return cannot("remove", path, problem.value());
  return ok_status();
}

Status RealDisk::sync_folder(const fs::path& folder) {
  const bool can = rollcall::sync_folder(folder) || errno == EINVAL || errno == ENOTSUP;
  if (!can) return cannot("write", folder, errno);
  return ok_status();
}

Result<Disk::Names> RealDisk::list(const fs::path& folder) {
  Names out;
  std::error_code problem;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem))
    out.push_back(at->path().filename());
  if (problem && problem.value() != ENOENT && problem.value() != ENOTDIR)
    return cannot("read", folder, problem.value());
  return out;
}

Status RealDisk::make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return cannot("make", folder, problem.value());
  return ok_status();
}

}  // namespace rollcall
