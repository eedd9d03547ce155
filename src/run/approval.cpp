#include "run/approval.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace rollcall::run {

using nlohmann::json;

Status keep_plan_numbers(store::Store& store, const std::string& plan_id,
                         const Activation& activation, const plan::GuardNumbers& numbers,
                         Time now) {
  const json kept = {{"removed", numbers.removed},
                     {"added", numbers.added},
                     {"on_list_before", numbers.on_list_before},
                     {"empties", numbers.empties},
                     {"cleared", numbers.cleared}};
  return store.put_plan(
      {plan_id, activation.uid, now, kept.dump(-1, ' ', false, json::error_handler_t::replace)});
}

Result<plan::GuardNumbers> approved_numbers(store::Store& store, const std::string& plan_id,
                                            const Activation& activation) {
  const auto row = store.plan(plan_id);
  if (!row.ok()) {
    if (row.error().kind != ErrorKind::not_found) return Error(row.error());
    return Error{ErrorKind::invalid, "there is no plan `" + plan_id + "`",
                 "The stopped run's report and `rollcall plan` name the plan's id."};
  }
  if (row->activation_uid != activation.uid)
    return Error{ErrorKind::invalid, "plan `" + plan_id + "` is of another activation"};
  if (!row->approved_by.empty())
    return Error{ErrorKind::invalid,
                 "plan `" + plan_id + "` was approved for run " + row->approved_by +
                     ", and an approval counts once",
                 "Approve a plan of today: `rollcall plan` makes one, and so does a stopped run."};
  try {
    const json kept = read_json<json>(row->json);
    return plan::GuardNumbers{kept.at("removed"), kept.at("added"), kept.at("on_list_before"),
                              kept.at("empties"), kept.at("cleared")};
  } catch (const json::exception&) {
    return Error{ErrorKind::corrupt, "plan `" + plan_id + "` cannot be read"};
  }
}

Result<bool> is_approval_of(store::Store& store, const std::string& plan_id,
                            const std::string& run_id) {
  const auto row = store.plan(plan_id);
  if (!row.ok() && row.error().kind == ErrorKind::not_found) return false;
  if (!row.ok()) return Error(row.error());
  return row->approved_by == run_id;
}

}  // namespace rollcall::run
