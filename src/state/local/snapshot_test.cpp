#include "state/local/snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "state/testing.hpp"

namespace rollcall::state::local {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

class SnapshotTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = std::move(*duck::Database::open(":memory:"));
    work_ = std::move(*database_->connect());
  }
  Snapshot take_from(FieldType pk, std::vector<MemoryRows::Row> rows,
                     KeyType type = KeyType::email) {
    MemoryRows stream(pk, std::move(rows));
    Observer observer;
    auto taken =
        take_snapshot(stream, {type, {{"name", "name", FieldType::text, AttributeType::string}}},
                      settled_, std::nullopt, *database_, *work_, observer, {});
    EXPECT_TRUE(taken.ok()) << taken.error().text();
    return taken.ok() ? *taken : Snapshot{};
  }
  Result<Settled> load(const std::filesystem::path& ledger) {
    return TRY(LoadingSettled::begin(TRY(database_->connect()), ledger))->finish();
  }
  std::vector<std::string> lines(const std::string& sql) {
    std::vector<std::string> out;
    const auto stream = work_->stream(sql);
    EXPECT_TRUE(stream.ok());
    while (const duck::Chunk* chunk = *(*stream)->next())
      for (size_t row = 0; row < chunk->rows(); ++row)
        out.push_back(chunk->is_null(0, row) ? "NULL" : std::string(chunk->text(0, row)));
    return out;
  }
  static uint64_t hash_of(FieldType pk, const MemoryRows::Row& row, KeyType type,
                          const std::vector<attributes::Target>& targets) {
    MemoryRows stream(pk, {row});
    RowBatch batch;
    EXPECT_TRUE(stream.next(batch).ok());
    std::vector<uint64_t> out;
    ReadHashes(type, targets).append(out, batch);
    return out.at(0);
  }
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> work_;
  Settled settled_;  // nobody
};

TEST_F(SnapshotTest, CountsWhoHasNoKeyOrAMalformedOne) {
  const Snapshot taken = take_from(FieldType::integer, {{"1", " Ann@Example.com ", "Ann"},
                                                        {"2", std::nullopt, "Bob"},
                                                        {"3", "  ", "Cy"},
                                                        {"4", "dora", "Dora"}});
  EXPECT_EQ(taken.counts.rows, 4);
  EXPECT_EQ(taken.counts.no_key, 2);
  EXPECT_EQ(taken.counts.invalid_key, 1);
  EXPECT_EQ(taken.counts.members, 1);
  EXPECT_THAT(lines("SELECT key FROM rows"), ElementsAre("ann@example.com"));
  EXPECT_THAT(lines("SELECT kind || ' ' || pk FROM problems"),
              UnorderedElementsAre("no_key 2", "no_key 3", "invalid_key 4"));
}
TEST_F(SnapshotTest, LetsTheSmallestNumberSpeakForOnePerson) {
  const Snapshot taken =
      take_from(FieldType::integer,
                {{"10", "a@b.co", "ten"}, {"9", "A@b.co", "nine"}, {"-5", "a@b.co", "minus five"}});
  EXPECT_EQ(taken.counts.duplicate_key, 2);
  EXPECT_EQ(taken.counts.members, 1);
  EXPECT_THAT(lines("SELECT v0 FROM rows"), ElementsAre("\"minus five\""));
}
TEST_F(SnapshotTest, TwoThatDifferInTheCaseOfLettersBeyondAsciiAreOnePerson) {
  const Snapshot taken =
      take_from(FieldType::integer,
                {{"2", "josé@b.co", "two"}, {"1", "JOSÉ@b.co", "one"}, {"3", "a@b.co", "three"}});
  EXPECT_EQ(taken.counts.duplicate_key, 1);
  EXPECT_THAT(lines("SELECT key FROM rows ORDER BY key"), ElementsAre("a@b.co", "josÉ@b.co"))
      << "sent as it is written";
  EXPECT_THAT(lines("SELECT kind || ' ' || key FROM problems"),
              ElementsAre("duplicate_key josé@b.co"));
}
TEST_F(SnapshotTest, ComparesOtherPrimaryKeysByTheirBytes) {
  take_from(FieldType::text, {{"9", "a@b.co", "nine"},
                              {"10", "a@b.co", "ten"},
                              {"é", "c@b.co", "e"},
                              {"z", "c@b.co", "z"}});
  EXPECT_THAT(lines("SELECT v0 FROM rows ORDER BY key"), ElementsAre("\"ten\"", "\"z\""));
}
TEST_F(SnapshotTest, PrintsKeysAsPeopleWriteThem) {
  const std::pair<FieldType, std::string> cases[] = {
      {FieldType::date, "2010-11-12"},
      {FieldType::timestamp, "1970-01-01T00:00:00.014925Z"},
      {FieldType::boolean, "true"},
      {FieldType::number, "14925"},
      {FieldType::integer, "14925"}};
  for (const auto& [type, text] : cases) {
    MemoryRows stream(type, {{"14925", "14925", "Ann"}}, type);
    Observer observer;
    ASSERT_TRUE(take_snapshot(
                    stream,
                    {KeyType::user_id, {{"name", "name", FieldType::text, AttributeType::string}}},
                    settled_, std::nullopt, *database_, *work_, observer, {})
                    .ok());
    EXPECT_THAT(lines("SELECT key FROM rows"), ElementsAre(text));
    EXPECT_THAT(lines("SELECT pk FROM rows"), ElementsAre(text));
    ASSERT_TRUE(work_->run("DROP TABLE rows; DROP TABLE problems").ok());
  }
}
TEST_F(SnapshotTest, LetsTheEarliestSpeak) {
  take_from(FieldType::timestamp, {{"500000", "a@b.co", "half"}, {"0", "a@b.co", "none"}});
  EXPECT_THAT(lines("SELECT v0 FROM rows"), ElementsAre("\"none\""));
}
TEST_F(SnapshotTest, KeepsUserIdsApartByCase) {
  const Snapshot taken =
      take_from(FieldType::integer, {{"1", "aB", "x"}, {"2", "ab", "y"}}, KeyType::user_id);
  EXPECT_EQ(taken.counts.members, 2);
}
TEST_F(SnapshotTest, GivesANullNoFingerprintAndAValueItsOwn) {
  take_from(FieldType::integer, {{"1", "a@b.co", std::nullopt}, {"2", "c@b.co", "x"}});
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM rows WHERE v0 IS NULL AND f0 = 0"), 1);
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM rows WHERE v0 = '\"x\"' AND f0 <> 0"), 1);
}
TEST_F(SnapshotTest, LeavesWhomTheLedgerConfirmsToIt) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                     ("settled-" + std::to_string(::getpid()) + ".parquet");
  const std::vector<attributes::Target> targets = {
      {"name", "name", FieldType::text, AttributeType::string}};
  const auto person = [&](const std::string& key, const std::string& name, const std::string& pk,
                          const std::string& reason = "NULL") {
    const std::string address = key + "@x.co";
    const auto value = name.empty() ? std::nullopt : std::optional(name);
    return "('" + address + "', " +
           (value ? std::to_string(attributes::fingerprint('"' + name + '"')) : "NULL") +
           "::UBIGINT, '" + pk + "', " + reason + ", " +
           std::to_string(
               hash_of(FieldType::integer, {pk, address, value}, KeyType::email, targets)) +
           "::UBIGINT)";
  };
  ASSERT_TRUE(work_
                  ->run("COPY (SELECT key, 1::UTINYINT AS on_list, true AS in_segment, reason, pk, "
                        "f AS \"a:name\", read_hash FROM (VALUES " +
                        join({person("same", "Ann", "1"), person("other", "Bob", "2"),
                              person("parked", "Cy", "3", "'not_a_contact'"),
                              person("none", "", "4"), person("moved", "Dan", "99"),
                              person("twice", "Eve", "7"), person("left", "Fay", "8")},
                             ", ") +
                        ") t(key, f, pk, reason, read_hash)) TO " + duck::literal(file.string()) +
                        " (FORMAT parquet)")
                  .ok());
  auto settled = load(file);
  ASSERT_TRUE(settled.ok()) << settled.error().text();
  MemoryRows stream(FieldType::integer, {{"1", "same@x.co", "Ann"},
                                         {"2", "other@x.co", "Ann"},
                                         {"3", "parked@x.co", "Cy"},
                                         {"4", "none@x.co", std::nullopt},
                                         {"5", "moved@x.co", "Dan"},
                                         {"6", "new@x.co", "Eve"},
                                         {"7", "twice@x.co", "Eve"},
                                         {"7", "twice@x.co", "Eve"}});
  Observer observer;
  const auto taken = take_snapshot(stream, {KeyType::email, targets}, *settled, file, *database_,
                                   *work_, observer, {});
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_EQ(taken->counts.members, 7);
  EXPECT_EQ(taken->counts.duplicate_key, 1);
  EXPECT_THAT(lines("SELECT key FROM rows ORDER BY key"),
              ElementsAre("moved@x.co", "new@x.co", "other@x.co", "parked@x.co", "twice@x.co"));
  EXPECT_THAT(lines("SELECT key FROM " + *everybody(*work_, file, targets) +
                    " WHERE f0 IS NOT NULL ORDER BY key"),
              ElementsAre("moved@x.co", "new@x.co", "none@x.co", "other@x.co", "parked@x.co",
                          "same@x.co", "twice@x.co"));
  EXPECT_EQ(*count_everybody(*work_, file), 7);
  EXPECT_THAT(lines("SELECT key FROM " + *apart_of(*work_, file) + " ORDER BY key"),
              ElementsAre("left@x.co", "moved@x.co", "other@x.co", "parked@x.co", "twice@x.co"));
  // The rows of another ledger are other people's.
  EXPECT_EQ(everybody(*work_, std::filesystem::path("ledger-2.parquet")).error().kind,
            ErrorKind::corrupt);
  // A ledger of other attributes confirms nobody.
  settled = load(file);
  ASSERT_TRUE(settled.ok()) << settled.error().text();
  MemoryRows one(FieldType::integer, {{"1", "same@x.co", "Ann"}});
  const std::vector<attributes::Target> others = {
      {"name", "nickname", FieldType::text, AttributeType::string}};
  ASSERT_TRUE(
      take_snapshot(one, {KeyType::email, others}, *settled, file, *database_, *work_, observer, {})
          .ok());
  EXPECT_THAT(lines("SELECT key FROM rows"), ElementsAre("same@x.co"));
  EXPECT_EQ(*count_everybody(*work_, file), 1);
  std::filesystem::remove(file);
}
TEST_F(SnapshotTest, WhoeverHasNoPrimaryKeyIsNotLeftToTheLedger) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                     ("keyless-" + std::to_string(::getpid()) + ".parquet");
  const std::vector<attributes::Target> targets = {
      {"name", "name", FieldType::text, AttributeType::string}};
  ASSERT_TRUE(
      work_
          ->run("COPY (SELECT 'a@x.co' AS key, 1::UTINYINT AS on_list, true AS in_segment, "
                "NULL::VARCHAR AS reason, '' AS pk, 0::UBIGINT AS \"a:name\", " +
                std::to_string(hash_of(FieldType::text, {std::nullopt, "a@x.co", std::nullopt},
                                       KeyType::email, targets)) +
                "::UBIGINT AS read_hash) TO " + duck::literal(file.string()) + " (FORMAT parquet)")
          .ok());
  auto settled = load(file);
  ASSERT_TRUE(settled.ok()) << settled.error().text();
  ASSERT_FALSE(settled->is_nobody());
  MemoryRows stream(FieldType::text, {{std::nullopt, "a@x.co", std::nullopt}});
  Observer observer;
  const auto taken = take_snapshot(stream, {KeyType::email, targets}, *settled, file, *database_,
                                   *work_, observer, {});
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_EQ(taken->counts.members, 1);
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM rows WHERE pk IS NULL"), 1);
  EXPECT_EQ(*count_everybody(*work_, file), 1);
  std::filesystem::remove(file);
}
TEST_F(SnapshotTest, AHashOfARowTellsOfAllThatIsMadeOfIt) {
  using Row = MemoryRows::Row;
  const std::vector<attributes::Target> as_text = {
      {"name", "name", FieldType::text, AttributeType::string}};
  const Row row{"1", "a@x.co", "Ann"};
  const auto hash = [&](const Row& of) {
    return hash_of(FieldType::integer, of, KeyType::email, as_text);
  };
  EXPECT_EQ(hash(row), hash(row));
  std::set<uint64_t> all = {hash(row),
                            hash({"2", "a@x.co", "Ann"}),
                            hash({std::nullopt, "a@x.co", "Ann"}),
                            hash({"0", "a@x.co", "Ann"}),
                            hash({"1", "A@x.co", "Ann"}),
                            hash({"1", "a@x.co", "Bob"}),
                            hash({"1", "a@x.co", ""}),
                            hash({"1", "a@x.co", std::nullopt}),
                            hash({"1", "a@x.coAnn", ""}),
                            hash({"1", "Ann", "a@x.co"}),
                            hash_of(FieldType::text, row, KeyType::email, as_text),
                            hash_of(FieldType::date, row, KeyType::email, as_text),
                            hash_of(FieldType::integer, row, KeyType::user_id, as_text)};
  for (const attributes::Target& target : {
           attributes::Target{"name", "nickname", FieldType::text, AttributeType::string},
           attributes::Target{"name", "name", FieldType::text, AttributeType::date},
           attributes::Target{"name", "name", FieldType::text, std::nullopt},
           attributes::Target{"name", "name", FieldType::text, AttributeType::string, false, true},
       })
    all.insert(hash_of(FieldType::integer, row, KeyType::email, {target}));
  EXPECT_EQ(all.size(), 17U);
  EXPECT_FALSE(all.contains(0));
  // It is kept in ledgers: another one would have all of them made anew.
  EXPECT_EQ(hash(row), 14605051493439931596U);
}
TEST_F(SnapshotTest, FindsEverybodyOfALargeLedgerOnce) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) /
                                     ("large-" + std::to_string(::getpid()) + ".parquet");
  constexpr int kPeople = 100'000;
  ASSERT_TRUE(
      work_
          ->run("COPY (SELECT 'p' || i AS key, 1::UTINYINT AS on_list, i % 10 <> 0 AS "
                "in_segment, NULL::VARCHAR AS reason, i::VARCHAR AS pk, (1 + i)::UBIGINT AS "
                "read_hash FROM range(100000) t(i)) TO " +
                duck::literal(file.string()) + " (FORMAT parquet, ROW_GROUP_SIZE 4096)")
          .ok());
  auto settled = load(file);
  ASSERT_TRUE(settled.ok()) << settled.error().text();
  for (const bool again : {false, true}) {
    int found = 0;
    for (int from = 0; from < kPeople; from += 1000) {
      std::vector<std::string> pks;
      std::vector<Settled::Asked> asked;
      for (int i = from; i < from + 1000; ++i) pks.push_back(std::to_string(i));
      for (int i = 0; i < 1000; ++i)
        asked.push_back(
            {.pk = pks[i], .read_hash = static_cast<uint64_t>(from + i + (i % 1000 == 7 ? 2 : 1))});
      settled->find(asked);
      for (int i = 0; i < 1000; ++i) {
        if (asked[i].is_settled) ++found;
        if (!again) {
          EXPECT_EQ(asked[i].is_settled, i % 10 != 0 && i != 7) << from + i;
        }
      }
    }
    EXPECT_EQ(found, again ? 0 : 90'000 - 100);
  }
  ASSERT_TRUE(settled->tell(*work_).ok());
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM apart"), 10'000 + 100);
  std::filesystem::remove(file);
}
TEST_F(SnapshotTest, ReadsManyBatchesOnSeveralThreads) {
  std::vector<MemoryRows::Row> rows;
  for (int i = 0; i < 20'000; ++i) {
    const std::string n = std::to_string(i);
    rows.push_back({n, i % 10 == 0 ? "nobody" : "p" + n + "@x.co", n});
  }
  const Snapshot taken = take_from(FieldType::integer, std::move(rows));
  EXPECT_EQ(taken.counts.rows, 20'000);
  EXPECT_EQ(taken.counts.invalid_key, 2'000);
  EXPECT_EQ(taken.counts.members, 18'000);
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM rows WHERE key = 'p' || pk || '@x.co' AND v0 = "
                           "'\"' || pk || '\"'"),
            18'000);
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM problems WHERE key = 'nobody'"), 2'000);
}
TEST_F(SnapshotTest, HoldsAnEmptySegment) {
  EXPECT_EQ(take_from(FieldType::integer, {}).counts.rows, 0);
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM rows"), 0);
}

}  // namespace
}  // namespace rollcall::state::local
