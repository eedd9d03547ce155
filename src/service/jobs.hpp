// Work in processes of their own, passed in: what a driver leaks or a run crashes on does not take
// the service along. Each tells what it does by lines.
//
// Threads: one, but for wake().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/base.hpp"

namespace rollcall::service {

using JobId = uint64_t;

struct JobEvent {
  JobId job = 0;
  std::string line = {};                    // what it told; empty at its end
  std::optional<int> ended = std::nullopt;  // its exit code; 128 + the signal that ended it
  std::string complaint = {};               // at its end: the last it wrote to stderr
};

class Jobs {
 public:
  virtual ~Jobs() = default;
  // `words` as on the command line, behind the program's name and home.
  virtual Result<JobId> start(const std::vector<std::string>& words) = 0;
  // Asks it to seal what it has and end. Nothing when it has ended.
  virtual void stop(JobId job) = 0;
  // Ends it where it stands.
  virtual void kill(JobId job) = 0;
  // What has happened; waits up to `how_long` for something to, or for wake().
  virtual std::vector<JobEvent> wait(Millis how_long) = 0;
  // Ends a wait, the next one if there is none. From any thread.
  virtual void wake() = 0;
};

// Real ones: `program` with `--home home`, and with these variables beside those of our environment,
// so that what is secret stands on no command line. Lines are at most 1 MB, stderr is passed on to
// ours.
using Variables = std::map<std::string, Secret>;
Result<std::unique_ptr<Jobs>> open_processes(std::string program, std::string home,
                                             Variables variables = {});

}  // namespace rollcall::service
