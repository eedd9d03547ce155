// What PostgreSQL alone has: connections that are lost, leases, catalogs that move to it and back.
#include "store/postgres.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <mutex>
#include <thread>

#include "base/home.hpp"
#include "store/sqlite.hpp"
#include "store/testing.hpp"

namespace rollcall::store {
namespace {

using testing::HasSubstr;
using testing::Not;

// --- Connections ---

TEST_F(PostgresStoreTest, GoesOnAfterItsConnectionWasLost) {
  const auto store = open();
  ASSERT_TRUE(put(*store, {row("", "a")}, {}).ok());
  for (int i = 0; i < 3; ++i) {
    end_all();
    EXPECT_TRUE(store->objects().ok()) << "a read";
    end_all();
    const Status written = insist(*store, {row("", "b" + std::to_string(i))});
    EXPECT_TRUE(written.ok()) << written.error().text();
    end_all();
    const Status fact = store->put_fact("d", "x", "1");
    EXPECT_TRUE(fact.ok()) << "a write that had not begun: " << fact.error().text();
  }
  EXPECT_EQ(names(*store).size(), 4U);
}

TEST_F(PostgresStoreTest, WhatWasCutOffInTheMiddleIsAnErrorAndKeepsNothing) {
  open();
  const auto database = *open_postgres(*server_);
  const Status cut = database->write([&]() -> Status {
    TRY(database->execute("INSERT INTO fact VALUES ('d', 'x', '1')"));
    end_all();
    return database->execute("INSERT INTO fact VALUES ('d', 'y', '1')");
  });
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(cut.error().text(), HasSubstr("was lost in the middle"));
  EXPECT_EQ(cut.error().remedy, "Look whether it was done, and try again.");
  EXPECT_FALSE(*open()->fact("d", "x"));
  EXPECT_TRUE(database->execute("INSERT INTO fact VALUES ('d', 'z', '1')").ok()) << "and goes on";
}

TEST_F(PostgresStoreTest, AConflictOfTransactionsIsTriedAgain) {
  open();
  const auto database = *open_postgres(*server_);
  int called = 0;
  const Status done = database->write([&]() -> Status {
    TRY(database->execute("INSERT INTO fact VALUES ('d', 'x', '1')"));
    if (++called < 3)
      TRY(database->execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"));
    return ok_status();
  });
  EXPECT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(called, 3);
  EXPECT_EQ(*open()->fact("d", "x"), "1");
}

TEST_F(PostgresStoreTest, AWriterThatStoppedInTheMiddleLetsOthersGoOn) {
  open();
  Patience short_one;
  short_one.idle_ms = 500;
  const auto stopped = *connect_postgres(*server_, short_one);
  const Status cut = stopped->write([&]() -> Status {
    const auto other = open();  // waits for it
    EXPECT_TRUE(put(*other, {row("", "a")}, {}).ok());
    return stopped->execute("INSERT INTO fact VALUES ('d', 'x', '1')");
  });
  EXPECT_FALSE(cut.ok());
  EXPECT_FALSE(*open()->fact("d", "x"));
}

TEST_F(PostgresStoreTest, SaysWhatIsWrongWithAnAddressAndNothingOfThePassword) {
  const auto opened = [&](const std::string& address) {
    server_ = Secret(address);
    const auto store = try_open();
    EXPECT_FALSE(store.ok()) << address;
    const Error error = store.ok() ? Error{} : store.error();
    EXPECT_THAT(error.text(), Not(HasSubstr("hush"))) << address;
    return error;
  };
  const std::string port = tests::postgres_port();
  const Secret right = *server_;
  EXPECT_EQ(opened("mysql://u:hush@h/d").kind, ErrorKind::invalid);
  EXPECT_THAT(opened("mysql://u:hush@h/d").remedy,
              HasSubstr("password, what is neither letter nor digit as %XX."));
  EXPECT_EQ(opened("postgresql://u:hu%zzsh@h/d").kind, ErrorKind::invalid);
  EXPECT_EQ(opened("postgresql://u:p@hush@h/d").kind, ErrorKind::invalid);
  EXPECT_EQ(opened("postgresql://u:hush@h:port/d").kind, ErrorKind::invalid);
  EXPECT_EQ(opened("postgresql://u:hush@127.0.0.1:1/d").kind, ErrorKind::unavailable);
  EXPECT_EQ(opened("postgresql://u:hush@127.0.0.1:1/d").remedy,
            "Check that PostgreSQL runs and can be reached from here.");
  EXPECT_EQ(opened("postgresql://postgres:hush@127.0.0.1:" + port + "/postgres").kind,
            ErrorKind::denied);
  EXPECT_EQ(opened("postgresql://postgres:hush@127.0.0.1:" + port + "/postgres").remedy,
            "Check user and password in the address of the store.");
  server_ = right;
}

TEST_F(PostgresStoreTest, LeavesAnotherProgramsTablesAsTheyAre) {
  sql("CREATE TABLE theirs(x int)");
  EXPECT_THAT(try_open().error().message, HasSubstr("another program"));
  EXPECT_EQ(try_open().error().remedy, "Make a database for Rollcall alone.");
  sql("DROP TABLE theirs");
  open();
  sql("UPDATE rollcall SET version = 999");
  EXPECT_THAT(try_open().error().message, HasSubstr("newer version"));
  EXPECT_EQ(try_open().error().remedy, "Use that version, or another database.");
}

TEST_F(PostgresStoreTest, SaysWhatTheServerRefuses) {
  open();
  const auto database = *open_postgres(*server_);
  const auto refused = [&](const std::string& before) {
    EXPECT_TRUE(database->execute(before.c_str()).ok());
    const Status done = database->execute("INSERT INTO fact VALUES ('d', 'x', '1')");
    EXPECT_FALSE(done.ok()) << before;
    return done.ok() ? Error{} : done.error();
  };
  EXPECT_EQ(refused("SET default_transaction_read_only = on").remedy,
            "Name the primary in the store's address, not a replica of it.");
  const Error rights = refused("SET default_transaction_read_only = off; SET ROLE reader");
  EXPECT_EQ(rights.kind, ErrorKind::denied);
  EXPECT_EQ(rights.remedy, "Let the user of the store's address own the database.");
  const auto other = *open_postgres(*server_);
  ASSERT_TRUE(other->execute("BEGIN; LOCK TABLE fact").ok());
  const Error busy = refused("RESET ROLE; SET lock_timeout = 100");
  EXPECT_EQ(busy.kind, ErrorKind::unavailable);
  EXPECT_EQ(busy.remedy, "Others hold it; try again.");
}

TEST_F(PostgresStoreTest, WantsADatabaseOfUnicode) {
  sql("CREATE DATABASE " + schema_ + " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  const Secret right = *server_;
  std::string other = right.reveal();
  other.replace(other.find("/postgres?"), 10, "/" + schema_ + "?");
  server_ = Secret(other);
  EXPECT_EQ(try_open().error().remedy,
            "Make one with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`.");
  server_ = right;
  sql("DROP DATABASE " + schema_ + " WITH (FORCE)");
}

TEST_F(PostgresStoreTest, WhoForgetsToNameItIsTold) {
  put_destination();
  const auto forgotten = Store::open(home_, clock_, random_, disk_);
  ASSERT_FALSE(forgotten.ok());
  EXPECT_EQ(forgotten.error().kind, ErrorKind::conflict);
  EXPECT_THAT(forgotten.error().text(), HasSubstr("the catalog of this home is in postgresql://"));
  EXPECT_THAT(forgotten.error().text(), HasSubstr("--store"));
  EXPECT_THAT(forgotten.error().text(), Not(HasSubstr("%C3")));
}

// --- Moving ---

class MovingTest : public PostgresStoreTest {
 protected:
  Result<std::string> move(bool to_server) {
    return move_catalog(home_, *server_, to_server, clock_, disk_);
  }
  Result<std::unique_ptr<Store>> open_at(bool server) {
    return Store::open(home_, clock_, random_, disk_, server ? server_ : std::nullopt);
  }
  void fill() {
    const auto store = std::move(*open_at(false));
    ASSERT_TRUE(put(*store, {with_key("d"), row("m", "Zoë")}, {}).ok());
    ASSERT_TRUE(put(*store, {activation("VIPs", "d")}, {}).ok());
    for (int i = 0; i < 600; ++i)  // more than are read at once
      ASSERT_TRUE(store
                      ->put_run({"r" + std::to_string(i), "a", "A", "completed", Time(Millis(i)),
                                 Time(Millis(2)), "{}", Time(Millis(3))})
                      .ok());
    ASSERT_TRUE(store->put_plan({"p", "a", Time(Millis(0)), "{}"}).ok());
    ASSERT_TRUE(store->approve("p", "r1").ok());
    ASSERT_TRUE(store->put_fact("d", "trial", "{}").ok());
    ASSERT_TRUE(store->put_record({.kind = "k", .key = "x", .json = "1"}).ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->log({.who = "anna", .action = "x"}).ok());
  }
  void expect_all(Store& store) {
    const auto objects = store.objects();
    ASSERT_TRUE(objects.ok()) << objects.error().text();
    ASSERT_EQ(objects->rows.size(), 3U);
    EXPECT_EQ(objects->rows[0].uid, "d");
    EXPECT_EQ(objects->rows[0].secrets.at(0).second.reveal(), kHush);
    EXPECT_EQ(objects->rows[1].name, "Zoë");
    EXPECT_EQ(objects->revision, 2);
    EXPECT_EQ(store.runs(std::nullopt, 5000)->size(), 600U);
    EXPECT_EQ(store.dealt_until("a")->value(), Time(Millis(3)));
    EXPECT_EQ(store.plan("p")->approved_by, "r1");
    EXPECT_EQ(*store.fact("d", "trial"), "{}");
    const auto record = *store.record("k", "x");
    ASSERT_TRUE(record);
    EXPECT_TRUE(store.put_record(*record).ok()) << "its revision is that of before";
    const auto lines = *store.logged({});
    ASSERT_GE(lines.size(), 3U);
    ASSERT_TRUE(store.log({.who = "ben", .action = "y"}).ok());
    EXPECT_EQ(store.logged({})->front().number, lines.front().number + 1);
  }
};

TEST_F(MovingTest, TakesEverythingThereAndBack) {
  fill();
  const auto there = move(true);
  ASSERT_TRUE(there.ok()) << there.error().text();
  EXPECT_THAT(*there, HasSubstr("postgresql://127.0.0.1"));
  EXPECT_EQ(open_at(false).error().kind, ErrorKind::conflict);
  expect_all(**open_at(true));
  EXPECT_EQ(move(true).error().kind, ErrorKind::conflict) << "it is there already";

  ASSERT_TRUE(move(false).ok());
  const Error elsewhere = open_at(true).error();
  EXPECT_EQ(elsewhere.kind, ErrorKind::conflict);
  EXPECT_THAT(elsewhere.remedy, HasSubstr("Leave out --store"));
  expect_all(**open_at(false));

  const auto again = move(true);
  ASSERT_TRUE(again.ok()) << again.error().text();
  expect_all(**open_at(true));
}

TEST_F(MovingTest, MovesOverNothing) {
  fill();
  const fs::path other = home_.string() + "-other";
  {
    const auto store = Store::open(other, clock_, random_, disk_, server_);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(put(**store, {row("", "theirs")}, {}).ok());
  }
  fs::remove_all(other);
  EXPECT_THAT(move(true).error().text(), HasSubstr("holds a catalog already"));
  EXPECT_EQ(move(true).error().remedy, "Name a database that is empty.");
  expect_all(**open_at(false));
  EXPECT_EQ(open_at(true).error().kind, ErrorKind::conflict) << "this home has one of its own";
}

TEST_F(MovingTest, WhatWasCutOffIsDoneAgain) {
  fill();
  // Killed when the copy was there, and the old one not marked yet.
  ASSERT_TRUE(move(true).ok());
  sql("INSERT INTO moved VALUES (1, '', 0)");
  const auto in_file = [&](const char* statement) {
    ASSERT_TRUE((*open_sqlite(disk_, home_ / "rollcall.db"))->execute(statement).ok());
  };
  in_file("DELETE FROM moved");
  EXPECT_EQ(open_at(true).error().remedy, "Do the `rollcall home move` that was cut off again.");
  ASSERT_TRUE(put(**open_at(false), {}, {}).ok()) << "the old one is the one there is";
  in_file("UPDATE catalog SET revision = 2");
  ASSERT_TRUE(move(true).ok());
  expect_all(**open_at(true));
  // Killed at the very end.
  sql("INSERT INTO moved VALUES (1, '', 0)");
  EXPECT_FALSE(open_at(true).ok());
  EXPECT_FALSE(open_at(false).ok());
  ASSERT_TRUE(move(true).ok());
  EXPECT_EQ((*open_at(true))->objects()->rows.size(), 3U);
}

// --- Leases ---

// Runs twenty times as fast as the machine's, and never stands still.
class QuickClock : public Clock {
 public:
  static constexpr int kTimes = 20;
  Time now() override { return Time(monotonic()); }
  Millis monotonic() override {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return Millis(kTimes * (time.tv_sec * 1000 + time.tv_nsec / 1'000'000));
  }
  bool sleep(Millis how_long, const std::stop_token& stop) override {
    for (const Millis until = monotonic() + how_long; monotonic() < until;) {
      if (stop.stop_requested()) return false;
      ::usleep(1000);
    }
    return !stop.stop_requested();
  }
};

class RowLeasesTest : public PostgresStoreTest {
 protected:
  void SetUp() override {
    PostgresStoreTest::SetUp();
    if (server_) open();
  }
  // As if the server's clock had gone on.
  void pass(Millis time) {
    sql("UPDATE lease SET expires_ms = expires_ms - " + std::to_string(time.count()));
  }
  std::unique_ptr<Leases> leases() { return open_leases(*server_, clock_); }
};

TEST_F(RowLeasesTest, OneHoldsIt) {
  const auto one = leases(), other = leases();
  {
    const auto lease = one->take("a", {});
    ASSERT_TRUE(lease.ok()) << lease.error().text();
    EXPECT_TRUE((*lease)->outlasts(Millis(29'000)));
    EXPECT_FALSE((*lease)->outlasts(Millis(31'000)));
    const auto second = other->take("a", {});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::busy);
    EXPECT_THAT(second.error().message, HasSubstr("a is held by process "));
    EXPECT_FALSE(one->take("a", {}).ok()) << "two of one process are two";
    EXPECT_TRUE(other->take("b", {}).ok());
    EXPECT_THAT(**other->holder("a"), HasSubstr("process " + std::to_string(::getpid())));
  }
  EXPECT_EQ(*other->holder("a"), std::nullopt);
  EXPECT_TRUE(other->take("a", {}).ok());
}

TEST_F(RowLeasesTest, OfManyWhoWantItOneGetsIt) {
  std::mutex mutex;
  std::vector<std::unique_ptr<Leases>> theirs;
  std::vector<std::unique_ptr<Lease>> taken;  // protected by it, and held until the end
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i) theirs.push_back(leases());
  for (const auto& one : theirs)
    all.emplace_back([&] {
      auto lease = one->take("a", {});
      const std::lock_guard lock(mutex);
      if (lease.ok()) taken.push_back(std::move(*lease));
    });
  for (std::thread& one : all) one.join();
  EXPECT_EQ(taken.size(), 1U);
  taken.clear();
}

TEST_F(RowLeasesTest, OneThatExpiredIsGivenToAnother) {
  const auto one = leases(), other = leases();
  auto lease = std::move(*one->take("a", {}));
  pass(Millis(29'000));
  EXPECT_FALSE(other->take("a", {}).ok());
  pass(Millis(2'000));
  EXPECT_EQ(*other->holder("a"), std::nullopt);
  const auto theirs = other->take("a", {});
  ASSERT_TRUE(theirs.ok());
  clock_.advance(kLeaseLasts);
  EXPECT_FALSE(lease->outlasts(Millis(0))) << "by our own clock, whatever the server says";
  lease.reset();
  EXPECT_TRUE(*other->holder("a")) << "who lost it takes nothing from its new holder";
}

TEST_F(RowLeasesTest, IsRenewedUntilItIsLost) {
  QuickClock clock;
  const auto one = open_leases(*server_, clock), other = leases();
  const auto lease = std::move(*one->take("a", {}));
  std::stop_source stop;
  std::thread keeper([&] { one->keep(stop.get_token()); });
  for (int i = 0; i < 4; ++i) {
    end_all();  // which it does not mind
    ASSERT_TRUE(clock.sleep(Millis(15'000), {}));
    EXPECT_TRUE(lease->outlasts(Millis(15'000))) << i;
    EXPECT_FALSE(other->take("a", {}).ok());
  }
  pass(Millis(60'000));
  const auto theirs = other->take("a", {});
  EXPECT_TRUE(theirs.ok());
  ASSERT_TRUE(clock.sleep(Millis(15'000), {}));
  EXPECT_FALSE(lease->outlasts(Millis(0))) << "it has heard that another has it";
  stop.request_stop();
  keeper.join();
}

TEST_F(RowLeasesTest, WhoWasSuspendedKnowsThatItIsLost) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {  // says over and over whether it may write
    QuickClock clock;
    const auto mine = open_leases(*server_, clock);
    const auto lease = mine->take("a", {});
    std::thread([&] { mine->keep({}); }).detach();
    for (;;) {
      const char may = lease.ok() && (*lease)->outlasts(Millis(0)) ? 'y' : 'n';
      if (::write(told[1], &may, 1) != 1) ::_exit(0);
      ::usleep(10'000);
    }
  }
  ::close(told[1]);
  char may = 0;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(::read(told[0], &may, 1), 1);
  EXPECT_EQ(may, 'y');
  const auto other = leases();
  EXPECT_FALSE(other->take("a", {}).ok());

  ::kill(child, SIGSTOP);
  ::usleep(static_cast<useconds_t>(1000 * kLeaseLasts.count() / QuickClock::kTimes));
  pass(kLeaseLasts);
  const auto theirs = other->take("a", {});
  ASSERT_TRUE(theirs.ok()) << theirs.error().text();
  ::fcntl(told[0], F_SETFL, O_NONBLOCK);
  while (::read(told[0], &may, 1) == 1) {  // what it said before
  }
  ::fcntl(told[0], F_SETFL, 0);
  ::kill(child, SIGCONT);
  std::string since(20, 'x');
  for (char& one : since) ASSERT_EQ(::read(told[0], &one, 1), 1);
  // It may have been stopped between the look and the word.
  EXPECT_EQ(since.substr(1), std::string(19, 'n')) << since;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(told[0]);
}

}  // namespace
}  // namespace rollcall::store
