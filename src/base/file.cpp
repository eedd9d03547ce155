#include "base/file.hpp"

#include <fcntl.h>

namespace rollcall {

bool sync_folder(const std::filesystem::path& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.fd >= 0 && ::fsync(file.fd) == 0;
}

std::filesystem::path installed_file(std::string_view name) {
  std::error_code ignored;
  const auto home = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const std::filesystem::path& folder :
       {home, home.parent_path() / "lib", std::filesystem::path(ROLLCALL_LIBRARIES_DIR)})
    if (std::filesystem::exists(folder / name, ignored)) return folder / name;
  return home / name;
}

}  // namespace rollcall
