// What files hold arrives whole and as it is written, or not at all. A table of inputs that must be
// read, and of inputs that must be refused with the file, the line, the column and the cause.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <numeric>

#include "duck/duck.hpp"
#include "source/cell.hpp"
#include "source/records.hpp"
#include "source/source.hpp"

namespace rollcall::source {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

// Lines that a compression cannot shorten to nothing.
std::string lines(int from, int to) {
  std::string out;
  uint32_t noise = 7;
  for (int i = from; i < to; ++i) {
    noise = noise * 1664525 + 1013904223;
    out += std::to_string(i) + ",p" + std::to_string(noise) + "@example.com\n";
  }
  return out;
}

class FilesTest : public testing::Test {
 protected:
  FilesTest() { fs::create_directories(folder_); }
  ~FilesTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  void parquet(const std::string& name, const std::string& select) {
    fs::create_directories((folder_ / name).parent_path());
    auto database = std::move(duck::Database::open(":memory:").value());
    const Status made = database->connect().value()->run("COPY (" + select + ") TO " +
                                                         duck::literal((folder_ / name).string()) +
                                                         " (FORMAT parquet)");
    ASSERT_TRUE(made.ok()) << made.error().text();
  }

  using Options = std::map<std::string, std::string>;
  Result<std::unique_ptr<Connection>> open(Options options = {}, const std::string& path = "",
                                           const std::string& kind = "csv") {
    options["path"] = (folder_ / path).string();
    return source::open({.name = "files", .kind = kind, .options = options}, open_);
  }

  // "id integer, name text" and then a row a line; nulls are `-`. Or what was wrong.
  std::string read(const std::string& table, const Options& options = {},
                   const std::string& path = "", const std::string& kind = "csv") {
    const auto told = [&]() -> Result<std::string> {
      auto connection = TRY(open(options, path, kind));
      std::string out;
      for (const ColumnInfo& column : TRY(connection->describe_table(table)))
        out += (out.empty() ? "" : ", ") + column.name + " " + std::string(to_string(column.type)) +
               (column.zoned ? " zoned" : "");
      looks_ = connection->looks();
      auto stream = TRY(
          connection->query({"SELECT * FROM " + duck::identifier(table) + " ORDER BY ALL"}, {}));
      RowBatch batch;
      while (TRY(stream->next(batch)))
        for (size_t row = 0; row < batch.rows; ++row) {
          out += "\n";
          for (size_t i = 0; i < batch.columns.size(); ++i)
            out += (i ? " | " : "") +
                   (batch.columns[i].valid[row] ? text_of(batch.columns[i], row) : "-");
        }
      return out;
    }();
    if (told.ok()) return *told;
    EXPECT_FALSE(told.error().remedy.empty()) << told.error().text();
    return told.error().text();
  }
  std::string one(const std::string& text, const Options& options = {}) {
    write("t.csv", text);
    return read("t", options);
  }
  // The type of a column that holds these, and what it might be besides.
  static uint32_t shapes(const std::vector<std::string>& values) {
    uint32_t out = kAll;
    for (const std::string& value : values)
      if (!value.empty()) out &= shapes_of(value, {});
    return out;
  }
  static std::string type_of(const std::vector<std::string>& values) {
    const ColumnType type = source::type_of(shapes(values), {});
    for (const std::string& value : values)
      EXPECT_TRUE(value.empty() || fits(value, type, {})) << value;
    return std::string(to_string(type.type)) + (type.zoned ? " zoned" : "");
  }
  static std::string doubt(const std::vector<std::string>& values) {
    return doubt_of(shapes(values));
  }

  fs::path folder_ = fs::temp_directory_path() / ("files-test-" + std::to_string(::getpid()));
  OpenOptions open_ = {.temp_directory = folder_ / "temp"};
  std::vector<Look> looks_;
};

TEST_F(FilesTest, RefusesWhatIsDeclaredToBeJsonAndIsNot) {
  open_.types["t"] = {{"o", {.type = FieldType::object, .declared = true}},
                      {"l", {.type = FieldType::list, .declared = true}}};
  EXPECT_EQ(one("id,o,l\n1,\"{\"\"a\"\":1}\",\"[1,\"\"x\"\"]\"\n2,{},[]\n3,,\n"),
            "id integer, o json, l list\n1 | {\"a\":1} | [1,\"x\"]\n2 | {} | []\n3 | - | -");
  for (const char* const bad : {"{a:1}", "{'a':1}", "{\"\"a\"\":NaN}", "{\"\"a\"\":1", "[1]", "7"})
    EXPECT_THAT(one("id,o,l\n1,{},[]\n2,\"" + std::string(bad) + "\",[]\n"),
                AllOf(HasSubstr("t.csv, line 3: "),
                      HasSubstr("in column `o` is not an object in JSON, like {\"a\": 1}"),
                      HasSubstr("Correct the value, or the field's `type`")))
        << bad;
  EXPECT_THAT(one("id,o,l\n1,{},\"[1,]\"\n"),
              HasSubstr("t.csv, line 2: `[1,]` in column `l` is not a list in JSON"));
}

TEST_F(FilesTest, TellsWhichLineItTookForTheHeader) {
  one("Our customers,of March\n\nid,name\n1,Ann\n");
  ASSERT_THAT(looks_, testing::SizeIs(1));
  EXPECT_EQ(looks_[0].first_file, (folder_ / "t.csv").string());
  EXPECT_TRUE(looks_[0].header);
  ASSERT_THAT(looks_[0].top, testing::SizeIs(3));
  EXPECT_EQ(looks_[0].top[1].number, 3);
  EXPECT_THAT(looks_[0].top[1].cells, ElementsAre("id", "name"));
  one("sep=;\nid;name\n1;Ann\n");
  ASSERT_THAT(looks_, testing::SizeIs(1));
  EXPECT_FALSE(looks_[0].header);
  EXPECT_THAT(looks_[0].top[0].cells, ElementsAre("sep=", ""));
}

TEST_F(FilesTest, RefusesAFileOfATableWithATitleAboveItsHeader) {
  // Otherwise its header, or the title, would be a row.
  write("t/a.csv", "id;name\n1;Ann\n");
  for (const char* const title : {"sep=;", "Customers of;March", "From 2026-01-01;to 2026-02-01"}) {
    write("t/b.csv", std::string(title) + "\nid;name\n2;Bob\n");
    EXPECT_THAT(read("t"), AllOf(HasSubstr("t/b.csv, line 2: the header stands here"),
                                 HasSubstr("Take away what stands before it")))
        << title;
    fs::rename(folder_ / "t/a.csv", folder_ / "t/c.csv");
    EXPECT_THAT(read("t"), HasSubstr("t/b.csv, line 2: the header stands here")) << title;
    fs::rename(folder_ / "t/c.csv", folder_ / "t/a.csv");
  }
  // The parts of a file that was cut have one header.
  write("t/b.csv", "2;Bob\n3;Cem\n");
  EXPECT_EQ(read("t"), "id integer, name text\n1 | Ann\n2 | Bob\n3 | Cem");
}

TEST_F(FilesTest, ReadsWhatIsThereInWhateverFormItIsWritten) {
  const std::string plain = "id integer, name text\n1 | Ann\n2 | Bob";
  EXPECT_EQ(one("id,name\n1,Ann\n2,Bob\n"), plain);
  EXPECT_EQ(one("id,name\n1,Ann\n2,Bob"), plain) << "no line end at the end";
  EXPECT_EQ(one("id,name\r\n1,Ann\r\n2,Bob\r\n"), plain);
  EXPECT_EQ(one("id,name\r1,Ann\r2,Bob\r"), plain);
  EXPECT_EQ(one("id,name\n1,Ann\r\n2,Bob\n"), plain) << "joined by two systems";
  EXPECT_EQ(one("id,name\r\n1,Ann\n2,\"Bob\"\r\n"), plain);
  EXPECT_EQ(one("id,name\n1,\"a\r\nb\"\r\n2,\"c\nd\"\n"),
            "id integer, name text\n1 | a\r\nb\n2 | c\nd");
  EXPECT_EQ(one("\xef\xbb\xbfid,name\n1,Ann\n2,Bob\n"), plain) << "a byte order mark";
  EXPECT_EQ(one("id;name\n1;Ann\n2;Bob\n"), plain);
  EXPECT_EQ(one("id\tname\n1\tAnn\n2\tBob\n"), plain);
  EXPECT_EQ(one("id|name\n1|Ann\n2|Bob\n"), plain);
  EXPECT_EQ(one("id::name\n1::Ann\n2::Bob\n", {{"delimiter", "::"}}), plain);
  EXPECT_EQ(one("\"id\",\"name\"\n1,\"Ann\"\n2,\"Bob\"\n"), plain);
  EXPECT_EQ(one("id, name\n1, \"Ann\"\n2,\"Bob\" \n"), plain);
  EXPECT_EQ(one("id,name\n\n1,Ann\n\n2,Bob\n\n"), plain) << "empty lines are no rows";
  EXPECT_EQ(one("a title\nid,name\n1,Ann\n2,Bob\n", {{"skip", "1"}}), plain);
  EXPECT_EQ(one("id,name\n1,Ann\n# not now\n2,Bob\n#end", {{"comment", "#"}}), plain);
  EXPECT_EQ(one("id,name\n"), "id text, name text") << "a header alone";
  EXPECT_EQ(one("email\nb@x\na@x\n"), "email text\na@x\nb@x") << "one column";
  EXPECT_EQ(one("id,name\n1,\n2,\"\"\n"), "id integer, name text\n1 | -\n2 | -");
  EXPECT_EQ(one("id,name\n1,x\n2,n/a\n", {{"nulls", "n/a"}}),
            "id integer, name text\n1 | x\n2 | -");
  EXPECT_EQ(one("id,name\n1,\"a, \"\"b\"\"\"\n2,\"two\nlines\"\n"),
            "id integer, name text\n1 | a, \"b\"\n2 | two\nlines");
  EXPECT_EQ(one("id,name\n1,a \"b\" c\n2,'d'\n"), "id integer, name text\n1 | a \"b\" c\n2 | 'd'");
  EXPECT_EQ(one("id,name\n1,\"a\\\"b\"\n", {{"escape", "\\"}}), "id integer, name text\n1 | a\"b");
  EXPECT_EQ(one("1,Ann\n2,Bob\n"), "column0 integer, column1 text\n1 | Ann\n2 | Bob");
  EXPECT_EQ(one("ann@x.org,Ann\nbob@x.org,Bob\n"),
            "column0 text, column1 text\nann@x.org | Ann\nbob@x.org | Bob")
      << "a person is no header";
  EXPECT_EQ(one("id,name\n1\n2,Bob\n", {{"null_padding", "true"}}),
            "id integer, name text\n1 | -\n2 | Bob");
  EXPECT_EQ(one("id,name\n1,J\xe9r\xf4me\n", {{"encoding", "latin-1"}}),
            "id integer, name text\n1 | Jérôme");
  std::string wide;
  for (const char c : std::string("id,name\n1,x\n")) wide += {c, '\0'};
  EXPECT_EQ(one("\xff\xfe" + wide, {{"encoding", "utf-16"}}), "id integer, name text\n1 | x");
}

// As a slow disk, or a decompressor, hands it over.
class Blocks : public Bytes {
 public:
  Blocks(std::string_view text, size_t size) : text_(text), size_(size) {}
  Result<std::string_view> next() override {
    const std::string_view out = text_.substr(0, size_);
    text_.remove_prefix(out.size());
    return out;
  }

 private:
  std::string_view text_;
  size_t size_;
};

TEST_F(FilesTest, RowsAreTheSameWhereverABlockOfTheFileEnds) {
  const auto told = [](const std::string& text, size_t block) {
    Records records(std::make_unique<Blocks>(text, block), {.delimiter = ","}, "t.csv");
    std::string out;
    for (;;) {
      const auto more = records.next();
      if (!more.ok()) return out + more.error().text();
      if (!*more) return out + (records.odd() ? "odd" : "plain");
      out += std::to_string(records.line()) + ":";
      for (size_t i = 0; i < records.size(); ++i) out += "[" + std::string(records[i]) + "]";
      out += "\n";
    }
  };
  EXPECT_EQ(told("a,b\n1,\n,2\n", 99), "1:[a][b]\n2:[1][]\n3:[][2]\nplain");
  EXPECT_EQ(told("a,b\r\n1,\"x\"\r\n", 99), "1:[a][b]\n2:[1][x]\nplain");
  EXPECT_EQ(told("a,b\n1,\"x\ny\"\n2,z", 99), "1:[a][b]\n2:[1][x\ny]\n4:[2][z]\nodd");
  EXPECT_EQ(told("a\n\nb\n", 99), "1:[a]\n2:[]\n3:[b]\nodd");
  EXPECT_EQ(told("a\rb\r", 99), "1:[a]\n2:[b]\nodd");
  EXPECT_THAT(told("a,b\n1,x\ry\n", 99), HasSubstr("line 2: it ends with CR"));
  for (const std::string& text : std::vector<std::string>{
           "a,b\n1,\n,2\n", "a,b\r\n1,x\r\n\r\n2,\"y\"\r\n", "a,b\n1,\"x, \"\"\r\ny\"\"\"\n2,z",
           "a,b\r1,x\r", "a,b\n1,x\r\n2,y\n", "a,b\n1,x\ry\n", "a,b\n1, \"x\" \n2,  \"y\"\n",
           "a,b\n1,\xc3\xa9\n2,\xc3\n"})
    for (size_t block = 1; block < text.size(); ++block)
      EXPECT_EQ(told(text, block), told(text, text.size())) << text << " by " << block;
}

TEST_F(FilesTest, NoRowIsLostWithoutAWord) {
  std::string joined = "id,email\n";
  for (int i = 0; i < 5; ++i) joined += std::to_string(i) + ",p@x.org\n";
  joined += "id,email,city\n";
  for (int i = 5; i < 20; ++i) joined += std::to_string(i) + ",p@x.org,Rome\n";
  EXPECT_THAT(one(joined), AllOf(HasSubstr("t.csv, line 7: 3 fields"), HasSubstr("has 2")));
  EXPECT_THAT(one("id,email\n#0,a@x\n1,b@x\n#4,c@x\n"),
              "id text, email text\n#0 | a@x\n#4 | c@x\n1 | b@x");
  EXPECT_THAT(one("id,email\n1,b@x\n# end\n"), HasSubstr("t.csv, line 3: 1 field"));
  EXPECT_THAT(one("People of today\nid,email\n1,a@x\n"),
              AllOf(HasSubstr("line 2"), HasSubstr("`skip: 1`")));
  EXPECT_THAT(one("People\nof today\nid,email\n1,a@x\n"),
              AllOf(HasSubstr("line 3"), HasSubstr("`skip: 2`")));
  EXPECT_THAT(one("People, 2026\nid,email,city\n1,a@x,Rome\n"),
              AllOf(HasSubstr("line 2: 3 fields"), HasSubstr("`skip: 1`")));
  EXPECT_THAT(one("People,2026\nof,today\nid,email,city\n1,a@x,Rome\n"),
              AllOf(HasSubstr("line 3: 3 fields"), HasSubstr("`skip: 2`")));
  EXPECT_THAT(one("id,email,city\n1,a@x\n"), HasSubstr("`null_padding: true`"));
  EXPECT_THAT(one("id,email\n1,a@x,\n"), HasSubstr("line 2: 3 fields")) << "a trailing delimiter";
  EXPECT_THAT(one("id,email\n1,\"a@x\n2,b@x\n"), HasSubstr("line 2: a quotation mark"));
  EXPECT_THAT(one("id,email\n1,\"a\"x\n2,b@x\n"), HasSubstr("line 2: text stands behind"));
  EXPECT_THAT(one("id,email\n1,   \"a\"\n"), HasSubstr("line 2: white space stands before"));
  EXPECT_THAT(one("id,email\r\n1,a\r2,b\r\n"), HasSubstr("line 2: it ends with CR, and line 1"));
  EXPECT_THAT(one("id,email\n1,a\rb\n"), HasSubstr("line 2: it ends with CR, and line 1"));
  EXPECT_THAT(one("id,email\n1,J\xe9r\n"),
              AllOf(HasSubstr("line 2: the text is not UTF-8"), HasSubstr("`encoding`")));
  EXPECT_THAT(one(""), HasSubstr("t.csv is empty"));
  EXPECT_THAT(one("\nid,email\n1,a\n"), HasSubstr("line 1: the line is empty"));
  EXPECT_THAT(one("\"id\nof\",x\r\n1,a\r\n2,b\r\n"), HasSubstr("holds 2 rows, of which"));
  write("many/a.csv", "id,email\n1,a@x\n");
  write("many/b.csv", "id,email\n2,b@x,Rome\n");
  EXPECT_THAT(read("many"), HasSubstr("many/b.csv, line 2: 3 fields"));
  EXPECT_THAT(read("many/*.csv"), HasSubstr("many/b.csv, line 2: 3 fields"));
}

TEST_F(FilesTest, OnlyWhatLosesNothingIsANumberADateOrABoolean) {
  const std::string number = "number", text = "text";
  EXPECT_EQ(type_of({"1", "-5", "0"}), "integer");
  EXPECT_EQ(type_of({"9223372036854775807"}), "integer");
  EXPECT_EQ(type_of({"9223372036854775808"}), text);
  EXPECT_EQ(type_of({"80.00", "0.5", "-5", "7"}), number);
  EXPECT_EQ(type_of({"0.30000000000000004"}), number) << "as it is printed again";
  EXPECT_EQ(type_of({"1000000000000000.0", "12345678901234.5600"}), number);
  EXPECT_EQ(type_of({"0.123456789012345678"}), text) << "a digit would be lost";
  EXPECT_EQ(type_of({"9007199254740993", "0.5"}), text);
  for (const char* odd : {"007", "+6", "1e3", "0x10", " 6 ", ".5", "5.", "1_000", "-0", "NaN",
                          "Infinity", "1 000", "--1", "-", "٣"})
    EXPECT_EQ(type_of({"1", odd}), text) << odd;
  EXPECT_EQ(type_of({"true", "false"}), "boolean");
  for (const char* odd : {"NO", "yes", "T", "True", "TRUE", "F", "on"})
    EXPECT_EQ(type_of({odd}), text) << odd;
  EXPECT_EQ(type_of({"2026-01-31", "1990-02-28"}), "date");
  for (const char* odd : {"2026-02-30", "03/04/1990", "31.12.1999", "10-11-12", "2026-1-2",
                          "20260131", "0000-00-00", "2026-01-31 23:00", "2026-01"})
    EXPECT_EQ(type_of({"2026-01-31", odd}), text) << odd;
  EXPECT_EQ(type_of({"2026-01-31 10:00", "2026-01-31T10:00:01.123456"}), "timestamp");
  EXPECT_EQ(type_of({"2026-01-31T10:00:00Z", "2026-01-31 10:00:00+05:30"}), "timestamp zoned");
  EXPECT_EQ(type_of({"2026-01-31 10:00:00", "2026-01-31 10:00:00+05:00"}), text);
  EXPECT_EQ(type_of({"2026-01-31 10:00:00.1234567"}), text) << "a digit would be cut";
  EXPECT_EQ(type_of({"2026-01-31 24:00:00"}), text);
  EXPECT_EQ(type_of({"12:30"}), text);
  EXPECT_EQ(type_of({"", ""}), text);
  EXPECT_EQ(one("id,at\n1,2026-01-31T10:00:00+05:00\n"),
            "id integer, at timestamp zoned\n1 | 2026-01-31T05:00:00Z");
}

TEST_F(FilesTest, AColumnsTypeIsFoundOnAllOfTheData) {
  std::string text = "pk,uid,spent,seen,born,note\n";
  for (int i = 1; i <= 20'480; ++i)
    text += std::to_string(i) + ",1000" + std::to_string(i) +
            ",20,2026-01-02 10:00:00,1990-05-01,plain\n";
  text += "99999,007,19.99,2026-01-02 10:00:00+05:00,1990-05-01 23:00:00,\"he said \"\"hi\"\"\"\n";
  const std::string told = one(text);
  EXPECT_THAT(told, testing::StartsWith(
                        "pk integer, uid text, spent number, seen text, born text, note text\n"));
  EXPECT_THAT(told, testing::EndsWith("\n99999 | 007 | 19.99 | 2026-01-02 10:00:00+05:00 | "
                                      "1990-05-01 23:00:00 | he said \"hi\""));
}

TEST_F(FilesTest, WhatIsDoubtfulStaysTextAndSaysWhatItMightBe) {
  EXPECT_THAT(doubt({"03/04/1990", "05/06/1990"}),
              AllOf(HasSubstr("%d/%m/%Y"), HasSubstr("%m/%d/%Y")));
  EXPECT_THAT(doubt({"03/04/1990", "25/04/1990"}),
              AllOf(HasSubstr("%d/%m/%Y"), Not(HasSubstr("%m/%d/%Y"))));
  EXPECT_THAT(doubt({"31.12.1999"}), HasSubstr("%d.%m.%Y"));
  EXPECT_THAT(doubt({"NO"}), HasSubstr("type: boolean"));
  EXPECT_THAT(doubt({"007", "1e3"}), HasSubstr("type: number"));
  EXPECT_THAT(doubt({""}), HasSubstr("no values yet"));
  EXPECT_THAT(doubt({"Ann"}), IsEmpty());
  EXPECT_THAT(doubt({"5"}), IsEmpty());
  EXPECT_THAT(doubt({"NO", "IT"}), IsEmpty());
}

TEST_F(FilesTest, ALaterFileChangesNoType) {
  open_.types["t"] = {{"id", {.type = FieldType::integer}},
                      {"country", {}},
                      {"spent", {.type = FieldType::number}},
                      {"vip", {.type = FieldType::boolean}},
                      {"born", {.type = FieldType::date}}};
  const std::string head = "id,country,spent,vip,born\n";
  const std::string types = "id integer, country text, spent number, vip boolean, born date";
  EXPECT_EQ(one(head + "1,NO,7,true,1990-01-01\n"), types + "\n1 | NO | 7 | true | 1990-01-01");
  EXPECT_EQ(one(head + "1,,,,\n"), types + "\n1 | - | - | - | -");
  EXPECT_EQ(one(head), types);
  EXPECT_EQ(one("id,country,spent,vip,born,new\n1,NO,7,true,1990-01-01,5\n"),
            types + ", new text\n1 | NO | 7 | true | 1990-01-01 | 5");
  EXPECT_THAT(one(head + "1,NO,7,true,1990-01-01\n2,NO,plenty,true,1990-01-01\n"),
              AllOf(HasSubstr("t.csv, line 3: `plenty` in column `spent` is not a number"),
                    HasSubstr("declare"), Not(HasSubstr("1990"))))
      << "the rest of the row is nobody's business";
  EXPECT_THAT(one(head + "1,NO,7,true,1990-01-01 10:00\n"), HasSubstr("column `born`"));
  EXPECT_THAT(one(head + "007,NO,7,true,1990-01-01\n"), HasSubstr("`007` in column `id`"));
  EXPECT_THAT(one(head + "1,NO,1e3,true,1990-01-01\n"), HasSubstr("`1e3` in column `spent`"));
  EXPECT_THAT(one(head + "1,NO,7,NO,1990-01-01\n"), HasSubstr("`NO` in column `vip`"));
}

TEST_F(FilesTest, ADeclaredTypeIsWhatHolds) {
  const auto as = [&](ColumnType type, const std::string& value, const Options& options = {}) {
    type.declared = true;
    open_.types["t"] = {{"v", type}};
    const std::string told = one("id,v\n1,\"" + value + "\"\n", options);
    const size_t at = told.find("\n1 | ");
    return at == std::string::npos ? told : told.substr(at + 5);
  };
  EXPECT_EQ(as({.type = FieldType::text}, "007"), "007");
  EXPECT_EQ(as({.type = FieldType::integer}, "+007"), "7");
  EXPECT_EQ(as({.type = FieldType::number}, "1e3"), "1000");
  EXPECT_EQ(as({.type = FieldType::number}, "1,5", {{"decimal", ","}}), "1.5");
  EXPECT_EQ(as({.type = FieldType::decimal}, "123456789012345678901.50"),
            "123456789012345678901.50");
  EXPECT_EQ(as({.type = FieldType::boolean}, "NO"), "false");
  EXPECT_EQ(as({.type = FieldType::boolean}, "Yes"), "true");
  EXPECT_EQ(as({.type = FieldType::date, .format = "%d/%m/%Y"}, "03/04/1990"), "1990-04-03");
  EXPECT_EQ(as({.type = FieldType::date, .format = "%m/%d/%Y"}, "3/4/1990"), "1990-03-04");
  EXPECT_EQ(as({.type = FieldType::timestamp, .format = "%d.%m.%Y %H:%M"}, "03.04.1990 17:05"),
            "1990-04-03T17:05:00Z");
  EXPECT_EQ(as({.type = FieldType::timestamp, .zoned = true, .format = "%Y%m%d %H:%M %z"},
               "19900403 17:05 +02:00"),
            "1990-04-03T15:05:00Z");
  EXPECT_EQ(as({.type = FieldType::timestamp}, "2026-01-31T10:00:00+05:00"),
            "2026-01-31T05:00:00Z");
  EXPECT_EQ(as({.type = FieldType::timestamp}, "2026-01-31T10:00:00"), "2026-01-31T10:00:00Z");
  EXPECT_EQ(as({.type = FieldType::list}, "[1, 2]"), "[1,2]");
  EXPECT_THAT(as({.type = FieldType::integer}, "1.5"), HasSubstr("line 2: `1.5` in column `v`"));
  EXPECT_THAT(as({.type = FieldType::date, .format = "%d/%m/%Y"}, "04/25/1990"),
              HasSubstr("not a date written `%d/%m/%Y`"));
  EXPECT_THAT(as({.type = FieldType::date, .format = "%Q"}, "1"), HasSubstr("`%Q`"));
  EXPECT_EQ(as({.type = FieldType::number}, "5", {{"types", "text"}}), "5");
  open_.types.clear();
  EXPECT_EQ(one("id,v\n1,2\n", {{"types", "text"}}), "id text, v text\n1 | 2");
}

TEST_F(FilesTest, AFileThatBreaksOffIsAnErrorWhereverItIsCut) {
  const std::string first = "id,email\n" + lines(0, 2000), second = lines(2000, 3000);
  for (const auto& [ending, whole] : std::map<std::string, std::string>{
           {".csv.gz", gzip(first) + gzip(second)}, {".csv.zst", zstd(first) + zstd(second)}}) {
    const std::string name = "t" + ending;
    write(name, whole);
    const std::string good = read("t");
    EXPECT_EQ(std::count(good.begin(), good.end(), '\n'), 3000) << ending;
    const size_t part = ending == ".csv.gz" ? gzip(first).size() : zstd(first).size();
    for (const size_t cut :
         {whole.size() - 1, whole.size() - 4, whole.size() - 8, whole.size() - 9,
          whole.size() * 4 / 5, part + 5, part - 3, part / 2, size_t{11}, size_t{3}, size_t{0}}) {
      write(name, whole.substr(0, cut));
      EXPECT_THAT(read("t"), HasSubstr(name + " breaks off")) << cut;
    }
    for (const size_t at : {whole.size() - 3, part - 3, part / 2}) {
      std::string wrong = whole;
      wrong[at] = static_cast<char>(wrong[at] ^ 0x55);
      write(name, wrong);
      EXPECT_THAT(read("t"), AllOf(HasSubstr(name), HasSubstr("is damaged"))) << at;
    }
    write(name, whole + "rest");
    EXPECT_THAT(read("t"), HasSubstr(name)) << "what follows it is not passed over";
    fs::remove(folder_ / name);
  }
}

TEST_F(FilesTest, FilesOfOneTableAgreeOrAreRefused) {
  write("t/a.csv", "id,v\n1,5\n");
  write("t/b.csv", "v;id\n19.99;2\n");
  write("t/deep/c.csv.gz", gzip("id,v\n3,7\n"));
  write("t/d.tsv", "id\tv\n4\t8\n");
  write("t/notes.txt", "read me");
  write("t/e.json", "{}");
  EXPECT_EQ(read("t"), "id integer, v number\n1 | 5\n2 | 19.99\n3 | 7\n4 | 8");
  ASSERT_EQ(looks_.size(), 1U);
  EXPECT_THAT(looks_[0].left_out,
              ElementsAre((folder_ / "t/e.json").string(), (folder_ / "t/notes.txt").string()));
  write("t/z.csv", "id,v,w\n9,9,9\n");
  EXPECT_THAT(read("t"), AllOf(HasSubstr("t/z.csv has the column `w`"), HasSubstr("t/a.csv"),
                               HasSubstr("union_by_name: true")));
  EXPECT_EQ(read("t", {{"union_by_name", "true"}}).substr(0, 43),
            "id integer, v number, w integer\n1 | 5 | -\n2");
  write("t/z.csv", "id\n9\n");
  EXPECT_THAT(read("t"), AllOf(HasSubstr("t/a.csv has the column `v`"), HasSubstr("t/z.csv")));
  write("gz/a.csv.gz", gzip("id,v\n1,5\n"));
  EXPECT_EQ(read("gz"), "id integer, v integer\n1 | 5");
}

TEST_F(FilesTest, ParquetFilesOfOneTableWidenOrAreRefused) {
  const auto both = [&](const std::string& a, const std::string& b, const Options& options = {}) {
    parquet("t/a.parquet", "SELECT 1 AS id, " + a);
    parquet("t/b.parquet", "SELECT 2 AS id, " + b);
    return read("t", options, "", "parquet");
  };
  EXPECT_EQ(both("20::BIGINT AS v", "19.99::DOUBLE AS v"),
            "id integer, v number\n1 | 20\n2 | 19.99");
  EXPECT_EQ(both("19.99::DOUBLE AS v", "20::INTEGER AS v"),
            "id integer, v number\n1 | 19.99\n2 | 20");
  EXPECT_EQ(both("1::INTEGER AS v", "5000000000::BIGINT AS v"),
            "id integer, v integer\n1 | 1\n2 | 5000000000");
  EXPECT_EQ(both("1::BIGINT AS v", "0.50::DECIMAL(5,2) AS v"),
            "id integer, v decimal\n1 | 1.00\n2 | 0.50");
  EXPECT_EQ(both("0.1::FLOAT AS v", "0.1::DOUBLE AS v").substr(0, 20), "id integer, v number");
  EXPECT_THAT(both("9007199254740993::BIGINT AS v", "0.5::DOUBLE AS v"),
              AllOf(HasSubstr("column `v` of "), HasSubstr("9007199254740993"),
                    HasSubstr("t/a.parquet"), HasSubstr("t/b.parquet")));
  EXPECT_THAT(both("7::BIGINT AS zip", "'007' AS zip"),
              AllOf(HasSubstr("column `zip` is BIGINT in"), HasSubstr("t/a.parquet"),
                    HasSubstr("VARCHAR in"), HasSubstr("t/b.parquet")));
  open_.types["t"] = {{"zip", {.declared = true}}};
  EXPECT_EQ(both("7::BIGINT AS zip", "'007' AS zip"), "id integer, zip text\n1 | 7\n2 | 007");
  open_.types.clear();
  EXPECT_THAT(both("DATE '2026-01-01' AS v", "TIMESTAMP '2026-01-01 10:00' AS v"),
              HasSubstr("column `v`"));
  EXPECT_THAT(both("1 AS v", "1 AS v, 2 AS w"),
              AllOf(HasSubstr("b.parquet has the column `w`"), HasSubstr("a.parquet")));
  EXPECT_THAT(both("1 AS v, 2 AS w", "1 AS v"),
              AllOf(HasSubstr("a.parquet has the column `w`"), HasSubstr("b.parquet")));
  EXPECT_EQ(both("1 AS v, 2 AS w", "1 AS v", {{"union_by_name", "true"}}),
            "id integer, v integer, w integer\n1 | 1 | 2\n2 | 1 | -");
  EXPECT_EQ(both("1 AS v", "3 AS w", {{"union_by_name", "false"}}),
            "id integer, v integer\n1 | 1\n2 | 3");
}

TEST_F(FilesTest, APathIsWhatItSays) {
  write("country=FR/people.csv", "id,country\n1,DE\n");
  EXPECT_EQ(read("people", {}, "country=FR/people.csv"), "id integer, country text\n1 | DE");
  EXPECT_EQ(read("people", {}, "country=FR"), "id integer, country text\n1 | DE");
  parquet("year=2026/p.parquet", "SELECT 1 AS id, 1999 AS year");
  EXPECT_EQ(read("p", {}, "year=2026", "parquet"), "id integer, year integer\n1 | 1999");
  write("parts/lang=fr/a.csv", "id\n1\n");
  write("parts/lang=de/b.csv", "id\n2\n");
  EXPECT_EQ(read("parts"), "id integer\n1\n2");
  EXPECT_EQ(read("parts", {{"hive", "true"}}), "id integer, lang text\n1 | fr\n2 | de");
  write("odd [1]/b[1]*?.csv", "id\n1\n");
  write("odd [1]/b1xx.csv", "id\n2\n");
  write("odd 1/b1xx.csv", "id\n3\n");
  EXPECT_EQ(read("b[1]*?", {}, "odd [1]"), "id integer\n1");
  EXPECT_EQ(read("b[1]*?", {}, "odd [1]/b[1]*?.csv"), "id integer\n1");
  EXPECT_EQ(read("odd [1]"), "id integer\n1\n2");
  EXPECT_EQ(read("odd [1]/b1*"), "id integer\n2") << "a pattern, where there is no such file";
  write("it's, \"so\".csv", "id\n4\n");
  EXPECT_EQ(read("it's, \"so\""), "id integer\n4");
}

TEST_F(FilesTest, TwoThousandColumnsAreRead) {
  std::string text;
  for (int row = 0; row < 120; ++row) {
    for (int i = 0; i < 2000; ++i) {
      text += i ? "," : "";
      text += row == 0 ? "c" + std::to_string(i) : std::to_string(row * 100'000 + i);
    }
    text += "\n";
  }
  write("t.csv", text);
  const std::string told = read("t");
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 119) << told.substr(0, 500);
  EXPECT_THAT(told, testing::EndsWith(" | 11901999"));
  // Some people, in their order.
  auto connection = open().value();
  const auto some = [&]() -> Result<bool> {
    const auto rows =
        TRY(connection->query({"SELECT * FROM t ORDER BY CAST(c0 AS VARCHAR) LIMIT 20"}, {}));
    RowBatch batch;
    return TRY(rows->next(batch)) && batch.rows == 20;
  }();
  EXPECT_TRUE(some.ok() && *some) << (some.ok() ? "" : some.error().text());
}

TEST_F(FilesTest, AFileThatIsReplacedWhileItIsReadIsNoticed) {
  write("t.csv", "id,email\n" + lines(0, 10));
  auto connection = std::move(open().value());
  ASSERT_TRUE(connection->describe_table("t").ok());
  write("t.csv", "id,email\n" + lines(0, 20));
  auto stream = connection->query({"SELECT * FROM t"}, {});
  RowBatch batch;
  Result<bool> more = true;
  while (stream.ok() && more.ok() && *more) more = (*stream)->next(batch);
  ASSERT_FALSE(stream.ok() && more.ok());
  EXPECT_THAT(more.error().text(), HasSubstr("t.csv was written to or replaced"));
}

}  // namespace
}  // namespace rollcall::source
