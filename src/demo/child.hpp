// One other program, kept running as a child of this process: started, started again when it ends by
// itself (at once, then ever later), and ended with us. It cannot outlive us: where we are killed,
// the system tells it to end.
//
// It is given no variables of ours, none of our files, and hears no signal of our terminal.
//
// Threads: one, which must live as long as the child shall (the system takes the end of the thread
// that started it for ours), but for wake(), said() and is_running().
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"

namespace rollcall::demo {

struct Command {
  std::filesystem::path program;
  std::vector<std::string> words = {};  // behind the program's name
  bool operator==(const Command&) const = default;
};

inline constexpr Millis kAgainFirst{200};    // before it is started again, doubled each time
inline constexpr Millis kAgainMost{30'000};  // up to this,
inline constexpr Millis kLivedWell{10'000};  // unless it ran for so long
inline constexpr Millis kEndGrace{10'000};   // between asking it to end and ending it

class Child {
 public:
  // The clock outlives it. Errors: unavailable (no descriptors left).
  static Result<std::unique_ptr<Child>> make(Clock& clock);
  virtual ~Child() = default;  // ends it

  // What is to run from now on; nothing: none. Another command than before: the one that runs is
  // ended, and waited for.
  virtual void want(const std::optional<Command>& command) = 0;
  // Until it ends, wake() is called, or it is time to start it again; `how_long` at most. Then it is
  // started again if that is due.
  virtual void tend(Millis how_long) = 0;
  // Ends a tend(), the next one if there is none.
  virtual void wake() = 0;
  [[nodiscard]] virtual bool is_running() const = 0;
  // The last line that it told before it ended; empty while it runs.
  [[nodiscard]] virtual std::string said() const = 0;
};

}  // namespace rollcall::demo
