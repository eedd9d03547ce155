#include "sim/project.hpp"

#include <algorithm>

namespace sim {

void RequestLog::add(LoggedRequest request) {
  request.seq = next_seq_++;
  bytes_ += request.body.size();
  requests_.push_back(std::move(request));
  while (requests_.size() > kRequestsMax || bytes_ > kBytesMax) {
    bytes_ -= requests_.front().body.size();
    requests_.pop_front();
  }
}

Project::Project(const Config& configuration)
    : config(configuration),
      clock(configuration.machine),
      world(configuration.type, configuration.project_id),
      random(configuration.seed) {
  apply_switches();
}

void Project::apply_switches() {
  world.set_horizon_ms(std::max(size_lag_ms(), export_lag_ms()));
  world.set_deleted_stay_ms(switches.deleted_stay_ms);
  world.set_letters(switches.letters());
}

int64_t Project::size_lag_ms() const {
  return std::max(switches.visible_after_ms, switches.size_lag_ms);
}

int64_t Project::export_lag_ms() const {
  return std::max(switches.visible_after_ms, switches.export_lag_ms);
}

FieldPolicy Project::field_policy() const {
  FieldPolicy policy;
  policy.numbers_are_exact = switches.numbers == Switches::numbers_exact;
  policy.refuse_number_texts = switches.number_texts == Switches::refuse;
  policy.refuse_mixed_arrays = switches.mixed_arrays == Switches::refuse;
  policy.refuse_dotted_names = switches.dotted_names == Switches::dotted_refuse;
  policy.limit = switches.field_limit;
  return policy;
}

const Fault* Call::fault(FaultKind kind) const {
  for (const Fault& fault : faults) {
    if (fault.kind == kind) return &fault;
  }
  return nullptr;
}

}  // namespace sim
