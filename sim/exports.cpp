#include "sim/exports.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>

namespace sim {

std::string ExportJob::state(int64_t now_ms) const {
  constexpr int64_t kCancellingMs = 1000;
  if (cancelled_ms != 0) return now_ms < cancelled_ms + kCancellingMs ? "cancelling" : "cancelled";
  if (written) return "completed";
  return started_ms != 0 ? "running" : "enqueued";
}

Exports::~Exports() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

ExportJob& Exports::add(int64_t now_ms) {
  ExportJob& job = jobs_[next_id_];
  job.id = next_id_++;
  job.scheduled_ms = now_ms;
  return job;
}

ExportJob* Exports::find(int64_t id) {
  auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

void Exports::step(int64_t now_ms, int64_t job_ms) {
  int running = 0;
  for (auto& [id, job] : jobs_) {
    if (job.cancelled_ms != 0 || job.started_ms == 0 || job.end_time_ms != 0) continue;
    if (job.started_ms + job_ms <= now_ms) {
      job.end_time_ms = now_ms;
    } else {
      ++running;
    }
  }
  for (auto& [id, job] : jobs_) {
    if (running >= kConcurrentMax) break;
    if (job.cancelled_ms != 0 || job.started_ms != 0) continue;
    job.started_ms = now_ms;
    ++running;
  }
}

std::string Exports::new_path(int64_t job_id, size_t number) {
  if (folder_.empty()) {
    std::error_code error;
    auto base = std::filesystem::temp_directory_path(error);
    if (error) return {};
    std::string made = (base / "iterable-sim-XXXXXX").string();
    if (mkdtemp(made.data()) == nullptr) return {};
    folder_ = made;
  }
  return fmt::format("{}/{}-{}", folder_, job_id, number);
}

}  // namespace sim
