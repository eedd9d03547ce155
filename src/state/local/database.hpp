// The database of one run's snapshot and plan, in bounded memory. Not a door.
#pragma once

#include "duck/duck.hpp"

namespace rollcall::state::local {

Result<std::unique_ptr<duck::Database>> open_work_database(const std::filesystem::path& path);

// What did not fit into its memory is tried once more with plenty: wide ledgers of millions. The
// body must be repeatable.
Status give_plenty(duck::Connection& work);
template <class Body>
auto with_memory(duck::Connection& work, Body body) -> decltype(body()) {
  auto done = body();
  if (done.ok() || done.error().kind != ErrorKind::unavailable) return done;
  TRY(give_plenty(work));
  return body();
}

}  // namespace rollcall::state::local
