// How tests end the program at a named point of a run, and learn which points there are.
//   ROLLCALL_POINTS=FILE      the name of every point reached, appended line by line
//   ROLLCALL_KILL_AT=NAME[:N] SIGKILL when the point is reached for the Nth time (the first,
//                             where N is not given)
#pragma once

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>

#include "core/observer.hpp"

namespace rollcall::app {

class TestHooks : public Observer {
 public:
  TestHooks(const std::optional<std::string>& points_file,
            const std::optional<std::string>& kill_at);
  ~TestHooks() override;
  TestHooks(const TestHooks&) = delete;
  TestHooks& operator=(const TestHooks&) = delete;

  void reached(std::string_view point) override;

 private:
  std::mutex mutex_;
  std::FILE* points_ = nullptr;  // protected by mutex_
  std::string kill_at_;
  int64_t kill_in_ = 1;  // protected by mutex_
};

}  // namespace rollcall::app
