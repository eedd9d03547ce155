#include "operations/runs.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "operations/csv.hpp"

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

Result<store::RunRow> row_of(const World& world, const std::string& run_id) {
  auto row = world.store.run(run_id);
  if (row.ok() || row.error().kind != ErrorKind::not_found) return row;
  std::vector<std::string> ids;
  constexpr int kRecent = 200;
  for (const store::RunRow& recent : TRY(world.store.runs(std::nullopt, kRecent)))
    ids.push_back(recent.run_id);
  return Error{ErrorKind::invalid, "there is no run `" + run_id + "`" + did_you_mean(run_id, ids),
               "`rollcall runs` lists them."};
}

// Iterable's word where there is one, else what is wrong with the key.
std::string reason_of(const state::MissingPerson& person) {
  if (!person.detail.empty()) return person.detail;
  return person.reason == person.kind ? "" : person.reason;
}

Result<PastRun> read(store::RunRow row) {
  RunReport report = TRY(in_context(run::report_from_json(row.report_json), "run " + row.run_id));
  return PastRun{std::move(row), std::move(report)};
}

}  // namespace

Result<std::vector<PastRun>> runs(const World& world, const std::optional<std::string>& uid,
                                  int limit) {
  std::vector<PastRun> out;
  for (store::RunRow& row : TRY(world.store.runs(uid, limit)))
    out.push_back(TRY(read(std::move(row))));
  return out;
}

Result<PastRun> find_run(const World& world, const std::string& run_id) {
  return read(TRY(row_of(world, run_id)));
}

Status rejects(const World& world, const std::string& run_id, const std::string& kind,
               const std::function<bool(const Reject&)>& each) {
  const std::vector<std::string> kinds(kRejectKinds.begin(), kRejectKinds.end());
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    return Error{ErrorKind::invalid, "there is no kind `" + kind + "`" + did_you_mean(kind, kinds),
                 "Kinds: " + join(kinds, ", ") + "."};
  const store::RunRow run = TRY(row_of(world, run_id));
  return world.states.of(run.activation_uid)
      ->missing_people(run.run_id, kind, [&](const state::MissingPerson& one) {
        return each({one.kind, one.key, one.primary_key, reason_of(one), one.since_ms});
      });
}

json to_json(const PastRun& run) { return read_json<json>(run.row.report_json); }

json to_json(const Reject& reject) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? json(nullptr) : json(text);
  };
  return {{"kind", reject.kind},
          {"key", or_null(reject.key)},
          {"primary_key", or_null(reject.primary_key)},
          {"reason", or_null(reject.reason)},
          {"since", iso_utc(Time(Millis(reject.since_ms)))}};
}

std::string csv_head_of_rejects() {
  return csv_line({"kind", "key", "primary_key", "reason", "since"});
}
std::string to_csv(const Reject& reject) {
  return csv_line({reject.kind, reject.key, reject.primary_key, reject.reason,
                   iso_utc(Time(Millis(reject.since_ms)))});
}

}  // namespace rollcall::operations
