#include "cli/lock_watch.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <string>

namespace rollcall::cli {

bool is_held(const std::filesystem::path& lock) {
  struct stat info {};
  if (::stat(lock.c_str(), &info) != 0) return false;
  // "1: FLOCK  ADVISORY  WRITE 4711 fe:01:123456 0 EOF"; device numbers are not told alike by every
  // file system, so the inode decides.
  const std::string inode = fmt::format(":{} 0 EOF", info.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);)
    if (line.find(" FLOCK ") != std::string::npos && line.ends_with(inode)) return true;
  return false;
}

}  // namespace rollcall::cli
