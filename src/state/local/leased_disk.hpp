// A disk that takes writes only while a lease lasts: whoever was suspended, and whose activation
// another runs by now, changes none of its files.
#pragma once

#include "base/disk.hpp"
#include "base/lease.hpp"

namespace rollcall::state::local {

class LeasedDisk : public Disk {
 public:
  // Both outlive it.
  LeasedDisk(Disk& disk, const Permit& permit) : disk_(disk), permit_(permit) {}

  Result<std::unique_ptr<DiskFile>> open(const std::filesystem::path& path, Open how) override {
    if (how == Open::read) return disk_.open(path, how);
    TRY(may_write());
    auto file = TRY(disk_.open(path, how));
    return std::unique_ptr<DiskFile>(new File(*this, std::move(file)));
  }
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    TRY(may_write());
    return disk_.rename(from, to);
  }
  Result<bool> place(const std::filesystem::path& from, const std::filesystem::path& to) override {
    TRY(may_write());
    return disk_.place(from, to);
  }
  Status remove(const std::filesystem::path& path) override {
    TRY(may_write());
    return disk_.remove(path);
  }
  Status sync_folder(const std::filesystem::path& folder) override {
    return disk_.sync_folder(folder);
  }
  Result<Names> list(const std::filesystem::path& folder) override { return disk_.list(folder); }
  Status make_folder(const std::filesystem::path& folder) override {
    TRY(may_write());
    return disk_.make_folder(folder);
  }

 private:
  class File : public DiskFile {
   public:
    File(LeasedDisk& disk, std::unique_ptr<DiskFile> file) : disk_(disk), file_(std::move(file)) {}
    Result<About> about() override { return file_->about(); }
    Result<size_t> read(uint64_t at, void* into, size_t size) override {
      return file_->read(at, into, size);
    }
    Status write(uint64_t at, std::string_view bytes) override {
      TRY(disk_.may_write());
      return file_->write(at, bytes);
    }
    Status cut(uint64_t bytes) override {
      TRY(disk_.may_write());
      return file_->cut(bytes);
    }
    Status sync() override { return file_->sync(); }
    bool lock() override { return file_->lock(); }
    void unlock() override { file_->unlock(); }

   private:
    LeasedDisk& disk_;
    std::unique_ptr<DiskFile> file_;
  };

  Status may_write() const {
    if (permit_.outlasts(Millis(0))) return ok_status();
    return taken_over();
  }

  Disk& disk_;
  const Permit& permit_;
};

}  // namespace rollcall::state::local
