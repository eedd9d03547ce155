// The hashes of rows as they were read, from run to run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/lease.hpp"
#include "state/local/file.hpp"
#include "state/local/plan.hpp"
#include "state/testing.hpp"

namespace rollcall::state::local {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class ReadHashTest : public testing::Test {
 protected:
  void SetUp() override {
    home_.root = fs::path(testing::TempDir()) / ("read-hash-" + std::to_string(::getpid()));
    fs::remove_all(home_.root);
    fs::create_directories(home_.root);
    leases_ = std::make_unique<FileLeases>(home_.root, clock_);
    states_ = open_local(home_, disk_, *leases_);
    state_ = states_->of("a");
  }
  void TearDown() override { fs::remove_all(home_.root); }

  std::unique_ptr<Writer> take() {
    auto writer = std::move(*state_->take());
    writer->record = *state_->read();
    return writer;
  }
  // Somebody is a primary key, a key and a name.
  plan::Plan make(Work& work, std::vector<MemoryRows::Row> rows) {
    MemoryRows stream(FieldType::text, std::move(rows));
    Observer observer;
    EXPECT_TRUE(work.take(stream, {.targets = targets_, .changed_alone = true}, observer, {}).ok());
    const auto made = work.plan({.targets = targets_, .pending = {false}, .now = Time(Millis(1))});
    EXPECT_TRUE(made.ok()) << made.error().text();
    return *made;
  }
  void promote(Writer& writer, Work& work, const Answers& answers) {
    const Status done = work.promote({targets_, {false}, answers, Time(Millis(1))});
    ASSERT_TRUE(done.ok()) << done.error().text();
    writer.record.open_run = std::nullopt;
    ASSERT_TRUE(writer.write().ok());
  }
  // Of the rows in the last ledger.
  std::vector<std::string> in_ledger(const std::string& what) {
    const auto db = *duck::Database::open(":memory:");
    const auto connection = *db->connect();
    const auto stream =
        *connection->stream("SELECT " + what + " FROM " + ledger() + " ORDER BY key");
    std::vector<std::string> out;
    while (const duck::Chunk* chunk = *stream->next())
      for (size_t row = 0; row < chunk->rows(); ++row) out.emplace_back(chunk->text(0, row));
    return out;
  }
  std::string ledger() { return "read_parquet(" + duck::literal(file().string()) + ")"; }
  fs::path file() {
    return Folder{home_.activation("a"), &disk_}.ledger_file(state_->read()->generation);
  }
  // As another version would have left it.
  void change(const fs::path& database, const std::string& sql) {
    const auto db = *duck::Database::open(database);
    const Status done = (*db->connect())->run(sql);
    ASSERT_TRUE(done.ok()) << done.error().text();
  }

  Home home_;
  RealDisk disk_;
  ManualClock clock_{Time{}};
  std::unique_ptr<FileLeases> leases_;
  std::unique_ptr<States> states_;
  std::unique_ptr<State> state_;
  const std::vector<attributes::Target> targets_ = {
      {"name", "name", FieldType::text, AttributeType::string}};
};

TEST_F(ReadHashTest, ASealedPlanWithoutHashesOfItsRows) {
  {
    const auto writer = take();
    const auto work = std::move(*writer->begin("r1"));
    make(*work, {{"1", "ann@x.co", "Ann"}, {"2", "bob@x.co", "Bob"}});
    writer->record.open_run = OpenRun{"r1", "hash", 0, "{}"};
    ASSERT_TRUE(work->seal().ok());
    ASSERT_TRUE(writer->write().ok());
  }
  change(Folder{home_.activation("a"), &disk_}.work_database("r1"),
         "ALTER TABLE rows DROP COLUMN h");
  const auto writer = take();
  const auto work = writer->go_on("r1");
  ASSERT_TRUE(work.ok()) << work.error().text();
  Answers answers = *(*work)->answers();
  answers.kinds = {OutcomeKind::added, OutcomeKind::added};
  promote(*writer, **work, answers);
  EXPECT_THAT(in_ledger("key || ' ' || (read_hash IS NULL)"),
              ElementsAre("ann@x.co true", "bob@x.co true"));
}
TEST_F(ReadHashTest, ALedgerWithoutHashesGetsThemOnce) {
  const std::vector<MemoryRows::Row> rows = {{"1", "ann@x.co", "Ann"}, {"2", "Bob@x.co", "Bob"}};
  for (const std::string run : {"r1", "r2", "r3"}) {
    if (run == "r2") {
      const std::string old = file().string() + "-old";
      change(":memory:", "COPY (SELECT * EXCLUDE (read_hash) FROM " + ledger() + ") TO " +
                             duck::literal(old) + " (FORMAT parquet)");
      fs::rename(old, file());
    }
    const auto writer = take();
    const auto work = std::move(*writer->begin(run));
    const plan::Plan plan = make(*work, rows);
    EXPECT_EQ(plan.empty, run == "r3") << run;
    EXPECT_EQ(plan.writes, run == "r1" ? 2 : 0) << run;
    Answers answers;
    if (run == "r1") answers.kinds = {OutcomeKind::added, OutcomeKind::added};
    if (run != "r3") promote(*writer, *work, answers);
    EXPECT_THAT(in_ledger("key || ' ' || (read_hash IS NULL)"),
                ElementsAre("ann@x.co false", "bob@x.co false"));
  }
}
TEST_F(ReadHashTest, ARowThatChangedInNothingThatIsSentIsKnownTheNextTime) {
  for (const bool first : {true, false}) {
    const auto writer = take();
    const auto work = std::move(*writer->begin(first ? "r1" : "r2"));
    const plan::Plan plan = make(*work, {{"1", first ? "Ann@x.co" : "ann@x.co", "Ann"}});
    EXPECT_FALSE(plan.empty);
    EXPECT_EQ(plan.writes, first ? 1 : 0);
    Answers answers;
    if (first) answers.kinds = {OutcomeKind::added};
    promote(*writer, *work, answers);
  }
  const auto writer = take();
  EXPECT_TRUE(make(**writer->begin("r3"), {{"1", "ann@x.co", "Ann"}}).empty);
}
TEST_F(ReadHashTest, AFingerprintThatIsNotTheRowsHasNoHash) {
  {
    const auto writer = take();
    const auto work = std::move(*writer->begin("r1"));
    make(*work, {{"1", "ann@x.co", "Ann"}, {"2", "bob@x.co", "Bob"}, {"3", "cid@x.co", "Cid"}});
    Answers answers;
    answers.kinds = {OutcomeKind::added, OutcomeKind::not_a_contact, OutcomeKind::unknown};
    promote(*writer, *work, answers);
  }
  EXPECT_THAT(in_ledger("key || ' ' || (read_hash IS NULL)"),
              ElementsAre("ann@x.co false", "bob@x.co true", "cid@x.co true"));
}

}  // namespace
}  // namespace rollcall::state::local
