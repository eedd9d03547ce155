#include "app/test_hooks.hpp"

#include <signal.h>
#include <unistd.h>

#include <charconv>

namespace rollcall::app {

TestHooks::TestHooks(const std::optional<std::string>& points_file,
                     const std::optional<std::string>& kill_at) {
  if (points_file && !points_file->empty()) points_ = std::fopen(points_file->c_str(), "ae");
  if (!kill_at) return;
  kill_at_ = *kill_at;
  const size_t colon = kill_at_.rfind(':');
  if (colon == std::string::npos) return;
  const char* const end = kill_at_.data() + kill_at_.size();
  const auto [stopped, problem] = std::from_chars(kill_at_.data() + colon + 1, end, kill_in_);
  if (problem == std::errc() && stopped == end) kill_at_.erase(colon);
}

TestHooks::~TestHooks() {
  if (points_ != nullptr) std::fclose(points_);
}

void TestHooks::reached(std::string_view point) {
  const std::lock_guard lock(mutex_);
  if (points_ != nullptr) {
    std::fprintf(points_, "%.*s\n", static_cast<int>(point.size()), point.data());
    std::fflush(points_);
  }
  if (point == kill_at_ && --kill_in_ == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace rollcall::app
