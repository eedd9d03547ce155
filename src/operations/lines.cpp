#include "operations/lines.hpp"

#include <nlohmann/json.hpp>

namespace rollcall::operations {
namespace {

constexpr Millis kProgressEvery{250};

}  // namespace

using json = nlohmann::ordered_json;

void Lines::begun(Step step) { tell({{"begun", to_string(step)}}); }

void Lines::progress(std::string_view step, int64_t done, int64_t total) {
  {
    const std::lock_guard lock(mutex_);
    const Millis now = clock_.monotonic();
    if (step == step_ && now < next_at_ && done != total) return;
    step_ = step;
    next_at_ = now + kProgressEvery;
  }
  tell({{"progress", {{"step", step}, {"done", done}, {"total", total}}}});
}

void Lines::note(std::string_view message) { tell({{"note", message}}); }

void Lines::tell(const json& line) {
  const std::string text = line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex_);
  sink_(text);
}

}  // namespace rollcall::operations
