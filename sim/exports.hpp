// Export jobs and their files. Files lie in a temporary folder of the process, removed with it, so
// that an export of millions does not live in memory.
// Not thread-safe: the caller holds the service's lock, except for reading a file's bytes by path.
// Source: docs/facts/iterable.md, export endpoints.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace sim {

struct ExportFile {
  std::string name;
  std::string path;  // on disk
  int64_t bytes = 0;
};

struct ExportJob {
  int64_t id = 0;
  std::string data_type;
  bool csv = false;
  std::string delimiter = ",";
  int64_t start_ms = INT64_MIN;  // inclusive
  int64_t end_ms = INT64_MAX;    // exclusive
  std::vector<std::string> only_fields;
  std::vector<std::string> omit_fields;
  int64_t scheduled_ms = 0;
  int64_t started_ms = 0;  // 0: enqueued
  int64_t end_time_ms = 0;
  int64_t cancelled_ms = 0;  // 0: not cancelled
  bool written = false;      // files are there
  bool truncated = false;
  int64_t bytes = 0;
  std::vector<ExportFile> files;

  // enqueued, running, completed, cancelling or cancelled; lower case, as clients meet it. A
  // cancelled job is "cancelling" for a second.
  [[nodiscard]] std::string state(int64_t now_ms) const;
  [[nodiscard]] bool is_due() const { return cancelled_ms == 0 && end_time_ms != 0 && !written; }
};

class Exports {
 public:
  Exports() = default;
  ~Exports();
  Exports(const Exports&) = delete;
  Exports& operator=(const Exports&) = delete;

  static constexpr int kConcurrentMax = 4;

  ExportJob& add(int64_t now_ms);
  ExportJob* find(int64_t id);
  std::map<int64_t, ExportJob>& jobs() { return jobs_; }
  // Held while a job's files are written, so that two askers do not write them twice. Taken before
  // the service's lock, never after it.
  std::mutex& writing() { return writing_; }
  // Starts what is due and ends what has run for `job_ms`.
  void step(int64_t now_ms, int64_t job_ms);
  // A path for a new file; makes the folder on first use. Empty if the disk refuses.
  std::string new_path(int64_t job_id, size_t number);

 private:
  std::map<int64_t, ExportJob> jobs_;
  int64_t next_id_ = 1001;
  std::string folder_;
  std::mutex writing_;
};

}  // namespace sim
