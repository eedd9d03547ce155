// The product's transport straight into the simulator: no sockets, no threads, and time is the
// clock that both share. What the network does (a connection refused, reset, cut, slow) happens to
// the answer here as the simulator's faults ask for it.
#pragma once

#include "http/http.hpp"
#include "sim/service.hpp"

namespace rollcall::testing {

class SimTransport : public http::Transport {
 public:
  explicit SimTransport(Clock& clock) : clock_(clock) {}
  // Who answers from now on; outlives the calls.
  void connect(sim::Service& service) { service_ = &service; }
  http::Answer send(const http::Request& request, const std::stop_token& stop) override;

 private:
  Clock& clock_;
  sim::Service* service_ = nullptr;
};

// The machine of a simulator whose time is `clock`'s.
sim::Machine machine_of(Clock& clock);

}  // namespace rollcall::testing
