// Files of ours, below the level of streams.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string_view>

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

// A file that is installed with the program (a driver, an extension): beside it, in the lib folder
// beside its own, or where the build has it. Where there is none, the first of these.
std::filesystem::path installed_file(std::string_view name);

}  // namespace rollcall
