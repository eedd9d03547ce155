// One object at a time, as programs and the page change them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operations/operations.hpp"
#include "tests/world/small_world.hpp"

namespace rollcall::testing {
namespace {

using catalog::Kind;
using json = nlohmann::ordered_json;
using operations::Edited;
using operations::Object;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EditTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.customers[1] = {};
    const auto applied = operations::apply(world_.at_work(), {.text = world_.catalog_text}, {});
    ASSERT_TRUE(applied.ok()) << applied.error().text();
    ASSERT_THAT(applied->problems, IsEmpty());
  }
  Object only(Kind kind) {
    return operations::objects(*operations::stored(world_.at_work()), kind).at(0);
  }
  Result<Edited> edit(Kind kind, const std::string& uid, const json& body,
                      std::optional<std::string> etag = {}) {
    return operations::edit(world_.at_work(),
                            {.kind = kind, .uid = uid, .json = body.dump(), .etag = etag}, {});
  }
  SmallWorld world_;
};

TEST_F(EditTest, WhatWasReadChangesNothing) {
  for (const Kind kind :
       {Kind::source, Kind::model, Kind::segment, Kind::destination, Kind::activation}) {
    const Object before = only(kind);
    const auto edited = edit(kind, before.uid, json::parse(before.json), before.etag);
    ASSERT_TRUE(edited.ok()) << edited.error().text();
    EXPECT_THAT(edited->problems, IsEmpty());
    EXPECT_FALSE(edited->changed) << before.json;
    EXPECT_EQ(edited->object.etag, before.etag);
    EXPECT_EQ(only(kind).json, before.json);
  }
}

TEST_F(EditTest, ASecretIsNeverToldAndStays) {
  const Object before = only(Kind::destination);
  EXPECT_EQ(json::parse(before.json)["api_key"], "stored");
  json body = json::parse(before.json);
  body.erase("api_key");
  body["settle"] = "2m";
  ASSERT_TRUE(edit(Kind::destination, before.uid, body)->changed);
  const auto key = [&] {
    return operations::stored(world_.at_work())->catalog.destinations[0].api_key.reveal();
  };
  EXPECT_EQ(key(), "0123456789abcdef0123456789abcdef");
  // What would refer to something of the server's in a file is a text here.
  ::setenv("ROLLCALL_TEST_SECRET", "of the server", 1);
  body["api_key"] = "${ROLLCALL_TEST_SECRET}";
  ASSERT_TRUE(edit(Kind::destination, before.uid, body)->changed);
  EXPECT_EQ(key(), "${ROLLCALL_TEST_SECRET}");
  EXPECT_EQ(json::parse(only(Kind::destination).json)["api_key"], "stored");
}

TEST_F(EditTest, AnObjectThatChangedSinceIsNotWrittenOver) {
  const Object before = only(Kind::segment);
  json body = json::parse(before.json);
  body["where"] = {{"field", "vip"}, {"op", "is_false"}};
  ASSERT_TRUE(edit(Kind::segment, before.uid, body, before.etag)->changed);
  body["where"] = {{"field", "points"}, {"op", "gt"}, {"value", 3}};
  const auto late = edit(Kind::segment, before.uid, body, before.etag);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, "object_changed");
}

TEST_F(EditTest, ARenamedObjectIsTheSameOne) {
  const Object before = only(Kind::segment);
  json body = json::parse(before.json);
  body["name"] = "Very important";
  const auto edited = edit(Kind::segment, before.uid, body, before.etag);
  ASSERT_TRUE(edited.ok()) << edited.error().text();
  EXPECT_EQ(edited->object.uid, before.uid);
  EXPECT_EQ(json::parse(only(Kind::activation).json)["segment"], "Very important");
  EXPECT_EQ(operations::objects(*operations::stored(world_.at_work()), Kind::segment).size(), 1U);
}

TEST_F(EditTest, AMistakeIsNamedAtItsPlaceInTheObject) {
  json body = {
      {"name", "New"},
      {"model", "customers"},
      {"where",
       {{"all", {{{"field", "vip"}, {"op", "is_true"}}, {{"field", "pionts"}, {"op", "gt"}}}}}}};
  const auto edited = edit(Kind::segment, "", body);
  ASSERT_TRUE(edited.ok()) << edited.error().text();
  ASSERT_FALSE(edited->problems.empty());
  EXPECT_THAT(edited->problems[0].pointer, HasSubstr("/where/all/1"));
  EXPECT_EQ(operations::objects(*operations::stored(world_.at_work()), Kind::segment).size(), 1U);
}

TEST_F(EditTest, ANameIsGivenOnce) {
  const json body = {
      {"name", "VIPs"}, {"model", "customers"}, {"where", {{"field", "vip"}, {"op", "is_true"}}}};
  const auto edited = edit(Kind::segment, "", body);
  ASSERT_FALSE(edited.ok());
  EXPECT_EQ(edited.error().code, "name_taken");
}

TEST_F(EditTest, AnEditDoesNotResumeWhatIsPaused) {
  ASSERT_TRUE(operations::set_paused(world_.at_work(), "VIPs", true).ok());
  const Object before = only(Kind::activation);
  json body = json::parse(before.json);
  body.erase("paused");
  body["description"] = "for the spring mailing";
  ASSERT_TRUE(edit(Kind::activation, before.uid, body, before.etag)->changed);
  EXPECT_EQ(json::parse(only(Kind::activation).json)["paused"], true);
}

TEST_F(EditTest, WhatIsInUseIsNotRemoved) {
  const Object segment = only(Kind::segment);
  const auto refused = operations::remove(world_.at_work(), Kind::segment, segment.uid, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "object_in_use");
  ASSERT_TRUE(
      operations::remove(world_.at_work(), Kind::activation, only(Kind::activation).uid, {}).ok());
  EXPECT_EQ(operations::stored(world_.at_work())->archived.size(), 1U);
  ASSERT_TRUE(operations::remove(world_.at_work(), Kind::segment, segment.uid, {}).ok());
  EXPECT_TRUE(operations::objects(*operations::stored(world_.at_work()), Kind::segment).empty());
}

}  // namespace
}  // namespace rollcall::testing
