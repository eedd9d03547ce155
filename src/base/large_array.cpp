#include "base/large_array.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace rollcall {
namespace {

constexpr size_t kPage = 2 << 20;  // a large one's

// What has to be mapped for so many bytes: a page more, so that they can begin where one does.
size_t mapped(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage + kPage; }

}  // namespace

void* large_memory(size_t bytes) {
  void* const map =
      ::mmap(nullptr, mapped(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) throw std::bad_alloc();
  auto* const from = static_cast<std::byte*>(map);
  // What lies before them and behind is given back.
  const size_t before = (kPage - reinterpret_cast<uintptr_t>(from) % kPage) % kPage;
  if (before > 0) ::munmap(from, before);
  if (before < kPage) ::munmap(from + mapped(bytes) - (kPage - before), kPage - before);
  std::byte* const memory = from + before;
  ::madvise(memory, mapped(bytes) - kPage, MADV_HUGEPAGE);  // a kernel without does as it does
  return memory;
}

void free_large_memory(void* memory, size_t bytes) { ::munmap(memory, mapped(bytes) - kPage); }

}  // namespace rollcall
