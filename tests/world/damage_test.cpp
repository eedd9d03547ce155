// Whole runs in one process: what they do when files of ours are damaged, and when the machine is
// not to be trusted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "duck/duck.hpp"
#include "tests/world/little_iterable.hpp"

namespace rollcall::run {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Ann and Bob are members, Cem leaves, Dora enters; whatever is damaged, the end is the same.
class InterruptedRun : public RunTest {
 protected:
  void interrupt() {
    contacts({"ann", "bob", "cem", "dora", "eve"});
    segment({{"ann", "A"}, {"bob", "B"}, {"cem", "C"}});
    (void)run();
    iterable_.contact("eve").lists.insert(7);  // by others
    segment({{"ann", "A2"}, {"bob", "B"}, {"dora", "D"}});
    run_killed_at("add.recorded");
    ASSERT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem", "dora", "eve"));
    before_ = fs::directory_iterator(kept() / "runs")->path();
    for (const auto& entry : fs::directory_iterator(kept() / "runs"))
      if (fs::exists(entry.path() / "journal")) before_ = entry.path();
    // Whom the lost run put on the list has left the segment since.
    segment({{"ann", ""}, {"bob", "B"}});
  }
  void expect_begun_anew(const std::string& damage) {
    const int lists_read = project().lists_read;
    const RunReport report = run();
    EXPECT_NE(report.run_id, before_.filename());
    EXPECT_THAT(report.warnings, Contains(HasSubstr(damage))) << "it says so";
    EXPECT_EQ(project().lists_read, lists_read + 1) << "the list is read first";
    EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "eve"));
    EXPECT_TRUE(iterable_.contact("ann").fields["name"].is_null()) << "perhaps ours, and cleared";
    EXPECT_EQ(project().lists.size(), 1u);
    const RunReport told = *report_from_json(store_->run(before_.filename())->report_json);
    EXPECT_EQ(told.status, RunStatus::interrupted);
    EXPECT_EQ(told.error->remedy, "A later run began anew.");
    // And that is over.
    const int writes = project().writes;
    EXPECT_THAT(run().warnings, IsEmpty());
    EXPECT_EQ(project().writes, writes);
  }
  fs::path before_;
};

TEST_F(InterruptedRun, BeginsAnewWhereTheJournalIsGone) {
  interrupt();
  fs::remove(before_ / "journal");
  expect_begun_anew("the journal of run");
}
TEST_F(InterruptedRun, BeginsAnewWhereOneByteOfTheJournalChanged) {
  interrupt();
  const auto bytes = fs::file_size(before_ / "journal");
  change_a_byte(before_ / "journal", bytes / 2);
  expect_begun_anew("the journal of run");
}
TEST_F(InterruptedRun, BeginsAnewWhereTheJournalIsEmpty) {
  interrupt();
  fs::resize_file(before_ / "journal", 0);
  expect_begun_anew("the journal of run");
}
TEST_F(InterruptedRun, BeginsAnewWhereTheWorkDatabaseIsGone) {
  interrupt();
  fs::remove(before_ / "work.duckdb");
  expect_begun_anew("the work database of run");
}
TEST_F(InterruptedRun, BeginsAnewWhereTheWorkDatabaseIsCutShort) {
  interrupt();
  fs::resize_file(before_ / "work.duckdb", fs::file_size(before_ / "work.duckdb") / 2);
  expect_begun_anew("the work database of run");
}
TEST_F(InterruptedRun, BeginsAnewWhereTheWorkDatabaseIsNoise) {
  interrupt();
  std::ofstream(before_ / "work.duckdb", std::ios::trunc) << std::string(20'000, 'x');
  expect_begun_anew("the work database of run");
}
TEST_F(InterruptedRun, BeginsAnewWhereTheWorkDatabaseIsAFolder) {
  interrupt();
  fs::remove(before_ / "work.duckdb");
  fs::create_directory(before_ / "work.duckdb");
  expect_begun_anew("the work database of run");
}
TEST_F(InterruptedRun, BeginsAnewWhereItsFolderIsGone) {
  interrupt();
  fs::remove_all(before_);
  expect_begun_anew("the work database of run");
}
// Somebody looks into it: that is no run in progress.
TEST_F(InterruptedRun, WaitsForNobodyWhoHoldsTheWorkDatabaseAlone) {
  interrupt();
  std::array<int, 2> opened{}, over{};
  ASSERT_EQ(::pipe(opened.data()) + ::pipe(over.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto looking = duck::Database::open(before_ / "work.duckdb");
    char byte = looking.ok() ? 'y' : 'n';
    (void)(::write(opened[1], &byte, 1) + ::read(over[0], &byte, 1));
    ::_exit(0);
  }
  char byte = 'n';
  ASSERT_EQ(::read(opened[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto refused = try_run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict) << refused.error().text();
  EXPECT_EQ(exit_code(refused.error()), 1);
  ASSERT_EQ(::write(over[1], &byte, 1), 1);
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(run().warnings, Contains(HasSubstr("carried on")));
}
TEST_F(InterruptedRun, WaitsForWhoHoldsTheLease) {
  interrupt();
  auto lease = leases_.take("activations/a1/lock", {});
  ASSERT_TRUE(lease.ok());
  const auto refused = try_run();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
  EXPECT_EQ(exit_code(refused.error()), 4);
  lease->reset();
  EXPECT_THAT(run().warnings, Contains(HasSubstr("carried on")));
}
TEST_F(InterruptedRun, TellsTheCallsAndTheOldestProofOfAllItsProcesses) {
  std::map<std::string, std::string> many;
  for (int i = 0; i < 30; ++i) {  // the trial of each process takes ten
    many["p" + std::to_string(i)] = "P";
    contacts({"p" + std::to_string(i)});
  }
  segment(many);
  iterable_.instead = [&](const std::string& path, const http::Request&) {
    if (path == "lists/subscribe") clock_.advance(Millis(3000));
    return std::optional<http::Answer>();
  };
  run_killed_at("trial.recorded");
  iterable_.instead = {};
  run_killed_at("add.recorded");
  const RunReport report = run();
  EXPECT_GE(report.proof.max_age_ms, 3000);
  EXPECT_EQ(report.calls.by_endpoint.at("lists/create"), 1);
  EXPECT_EQ(report.calls.by_endpoint.at("lists/subscribe"), 3);
}
// Then nothing tells whom it wrote: what it put on the list is left there, and the report says so.
TEST_F(InterruptedRun, SaysWhatCannotBeKnownWhereNothingTellsWhomItWrote) {
  interrupt();
  fs::remove_all(before_);
  fs::remove(only("planned-"));
  const RunReport report = run();
  EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "dora", "eve"));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("what cannot be known any more")));
  EXPECT_THAT(report.warnings, Contains(HasSubstr("2 people on the list are not in the segment")));
  // The remedy it names.
  activation().remove_foreign = true;
  (void)run(true);
  EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob"));
}

class DamagedHome : public RunTest {
 protected:
  void live_a_while() {
    contacts({"ann", "bob", "cem", "dora", "eve"});
    segment({{"ann", "A"}, {"bob", "B"}, {"cem", "C"}});
    (void)run();
    iterable_.contact("eve").lists.insert(7);  // by others
    segment({{"ann", "A2"}, {"bob", "B"}, {"cem", "C"}, {"dora", "D"}});
    (void)run();
    // Dora, whom the last run put on the list, leaves; Bob's attribute becomes empty.
    segment({{"ann", "A3"}, {"bob", ""}, {"cem", "C"}});
  }
  void expect_refused_until_full() {
    const auto refused = try_run();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
    EXPECT_THAT(refused.error().text(), HasSubstr("`rollcall run --full`"));
    EXPECT_THAT(refused.error().text(), Not(AnyOf(HasSubstr("Error:"), HasSubstr("arquet:"))));
    const World world{clock_, random_, iterable_, workers_, disk_,
                      *this,  *store_, leases_,   states(), {home()}};
    EXPECT_EQ(run::plan(world, {catalog_, activation()}, {}).error().kind, ErrorKind::corrupt);
    EXPECT_EQ(run::audit(world, catalog_, activation(), {}).error().kind, ErrorKind::corrupt);
    EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem", "dora", "eve"));
  }
  void expect_rebuilt(const std::vector<std::string>& members) {
    const RunReport report = run(true);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("was rebuilt from the list")));
    EXPECT_EQ(iterable_.on_list(7), members);
    EXPECT_EQ(iterable_.contact("ann").fields["name"], "A3");
    EXPECT_EQ(project().lists.size(), 1u) << "the list was found again";
    const int writes = project().writes;
    EXPECT_THAT(run().warnings, IsEmpty());
    EXPECT_EQ(project().writes, writes);
  }
};

TEST_F(DamagedHome, IsRebuiltWhereTheStateIsGone) {
  live_a_while();
  fs::remove(kept() / "state.json");
  expect_refused_until_full();
  expect_rebuilt({"ann", "bob", "cem", "eve"});
  EXPECT_TRUE(iterable_.contact("bob").fields["name"].is_null());
}
TEST_F(DamagedHome, IsRebuiltWhereOneDigitOfTheStateChanged) {
  live_a_while();
  std::ifstream in(kept() / "state.json");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  change_a_byte(kept() / "state.json", text.find("\"id\": 7") + 6);
  expect_refused_until_full();
  expect_rebuilt({"ann", "bob", "cem", "eve"});
}
TEST_F(DamagedHome, IsRebuiltWhereTheLedgerIsGone) {
  live_a_while();
  fs::remove(only("ledger-"));
  expect_refused_until_full();
  expect_rebuilt({"ann", "bob", "cem", "eve"});
  EXPECT_TRUE(iterable_.contact("bob").fields["name"].is_null());
}
TEST_F(DamagedHome, IsRebuiltWhereOneByteOfTheLedgerChanged) {
  live_a_while();
  const fs::path ledger = only("ledger-");
  change_a_byte(ledger, fs::file_size(ledger) / 3);
  expect_refused_until_full();
  expect_rebuilt({"ann", "bob", "cem", "eve"});
}
TEST_F(DamagedHome, IsRebuiltFromTheListAloneWhereAllElseIsGone) {
  live_a_while();
  fs::remove_all(kept());
  expect_refused_until_full();
  // Dora may have been put there by anybody.
  expect_rebuilt({"ann", "bob", "cem", "dora", "eve"});
}
TEST_F(DamagedHome, IsRebuiltUnderTheGuard) {
  live_a_while();
  fs::remove_all(kept());
  std::map<std::string, std::string> many;
  for (int i = 0; i < 40; ++i) many["new" + std::to_string(i)] = "N";
  for (const std::string name : {"ann", "bob", "cem", "dora", "eve"}) many[name] = "A3";
  segment(many);
  const auto report = try_run(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->status, RunStatus::stopped);
  EXPECT_THAT(report->error->text(), HasSubstr("40 people would be added"));
}

// A backup is made, a day goes by, and the backup takes the home's place.
class RestoredHome : public RunTest {
 protected:
  void live() {
    activation().attributes[0].create = true;
    contacts({"ann", "bob", "cem", "dora", "eve", "finn", "gus"});
    iterable_.contact("finn").lists.insert(7);
    segment({{"ann", "A"}, {"bob", "B"}, {"gus", "G"}});
    (void)run();
    back_up();
    segment({{"ann", "A2"}, {"bob", "B"}, {"cem", "C"}, {"dora", "D"}});
    (void)run();
    iterable_.contact("eve").lists.insert(7);  // by others
    // Ann's attribute is as it was at the backup, Dora has left, Gus is back.
    segment({{"ann", "A"}, {"bob", "B"}, {"cem", "C"}, {"gus", "G"}});
    ASSERT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem", "dora", "eve", "finn"));
  }
  virtual void back_up() {
    store_.reset();
    fs::copy(home(), folder_ / "backup", fs::copy_options::recursive);
  }
  void expect_exact() {
    const RunReport report = run();
    EXPECT_THAT(report.warnings, Contains(HasSubstr("is a copy of another, or was restored")));
    EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem", "eve", "finn", "gus"));
    EXPECT_EQ(iterable_.contact("ann").fields["name"], "A");
    const int writes = project().writes;
    EXPECT_THAT(run().warnings, IsEmpty());
    EXPECT_EQ(project().writes, writes);
  }
};

TEST_F(RestoredHome, ReadsTheListAndIsExactAfterwards) {
  live();
  store_.reset();
  fs::remove_all(home());
  fs::copy(folder_ / "backup", home(), fs::copy_options::recursive);
  expect_exact();
}
TEST_F(RestoredHome, IsNoticedWhereItWasCopiedOverTheNewerOne) {
  live();
  store_.reset();
  fs::copy(folder_ / "backup", home(),
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  expect_exact();
}
TEST_F(RestoredHome, IsNoticedWhereItIsACloneThatRunsElsewhere) {
  live();
  store_.reset();
  fs::rename(home(), folder_ / "elsewhere");
  fs::rename(folder_ / "backup", home());
  expect_exact();
}
// A home that was moved is the same home.
TEST_F(RestoredHome, IsNotSaidOfAHomeThatWasMoved) {
  contacts({"ann"});
  segment({{"ann", "A"}});
  (void)run();
  store_.reset();
  fs::rename(home(), folder_ / "moved");
  fs::rename(folder_ / "moved", home());
  EXPECT_THAT(run().warnings, IsEmpty());
}

constexpr Millis kHour{3600'000}, kYear = 365 * 24 * kHour;

class SetClock : public RunTest {
 protected:
  // How long a run takes by the monotonic clock.
  Millis run_takes() {
    const Millis before = clock_.monotonic() + between_runs_;
    (void)run();
    return clock_.monotonic() - before;
  }
  const Millis settle_ = Destination{}.settle;
};

TEST_F(SetClock, BackBetweenRunsStallsNoRemoval) {
  contacts({"ann", "bob", "cem", "dora"});
  for (const Millis back : {kHour, kYear}) {
    segment({{"ann", ""}, {"bob", ""}, {"cem", ""}, {"dora", ""}});
    (void)run();
    clock_.set_by(-back);
    segment({{"ann", ""}, {"bob", ""}, {"cem", ""}});
    EXPECT_LE(run_takes(), settle_ + Millis(1000));
    EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem"));
  }
}
TEST_F(SetClock, BackWithinARunStallsNoRemoval) {
  contacts({"ann", "bob", "cem", "dora"});
  segment({{"ann", ""}, {"bob", ""}, {"cem", ""}, {"dora", ""}});
  (void)run();
  segment({{"ann", ""}, {"bob", ""}, {"cem", ""}});
  between_runs_ = Millis(1000);  // so that the removal has to wait
  set_clock_at_ = "plan.sealed";
  set_clock_by_ = -kHour;
  EXPECT_LE(run_takes(), settle_ + Millis(1000));
  EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem"));
}
// The opposite write of somebody keeps its distance.
TEST_F(SetClock, ForthShortensNoDistance) {
  contacts({"ann", "bob", "cem", "dora"});
  between_runs_ = Millis(1000);
  for (const std::string at : {"between", "plan.sealed", "list.ready", "restart"}) {
    clock_.advance(2 * settle_);
    segment({{"ann", ""}, {"bob", ""}, {"cem", ""}, {"dora", ""}});
    (void)run();
    segment({{"ann", ""}, {"bob", ""}, {"cem", ""}});
    set_clock_at_ = at;
    set_clock_by_ = kHour;
    if (at == "restart") clock_.restart();
    if (at == "between" || at == "restart") clock_.set_by(kHour);
    const Millis took = run_takes();
    EXPECT_GE(took, settle_ - Millis(2000)) << at;
    EXPECT_LE(took, settle_ + Millis(1000)) << at;
    EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem")) << at;
    // And once they have settled it is as late as the clock says.
    clock_.advance(settle_);
    const Time now = clock_.now();
    EXPECT_GE(run().started_at, now) << at;
  }
}
TEST_F(SetClock, BackBeforeItsSnapshotContinuesNoPlan) {
  contacts({"ann", "bob"});
  segment({{"ann", "A"}, {"bob", "B"}});
  run_killed_at("fields.made");
  const fs::path interrupted = open_run().filename();
  clock_.set_by(-kHour);
  segment({{"ann", "A2"}, {"bob", "B"}});
  EXPECT_NE(run().run_id, interrupted);
  EXPECT_EQ(iterable_.contact("ann").fields["name"], "A2");
}
TEST_F(SetClock, ForthAndBackLeavesNothingUndone) {
  contacts({"ann", "bob", "cem", "dora"});
  segment({{"ann", "A"}, {"bob", ""}, {"cem", ""}, {"dora", ""}});
  clock_.set_by(kYear);
  (void)run();
  clock_.set_by(-kYear);
  segment({{"ann", "A2"}, {"bob", ""}, {"cem", ""}});
  (void)run();
  clock_.set_by(kYear);
  segment({{"ann", "A2"}, {"bob", ""}, {"cem", ""}, {"dora", ""}});
  EXPECT_LE(run_takes(), settle_ + Millis(1000));
  EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem", "dora"));
  EXPECT_EQ(iterable_.contact("ann").fields["name"], "A2");
}

// A disk of its own under the home, as small as is wanted.
class SmallDisk : public RunTest {
 protected:
  bool mount(int64_t bytes) {
    fs::create_directories(home());
    const std::string size = "mode=700,size=" + std::to_string(bytes);
    if (::mount("tmpfs", home().c_str(), "tmpfs", mounted_ ? MS_REMOUNT : 0, size.c_str()) != 0)
      return false;
    mounted_ = true;
    return true;
  }
  void TearDown() override {
    store_.reset();
    if (mounted_) ::umount2(home().c_str(), MNT_DETACH);
    RunTest::TearDown();
  }
  // The error of a run that did not end well; whatever ran out, it says so.
  static std::optional<Error> error_of(const Result<RunReport>& report) {
    if (!report.ok()) return report.error();
    return report->error;
  }
  bool mounted_ = false;
};

// At every size there is another file that does not fit.
TEST_F(SmallDisk, ThatIsFullIsCalledFullWhicheverFileItWas) {
  constexpr int64_t kStep = 64 * 1024;
  int64_t size = kStep;
  if (!mount(size)) GTEST_SKIP() << "mounting is not permitted here";
  contacts({"ann", "bob", "cem"});
  segment({{"ann", "A"}, {"bob", "B"}, {"cem", "C"}});
  int failed = 0;
  while (size < 64 * kStep * 4) {
    const auto report = try_run();
    const auto error = error_of(report);
    if (!error) break;
    ++failed;
    EXPECT_EQ(error->kind, ErrorKind::unavailable) << size << ": " << error->text();
    EXPECT_THAT(error->text(), HasSubstr("no space left in")) << size;
    size += size < 10 * kStep ? kStep : size / 4;
    ASSERT_TRUE(mount(size));
  }
  EXPECT_GE(failed, 5);
  EXPECT_TRUE(run().warnings.empty());
  EXPECT_THAT(iterable_.on_list(7), ElementsAre("ann", "bob", "cem"));
  EXPECT_EQ(project().lists.size(), 1u);
}
TEST_F(SmallDisk, ThatTakesNoWritesIsUnavailable) {
  if (!mount(64 << 20)) GTEST_SKIP() << "mounting is not permitted here";
  contacts({"ann"});
  segment({{"ann", "A"}});
  (void)run();
  store_.reset();
  ASSERT_EQ(::mount("tmpfs", home().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0);
  const auto error = error_of(try_run());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::unavailable) << error->text();
  EXPECT_THAT(error->text(), HasSubstr("takes no writes"));
  ASSERT_TRUE(mount(64 << 20));
  (void)run();
}

}  // namespace
}  // namespace rollcall::run
