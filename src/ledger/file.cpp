#include "ledger/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"

namespace rollcall::ledger {
namespace fs = std::filesystem;

std::string attribute_column(const attributes::Target& target) {
  return duck::identifier("a:" + target.to);
}

Result<std::string> last_ledger(duck::Connection& db, const Folder& folder, const State& state,
                                const std::vector<attributes::Target>& targets) {
  std::string missing;
  if (state.generation == 0) {
    for (const auto& target : targets) missing += ", NULL::UBIGINT AS " + attribute_column(target);
    return "(SELECT NULL::VARCHAR AS key, 0::UTINYINT AS on_list, false AS in_segment, "
           "NULL::VARCHAR AS reason, NULL::VARCHAR AS detail, "
           "false AS final, 0::BIGINT AS since_ms, 0::BIGINT AS tried_ms, 0::BIGINT AS wrote_ms, "
           "0::UTINYINT AS wrote_kind, "
           "0::UBIGINT AS tried_hash, NULL::VARCHAR AS pk" +
           missing + " WHERE false)";
  }
  const std::string file =
      "read_parquet(" + duck::literal(folder.ledger_file(state.generation).string()) + ")";
  const auto known = TRY(db.describe("SELECT * FROM " + file));
  for (const auto& target : targets) {
    const bool there = std::any_of(known.begin(), known.end(),
                                   [&](const auto& c) { return c.name == "a:" + target.to; });
    if (!there) missing += ", NULL::UBIGINT AS " + attribute_column(target);
  }
  return "(SELECT *" + missing + " FROM " + file + ")";
}

Status write_parquet(duck::Connection& db, const std::string& query, const fs::path& path) {
  const fs::path fresh = path.string() + ".new";
  // In any order: to keep one, rows would be held in memory until their turn has come.
  TRY(db.run("SET GLOBAL preserve_insertion_order = false"));
  const Status copied = db.run("COPY (" + query + ") TO " + duck::literal(fresh.string()) +
                               " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 40960)");
  TRY(db.run("RESET GLOBAL preserve_insertion_order"));
  TRY(copied);
  const File file(::open(fresh.c_str(), O_RDONLY | O_CLOEXEC));
  const bool synced = file.fd >= 0 && ::fsync(file.fd) == 0;
  std::error_code problem;
  fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write, problem);
  if (synced && !problem) fs::rename(fresh, path, problem);
  if (!synced || problem)
    return Error{ErrorKind::unavailable, "cannot write " + path.string(), "Is the disk full?"};
  return ok_status();
}

Result<StandingCounts> count_standing(duck::Connection& db, const fs::path& ledger) {
  const auto rows =
      TRY(db.stream("SELECT count(*) FILTER (in_segment AND reason IS NULL AND on_list = 1), "
                    "count(*) FILTER (in_segment AND reason = 'not_a_contact'), "
                    "count(*) FILTER (in_segment AND reason = 'rejected'), count(*) FILTER "
                    "(in_segment AND reason = 'unknown'), "
                    "count(*) FILTER (in_segment AND reason = 'not_sent'), count(*) FILTER (NOT "
                    "in_segment AND on_list > 0) "
                    "FROM read_parquet(" +
                    duck::literal(ledger.string()) + ")"));
  const duck::Chunk* chunk = TRY(rows->next());
  CHECK(chunk != nullptr && chunk->rows() == 1);
  return StandingCounts{chunk->integer(0, 0), chunk->integer(1, 0), chunk->integer(2, 0),
                        chunk->integer(3, 0), chunk->integer(4, 0), chunk->integer(5, 0)};
}

}  // namespace rollcall::ledger
