#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog.hpp"
#include "catalog/example_test.hpp"

namespace rollcall::catalog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Catalog parsed(std::string_view yaml, const Catalog& stored = {}) {
  References references;
  references.environment = [](const std::string&) { return std::optional<std::string>("key"); };
  references.folder = "/work";
  ReadResult result = read(yaml, stored, references);
  for (const Problem& problem : result.problems)
    ADD_FAILURE() << to_text(problem, "f") << "\n" << yaml;
  return std::move(result.catalog);
}

// As the store would give it back: uids and no places.
Catalog stored_of(const Catalog& catalog) {
  Catalog out;
  for (const Source& one : catalog.sources) {
    Source copy = *source_from_json(to_json(one));
    copy.secrets = one.secrets;
    out.sources.push_back(std::move(copy));
  }
  for (const Model& one : catalog.models) out.models.push_back(*model_from_json(to_json(one)));
  for (const Segment& one : catalog.segments)
    out.segments.push_back(*segment_from_json(to_json(one)));
  for (const Destination& one : catalog.destinations) {
    Destination copy = *destination_from_json(to_json(one));
    copy.api_key = one.api_key;
    copy.uid = one.uid.empty() ? "uid-of-" + one.name : one.uid;
    out.destinations.push_back(std::move(copy));
  }
  for (const Activation& one : catalog.activations) {
    Activation copy = *activation_from_json(to_json(one));
    copy.uid = one.uid.empty() ? "uid-of-" + one.destination + "/" + one.name : one.uid;
    out.activations.push_back(std::move(copy));
  }
  return out;
}

bool has_list(const std::string&) { return true; }
bool has_none(const std::string&) { return false; }

// "segment changed VIPs: where", for all but the unchanged.
std::vector<std::string> lines(const Comparison& comparison) {
  std::vector<std::string> out;
  for (const Difference& one : comparison.differences) {
    if (one.what == Difference::What::unchanged) continue;
    std::string line =
        std::string(to_string(one.kind)) + " " + std::string(to_string(one.what)) + " " + one.name;
    if (!one.old_name.empty()) line += " from " + one.old_name;
    if (!one.detail.empty()) line += ": " + one.detail;
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<std::string> problems(const Comparison& comparison) {
  std::vector<std::string> out;
  for (const Problem& one : comparison.problems) out.push_back(to_text(one, "f"));
  return out;
}

constexpr std::string_view kBase = R"(version: 1
sources: [{name: shop, kind: duckdb, path: x}]
models: [{name: people, id: m1, source: shop, table: t, primary_key: id}]
segments:
  - {name: VIPs, id: s1, model: people}
  - {name: Others, model: people, where: {not_in_segment: VIPs}}
destinations:
  - {name: It, id: d1, project_type: hybrid, api_key: abc,
     defaults: {model: people, match_key: {type: email, field: email}}}
activations:
  - {segment: VIPs, destination: It}
  - {segment: Others, destination: It, id: a2, name: The rest}
)";

// kBase with one text in place of another.
std::string base_with(std::string_view from, std::string_view to) {
  std::string out(kBase);
  const size_t at = out.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return out.replace(at, from.size(), to);
}

TEST(CompareTest, EverythingIsCreatedInAnEmptyStore) {
  const Comparison comparison = compare({}, parsed(kBase), false, has_none);
  EXPECT_THAT(lines(comparison),
              ElementsAre("source created shop", "model created people", "segment created VIPs",
                          "segment created Others", "destination created It",
                          "activation created VIPs", "activation created The rest"));
  EXPECT_EQ(comparison.merged.activations[0].uid, "") << "the store gives it";
}

TEST(CompareTest, ApplyingAnExportChangesNothing) {
  for (const std::string_view yaml : {kBase, kExample}) {
    const Catalog stored = stored_of(parsed(yaml));
    const Comparison comparison = compare(stored, parsed(write(stored), stored), true, has_list);
    EXPECT_THAT(lines(comparison), IsEmpty());
    EXPECT_THAT(problems(comparison), IsEmpty());
    EXPECT_EQ(comparison.merged.models, stored.models);
    EXPECT_EQ(comparison.merged.segments, stored.segments);
    EXPECT_EQ(comparison.merged.destinations, stored.destinations);
    EXPECT_EQ(comparison.merged.activations, stored.activations);
  }
}

TEST(CompareTest, NamesTheKeysThatChanged) {
  const Catalog stored = stored_of(parsed(kBase));
  Comparison comparison =
      compare(stored,
              parsed(base_with("{name: VIPs, id: s1, model: people}",
                               "{name: VIPs, model: people, tags: [a], where: {any: []}}")),
              false, has_list);
  EXPECT_THAT(lines(comparison), ElementsAre("segment changed VIPs: tags, where"));
  EXPECT_EQ(comparison.merged.segments[0].id, "s1") << "an id stays when the file leaves it out";

  comparison = compare(stored, parsed(base_with("api_key: abc", "api_key: abd")), false, has_list);
  EXPECT_THAT(lines(comparison), ElementsAre("destination changed It: api_key"));
  EXPECT_EQ(comparison.merged.destinations[0].uid, "uid-of-It");
  EXPECT_EQ(comparison.merged.destinations[0].api_key.reveal(), "abd");

  comparison = compare(stored, parsed(base_with("field: email}", "field: mail}")), false, has_list);
  EXPECT_THAT(lines(comparison),
              ElementsAre("destination changed It: defaults", "activation changed VIPs: match_key",
                          "activation changed The rest: match_key"))
      << "defaults reach the activations that the file leaves to them";
  EXPECT_THAT(problems(comparison), IsEmpty()) << "another field of the same type is allowed";
}

TEST(CompareTest, WhatTheFileDoesNotNameIsKeptUnlessPruned) {
  const Catalog stored = stored_of(parsed(kBase));
  const Catalog file = parsed("version: 1\nsegments: [{name: New, model: people}]\n", stored);
  Comparison comparison = compare(stored, file, false, has_list);
  EXPECT_THAT(lines(comparison),
              ElementsAre("segment created New", "source not_in_file shop",
                          "model not_in_file people", "segment not_in_file VIPs",
                          "segment not_in_file Others", "destination not_in_file It",
                          "activation not_in_file VIPs", "activation not_in_file The rest"));
  EXPECT_EQ(comparison.merged.segments.size(), 3U);
  EXPECT_EQ(comparison.merged.activations, stored.activations);
  EXPECT_THAT(problems(comparison), IsEmpty());

  comparison = compare(stored, file, true, has_list);
  EXPECT_EQ(comparison.merged.segments.size(), 1U);
  EXPECT_TRUE(comparison.merged.activations.empty());
  EXPECT_THAT(problems(comparison),
              ElementsAre("f:2:12: there is no model `people`: none is defined"))
      << "what is pruned must not be needed";
}

TEST(CompareTest, ARenameIsFollowedEverywhere) {
  const Catalog stored = stored_of(parsed(kBase));
  const Catalog file = parsed(R"(version: 1
models: [{name: customers, id: m1, source: shop, table: t, primary_key: id}]
segments: [{name: Best, id: s1, model: customers}]
destinations:
  - {name: Iterable, id: d1, project_type: hybrid, api_key: abc,
     defaults: {model: customers, match_key: {type: email, field: email}}}
)",
                              stored);
  const Comparison comparison = compare(stored, file, false, has_list);
  EXPECT_THAT(lines(comparison),
              ElementsAre("model renamed customers from people", "segment renamed Best from VIPs",
                          "destination renamed Iterable from It", "source not_in_file shop",
                          "segment not_in_file Others", "activation not_in_file VIPs",
                          "activation not_in_file The rest"));
  EXPECT_THAT(problems(comparison), IsEmpty());
  const Catalog& merged = comparison.merged;
  EXPECT_EQ(merged.segments[1].model, "customers");
  EXPECT_EQ(std::get<SegmentTest>(merged.segments[1].where.test).segment, "Best");
  EXPECT_EQ(merged.activations[0].segment, "Best");
  EXPECT_EQ(merged.activations[0].destination, "Iterable");
  EXPECT_EQ(merged.activations[0].name, "VIPs") << "its list is still called so";
  EXPECT_EQ(merged.destinations[0].uid, "uid-of-It");
}

TEST(CompareTest, TwoMaySwapTheirNames) {
  Catalog stored = stored_of(parsed(R"(version: 1
sources: [{name: shop, kind: duckdb, path: x}]
models: [{name: people, source: shop, table: t, primary_key: id}]
segments:
  - {name: A, id: "1", model: people, description: one}
  - {name: B, id: "2", model: people, description: two}
  - {name: C, model: people, where: {in_segment: A}}
)"));
  const Comparison comparison = compare(stored,
                                        parsed(R"(version: 1
segments:
  - {name: B, id: "1", model: people, description: one}
  - {name: A, id: "2", model: people, description: two}
)",
                                               stored),
                                        false, has_list);
  EXPECT_THAT(lines(comparison), ElementsAre("segment renamed B from A", "segment renamed A from B",
                                             "source not_in_file shop", "model not_in_file people",
                                             "segment not_in_file C"));
  EXPECT_THAT(problems(comparison), IsEmpty());
  EXPECT_EQ(std::get<SegmentTest>(comparison.merged.segments[2].where.test).segment, "B");
}

TEST(CompareTest, ANameThatIsTakenCannotBeGiven) {
  const Catalog stored = stored_of(parsed(kBase));
  const Catalog file =
      parsed("version: 1\nsegments: [{name: Others, id: s1, model: people}]\n", stored);
  EXPECT_THAT(problems(compare(stored, file, false, has_list)),
              testing::Contains(
                  "f:2:12: the segment `VIPs` cannot be renamed to `Others`: another is stored "
                  "under that name; rename or remove that one first"));
}

TEST(CompareTest, AnActivationFollowsTheSegmentWhoseNameItBears) {
  const Catalog stored = stored_of(parsed(kBase));
  std::string yaml = base_with("{name: VIPs, id: s1", "{name: Best, id: s1");
  yaml.replace(yaml.find("not_in_segment: VIPs"), 20, "not_in_segment: Best");
  yaml.replace(yaml.find("{segment: VIPs"), 14, "{segment: Best");
  const Comparison comparison = compare(stored, parsed(yaml, stored), true, has_list);
  EXPECT_THAT(lines(comparison),
              ElementsAre("segment renamed Best from VIPs", "activation renamed Best from VIPs"));
  EXPECT_EQ(comparison.merged.activations[0].uid, "uid-of-It/VIPs");
  EXPECT_THAT(
      comparison.warnings,
      ElementsAre("Iterable cannot rename a list: the list of `Best` keeps the name `VIPs` until "
                  "`rollcall run --new-list` makes one of the new name"));
}

TEST(CompareTest, AnActivationKeepsTheTypeOfItsMatchKeyOnceItHasAList) {
  const Catalog stored = stored_of(parsed(kBase));
  const Catalog file =
      parsed(base_with("{segment: VIPs, destination: It}",
                       "{segment: VIPs, destination: It, match_key: {type: user_id, field: id}}"));
  EXPECT_THAT(
      problems(compare(stored, file, false, has_list)),
      ElementsAre(
          "f:11:5: `It/VIPs` has a list, whose people are known by email: matched by user_id they "
          "would all leave it; archive `It/VIPs` and activate the segment anew under another name, "
          "or keep `type: email`"));
  const Comparison free = compare(stored, file, false, has_none);
  EXPECT_THAT(problems(free), IsEmpty());
  EXPECT_THAT(lines(free), ElementsAre("activation changed VIPs: match_key"));
}

TEST(CompareTest, AnActivationKeepsItsDestinationAndItsListOnceItHasOne) {
  const Catalog stored = stored_of(parsed(kBase));
  std::string yaml =
      base_with("{segment: Others, destination: It, id: a2, name: The rest}",
                "{segment: Others, destination: Two, id: a2, name: The rest, list: {adopt: 7}}");
  yaml.replace(yaml.find("activations:"), 12,
               "  - {name: Two, api_key: k, defaults: {match_key: {type: email, field: "
               "email}}}\nactivations:");
  const Catalog file = parsed(yaml, stored);
  EXPECT_THAT(
      problems(compare(stored, file, false, has_list)),
      ElementsAre(
          HasSubstr("f:13:5: `It/The rest` has a list there and cannot move to `Two`: archive "),
          HasSubstr("f:13:5: `It/The rest` has a list and cannot adopt the list 7: archive ")));
  EXPECT_THAT(
      lines(compare(stored, file, false, has_none)),
      ElementsAre("destination created Two", "activation renamed The rest from It/The rest: list"));
}

TEST(CompareTest, AnActivationMayBeRenamedAndItsListKeepsTheName) {
  const Catalog stored = stored_of(parsed(kBase));
  const Comparison comparison =
      compare(stored, parsed(base_with("name: The rest", "name: Everybody")), false, has_list);
  EXPECT_THAT(lines(comparison), ElementsAre("activation renamed Everybody from The rest"));
  EXPECT_THAT(problems(comparison), IsEmpty());
  EXPECT_EQ(comparison.warnings.size(), 1U);
  EXPECT_EQ(comparison.merged.activations[1].uid, "uid-of-It/The rest");
}

TEST(CompareTest, AnArchivedActivationIsResumedByItsName) {
  const Catalog all = stored_of(parsed(kBase));
  Catalog stored = all;
  stored.activations.clear();
  Comparison comparison = compare(stored, parsed(kBase), false, has_list, all.activations);
  EXPECT_THAT(lines(comparison),
              ElementsAre("activation resumed VIPs", "activation resumed The rest"));
  EXPECT_EQ(comparison.merged.activations[0].uid, "uid-of-It/VIPs");

  comparison = compare(
      stored,
      parsed(base_with("{segment: VIPs, destination: It}",
                       "{segment: VIPs, destination: It, match_key: {type: user_id, field: id}}")),
      false, has_list, all.activations);
  EXPECT_THAT(problems(comparison),
              ElementsAre(HasSubstr("has a list, whose people are known by email")));
}

TEST(CompareTest, AListBelongsToOneActivation) {
  const Catalog stored = stored_of(parsed(base_with(
      "{segment: VIPs, destination: It}", "{segment: VIPs, destination: It, list: {adopt: 7}}")));
  const Catalog file = parsed(
      "version: 1\nactivations: [{segment: Others, destination: It, name: N, list: {adopt: 7}}]\n",
      stored);
  EXPECT_THAT(problems(compare(stored, file, false, has_list)),
              ElementsAre("f:2:15: the list 7 would be adopted by `VIPs` and by `N`: a list "
                          "belongs to one activation"));
}

TEST(CompareTest, StoredObjectsMustStillMakeSense) {
  const Catalog stored = stored_of(parsed(R"(version: 1
sources: [{name: shop, kind: duckdb, path: x}]
models:
  - name: people
    source: shop
    table: t
    primary_key: id
    relations: [{name: orders, kind: has_many, model: orders, key: id, foreign_key: pid}]
  - {name: orders, type: events, source: shop, table: o}
segments:
  - {name: Buyers, model: people, where: {related: orders}}
)"));
  const Catalog file = parsed(
      "version: 1\nmodels: [{name: people, source: shop, table: t, primary_key: id}]\n", stored);
  EXPECT_THAT(problems(compare(stored, file, false, has_list)),
              ElementsAre("f:1:1: the model `people` has no relation `orders`: it has none, which "
                          "the stored segment "
                          "`Buyers` needs"));
}

TEST(CompareTest, NamesTheDestinationWhereTheNameAloneIsNotEnough) {
  const Catalog stored = stored_of(parsed(kBase));
  const Catalog file = parsed(R"(version: 1
destinations: [{name: Two, api_key: k, defaults: {match_key: {type: email, field: email}}}]
activations: [{segment: VIPs, destination: Two}]
)",
                              stored);
  EXPECT_THAT(
      lines(compare(stored, file, false, has_list)),
      testing::IsSupersetOf({"activation created Two/VIPs", "activation not_in_file It/VIPs",
                             "activation not_in_file The rest"}));
}

TEST(CompareTest, TypesThatWereFoundStayWhenTheFileDoesNotSpeakOfThem) {
  Catalog stored = stored_of(parsed(kBase));
  const ColumnTypes found = {{"id", {.type = FieldType::integer}},
                             {"seen", {.type = FieldType::timestamp, .zoned = true}}};
  stored.models[0].types["t"] = found;
  const Comparison same = compare(stored, parsed(kBase), false, has_none);
  EXPECT_THAT(lines(same), IsEmpty());
  EXPECT_EQ(same.merged.models[0].types.at("t"), found);
  const Comparison exported = compare(stored, parsed(write(stored), stored), false, has_none);
  EXPECT_THAT(lines(exported), IsEmpty());
  const std::string said = base_with("primary_key: id", "primary_key: id, types: {t: {id: text}}");
  EXPECT_THAT(lines(compare(stored, parsed(said), false, has_none)),
              ElementsAre("model changed people: types"));
}

}  // namespace
}  // namespace rollcall::catalog
