// The ledger's file as a relation: read, written whole, counted. Not a door.
#pragma once

#include "base/file.hpp"
#include "state/local/ledger.hpp"

namespace rollcall::state::local {

// Removed people are remembered this long, so that an addition soon after keeps its distance, and
// so that what was written on them is cleared when they return without it.
constexpr int64_t kRememberRemovedMs = int64_t{30} * 24 * 3600'000;
// Whether a row of the ledger is such a person's, in SQL; null counts as no. `of` stands before the
// columns' names ("l.").
std::string is_remembered(std::string_view of, int64_t now_ms);
// The fingerprint of an attribute that Iterable may hold some value of that we wrote.
constexpr uint64_t kPerhapsOurs = 1;

// Whether two keys are one person's, in SQL: Iterable may lower more letters than we do.
std::string same_person(std::string_view one, std::string_view other);
std::string attribute_column(const attributes::Target& target);
Result<bool> has_table(duck::Connection& db, std::string_view name);
// The file of the last ledger; nothing: there is none yet.
std::optional<std::filesystem::path> last_file(const Folder& folder, const Record& record);
// Of the columns that the next ledger has those that this file lacks, as nulls to be selected after
// its own.
Result<std::string> missing_columns(duck::Connection& db, const std::filesystem::path& ledger,
                                    const std::vector<attributes::Target>& targets);
// The last ledger with every column the next one has; `targets` are its attributes.
Result<std::string> last_ledger(duck::Connection& db, const Folder& folder, const Record& record,
                                const std::vector<attributes::Target>& targets);
// Writes a query to a Parquet file that is there whole or not at all, packed as COPY takes it.
// Returns its checksum.
Result<std::string> write_parquet(Disk& disk, duck::Connection& db, const std::string& query,
                                  const std::filesystem::path& path,
                                  const char* compression = "zstd, COMPRESSION_LEVEL 1");
// Whether a Parquet file can be read to its end.
bool is_readable(duck::Connection& db, const std::filesystem::path& file);
// The number in "PREFIX12.parquet".
std::optional<int64_t> generation_of(const std::string& file_name, std::string_view prefix);
Result<StandingCounts> count_standing(duck::Connection& db, const std::filesystem::path& ledger);
// The next ledger, of what a query selects; the record names it.
Status write_next(const Folder& folder, Record& record, duck::Connection& db,
                  const std::string& query);

}  // namespace rollcall::state::local
