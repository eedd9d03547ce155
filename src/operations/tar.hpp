// A tar archive of plain files, as every `tar` reads it (ustar, POSIX.1-1988), on a file of the
// Disk. What is read is taken for foreign bytes: anything but what the writer writes is corrupt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.hpp"
#include "base/disk.hpp"

namespace rollcall::operations {

class TarWriter {
 public:
  explicit TarWriter(DiskFile& to) : to_(to) {}
  // The next file; a name has at most 100 bytes, a file less than 8 GiB. Errors: invalid (larger).
  Status begin(const std::string& name, uint64_t bytes, Time at);
  // What comes next of it: as many bytes in all as were said.
  Status write(std::string_view piece);
  // After the last.
  Status finish();

 private:
  Status fill();

  DiskFile& to_;
  uint64_t end_ = 0;
  uint64_t open_ = 0;  // bytes that the file still needs
};

class TarReader {
 public:
  explicit TarReader(DiskFile& from) : from_(from) {}
  struct Entry {
    std::string name;
    uint64_t bytes = 0;
  };
  // Past what is left of the last one. Nothing: the archive has ended. Errors: corrupt.
  Result<std::optional<Entry>> next();
  // What comes next of the file, at most `size` bytes; nothing at its end. Errors: corrupt.
  Result<size_t> read(char* into, size_t size);

 private:
  DiskFile& from_;
  uint64_t at_ = 0;    // of the next byte
  uint64_t left_ = 0;  // of the file
  uint64_t next_ = 0;  // where the next header is
};

}  // namespace rollcall::operations
