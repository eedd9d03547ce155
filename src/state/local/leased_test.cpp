// Whoever lost its lease writes nothing to the activation's files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "state/local/leased_disk.hpp"
#include "state/local/ledger.hpp"

namespace rollcall::state::local {
namespace {

namespace fs = std::filesystem;

struct Losable : Lease {
  explicit Losable(bool& lost) : is_lost(lost) {}
  [[nodiscard]] bool outlasts(Millis) const override { return !is_lost; }
  bool& is_lost;
};

class LosableLeases : public Leases {
 public:
  Result<std::unique_ptr<Lease>> take(const std::string&, const std::stop_token&, Millis) override {
    return std::unique_ptr<Lease>(new Losable(is_lost));
  }
  Result<std::optional<std::string>> holder(const std::string&) override {
    return std::optional<std::string>();
  }
  bool is_lost = false;
};

class LeasedTest : public testing::Test {
 protected:
  void SetUp() override {
    home_.root = fs::path(testing::TempDir()) / ("leased-" + std::to_string(::getpid()));
    fs::remove_all(home_.root);
  }
  void TearDown() override { fs::remove_all(home_.root); }
  static void expect_lost(const Status& done) {
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind, ErrorKind::busy);
    EXPECT_EQ(done.error().remedy,
              "Nothing is lost: whoever has it goes on from what was recorded.");
  }
  std::string record() const {
    std::ifstream in(home_.activation("a") / "state.json");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Home home_;
  RealDisk disk_;
  LosableLeases leases_;
};

TEST_F(LeasedTest, NeitherRecordNorLedgerNorWork) {
  const auto states = open_local(home_, disk_, leases_);
  const auto writer = std::move(*states->of("a")->take());
  ASSERT_TRUE(writer->write().ok());
  const auto work = std::move(*writer->begin("r1"));
  const std::string before = record();
  leases_.is_lost = true;
  writer->record.generation = 7;
  expect_lost(writer->write());
  EXPECT_EQ(record(), before);
  EXPECT_FALSE(writer->begin("r2").ok());
  EXPECT_FALSE(fs::exists(home_.activation("a") / "runs" / "r2"));
  EXPECT_FALSE(work->journal().ok());
  expect_lost(writer->salvage("it is lost", Time{}));
  writer->tidy();
  EXPECT_TRUE(fs::exists(home_.activation("a") / "runs" / "r1")) << "nothing is removed, either";
}

TEST_F(LeasedTest, NorAJournalThatIsOpen) {
  fs::create_directories(home_.root);
  bool is_lost = false;
  const Losable lease(is_lost);
  LeasedDisk disk(disk_, lease);
  const auto journal = std::move(*FileJournal::open(disk, home_.root));
  ASSERT_TRUE(journal->sent({0}).ok());
  is_lost = true;
  EXPECT_FALSE(journal->sent({1}).ok());
  expect_lost(journal->answered(0, {0}, {Outcome{OutcomeKind::added}}));
  const auto read = FileJournal::read(disk_, home_.root, 2);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->kinds[0], OutcomeKind::unknown);
  EXPECT_EQ(read->kinds[1], std::nullopt);
}

}  // namespace
}  // namespace rollcall::state::local
