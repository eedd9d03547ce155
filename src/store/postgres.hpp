// PostgreSQL, for several servers over one catalog.
//
// One writer at a time, as SQLite has it: a write first takes a lock of this catalog's own, so that
// it sees all that was written before it and is in nobody's way in the middle. A connection that is
// gone is made anew, once, for what had not begun; what had is an error, for nobody knows whether
// it was done. Nothing waits for ever: the server ends what takes too long, and lets go of the lock
// of a process that stopped in the middle of a write.
#pragma once

#include "store/database.hpp"

namespace rollcall::store {

struct Patience {
  int connect_s = 10;
  int statement_ms = 30'000;
  int lock_ms = 15'000;
  int idle_ms = 10'000;  // between the statements of one transaction
};

// Errors: invalid (no such address), unavailable, denied.
Result<std::unique_ptr<Database>> connect_postgres(const Secret& address,
                                                   const Patience& patience = {});
// And brings it to the newest version. Errors also: corrupt (another program's, a newer version's).
Result<std::unique_ptr<Database>> open_postgres(const Secret& address);

}  // namespace rollcall::store
