// The snapshot's tables, of a stream of rows. Not a door.
#pragma once

#include "duck/duck.hpp"
#include "state/local/settled.hpp"
#include "state/work.hpp"

namespace rollcall::state::local {

// Without whoever is `settled`, of the ledger (settled.hpp), which is nobody where it does not keep
// these attributes and no others. `work` is a connection of `database`.
// It is never half visible: the plan that is made from it is what gets sealed.
Result<Snapshot> take_snapshot(source::RowStream& stream, const SnapshotSpec& spec,
                               Settled& settled, const LedgerFile& ledger, duck::Database& database,
                               duck::Connection& work, Observer& observer,
                               const std::stop_token& stop);
Result<std::vector<attributes::Target>> load_targets(duck::Connection& work);

}  // namespace rollcall::state::local
