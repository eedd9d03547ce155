#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "ledger/ledger.hpp"

namespace rollcall::ledger {
namespace fs = std::filesystem;
using nlohmann::json;

fs::path Folder::ledger_file(int64_t generation) const {
  return path / ("ledger-" + std::to_string(generation) + ".parquet");
}
fs::path Folder::run(const std::string& run_id) const { return path / "runs" / run_id; }
fs::path Folder::work_database(const std::string& run_id) const {
  return run(run_id) / "work.duckdb";
}
fs::path Folder::people_file(const std::string& run_id) const {
  return run(run_id) / "people.parquet";
}

namespace {

Error trouble(const fs::path& path, const char* doing) {
  return {ErrorKind::unavailable,
          std::string("cannot ") + doing + " " + path.string() + ": " + std::strerror(errno),
          "Check the disk and the rights of the home folder."};
}

json to_json(const State& state) {
  json out = {{"version", 1}, {"generation", state.generation}, {"settled", state.settled}};
  if (state.list)
    out["list"] = {{"id", state.list->id},
                   {"name", state.list->name},
                   {"created_at_ms", state.list->created_at_ms},
                   {"created", state.list->created}};
  if (state.list_intent)
    out["list_intent"] = {{"name", state.list_intent->name},
                          {"seen", state.list_intent->seen},
                          {"at_ms", state.list_intent->at_ms}};
  if (state.open_run)
    out["open_run"] = {{"run_id", state.open_run->run_id},
                       {"catalog_hash", state.open_run->catalog_hash},
                       {"snapshot_ms", state.open_run->snapshot_ms},
                       {"report", state.open_run->report_json},
                       {"pending", state.open_run->pending},
                       {"prepared", state.open_run->prepared}};
  const StandingCounts& s = state.standing;
  out["standing"] = {{"on_list", s.on_list},   {"not_a_contact", s.not_a_contact},
                     {"rejected", s.rejected}, {"unknown", s.unknown},
                     {"not_sent", s.not_sent}, {"leavers_on_list", s.leavers_on_list}};
  return out;
}

State from_json(const json& in) {
  State out;
  out.generation = in.at("generation");
  out.settled = in.at("settled");
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
  const json& s = in.at("standing");
  out.standing = {s.at("on_list"), s.at("not_a_contact"), s.at("rejected"),
                  s.at("unknown"), s.at("not_sent"),      s.at("leavers_on_list")};
  return out;
}

}  // namespace

Result<State> read_state(const Folder& folder) {
  const fs::path path = folder.path / "state.json";
  std::error_code problem;
  if (!fs::exists(path, problem)) return State{};
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file && !file.eof()) return trouble(path, "read");
  try {
    return from_json(json::parse(text));
  } catch (const json::exception&) {
    return Error{ErrorKind::corrupt, path.string() + " is not a state of ours",
                 "Restore it from a backup; the ledger beside it is whole."};
  }
}

Result<std::unique_ptr<Lease>> Lease::take(const Folder& folder) {
  std::error_code problem;
  fs::create_directories(folder.path, problem);
  if (problem) {
    errno = problem.value();
    return trouble(folder.path, "make");
  }
  fs::permissions(folder.path, fs::perms::owner_all, problem);
  const fs::path path = folder.path / "lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return trouble(path, "open");
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return Error{ErrorKind::conflict, "another run of this activation is in progress",
                 "Wait for it to end, or stop it."};
  }
  return std::unique_ptr<Lease>(new Lease(folder, descriptor));
}

Lease::~Lease() { ::close(descriptor_); }

Status Lease::write_state(const State& state) {
  const fs::path path = folder_.path / "state.json", fresh = folder_.path / "state.json.new";
  const std::string text =
      to_json(state).dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return trouble(fresh, "write");
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) return trouble(path, "write");
  (void)sync_folder(folder_.path);
  return ok_status();
}

void tidy(Lease& lease, const State& state) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(lease.folder().path, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("ledger-") && entry.path() != lease.folder().ledger_file(state.generation))
      fs::remove(entry.path(), ignored);
  }
  for (const auto& entry : fs::directory_iterator(lease.folder().path / "runs", ignored)) {
    if (state.open_run && entry.path().filename() == state.open_run->run_id) continue;
    for (const char* name : {"work.duckdb", "work.duckdb.wal", "work.duckdb.tmp", "journal"})
      fs::remove_all(entry.path() / name, ignored);
    if (fs::is_empty(entry.path(), ignored)) fs::remove(entry.path(), ignored);
  }
}

}  // namespace rollcall::ledger
