// Where the buckets of a project's pace are: in memory, or in one small file that every process of
// a home looks at. Not a door: only pace.cpp uses it.
//
// The file holds one slot an endpoint. A slot is read and written under a lock on the file, for
// microseconds; what it holds is never trusted: times that cannot be (the machine was started
// anew, the file is torn) make it a fresh one.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/disk.hpp"

namespace rollcall::iterable {

// Times are the clock's monotonic milliseconds.
struct Bucket {
  double per_second = 0;  // 0: as fast as it goes
  double ceiling = 0;     // the rate at which Iterable last said 429; 0: never
  double next_free_ms = 0;
  int64_t paused_until_ms = 0;  // by what a 429 asked for
  int64_t answers = 0;          // since the last 429
  int64_t last_cut_ms = -1'000'000;
  int64_t window_start_ms = 0;
  int64_t in_window = 0;           // answers since window_start
  double accepted_per_second = 0;  // in the window before
  int64_t cuts = 0;                // one soon after another
  double refused_share = 0;        // of late, of the answers
  double ceiling_before = 0;       // the first of those cuts
  int64_t held = 0;                // 429s that no cut followed, since the last one
};

class PaceBoard {
 public:
  // In memory, for this process alone.
  PaceBoard() = default;
  // In a file; where it cannot be opened or written, in memory.
  PaceBoard(Disk& disk, const std::filesystem::path& file);
  PaceBoard(const PaceBoard&) = delete;
  PaceBoard& operator=(const PaceBoard&) = delete;

  // Lets `change` see and change the bucket of an endpoint, alone among all threads and processes.
  // One never seen before is `fresh`.
  void update(std::string_view endpoint, const Bucket& fresh, int64_t now_ms,
              const std::function<void(Bucket&)>& change);

 private:
  struct Slot;
  [[nodiscard]] std::optional<size_t> place_of(std::string_view endpoint);
  bool update_in_file(std::string_view endpoint, const Bucket& fresh, int64_t now_ms,
                      const std::function<void(Bucket&)>& change);

  std::mutex mutex_;
  std::map<std::string, Bucket, std::less<>> in_memory_;  // protected by mutex_
  std::map<std::string, size_t, std::less<>> places_;     // protected by mutex_
  std::unique_ptr<DiskFile> file_;
};

}  // namespace rollcall::iterable
