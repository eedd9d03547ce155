// One person out of every file of an activation. What counts is written anew, without them; what is
// kept against damage alone goes where it tells of them.
#include <fmt/format.h>

#include "core/match_key.hpp"
#include "state/local/file.hpp"

namespace rollcall::state::local {
namespace fs = std::filesystem;

Result<Forgotten> forget(const Folder& folder, Record& record, duck::Connection& db,
                         const std::string& key) {
  CHECK(!record.open_run);
  TRY(check_ledger(folder, record));
  const std::string is_person = folded_key_sql("key") + " = " + duck::literal(folded_key(key));
  const auto table = [](const fs::path& file) {
    return "read_parquet(" + duck::literal(file.string()) + ")";
  };
  const auto count = [&](const fs::path& file) {
    return db.scalar("SELECT count(*) FROM " + table(file) + " WHERE " + is_person);
  };
  const auto others = [&](const fs::path& file) {
    return fmt::format("SELECT * FROM {} WHERE ({}) IS NOT TRUE", table(file), is_person);
  };

  Forgotten out;
  if (record.generation > 0) {
    const fs::path ledger = folder.ledger_file(record.generation);
    out.in_ledger = TRY(count(ledger));
    if (out.in_ledger > 0) {
      TRY(write_next(folder, record, db, others(ledger)));
      TRY(write_record(folder, record));
    }
  }
  Disk& disk = *folder.disk;
  for (const std::string& name : TRY(disk.list(folder.path))) {
    const auto ledger = generation_of(name, "ledger-");
    const bool is_kept =
        ledger ? *ledger != record.generation : generation_of(name, "planned-").has_value();
    // What cannot be read may tell of anybody.
    if (name.ends_with(".new") || (is_kept && count(folder.path / name).value_or(1) > 0))
      TRY(disk.remove(folder.path / name));
  }
  for (const std::string& run : TRY(disk.list(folder.path / "runs"))) {
    const fs::path people = folder.people_file(run);
    std::error_code ignored;
    if (!fs::exists(people, ignored)) continue;
    const auto told = count(people);
    if (!told.ok()) {
      TRY(disk.remove(people));
    } else if (*told > 0) {
      (void)TRY(write_parquet(disk, db, others(people), people));
      out.in_past_runs += *told;
    }
  }
  tidy(folder, record);
  return out;
}

}  // namespace rollcall::state::local
