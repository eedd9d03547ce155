#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/json.hpp"
#include "state/local/file.hpp"

namespace rollcall::state::local {
namespace fs = std::filesystem;
using nlohmann::json;

fs::path Folder::ledger_file(int64_t generation) const {
  return path / ("ledger-" + std::to_string(generation) + ".parquet");
}
fs::path Folder::planned_file(int64_t generation) const {
  return path / ("planned-" + std::to_string(generation) + ".parquet");
}
fs::path Folder::run(const std::string& run_id) const { return path / "runs" / run_id; }
fs::path Folder::work_database(const std::string& run_id) const {
  return run(run_id) / "work.duckdb";
}
fs::path Folder::people_file(const std::string& run_id) const {
  return run(run_id) / "people.parquet";
}

namespace {

constexpr int kVersion = 2;  // 1 had no checksums

json to_json(const Record& record) {
  json out = {{"version", kVersion},
              {"generation", record.generation},
              {"ledger_checksum", record.ledger_checksum},
              {"settled", record.guard_binds}};
  if (record.list)
    out["list"] = {{"id", record.list->id},
                   {"name", record.list->name},
                   {"created_at_ms", record.list->created_at_ms},
                   {"created", record.list->created}};
  if (record.list_intent)
    out["list_intent"] = {{"name", record.list_intent->name},
                          {"seen", record.list_intent->seen},
                          {"at_ms", record.list_intent->at_ms}};
  if (record.open_run)
    out["open_run"] = {{"run_id", record.open_run->run_id},
                       {"catalog_hash", record.open_run->catalog_hash},
                       {"snapshot_ms", record.open_run->snapshot_ms},
                       {"report", record.open_run->report_json},
                       {"pending", record.open_run->pending},
                       {"prepared", record.open_run->prepared}};
  if (record.wrote)
    out["wrote"] = {{"wall_ms", record.wrote->wall_ms},
                    {"monotonic_ms", record.wrote->monotonic_ms},
                    {"boot", record.wrote->boot}};
  if (record.doubt)
    out["doubt"] = {{"why", record.doubt->why},
                    {"everything", record.doubt->everything},
                    {"lost", record.doubt->lost}};
  const StandingCounts& s = record.standing;
  out["standing"] = {{"on_list", s.on_list},   {"not_a_contact", s.not_a_contact},
                     {"rejected", s.rejected}, {"unknown", s.unknown},
                     {"not_sent", s.not_sent}, {"leavers_on_list", s.leavers_on_list}};
  return out;
}

Record from_json(const json& in) {
  Record out;
  out.generation = in.at("generation");
  out.guard_binds = in.at("settled");
  if (in.at("version") >= kVersion) out.ledger_checksum = in.at("ledger_checksum");
  if (in.contains("list")) {
    const json& list = in["list"];
    out.list =
        ListRecord{list.at("id"), list.at("name"), list.at("created_at_ms"), list.at("created")};
  }
  if (in.contains("list_intent")) {
    const json& intent = in["list_intent"];
    out.list_intent = ListIntent{intent.at("name"), intent.at("seen"), intent.at("at_ms")};
  }
  if (in.contains("open_run")) {
    const json& run = in["open_run"];
    out.open_run = OpenRun{run.at("run_id"), run.at("catalog_hash"), run.at("snapshot_ms"),
                           run.at("report"), run.at("pending"),      run.at("prepared")};
  }
  if (in.contains("wrote")) {
    const json& wrote = in["wrote"];
    out.wrote = Moment{wrote.at("wall_ms"), wrote.at("monotonic_ms"), wrote.at("boot")};
  }
  if (in.contains("doubt")) {
    const json& doubt = in["doubt"];
    out.doubt = Doubt{doubt.at("why"), doubt.at("everything"), doubt.at("lost")};
  }
  const json& s = in.at("standing");
  out.standing = {s.at("on_list"), s.at("not_a_contact"), s.at("rejected"),
                  s.at("unknown"), s.at("not_sent"),      s.at("leavers_on_list")};
  return out;
}

std::string text_of(const json& described) {
  return described.dump(1, ' ', false, json::error_handler_t::replace);
}

// Whether there is what only a run leaves that had a state.
Result<bool> state_was_there(const Folder& folder) {
  for (const std::string& name : TRY(folder.disk->list(folder.path)))
    if (name.starts_with("ledger-")) return true;
  for (const std::string& run : TRY(folder.disk->list(folder.path / "runs")))
    for (const std::string& name : TRY(folder.disk->list(folder.run(run))))
      if (name == "journal" || name == "people.parquet") return true;
  return false;
}

}  // namespace

Result<Record> read_record(const Folder& folder) {
  const fs::path path = folder.path / "state.json";
  const auto file = TRY(folder.disk->open(path, Disk::Open::read));
  if (!file && TRY(state_was_there(folder))) return State::lost(path.string() + " is gone");
  if (!file) return Record{};
  const std::string text = TRY(read_whole(*file));
  const std::string birth = TRY(file->about()).birth;
  try {
    json kept = read_json<json>(text);
    if (kept.contains("checksum") || kept.at("version") >= kVersion) {
      const std::string sum = kept.at("checksum");
      kept.erase("checksum");
      if (checksum(text_of(kept)) != sum) return State::lost(path.string() + " is damaged");
    }
    Record out = from_json(kept);
    out.copied = kept.contains("birth") && kept["birth"] != birth;
    return out;
  } catch (const json::exception&) {
    return State::lost(path.string() + " is damaged");
  }
}

Status write_record(const Folder& folder, const Record& record) {
  json described = to_json(record);
  return folder.disk->replace(folder.path / "state.json", [&](const std::string& birth) {
    // One that was found to be a copy stays one until somebody has made up their mind about it.
    described["birth"] = record.copied ? "of a copy" : birth;
    described["checksum"] = checksum(text_of(described));
    return text_of(described) + "\n";
  });
}

void tidy(const Folder& folder, const Record& record) {
  Disk& disk = *folder.disk;
  std::error_code ignored;
  // The ledger before the newest, and whom the newest may have written beyond it, outlive damage.
  const auto is_old = [&](const std::string& name) {
    for (const auto& [prefix, oldest] :
         {std::pair("ledger-", record.generation - 1), std::pair("planned-", record.generation)})
      if (const auto generation = generation_of(name, prefix)) return *generation < oldest;
    return name.ends_with(".new");
  };
  for (const std::string& name : disk.list(folder.path).value_or(Disk::Names()))
    if (is_old(name) && fs::is_regular_file(fs::symlink_status(folder.path / name, ignored)))
      (void)disk.remove(folder.path / name);
  for (const std::string& run : disk.list(folder.path / "runs").value_or(Disk::Names())) {
    if (record.open_run && run == record.open_run->run_id) continue;
    for (const char* name : {"work.duckdb", "work.duckdb.wal", "work.duckdb.tmp", "journal"})
      (void)disk.remove(folder.run(run) / name);
    if (fs::is_empty(folder.run(run), ignored)) (void)disk.remove(folder.run(run));
  }
}

}  // namespace rollcall::state::local
