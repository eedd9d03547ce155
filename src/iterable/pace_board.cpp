#include "iterable/pace_board.hpp"

#include <cmath>
#include <cstring>

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
  explicit Held(DiskFile& file) : file_(file), held_(file.lock()) {}
  ~Held() {
    if (held_) file_.unlock();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  explicit operator bool() const { return held_; }

 private:
  DiskFile& file_;
  const bool held_;
};

}  // namespace

struct PaceBoard::Slot {
  std::array<char, 48> endpoint{};  // ended by zeros; all zeros: free
  Bucket bucket;

  [[nodiscard]] std::string_view name() const {
    return {endpoint.data(), ::strnlen(endpoint.data(), endpoint.size())};
  }
};

PaceBoard::PaceBoard(Disk& disk, const std::filesystem::path& file) {
  static_assert(std::is_trivially_copyable_v<Slot>);
  if (!disk.make_folder(file.parent_path()).ok()) return;
  if (auto opened = disk.open(file, Disk::Open::keep); opened.ok()) file_ = std::move(*opened);
}

void PaceBoard::update(std::string_view endpoint, const Bucket& fresh, int64_t now_ms,
                       const std::function<void(Bucket&)>& change) {
  const std::lock_guard lock(mutex_);
  if (file_ && update_in_file(endpoint, fresh, now_ms, change)) return;
  change(in_memory_.try_emplace(std::string(endpoint), fresh).first->second);
}

// Slots are never given up, so that a place once found stays.
std::optional<size_t> PaceBoard::place_of(std::string_view endpoint) {
  if (const auto known = places_.find(endpoint); known != places_.end()) return known->second;
  for (size_t place = 0; place < kSlots; ++place) {
    Slot slot;
    const auto got = file_->read(place * sizeof(Slot), &slot, sizeof slot);
    if (!got.ok()) return std::nullopt;
    const bool whole = *got == sizeof slot;
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
  const Held held(*file_);
  if (!held) return false;
  const auto place = place_of(endpoint);
  if (!place) return false;
  const uint64_t at = *place * sizeof(Slot);
  const auto got = file_->read(at, &slot, sizeof slot);
  const bool there = got.ok() && *got == sizeof slot && slot.name() == endpoint &&
                     makes_sense(slot.bucket, now_ms);
  if (!there) {
    slot = {};
    endpoint.copy(slot.endpoint.data(), endpoint.size());
    slot.bucket = fresh;
  }
  change(slot.bucket);
  return file_->write(at, {reinterpret_cast<const char*>(&slot), sizeof slot}).ok();
}

}  // namespace rollcall::iterable
