// The kind of state that whole runs have here: to hold another to them, name it.
#pragma once

#include "state/state.hpp"

namespace rollcall {

inline std::unique_ptr<state::States> open_states(const Home& home, Disk& disk, Leases& leases) {
  return state::open_local(home, disk, leases);
}

}  // namespace rollcall
