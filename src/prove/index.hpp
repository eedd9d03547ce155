// The file of a contact index. Not a door.
//
//   head     what it is, whose, its moments, how many hashes, and a seal over everything
//   e-mails  their hashes, sorted
//   userIds  theirs
//
// The seal is keyed with the second half of the secret: it tells damage, and files of other homes.
// A file is never changed: the next one is made beside it and put in its place by rename.
#pragma once

#include "base/lease.hpp"
#include "prove/hashes.hpp"
#include "prove/prove.hpp"

namespace rollcall::prove {

// The right to write an index; waits for whoever has it. Errors: cancelled, unavailable.
Result<std::unique_ptr<Lease>> take_to_write(const IndexFile& index_file, Clock& clock,
                                             const std::stop_token& stop);

// The next index: what was told, and what is in `before` where there is one. Under the lock.
struct Sorters {
  Sorter& emails;
  Sorter& user_ids;
};
Status write_index(Disk& disk, const IndexFile& index_file, const Moments& moments, Sorters told,
                   const Index* before, Observer& observer);

}  // namespace rollcall::prove
