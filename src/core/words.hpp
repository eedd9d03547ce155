// The one spelling of each enumerator of core's: in catalog files, in JSON, in the store, in
// messages.
#pragma once

#include "base/words.hpp"
#include "core/activation.hpp"
#include "core/change.hpp"
#include "core/model.hpp"
#include "core/outcome.hpp"
#include "core/report.hpp"
#include "core/rows.hpp"
#include "core/rule.hpp"

namespace rollcall {

// clang-format off: tables

template <>
struct Words<ModelType> {
  using enum ModelType;
  static constexpr auto all =
      std::to_array<Word<ModelType>>({{"users", users}, {"events", events}, {"custom", custom}});
};

// Those that a file may declare. `json` is what a source finds, see to_string.
template <>
struct Words<FieldType> {
  using enum FieldType;
  static constexpr auto all = std::to_array<Word<FieldType>>({{"text", text},
                                                              {"integer", integer},
                                                              {"decimal", decimal},
                                                              {"number", number},
                                                              {"boolean", boolean},
                                                              {"date", date},
                                                              {"timestamp", timestamp},
                                                              {"list", list},
                                                              {"object", object}});
};

template <>
struct Words<RelationKind> {
  using enum RelationKind;
  static constexpr auto all = std::to_array<Word<RelationKind>>(
      {{"has_many", has_many}, {"belongs_to", belongs_to}, {"many_to_many", many_to_many}});
};

template <>
struct Words<Aggregate> {
  using enum Aggregate;
  static constexpr auto all = std::to_array<Word<Aggregate>>({{"count", count},
                                                              {"count_distinct", count_distinct},
                                                              {"sum", sum},
                                                              {"avg", avg},
                                                              {"min", min},
                                                              {"max", max}});
};

template <>
struct Words<Duration::Unit> {
  using enum Duration::Unit;
  static constexpr auto all = std::to_array<Word<Duration::Unit>>({{"minutes", minutes},
                                                                   {"hours", hours},
                                                                   {"days", days},
                                                                   {"weeks", weeks},
                                                                   {"months", months},
                                                                   {"years", years}});
};

template <>
struct Words<Op> {
  using enum Op;
  static constexpr auto all = std::to_array<Word<Op>>({{"eq", eq},
                                                       {"ne", ne},
                                                       {"gt", gt},
                                                       {"gte", gte},
                                                       {"lt", lt},
                                                       {"lte", lte},
                                                       {"between", between},
                                                       {"in", in},
                                                       {"not_in", not_in},
                                                       {"contains", contains},
                                                       {"not_contains", not_contains},
                                                       {"starts_with", starts_with},
                                                       {"ends_with", ends_with},
                                                       {"matches", matches},
                                                       {"is_null", is_null},
                                                       {"is_not_null", is_not_null},
                                                       {"is_blank", is_blank},
                                                       {"is_true", is_true},
                                                       {"is_false", is_false},
                                                       {"before", before},
                                                       {"after", after},
                                                       {"on", on},
                                                       {"within_last", within_last},
                                                       {"not_within_last", not_within_last},
                                                       {"within_next", within_next},
                                                       {"anniversary_within", anniversary_within},
                                                       {"has", has},
                                                       {"has_any", has_any},
                                                       {"has_all", has_all},
                                                       {"is_empty", is_empty},
                                                       {"is_not_empty", is_not_empty}});
};

template <>
struct Words<KeyType> {
  using enum KeyType;
  static constexpr auto all =
      std::to_array<Word<KeyType>>({{"email", email}, {"user_id", user_id}});
};

template <>
struct Words<ProjectType> {
  using enum ProjectType;
  static constexpr auto all = std::to_array<Word<ProjectType>>(
      {{"email", email}, {"user_id", user_id}, {"hybrid", hybrid}});
};

template <>
struct Words<AttributeType> {
  using enum AttributeType;
  static constexpr auto all = std::to_array<Word<AttributeType>>({{"string", string},
                                                                  {"long", long_},
                                                                  {"double", double_},
                                                                  {"boolean", boolean},
                                                                  {"date", date},
                                                                  {"object", object},
                                                                  {"geo_location", geo_location}});
};

template <>
struct Words<OnNull> {
  using enum OnNull;
  static constexpr auto all = std::to_array<Word<OnNull>>({{"clear", clear}, {"keep", keep}});
};

template <>
struct Words<ProofRules::By> {
  using enum ProofRules::By;
  static constexpr auto all =
      std::to_array<Word<ProofRules::By>>({{"look_up", look_up}, {"fastest", fastest}});
};

template <>
struct Words<ProofWay> {
  using enum ProofWay;
  static constexpr auto all = std::to_array<Word<ProofWay>>(
      {{"none", none}, {"look_ups", look_ups}, {"export", whole_export}, {"increment", increment}});
};

template <>
struct Words<ChangeKind> {
  using enum ChangeKind;
  static constexpr auto all = std::to_array<Word<ChangeKind>>(
      {{"entered", entered}, {"left", left}, {"changed", changed}, {"retried", retried}});
};

template <>
struct Words<OutcomeKind> {
  using enum OutcomeKind;
  static constexpr auto all = std::to_array<Word<OutcomeKind>>({{"added", added},
                                                                {"removed", removed},
                                                                {"updated", updated},
                                                                {"not_a_contact", not_a_contact},
                                                                {"rejected", rejected},
                                                                {"unknown", unknown},
                                                                {"not_sent", not_sent}});
};

template <>
struct Words<RunKind> {
  using enum RunKind;
  static constexpr auto all = std::to_array<Word<RunKind>>({{"full", full}, {"delta", delta}});
};

template <>
struct Words<Trigger> {
  using enum Trigger;
  static constexpr auto all = std::to_array<Word<Trigger>>(
      {{"manual", manual}, {"schedule", schedule}, {"api", api}, {"activation", activation}});
};

template <>
struct Words<RunStatus> {
  using enum RunStatus;
  static constexpr auto all =
      std::to_array<Word<RunStatus>>({{"running", running},
                                      {"completed", completed},
                                      {"completed_with_rejects", completed_with_rejects},
                                      {"stopped", stopped},
                                      {"failed", failed},
                                      {"interrupted", interrupted}});
};

// clang-format on

// One of it: "day".
constexpr std::string_view singular(Duration::Unit unit) {
  std::string_view out = word(unit);
  out.remove_suffix(1);
  return out;
}

}  // namespace rollcall
