#include "operations/stored.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace rollcall::operations {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

const HasList kNoLists = [](const std::string&) { return false; };

class StoredTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::path(testing::TempDir()) /
            ("stored-" + std::to_string(::getpid()) + "-" +
             testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(home_);
  }
  void TearDown() override { fs::remove_all(home_); }

  std::unique_ptr<store::Store> open() {
    auto store = store::Store::open(home_, clock_, random_, disk_);
    EXPECT_TRUE(store.ok()) << store.error().text();
    return store.ok() ? std::move(*store) : nullptr;
  }

  // What `apply` does between the text and the store.
  static Status apply(store::Store& store, const std::string& yaml,
                      const HasList& has_list = kNoLists) {
    return change(store, has_list, [&](const Stored& stored) -> Status {
      const catalog::ReadResult read = catalog::read("version: 1\n" + yaml, stored.catalog, {});
      EXPECT_TRUE(read.problems.empty()) << read.problems.front().message;
      return save(store, stored,
                  catalog::compare(stored.catalog, read.catalog, false, has_list, stored.archived));
    });
  }
  static std::string source(const std::string& name, const std::string& path) {
    return "sources:\n  - {name: " + name + ", kind: duckdb, path: /" + path + "}\n";
  }
  ManualClock clock_{Time(Millis(1'000'000))};
  RealDisk disk_;
  SeededRandom random_{1};
  fs::path home_;
};

TEST_F(StoredTest, OfTwoChangesAtOnceNoneIsLostAndNothingIsStoredTwice) {
  constexpr int kRounds = 100;
  open();
  std::vector<std::thread> writers;
  for (const int writer : {1, 2})
    writers.emplace_back([&, writer] {
      ManualClock clock(Time(Millis(0)));
      SeededRandom random(static_cast<uint64_t>(writer));
      const auto store = std::move(*store::Store::open(home_, clock, random, disk_));
      for (int round = 0; round < kRounds; ++round) {
        // One object that both name, and one of each one's own.
        const std::string number = std::to_string(round);
        const std::string own = source(std::to_string(writer) + "-" + number, "own");
        const Status done = apply(*store, source("both-" + number, "both") + own.substr(9));
        EXPECT_TRUE(done.ok()) << done.error().text();
      }
    });
  for (std::thread& writer : writers) writer.join();
  const auto stored = load(*open(), kNoLists);
  ASSERT_TRUE(stored.ok());
  EXPECT_TRUE(stored->doubles.empty());
  EXPECT_EQ(stored->catalog.sources.size(), size_t{3} * kRounds);
}

TEST_F(StoredTest, WhatAnOlderProgramStoredIsReadNamedAndMended) {
  const auto store = open();
  ASSERT_TRUE(
      apply(*store, source("shop", "x") +
                        "models:\n  - {name: people, source: shop, table: t, primary_key: id, "
                        "relations: [{name: pals, kind: has_many, model: people, key: id, "
                        "foreign_key: id}]}\n"
                        "segments:\n  - {name: all, model: people, where: {all: []}}\n"
                        "  - {name: some, model: people, where: {related: pals}}\n")
          .ok());
  // As a program would have left them that knew other zones and operators.
  auto objects = std::move(*store->objects());
  std::vector<store::ObjectRow> older;
  std::string left_as;
  for (store::ObjectRow& row : objects.rows) {
    if (row.kind == "model")
      row.json.replace(row.json.find("\"primary_key\""), 0, "\"tz\":\"Mars/Base\",");
    if (row.name == "all")
      row.json = left_as =
          R"({"name":"all","model":"people","where":{"field":"x","op":"resembles","value":1}})";
    if (row.kind == "model" || row.name == "all") older.push_back(row);
  }
  ASSERT_EQ(older.size(), 2U);
  ASSERT_TRUE(store->put(objects.revision, older, {}).ok());

  const auto read = load(*store, kNoLists);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->catalog.unsound.size(), 2U);
  const Status zone = read->catalog.sound("model", "people");
  ASSERT_FALSE(zone.ok());
  EXPECT_THAT(zone.error().text(), testing::HasSubstr("Mars/Base"));
  EXPECT_FALSE(read->catalog.sound("segment", "all").ok());
  EXPECT_TRUE(read->catalog.sound("segment", "some").ok());
  const std::string written = catalog::write(read->catalog);
  EXPECT_THAT(written, testing::HasSubstr("Mars/Base"));
  EXPECT_THAT(written, testing::HasSubstr("resembles"));

  // What a file does not speak of stays letter by letter; what it defines is mended.
  ASSERT_TRUE(
      apply(*store, source("other", "y") +
                        "models:\n  - {name: people, source: shop, table: t, primary_key: id, "
                        "tz: Asia/Tokyo, relations: [{name: pals, kind: has_many, model: "
                        "people, key: id, foreign_key: id}]}\n")
          .ok());
  const auto mended = load(*store, kNoLists);
  ASSERT_TRUE(mended.ok());
  ASSERT_EQ(mended->catalog.unsound.size(), 1U);
  EXPECT_EQ(mended->catalog.unsound[0].json, left_as);
  EXPECT_EQ(mended->catalog.model("people")->tz, "Asia/Tokyo");
}

TEST_F(StoredTest, WhoAlwaysComesTooLateIsTold) {
  const auto store = open();
  int tried = 0;
  const Status done = change(*store, kNoLists, [&](const Stored& stored) -> Status {
    ++tried;
    EXPECT_TRUE(apply(*store, source("other", std::to_string(tried))).ok());
    return store->put(stored.revision, {}, {});
  });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().kind, ErrorKind::conflict);
  EXPECT_GT(tried, 1);
}

// A home of an earlier version, in which two writers stored everything twice.
class DoublesTest : public StoredTest {
 protected:
  void SetUp() override {
    StoredTest::SetUp();
    ASSERT_TRUE(apply(*open(), catalog()).ok());
    const auto store = open();
    store::Objects objects = *store->objects();
    for (store::ObjectRow& row : objects.rows) {
      row.uid += "-2";
      row.is_double = true;
      if (row.kind == "source") row.json = catalog::to_json(second_source());
    }
    ASSERT_TRUE(store->put(objects.revision, objects.rows, {}).ok());
  }
  static Source second_source() {
    return catalog::read("version: 1\n" + source("shop", "b"), {}, {}).catalog.sources.at(0);
  }
  static std::string catalog() {
    return source("shop", "a") +
           "models:\n  - {name: people, type: users, source: shop, table: t, primary_key: id}\n"
           "segments:\n  - {name: VIPs, model: people, where: {all: []}}\n"
           "destinations:\n  - {name: Iterable, platform: iterable, service: contact_lists, "
           "region: "
           "us, project_type: hybrid, api_key: k}\n"
           "activations:\n  - {segment: VIPs, destination: Iterable, match_key: {type: email, "
           "field: email}}\n";
  }
  static std::vector<std::string> kinds(const std::vector<store::ObjectRow>& rows) {
    std::vector<std::string> out;
    for (const store::ObjectRow& row : rows) out.push_back(row.kind);
    return out;
  }
};

TEST_F(DoublesTest, TheFirstOfTwoIsInUse) {
  const auto stored = load(*open(), kNoLists);
  ASSERT_TRUE(stored.ok()) << stored.error().text();
  EXPECT_THAT(kinds(stored->doubles),
              ElementsAre("source", "model", "segment", "destination", "activation"));
  ASSERT_EQ(stored->catalog.sources.size(), 1U);
  EXPECT_EQ(stored->catalog.sources[0].options.at("path"), "/a");
  ASSERT_EQ(stored->catalog.activations.size(), 1U);
}

TEST_F(DoublesTest, AnyApplyMendsThem) {
  ASSERT_TRUE(apply(*open(), "").ok());
  const auto stored = load(*open(), kNoLists);
  EXPECT_TRUE(stored->doubles.empty());
  EXPECT_EQ(stored->rows.size(), 6U) << "five, and the activation's double";
  EXPECT_EQ(stored->catalog.sources[0].options.at("path"), "/a");
  EXPECT_EQ(stored->archived.size(), 1U) << "which may have had a list, and is kept so";
}

TEST_F(DoublesTest, OfTwoActivationsTheOneWithAListStays) {
  const std::string first = load(*open(), kNoLists)->catalog.activations[0].uid;
  const HasList second_has_one = [&](const std::string& uid) { return uid != first; };
  ASSERT_TRUE(apply(*open(), "", second_has_one).ok());
  const auto stored = load(*open(), kNoLists);
  EXPECT_TRUE(stored->doubles.empty());
  ASSERT_EQ(stored->catalog.activations.size(), 1U);
  EXPECT_EQ(stored->catalog.activations[0].uid, first + "-2");
  EXPECT_EQ(stored->archived[0].uid, first);
}

TEST_F(DoublesTest, AnArchivedOneTakesItsDoubleAlong) {
  const auto store = open();
  const auto stored = load(*store, kNoLists);
  ASSERT_TRUE(archive_activation(*store, *stored, stored->catalog.activations[0]).ok());
  EXPECT_TRUE(load(*store, kNoLists)->catalog.activations.empty());
}

}  // namespace
}  // namespace rollcall::operations
