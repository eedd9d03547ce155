// The trial of a destination: is the project what it is declared to be, and does
// updateExistingUsersOnly hold there? A few people decide it before the first large write.
#pragma once

#include "deliver/deliver.hpp"
#include "run/run.hpp"

namespace rollcall::run {

// Writes at most ten proven people of the plan (through `delivery`, as ordinary outcomes) and, in user_id
// and hybrid projects, sends one absent person with the flag. Sets `trust`. Errors: conflict when the
// project is not of the declared type.
Status try_destination(const World& world, const deliver::Order& order, deliver::Delivery& delivery, const Destination& destination,
                       duck::Connection& work, const ledger::Settled& settled, const std::stop_token& stop);

}  // namespace rollcall::run
