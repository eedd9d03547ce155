#include "state/local/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/faulty_disk.hpp"
#include "state/local/plan.hpp"

namespace rollcall::state::local {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.path = fs::path(testing::TempDir()) /
                   ("ledger-" + std::to_string(::getpid()) + "-" +
                    testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_.path);
    fs::create_directories(folder_.path);
    database_ = std::move(*duck::Database::open(":memory:"));
    work_ = std::move(*database_->connect());
  }
  void TearDown() override {
    fs::remove_all(folder_.path);
    fs::remove_all(aside());
  }
  void must(const std::string& sql) {
    const Status done = work_->run(sql);
    ASSERT_TRUE(done.ok()) << done.error().text();
  }
  // key:on_list:in_segment:reason
  std::vector<std::string> people(const Record& state) {
    std::vector<std::string> out;
    EXPECT_TRUE(for_each(folder_, state, [&](const PersonRow& row) {
                  out.push_back(row.key + ":" + std::to_string(row.on_list) + ":" +
                                (row.in_segment ? "in" : "out") + ":" + row.reason);
                }).ok());
    return out;
  }

  RealDisk disk_;
  Folder folder_{{}, &disk_};
  static Record of(int64_t generation) {
    Record state;
    state.generation = generation;
    return state;
  }
  // On this disk from now on.
  void use(FaultyDisk& disk) { folder_.disk = &disk; }
  fs::path aside() const { return folder_.path.string() + "-aside"; }
  ManualClock clock_{Time{}};
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> work_;
  const std::vector<attributes::Target> targets_ = {
      {"name", "name", FieldType::text, AttributeType::string}};
};

TEST_F(LedgerTest, KeepsTheStateWhole) {
  Record state;
  state.generation = 3;
  state.list = ListRecord{4711, "VIPs \"李\"", 5, false};
  state.list_intent = ListIntent{"VIPs", {1, 2}, 9};
  state.open_run = OpenRun{"r1", "hash", 7, "{}", {"name"}, true};
  state.guard_binds = true;
  state.standing = {1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(write_record(folder_, state).ok());
  const auto read = read_record(folder_);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->generation, 3);
  EXPECT_EQ(read->list->name, "VIPs \"李\"");
  EXPECT_FALSE(read->list->created);
  EXPECT_THAT(read->list_intent->seen, ElementsAre(1, 2));
  EXPECT_TRUE(read->open_run->prepared);
  EXPECT_EQ(read->standing.leavers_on_list, 6);
}
TEST_F(LedgerTest, SaysSoWhenTheStateIsBroken) {
  fs::create_directories(folder_.path);
  std::ofstream(folder_.path / "state.json") << "{";
  EXPECT_EQ(read_record(folder_).error().kind, ErrorKind::corrupt);
}

TEST_F(LedgerTest, JournalTellsSentFromAnswered) {
  const fs::path run = folder_.run("r1");
  {
    auto journal = std::move(*FileJournal::open(disk_, run));
    const auto batch = journal->sent({0, 1, 2, 5});
    ASSERT_TRUE(batch.ok());
    ASSERT_TRUE(journal
                    ->answered(*batch, {0, 1, 2, 5},
                               {{OutcomeKind::added},
                                {OutcomeKind::added},
                                {OutcomeKind::rejected, "forgotten", true},
                                {OutcomeKind::not_a_contact}})
                    .ok());
    ASSERT_TRUE(journal->sent({3}).ok());
    ASSERT_TRUE(journal->sent({4}).ok());
    ASSERT_TRUE(journal->withdrawn({4}).ok());
    ASSERT_TRUE(journal->filtered({"color"}).ok());
    ASSERT_TRUE(journal->calls({.total = 9}, Millis(1234)).ok());
  }
  const auto answers = FileJournal::read(disk_, run, 7);
  ASSERT_TRUE(answers.ok());
  EXPECT_THAT(answers->kinds, ElementsAre(OutcomeKind::added, OutcomeKind::added,
                                          OutcomeKind::rejected, OutcomeKind::unknown, std::nullopt,
                                          OutcomeKind::not_a_contact, std::nullopt));
  EXPECT_EQ(answers->rejections.at(2).reason, "forgotten");
  EXPECT_TRUE(answers->rejections.at(2).final);
  EXPECT_THAT(answers->filtered_fields, ElementsAre("color"));
  EXPECT_EQ(answers->calls.total, 9);
  EXPECT_EQ(answers->oldest_proof, Millis(1234));
}
TEST_F(LedgerTest, JournalForgetsATornLineAndGoesOnAfterIt) {
  const fs::path run = folder_.run("r1");
  { ASSERT_TRUE((*FileJournal::open(disk_, run))->sent({0}).ok()); }
  std::ofstream(run / "journal", std::ios::app) << "{\"a\":1,\"q\":\"0\",\"k\":\"ad";
  EXPECT_EQ(FileJournal::read(disk_, run, 2)->kinds[0], OutcomeKind::unknown);
  { ASSERT_TRUE((*FileJournal::open(disk_, run))->answered(1, {0}, {{OutcomeKind::added}}).ok()); }
  EXPECT_EQ(FileJournal::read(disk_, run, 2)->kinds[0], OutcomeKind::added);
}
// Every byte of a journal but those of a torn last line.
TEST_F(LedgerTest, JournalNoticesEveryChangedByteAndEveryLostLine) {
  const fs::path run = folder_.run("r1");
  {
    auto journal = std::move(*FileJournal::open(disk_, run));
    ASSERT_TRUE(journal->sent({0, 1}).ok());
    ASSERT_TRUE(
        journal->answered(1, {0, 1}, {{OutcomeKind::added}, {OutcomeKind::not_a_contact}}).ok());
    ASSERT_TRUE(journal->sent({2}).ok());
  }
  std::ifstream in(run / "journal");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto with = [&](const std::string& changed) {
    std::ofstream(run / "journal", std::ios::trunc) << changed;
    return FileJournal::read(disk_, run, 9);
  };
  ASSERT_EQ(with(text)->kinds[0], OutcomeKind::added);
  for (size_t at = 0; at + 1 < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_EQ(with(changed).error().kind, ErrorKind::corrupt) << at;
  }
  const size_t second = text.find('\n') + 1, third = text.find('\n', second) + 1;
  EXPECT_EQ(with(text.substr(0, second) + text.substr(third)).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(with(text.substr(second)).error().kind, ErrorKind::corrupt) << "the first line";
  // Somebody else's journal.
  std::ofstream(run / "journal", std::ios::trunc) << text;
  fs::rename(run, folder_.run("r2"));
  EXPECT_EQ(FileJournal::read(disk_, folder_.run("r2"), 9).error().kind, ErrorKind::corrupt);
}
TEST_F(LedgerTest, JournalOfTheEarlierVersionIsReadAndGoneOnWith) {
  const fs::path run = folder_.run("r1");
  fs::create_directories(run);
  std::ofstream(run / "journal") << "{\"q\":\"0-1\",\"s\":1}\n"
                                 << "{\"a\":1,\"k\":\"added\",\"q\":\"0-1\"}\n";
  ASSERT_TRUE((*FileJournal::open(disk_, run))->sent({2}).ok());
  const auto answers = FileJournal::read(disk_, run, 3);
  ASSERT_TRUE(answers.ok()) << answers.error().text();
  EXPECT_THAT(answers->kinds,
              ElementsAre(OutcomeKind::added, OutcomeKind::added, OutcomeKind::unknown));
}
TEST_F(LedgerTest, StateNoticesEveryChangedByte) {
  Record state;
  state.generation = 3;
  state.ledger_checksum = "0123456789abcdef";
  state.list = ListRecord{4711, "VIPs", 5, false};
  ASSERT_TRUE(write_record(folder_, state).ok());
  const fs::path path = folder_.path / "state.json";
  std::ifstream in(path);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ' ' || text[at] == '\n') continue;  // they say nothing
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    std::ofstream(path, std::ios::trunc) << changed;
    EXPECT_EQ(read_record(folder_).error().kind, ErrorKind::corrupt) << changed;
  }
}
// The power is lost after every step of writing a state, and any part of its last write is there.
TEST_F(LedgerTest, StateIsTheOldOrTheNewOneAfterALossOfPower) {
  FaultyDisk disk(aside());
  use(disk);
  ASSERT_TRUE(write_record(folder_, of(1)).ok());
  for (int step = 0, done = 0; done == 0; ++step) {
    ASSERT_LT(step, 10);
    for (const size_t torn : {0, 1, 50, 100'000})
      for (const auto names : {FaultyDisk::Renames::lost, FaultyDisk::Renames::kept}) {
        const int64_t before = read_record(folder_)->generation;
        disk.lost_after = step;
        const bool written = write_record(folder_, of(before + 1)).ok();
        disk.lose_power(torn, names);
        const auto state = read_record(folder_);
        ASSERT_TRUE(state.ok()) << state.error().text() << " after step " << step;
        EXPECT_TRUE(state->generation == before + 1 || (!written && state->generation == before));
        EXPECT_FALSE(state->copied);
        done += written ? 1 : 0;
      }
  }
}
TEST_F(LedgerTest, StateStaysOnAFullDiskAndWhereARenameFails) {
  FaultyDisk disk(aside());
  use(disk);
  ASSERT_TRUE(write_record(folder_, of(1)).ok());
  for (const uint64_t room : {0, 1, 100}) {
    disk.room = room;
    const Error full = write_record(folder_, of(2)).error();
    EXPECT_EQ(full.kind, ErrorKind::unavailable);
    EXPECT_THAT(full.message, testing::HasSubstr("no space left in " + folder_.path.string()));
    EXPECT_EQ(read_record(folder_)->generation, 1);
  }
  disk.room.reset();
  disk.renames_fail = true;
  EXPECT_EQ(write_record(folder_, of(2)).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(read_record(folder_)->generation, 1);
}
// What was synced is there whole; of the rest, whole lines from the first on.
TEST_F(LedgerTest, JournalKeepsWhatWasSyncedThroughALossOfPower) {
  const fs::path run = folder_.run("r1");
  FaultyDisk disk(aside());
  for (size_t torn = 0; torn < 100; ++torn) {
    fs::remove_all(run);
    {
      const auto journal = std::move(*FileJournal::open(disk, run));
      ASSERT_TRUE(journal->sent({0, 1}).ok());
      ASSERT_TRUE(journal->answered(1, {0, 1}, {{OutcomeKind::added}, {OutcomeKind::added}}).ok());
    }
    disk.lose_power(torn);
    auto answers = FileJournal::read(disk, run, 3);
    ASSERT_TRUE(answers.ok()) << answers.error().text() << " with " << torn;
    EXPECT_THAT(answers->kinds[0], testing::AnyOf(OutcomeKind::unknown, OutcomeKind::added));
    EXPECT_EQ(answers->kinds[0], answers->kinds[1]) << "a line is there or not";
    ASSERT_TRUE((*FileJournal::open(disk, run))->sent({2}).ok())
        << "it goes on after what is whole";
    disk.lose_power();
    EXPECT_EQ(FileJournal::read(disk, run, 3)->kinds[2], OutcomeKind::unknown);
    EXPECT_EQ(FileJournal::read(disk, run, 3)->kinds[0], answers->kinds[0]);
  }
}
TEST_F(LedgerTest, JournalOnAFullDiskTakesNothingMore) {
  const fs::path run = folder_.run("r1");
  FaultyDisk disk(aside());
  const auto journal = std::move(*FileJournal::open(disk, run));
  ASSERT_TRUE(journal->sent({0}).ok());
  disk.room = 20;
  const Error full = journal->sent({1}).error();
  EXPECT_EQ(full.kind, ErrorKind::unavailable);
  EXPECT_THAT(full.message, testing::HasSubstr("no space left in " + run.string()));
  disk.room.reset();
  EXPECT_FALSE(journal->sent({1}).ok()) << "a line would stand in the torn one";
  const auto answers = FileJournal::read(disk, run, 2);
  EXPECT_THAT(answers->kinds, ElementsAre(OutcomeKind::unknown, std::nullopt));
}
TEST_F(LedgerTest, JournalSaysWhatIsInItsPlace) {
  const fs::path run = folder_.run("r1");
  fs::create_directories(run / "journal");
  EXPECT_EQ(FileJournal::read(disk_, run, 1).error().kind, ErrorKind::corrupt);
  fs::remove(run / "journal");
  fs::create_symlink("elsewhere", run / "journal");
  EXPECT_EQ(FileJournal::read(disk_, run, 1).error().kind, ErrorKind::denied);
}
TEST_F(LedgerTest, StateThatNestsTooDeepIsDamaged) {
  fs::create_directories(folder_.path);
  std::ofstream(folder_.path / "state.json")
      << R"({"version":1,"x":)" << std::string(200'000, '[') << std::string(200'000, ']') << "}";
  EXPECT_EQ(read_record(folder_).error().kind, ErrorKind::corrupt);
}
TEST_F(LedgerTest, StateOfTheEarlierVersionIsRead) {
  fs::create_directories(folder_.path);
  std::ofstream(folder_.path / "state.json")
      << R"({"version": 1, "generation": 2, "settled": true, "standing": {"on_list": 1,
             "not_a_contact": 0, "rejected": 0, "unknown": 0, "not_sent": 0,
             "leavers_on_list": 0}})";
  const auto state = read_record(folder_);
  ASSERT_TRUE(state.ok()) << state.error().text();
  EXPECT_EQ(state->generation, 2);
}
TEST_F(LedgerTest, StateThatIsGoneIsMissedWhereItsLedgerIsThere) {
  EXPECT_TRUE(read_record(folder_).ok());
  fs::create_directories(folder_.path);
  std::ofstream(folder_.path / "ledger-3.parquet") << "x";
  EXPECT_EQ(read_record(folder_).error().kind, ErrorKind::corrupt);
}

TEST_F(LedgerTest, JournalWithSenselessLinesIsCorrupt) {
  const fs::path run = folder_.run("r1");
  fs::create_directories(run);
  const std::string deep = "{\"f\":" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  const std::vector<std::string> lines = {"nonsense",
                                          deep,
                                          "[]",
                                          "{\"q\":\"0-9\",\"k\":\"added\"}",
                                          "{\"q\":\"0\",\"k\":\"eaten\"}",
                                          "{\"s\":1,\"q\":\"1-0\"}"};
  for (const std::string& line : lines) {
    std::ofstream(run / "journal", std::ios::trunc) << line << "\n";
    EXPECT_FALSE(FileJournal::read(disk_, run, 2).ok()) << line.substr(0, 99);
  }
}

// One person per outcome: the next ledger is what was answered, and nothing else.
TEST_F(LedgerTest, PromotesOutcomesAndNothingElse) {
  must(
      "CREATE TABLE rows AS SELECT key, key AS pk, 'x' AS v0, 7::UBIGINT AS f0, NULL::UBIGINT AS h "
      "FROM (VALUES "
      "('added'), ('absent'), ('refused'), ('unknown'), ('unsent')) t(key)");
  must(
      "CREATE TABLE problems(kind VARCHAR, pk VARCHAR, key VARCHAR); INSERT INTO problems VALUES "
      "('no_key', '9', NULL)");
  must(
      "CREATE TABLE changes AS SELECT key, 0 AS kind, 0::UTINYINT AS was_on, false AS look_up, "
      "0::BIGINT AS not_before, 'x' AS v0 FROM "
      "(VALUES (0, 'added'), (1, 'absent'), (2, 'refused'), (3, 'unknown'), (4, 'unsent')) t(n, "
      "key) ORDER BY n");
  Record state;
  Answers answers;
  answers.kinds = {OutcomeKind::added, OutcomeKind::not_a_contact, OutcomeKind::rejected,
                   OutcomeKind::unknown, std::nullopt};
  answers.rejections[2] = {OutcomeKind::rejected, "forgotten", true};
  const auto promoted =
      promote(folder_, state, "r1", *work_, {targets_, {false}, answers, Time(Millis(1000))});
  ASSERT_TRUE(promoted.ok()) << promoted.error().text();
  EXPECT_THAT(people(state), UnorderedElementsAre("added:1:in:", "absent:0:in:not_a_contact",
                                                  "refused:0:in:rejected", "unknown:2:in:unknown",
                                                  "unsent:0:in:not_sent"));
  EXPECT_EQ(state.standing.on_list, 1);
  EXPECT_EQ(state.standing.not_a_contact + state.standing.rejected + state.standing.unknown +
                state.standing.not_sent,
            4);
  const auto added = find(folder_, state, "added");
  ASSERT_TRUE(added.ok()) << added.error().text();
  EXPECT_EQ((*added)->attributes.at("name"), 7u);
  EXPECT_EQ((*find(folder_, state, "unknown"))->attributes.at("name"), 1u) << "perhaps ours";
  EXPECT_FALSE(*find(folder_, state, "nobody"));
  std::vector<std::string> missing;
  ASSERT_TRUE(missing_people(folder_, "r1", "all", [&](const MissingPerson& p) {
                missing.push_back(p.kind + ":" + p.key + ":" + p.detail);
                return true;
              }).ok());
  EXPECT_THAT(missing, ElementsAre("no_key::", "not_a_contact:absent:", "not_sent:unsent:",
                                   "rejected:refused:forgotten", "unknown:unknown:"));

  fs::resize_file(folder_.people_file("r1"), 40);
  const Status damaged =
      missing_people(folder_, "r1", "all", [](const MissingPerson&) { return true; });
  EXPECT_EQ(damaged.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(damaged.error().message, "what was kept of the people of run r1 is damaged");

  // The next day everybody has left: who was never on the list is forgotten, the rest waits to be
  // removed.
  must(
      "DELETE FROM rows; DROP TABLE changes; CREATE TABLE changes AS SELECT key, 1 AS kind, "
      "1::UTINYINT AS was_on, false AS look_up, 0::BIGINT AS not_before, NULL::VARCHAR AS v0 "
      "FROM (VALUES (0, 'added'), (1, 'unknown')) t(n, key) ORDER BY n");
  answers = {};
  answers.kinds = {OutcomeKind::removed, OutcomeKind::unknown};
  const auto next =
      promote(folder_, state, "r2", *work_, {targets_, {false}, answers, Time(Millis(2000))});
  ASSERT_TRUE(next.ok()) << next.error().text();
  EXPECT_THAT(people(state), UnorderedElementsAre("added:0:out:", "unknown:2:out:unknown"));
  EXPECT_EQ(state.standing.leavers_on_list, 1);
}

// Whose changes are the snapshot's rows: answers go by the number of the row.
TEST_F(LedgerTest, PromotesAFirstPlanOfMany) {
  constexpr uint32_t kPeople = 60'000;
  must(
      "CREATE TABLE problems(kind VARCHAR, pk VARCHAR, key VARCHAR);"
      "CREATE TABLE rows AS SELECT 'p' || i AS key, i::VARCHAR AS pk, CASE WHEN i % 3 <> 0 THEN "
      "'x' END AS v0, CASE WHEN i % 3 <> 0 THEN 7 + i ELSE 0 END::UBIGINT AS f0, i::UBIGINT AS h "
      "FROM range(60000) "
      "t(i)");
  const auto plan = make_plan(*work_, std::nullopt, {.targets = targets_, .now = Time(Millis(1))});
  ASSERT_TRUE(plan.ok()) << plan.error().text();
  ASSERT_TRUE(*changes_are_rows(*work_));
  Record state;
  ASSERT_TRUE(keep_planned(folder_, state, *work_, targets_).ok());
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM read_parquet(" +
                           duck::literal(folder_.planned_file(1).string()) + ")"),
            kPeople);
  Answers answers;
  answers.kinds.assign(kPeople, OutcomeKind::added);
  answers.kinds[10] = OutcomeKind::not_a_contact;
  answers.kinds[20'000] = OutcomeKind::unknown;
  answers.kinds[30'000] = OutcomeKind::rejected;
  answers.rejections[30'000] = {OutcomeKind::rejected, "forgotten", true};
  answers.kinds[59'999] = std::nullopt;
  const Status promoted =
      promote(folder_, state, "r1", *work_, {targets_, {false}, answers, Time(Millis(1000))});
  ASSERT_TRUE(promoted.ok()) << promoted.error().text();
  const StandingCounts& s = state.standing;
  EXPECT_EQ(s.on_list, kPeople - 4);
  EXPECT_EQ(s.not_a_contact, 1);
  EXPECT_EQ(s.unknown, 1);
  EXPECT_EQ(s.rejected, 1);
  EXPECT_EQ(s.not_sent, 1);
  EXPECT_EQ((*find(folder_, state, "p10"))->reason, "not_a_contact");
  EXPECT_EQ((*find(folder_, state, "p20000"))->reason, "unknown");
  EXPECT_EQ((*find(folder_, state, "p30000"))->detail, "forgotten");
  EXPECT_EQ((*find(folder_, state, "p59999"))->reason, "not_sent");
  EXPECT_EQ((*find(folder_, state, "p41"))->attributes.at("name"), 48u);
  EXPECT_EQ((*find(folder_, state, "p42"))->attributes.at("name"), 0u) << "a confirmed null";
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM read_parquet(" +
                           duck::literal(folder_.ledger_file(1).string()) +
                           ") WHERE key = 'p' || pk AND on_list = 1 AND \"a:name\" = CASE WHEN "
                           "pk::INTEGER % 3 <> 0 THEN 7 + pk::INTEGER ELSE 0 END"),
            kPeople - 4);
  EXPECT_EQ(*work_->scalar("SELECT count(*) FROM read_parquet(" +
                           duck::literal(folder_.ledger_file(1).string()) +
                           ") WHERE read_hash = pk::UBIGINT AND on_list = 1 AND reason IS NULL"),
            kPeople - 4)
      << "what they were made of";
  // The same answers whatever is the commonest of them.
  Record other;
  answers.kinds.assign(kPeople, OutcomeKind::rejected);
  answers.rejections.clear();
  for (uint32_t seq = 0; seq < kPeople; ++seq)
    answers.rejections[seq] = {OutcomeKind::rejected, seq % 2 == 0 ? "even" : "odd", false};
  answers.kinds[1] = OutcomeKind::added;
  answers.rejections.erase(1);
  fs::remove_all(folder_.path);
  fs::create_directories(folder_.path);
  const Status rejected =
      promote(folder_, other, "r2", *work_, {targets_, {false}, answers, Time(Millis(1000))});
  ASSERT_TRUE(rejected.ok()) << rejected.error().text();
  EXPECT_EQ(other.standing.rejected, kPeople - 1);
  EXPECT_EQ(other.standing.on_list, 1);
  EXPECT_EQ((*find(folder_, other, "p2"))->detail, "even");
  EXPECT_EQ((*find(folder_, other, "p3"))->detail, "odd");
}

// Which may be lowered by Iterable, or not: see core/match_key.hpp.
TEST_F(LedgerTest, AMemberGoesOnUnderAnotherSpelling) {
  must(
      "CREATE TABLE problems(kind VARCHAR, pk VARCHAR, key VARCHAR);"
      "CREATE TABLE rows AS SELECT 'josÉ' AS key, '1' AS pk, 'x' AS v0, 7::UBIGINT AS f0, "
      "NULL::UBIGINT AS h;"
      "CREATE TABLE changes AS SELECT key, 0 AS kind, 0::UTINYINT AS was_on, false AS look_up, "
      "0::BIGINT AS not_before, 'x' AS v0 FROM rows");
  Record state;
  Answers answers;
  answers.kinds = {OutcomeKind::added};
  const auto run = [&](const std::string& id) {
    const auto promoted =
        promote(folder_, state, id, *work_, {targets_, {false}, answers, Time(Millis(1000))});
    ASSERT_TRUE(promoted.ok()) << promoted.error().text();
  };
  run("r1");
  must("CREATE TABLE listed AS SELECT 'josé' AS key, 'josé' AS shown");
  const auto drift = compare(folder_, state, *work_);
  ASSERT_TRUE(drift.ok()) << drift.error().text();
  EXPECT_EQ(drift->missing + drift->extra + drift->foreign, 0);
  const Status done =
      reconcile(folder_, state, *work_,
                {.targets = targets_, .remove_foreign = true, .now = Time(Millis(2000))});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(people(state), ElementsAre("josÉ:1:in:"));

  must(
      "UPDATE rows SET key = 'josé'; UPDATE changes SET key = 'josé';"
      "CREATE OR REPLACE TABLE spared AS SELECT 'josÉ' AS key");
  run("r2");
  EXPECT_THAT(people(state), ElementsAre("josé:1:in:"));
}

// Nor is a member under another spelling a stranger where the ledger is gone, or an older one.
TEST_F(LedgerTest, AnotherSpellingIsNoStrangerInARebuiltHome) {
  must(
      "CREATE TABLE rows AS SELECT key, key AS pk, 'x' AS v0, 7::UBIGINT AS f0, NULL::UBIGINT AS h "
      "FROM (VALUES "
      "('josÉ'), ('Ünal')) t(key);"
      "CREATE TABLE listed AS SELECT key, key AS shown FROM (VALUES ('josé'), ('zoË'), ('eve')) "
      "t(key)");
  Record state;
  const auto rebuild_once = [&] {
    const Listed listed{.targets = targets_, .remove_foreign = true};
    const auto strangers = find_strangers(folder_, state, *work_, listed);
    ASSERT_TRUE(strangers.ok()) << strangers.error().text();
    const Status done = rebuild(folder_, state, *work_, listed);
    ASSERT_TRUE(done.ok()) << done.error().text();
  };
  rebuild_once();
  EXPECT_THAT(people(state), UnorderedElementsAre("josÉ:1:in:", "zoË:1:out:", "eve:1:out:"));
  // Now the ledger knows them, by the spelling of that day.
  must("UPDATE listed SET key = lower(key)");
  rebuild_once();
  EXPECT_THAT(people(state), UnorderedElementsAre("josÉ:1:in:", "zoË:1:out:", "eve:1:out:"));
}

// Somebody in the segment cannot have been removed: outcomes that went to the wrong people.
TEST_F(LedgerTest, PromotesNoLedgerThatDoesNotAddUp) {
  must(
      "CREATE TABLE rows AS SELECT key, key AS pk, 'x' AS v0, 7::UBIGINT AS f0, NULL::UBIGINT AS h "
      "FROM (VALUES "
      "('ann'), ('bob')) t(key); CREATE TABLE problems(kind VARCHAR, pk VARCHAR, key VARCHAR)");
  must(
      "CREATE TABLE changes AS SELECT key, 0 AS kind, 0::UTINYINT AS was_on, false AS look_up, "
      "0::BIGINT AS not_before, 'x' AS v0 FROM rows");
  Record state;
  Answers answers;
  answers.kinds = {OutcomeKind::added, OutcomeKind::removed};
  const auto promoted =
      promote(folder_, state, "r1", *work_, {targets_, {false}, answers, Time(Millis(1000))});
  ASSERT_FALSE(promoted.ok());
  EXPECT_EQ(promoted.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(promoted.error().text(), testing::HasSubstr("holds 1 of the segment's 2 members"));
  EXPECT_THAT(promoted.error().remedy, testing::HasSubstr("and the next run tries again"));
  answers.kinds = {OutcomeKind::added, OutcomeKind::added};
  EXPECT_TRUE(
      promote(folder_, state, "r1", *work_, {targets_, {false}, answers, Time(Millis(1000))}).ok());
}

TEST_F(LedgerTest, BelievesTheListItselfOverItsMemory) {
  must(
      "CREATE TABLE rows AS SELECT key, key AS pk, 'x' AS v0, 7::UBIGINT AS f0, NULL::UBIGINT AS h "
      "FROM (VALUES "
      "('kept'), ('vanished')) t(key); CREATE TABLE problems(kind VARCHAR, pk VARCHAR, key "
      "VARCHAR)");
  must(
      "CREATE TABLE changes AS SELECT key, 0 AS kind, 0::UTINYINT AS was_on, false AS look_up, "
      "0::BIGINT AS not_before, 'x' AS v0 FROM rows");
  Record state;
  Answers answers;
  answers.kinds = {OutcomeKind::added, OutcomeKind::added};
  ASSERT_TRUE(
      promote(folder_, state, "r1", *work_, {targets_, {false}, answers, Time(Millis(1000))}).ok());
  must("CREATE TABLE listed AS SELECT 'kept' AS key UNION ALL SELECT 'foreign'");
  const Status done =
      reconcile(folder_, state, *work_, {.targets = targets_, .now = Time(Millis(2000))});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(people(state), UnorderedElementsAre("kept:1:in:", "vanished:0:in:"));
  const auto standing = standing_unsent(folder_, state, *work_);
  ASSERT_TRUE(standing.ok()) << standing.error().text();
  EXPECT_EQ(standing->on_list, 1);
  EXPECT_EQ(standing->not_sent, 1);
  // Told to remove members that are not ours, it takes them for leavers.
  const Status removing =
      reconcile(folder_, state, *work_,
                {.targets = targets_, .remove_foreign = true, .now = Time(Millis(3000))});
  ASSERT_TRUE(removing.ok()) << removing.error().text();
  EXPECT_THAT(people(state),
              UnorderedElementsAre("kept:1:in:", "vanished:0:in:", "foreign:1:out:"));
}

TEST_F(LedgerTest, TellsWhereTheListDiffers) {
  must(
      "CREATE TABLE rows AS SELECT key, key AS pk, 'x' AS v0, 7::UBIGINT AS f0, NULL::UBIGINT AS h "
      "FROM (VALUES "
      "('kept'), ('vanished'), ('parked')) t(key); CREATE TABLE problems(kind VARCHAR, pk VARCHAR, "
      "key VARCHAR)");
  must(
      "CREATE TABLE changes AS SELECT key, 0 AS kind, 0::UTINYINT AS was_on, false AS look_up, "
      "0::BIGINT AS not_before, 'x' AS v0 FROM rows UNION ALL SELECT 'left', 1, 1::UTINYINT, "
      "false, "
      "0, NULL");
  Record state;
  Answers answers;
  answers.kinds = {OutcomeKind::added, OutcomeKind::added, OutcomeKind::not_a_contact};
  ASSERT_TRUE(
      promote(folder_, state, "r1", *work_, {targets_, {false}, answers, Time(Millis(1000))}).ok());
  must(
      "CREATE TABLE listed AS FROM (VALUES ('kept', 'kept'), ('parked', 'parked'), ('other', "
      "'other'), (NULL, 'nobody@example.com')) t(key, shown)");
  const auto counts = compare(folder_, state, *work_);
  ASSERT_TRUE(counts.ok()) << counts.error().text();
  EXPECT_EQ(counts->listed, 4);
  EXPECT_EQ(counts->expected, 2);
  EXPECT_EQ(counts->missing, 1);
  EXPECT_EQ(counts->extra, 0);
  EXPECT_EQ(counts->foreign, 3);
  std::vector<std::string> told;
  const Status streamed = drifted(*work_, [&](const Drift& person) {
    told.push_back(person.kind + " " + person.key + (person.in_segment ? " in" : ""));
    return told.size() < 3;
  });
  ASSERT_TRUE(streamed.ok()) << streamed.error().text();
  EXPECT_THAT(told, testing::ElementsAre("missing vanished in", "foreign nobody@example.com",
                                         "foreign other"));
}

}  // namespace
}  // namespace rollcall::state::local
