// Tells whoever started the service how it is, as systemd has it: see sd_notify(3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/base.hpp"

namespace rollcall::cli {

// One datagram to `socket` ($NOTIFY_SOCKET), which is a path, or a name of no file where it begins
// with `@`. Nobody named one: nothing is told. Errors: invalid, of the name; unavailable.
Status notify(const std::optional<std::string>& socket, std::string_view state);

// How often WATCHDOG=1 is to be told: twice in the time after which we would be taken for dead
// ($WATCHDOG_USEC). Nothing: never.
std::optional<Millis> watchdog_every(const std::optional<std::string>& microseconds);

}  // namespace rollcall::cli
