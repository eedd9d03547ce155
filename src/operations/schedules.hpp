// What the scheduler wants kept of each activation, and when one is due next.
#pragma once

#include <optional>
#include <vector>

#include "operations/world.hpp"
#include "scheduler/scheduler.hpp"

namespace rollcall::operations {

// Of the activations that have one; what cannot be read counts as never kept.
Result<std::vector<scheduler::Standing>> standings(const World& world, const Stored& stored);
Result<std::optional<scheduler::Standing>> standing(const World& world, const std::string& uid);
Status keep(const World& world, const scheduler::Standing& standing);

// When it runs next by its schedule, jitter left aside: a past time is due already. `running`: since
// when it runs, if it does; the time is then that of the run after it. Nothing for one that is
// manual or rests.
std::optional<Time> next_run_at(const Activation& activation,
                                const std::optional<scheduler::Standing>& standing,
                                const std::optional<Time>& running, Time now);

}  // namespace rollcall::operations
