// The forms of everything a catalog file defines: the keys of each kind in the order they are
// printed, with what each must hold. See form.hpp for how one description serves both directions.
#pragma once

#include "catalog/form.hpp"
#include "core/catalog.hpp"

namespace rollcall {
namespace catalog {
// The file's word for Activation::remove_foreign.
enum class ForeignMembers { keep, remove };
}  // namespace catalog

template <>
struct Words<catalog::ForeignMembers> {
  using enum catalog::ForeignMembers;
  static constexpr auto all =
      std::to_array<Word<catalog::ForeignMembers>>({{"keep", keep}, {"remove", remove}});
};
}  // namespace rollcall

namespace rollcall::catalog {

// clang-format off: a table
template <>
struct Called<Source> {
  static constexpr std::string_view text = "a source";
};
template <>
struct Called<Field> {
  static constexpr std::string_view text = "a field";
};
template <>
struct Called<ComputedField> {
  static constexpr std::string_view text = "a computed field";
};
template <>
struct Called<ComputedField::Cases::Case> {
  static constexpr std::string_view text = "a case";
};
template <>
struct Called<Relation> {
  static constexpr std::string_view text = "a relation";
};
template <>
struct Called<Model> {
  static constexpr std::string_view text = "a model";
};
template <>
struct Called<Segment> {
  static constexpr std::string_view text = "a segment";
};
template <>
struct Called<MatchKey> {
  static constexpr std::string_view text = "a match key";
};
template <>
struct Called<Attribute> {
  static constexpr std::string_view text = "an attribute";
};
template <>
struct Called<Recurrence> {
  static constexpr std::string_view text = "a recurrence";
};
template <>
struct Called<GuardLimits> {
  static constexpr std::string_view text = "a guard";
};
template <>
struct Called<ActivationDefaults> {
  static constexpr std::string_view text = "the defaults";
};
template <>
struct Called<Destination> {
  static constexpr std::string_view text = "a destination";
};
template <>
struct Called<Activation> {
  static constexpr std::string_view text = "an activation";
};
// clang-format on

// What a file calls an activation's list, and how often it is audited.
struct ListForm {
  std::optional<int64_t> adopt;
  bool operator==(const ListForm&) const = default;
};
struct AuditForm {
  std::optional<std::chrono::seconds> every;  // nothing: never
  bool operator==(const AuditForm&) const = default;
};
template <>
struct Called<ListForm> {
  static constexpr std::string_view text = "a list";
};

template <>
struct Called<ProofRules> {
  static constexpr std::string_view text = "a proof";
};

bool take(const Node&, Reading&, std::string_view key, AuditForm& value);
Node give(const AuditForm& value);

void form(In&, Source&);
void form(Out&, Source&);
void form(In&, Field&);
void form(Out&, Field&);
void form(In&, ComputedField&);
void form(Out&, ComputedField&);
void form(In&, ComputedField::Cases::Case&);
void form(Out&, ComputedField::Cases::Case&);
void form(In&, Relation&);
void form(Out&, Relation&);
void form(In&, Model&);
void form(Out&, Model&);
void form(In&, Segment&);
void form(Out&, Segment&);
void form(In&, MatchKey&);
void form(Out&, MatchKey&);
void form(In&, Attribute&);
void form(Out&, Attribute&);
void form(In&, Recurrence&);
void form(Out&, Recurrence&);
void form(In&, GuardLimits&);
void form(Out&, GuardLimits&);
void form(In&, ActivationDefaults&);
void form(Out&, ActivationDefaults&);
void form(In&, Destination&);
void form(Out&, Destination&);
void form(In&, ProofRules&);
void form(Out&, ProofRules&);
void form(In&, ListForm&);
void form(Out&, ListForm&);
// As the store keeps it: complete, so that no defaults are needed.
void form(In&, Activation&);
void form(Out&, Activation&);
// As a file has it: what the activation does not say comes from the destination's defaults.
// `defaults` is null when there are none. The model of the segment decides whether their fields
// mean anything.
void form_with_defaults(In&, Activation&, const ActivationDefaults* defaults,
                        const std::string& model);
void form_with_defaults(Out&, Activation&, const ActivationDefaults* defaults,
                        const std::string& model);

}  // namespace rollcall::catalog
