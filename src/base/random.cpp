#include "base/random.hpp"

#include <fmt/format.h>

namespace rollcall {

uint64_t SeededRandom::next() {
  uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::string new_id(Clock& clock, Random& random) {
  std::string stamp;
  for (char c : iso_utc(clock.now())) {
    if (c == 'T') stamp += '-';
    if (c >= '0' && c <= '9') stamp += c;
  }
  return fmt::format("{}-{:08x}", stamp, static_cast<uint32_t>(random.next()));
}

}  // namespace rollcall
