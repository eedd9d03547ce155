// The plan by one comparison of the snapshot with the ledger, in SQL. Not a door.
#pragma once

#include <filesystem>

#include "duck/duck.hpp"
#include "state/work.hpp"

namespace rollcall::state::local {

// A ledger; nothing: there is none yet.
using LedgerFile = std::optional<std::filesystem::path>;

// Whether the ledger has a column of each attribute, and of no other.
Result<bool> keeps_attributes(duck::Connection& work, const std::filesystem::path& ledger,
                              const std::vector<attributes::Target>& targets);

// Whether it keeps hashes of the rows as they were read; those of earlier versions do not.
Result<bool> keeps_read_hashes(duck::Connection& work, const std::filesystem::path& ledger);

// Makes the changes (or makes them anew): a table of them, or a view of the snapshot's rows.
Result<plan::Plan> make_plan(duck::Connection& work, const LedgerFile& ledger,
                             const plan::Input& input);
// All the parked who are in the snapshot.
Status parked(duck::Connection& work, const LedgerFile& ledger, const OnKey& on_key);

// In SQL: seq, key, kind, was_on, look_up, not_before, v0… .
Result<std::string> changes_of(duck::Connection& work);
// Whether they are the snapshot's rows: then seq is the row's rowid.
Result<bool> changes_are_rows(duck::Connection& work);
Result<std::unique_ptr<Changes>> open_changes(duck::Connection& work, size_t targets,
                                              const Which& which);
Result<int64_t> count_changes(duck::Connection& work, const Which& which);

}  // namespace rollcall::state::local
