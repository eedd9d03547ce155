#include "core/operators.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

namespace rollcall {
namespace {

using testing::ElementsAreArray;

template <class... E>
void each_leads_back() {
  const auto one = [](auto first) {
    using T = decltype(first);
    std::set<std::string_view> seen;
    int next = 0;
    for (const auto& [text, enumerator] : Words<T>::all) {
      EXPECT_EQ(word(enumerator), text);
      EXPECT_EQ(from_word<T>(text), enumerator);
      EXPECT_TRUE(seen.insert(text).second) << text;
      ++next;
    }
    EXPECT_FALSE(from_word<T>("no such word"));
    EXPECT_EQ(words<T>().size(), static_cast<size_t>(next));
  };
  (one(E{}), ...);
}

TEST(WordsTest, EveryWordLeadsBackToItsEnumerator) {
  each_leads_back<ErrorKind, ModelType, FieldType, RelationKind, Aggregate, Duration::Unit, Op,
                  KeyType, ProjectType, AttributeType, OnNull, ProofRules::By, ProofWay, ChangeKind,
                  OutcomeKind, RunKind, Trigger, RunStatus, Takes>();
  EXPECT_EQ(to_string(FieldType::json), "json");
  EXPECT_FALSE(from_word<FieldType>("json")) << "no file may declare it";
  EXPECT_EQ(singular(Duration::Unit::weeks), "week");
}

TEST(OperatorsTest, EveryOperatorIsThereOnceAndBelongsToSomeType) {
  ASSERT_EQ(operators().size(), Words<Op>::all.size());
  std::set<Op> used;
  for (const FieldType type : {FieldType::text, FieldType::number, FieldType::date,
                               FieldType::boolean, FieldType::list, FieldType::object})
    for (const Op op : operators_of(type)) used.insert(op);
  for (const Operator& one : operators()) {
    EXPECT_EQ(&operator_of(one.op), &one);
    EXPECT_FALSE(one.phrase.empty()) << word(one.op);
    EXPECT_TRUE(used.contains(one.op)) << word(one.op);
    const auto of_text = operators_of(FieldType::text);
    EXPECT_TRUE(!one.ignores_case || std::ranges::find(of_text, one.op) != of_text.end())
        << word(one.op);
  }
}

// The words in backquotes in the row of that label, but for those that hold a space.
std::vector<std::string> told(const std::string& label) {
  std::ifstream file(OPERATORS_DOCUMENT);
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| " + label + " |")) continue;
    for (size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at + 1)) {
      const size_t end = line.find('`', at + 1);
      const std::string text = line.substr(at + 1, end - at - 1);
      if (text.find(' ') == std::string::npos) out.push_back(text);
      at = end;
    }
  }
  return out;
}

TEST(OperatorsTest, TheDocumentTellsThoseOfEachType) {
  const std::pair<const char*, std::vector<FieldType>> rows[] = {
      {"text", {FieldType::text}},
      {"number", {FieldType::integer, FieldType::decimal, FieldType::number}},
      {"date, time", {FieldType::date, FieldType::timestamp}},
      {"yes or no", {FieldType::boolean}},
      {"list", {FieldType::list}},
      {"object", {FieldType::object, FieldType::json}}};
  for (const auto& [label, types] : rows)
    for (const FieldType type : types) {
      std::vector<std::string> names;
      for (const Op op : operators_of(type)) names.emplace_back(word(op));
      EXPECT_THAT(told(label), ElementsAreArray(names)) << label;
    }
}

}  // namespace
}  // namespace rollcall
