#include "cli/progress.hpp"

#include <fmt/format.h>

#include "cli/text.hpp"

namespace rollcall::cli {
namespace {

constexpr Millis kShowEvery{100};

std::string_view in_words(std::string_view step) {
  for (const StepName& one : kSteps)
    if (one.name == step) return one.in_words;
  return step;
}

}  // namespace

void Progress::begun(Step step) {
  next_.begun(step);
  show(to_string(step), 0, 0);
}

void Progress::progress(std::string_view step, int64_t done, int64_t total) {
  next_.progress(step, done, total);
  show(step, done, total);
}

void Progress::show(std::string_view step, int64_t done, int64_t total) {
  if (!place_.terminal) return;
  const std::lock_guard lock(mutex_);
  const Millis now = clock_.monotonic();
  if (shown_ && step == step_ && now < next_at_) return;
  next_at_ = now + kShowEvery;
  step_ = step;
  std::string line = fmt::format("  {}", in_words(step));
  if (total > 0) {
    line += fmt::format(": {} of {} ({} %)", thousands(done), thousands(total), done * 100 / total);
  } else if (done > 0) {
    line += ": " + thousands(done);
  }
  // A line that wraps could not be written over.
  fmt::print(place_.err, "\r\x1b[K{}",
             cut(line, static_cast<size_t>(std::max(10, place_.columns - 1))));
  std::fflush(place_.err);
  shown_ = true;
}

void Progress::note(std::string_view message) {
  next_.note(message);
  const std::lock_guard lock(mutex_);
  wipe_locked();
  fmt::print(place_.err, "rollcall: {}\n", plain(message));
}

void Progress::wipe() {
  const std::lock_guard lock(mutex_);
  wipe_locked();
}

void Progress::wipe_locked() {
  if (!shown_) return;
  fmt::print(place_.err, "\r\x1b[K");
  std::fflush(place_.err);
  shown_ = false;
}

}  // namespace rollcall::cli
