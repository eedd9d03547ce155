#include "iterable/pace_board.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <system_error>

#include "base/file.hpp"

namespace rollcall::iterable {
namespace {

constexpr size_t kSlots = 32;
constexpr int64_t kFurthestReservationMs = 3600'000;
constexpr double kFastestPerSecond = 1e6;

bool makes_sense(const Bucket& b, int64_t now_ms) {
  const auto rate = [](double value) {
    return std::isfinite(value) && value >= 0 && value < kFastestPerSecond;
  };
  return rate(b.per_second) && rate(b.ceiling) && rate(b.accepted_per_second) &&
         rate(b.ceiling_before) && b.refused_share >= 0 && b.refused_share <= 1 && b.cuts >= 0 &&
         std::isfinite(b.next_free_ms) &&
         b.next_free_ms <= static_cast<double>(now_ms + kFurthestReservationMs) &&
         b.paused_until_ms <= now_ms + kFurthestReservationMs && b.answers >= 0 &&
         b.in_window >= 0 && b.last_cut_ms <= now_ms && b.window_start_ms <= now_ms;
}

// Holds the file for one update.
class Held {
 public:
  explicit Held(int file) : file_(file) {
    int result = 0;
    do result = ::flock(file_, LOCK_EX);
    while (result != 0 && errno == EINTR);
    held_ = result == 0;
  }
  ~Held() {
    if (held_) ::flock(file_, LOCK_UN);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  explicit operator bool() const { return held_; }

 private:
  int file_;
  bool held_ = false;
};

}  // namespace

struct PaceBoard::Slot {
  std::array<char, 48> endpoint{};  // ended by zeros; all zeros: free
  Bucket bucket;

  [[nodiscard]] std::string_view name() const {
    return {endpoint.data(), ::strnlen(endpoint.data(), endpoint.size())};
  }
};

PaceBoard::PaceBoard(const std::optional<std::filesystem::path>& file) {
  static_assert(std::is_trivially_copyable_v<Slot>);
  if (!file) return;
  std::error_code ignored;
  std::filesystem::create_directories(file->parent_path(), ignored);
  file_ = open_ours(*file, O_RDWR | O_CREAT);
}

PaceBoard::~PaceBoard() {
  if (file_ >= 0) ::close(file_);
}

void PaceBoard::update(std::string_view endpoint, const Bucket& fresh, int64_t now_ms,
                       const std::function<void(Bucket&)>& change) {
  const std::lock_guard lock(mutex_);
  if (file_ >= 0 && update_in_file(endpoint, fresh, now_ms, change)) return;
  change(in_memory_.try_emplace(std::string(endpoint), fresh).first->second);
}

// Slots are never given up, so that a place once found stays.
std::optional<size_t> PaceBoard::place_of(std::string_view endpoint) {
  if (const auto known = places_.find(endpoint); known != places_.end()) return known->second;
  for (size_t place = 0; place < kSlots; ++place) {
    Slot slot;
    const auto offset = static_cast<off_t>(place * sizeof(Slot));
    const ssize_t got = ::pread(file_, &slot, sizeof slot, offset);
    if (got < 0) return std::nullopt;
    const bool whole = got == static_cast<ssize_t>(sizeof slot);
    if (whole && !slot.name().empty() && slot.name() != endpoint) continue;
    places_.emplace(std::string(endpoint), place);
    return place;
  }
  return std::nullopt;
}

bool PaceBoard::update_in_file(std::string_view endpoint, const Bucket& fresh, int64_t now_ms,
                               const std::function<void(Bucket&)>& change) {
  Slot slot;
  if (endpoint.size() >= slot.endpoint.size()) return false;
  const Held held(file_);
  if (!held) return false;
  const auto place = place_of(endpoint);
  if (!place) return false;
  const auto offset = static_cast<off_t>(*place * sizeof(Slot));
  const bool there =
      ::pread(file_, &slot, sizeof slot, offset) == static_cast<ssize_t>(sizeof slot) &&
      slot.name() == endpoint && makes_sense(slot.bucket, now_ms);
  if (!there) {
    slot = {};
    endpoint.copy(slot.endpoint.data(), endpoint.size());
    slot.bucket = fresh;
  }
  change(slot.bucket);
  return ::pwrite(file_, &slot, sizeof slot, offset) == static_cast<ssize_t>(sizeof slot);
}

}  // namespace rollcall::iterable
