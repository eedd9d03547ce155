// A disk for tests: real files, that fill up, tear, and forget what was not synced. What others
// write beside it (DuckDB, SQLite) it knows nothing of.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "base/disk.hpp"
#include "base/file.hpp"

namespace rollcall {

class FaultyDisk : public Disk {
 public:
  // In `aside`, on the same disk, it keeps what must not be lost with a name.
  explicit FaultyDisk(std::filesystem::path aside) : aside_(std::move(aside)) {}

  // --- What goes wrong.
  // So many bytes can still be written; nothing: any number.
  std::optional<uint64_t> room;
  bool renames_fail = false;
  // How many writes, syncs, renames and other changes there were, and after how many the power is
  // lost: what comes later fails and changes nothing.
  int steps = 0;
  std::optional<int> lost_after;

  // As after a loss of power: every file holds what it held at its last sync, but the one written
  // last, of whose last write `torn` bytes are there. Names that no sync of their folder confirmed
  // are as they were, or not: either may happen.
  enum class Renames { lost, kept };
  void lose_power(size_t torn = 0, Renames renames = Renames::lost) {
    const std::lock_guard lock(mutex_);
    for (const auto& [file, write] : unsynced_) put(path_of(file), write.synced);
    if (const auto last = unsynced_.find(last_written_); torn > 0 && last != unsynced_.end()) {
      auto& [before, at, bytes] = last->second.last;
      const size_t size = std::min(torn, bytes.size());
      before.resize(std::max<size_t>(before.size(), at + size));
      before.replace(at, size, bytes, 0, size);
      put(path_of(last_written_), before);
    }
    for (auto at = names_.rbegin(); renames == Renames::lost && at != names_.rend(); ++at) {
      std::error_code ignored;
      if (at->from) std::filesystem::rename(at->to, *at->from, ignored);
      std::filesystem::remove(at->to, ignored);
      if (at->before) std::filesystem::rename(*at->before, at->to, ignored);
    }
    forget();
    files_.clear();
    lost_after.reset();
    steps = 0;
  }
  // As after a while: all that was written is on the disk.
  void settle() {
    const std::lock_guard lock(mutex_);
    forget();
  }

  // --- Disk.
  Result<std::unique_ptr<DiskFile>> open(const std::filesystem::path& path, Open how) override {
    const std::lock_guard lock(mutex_);
    const auto before = content(path);
    const bool makes = !before && how != Open::read && how != Open::adopt;
    if (makes) TRY(step(path));
    auto real = TRY(real_.open(path, how));
    if (!real) return std::unique_ptr<DiskFile>();
    if (!files_.contains(path)) files_[path] = ++last_file_;
    if (makes) names_.push_back({std::nullopt, path, std::nullopt});
    if (how == Open::anew && before) written(files_[path], *before, 0, "");
    return std::unique_ptr<DiskFile>(new FaultyFile(*this, std::move(real), path, files_[path]));
  }
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    const std::lock_guard lock(mutex_);
    TRY(step(to));
    if (renames_fail) return cannot("write", to, EIO);
    names_.push_back({from, to, kept_aside(to)});
    TRY(real_.rename(from, to));
    files_[to] = files_.contains(from) ? files_[from] : ++last_file_;
    files_.erase(from);
    return ok_status();
  }
  Result<bool> place(const std::filesystem::path& from, const std::filesystem::path& to) override {
    const std::lock_guard lock(mutex_);
    TRY(step(to));
    if (renames_fail) return cannot("write", to, EIO);
    const bool placed = TRY(real_.place(from, to));
    if (placed) names_.push_back({from, to, std::nullopt});
    if (placed && files_.contains(from)) files_[to] = files_[from];
    files_.erase(from);
    return placed;
  }
  Status remove(const std::filesystem::path& path) override {
    const std::lock_guard lock(mutex_);
    TRY(step(path));
    if (auto before = kept_aside(path)) names_.push_back({std::nullopt, path, std::move(before)});
    files_.erase(path);
    return real_.remove(path);
  }
  Status sync_folder(const std::filesystem::path& folder) override {
    const std::lock_guard lock(mutex_);
    TRY(step(folder));
    names_.remove_if([&](const Name& name) { return name.to.parent_path() == folder; });
    return real_.sync_folder(folder);
  }
  Result<Names> list(const std::filesystem::path& folder) override { return real_.list(folder); }
  Status make_folder(const std::filesystem::path& folder) override {
    return real_.make_folder(folder);
  }

 private:
  class FaultyFile : public DiskFile {
   public:
    FaultyFile(FaultyDisk& disk, std::unique_ptr<DiskFile> real, std::filesystem::path path,
               int file)
        : disk_(disk), real_(std::move(real)), path_(std::move(path)), file_(file) {}
    Result<About> about() override { return real_->about(); }
    Result<size_t> read(uint64_t at, void* into, size_t size) override {
      return real_->read(at, into, size);
    }
    Status write(uint64_t at, std::string_view bytes) override {
      const std::lock_guard lock(disk_.mutex_);
      TRY(disk_.step(path_));
      const size_t fits = std::min<uint64_t>(bytes.size(), disk_.room.value_or(bytes.size()));
      disk_.written(file_, TRY(read_whole(*real_)), at, bytes);
      TRY(real_->write(at, bytes.substr(0, fits)));
      if (disk_.room) *disk_.room -= fits;
      if (fits < bytes.size()) return cannot("write", path_, ENOSPC);
      return ok_status();
    }
    Status cut(uint64_t bytes) override {
      const std::lock_guard lock(disk_.mutex_);
      TRY(disk_.step(path_));
      disk_.written(file_, TRY(read_whole(*real_)), bytes, "");
      return real_->cut(bytes);
    }
    Status sync() override {
      const std::lock_guard lock(disk_.mutex_);
      TRY(disk_.step(path_));
      disk_.unsynced_.erase(file_);
      return real_->sync();
    }
    bool lock() override { return real_->lock(); }
    void unlock() override { real_->unlock(); }

   private:
    FaultyDisk& disk_;
    std::unique_ptr<DiskFile> real_;
    const std::filesystem::path path_;
    const int file_;
  };

  struct Unsynced {
    std::string synced;  // what the file holds for sure
    struct {
      std::string before;  // what it held just before
      uint64_t at;
      std::string bytes;
    } last;  // of its writes
  };
  struct Name {  // of a file made (no `from`, no `before`), renamed or removed; not synced
    std::optional<std::filesystem::path> from;
    std::filesystem::path to;
    std::optional<std::filesystem::path> before;  // what lay there, kept aside
  };

  Status step(const std::filesystem::path& path) {
    if (lost_after && steps >= *lost_after) return cannot("write", path, EIO);
    ++steps;
    return ok_status();
  }
  void written(int file, const std::string& before, uint64_t at, std::string_view bytes) {
    unsynced_.try_emplace(file, Unsynced{before, {}}).first->second.last = {before, at,
                                                                            std::string(bytes)};
    last_written_ = file;
  }
  void forget() {
    unsynced_.clear();
    names_.clear();
  }
  static std::optional<std::string> content(const std::filesystem::path& path) {
    const File file(open_ours(path, O_RDONLY));
    return file.fd < 0 ? std::nullopt : rollcall::read_whole(file.fd);
  }
  // The very file, so that its birth stays.
  std::optional<std::filesystem::path> kept_aside(const std::filesystem::path& path) {
    std::error_code problem;
    std::filesystem::create_directories(aside_, problem);
    const auto out = aside_ / std::to_string(++last_aside_);
    std::filesystem::create_hard_link(path, out, problem);
    return problem ? std::nullopt : std::optional(out);
  }
  static void put(const std::optional<std::filesystem::path>& path, const std::string& bytes) {
    if (!path) return;
    const File file(open_ours(*path, O_WRONLY | O_CREAT | O_TRUNC));
    (void)write_whole(file.fd, bytes);
  }
  // Nothing: it was removed.
  [[nodiscard]] std::optional<std::filesystem::path> path_of(int file) const {
    for (const auto& [path, number] : files_)
      if (number == file) return path;
    return std::nullopt;
  }

  const std::filesystem::path aside_;
  RealDisk real_;
  std::mutex mutex_;  // protects what follows
  std::map<int, Unsynced> unsynced_;
  int last_written_ = 0;
  std::list<Name> names_;
  std::map<std::filesystem::path, int> files_;  // which file lies there now
  int last_file_ = 0, last_aside_ = 0;
};

}  // namespace rollcall
