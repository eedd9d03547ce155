#include "base/base.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <thread>

#include "base/base64.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/large_array.hpp"
#include "base/process.hpp"

namespace rollcall {
namespace {

Result<int> half(int n) {
  if (n % 2) return Error{ErrorKind::invalid, "odd", "Give an even number."};
  return n / 2;
}
Result<int> quarter(int n) { return TRY(half(TRY(half(n)))); }

TEST(InstalledFileTest, LiesBesideTheProgramOrInItsLibFoldersOrWhereTheBuildHasIt) {
  const auto root = std::filesystem::temp_directory_path() / fmt::format("installed-{}", getpid());
  std::filesystem::create_directories(root / "bin");
  std::filesystem::create_directories(root / "lib");
  const auto put = [](const std::filesystem::path& file) { std::ofstream(file) << "x"; };
  const auto found = [&](const char* name) { return installed_file(name, root / "bin/rollcall"); };
  EXPECT_EQ(found("libduckdb.so").parent_path().filename(), "lib") << "the build's";
  EXPECT_TRUE(std::filesystem::exists(found("libduckdb.so")));
  EXPECT_EQ(found("one.so"), root / "bin/one.so") << "where it is missed";
  put(root / "lib/one.so");
  EXPECT_EQ(found("one.so"), root / "lib/one.so");

  std::filesystem::create_directories(root / "lib/rollcall");
  EXPECT_EQ(found("libduckdb.so"), root / "bin/libduckdb.so")
      << "what is installed does not ask the machine that built it";
  put(root / "lib/rollcall/one.so");
  EXPECT_EQ(found("one.so"), root / "lib/rollcall/one.so");
  put(root / "bin/one.so");
  EXPECT_EQ(found("one.so"), root / "bin/one.so");
  std::filesystem::remove_all(root);
}

TEST(ErrorTest, TryPassesTheValueOn) { EXPECT_EQ(*quarter(8), 2); }
TEST(ErrorTest, TryReturnsTheErrorOfTheStepThatFailed) {
  ASSERT_FALSE(quarter(6).ok());
  EXPECT_EQ(quarter(6).error().kind, ErrorKind::invalid);
}
TEST(ErrorTest, APlaceInATextStandsInFront) {
  Error error{ErrorKind::invalid, "wrong", "Mend it."};
  error.code = "value_invalid";
  error.place = ErrorPlace{.pointer = "/where"};
  EXPECT_EQ(error.text(), "wrong. Mend it.") << "a node alone is for programs";
  error.place->line = 4;
  error.place->column = 7;
  EXPECT_EQ(error.placed(), "line 4, column 7: wrong");
  error.place->file = "shop.yaml";
  EXPECT_EQ(std::move(error).in("segment VIPs").text(),
            "shop.yaml:4:7: wrong (in segment VIPs). Mend it.");
}
TEST(ErrorTest, TextNamesPlaceAndRemedy) {
  auto result = in_context(half(3), "list 7");
  EXPECT_EQ(result.error().text(), "odd (in list 7). Give an even number.");
}

TEST(ClockTest, IsoRoundTripsThroughParse) {
  const Time time{Millis(1767323045000)};
  EXPECT_EQ(iso_utc(time), "2026-01-02T03:04:05Z");
  EXPECT_EQ(parse_iso_utc("2026-01-02T03:04:05Z"), time);
  EXPECT_EQ(parse_iso_utc("2026-01-02T03:04:05.250Z"), time + Millis(250));
}
TEST(ClockTest, RefusesWhatIsNoTime) {
  for (const char* bad :
       {"", "2026-02-30T00:00:00Z", "2026-01-02 03:04:05Z", "2026-01-02T25:00:00Z",
        "2026-01-02T03:04:05", "-026-01-02T03:04:05Z", "2026-01-02T03:04:05.Z"})
    EXPECT_FALSE(parse_iso_utc(bad)) << bad;
}

TEST(TextTest, LowersAsciiOnly) {
  std::string text = "ZoË@Example.COM";
  ascii_lower(text);
  EXPECT_EQ(text, "zoË@example.com");
}
TEST(TextTest, TrimsWhiteSpaceOfEveryKind) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}
TEST(TextTest, KnowsUtf8) {
  EXPECT_TRUE(is_utf8("O'Neil Zoë 李 😀"));
  EXPECT_FALSE(is_utf8("\xff"));
  EXPECT_FALSE(is_utf8("\xc0\xaf"));      // overlong slash
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));  // half a surrogate pair
  EXPECT_FALSE(is_utf8("\xe6\x9d"));      // cut short
}
TEST(TextTest, FindsTheNearestWord) {
  EXPECT_EQ(nearest("platfrom", {"platform", "project_type"}), "platform");
  EXPECT_EQ(nearest("Email", {"email"}), "email");
  EXPECT_FALSE(nearest("zzz", {"platform"}));
}
TEST(TextTest, GroupsThousands) {
  EXPECT_EQ(thousands(-1234567), "-1,234,567");
  EXPECT_EQ(thousands(999), "999");
}

TEST(FileTest, SaysThatADiskIsFullAndWhere) {
  const Error full = cannot("write", "/disk/x/state.json", ENOSPC);
  EXPECT_EQ(full.kind, ErrorKind::unavailable);
  EXPECT_EQ(full.message, "no space left in /disk/x: cannot write /disk/x/state.json");
  for (const int problem : {EDQUOT, EFBIG})
    EXPECT_THAT(cannot("write", "/disk/x/state.json", problem).message,
                testing::StartsWith("no space left in /disk/x ("));
  for (const int problem : {EROFS, ENOENT, EIO})
    EXPECT_EQ(cannot("read", "/disk/x/state.json", problem).kind, ErrorKind::unavailable);
  EXPECT_EQ(cannot("read", "/disk/x/state.json", EACCES).kind, ErrorKind::denied);
}
TEST(FileTest, ChecksumsTellWhatCameBefore) {
  EXPECT_EQ(checksum("a").size(), 16u);
  EXPECT_NE(checksum("a"), checksum("b"));
  EXPECT_NE(checksum("a", checksum("b")), checksum("a", checksum("c")));
}

TEST(SecretTest, PrintsAsStars) { EXPECT_EQ(Secret("abc").text(), "***"); }

TEST(ClockTest, AManualClockLosesNoMomentOfSeveralSleepers) {
  ManualClock clock{Time{}};
  std::vector<std::jthread> sleepers;
  for (int i = 0; i < 4; ++i)
    sleepers.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) EXPECT_TRUE(clock.sleep(Millis(1), {}));
    });
  sleepers.clear();
  EXPECT_EQ(clock.monotonic(), Millis(4000));
  clock.set_by(Millis(-1000));
  EXPECT_EQ(clock.monotonic(), Millis(4000));
  EXPECT_EQ(clock.now(), Time(Millis(3000)));
}

TEST(ClockTest, WhoIsStoppedDoesNotSleep) {
  ManualClock clock{Time{}};
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(clock.sleep(Millis(1), stop.get_token()));
  EXPECT_EQ(clock.monotonic(), Millis(0));
}

TEST(RandomTest, IdsSortByTimeAndRepeatWithTheSeed) {
  ManualClock clock{Time{Millis(1767323045000)}};
  SeededRandom random(1), again(1);
  EXPECT_EQ(new_id(clock, random), new_id(clock, again));
  EXPECT_THAT(new_id(clock, random), testing::StartsWith("20260102-030405-"));
}

TEST(JsonTest, NestingCountsWhatIsOpenAtOnce) {
  EXPECT_FALSE(nests_deeper("[[],[],{},[[]]]", 3));
  EXPECT_TRUE(nests_deeper("[[],[],{},[[]]]", 2));
  EXPECT_TRUE(nests_deeper(R"({"a":{"b":[1]}})", 2));
  EXPECT_FALSE(nests_deeper(R"(["[[[", "\"[[[", "\\"])", 1)) << "brackets in strings";
  EXPECT_FALSE(nests_deeper("]]]]", 1));
  EXPECT_TRUE(nests_deeper(std::string(200'000, '[')));
  EXPECT_FALSE(nests_deeper(std::string(kJsonLevelsMax, '[')));
}

TEST(FileTest, EntersNothingThatWasPlantedInTheFilesPlace) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / ("planted-" + std::to_string(::getpid()));
  fs::create_directories(folder / "folder");
  std::ofstream(folder / "theirs") << "theirs";
  fs::create_symlink(folder / "theirs", folder / "link");
  fs::create_symlink(folder / "nowhere", folder / "dangling");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const auto& [name, why] : {std::pair("link", ELOOP), std::pair("dangling", ELOOP),
                                  std::pair("folder", EISDIR), std::pair("pipe", ENXIO)}) {
    for (const int flags : {O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT}) {
      EXPECT_EQ(open_ours(folder / name, flags), -1) << name;
      EXPECT_EQ(errno, why) << name;
      const Error told = cannot("read", folder / name, errno);
      EXPECT_EQ(told.kind, ErrorKind::denied);
      EXPECT_FALSE(told.remedy.empty());
    }
  }
  EXPECT_FALSE(fs::exists(folder / "nowhere"));
  EXPECT_EQ(fs::file_size(folder / "theirs"), 6u);
  const File made(open_ours(folder / "made", O_WRONLY | O_CREAT));
  EXPECT_GE(made.fd, 0);
  EXPECT_EQ(fs::status(folder / "made").permissions(), fs::perms(0600));
  fs::remove_all(folder);
}

TEST(ProcessTest, AProcessCanForbidThatItsMemoryIsDumped) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    forbid_core_dumps();
    rlimit limit{};
    const bool none = ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 &&
                      limit.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
    ::_exit(none ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Base64, IsThatOfTheStandard) {
  // RFC 4648, section 10.
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(from_base64url(""), "");
  for (const char* no : {"-_8=", "+/8", "a b", "\xc3\xa4"}) EXPECT_FALSE(from_base64url(no)) << no;
}

TEST(Base64, ARandomWordHoldsAllItsBits) {
  SeededRandom random(1), same(1);
  const std::string word = random_word(random);
  EXPECT_EQ(word.size(), 43U);
  EXPECT_EQ(word, random_word(same));
  EXPECT_NE(word, random_word(random));
  EXPECT_EQ(from_base64url(word)->size(), 32U);
}

TEST(LargeArray, BeginsWithZerosAndIsHandedOn) {
  for (const size_t size : {size_t{1}, size_t{262'144}, size_t{1'000'001}}) {
    LargeArray<uint64_t> array(size);
    EXPECT_TRUE(std::all_of(array.begin(), array.end(), [](uint64_t one) { return one == 0; }));
    for (size_t i = 0; i < size; ++i) array[i] = i;
    LargeArray<uint64_t> other;
    EXPECT_TRUE(other.empty());
    other = std::move(array);
    ASSERT_EQ(other.size(), size);
    EXPECT_EQ(other[size - 1], size - 1);
  }
}

}  // namespace
}  // namespace rollcall
