// Watches a run from outside: progress for people, and the named steps at which tests end a
// process. Threads: may be called from several at once.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/step.hpp"

namespace rollcall {

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void begun(Step) {}
  // A named point that a run passes; what is promised for a kill holds at each of them.
  virtual void reached(std::string_view /*point*/) {}
  // `total` 0: not known.
  virtual void progress(std::string_view /*step*/, int64_t /*done*/, int64_t /*total*/) {}
  virtual void note(std::string_view /*message*/) {}
};

}  // namespace rollcall
