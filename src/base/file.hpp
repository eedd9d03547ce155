// Files of ours, below the level of streams.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rollcall {

// Opens a file that we keep, as ::open does; what it makes is for its owner alone. What somebody
// planted in its place is not entered: a link (ELOOP), a folder (EISDIR), a pipe or a device
// (ENXIO).
int open_ours(const std::filesystem::path& path, int flags);

// A descriptor that open_ours returned, closed on every way out.
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

// All that is left of a file, or nothing: errno says why.
std::optional<std::string> read_whole(int file);
// All of `bytes`, or false: errno says why.
bool write_whole(int file, std::string_view bytes);

// What the system refused, by errno: "no space left in FOLDER: cannot write FILE". A full disk, a
// quota, a disk that takes no writes and a folder that is gone are unavailable; missing rights are
// denied. `doing` is "write", "make", "read"…
Error cannot(std::string_view doing, const std::filesystem::path& path, int problem);
// The same for whoever knows only that the disk of `path` is full.
Error no_space(const std::filesystem::path& path, std::string_view doing = "write");

// Tells damage, not malice: 16 hex digits. `before` is the checksum of what comes before these
// bytes, so that pieces read one after another have one checksum.
std::string checksum(std::string_view bytes, std::string_view before = {});
// That of a whole file, in bounded memory.
Result<std::string> file_checksum(const std::filesystem::path& path);

// A file that is installed with the program (a driver, an extension): beside it, in `lib/rollcall` or
// `lib` beside its folder, or where the build has it. A program that has a `lib/rollcall` is installed:
// it looks into no folder of the machine that built it. Where there is none, the first of these.
std::filesystem::path installed_file(std::string_view name);
// The same for a program that lies elsewhere.
std::filesystem::path installed_file(std::string_view name, const std::filesystem::path& program);

}  // namespace rollcall
