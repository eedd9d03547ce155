// A plan's numbers, kept under its id, so that somebody can let them pass.
#pragma once

#include "run/run.hpp"

namespace rollcall::run {

Status keep_plan_numbers(store::Store& store, const std::string& plan_id,
                         const Activation& activation, const plan::GuardNumbers& numbers, Time now);
// What a plan showed, unless its approval is used up.
Result<plan::GuardNumbers> approved_numbers(store::Store& store, const std::string& plan_id,
                                            const Activation& activation);
// Whether it was this run that the plan's approval let pass.
Result<bool> is_approval_of(store::Store& store, const std::string& plan_id,
                            const std::string& run_id);

}  // namespace rollcall::run
