// Randomness, passed in, so that a seed replays a run.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace rollcall {

class Random {
 public:
  virtual ~Random() = default;
  // 64 uniformly random bits. Safe from several threads.
  virtual uint64_t next() = 0;
  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

// Repeatable, for tests; splitmix64.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t next() override;

 private:
  uint64_t state_;
};

// Readable ids that sort by time: "20260102-030405-1f3a9c0b".
std::string new_id(Clock& clock, Random& random);

}  // namespace rollcall
