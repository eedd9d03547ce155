// The one spelling of each enumerator in catalog files and in the store, and the way back.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/catalog.hpp"

namespace rollcall::catalog {

template <class E>
struct Words;  // `all`: pairs of spelling and enumerator

template <class E>
using Word = std::pair<std::string_view, E>;

template <>
struct Words<ModelType> {
  static constexpr std::array<Word<ModelType>, 3> all = {
      {{"users", ModelType::users}, {"events", ModelType::events}, {"custom", ModelType::custom}}};
};
template <>
struct Words<FieldType> {
  static constexpr std::array<Word<FieldType>, 9> all = {{{"text", FieldType::text},
                                                          {"integer", FieldType::integer},
                                                          {"decimal", FieldType::decimal},
                                                          {"number", FieldType::number},
                                                          {"boolean", FieldType::boolean},
                                                          {"date", FieldType::date},
                                                          {"timestamp", FieldType::timestamp},
                                                          {"list", FieldType::list},
                                                          {"object", FieldType::object}}};
};
template <>
struct Words<RelationKind> {
  static constexpr std::array<Word<RelationKind>, 3> all = {
      {{"has_many", RelationKind::has_many},
       {"belongs_to", RelationKind::belongs_to},
       {"many_to_many", RelationKind::many_to_many}}};
};
template <>
struct Words<Aggregate> {
  static constexpr std::array<Word<Aggregate>, 6> all = {
      {{"count", Aggregate::count},
       {"count_distinct", Aggregate::count_distinct},
       {"sum", Aggregate::sum},
       {"avg", Aggregate::avg},
       {"min", Aggregate::min},
       {"max", Aggregate::max}}};
};
template <>
struct Words<KeyType> {
  static constexpr std::array<Word<KeyType>, 2> all = {
      {{"email", KeyType::email}, {"user_id", KeyType::user_id}}};
};
template <>
struct Words<ProjectType> {
  static constexpr std::array<Word<ProjectType>, 3> all = {{{"email", ProjectType::email},
                                                            {"user_id", ProjectType::user_id},
                                                            {"hybrid", ProjectType::hybrid}}};
};
template <>
struct Words<AttributeType> {
  static constexpr std::array<Word<AttributeType>, 7> all = {
      {{"string", AttributeType::string},
       {"long", AttributeType::long_},
       {"double", AttributeType::double_},
       {"boolean", AttributeType::boolean},
       {"date", AttributeType::date},
       {"object", AttributeType::object},
       {"geo_location", AttributeType::geo_location}}};
};
template <>
struct Words<OnNull> {
  static constexpr std::array<Word<OnNull>, 2> all = {
      {{"clear", OnNull::clear}, {"keep", OnNull::keep}}};
};
template <>
struct Words<ProofRules::By> {
  static constexpr std::array<Word<ProofRules::By>, 2> all = {
      {{"look_up", ProofRules::By::look_up}, {"fastest", ProofRules::By::fastest}}};
};
// The file's word for Activation::remove_foreign.
enum class ForeignMembers { keep, remove };
template <>
struct Words<ForeignMembers> {
  static constexpr std::array<Word<ForeignMembers>, 2> all = {
      {{"keep", ForeignMembers::keep}, {"remove", ForeignMembers::remove}}};
};
template <>
struct Words<Duration::Unit> {
  static constexpr std::array<Word<Duration::Unit>, 6> all = {{{"minutes", Duration::Unit::minutes},
                                                               {"hours", Duration::Unit::hours},
                                                               {"days", Duration::Unit::days},
                                                               {"weeks", Duration::Unit::weeks},
                                                               {"months", Duration::Unit::months},
                                                               {"years", Duration::Unit::years}}};
};
// clang-format off: a table
template <>
struct Words<Op> {
  static constexpr std::array<Word<Op>, 31> all = {{
      {"eq", Op::eq},
      {"ne", Op::ne},
      {"gt", Op::gt},
      {"gte", Op::gte},
      {"lt", Op::lt},
      {"lte", Op::lte},
      {"between", Op::between},
      {"in", Op::in},
      {"not_in", Op::not_in},
      {"contains", Op::contains},
      {"not_contains", Op::not_contains},
      {"starts_with", Op::starts_with},
      {"ends_with", Op::ends_with},
      {"matches", Op::matches},
      {"is_null", Op::is_null},
      {"is_not_null", Op::is_not_null},
      {"is_blank", Op::is_blank},
      {"is_true", Op::is_true},
      {"is_false", Op::is_false},
      {"before", Op::before},
      {"after", Op::after},
      {"on", Op::on},
      {"within_last", Op::within_last},
      {"not_within_last", Op::not_within_last},
      {"within_next", Op::within_next},
      {"anniversary_within", Op::anniversary_within},
      {"has", Op::has},
      {"has_any", Op::has_any},
      {"has_all", Op::has_all},
      {"is_empty", Op::is_empty},
      {"is_not_empty", Op::is_not_empty},
  }};
};
// clang-format on

template <class E>
concept Worded = requires {
  Words<E>::all;
};

template <Worded E>
std::string_view word(E value) {
  for (const auto& [text, enumerator] : Words<E>::all)
    if (enumerator == value) return text;
  return Words<E>::all[0].first;
}

template <Worded E>
std::optional<E> from_word(std::string_view text) {
  for (const auto& [spelling, enumerator] : Words<E>::all)
    if (spelling == text) return enumerator;
  return std::nullopt;
}

template <Worded E>
std::vector<std::string> words() {
  std::vector<std::string> out;
  for (const auto& pair : Words<E>::all) out.emplace_back(pair.first);
  return out;
}

}  // namespace rollcall::catalog
