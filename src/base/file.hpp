// Files of ours, below the level of streams.
#pragma once

#include <unistd.h>

#include <filesystem>

namespace rollcall {

// A descriptor that ::open returned, closed on every way out.
struct File {
  int fd;
  explicit File(int opened) : fd(opened) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

// The name of a new file outlives a loss of power only when its folder is synced, too. False: it
// was not, and errno says why.
bool sync_folder(const std::filesystem::path& folder);

}  // namespace rollcall
