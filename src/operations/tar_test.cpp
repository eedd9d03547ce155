#include "operations/tar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace rollcall::operations {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TarTest : public testing::Test {
 protected:
  TarTest() : path_(fs::path(testing::TempDir()) / ("tar-" + std::to_string(::getpid()))) {}
  ~TarTest() override { fs::remove_all(path_); }

  void write(const std::vector<std::pair<std::string, std::string>>& files) {
    fs::create_directories(path_);
    const auto file = std::move(*disk_.open(archive(), Disk::Open::anew));
    TarWriter tar(*file);
    for (const auto& [name, bytes] : files) {
      ASSERT_TRUE(tar.begin(name, bytes.size(), Time(Millis(86'400'000))).ok());
      ASSERT_TRUE(tar.write(bytes.substr(0, bytes.size() / 2)).ok());
      ASSERT_TRUE(tar.write(bytes.substr(bytes.size() / 2)).ok());
    }
    ASSERT_TRUE(tar.finish().ok());
  }
  // "name=bytes" of each, then why it ended.
  std::vector<std::string> read() {
    const auto file = std::move(*disk_.open(archive(), Disk::Open::read));
    TarReader tar(*file);
    std::vector<std::string> out;
    while (true) {
      const auto entry = tar.next();
      if (!entry.ok() || !*entry) {
        out.emplace_back(entry.ok() ? "end" : entry.error().message);
        return out;
      }
      std::string bytes;
      char piece[100];
      while (true) {
        const auto got = tar.read(piece, sizeof piece);
        if (!got.ok()) bytes += got.error().message;
        if (!got.ok() || *got == 0) break;
        bytes.append(piece, *got);
      }
      out.push_back((*entry)->name + "=" + bytes);
    }
  }
  void change(size_t at, std::string_view bytes) {
    const auto file = std::move(*disk_.open(archive(), Disk::Open::keep));
    ASSERT_TRUE(file->write(at, bytes).ok());
  }
  [[nodiscard]] fs::path archive() const { return path_ / "a.tar"; }

  RealDisk disk_;
  fs::path path_;
};

TEST_F(TarTest, ReadsWhatItWrote) {
  const std::string block(512, 'b'), long_one(1300, 'l');
  write({{"a", ""}, {"b/c", block}, {"d", long_one}, {std::string(100, 'n'), "x"}});
  EXPECT_EQ(read(), (std::vector<std::string>{"a=", "b/c=" + block, "d=" + long_one,
                                              std::string(100, 'n') + "=x", "end"}));
  EXPECT_EQ(fs::file_size(archive()), 512U * (1 + 2 + 4 + 2 + 2));
}

TEST_F(TarTest, IsReadByTheSystemsTar) {
  write({{"one", "1"}, {"folder/two", "22"}});
  const std::string command =
      "cd '" + path_.string() + "' && tar xf a.tar && test \"$(cat one folder/two)\" = 122";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(TarTest, RefusesWhatIsDamagedOrNoPlainFile) {
  const auto refused = [&](size_t at, std::string_view bytes, const char* why) {
    write({{"a", "abc"}});
    change(at, bytes);
    EXPECT_THAT(read().front(), HasSubstr(why)) << at;
  };
  refused(0, "b", "damaged");
  refused(130, "7", "damaged");
  refused(257, "xstar", "damaged");
  write({{"a", "abc"}});
  fs::resize_file(archive(), 514);
  EXPECT_THAT(read().front(), HasSubstr("cut short"));
  fs::resize_file(archive(), 300);
  EXPECT_THAT(read().front(), HasSubstr("cut short"));
  // A link as `tar` writes it.
  const std::string command =
      "cd '" + path_.string() + "' && ln -s /etc/passwd link && tar --format=ustar -cf a.tar link";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_THAT(read().front(), HasSubstr("no plain file"));
}

TEST_F(TarTest, RefusesAFileThatAHeaderCannotTell) {
  write({});
  const auto file = std::move(*disk_.open(archive(), Disk::Open::anew));
  EXPECT_EQ(TarWriter(*file).begin("large", uint64_t{1} << 33, Time{}).error().kind,
            ErrorKind::invalid);
}

}  // namespace
}  // namespace rollcall::operations
