// The steps of a run, in their order: one list for what watches a run, and for whoever reads of it.
#pragma once

#include <array>
#include <string_view>

namespace rollcall {

enum class Step {
  check_list,
  check_fields,
  read_list,
  snapshot,
  plan,
  guard,
  seal,
  make_list,
  make_fields,
  trial,
  prove,
  add,
  remove,
  promote,
};

struct StepName {
  Step step;
  std::string_view name;      // as programs read it
  std::string_view in_words;  // as people do
};
// A run passes them from top to bottom, save those it has no need of. What is sent waits for its
// proof where it needs one.
inline constexpr std::array<StepName, 14> kSteps = {{
    {Step::check_list, "check_list", "looking for the list"},
    {Step::check_fields, "check_fields", "comparing the fields"},
    {Step::read_list, "read_list", "reading the list"},
    {Step::snapshot, "snapshot", "reading the segment"},
    {Step::plan, "plan", "comparing with the ledger"},
    {Step::guard, "guard", "asking the guard"},
    {Step::seal, "seal", "keeping the plan"},
    // Nothing was sent before; a kill from here on carries on with the same plan.
    {Step::make_list, "make_list", "making the list"},
    {Step::make_fields, "make_fields", "making new attributes"},
    // The plan is final.
    {Step::trial, "trial", "trying the destination with a few people"},
    {Step::prove, "prove", "looking people up"},
    {Step::add, "add", "adding and updating"},
    {Step::remove, "remove", "removing"},
    // Nothing more is sent.
    {Step::promote, "promote", "writing the ledger"},
}};

constexpr std::string_view to_string(Step step) { return kSteps[static_cast<size_t>(step)].name; }

}  // namespace rollcall
