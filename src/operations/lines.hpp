// What goes on, as lines of JSON, for whoever follows from outside: a service its jobs, a program a
// plan that it asked for.
//   {"begun": STEP}   {"progress": {"step", "done", "total"}}   {"note": …}
#pragma once

#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/base.hpp"
#include "core/observer.hpp"

namespace rollcall::operations {

class Lines : public Observer {
 public:
  // Given each line with its break, one after another.
  using Sink = std::function<void(const std::string& line)>;
  Lines(Clock& clock, Sink sink) : clock_(clock), sink_(std::move(sink)) {}

  void begun(Step step) override;
  // Of one step at most four a second, and the last.
  void progress(std::string_view step, int64_t done, int64_t total) override;
  void note(std::string_view message) override;
  void tell(const nlohmann::ordered_json& line);

 private:
  Clock& clock_;
  const Sink sink_;
  std::mutex mutex_;
  std::string step_;   // protected by mutex_
  Millis next_at_{0};  // protected by mutex_
};

}  // namespace rollcall::operations
