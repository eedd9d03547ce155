// The disk, passed in: small files of ours that are whole after a kill, a loss of power or a full
// disk. Real: RealDisk. Tests have one that fills up, tears and forgets what was not synced
// (base/faulty_disk.hpp).
//
// Not kept through it: what DuckDB and SQLite write, files of users, and the contact index where it
// is mapped. Errors are worded by `cannot` of base/file.hpp: a full disk is unavailable, with the
// folder's name. Threads: any number may use a Disk, and one at a time a file of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace rollcall {

// An open file, closed when it is destroyed.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  struct About {
    uint64_t bytes = 0;
    bool others_may_read = false;
    // When the file was made, to the nanosecond, or else its number: a copy has another. Where it
    // was restored in its old place, over a newer one, it has that one's.
    std::string birth;
  };
  virtual Result<About> about() = 0;
  // What lies from `at` on; less than `size` only where the file ends.
  virtual Result<size_t> read(uint64_t at, void* into, size_t size) = 0;
  // All of it, or an error: then part of it may be there.
  virtual Status write(uint64_t at, std::string_view bytes) = 0;
  // It ends there from now on.
  virtual Status cut(uint64_t bytes) = 0;
  // What was written outlives a loss of power from now on.
  virtual Status sync() = 0;
  // Waits until no other holds it; until it is unlocked or closed. False: it cannot be locked.
  virtual bool lock() = 0;
  virtual void unlock() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;

  enum class Open {
    read,   // nothing (a null pointer) where there is none
    keep,   // as it is, made where there is none
    anew,   // emptied, made where there is none
    first,  // made, and an error where there is one
    adopt,  // one that a library wrote for us: for its owner alone from now on
  };
  // What we make is for its owner alone; links, folders and devices are refused (see open_ours).
  virtual Result<std::unique_ptr<DiskFile>> open(const std::filesystem::path& path, Open how) = 0;
  // Over what is there.
  virtual Status rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  // Only where nothing is. False: there is. `from` is gone either way.
  virtual Result<bool> place(const std::filesystem::path& from,
                             const std::filesystem::path& to) = 0;
  // A file, or a folder and all in it. What is not there is none the less gone.
  virtual Status remove(const std::filesystem::path& path) = 0;
  // The names of a folder's files outlive a loss of power from now on, where the disk can do that.
  virtual Status sync_folder(const std::filesystem::path& folder) = 0;
  // Of its files and folders, in no order; none where there is no such folder.
  using Names = std::vector<std::string>;
  virtual Result<Names> list(const std::filesystem::path& folder) = 0;
  // And those it lies in.
  virtual Status make_folder(const std::filesystem::path& folder) = 0;

  // --- What is made of these.
  // Puts a file that was written beside `path` in its place: what was there, or all of the new one.
  Status put_in_place(const std::filesystem::path& fresh, DiskFile& file,
                      const std::filesystem::path& path);
  // The same for bytes. They may tell the birth of the file that they will be.
  using Content = std::function<std::string(const std::string& birth)>;
  Status replace(const std::filesystem::path& path, const Content& content);
};

// All of a file.
Result<std::string> read_whole(DiskFile& file);

class RealDisk : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> open(const std::filesystem::path& path, Open how) override;
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<bool> place(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Status remove(const std::filesystem::path& path) override;
  Status sync_folder(const std::filesystem::path& folder) override;
  Result<Names> list(const std::filesystem::path& folder) override;
  Status make_folder(const std::filesystem::path& folder) override;
};

}  // namespace rollcall
