#include "access/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "access/guesses.hpp"
#include "access/kept.hpp"
#include "access/passwords.hpp"

namespace rollcall::access {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

const Secret kPassword("four unrelated words here");
const Secret kOther("quite different from those");
constexpr const char* kAnna = "anna@example.com";
constexpr const char* kBen = "ben@example.com";
constexpr const char* kHere = "192.0.2.1";
constexpr const char* kThere = "198.51.100.7";

Settings quick() {
  Settings out;
  out.hash_memory = 8192;
  out.hash_passes = 1;
  return out;
}

// Of several threads.
class SharedRandom : public Random {
 public:
  explicit SharedRandom(uint64_t seed) : random_(seed) {}
  uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return random_.next();
  }

 private:
  std::mutex mutex_;
  SeededRandom random_;
};

class AccessTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::path(testing::TempDir()) /
            ("access-" + std::to_string(::getpid()) + "-" +
             testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(home_);
    store_ = open();
    access_ = std::make_unique<Access>(*store_, clock_, random_, quick());
  }
  void TearDown() override {
    access_.reset();
    store_.reset();
    fs::remove_all(home_);
  }
  std::unique_ptr<store::Store> open() {
    auto store = store::Store::open(home_, clock_, random_, disk_);
    EXPECT_TRUE(store.ok()) << store.error().text();
    return std::move(*store);
  }
  // Of another process.
  Access another() {
    others_.push_back(open());
    return Access(*others_.back(), clock_, random_, quick());
  }

  User add(const std::string& email, Role role = Role::viewer) {
    const auto user = access_->add_user(email, "", role, kPassword);
    EXPECT_TRUE(user.ok()) << user.error().text();
    return user.ok() ? *user : User{};
  }
  Access::SignedIn signed_in(const std::string& email, const Secret& password = kPassword) {
    const auto in = access_->sign_in(email, password, kHere);
    EXPECT_TRUE(in.ok()) << in.error().text();
    return in.ok() ? *in : Access::SignedIn{};
  }
  // What became of a try: "in", or the kind of error.
  std::string try_in(const std::string& email, const Secret& password = kOther,
                     const std::string& address = kHere) {
    const auto in = access_->sign_in(email, password, address);
    return in.ok() ? "in" : std::string(to_string(in.error().kind));
  }
  bool lasts(const Access::SignedIn& in) { return access_->by_session(in.cookie).ok(); }
  template <class T>
  static ErrorKind kind_of(const Result<T>& result) {
    EXPECT_FALSE(result.ok());
    return result.ok() ? ErrorKind::busy : result.error().kind;
  }
  template <class T>
  static std::string code_of(const Result<T>& result) {
    EXPECT_FALSE(result.ok());
    return result.ok() ? "" : result.error().code;
  }
  int64_t revision(const std::string& kind, const std::string& key) {
    const auto record = store_->record(kind, key);
    EXPECT_TRUE(record.ok() && *record);
    return record.ok() && *record ? (*record)->revision : 0;
  }
  std::string everything_kept() {
    std::string out;
    for (const auto& entry : fs::recursive_directory_iterator(home_)) {
      std::ifstream in(entry.path(), std::ios::binary);
      out.append(std::istreambuf_iterator<char>(in), {});
    }
    return out;
  }

  ManualClock clock_{Time(Millis(1'700'000'000'000))};
  RealDisk disk_;
  SharedRandom random_{1};
  fs::path home_;
  std::unique_ptr<store::Store> store_;
  std::vector<std::unique_ptr<store::Store>> others_;
  std::unique_ptr<Access> access_;
};

TEST(RoleTest, EachMayDoWhatThoseBeforeItMay) {
  EXPECT_TRUE(may(Role::admin, Role::viewer));
  EXPECT_TRUE(may(Role::operate, Role::operate));
  EXPECT_FALSE(may(Role::operate, Role::editor));
  EXPECT_FALSE(may(Role::editor, Role::admin));
  EXPECT_EQ(word(Role::operate), "operator");
  EXPECT_EQ(from_word<Role>("editor"), Role::editor);
}

// --- Users ---

TEST_F(AccessTest, KeepsUsersAcrossOpenings) {
  const User anna = *access_->add_user("  Anna@Example.COM ", " Anna ", Role::editor, kPassword);
  ASSERT_TRUE(access_->add_user("a@x", "", Role::viewer, std::nullopt).ok());
  Access later = another();
  const auto users = later.users();
  ASSERT_TRUE(users.ok());
  ASSERT_EQ(users->size(), 2U);
  EXPECT_EQ((*users)[0].email, "a@x") << "by e-mail";
  EXPECT_FALSE((*users)[0].has_password);
  const User& same = (*users)[1];
  EXPECT_EQ(same.uid, anna.uid);
  EXPECT_EQ(same.email, kAnna);
  EXPECT_EQ(same.name, "Anna");
  EXPECT_EQ(same.role, Role::editor);
  EXPECT_EQ(same.created_at, clock_.now());
  EXPECT_TRUE(same.has_password);
  EXPECT_FALSE(same.disabled);
  EXPECT_EQ(later.user(anna.uid)->email, kAnna);
  EXPECT_EQ(kind_of(later.user("nobody")), ErrorKind::not_found);
}

TEST_F(AccessTest, RefusesWhatIsNoEmail) {
  const std::string longest = std::string(254 - 6, 'x') + "@x.com";
  for (const std::string& email :
       {std::string(""), std::string("anna"), std::string("@x"), std::string("a@"),
        std::string("a@b@c"), std::string("a b@c"), std::string("a\n@c"), std::string("a\x7f@c"),
        std::string("a\0@c", 4), std::string("a\xff@c"), "x" + longest}) {
    const auto refused = access_->add_user(email, "", Role::viewer, std::nullopt);
    EXPECT_EQ(kind_of(refused), ErrorKind::invalid) << email;
    EXPECT_EQ(code_of(refused), "email_invalid");
    EXPECT_EQ(try_in(email), "denied") << "and nobody is it";
    clock_.advance(hours(2));
  }
  EXPECT_TRUE(access_->add_user(longest, "", Role::viewer, std::nullopt).ok());
}

TEST_F(AccessTest, RefusesANameOfSeveralLinesOrOfNoEnd) {
  for (const std::string& name : {std::string("a\nb"), std::string(201, 'x'), std::string("\xff")})
    EXPECT_EQ(code_of(access_->add_user(kAnna, name, Role::viewer, std::nullopt)), "name_invalid");
  EXPECT_TRUE(access_->add_user(kAnna, "Änne 李", Role::viewer, std::nullopt).ok());
}

TEST_F(AccessTest, RefusesPasswordsThatAreGuessedFirst) {
  const auto code = [&](const std::string& password) {
    const auto user = access_->add_user("longer.than.twelve@x", "", Role::viewer, Secret(password));
    return user.ok() ? "taken" : user.error().code;
  };
  EXPECT_EQ(code(""), "password_short");
  EXPECT_EQ(code("elevenchars"), "password_short");
  EXPECT_EQ(code("äöüäöüäöüäö"), "password_short") << "characters are counted, not bytes";
  EXPECT_EQ(code("PasswordPassword"), "password_known");
  EXPECT_EQ(code("aaaaaaaaaaaaaaa"), "password_known");
  EXPECT_EQ(code("longer.than.twelve@x"), "password_known");
  EXPECT_EQ(code("Longer.Than.Twelve"), "password_known");
  EXPECT_EQ(code(std::string(1025, 'x') + "y"), "password_invalid");
  EXPECT_EQ(code("not text: \xff\xff"), "password_invalid");
  EXPECT_EQ(code("äöüäöüäöüäöü"), "taken");
}

TEST_F(AccessTest, NoTwoUsersHaveOneEmail) {
  add(kAnna);
  const auto again = access_->add_user("ANNA@example.com", "", Role::admin, kPassword);
  EXPECT_EQ(kind_of(again), ErrorKind::conflict);
  EXPECT_EQ(code_of(again), "email_taken");

  std::vector<std::thread> threads;
  std::vector<Access> accesses;
  for (int i = 0; i < 4; ++i) accesses.push_back(another());
  std::atomic<int> made = 0;
  for (Access& access : accesses)
    threads.emplace_back([&] {
      if (access.add_user(kBen, "", Role::viewer, std::nullopt).ok()) ++made;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1) << "at once neither";
  EXPECT_EQ(access_->users()->size(), 2U);
}

TEST_F(AccessTest, ManyWhoChangeAtOnceLoseNothing) {
  std::vector<std::thread> threads;
  std::vector<Access> accesses;
  for (int i = 0; i < 4; ++i) accesses.push_back(another());
  for (size_t t = 0; t < accesses.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const std::string email = std::to_string(t) + "-" + std::to_string(i) + "@x";
        EXPECT_TRUE(accesses[t].add_user(email, "", Role::viewer, std::nullopt).ok());
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(access_->users()->size(), 20U);
}

TEST_F(AccessTest, OneAccessServesSeveralThreads) {
  const User anna = add(kAnna), ben = add(kBen);
  const auto in = signed_in(kAnna);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(access_->by_session(in.cookie).ok());
        const std::string name = std::to_string(t) + " " + std::to_string(i);
        EXPECT_TRUE(access_->change_user(ben.uid, {.name = name}).ok());
      }
      EXPECT_TRUE(access_->sign_in(kBen, kPassword, std::to_string(t)).ok());
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(access_->by_session(in.cookie)->uid, anna.uid);
}

TEST_F(AccessTest, ChangesWhatIsToldAndNothingElse) {
  const User anna = add(kAnna, Role::editor);
  const auto in = signed_in(kAnna);
  EXPECT_EQ(access_->change_user(anna.uid, {.name = "Anna"})->name, "Anna");
  EXPECT_TRUE(lasts(in)) << "a name ends no session";
  EXPECT_EQ(access_->change_user(anna.uid, {.role = Role::editor})->role, Role::editor);
  EXPECT_TRUE(lasts(in)) << "nor does a role they have";
  const User now = *access_->change_user(anna.uid, {});
  EXPECT_EQ(now.name, "Anna");
  EXPECT_EQ(now.role, Role::editor);
  EXPECT_EQ(kind_of(access_->change_user("nobody", {.name = "x"})), ErrorKind::not_found);
  EXPECT_EQ(code_of(access_->change_user(anna.uid, {.password = Secret("short")})),
            "password_short");
  EXPECT_TRUE(lasts(in));
}

TEST_F(AccessTest, AChangeOfRolePasswordOrStandingEndsSessions) {
  const User anna = add(kAnna);
  const auto one = signed_in(kAnna), two = signed_in(kAnna);
  ASSERT_TRUE(access_->change_user(anna.uid, {.role = Role::editor}).ok());
  EXPECT_FALSE(lasts(one));
  EXPECT_FALSE(lasts(two));
  EXPECT_TRUE(store_->records("session")->empty());

  const auto three = signed_in(kAnna);
  EXPECT_EQ(three.caller.role, Role::editor);
  ASSERT_TRUE(access_->change_user(anna.uid, {.password = kOther}).ok());
  EXPECT_FALSE(lasts(three));
  EXPECT_EQ(try_in(kAnna, kPassword), "denied");

  const auto four = signed_in(kAnna, kOther);
  ASSERT_TRUE(access_->change_user(anna.uid, {.disabled = true}).ok());
  EXPECT_EQ(kind_of(access_->by_session(four.cookie)), ErrorKind::denied);
  EXPECT_EQ(try_in(kAnna, kOther), "denied");
  EXPECT_EQ(code_of(access_->begin_session(anna.uid)), "user_disabled");
  ASSERT_TRUE(access_->change_user(anna.uid, {.disabled = false}).ok());
  EXPECT_FALSE(lasts(four)) << "what has ended does not come back";
  EXPECT_EQ(try_in(kAnna, kOther), "in");
}

// The session's record may come to be after those of its user were removed.
TEST_F(AccessTest, ASessionFromBeforeAChangeHasEndedThoughItsRecordIsThere) {
  const User anna = add(kAnna);
  const auto in = signed_in(kAnna);
  store::Record record = **store_->record("session", in.caller.session);
  ASSERT_TRUE(access_->change_user(anna.uid, {.role = Role::editor}).ok());
  record.revision = 0;
  ASSERT_TRUE(store_->put_record(record).ok());
  EXPECT_EQ(kind_of(access_->by_session(in.cookie)), ErrorKind::denied);
}

TEST_F(AccessTest, WhoIsRemovedIsOutAtOnce) {
  add(kBen, Role::admin);
  const User anna = add(kAnna);
  const auto in = signed_in(kAnna);
  ASSERT_TRUE(access_->remove_user(anna.uid).ok());
  EXPECT_FALSE(lasts(in));
  EXPECT_EQ(try_in(kAnna, kPassword), "denied");
  EXPECT_EQ(kind_of(access_->remove_user(anna.uid)), ErrorKind::not_found);
  EXPECT_EQ(kind_of(access_->begin_session(anna.uid)), ErrorKind::not_found);
  EXPECT_TRUE(store_->records("session")->empty());
  EXPECT_EQ(store_->records("seen")->size(), 0U);
  add(kAnna);
  EXPECT_FALSE(lasts(in)) << "whoever comes after them under the same e-mail is another";
}

// --- The last admin ---

TEST_F(AccessTest, TheLastAdminStays) {
  const User anna = add(kAnna, Role::admin), ben = add(kBen, Role::admin);
  ASSERT_TRUE(access_->change_user(ben.uid, {.disabled = true}).ok());
  const auto all_refused = [&] {
    EXPECT_EQ(code_of(access_->remove_user(anna.uid)), "last_admin");
    EXPECT_EQ(code_of(access_->change_user(anna.uid, {.role = Role::editor})), "last_admin");
    const auto refused = access_->change_user(anna.uid, {.name = "x", .disabled = true});
    EXPECT_EQ(code_of(refused), "last_admin");
    EXPECT_EQ(kind_of(refused), ErrorKind::conflict);
  };
  all_refused();
  EXPECT_EQ(access_->user(anna.uid)->name, "") << "a change is made whole or not at all";
  ASSERT_TRUE(access_->remove_user(ben.uid).ok()) << "who is disabled does not count";
  all_refused();
  add("carl@example.com", Role::admin);
  EXPECT_TRUE(access_->remove_user(anna.uid).ok());
}

TEST_F(AccessTest, OfAllAdminsThatGoAtOnceOneStays) {
  std::vector<User> admins;
  std::vector<Access> accesses;
  for (int i = 0; i < 5; ++i) {
    admins.push_back(*access_->add_user(std::to_string(i) + "@x", "", Role::admin, std::nullopt));
    accesses.push_back(another());
  }
  std::atomic<int> gone = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < admins.size(); ++i)
    threads.emplace_back([&, i] {
      const std::string& uid = admins[i].uid;
      const bool done = i % 3 == 0   ? accesses[i].remove_user(uid).ok()
                        : i % 3 == 1 ? accesses[i].change_user(uid, {.disabled = true}).ok()
                                     : accesses[i].change_user(uid, {.role = Role::viewer}).ok();
      if (done) ++gone;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(gone, 4);
  const auto users = access_->users();
  EXPECT_EQ(std::count_if(users->begin(), users->end(),
                          [](const User& one) { return one.role == Role::admin && !one.disabled; }),
            1);
}

// --- Words ---

TEST_F(AccessTest, TheFirstStartGivesAWordThatMakesTheFirstAdmin) {
  const Secret before = **access_->setup_word(), word = **access_->setup_word();
  EXPECT_EQ(kind_of(access_->redeem(before, kAnna, kPassword)), ErrorKind::denied)
      << "a new word ends the one before";
  EXPECT_EQ(kind_of(access_->redeem(word, "nonsense", kPassword)), ErrorKind::invalid);
  EXPECT_EQ(kind_of(access_->redeem(word, kAnna, Secret("short"))), ErrorKind::invalid);
  const auto anna = access_->redeem(word, kAnna, kPassword);
  ASSERT_TRUE(anna.ok()) << "a mistake does not spend it";
  EXPECT_EQ(anna->role, Role::admin);
  EXPECT_TRUE(anna->has_password);
  EXPECT_EQ(try_in(kAnna, kPassword), "in");
  const auto again = access_->redeem(word, kBen, kPassword);
  EXPECT_EQ(kind_of(again), ErrorKind::denied);
  EXPECT_EQ(code_of(again), "link_spent");
  EXPECT_FALSE(*access_->setup_word()) << "there is an admin";
  EXPECT_TRUE(access_->begin_session(anna->uid).ok());
}

TEST_F(AccessTest, AWordIsSpentAfterADay) {
  const Secret word = **access_->setup_word();
  clock_.advance(hours(24));
  EXPECT_EQ(kind_of(access_->redeem(word, kAnna, kPassword)), ErrorKind::denied);
  const Secret next = **access_->setup_word();
  clock_.advance(hours(24) - Millis(1));
  const auto anna = access_->redeem(next, kAnna, kPassword);
  ASSERT_TRUE(anna.ok());

  const User ben = *access_->add_user(kBen, "", Role::viewer, std::nullopt);
  const Secret invitation = *access_->invite(ben.uid);
  clock_.advance(hours(24));
  EXPECT_EQ(kind_of(access_->redeem(invitation, kBen, kPassword)), ErrorKind::denied);
}

TEST_F(AccessTest, AWordFromBeforeThereWasAnAdminMakesNone) {
  const Secret word = **access_->setup_word();
  ASSERT_TRUE(access_->add_user(kBen, "", Role::viewer, kPassword).ok());
  EXPECT_TRUE(*another().setup_word()) << "while nobody may do everything";
  const Secret last = **access_->setup_word();
  add(kAnna, Role::admin);
  EXPECT_EQ(kind_of(access_->redeem(word, "eve@x", kPassword)), ErrorKind::denied);
  EXPECT_EQ(kind_of(access_->redeem(last, "eve@x", kPassword)), ErrorKind::denied);
}

TEST_F(AccessTest, OfTwoWhoRedeemOneWordAtOnceOneDoes) {
  const Secret word = **access_->setup_word();
  std::vector<Access> accesses;
  for (int i = 0; i < 4; ++i) accesses.push_back(another());
  const auto race = [&](const Secret& same) {
    std::atomic<int> redeemed = 0, denied = 0;
    std::vector<std::thread> threads;
    for (size_t i = 0; i < accesses.size(); ++i)
      threads.emplace_back([&, i] {
        const auto user = accesses[i].redeem(same, std::to_string(i) + "@x", kPassword);
        ++(user.ok() ? redeemed : denied);
        if (!user.ok()) {
          EXPECT_EQ(user.error().kind, ErrorKind::denied);
        }
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(redeemed, 1);
    EXPECT_EQ(denied, 3);
  };
  race(word);
  ASSERT_EQ(access_->users()->size(), 1U);
  race(*access_->invite(access_->users()->front().uid));
}

TEST_F(AccessTest, AnInvitationSetsAPasswordOnce) {
  add(kAnna, Role::admin);
  const User ben = *access_->add_user(kBen, "Ben", Role::operate, std::nullopt);
  EXPECT_EQ(try_in(kBen, Secret("")), "denied") << "there is no password to be right";
  const Secret before = *access_->invite(ben.uid), word = *access_->invite(ben.uid);
  EXPECT_EQ(kind_of(access_->redeem(before, kBen, kPassword)), ErrorKind::denied)
      << "a new one ends the one before";
  const auto in = *access_->begin_session(ben.uid);
  const auto redeemed = access_->redeem(word, "", kPassword);
  ASSERT_TRUE(redeemed.ok()) << redeemed.error().text();
  EXPECT_EQ(redeemed->uid, ben.uid);
  EXPECT_EQ(redeemed->role, Role::operate);
  EXPECT_FALSE(lasts(in)) << "a new password ends sessions";
  EXPECT_EQ(try_in(kBen, kPassword), "in");
  EXPECT_EQ(kind_of(access_->redeem(word, kBen, kOther)), ErrorKind::denied);
  EXPECT_EQ(kind_of(access_->invite("nobody")), ErrorKind::not_found);
}

TEST_F(AccessTest, AnInvitationEndsWithAPasswordThatIsSetOtherwiseAndWithItsUser) {
  add(kAnna, Role::admin);
  const User ben = *access_->add_user(kBen, "", Role::viewer, std::nullopt);
  const Secret first = *access_->invite(ben.uid);
  ASSERT_TRUE(access_->change_user(ben.uid, {.password = kPassword}).ok());
  EXPECT_FALSE(access_->redeem(first, "", kOther).ok());
  const Secret second = *access_->invite(ben.uid);
  ASSERT_TRUE(access_->change_user(ben.uid, {.disabled = true}).ok());
  EXPECT_FALSE(access_->redeem(second, "", kOther).ok());
  EXPECT_EQ(code_of(access_->invite(ben.uid)), "user_disabled");
  ASSERT_TRUE(access_->change_user(ben.uid, {.disabled = false}).ok());
  EXPECT_FALSE(access_->redeem(second, "", kOther).ok());
  const Secret third = *access_->invite(ben.uid);
  ASSERT_TRUE(access_->remove_user(ben.uid).ok());
  EXPECT_FALSE(access_->redeem(third, "", kOther).ok());
}

// --- Sessions ---

TEST_F(AccessTest, ASessionTellsWhoAsks) {
  const User anna = add(kAnna, Role::editor);
  const auto in = signed_in(" ANNA@example.com ");
  EXPECT_EQ(in.cookie.reveal().size(), 43U);
  const auto caller = another().by_session(in.cookie);
  ASSERT_TRUE(caller.ok()) << "in another process too";
  EXPECT_EQ(caller->kind, Caller::Kind::user);
  EXPECT_EQ(caller->uid, anna.uid);
  EXPECT_EQ(caller->name, kAnna);
  EXPECT_EQ(caller->role, Role::editor);
  EXPECT_EQ(caller->session, in.caller.session);
  EXPECT_EQ(caller->csrf, in.caller.csrf);
  EXPECT_EQ(caller->csrf.size(), 43U);
  const auto other = signed_in(kAnna);
  EXPECT_NE(other.caller.csrf, caller->csrf);
  EXPECT_NE(other.cookie.reveal(), in.cookie.reveal());
}

TEST_F(AccessTest, AnUnknownCookieIsDenied) {
  add(kAnna);
  const auto in = signed_in(kAnna);
  for (const std::string& cookie :
       {std::string(), std::string("x"), in.caller.session, in.caller.csrf,
        in.cookie.reveal() + "x", std::string(100'000, 'x')}) {
    const auto denied = access_->by_session(Secret(cookie));
    EXPECT_EQ(kind_of(denied), ErrorKind::denied);
    EXPECT_EQ(code_of(denied), "session_ended");
  }
}

TEST_F(AccessTest, ASessionEndsWhenItsBearerSignsOut) {
  add(kAnna);
  const auto one = signed_in(kAnna), two = signed_in(kAnna);
  ASSERT_TRUE(access_->sign_out(one.caller).ok());
  EXPECT_FALSE(lasts(one));
  EXPECT_TRUE(lasts(two));
  EXPECT_TRUE(access_->sign_out(one.caller).ok()) << "twice is no mistake";
}

TEST_F(AccessTest, ASessionEndsWhenItIsIdleOrOld) {
  add(kAnna);
  const auto idle = signed_in(kAnna);
  clock_.advance(hours(12) - Millis(1));
  EXPECT_TRUE(lasts(idle));
  clock_.advance(hours(12) - Millis(1));
  EXPECT_TRUE(lasts(idle)) << "each use keeps it";
  clock_.advance(hours(12));
  EXPECT_FALSE(lasts(idle));

  const auto busy = signed_in(kAnna);
  for (int i = 0; i < 7 * 24 - 1; ++i) {
    clock_.advance(hours(1));
    ASSERT_TRUE(lasts(busy)) << i;
  }
  clock_.advance(hours(1));
  EXPECT_FALSE(lasts(busy)) << "no use keeps it for longer than a week";
}

TEST_F(AccessTest, UsesAreNotedOnceAMinute) {
  const User anna = add(kAnna);
  EXPECT_EQ(access_->user(anna.uid)->last_seen_at, std::nullopt);
  const auto in = signed_in(kAnna);
  const Time began = clock_.now();
  EXPECT_EQ(access_->user(anna.uid)->last_seen_at, began);
  const int64_t session = revision("session", in.caller.session), seen = revision("seen", anna.uid);
  clock_.advance(Millis(59'999));
  ASSERT_TRUE(lasts(in));
  EXPECT_EQ(revision("session", in.caller.session), session);
  EXPECT_EQ(revision("seen", anna.uid), seen);
  clock_.advance(Millis(1));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lasts(in));
  EXPECT_EQ(access_->user(anna.uid)->last_seen_at, began + minutes(1));
  EXPECT_EQ(access_->users()->front().last_seen_at, began + minutes(1));
  const int64_t second = revision("seen", anna.uid);
  const auto two = signed_in(kAnna);
  ASSERT_TRUE(lasts(two));
  EXPECT_EQ(revision("seen", anna.uid), second) << "whatever the session";
}

TEST_F(AccessTest, OfOneUserTheFiftySessionsLastUsedAreKept) {
  const User anna = add(kAnna), ben = add(kBen);
  const auto of_ben = *access_->begin_session(ben.uid);
  const auto used = *access_->begin_session(anna.uid);
  clock_.advance(minutes(1));
  const auto idle = *access_->begin_session(anna.uid);
  clock_.advance(minutes(1));
  ASSERT_TRUE(lasts(used));
  for (int i = 0; i < 49; ++i) ASSERT_TRUE(access_->begin_session(anna.uid).ok());
  EXPECT_TRUE(lasts(used));
  EXPECT_FALSE(lasts(idle));
  EXPECT_TRUE(lasts(of_ben));
  EXPECT_EQ(store_->records("session")->size(), 51U);
}

TEST_F(AccessTest, TidyingEndsWhatHasExpired) {
  add(kAnna);
  (void)signed_in(kAnna);
  ASSERT_TRUE(access_->add_token("t", Role::viewer, kAnna, clock_.now() + hours(1)).ok());
  ASSERT_TRUE(access_->add_token("u", Role::viewer, kAnna, std::nullopt).ok());
  EXPECT_EQ(try_in(kAnna), "denied");
  clock_.advance(hours(13));
  EXPECT_GT(*store_->remove_expired(), 0);
  EXPECT_EQ(*store_->remove_expired(), 0);
  EXPECT_EQ(access_->tokens()->size(), 1U);
  EXPECT_EQ(access_->users()->size(), 1U);
}

// --- By an identity provider ---

TEST_F(AccessTest, AnIdentityIsOneUserForEver) {
  const User anna = add(kAnna, Role::editor);
  const auto let_in = [&](const std::string& subject, const std::string& email,
                          bool verified = true,
                          std::optional<Role> newcomers = std::nullopt) -> std::string {
    const auto in = access_->let_in({.issuer = "https://idp",
                                     .subject = subject,
                                     .email = email,
                                     .email_verified = verified,
                                     .name = "Somebody"},
                                    newcomers);
    if (!in.ok()) return in.error().message;
    return in->user.email + (in->is_new ? " is new" : "");
  };
  EXPECT_THAT(let_in("1", kAnna, false), HasSubstr("not verified"));
  EXPECT_EQ(let_in("1", kAnna), kAnna);
  EXPECT_EQ(let_in("1", "anna.new@example.com", false), kAnna)
      << "known by the identity from now on";
  EXPECT_THAT(let_in("2", kAnna), HasSubstr("somebody else"));
  EXPECT_THAT(let_in("3", "carl@example.com"), HasSubstr("nobody here"));
  EXPECT_EQ(let_in("3", "Carl@Example.com", true, Role::operate), "carl@example.com is new");
  EXPECT_EQ(let_in("3", "carl@example.com"), "carl@example.com");
  const auto users = access_->users();
  ASSERT_EQ(users->size(), 2U);
  EXPECT_EQ(users->back().role, Role::operate);
  EXPECT_FALSE(users->back().has_password);
  EXPECT_EQ(try_in("carl@example.com"), "denied") << "there is no password to be right";
  ASSERT_TRUE(access_->change_user(users->back().uid, {.disabled = true}).ok());
  EXPECT_THAT(let_in("3", "carl@example.com"), HasSubstr("disabled"));
  ASSERT_TRUE(access_->remove_user(users->back().uid).ok());
  EXPECT_THAT(let_in("3", "carl@example.com"), HasSubstr("nobody here"));
}

// --- What is kept ---

TEST_F(AccessTest, WhoReadsTheHomeCanUseNothingOfIt) {
  const Secret setup = **access_->setup_word();
  const User anna = add(kAnna, Role::admin);
  const Secret invitation = *access_->invite(anna.uid);
  const auto in = signed_in(kAnna);
  const auto token = access_->add_token("t", Role::admin, kAnna, std::nullopt);
  EXPECT_EQ(try_in(kAnna, kOther), "denied");
  const std::string kept = everything_kept();
  for (const std::string& secret :
       {kPassword.reveal(), kOther.reveal(), setup.reveal(), invitation.reveal(),
        in.cookie.reveal(), in.caller.csrf, token->text.reveal(), token->text.reveal().substr(3)})
    EXPECT_EQ(kept.find(secret), std::string::npos);
  EXPECT_THAT(kept, HasSubstr("$argon2id$v=19$m=8,t=1,p=1$"));
}

TEST_F(AccessTest, WhatIsKeptInAHomeServesNoOther) {
  add(kAnna);
  const auto in = signed_in(kAnna);
  const auto token = access_->add_token("t", Role::admin, kAnna, std::nullopt);
  const fs::path elsewhere = home_.string() + "-elsewhere";
  auto other = std::move(*store::Store::open(elsewhere, clock_, random_, disk_));
  for (const char* kind : {"users", "session", "token"}) {
    const auto all = store_->records(kind);
    ASSERT_TRUE(all.ok());
    for (store::Record record : *all) {
      record.revision = 0;
      ASSERT_TRUE(other->put_record(record).ok());
    }
  }
  Access there(*other, clock_, random_, quick());
  EXPECT_FALSE(there.by_session(in.cookie).ok());
  EXPECT_FALSE(there.by_token(token->text).ok());
  EXPECT_TRUE(there.sign_in(kAnna, kPassword, kHere).ok()) << "a password is its owner's anywhere";
  fs::remove_all(elsewhere);
}

TEST_F(AccessTest, APasswordIsHashedAnewBySettingsOfToday) {
  const User anna = add(kAnna);
  const auto before = signed_in(kAnna);
  Settings today = quick();
  today.hash_passes = 2;
  Access later(*store_, clock_, random_, today);
  ASSERT_FALSE(later.sign_in(kAnna, kOther, kHere).ok());
  EXPECT_THAT((*store_->record("users", "all"))->json, HasSubstr("t=1,"));
  ASSERT_TRUE(later.sign_in(kAnna, kPassword, kHere).ok());
  EXPECT_THAT((*store_->record("users", "all"))->json, HasSubstr("t=2,"));
  EXPECT_TRUE(lasts(before)) << "it is the same password";
  const int64_t revision_then = revision("users", "all");
  ASSERT_TRUE(later.sign_in(kAnna, kPassword, kHere).ok());
  EXPECT_EQ(revision("users", "all"), revision_then) << "once";
  EXPECT_TRUE(later.user(anna.uid)->has_password);
}

TEST_F(AccessTest, SaysSoWhenWhatIsKeptCannotBeRead) {
  ASSERT_TRUE(store_->put_record({.kind = "users", .key = "all", .json = "{\"users\":[1]}"}).ok());
  EXPECT_EQ(kind_of(access_->users()), ErrorKind::corrupt);
  EXPECT_EQ(kind_of(access_->setup_word()), ErrorKind::corrupt);
  EXPECT_EQ(kind_of(access_->sign_in(kAnna, kPassword, kHere)), ErrorKind::corrupt);
}

// --- Guessing ---

TEST_F(AccessTest, AfterFiveWrongPasswordsAccountAndAddressWait) {
  add(kAnna);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(try_in(kAnna), "denied") << i;
  const auto waits = access_->sign_in(kAnna, kPassword, kHere);
  EXPECT_EQ(kind_of(waits), ErrorKind::throttled) << "be the password right or not";
  EXPECT_EQ(waits.error().retry_after, Millis(30'000));
  clock_.advance(Millis(29'999));
  EXPECT_EQ(try_in(kAnna, kPassword), "throttled");
  clock_.advance(Millis(1));
  EXPECT_EQ(try_in(kAnna, kPassword), "in");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(try_in(kAnna), "denied") << "who was right begins anew";
  EXPECT_EQ(try_in(kAnna, kPassword), "in");
}

TEST_F(AccessTest, EachFurtherWrongPasswordDoublesTheWait) {
  add(kAnna);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(try_in(kAnna), "denied");
  for (const int wait : {30, 60, 120, 240, 480, 900, 900}) {
    EXPECT_EQ(try_in(kAnna), "denied");
    const auto waits = access_->sign_in(kAnna, kPassword, kHere);
    ASSERT_EQ(kind_of(waits), ErrorKind::throttled);
    EXPECT_EQ(waits.error().retry_after, Millis(seconds(wait)));
    clock_.advance(seconds(wait));
  }
  clock_.advance(hours(1));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(try_in(kAnna), "denied") << "an hour of quiet is forgiven";
}

TEST_F(AccessTest, TheOwnerIsNotLockedOutFromAnAddressOfTheirOwn) {
  add(kAnna);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(try_in(kAnna), "denied");
  EXPECT_EQ(try_in(kAnna, kPassword), "throttled");
  EXPECT_EQ(try_in(kAnna, kPassword, kThere), "in");
  EXPECT_EQ(try_in(kAnna, kPassword), "throttled") << "and frees nobody else";
  // However many addresses guess.
  for (int address = 0; address < 20; ++address)
    for (int i = 0; i < 6; ++i) (void)try_in(kAnna, kOther, "203.0.113." + std::to_string(address));
  EXPECT_EQ(try_in(kAnna, kPassword, kThere), "in");
}

TEST_F(AccessTest, ColleaguesBehindOneAddressDoNotLockEachOtherOut) {
  add(kAnna);
  add(kBen);
  for (int i = 0; i < 6; ++i) (void)try_in(kAnna);
  EXPECT_EQ(try_in(kBen, kPassword), "in");
}

TEST_F(AccessTest, LockOutsAreSharedBetweenServersAndOutliveThem) {
  add(kAnna);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(try_in(kAnna), "denied");
  Access other = another();
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(other.sign_in(kAnna, kOther, kHere).ok());
  EXPECT_EQ(try_in(kAnna, kPassword), "throttled");
  Access restarted = another();
  EXPECT_EQ(kind_of(restarted.sign_in(kAnna, kPassword, kHere)), ErrorKind::throttled);
}

TEST_F(AccessTest, AnAddressThatFailsWithManyAccountsWaitsAsAWhole) {
  add(kAnna);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(try_in(std::to_string(i) + "@x"), "denied") << i;
  EXPECT_EQ(try_in("11@x"), "throttled");
  EXPECT_EQ(try_in(kAnna, kPassword), "throttled");
  EXPECT_EQ(try_in(kAnna, kPassword, kThere), "in");
  clock_.advance(seconds(30));
  EXPECT_EQ(try_in("12@x"), "denied");
  const auto waits = access_->sign_in(kAnna, kPassword, kHere);
  ASSERT_EQ(kind_of(waits), ErrorKind::throttled);
  EXPECT_EQ(waits.error().retry_after, Millis(60'000)) << "ever longer";
  clock_.advance(seconds(60));
  EXPECT_EQ(try_in(kAnna, kPassword), "in");
  EXPECT_EQ(try_in("13@x"), "denied") << "who was right is not waited for";
  EXPECT_EQ(try_in("14@x"), "throttled");
  EXPECT_EQ(access_->sign_in("14@x", kOther, kHere).error().retry_after, Millis(120'000))
      << "but makes no guess undone";
}

TEST_F(AccessTest, AMillionAccountsLeaveOneSmallRecord) {
  size_t largest = 0;
  for (int i = 0; i < 300; ++i) {
    (void)try_in(std::to_string(i) + std::string(1000, 'x') + "@x");
    clock_.advance(minutes(15));
    const auto kept = store_->records("failures");
    ASSERT_EQ(kept->size(), 1U);
    largest = std::max(largest, kept->front().json.size());
  }
  EXPECT_LT(largest, 1500U);
  clock_.advance(hours(1));
  EXPECT_TRUE(store_->records("failures")->empty());
}

TEST_F(AccessTest, OfManyTriesAtOnceFiveAreLookedAt) {
  add(kAnna);
  std::vector<Access> accesses;
  for (int i = 0; i < 4; ++i) accesses.push_back(another());
  std::atomic<int> denied = 0, throttled = 0;
  std::vector<std::thread> threads;
  for (Access& access : accesses)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const auto in = access.sign_in(kAnna, kOther, kHere);
        if (!in.ok() && in.error().kind == ErrorKind::denied) ++denied;
        if (!in.ok() && in.error().kind == ErrorKind::throttled) ++throttled;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(denied, 5);
  EXPECT_EQ(throttled, 15);
}

// As when too many passwords are hashed at this moment.
TEST_F(AccessTest, ATryThatNobodyLookedAtDoesNotCount) {
  const Keys keys(Secret(std::string(32, 'k')), random_);
  Guesses guesses(*store_, clock_, keys);
  for (int i = 0; i < 20; ++i) {
    const auto one = guesses.begin(std::to_string(i % 12), kHere);
    ASSERT_TRUE(one.ok()) << i;
    ASSERT_TRUE(guesses.give_back(*one).ok());
  }
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(guesses.begin(kAnna, kHere).ok());
  for (int i = 0; i < 3; ++i) {
    const auto fifth = guesses.begin(kAnna, kHere);
    ASSERT_TRUE(fifth.ok()) << "those before it still do";
    EXPECT_EQ(kind_of(guesses.begin(kAnna, kHere)), ErrorKind::throttled);
    ASSERT_TRUE(guesses.give_back(*fifth).ok());
  }
}

TEST_F(AccessTest, WhetherAnAccountExistsCannotBeToldFromTheAnswer) {
  const User anna = add(kAnna, Role::admin);
  add(kBen);
  ASSERT_TRUE(access_->add_user("new@x", "", Role::viewer, std::nullopt).ok());
  ASSERT_TRUE(access_->change_user(access_->users()->at(1).uid, {.disabled = true}).ok());
  // Wrong, unknown, disabled, without a password, and what is no address at all.
  std::vector<std::string> told;
  for (const char* email : {kAnna, "nobody@x", kBen, "new@x", "nonsense"}) {
    std::string answers;
    for (int i = 0; i < 7; ++i) {
      const auto in = access_->sign_in(email, email == kBen ? kPassword : kOther, email);
      ASSERT_FALSE(in.ok());
      answers += in.error().text() + in.error().code + "\n";
    }
    told.push_back(answers);
  }
  for (const std::string& answers : told) EXPECT_EQ(answers, told[0]);
}

// The work, not the clock: a hash of nobody's is made by the settings of today and costs as much.
TEST_F(AccessTest, NobodysPasswordTakesAsLongToRefuse) {
  Settings settings = quick();
  settings.hash_memory = 4 << 20;
  Passwords passwords(settings);
  const std::string kept = *passwords.hash(kPassword);
  EXPECT_FALSE(passwords.is_outdated(kept));
  EXPECT_FALSE(passwords.is_outdated(passwords.nobodys())) << "it is read as one of today's";
  const auto took = [&](const std::string& against, const Secret& password) {
    const auto began = std::clock();
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(*passwords.is(password, against));
    return static_cast<double>(std::clock() - began);
  };
  (void)took(kept, kOther);
  const double known = took(kept, kOther);
  EXPECT_GT(took("", kOther), known / 3);
  EXPECT_GT(took(kept, Secret(std::string(100'000, 'x'))), known / 3);
  EXPECT_TRUE(*passwords.is(kPassword, kept));
  EXPECT_FALSE(*passwords.is(Secret(""), ""));
}

TEST(NetworkTest, AnIpv6NetworkIsOneAddress) {
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("2001:DB8:1:2::9"), "2001:db8:1:2::/64");
  EXPECT_NE(network_of("2001:db8:1:3::9"), "2001:db8:1:2::/64");
  EXPECT_EQ(network_of("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(network_of(""), "");
  EXPECT_EQ(network_of("unix socket"), "unix socket");
}

// --- How many at once ---

TEST(GateTest, LetsTwoInAndSomeWaitAndTurnsTheRestAway) {
  Gate gate;
  std::vector<Gate::Turn> inside;
  for (int i = 0; i < Gate::kAtOnce; ++i) inside.push_back(std::move(*gate.enter()));
  std::atomic<int> entered = 0, at_once = 0, most = 0, turned_away = 0;
  std::vector<std::thread> threads;
  constexpr int kTooMany = 3;
  for (int i = 0; i < Gate::kWaiting + kTooMany; ++i)
    threads.emplace_back([&] {
      const auto turn = gate.enter();
      if (!turn.ok()) {
        EXPECT_EQ(turn.error().kind, ErrorKind::throttled);
        EXPECT_TRUE(turn.error().retry_after);
        ++turned_away;
        return;
      }
      const int now = ++at_once;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      ++entered;
      std::this_thread::yield();
      --at_once;
    });
  while (turned_away < kTooMany) std::this_thread::yield();
  EXPECT_EQ(entered, 0);
  inside.clear();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered, Gate::kWaiting);
  EXPECT_EQ(turned_away, kTooMany);
  EXPECT_LE(most, Gate::kAtOnce);
  EXPECT_TRUE(gate.enter().ok());
}

// --- Tokens ---

TEST_F(AccessTest, ATokenLetsAProgramIn) {
  const auto made = access_->add_token(" nightly ", Role::operate, kAnna, clock_.now() + hours(48));
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->text.reveal().starts_with("rc_"));
  EXPECT_EQ(made->text.reveal().size(), 46U);
  const auto caller = another().by_token(made->text);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->kind, Caller::Kind::token);
  EXPECT_EQ(caller->uid, made->token.uid);
  EXPECT_EQ(caller->name, "nightly");
  EXPECT_EQ(caller->role, Role::operate);
  EXPECT_EQ(caller->session, "");
  const auto all = access_->tokens();
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().name, "nightly");
  EXPECT_EQ(all->front().role, Role::operate);
  EXPECT_EQ(all->front().made_by, kAnna);
  EXPECT_EQ(all->front().created_at, clock_.now());
  EXPECT_EQ(all->front().expires_at, clock_.now() + hours(48));
  clock_.advance(hours(48));
  EXPECT_EQ(kind_of(access_->by_token(made->text)), ErrorKind::denied);
  EXPECT_TRUE(access_->tokens()->empty());
}

TEST_F(AccessTest, ATokenThatIsRemovedOrUnknownIsDenied) {
  const auto made = access_->add_token("t", Role::viewer, kAnna, std::nullopt);
  for (const std::string& text : {std::string(), std::string("rc_"), made->text.reveal().substr(3),
                                  made->text.reveal() + "x", std::string(100'000, 'x')})
    EXPECT_EQ(code_of(access_->by_token(Secret(text))), "token_unknown");
  clock_.advance(hours(24 * 3650));
  EXPECT_TRUE(access_->by_token(made->text).ok()) << "without an end it lasts";
  ASSERT_TRUE(access_->remove_token(made->token.uid).ok());
  EXPECT_EQ(kind_of(access_->by_token(made->text)), ErrorKind::denied);
  EXPECT_EQ(kind_of(access_->remove_token(made->token.uid)), ErrorKind::not_found);
}

TEST_F(AccessTest, ASessionsCookieIsNoTokenAndATokenNoCookie) {
  add(kAnna);
  const auto in = signed_in(kAnna);
  const auto made = access_->add_token("t", Role::viewer, kAnna, std::nullopt);
  EXPECT_FALSE(access_->by_token(in.cookie).ok());
  EXPECT_FALSE(access_->by_token(Secret("rc_" + in.cookie.reveal())).ok());
  EXPECT_FALSE(access_->by_session(made->text).ok());
}

TEST_F(AccessTest, UsesOfATokenAreNotedOnceAMinute) {
  const auto made = access_->add_token("t", Role::viewer, kAnna, std::nullopt);
  EXPECT_EQ(access_->tokens()->front().last_used_at, std::nullopt);
  const Time first = clock_.now();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(access_->by_token(made->text).ok());
    clock_.advance(seconds(20) - Millis(1));
    EXPECT_EQ(access_->tokens()->front().last_used_at, first);
  }
  clock_.advance(Millis(3));
  ASSERT_TRUE(access_->by_token(made->text).ok());
  EXPECT_EQ(access_->tokens()->front().last_used_at, first + minutes(1));
}

TEST_F(AccessTest, RefusesATokenWithoutANameOrWithAnEndThatIsPast) {
  EXPECT_EQ(code_of(access_->add_token(" ", Role::viewer, kAnna, std::nullopt)), "name_invalid");
  EXPECT_EQ(code_of(access_->add_token("a\nb", Role::viewer, kAnna, std::nullopt)), "name_invalid");
  EXPECT_EQ(code_of(access_->add_token("t", Role::viewer, kAnna, clock_.now())), "expiry_past");
  EXPECT_TRUE(access_->tokens()->empty());
}

TEST_F(AccessTest, NoTwoTokensHaveOneName) {
  ASSERT_TRUE(access_->add_token("b", Role::viewer, kAnna, std::nullopt).ok());
  const auto again = access_->add_token("b", Role::admin, kAnna, std::nullopt);
  EXPECT_EQ(kind_of(again), ErrorKind::conflict);
  EXPECT_EQ(code_of(again), "name_taken");
  ASSERT_TRUE(access_->add_token("a", Role::viewer, kAnna, clock_.now() + hours(1)).ok());
  EXPECT_EQ(access_->tokens()->front().name, "a");
  EXPECT_EQ(access_->tokens()->size(), 2U);
  clock_.advance(hours(1));
  EXPECT_TRUE(access_->add_token("a", Role::viewer, kAnna, std::nullopt).ok())
      << "one that has expired is in nobody's way";

  std::vector<Access> accesses;
  for (int i = 0; i < 4; ++i) accesses.push_back(another());
  std::vector<std::thread> threads;
  for (Access& access : accesses)
    threads.emplace_back(
        [&] { (void)access.add_token("same", Role::viewer, kAnna, std::nullopt); });
  for (std::thread& thread : threads) thread.join();
  const auto all = access_->tokens();
  EXPECT_LE(
      std::count_if(all->begin(), all->end(), [](const Token& one) { return one.name == "same"; }),
      1);
}

}  // namespace
}  // namespace rollcall::access
