#include "base/file.hpp"

#include <fcntl.h>

namespace rollcall {

bool sync_folder(const std::filesystem::path& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.fd >= 0 && ::fsync(file.fd) == 0;
}

}  // namespace rollcall
