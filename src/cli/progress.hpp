// Progress for people: one line on stderr that is written over, and only when stderr is a terminal.
#pragma once

#include <cstdio>
#include <mutex>
#include <string>

#include "base/base.hpp"
#include "core/observer.hpp"

namespace rollcall::cli {

class Progress : public Observer {
 public:
  struct Place {
    std::FILE* err;
    bool terminal;
    int columns;
  };
  // `next` is told everything too.
  Progress(Place place, Clock& clock, Observer& next) : place_(place), clock_(clock), next_(next) {}
  ~Progress() override { wipe(); }

  void begun(Step step) override;
  void reached(std::string_view point) override { next_.reached(point); }
  void progress(std::string_view step, int64_t done, int64_t total) override;
  void note(std::string_view message) override;
  // Before anything else is printed.
  void wipe();

 private:
  void show(std::string_view step, int64_t done, int64_t total);
  void wipe_locked();
  Place place_;
  Clock& clock_;
  Observer& next_;
  std::mutex mutex_;
  bool shown_ = false;  // protected by mutex_
  std::string step_;    // protected by mutex_
  Millis next_at_{0};   // protected by mutex_
};

}  // namespace rollcall::cli
