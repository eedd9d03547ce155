#include "state/local/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/match_key.hpp"

namespace rollcall::state::local {
namespace fs = std::filesystem;

std::string same_person(std::string_view one, std::string_view other) {
  return folded_key_sql(one) + " = " + folded_key_sql(other);
}

std::string is_remembered(std::string_view of, int64_t now_ms) {
  return fmt::format("{0}wrote_kind = 2 AND {0}reason IS NULL AND {0}wrote_ms > {1}", of,
                     now_ms - kRememberRemovedMs);
}

std::string attribute_column(const attributes::Target& target) {
  return duck::identifier("a:" + target.to);
}

Result<bool> has_table(duck::Connection& db, std::string_view name) {
  const auto columns = db.describe("FROM " + duck::identifier(name));
  if (!columns.ok() && columns.error().kind != ErrorKind::not_found) return columns.error();
  return columns.ok();
}

std::optional<fs::path> last_file(const Folder& folder, const Record& record) {
  if (record.generation == 0) return std::nullopt;
  return folder.ledger_file(record.generation);
}

Result<std::string> missing_columns(duck::Connection& db, const fs::path& ledger,
                                    const std::vector<attributes::Target>& targets) {
  const auto known =
      TRY(db.describe("SELECT * FROM read_parquet(" + duck::literal(ledger.string()) + ")"));
  std::string out;
  const auto add = [&](const std::string& name) {
    if (std::ranges::none_of(known, [&](const auto& column) { return column.name == name; }))
      out += ", NULL::UBIGINT AS " + duck::identifier(name);
  };
  add("read_hash");
  for (const attributes::Target& target : targets) add("a:" + target.to);
  return out;
}

Result<std::string> last_ledger(duck::Connection& db, const Folder& folder, const Record& record,
                                const std::vector<attributes::Target>& targets) {
  std::string missing;
  if (record.generation == 0) {
    for (const auto& target : targets) missing += ", NULL::UBIGINT AS " + attribute_column(target);
    return "(SELECT NULL::VARCHAR AS key, 0::UTINYINT AS on_list, false AS in_segment, "
           "NULL::VARCHAR AS reason, NULL::VARCHAR AS detail, "
           "false AS final, 0::BIGINT AS since_ms, 0::BIGINT AS tried_ms, 0::BIGINT AS wrote_ms, "
           "0::UTINYINT AS wrote_kind, "
           "0::UBIGINT AS tried_hash, NULL::VARCHAR AS pk, NULL::UBIGINT AS read_hash" +
           missing + " WHERE false)";
  }
  const std::filesystem::path file = folder.ledger_file(record.generation);
  missing = TRY(missing_columns(db, file, targets));
  return "(SELECT *" + missing + " FROM read_parquet(" + duck::literal(file.string()) + "))";
}

std::optional<int64_t> generation_of(const std::string& file_name, std::string_view prefix) {
  constexpr std::string_view kTail = ".parquet";
  if (!file_name.starts_with(prefix) || !file_name.ends_with(kTail)) return std::nullopt;
  int64_t generation = 0;
  const char* const end = file_name.data() + file_name.size() - kTail.size();
  const auto [stopped, problem] =
      std::from_chars(file_name.data() + prefix.size(), end, generation);
  if (problem != std::errc() || stopped != end) return std::nullopt;
  return generation;
}

Result<std::string> write_parquet(Disk& disk, duck::Connection& db, const std::string& query,
                                  const fs::path& path, const char* compression) {
  const fs::path fresh = path.string() + ".new";
  TRY(disk.remove(fresh));  // somebody who was suspended may go on writing to one of that name
  // In any order: to keep one, rows would be held in memory until their turn has come.
  TRY(db.run("SET GLOBAL preserve_insertion_order = false"));
  // Few values are kept once each; fingerprints of many would be looked up in vain.
  const Status copied = db.run("COPY (" + query + ") TO " + duck::literal(fresh.string()) +
                               " (FORMAT parquet, COMPRESSION " + compression +
                               ", ROW_GROUP_SIZE 40960, DICTIONARY_SIZE_LIMIT 2000)");
  TRY(db.run("RESET GLOBAL preserve_insertion_order"));
  TRY(copied);
  const auto file = TRY(disk.open(fresh, Disk::Open::adopt));
  std::string sum = TRY(file_checksum(fresh));
  TRY(disk.put_in_place(fresh, *file, path));
  return sum;
}

Status check_ledger(const Folder& folder, const Record& record) {
  if (record.generation == 0) return ok_status();
  const fs::path path = folder.ledger_file(record.generation);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return State::lost("the ledger " + path.string() + " is gone");
  if (record.ledger_checksum.empty()) {
    const auto db = TRY(duck::Database::open(":memory:", {.memory_limit_mb = 128}));
    if (is_readable(*TRY(db->connect()), path)) return ok_status();
  } else if (TRY(file_checksum(path)) == record.ledger_checksum) {
    return ok_status();
  }
  return State::lost("the ledger " + path.string() + " is damaged");
}

bool is_readable(duck::Connection& db, const fs::path& file) {
  return db
      .scalar("SELECT count(hash(COLUMNS(*))) FROM read_parquet(" + duck::literal(file.string()) +
              ")")
      .ok();
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

Status write_next(const Folder& folder, Record& record, duck::Connection& db,
                  const std::string& query) {
  const std::filesystem::path file = folder.ledger_file(record.generation + 1);
  record.ledger_checksum = TRY(write_parquet(*folder.disk, db, query, file));
  ++record.generation;
  record.standing = TRY(count_standing(db, file));
  return ok_status();
}

}  // namespace rollcall::state::local
