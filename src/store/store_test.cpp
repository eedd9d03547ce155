#include "store/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/faulty_disk.hpp"
#include "store/migrations.hpp"
#include "store/testing.hpp"

namespace rollcall::store {
namespace {

using testing::HasSubstr;

class StoreTest : public PostgresStoreTest, public testing::WithParamInterface<Engine> {
 protected:
  void SetUp() override {
    StoreFixture::SetUp();
    if (GetParam() == Engine::postgres) begin_server();
  }
};
INSTANTIATE_TEST_SUITE_P(, StoreTest, testing::Values(Engine::sqlite, Engine::postgres),
                         [](const auto& one) {
                           return one.param == Engine::sqlite ? "sqlite" : "postgres";
                         });

// --- A backup ---

TEST_P(StoreTest, ABackupIsOfOneMomentAndOpensWithTheKeyThatIsTold) {
  put_destination();
  const auto store = open();
  const fs::path kept = home_ / "kept";
  fs::create_directories(kept);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const auto other = open();
    for (int i = 0; !stop; ++i)
      ASSERT_TRUE(
          insist(*other, {row("", "a" + std::to_string(i)), row("", "b" + std::to_string(i))})
              .ok());
  });
  const auto key = store->back_up(kept / "rollcall.db");
  stop = true;
  writer.join();
  ASSERT_TRUE(key.ok()) << key.error().text();
  EXPECT_EQ(mode_of(kept / "rollcall.db"), 0600U);
  EXPECT_EQ(key->reveal(), bytes_of(home_ / "key"));
  std::ofstream(kept / "key") << key->reveal();
  fs::permissions(kept / "key", fs::perms::owner_read | fs::perms::owner_write);
  auto copy = Store::open(kept, clock_, random_, disk_);
  ASSERT_TRUE(copy.ok()) << copy.error().text();
  const auto objects = (*copy)->objects();
  ASSERT_TRUE(objects.ok());
  EXPECT_EQ(objects->rows.size() % 2, 1U) << "half of a write";
  EXPECT_EQ(objects->rows[0].secrets[0].second.reveal(), kHush);
}

TEST_P(StoreTest, ABackupIsWrittenOverNothing) {
  const auto store = open();
  std::ofstream(home_ / "there") << "mine";
  EXPECT_FALSE(store->back_up(home_ / "there").ok());
  EXPECT_EQ(bytes_of(home_ / "there"), "mine");
}

TEST_P(StoreTest, NoBackupIsMadeWhoseKeyWasReplacedMeanwhile) {
  put_destination();
  const auto store = open();
  sql("UPDATE key_check SET sealed = (SELECT sealed FROM secret)");
  EXPECT_EQ(store->back_up(home_ / "kept").error().kind, ErrorKind::conflict);
}

// --- A new key ---

Result<std::optional<std::string>> no_reseal(const Record&, const Store::Sealing&) {
  return std::optional<std::string>();
}

TEST_P(StoreTest, ANewKeyOpensWhatTheOldOneSealed) {
  put_destination();
  const auto store = open();
  const auto other = open();  // of another process
  const std::string before = bytes_of(home_ / "key");
  const Secret derived = store->derived("x");
  ASSERT_TRUE(
      store->put_record({.kind = "mail", .key = "m", .json = store->seal(Secret("hush"), "mail")})
          .ok());
  ASSERT_TRUE(store->put_record({.kind = "session", .key = "s", .json = "{}"}).ok());
  const auto reseal = [](const Record& record,
                         const Store::Sealing& sealing) -> Result<std::optional<std::string>> {
    if (record.kind != "mail") return std::optional<std::string>();
    return std::optional(sealing.seal(TRY(sealing.unseal(record.json, "mail")), "mail"));
  };
  const Status done = store->replace_key(reseal, {"session"});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_NE(bytes_of(home_ / "key"), before);
  EXPECT_EQ(mode_of(home_ / "key"), 0600U);
  EXPECT_FALSE(fs::exists(home_ / "key.next"));
  EXPECT_NE(store->derived("x").reveal(), derived.reveal());
  for (Store* one : {store.get(), other.get(), open().release()}) {
    const std::unique_ptr<Store> ours(one == store.get() || one == other.get() ? nullptr : one);
    EXPECT_EQ(one->objects()->rows[0].secrets[0].second.reveal(), kHush);
    EXPECT_EQ(one->unseal((*one->record("mail", "m"))->json, "mail")->reveal(), "hush");
    EXPECT_FALSE(*one->record("session", "s"));
  }
  // The other goes on, and seals by the new key.
  ASSERT_TRUE(put(*other, {with_key("", "Second")}, {}).ok());
  EXPECT_EQ(open()->objects()->rows.size(), 2U);
}

TEST_P(StoreTest, ARecordThatNobodyCanSealAnewKeepsTheOldKey) {
  const auto store = open();
  const std::string before = bytes_of(home_ / "key");
  ASSERT_TRUE(
      store->put_record({.kind = "mail", .key = "m", .json = store->seal(Secret("hush"), "mail")})
          .ok());
  EXPECT_EQ(store->replace_key(no_reseal, {}).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(bytes_of(home_ / "key"), before);
  EXPECT_EQ(open()->unseal((*store->record("mail", "m"))->json, "mail")->reveal(), "hush");
  EXPECT_FALSE(fs::exists(home_ / "key.next")) << "left behind";
}

TEST_F(SqliteStoreTest, AHomeOpensWhereverTheReplacementOfItsKeyWasCutOff) {
  FaultyDisk disk(home_.string() + "-aside");
  for (int step = 0, done = 0; done == 0; ++step) {
    fs::remove_all(home_);
    put_destination();
    disk.lost_after = std::nullopt;
    {
      const auto store = Store::open(home_, clock_, random_, disk, server_);
      ASSERT_TRUE(store.ok()) << store.error().text();
      disk.lost_after = disk.steps + step;
      done = (*store)->replace_key(no_reseal, {}).ok() ? 1 : 0;
    }
    const auto objects = open()->objects();
    ASSERT_TRUE(objects.ok()) << "after " << step << ": " << objects.error().text();
    EXPECT_EQ(objects->rows[0].secrets[0].second.reveal(), kHush);
    EXPECT_FALSE(fs::exists(home_ / "key.next"));
    ASSERT_LT(step, 50);
  }
}

// --- Objects ---

TEST_P(StoreTest, KeepsObjectsAndTheirSecretsAcrossOpenings) {
  ASSERT_TRUE(put(*open(), {with_key("")}, {}).ok());
  const auto objects = open()->objects();
  ASSERT_TRUE(objects.ok());
  ASSERT_EQ(objects->rows.size(), 1U);
  const ObjectRow& object = objects->rows.front();
  EXPECT_FALSE(object.uid.empty());
  EXPECT_EQ(object.kind, "destination");
  ASSERT_EQ(object.secrets.size(), 1U);
  EXPECT_EQ(object.secrets[0].first, "api_key");
  EXPECT_EQ(object.secrets[0].second.reveal(), kHush);
}

TEST_F(SqliteStoreTest, DerivesTheSameSecretFromItsKeyForOnePurpose) {
  put_destination();
  const Secret one = open()->derived("one");
  EXPECT_EQ(one.reveal().size(), 32U);
  EXPECT_EQ(open()->derived("one"), one);
  EXPECT_FALSE(open()->derived("another") == one);
  fs::remove_all(home_);
  put_destination();
  EXPECT_FALSE(open()->derived("one") == one) << "another home has another key";
}

TEST_P(StoreTest, KeepsTextByteForByte) {
  using namespace std::string_literals;
  const std::string odd = "Zoë 李 😀 '\"\n\\?x";
  const std::string bytes = odd + "\0\xff"s;
  auto store = open();
  ASSERT_TRUE(put(*store,
                  {{.kind = "model",
                    .uid = "m",
                    .name = odd,
                    .json = odd,
                    .secrets = {{"", Secret(bytes)}, {"empty", Secret("")}}}},
                  {})
                  .ok());
  const auto objects = store->objects();
  ASSERT_TRUE(objects.ok());
  EXPECT_EQ(objects->rows.front().name, odd);
  EXPECT_EQ(objects->rows.front().json, odd);
  EXPECT_EQ(objects->rows.front().secrets[0].second.reveal(), bytes);
  EXPECT_EQ(objects->rows.front().secrets[1].second.reveal(), "");
}

TEST_P(StoreTest, ListsObjectsInTheOrderOfTheirCreation) {
  auto store = open();
  ASSERT_TRUE(put(*store, {row("", "c"), row("", "a")}, {}).ok());
  ASSERT_TRUE(put(*store, {row("", "b")}, {}).ok());
  auto objects = store->objects()->rows;
  objects[0].name = "c, renamed";
  objects[0].archived = true;
  ASSERT_TRUE(put(*store, {objects[0]}, {}).ok());
  EXPECT_THAT(names(*store), testing::ElementsAre("c, renamed", "a", "b"));
  EXPECT_TRUE(store->objects()->rows.front().archived);
}

TEST_P(StoreTest, TwoMaySwapNamesInOneCall) {
  auto store = open();
  ASSERT_TRUE(put(*store, {row("1", "a"), row("2", "b")}, {}).ok());
  ASSERT_TRUE(put(*store, {row("1", "b"), row("2", "a")}, {}).ok());
  EXPECT_EQ(store->objects()->rows.front().name, "b");
}

TEST_P(StoreTest, NoTwoOfAKindBearOneName) {
  auto store = open();
  ASSERT_TRUE(put(*store, {row("", "a"), activation("a", "one")}, {}).ok());
  for (const ObjectRow& twice : {row("", "a"), activation("a", "one")}) {
    const Status refused = put(*store, {twice}, {});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("the name `a` is taken"));
  }
  EXPECT_TRUE(put(*store, {activation("a", "another")}, {}).ok()) << "of another destination";
  ObjectRow archived = row("", "a");
  archived.archived = true;
  EXPECT_TRUE(put(*store, {archived}, {}).ok()) << "nobody goes by the name of an archived one";
}

TEST_P(StoreTest, RefusesAWriteOfWhatAnotherHasChangedSince) {
  auto one = open(), other = open();
  const int64_t seen = one->objects()->revision;
  ASSERT_TRUE(put(*other, {row("", "theirs")}, {}).ok());
  const Status late = one->put(seen, {row("", "mine")}, {});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
  EXPECT_EQ(late.error().remedy, "Try again: it is then read anew.");
  EXPECT_THAT(names(*one), testing::ElementsAre("theirs"));
  EXPECT_TRUE(put(*one, {row("", "mine")}, {}).ok()) << "after it is read again";
}

TEST_P(StoreTest, WritesAllOrNothing) {
  auto store = open();
  ASSERT_TRUE(put(*store, {row("m", "a"), row("gone", "x")}, {}).ok());
  // The last row carries one secret twice, which the database refuses.
  const ObjectRow twice{.kind = "source",
                        .uid = "s",
                        .name = "b",
                        .json = "{}",
                        .secrets = {{"x", Secret("1")}, {"x", Secret("2")}}};
  EXPECT_FALSE(put(*store, {row("m", "changed"), twice}, {"gone"}).ok());
  const auto objects = store->objects();
  ASSERT_EQ(objects->rows.size(), 2U);
  EXPECT_EQ(objects->rows.front().name, "a");
  EXPECT_TRUE(put(*store, {row("m", "changed")}, {}).ok()) << "and can be used as before";
}

TEST_P(StoreTest, RemovesAnObjectWithItsSecretsAndFacts) {
  auto store = open();
  ASSERT_TRUE(put(*store, {with_key("d")}, {}).ok());
  ASSERT_TRUE(store->put_fact("d", "trial", "{}").ok());
  ASSERT_TRUE(put(*store, {}, {"d"}).ok());
  EXPECT_TRUE(store->objects()->rows.empty());
  EXPECT_FALSE(*store->fact("d", "trial"));
  ASSERT_TRUE(put(*store, {row("d", "again")}, {}).ok());
  EXPECT_TRUE(store->objects()->rows.front().secrets.empty());
}

// Every id of one second is the same until its random part has run through a few repeats.
class RepeatingRandom : public Random {
 public:
  uint64_t next() override { return count_++ / 3; }

 private:
  uint64_t count_ = 0;
};

TEST_P(StoreTest, AnIdThatIsTakenIsNotGivenAgain) {
  RepeatingRandom random;
  auto store = std::move(*Store::open(home_, clock_, random, disk_, server_));
  ASSERT_TRUE(put(*store, {row("", "a"), row("", "b"), row("", "c"), row("", "d")}, {}).ok());
  EXPECT_EQ(store->objects()->rows.size(), 4U);
}

// --- Secrets and rights ---

TEST_F(SqliteStoreTest, HasNoSecretInAnyFileInClear) {
  auto store = open();
  ASSERT_TRUE(put(*store, {with_key("d")}, {}).ok());
  ASSERT_TRUE(put(*store, {with_key("d")}, {}).ok());
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(home_)) {
    ++files;
    EXPECT_THAT(bytes_of(entry.path()), testing::Not(HasSubstr("hush"))) << entry.path();
  }
  EXPECT_GE(files, 3) << "key, database and its log";
}

TEST_P(StoreTest, ASecretOpensOnlyWhereItBelongs) {
  ASSERT_TRUE(put(*open(), {with_key("a"), row("b", "other")}, {}).ok());
  sql("UPDATE secret SET uid = 'b'");
  EXPECT_EQ(open()->objects().error().kind, ErrorKind::corrupt);
}

TEST_F(SqliteStoreTest, IsPrivateToItsOwner) {
  const mode_t before = ::umask(0);
  auto store = open();
  ASSERT_TRUE(put(*store, {with_key("d")}, {}).ok());
  ::umask(before);
  EXPECT_EQ(mode_of(home_), 0700U);
  for (const char* name : {"key", "rollcall.db", "rollcall.db-wal", "rollcall.db-shm"})
    EXPECT_EQ(mode_of(home_ / name), 0600U) << name;
}

TEST_P(StoreTest, LeavesTheRightsOfAFolderThatHoldsOtherThings) {
  fs::create_directories(home_);
  fs::permissions(home_, fs::perms(0755));
  std::ofstream(home_ / "notes.txt") << "somebody's";
  open();
  EXPECT_EQ(mode_of(home_), 0755U);
}

TEST_P(StoreTest, MakesTheFoldersOnTheWay) {
  const fs::path top = home_;
  home_ = top / "a" / "b" / "";
  open();
  EXPECT_EQ(mode_of(home_), 0700U);
  home_ = top;
}

TEST_P(StoreTest, RefusesAKeyFileOthersMayRead) {
  put_destination();
  fs::permissions(home_ / "key", fs::perms::group_read, fs::perm_options::add);
  const auto error = try_open().error();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.remedy, HasSubstr("chmod 600"));
}

TEST_P(StoreTest, RefusesToOpenWithoutTheKeyOfItsSecrets) {
  put_destination();
  fs::remove(home_ / "key");
  const auto error = try_open().error();
  EXPECT_EQ(error.kind, ErrorKind::not_found);
  EXPECT_THAT(error.text(), HasSubstr("Restore it from a backup"));
  EXPECT_FALSE(fs::exists(home_ / "key")) << "a new one would hide the loss";
}

TEST_P(StoreTest, RefusesAWrongKeyBeforeAnythingIsSealedByIt) {
  put_destination();
  write_key('k');
  const auto error = try_open().error();
  EXPECT_EQ(error.kind, ErrorKind::corrupt);
  EXPECT_THAT(error.text(), HasSubstr("Restore the key file that belongs to this home"));
}

TEST_P(StoreTest, RefusesAKeyThatIsCutShort) {
  put_destination();
  fs::resize_file(home_ / "key", 31);
  EXPECT_EQ(try_open().error().kind, ErrorKind::corrupt);
}

TEST_P(StoreTest, TakesANewKeyWhereThereIsNoSecretYet) {
  ASSERT_TRUE(put(*open(), {row("m", "a")}, {}).ok());
  fs::remove(home_ / "key");
  put_destination();
  EXPECT_EQ(open()->objects()->rows.size(), 2U);
}

TEST_F(SqliteStoreTest, FollowsNoLinkThatSomebodyPlanted) {
  put_destination();
  const fs::path elsewhere = fs::path(home_.string() + "-elsewhere");
  fs::create_directories(elsewhere);
  std::ofstream(elsewhere / "file") << "theirs";
  for (const char* name : {"tmp", "pace", "contacts", "activations/a"})
    fs::create_directories(home_ / name);
  for (const char* name : {"tmp/x", "pace/p", "contacts/c.index", "activations/a/state.json.new",
                           "activations/a/lock", "activations/b", "rollcall.db-journal"}) {
    fs::create_symlink(elsewhere / "file", home_ / name);
    const auto opened = try_open();
    ASSERT_FALSE(opened.ok()) << name;
    EXPECT_EQ(opened.error().kind, ErrorKind::denied);
    EXPECT_THAT(opened.error().text(), HasSubstr((home_ / name).string() + " is a link"));
    fs::remove(home_ / name);
  }
  for (const char* name : {"key", "rollcall.db"}) {
    fs::rename(home_ / name, elsewhere / name);
    fs::create_symlink(elsewhere / name, home_ / name);
    EXPECT_FALSE(try_open().ok()) << name;
    fs::remove(home_ / name);
    fs::rename(elsewhere / name, home_ / name);
  }
  EXPECT_EQ(bytes_of(elsewhere / "file"), "theirs");
  // A home that is reached by one is where its owner put it, and what lies beside ours is not ours.
  fs::create_symlink("nowhere", home_ / "notes");
  fs::create_directory_symlink(home_, elsewhere / "home");
  EXPECT_TRUE(Store::open(elsewhere / "home", clock_, random_, disk_).ok());
  fs::remove_all(elsewhere);
}

// --- Files that are not ours, or not of our time ---

TEST_F(SqliteStoreTest, LeavesAForeignFileAsItIs) {
  fs::create_directories(home_);
  const std::string text = "this is no database, however long it may be: " + std::string(5000, 'x');
  std::ofstream(home_ / "rollcall.db") << text;
  EXPECT_EQ(try_open().error().kind, ErrorKind::corrupt);
  EXPECT_EQ(bytes_of(home_ / "rollcall.db"), text);
}

TEST_F(SqliteStoreTest, LeavesAnotherProgramsDatabaseAsItIs) {
  fs::create_directories(home_);
  sql("CREATE TABLE theirs(x); INSERT INTO theirs VALUES (1)");
  const std::string before = bytes_of(home_ / "rollcall.db");
  const auto error = try_open().error();
  EXPECT_EQ(error.kind, ErrorKind::corrupt);
  EXPECT_THAT(error.message, HasSubstr("another program"));
  EXPECT_EQ(bytes_of(home_ / "rollcall.db"), before);
  EXPECT_FALSE(fs::exists(home_ / "key"));
  EXPECT_EQ(error.remedy, "Choose another home.");
  EXPECT_TRUE(Store::open(home_ / "another", clock_, random_, disk_).ok());
}

TEST_F(SqliteStoreTest, LeavesANewerVersionAsItIs) {
  put_destination();
  sql("PRAGMA user_version = 999; PRAGMA journal_mode = DELETE");
  const std::string before = bytes_of(home_ / "rollcall.db");
  EXPECT_THAT(try_open().error().message, HasSubstr("newer version"));
  EXPECT_EQ(bytes_of(home_ / "rollcall.db"), before);
  EXPECT_EQ(try_open().error().remedy, "Use that version, or another home.");
  EXPECT_TRUE(Store::open(home_ / "another", clock_, random_, disk_).ok());
}

TEST_F(SqliteStoreTest, SaysSoWhenTheFileIsDamaged) {
  put_destination();
  sql("PRAGMA journal_mode = DELETE");
  std::string bytes = bytes_of(home_ / "rollcall.db");
  for (size_t at = 200; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 7);
  std::ofstream(home_ / "rollcall.db", std::ios::binary) << bytes;
  const auto store = try_open();
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.error().kind, ErrorKind::corrupt);
}

const std::string kBackToVersion3 =
    "DROP TABLE lease; DROP TABLE moved; ALTER TABLE run DROP COLUMN until_ms; "
    "DROP TABLE record; DROP TABLE record_revision; DROP TABLE log; PRAGMA user_version = 3;";
const std::string kBackToVersion2 =
    kBackToVersion3 +
    "DROP INDEX object_by_name; ALTER TABLE object DROP COLUMN destination; "
    "ALTER TABLE object DROP COLUMN is_double; DROP TABLE catalog; "
    "ALTER TABLE plan DROP COLUMN approved_by; PRAGMA user_version = 2;";

TEST_F(SqliteStoreTest, MarksTheDoublesThatAnEarlierVersionStored) {
  ObjectRow archived = activation("Old", "Iterable");
  archived.archived = true;
  ASSERT_TRUE(put(*open(),
                  {row("first", "m"), row("second", "m2"), row("other", "x"), archived,
                   activation("VIPs", "Iterable"), activation("VIPs", "Europe"),
                   activation("VIPs2", "Iterable")},
                  {})
                  .ok());
  sql(kBackToVersion2 +
      "UPDATE object SET name = 'm' WHERE name = 'm2'; "
      "UPDATE object SET name = 'VIPs' WHERE name = 'VIPs2'; "
      "INSERT INTO object SELECT 'old', kind, name, json, 1, 99 FROM object WHERE name = 'Old'");
  auto store = open();
  std::vector<std::string> doubles;
  const auto objects = store->objects();
  ASSERT_TRUE(objects.ok()) << objects.error().text();
  for (const ObjectRow& one : objects->rows)
    if (one.is_double) doubles.push_back(one.kind + " " + one.destination + "/" + one.name);
  EXPECT_THAT(doubles, testing::ElementsAre("model /m", "activation Iterable/VIPs"));
  EXPECT_EQ(objects->rows[1].uid, "second") << "the later of the two";
  EXPECT_FALSE(put(*store, {row("", "m")}, {}).ok()) << "and no third comes to be";
  // Mended: the first goes, the second takes its place.
  EXPECT_TRUE(put(*store, {row("second", "m")}, {"first"}).ok());
  EXPECT_FALSE(put(*store, {row("", "m")}, {}).ok());
}

TEST_F(SqliteStoreTest, LeavesNoHalfKeyBehind) {
  FaultyDisk disk(home_ / "aside");
  for (uint64_t room = 0; room < 32; ++room) {
    disk.room = room;
    const auto store = Store::open(home_, clock_, random_, disk, server_);
    ASSERT_FALSE(store.ok());
    EXPECT_THAT(store.error().message, HasSubstr("no space left in " + home_.string()));
    EXPECT_EQ(store.error().kind, ErrorKind::unavailable);
    for (const auto& entry : fs::directory_iterator(home_))
      EXPECT_FALSE(entry.path().filename().string().starts_with("key")) << entry.path();
  }
  disk.room.reset();
  EXPECT_TRUE(Store::open(home_, clock_, random_, disk, server_).ok());
}

// What version 1 left behind, with a secret that was sealed by the key file beside it.
TEST_F(SqliteStoreTest, BringsAnOlderVersionUpToDate) {
  put_destination();
  ASSERT_TRUE(
      open()->put_run({"r", "a", "A", "completed", Time(Millis(1)), std::nullopt, "{}"}).ok());
  const std::string back =
      kBackToVersion2 +
      "DROP TABLE key_check; DROP INDEX run_by_time; DROP INDEX plan_by_activation; "
      "PRAGMA user_version = 1";
  sql(back);
  EXPECT_EQ(open()->objects()->rows.front().secrets[0].second.reveal(), kHush);
  EXPECT_EQ(open()->runs(std::nullopt, 10)->size(), 1U);

  sql(back);
  write_key('k');
  EXPECT_EQ(try_open().error().kind, ErrorKind::corrupt) << "a wrong key is known there as well";
}

TEST_F(SqliteStoreTest, GivesAHomeOfTheVersionBeforeRecordsAndALog) {
  put_destination();
  sql(kBackToVersion3);
  auto store = open();
  EXPECT_EQ(store->objects()->rows.front().secrets[0].second.reveal(), kHush);
  EXPECT_TRUE(store->records("user")->empty());
  EXPECT_TRUE(store->logged({})->empty());
  EXPECT_TRUE(store->put_record({.kind = "user", .key = "u", .json = "{}"}).ok());
  EXPECT_TRUE(store->log({.who = "rollcall", .action = "created"}).ok());
}

TEST_P(StoreTest, SaysWhyAHomeCannotBeMade) {
  const fs::path top = home_;
  fs::create_directories(top);
  std::ofstream(top / "file") << "x";
  home_ = top / "file";
  EXPECT_THAT(try_open().error().text(), HasSubstr("it is no folder"));
  EXPECT_THAT(try_open().error().remedy, HasSubstr("Choose another with --home"));
  home_ = top / "file" / "deeper";
  EXPECT_EQ(try_open().error().kind, ErrorKind::unavailable);
  home_ = top;
}

// --- Several at once ---

TEST_P(StoreTest, ManyProcessesMayMakeOneHomeAtOnce) {
  constexpr int kProcesses = 8;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      SeededRandom random(static_cast<uint64_t>(i) + 100);
      auto store = Store::open(home_, clock_, random, disk_, server_);
      const bool ok = store.ok() && insist(**store, {with_key("", std::to_string(i))}).ok();
      if (!store.ok()) std::fprintf(stderr, "%s\n", store.error().text().c_str());
      ::_exit(ok ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  // One key for all: every secret opens.
  const auto objects = open()->objects();
  ASSERT_TRUE(objects.ok()) << objects.error().text();
  EXPECT_EQ(objects->rows.size(), static_cast<size_t>(kProcesses));
  for (const auto& entry : fs::directory_iterator(home_))
    EXPECT_FALSE(entry.path().filename().string().starts_with("key.")) << "nothing is left over";
}

TEST_P(StoreTest, AReaderSeesAllOfAWriteOrNothing) {
  auto reader = open();
  ASSERT_TRUE(put(*reader, {row("a", "a0"), row("b", "b0")}, {}).ok());
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    ManualClock clock(Time(Millis(0)));
    SeededRandom random(2);
    auto store = std::move(*Store::open(home_, clock, random, disk_, server_));
    for (int i = 1; !stop; ++i) {
      const std::string name = std::to_string(i);
      EXPECT_TRUE(put(*store, {row("a", "a" + name), row("b", "b" + name)}, {}).ok());
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto objects = reader->objects();
    EXPECT_TRUE(objects.ok());
    if (objects.ok()) {
      EXPECT_EQ(objects->rows[0].name.substr(1), objects->rows[1].name.substr(1));
    }
  }
  stop = true;
  writer.join();
}

TEST_P(StoreTest, WritersWaitForEachOther) {
  open();
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (int w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      ManualClock clock(Time(Millis(0)));
      SeededRandom random(static_cast<uint64_t>(w) + 10);
      auto store = std::move(*Store::open(home_, clock, random, disk_, server_));
      for (int i = 0; i < 25; ++i)
        if (!store->put_fact(std::to_string(w), std::to_string(i), "{}").ok()) ++failed;
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  auto store = open();
  for (int w = 0; w < 4; ++w)
    for (int i = 0; i < 25; ++i) EXPECT_TRUE(*store->fact(std::to_string(w), std::to_string(i)));
}

TEST_P(StoreTest, OneStoreServesSeveralThreads) {
  auto store = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string uid = std::to_string(t);
        EXPECT_TRUE(insist(*store, {row(uid, uid + "/" + std::to_string(i))}).ok());
        EXPECT_TRUE(store->objects().ok());
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->objects()->rows.size(), 4U);
}

// --- Runs, plans, facts ---

TEST_P(StoreTest, ListsRunsNewestFirst) {
  auto store = open();
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE(store
                    ->put_run({"r" + std::to_string(i), i == 2 ? "other" : "a", "A", "running",
                               Time(Millis(i * 1000)), std::nullopt, "{}"})
                    .ok());
  ASSERT_TRUE(store
                  ->put_run({"r1", "a", "A", "completed", Time(Millis(1000)), Time(Millis(2000)),
                             "{\"x\":1}"})
                  .ok());
  const auto runs = store->runs("a", 10);
  ASSERT_EQ(runs->size(), 2U);
  EXPECT_EQ((*runs)[0].run_id, "r3");
  EXPECT_EQ((*runs)[0].finished_at, std::nullopt);
  EXPECT_EQ((*runs)[1].status, "completed");
  EXPECT_EQ((*runs)[1].finished_at, Time(Millis(2000)));
  EXPECT_EQ(store->runs(std::nullopt, 2)->front().run_id, "r3");
  EXPECT_EQ(store->runs(std::nullopt, 2)->size(), 2U);
  EXPECT_TRUE(store->runs(std::nullopt, 0)->empty());
  EXPECT_TRUE(store->runs(std::nullopt, -1)->empty());
  EXPECT_TRUE(store->runs("nobody", 10)->empty());
  EXPECT_EQ(store->run("r2")->activation_uid, "other");
  EXPECT_EQ(store->run("r9").error().kind, ErrorKind::not_found);
}

TEST_P(StoreTest, OldRunsGoButTheLastOfEachActivation) {
  auto store = open();
  const auto put = [&](const std::string& id, const std::string& activation, int64_t ms) {
    ASSERT_TRUE(
        store->put_run({id, activation, "A", "completed", Time(Millis(ms)), std::nullopt, "{}"})
            .ok());
  };
  put("r1", "a", 1);
  put("r2", "a", 2);
  put("r3", "a", 9);
  put("r4", "b", 1);
  put("r5", "b", 1);  // at the same moment: the last by its id
  EXPECT_EQ(*store->remove_runs(Time(Millis(1))), 0);
  EXPECT_EQ(*store->remove_runs(Time(Millis(5))), 3);
  const auto left = store->runs(std::nullopt, 99);
  ASSERT_EQ(left->size(), 2U);
  EXPECT_EQ((*left)[0].run_id, "r3");
  EXPECT_EQ((*left)[1].run_id, "r5");
  EXPECT_EQ(*store->remove_runs(Time(Millis(100))), 0);
}

TEST_P(StoreTest, KeepsTheLastPlansOfEachActivation) {
  auto store = open();
  ASSERT_TRUE(store->put_plan({"other", "b", Time(Millis(0)), "{}"}).ok());
  for (int i = 0; i <= 100; ++i)
    ASSERT_TRUE(store->put_plan({"p" + std::to_string(i), "a", Time(Millis(i)), "{}"}).ok());
  EXPECT_EQ(store->plan("p0").error().kind, ErrorKind::not_found);
  EXPECT_EQ(store->plan("p1")->activation_uid, "a");
  EXPECT_EQ(store->plan("p100")->made_at, Time(Millis(100)));
  EXPECT_TRUE(store->plan("other").ok());
}

TEST_P(StoreTest, APlanIsApprovedForOneRun) {
  auto store = open();
  ASSERT_TRUE(store->put_plan({"p", "a", Time(Millis(0)), "{}"}).ok());
  EXPECT_EQ(store->plan("p")->approved_by, "");
  ASSERT_TRUE(store->approve("p", "run 1").ok());
  EXPECT_EQ(store->plan("p")->approved_by, "run 1");
  EXPECT_TRUE(store->approve("p", "run 1").ok()) << "the same run, once more";
  const Status again = store->approve("p", "run 2");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().kind, ErrorKind::conflict);
  EXPECT_EQ(store->plan("p")->approved_by, "run 1");
  EXPECT_EQ(again.error().remedy, "Make a new plan, and approve that one if it is meant.");
  ASSERT_TRUE(store->put_plan({"p2", "a", Time(Millis(0)), "{}"}).ok());
  EXPECT_TRUE(store->approve("p2", "run 2").ok());
}

TEST_P(StoreTest, KeepsFactsByName) {
  auto store = open();
  EXPECT_FALSE(*store->fact("d", "trial"));
  ASSERT_TRUE(store->put_fact("d", "trial", "1").ok());
  ASSERT_TRUE(store->put_fact("d", "trial", "2").ok());
  EXPECT_EQ(*store->fact("d", "trial"), "2");
  EXPECT_FALSE(*store->fact("d", "rates"));
}

TEST_P(StoreTest, RunsArePagedByTheLastOneSeen) {
  auto store = open();
  for (int i = 1; i <= 5; ++i)  // two of them began at once
    ASSERT_TRUE(store
                    ->put_run({"r" + std::to_string(i), i == 2 ? "other" : "a", "A", "running",
                               Time(Millis(i == 4 ? 3000 : i * 1000)), std::nullopt, "{}"})
                    .ok());
  const auto ids = [&](const std::optional<std::string>& activation, int limit,
                       const std::string& before) {
    std::string out;
    const auto runs = store->runs(activation, limit, before);
    EXPECT_TRUE(runs.ok());
    if (runs.ok())
      for (const RunRow& run : *runs) out += run.run_id + " ";
    return out;
  };
  EXPECT_EQ(ids(std::nullopt, 2, ""), "r5 r4 ");
  EXPECT_EQ(ids(std::nullopt, 2, "r4"), "r3 r2 ");
  EXPECT_EQ(ids(std::nullopt, 2, "r2"), "r1 ");
  EXPECT_EQ(ids("a", 2, "r3"), "r1 ");
  EXPECT_EQ(ids("a", 9, "r1"), "");
  EXPECT_EQ(store->runs("a", 9, "r9").error().kind, ErrorKind::not_found);
}

// --- Records ---

TEST_P(StoreTest, KeepsARecordByKindAndKey) {
  const Time soon = clock_.now() + Millis(1000);
  {
    auto store = open();
    EXPECT_FALSE(*store->record("user", "u"));
    ASSERT_TRUE(store->put_record({.kind = "user", .key = "u", .json = "{}"}).ok());
    ASSERT_TRUE(
        store->put_record({.kind = "session", .key = "u", .json = "1", .expires_at = soon}).ok());
  }
  auto store = open();
  const auto user = *store->record("user", "u");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->json, "{}");
  EXPECT_EQ(user->expires_at, std::nullopt);
  EXPECT_EQ((*store->record("session", "u"))->expires_at, soon);
}

TEST_P(StoreTest, ListsTheRecordsOfAKindByKey) {
  auto store = open();
  for (const char* key : {"b", "a", "c"})
    ASSERT_TRUE(store->put_record({.kind = "user", .key = key, .json = key}).ok());
  ASSERT_TRUE(store->put_record({.kind = "token", .key = "x", .json = "{}"}).ok());
  std::string keys;
  const auto records = store->records("user");
  ASSERT_TRUE(records.ok());
  for (const Record& record : *records) keys += record.key + record.json;
  EXPECT_EQ(keys, "aabbcc");
}

TEST_P(StoreTest, ARecordIsWrittenOnlyAsItWasRead) {
  auto one = open(), other = open();
  ASSERT_TRUE(one->put_record({.kind = "user", .key = "u", .json = "1"}).ok());
  const Status again = one->put_record({.kind = "user", .key = "u", .json = "2"});
  ASSERT_FALSE(again.ok()) << "it is there already";
  EXPECT_EQ(again.error().kind, ErrorKind::conflict);

  Record mine = **one->record("user", "u"), theirs = **other->record("user", "u");
  theirs.json = "theirs";
  ASSERT_TRUE(other->put_record(theirs).ok());
  mine.json = "mine";
  const Status late = one->put_record(mine);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::conflict);
  EXPECT_EQ(late.error().remedy, "Try again: it is then read anew.");
  mine.revision = (*one->record("user", "u"))->revision;
  EXPECT_TRUE(one->put_record(mine).ok()) << "after it is read again";
  EXPECT_EQ((*other->record("user", "u"))->json, "mine");
}

TEST_P(StoreTest, ARecordThatWasMadeAgainIsAnother) {
  auto store = open();
  ASSERT_TRUE(store->put_record({.kind = "setup", .key = "s", .json = "1"}).ok());
  const Record first = **store->record("setup", "s");
  ASSERT_TRUE(*store->remove_record("setup", "s"));
  EXPECT_FALSE(store->put_record(first).ok()) << "it is gone";
  ASSERT_TRUE(store->put_record({.kind = "setup", .key = "s", .json = "2"}).ok());
  EXPECT_FALSE(store->put_record(first).ok());
  EXPECT_EQ((*store->record("setup", "s"))->json, "2");
}

TEST_P(StoreTest, OfTwoWhoRemoveARecordOneDid) {
  auto one = open(), other = open();
  ASSERT_TRUE(one->put_record({.kind = "setup", .key = "s", .json = "1"}).ok());
  EXPECT_TRUE(*one->remove_record("setup", "s"));
  EXPECT_FALSE(*other->remove_record("setup", "s"));
}

TEST_P(StoreTest, ARecordIsGoneOnceItHasExpired) {
  auto store = open();
  const Record session{
      .kind = "session", .key = "s", .json = "1", .expires_at = clock_.now() + Millis(1000)};
  ASSERT_TRUE(store->put_record(session).ok());
  ASSERT_TRUE(store->put_record({.kind = "session", .key = "t", .json = "1"}).ok());
  clock_.advance(Millis(999));
  const auto read = *store->record("session", "s");
  ASSERT_TRUE(read);
  EXPECT_FALSE(store->put_record(session).ok()) << "it is there";
  clock_.advance(Millis(1));
  EXPECT_FALSE(*store->record("session", "s"));
  EXPECT_EQ(store->records("session")->size(), 1U);
  EXPECT_FALSE(*store->remove_record("session", "s"));
  Record later = *read;
  later.expires_at.reset();
  EXPECT_FALSE(store->put_record(later).ok()) << "what has expired does not come back";
  later.revision = 0;
  EXPECT_TRUE(store->put_record(later).ok()) << "but its name is free";
}

TEST_P(StoreTest, TidyingRemovesWhatHasExpiredAndNothingElse) {
  auto store = open();
  ASSERT_TRUE(store->put_record({.kind = "user", .key = "u", .json = "1"}).ok());
  for (int i = 1; i <= 3; ++i)
    ASSERT_TRUE(store
                    ->put_record({.kind = "session",
                                  .key = std::to_string(i),
                                  .json = "1",
                                  .expires_at = clock_.now() + Millis(i * 1000)})
                    .ok());
  EXPECT_EQ(*store->remove_expired(), 0);
  clock_.advance(Millis(2000));
  EXPECT_EQ(*store->remove_expired(), 2);
  EXPECT_EQ(*store->remove_expired(), 0);
  EXPECT_TRUE(*store->record("session", "3"));
  EXPECT_TRUE(*store->record("user", "u"));
}

TEST_P(StoreTest, OfManyWhoMakeOneRecordOneDoes) {
  open();
  std::vector<std::thread> writers;
  std::atomic<int> made = 0;
  for (int w = 0; w < 4; ++w)
    writers.emplace_back([&, w] {
      SeededRandom random(static_cast<uint64_t>(w) + 10);
      auto store = std::move(*Store::open(home_, clock_, random, disk_, server_));
      for (int i = 0; i < 10; ++i)
        if (store->put_record({.kind = "k", .key = std::to_string(i), .json = "{}"}).ok()) ++made;
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(made, 10);
}

TEST_P(StoreTest, OfManyWhoWriteByOneRevisionOneDoesAtATime) {
  open();
  constexpr int kWriters = 4, kTimes = 10;
  const int64_t before = open()->objects()->revision;
  ASSERT_TRUE(open()->put_record({.kind = "k", .key = "sum", .json = "0"}).ok());
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w)
    writers.emplace_back([&, w] {
      SeededRandom random(static_cast<uint64_t>(w) + 10);
      auto store = std::move(*Store::open(home_, clock_, random, disk_, server_));
      for (int done = 0; done < kTimes;) {
        Record sum = **store->record("k", "sum");
        sum.json = std::to_string(std::stoi(sum.json) + 1);
        const Status put = store->put_record(sum);
        if (put.ok()) ++done;
        if (put.ok()) {
          EXPECT_TRUE(insist(*store, {row("", sum.json)}).ok());
        } else {
          EXPECT_EQ(put.error().kind, ErrorKind::conflict) << put.error().text();
        }
      }
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ((*open()->record("k", "sum"))->json, std::to_string(kWriters * kTimes));
  EXPECT_EQ(open()->objects()->rows.size(), size_t{kWriters * kTimes});
  EXPECT_EQ(*open()->revision(), before + kWriters * kTimes) << "one after another";
}

TEST_P(StoreTest, TextWithANulIsRefused) {
  using namespace std::string_literals;
  auto store = open();
  const Status refused = put(*store, {row("", "a\0b"s)}, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid);
  EXPECT_TRUE(store->objects()->rows.empty());
  EXPECT_FALSE(store->put_record({.kind = "k", .key = "a\0b"s, .json = "{}"}).ok());
  EXPECT_FALSE(store->log({.who = "a\0b"s, .action = "x"}).ok());
}

TEST_P(StoreTest, TellsUpToWhenTheScheduleIsDealtWith) {
  auto store = open();
  const auto put_run = [&](const char* id, const char* status, std::optional<int64_t> until) {
    RunRow run{id, "a", "A", status, Time(Millis(1)), std::nullopt, "{}"};
    if (until) run.until = Time(Millis(*until));
    ASSERT_TRUE(store->put_run(run).ok());
  };
  EXPECT_EQ(*store->dealt_until("a"), std::nullopt);
  put_run("1", "completed", 10);
  put_run("2", "running", 30);
  put_run("3", "interrupted", 40);
  put_run("4", "completed", std::nullopt);
  EXPECT_EQ(*store->dealt_until("a"), Time(Millis(10)));
  EXPECT_EQ(*store->dealt_until("b"), std::nullopt);
  put_run("2", "failed", std::nullopt);
  EXPECT_EQ(*store->dealt_until("a"), Time(Millis(30))) << "it is kept by whoever ends the run";
}

// --- Sealed text ---

TEST_P(StoreTest, SealedTextOpensOnlyWhereItBelongs) {
  auto store = open();
  const std::string sealed = store->seal(Secret("hush"), "settings/mail");
  EXPECT_THAT(sealed, testing::Not(HasSubstr("hush")));
  EXPECT_EQ(store->unseal(sealed, "settings/mail")->reveal(), "hush");
  EXPECT_EQ(open()->unseal(sealed, "settings/mail")->reveal(), "hush");
  std::string changed = sealed;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  for (const auto& [text, place] : {std::pair<std::string, std::string>{sealed, "settings/other"},
                                    {changed, "settings/mail"},
                                    {sealed.substr(0, 30), "settings/mail"},
                                    {sealed + "?", "settings/mail"},
                                    {"", "settings/mail"}}) {
    const auto refused = store->unseal(text, place);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::corrupt);
  }
  EXPECT_EQ(store->unseal(store->seal(Secret(""), "x"), "x")->reveal(), "");
  for (const char c : sealed)
    EXPECT_TRUE(c > ' ' && c < 127 && c != '"') << "JSON holds it as it is";
}

TEST_P(StoreTest, RefusesToOpenWithoutTheKeyOfWhatARecordHasSealed) {
  {
    auto store = open();
    const std::string json = "{\"password\":\"" + store->seal(Secret("hush"), "mail") + "\"}";
    ASSERT_TRUE(store->put_record({.kind = "setting", .key = "mail", .json = json}).ok());
  }
  fs::remove(home_ / "key");
  EXPECT_EQ(try_open().error().kind, ErrorKind::not_found);
  write_key('k');
  EXPECT_EQ(try_open().error().kind, ErrorKind::corrupt);
}

// --- The log ---

TEST_P(StoreTest, TheLogTellsTheNewestFirst) {
  const LogLine line{.at = Time(Millis(5)),
                     .who = "anna@example.com",
                     .action = "changed",
                     .kind = "segment",
                     .uid = "s",
                     .name = "VIPs",
                     .before = "{\"a\":1}",
                     .after = "{\"a\":2}",
                     .address = "192.0.2.1"};
  ASSERT_TRUE(open()->log(line).ok());
  auto store = open();
  ASSERT_TRUE(store->log({.at = Time(Millis(6)), .who = "rollcall", .action = "run"}).ok());
  const auto lines = *store->logged({});
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].who, "rollcall");
  EXPECT_GT(lines[0].number, lines[1].number);
  EXPECT_EQ(lines[1].at, line.at);
  EXPECT_EQ(lines[1].who, line.who);
  EXPECT_EQ(lines[1].action, line.action);
  EXPECT_EQ(lines[1].kind, line.kind);
  EXPECT_EQ(lines[1].uid, line.uid);
  EXPECT_EQ(lines[1].name, line.name);
  EXPECT_EQ(lines[1].before, line.before);
  EXPECT_EQ(lines[1].after, line.after);
  EXPECT_EQ(lines[1].address, line.address);
}

TEST_P(StoreTest, OldLinesOfTheLogGo) {
  auto store = open();
  for (const int ms : {1, 5, 9})
    ASSERT_TRUE(store->log({.at = Time(Millis(ms)), .who = "a", .action = "run"}).ok());
  EXPECT_EQ(*store->remove_log(Time(Millis(5))), 1);
  const auto lines = store->logged({});
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ(lines->back().at, Time(Millis(5)));
}

TEST_P(StoreTest, TheLogIsFilteredAndPaged) {
  auto store = open();
  for (int i = 1; i <= 6; ++i)
    ASSERT_TRUE(store
                    ->log({.at = Time(Millis(i * 1000)),
                           .who = i % 2 == 0 ? "anna" : "ben",
                           .action = i <= 3 ? "created" : "removed",
                           .kind = i == 1 ? "model" : "segment",
                           .uid = i <= 2 ? "x" : "y",
                           .name = std::to_string(i)})
                    .ok());
  const auto names = [&](const LogQuery& query) {
    std::string out;
    const auto lines = store->logged(query);
    EXPECT_TRUE(lines.ok());
    if (lines.ok())
      for (const LogLine& line : *lines) out += line.name;
    return out;
  };
  EXPECT_EQ(names({}), "654321");
  EXPECT_EQ(names({.who = "anna"}), "642");
  EXPECT_EQ(names({.action = "created"}), "321");
  EXPECT_EQ(names({.kind = "segment", .uid = "x"}), "2");
  EXPECT_EQ(names({.uid = "y"}), "6543");
  EXPECT_EQ(names({.who = "ben", .action = "removed"}), "5");
  EXPECT_EQ(names({.from = Time(Millis(2000)), .to = Time(Millis(4000))}), "32");
  EXPECT_EQ(names({.who = "nobody"}), "");
  EXPECT_EQ(names({.limit = 0}), "");
  EXPECT_EQ(names({.limit = -1}), "");
  const auto first = *store->logged({.who = "anna", .limit = 2});
  EXPECT_EQ(names({.who = "anna", .before = first.back().number, .limit = 2}), "2");
}

}  // namespace
}  // namespace rollcall::store
