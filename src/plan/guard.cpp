#include <fmt/format.h>

#include "plan/plan.hpp"

namespace rollcall::plan {
namespace {

constexpr int64_t kSharesBindFrom = 5;

std::string percent(double share) { return fmt::format("{:.0f} %", share * 100); }

}  // namespace

GuardNumbers guard_numbers(const Plan& plan) {
  return {.removed = plan.changes.left,
          .added = plan.changes.entered,
          .on_list_before = plan.on_list_before,
          .empties = plan.on_list_before > 0 && plan.changes.left >= plan.on_list_before,
          .cleared = plan.cleared};
}

std::vector<Breach> guard(const GuardNumbers& numbers, const GuardLimits& limits, bool binds,
                          const std::optional<GuardNumbers>& approved) {
  std::vector<Breach> out;
  const auto allowed = [&](int64_t now, int64_t then) { return approved && now <= then; };
  if (numbers.empties && !limits.allow_empty && !(approved && approved->empties))
    out.push_back({"allow_empty", fmt::format("all {} people on the list would be removed",
                                              thousands(numbers.on_list_before))});
  if (numbers.removed > limits.max_removed &&
      !allowed(numbers.removed, approved ? approved->removed : 0))
    out.push_back(
        {"max_removed", fmt::format("{} people would be removed; the limit is {}",
                                    thousands(numbers.removed), thousands(limits.max_removed))});
  if (!binds || numbers.on_list_before < kSharesBindFrom) return out;
  const auto before = static_cast<double>(numbers.on_list_before);
  const auto share = [&](const char* limit, const std::string& what, int64_t count, double most,
                         int64_t approved_count) {
    const double is = static_cast<double>(count) / before;
    if (is <= most || allowed(count, approved_count)) return;
    out.push_back(
        {limit, fmt::format("{} {} = {} of the {} on the list; the limit is {}", thousands(count),
                            what, percent(is), thousands(numbers.on_list_before), percent(most))});
  };
  share("max_removed_share", "people would be removed", numbers.removed, limits.max_removed_share,
        approved ? approved->removed : 0);
  share("max_added_share", "people would be added", numbers.added, limits.max_added_share,
        approved ? approved->added : 0);
  for (const auto& [attribute, count] : numbers.cleared) {
    int64_t allowed_count = 0;
    if (approved)
      if (const auto found = approved->cleared.find(attribute); found != approved->cleared.end())
        allowed_count = found->second;
    share("max_cleared_share", "values of `" + attribute + "` would be cleared", count,
          limits.max_cleared_share, allowed_count);
  }
  return out;
}

}  // namespace rollcall::plan
