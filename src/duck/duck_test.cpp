#include "duck/duck.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <limits>
#include <thread>

namespace rollcall::duck {
namespace {

using testing::HasSubstr;
using testing::Not;

class DuckTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("duck-test-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Connection> memory(const Options& options = {}) {
    auto opened = Database::open(":memory:", options);
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    database_ = std::move(opened.value());
    return std::move(database_->connect().value());
  }

  std::filesystem::path make_file(const std::string& sql) {
    const auto path = folder_ / "shop.duckdb";
    auto database = std::move(Database::open(path).value());
    auto connection = std::move(database->connect().value());
    const auto ran = connection->run(sql);
    EXPECT_TRUE(ran.ok()) << ran.error().text();
    return path;
  }

  std::filesystem::path folder_;
  std::unique_ptr<Database> database_;
};

TEST_F(DuckTest, StreamsEveryRowOnceWithItsTypes) {
  auto connection = memory();
  auto stream = connection->stream(
      "SELECT range::BIGINT AS n, 'naïve ' || range AS t, range * 0.5::DOUBLE AS d, range % 2 = 0 "
      "AS b, "
      "CASE WHEN range % 3 = 0 THEN NULL ELSE range END AS maybe FROM range(10000) ORDER BY range");
  ASSERT_TRUE(stream.ok()) << stream.error().text();
  ASSERT_EQ((*stream)->columns().size(), 5U);
  EXPECT_EQ((*stream)->columns()[0].name, "n");
  EXPECT_EQ((*stream)->columns()[0].type, "BIGINT");
  EXPECT_EQ((*stream)->columns()[3].type, "BOOLEAN");
  int64_t expected = 0;
  for (;;) {
    auto chunk = (*stream)->next();
    ASSERT_TRUE(chunk.ok());
    if (!*chunk) break;
    for (size_t row = 0; row < (*chunk)->rows(); ++row, ++expected) {
      ASSERT_EQ((*chunk)->integer(0, row), expected);
      ASSERT_EQ((*chunk)->text(1, row), "naïve " + std::to_string(expected));
      ASSERT_EQ((*chunk)->number(2, row), static_cast<double>(expected) * 0.5);
      ASSERT_EQ((*chunk)->integer(3, row), expected % 2 == 0);
      ASSERT_EQ((*chunk)->is_null(4, row), expected % 3 == 0);
    }
  }
  EXPECT_EQ(expected, 10000);
  EXPECT_EQ((*stream)->next().value(), nullptr) << "the end stays the end";
}

TEST_F(DuckTest, NamesTypesAsDuckDbDoes) {
  auto connection = memory();
  auto columns = connection->describe(
      "SELECT 1::DECIMAL(7,2), [1], {'a': 1, 'B b': ['x']}, MAP {'k': 1.5::FLOAT}, '{}'::JSON, "
      "now(), TIMESTAMP '2026-01-01', 'a'::ENUM ('a', 'b'), [1,2]::INTEGER[2]");
  ASSERT_TRUE(columns.ok()) << columns.error().text();
  std::vector<std::string> types;
  for (const auto& column : *columns) types.push_back(column.type);
  EXPECT_THAT(types, testing::ElementsAre("DECIMAL(7,2)", "INTEGER[]",
                                          "STRUCT(\"a\" INTEGER, \"B b\" VARCHAR[])",
                                          "MAP(VARCHAR, FLOAT)", "JSON", "TIMESTAMP WITH TIME ZONE",
                                          "TIMESTAMP", "ENUM", "INTEGER[2]"));
}

TEST_F(DuckTest, DescribeReadsNoRows) {
  auto connection = memory();
  EXPECT_TRUE(connection->describe("SELECT error('a row was read') FROM range(3)").ok());
}

TEST_F(DuckTest, AppendsWhatItReadsBack) {
  auto connection = memory();
  ASSERT_TRUE(connection
                  ->run("CREATE TABLE t (k VARCHAR, n BIGINT, u UBIGINT, d DOUBLE, b BOOLEAN, "
                        "i INTEGER, x BLOB)")
                  .ok());
  auto appender = std::move(connection->appender("t").value());
  constexpr int kRows = 5000;  // more than two chunks
  for (int i = 0; i < kRows; ++i) {
    i % 7 == 0 ? appender->null()
               : appender->text("key-é-" + std::to_string(i) + std::string(i % 20, 'x'));
    appender->integer(i);
    appender->integer(-1);
    i % 5 == 0 ? appender->null() : appender->number(i / 4.0);
    appender->integer(i % 2);
    appender->integer(-i);
    appender->text(std::string_view("\xff\x00", 2));
    ASSERT_TRUE(appender->end_row().ok());
  }
  ASSERT_TRUE(appender->finish().ok());
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t").value(), kRows);
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t WHERE k IS NULL").value(), 715);
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t WHERE d IS NULL").value(), 1000);
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t WHERE u = 18446744073709551615").value(),
            kRows);
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t WHERE x = '\\xFF\\x00'::BLOB").value(),
            kRows);
  EXPECT_EQ(connection
                ->scalar("SELECT count(*) FROM t WHERE n % 7 <> 0 AND k <> 'key-é-' || n || "
                         "repeat('x', (n % 20)::INT)")
                .value(),
            0);
}

TEST_F(DuckTest, AppenderLeavesOutARowThatDoesNotFitAndGoesOn) {
  auto connection = memory();
  ASSERT_TRUE(connection->run("CREATE TABLE t (k VARCHAR, n INTEGER)").ok());
  auto appender = std::move(connection->appender("t").value());
  appender->text("\xc3(");
  appender->integer(1);
  EXPECT_THAT(appender->end_row().error().message, HasSubstr("not UTF-8"));
  appender->null();
  appender->integer(int64_t{1} << 40);
  EXPECT_THAT(appender->end_row().error().message, HasSubstr("does not fit"));
  appender->text("short");
  EXPECT_THAT(appender->end_row().error().message, HasSubstr("1 values for 2 columns"));
  appender->text("good");
  appender->integer(2);
  EXPECT_TRUE(appender->end_row().ok());
  ASSERT_TRUE(appender->finish().ok());
  EXPECT_EQ(connection->scalar("SELECT n FROM t WHERE k = 'good'").value(), 2);
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t").value(), 1);
}

// Numbers up to a bound, drawn by every thread from the same counter.
class Counting : public Producer {
 public:
  explicit Counting(int64_t end, int64_t fails_at = -1) : end_(end), fails_at_(fails_at) {}
  std::unique_ptr<Part> part() override { return std::make_unique<Share>(*this); }

 private:
  struct Share : Part {
    explicit Share(Counting& given) : counting(given) {}
    Status fill(RowSink& rows) override {
      while (!rows.is_full()) {
        const int64_t number = counting.next_.fetch_add(1);
        if (number == counting.fails_at_)
          return Error{.kind = ErrorKind::corrupt, .message = "the source broke off"};
        if (number >= counting.end_) return ok_status();
        rows.integer(number);
        number % 3 == 0 ? rows.null() : rows.text("number " + std::to_string(number));
        TRY(rows.end_row());
      }
      return ok_status();
    }
    Counting& counting;
  };
  const int64_t end_, fails_at_;
  std::atomic<int64_t> next_ = 0;
};

TEST_F(DuckTest, InsertsWhatSeveralThreadsMake) {
  auto connection = memory();
  ASSERT_TRUE(connection->run("CREATE TABLE t (n BIGINT NOT NULL, k VARCHAR)").ok());
  for (const int64_t end : {int64_t{0}, int64_t{1}, int64_t{2048}, int64_t{300'000}}) {
    Counting counting(end);
    ASSERT_TRUE(connection->run("DELETE FROM t").ok());
    ASSERT_EQ(connection->scalar("SELECT * FROM range(5000)").value(), 0);  // the rest is not read
    const Status inserted = connection->insert("t", counting);
    ASSERT_TRUE(inserted.ok()) << inserted.error().text();
    EXPECT_EQ(connection->scalar("SELECT count(DISTINCT n) FROM t").value(), end);
    EXPECT_EQ(connection
                  ->scalar("SELECT count(*) FROM t WHERE k IS DISTINCT FROM CASE WHEN n % 3 "
                           "<> 0 THEN 'number ' || n END")
                  .value(),
              0);
  }
}

TEST_F(DuckTest, InsertsNothingWhereTheProducerFails) {
  auto connection = memory();
  ASSERT_TRUE(connection->run("CREATE TABLE t (n BIGINT, k VARCHAR)").ok());
  Counting counting(300'000, 200'000);
  const Status inserted = connection->insert("t", counting);
  ASSERT_FALSE(inserted.ok());
  EXPECT_EQ(inserted.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(inserted.error().message, "the source broke off");
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t").value(), 0);
  EXPECT_THAT(connection->insert("none", counting).error().message,
              HasSubstr("could not be found"));
}

// What several threads are given, added up.
class Adding : public Consumer {
 public:
  explicit Adding(int64_t fails_at = -1) : fails_at_(fails_at) {}
  Status take(const Chunk& rows) override {
    for (size_t row = 0; row < rows.rows(); ++row) {
      const int64_t number = rows.integer(0, row);
      if (number == fails_at_)
        return Error{.kind = ErrorKind::corrupt, .message = "that is too much"};
      ++count;
      sum += number;
      if (rows.is_null(1, row))
        ++nulls;
      else
        is_right = is_right && rows.text(1, row) == "number " + std::to_string(number);
    }
    return ok_status();
  }
  std::atomic<int64_t> count = 0, sum = 0, nulls = 0;
  std::atomic<bool> is_right = true;

 private:
  const int64_t fails_at_;
};

Status consume(Connection& connection, const std::string& sql, Consumer& consumer,
               const std::stop_token& stop = {}) {
  return TRY(connection.consume(sql, consumer, stop))->finish();
}

TEST_F(DuckTest, HandsTheRowsOfAQueryToSeveralThreads) {
  auto connection = memory();
  for (const int64_t end : {int64_t{0}, int64_t{1}, int64_t{2048}, int64_t{300'000}}) {
    ASSERT_EQ(connection->scalar("SELECT * FROM range(5000)").value(), 0);  // the rest is not read
    Adding adding;
    const Status taken =
        consume(*connection,
                "SELECT n, CASE WHEN n % 3 <> 0 THEN 'number ' || n END AS k FROM range(" +
                    std::to_string(end) + ") t(n) WHERE n % 2 = 0",
                adding);
    ASSERT_TRUE(taken.ok()) << taken.error().text();
    EXPECT_EQ(adding.count, (end + 1) / 2);
    EXPECT_EQ(adding.sum, (end - 1) / 2 * ((end - 1) / 2 + 1));
    EXPECT_EQ(adding.nulls, (end + 5) / 6);
    EXPECT_TRUE(adding.is_right);
  }
  // The same value in all rows, and one column alone.
  Adding adding;
  ASSERT_TRUE(consume(*connection, "SELECT 7 AS n, NULL::VARCHAR FROM range(5000)", adding).ok());
  EXPECT_EQ(adding.sum, 35'000);
  EXPECT_EQ(adding.nulls, 5'000);
}

TEST_F(DuckTest, TellsWhatAConsumerOrItsQueryFailedOf) {
  auto connection = memory();
  Adding adding(200'000);
  const Status taken =
      consume(*connection, "SELECT n, NULL::VARCHAR FROM range(300000) t(n)", adding);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().kind, ErrorKind::corrupt);
  EXPECT_EQ(taken.error().message, "that is too much");
  EXPECT_THAT(consume(*connection, "SELECT * FROM none", adding).error().message,
              HasSubstr("none does not exist"));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(
      consume(*connection, "SELECT n, NULL::VARCHAR FROM range(9) t(n)", adding, stop.get_token())
          .error()
          .kind,
      ErrorKind::cancelled);
}

TEST_F(DuckTest, HandsRowsOverWhileTheCallerDoesSomethingElse) {
  auto database = Database::open(":memory:");
  auto connection = *(*database)->connect(), other = *(*database)->connect();
  Adding adding;
  auto consuming = connection->consume("SELECT n, NULL::VARCHAR FROM range(300000) t(n)", adding);
  ASSERT_TRUE(consuming.ok()) << consuming.error().text();
  EXPECT_EQ(other->scalar("SELECT 7").value(), 7);
  while (adding.count < 300'000) std::this_thread::yield();  // by threads of the engine's
  ASSERT_TRUE((*consuming)->finish().ok());
  EXPECT_EQ(adding.count, 300'000);
  // And what nobody waits for ends.
  Adding endless;
  connection->consume("SELECT n, NULL::VARCHAR FROM range(1000000000000) t(n)", endless)->reset();
  const int64_t count = endless.count;
  EXPECT_EQ(connection->scalar("SELECT 7").value(), 7);
  EXPECT_EQ(endless.count, count);
}

TEST_F(DuckTest, AStopEndsAnInsertion) {
  auto connection = memory();
  ASSERT_TRUE(connection->run("CREATE TABLE t (n BIGINT, k VARCHAR)").ok());
  Counting counting(std::numeric_limits<int64_t>::max());
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  EXPECT_EQ(connection->insert("t", counting, stop.get_token()).error().kind, ErrorKind::cancelled);
}

TEST_F(DuckTest, AppendsAMillionRowsQuickly) {
  auto connection = memory({.memory_limit_mb = 512});
  ASSERT_TRUE(
      connection
          ->run("CREATE TABLE t (a VARCHAR, b VARCHAR, c VARCHAR, d BIGINT, e BIGINT, f BIGINT, "
                "g DOUBLE, h DOUBLE, i BOOLEAN, j UBIGINT, k UBIGINT, l VARCHAR)")
          .ok());
  const auto began = std::chrono::steady_clock::now();
  auto appender = std::move(connection->appender("t").value());
  constexpr int kRows = 1'000'000;
  char key[40];
  for (int i = 0; i < kRows; ++i) {
    const int length = std::snprintf(key, sizeof key, "person%07d@example.com", i);
    appender->text({key, static_cast<size_t>(length)});
    appender->text("Ada");
    appender->text("Lovelace");
    appender->integer(i);
    appender->integer(i);
    appender->integer(i);
    appender->number(i);
    appender->number(i);
    appender->integer(1);
    appender->integer(i);
    appender->integer(i);
    appender->null();
    ASSERT_TRUE(appender->end_row().ok());
  }
  ASSERT_TRUE(appender->finish().ok());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  RecordProperty("seconds", std::to_string(took.count()));
  EXPECT_EQ(connection->scalar("SELECT count(DISTINCT a) FROM t").value(), kRows);
  EXPECT_LT(took.count(), 30) << "a value at a time would be slower by far, even under sanitizers";
}

TEST_F(DuckTest, AppendsLargeTextsAsWellAsSmallOnes) {
  auto connection = memory({.memory_limit_mb = 512});
  ASSERT_TRUE(connection->run("CREATE TABLE t (n BIGINT, a VARCHAR)").ok());
  auto appender = std::move(connection->appender("t").value());
  constexpr int kRows = 150;
  for (int i = 0; i < kRows; ++i) {
    appender->integer(i);
    appender->text(std::string(i % 2 ? 3 : 1'000'000, 'x'));
    ASSERT_TRUE(appender->end_row().ok());
  }
  ASSERT_TRUE(appender->finish().ok());
  EXPECT_EQ(connection->scalar("SELECT count(DISTINCT n) FROM t").value(), kRows);
  EXPECT_EQ(connection->scalar("SELECT sum(length(a))::BIGINT FROM t").value(),
            kRows / 2 * 1'000'003);
}

TEST_F(DuckTest, EveryStatementOfAConnectionKeepsItsBounds) {
  memory();
  std::stop_source stop;
  auto connection = std::move(
      database_->connect({.stop = stop.get_token(), .statement_timeout = Millis(50)}).value());
  const std::string endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b";
  for (int twice = 0; twice < 2; ++twice) {
    const Status late = connection->run(endless);
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().kind, ErrorKind::unavailable) << late.error().text();
  }
  EXPECT_EQ(connection->scalar("SELECT 1").value(), 1);
  stop.request_stop();
  EXPECT_EQ(connection->run("SELECT 1").error().kind, ErrorKind::cancelled);
  EXPECT_EQ(connection->describe("SELECT 1").error().kind, ErrorKind::cancelled);
}

TEST_F(DuckTest, SaysWhichFileIsMissing) {
  const auto opened = Database::open(folder_ / "none.duckdb", {.read_only = true});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::not_found);
  EXPECT_THAT(opened.error().message, HasSubstr("none.duckdb"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none.duckdb"));
}

TEST_F(DuckTest, SaysThatAFileIsNoDatabase) {
  const auto path = folder_ / "notes.duckdb";
  std::ofstream(path) << std::string(20000, 'x');
  const auto opened = Database::open(path, {.read_only = true});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt) << opened.error().text();
}

TEST_F(DuckTest, SaysWhichProcessHoldsTheFile) {
  const auto path = make_file("CREATE TABLE t AS SELECT 1 AS n");
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t writer = ::fork();
  if (writer == 0) {
    auto held = Database::open(path);
    const char word = held.ok() ? 'y' : 'n';
    char wait;
    if (::write(ready[1], &word, 1) == 1) [[maybe_unused]]
      auto n = ::read(done[0], &wait, 1);
    ::_exit(0);
  }
  char word = 0;
  ASSERT_EQ(::read(ready[0], &word, 1), 1);
  ASSERT_EQ(word, 'y');
  const auto opened = Database::open(path, {.read_only = true});
  ASSERT_EQ(::write(done[1], "x", 1), 1);
  ::waitpid(writer, nullptr, 0);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::conflict) << opened.error().text();
  EXPECT_THAT(opened.error().message, HasSubstr("process " + std::to_string(writer)));
  EXPECT_FALSE(opened.error().remedy.empty());
  EXPECT_TRUE(Database::open(path, {.read_only = true}).ok())
      << "and it opens once the writer is gone";
}

TEST_F(DuckTest, ClassifiesWhatGoesWrong) {
  auto connection = memory();
  ASSERT_TRUE(connection->run("CREATE TABLE people (email VARCHAR, age INTEGER)").ok());
  const auto kind = [&](const std::string& sql) {
    auto stream = connection->stream(sql);
    if (!stream.ok()) return stream.error().kind;
    auto chunk = (*stream)->next();
    return chunk.ok() ? ErrorKind::throttled : chunk.error().kind;
  };
  EXPECT_EQ(kind("SELEC 1"), ErrorKind::invalid);
  EXPECT_EQ(kind("SELECT emial FROM people"), ErrorKind::invalid);
  EXPECT_EQ(kind("SELECT 1 FROM persons"), ErrorKind::not_found);
  EXPECT_EQ(kind("SELECT 1; SELECT 2"), ErrorKind::invalid);
  EXPECT_EQ(kind("SELECT * FROM '" + (folder_ / "no.parquet").string() + "'"),
            ErrorKind::not_found);
  EXPECT_EQ(kind("SELECT CAST('x' || range AS INTEGER) FROM range(3)"), ErrorKind::invalid);
  EXPECT_EQ(kind("SELECT 1 FROM people"), ErrorKind::throttled) << "no error at all";
  EXPECT_EQ(connection->run("SELECT 1; SELEC").error().kind, ErrorKind::invalid);
  EXPECT_EQ(kind(std::string("SELECT 1 \0, 2", 13)), ErrorKind::invalid);
}

TEST_F(DuckTest, SuggestsTheNearestNames) {
  auto connection = memory();
  ASSERT_TRUE(connection->run("CREATE TABLE people (email VARCHAR)").ok());
  EXPECT_THAT(connection->describe("SELECT emial FROM people").error().message,
              HasSubstr("\"email\""));
  EXPECT_THAT(connection->describe("SELECT 1 FROM poeple").error().message, HasSubstr("people"));
}

TEST_F(DuckTest, NamesTheTablesOfAQueryThatExistAndThatDoNot) {
  auto connection = memory();
  EXPECT_THAT(
      connection->tables("WITH a AS (SELECT * FROM \"b c.csv\") SELECT * FROM a WHERE EXISTS "
                         "(FROM s.d)"),
      testing::UnorderedElementsAre("b c.csv", "d"));
  EXPECT_THAT(connection->tables("SELEC"), testing::IsEmpty());
}

TEST_F(DuckTest, KeepsRowsOutOfErrors) {
  auto connection = memory();
  const auto message = [&](const std::string& sql) {
    auto stream = connection->stream(sql);
    if (!stream.ok()) return stream.error().text();
    for (;;) {
      auto chunk = (*stream)->next();
      if (!chunk.ok()) return chunk.error().text();
      if (!*chunk) return std::string("no error");
    }
  };
  const std::string cast =
      message("SELECT CAST('ada''s \"own\"@example.com' || range AS INTEGER) FROM range(3)");
  EXPECT_THAT(cast, HasSubstr("INT32"));
  EXPECT_THAT(cast, Not(HasSubstr("example")));
  std::ofstream csv(folder_ / "people.csv");
  csv << "email,age\n";
  for (int i = 0; i < 30000; ++i) csv << "x@y.z,4\n";
  csv << "ada@example.com,unknown'age\n";
  csv.close();
  const std::string read = message("SELECT * FROM '" + (folder_ / "people.csv").string() + "'");
  EXPECT_THAT(read, HasSubstr("people.csv, line 30002: `unknown'age` in column `age`"));
  EXPECT_THAT(read, Not(HasSubstr("ada@"))) << "of the row, the value alone that does not fit";
  std::ofstream(folder_ / "people.csv") << "email,age\nada@example.com,4\nbob@example.com\n";
  const std::string narrow =
      message("SELECT * FROM read_csv('" + (folder_ / "people.csv").string() +
              "', auto_detect = false, delim = ',', header = true, columns "
              "= {'email': 'VARCHAR', 'age': 'INTEGER'})");
  EXPECT_THAT(narrow, HasSubstr("people.csv, line 3: 1 values, where the header has 2"));
  EXPECT_THAT(narrow, Not(HasSubstr("bob@")));
  EXPECT_EQ(message("SELECT " + failing("'no ' || 'more'", "Stop it.")), "no more. Stop it.");
}

TEST_F(DuckTest, ReportsAFailureInTheMiddleOfAStream) {
  auto connection = memory();
  auto stream = connection->stream(
      "SELECT CASE WHEN range = 900000 THEN error('row 900000') ELSE range END FROM "
      "range(1000000)");
  ASSERT_TRUE(stream.ok());
  for (;;) {
    auto chunk = (*stream)->next();
    if (!chunk.ok()) break;
    ASSERT_NE(*chunk, nullptr) << "a failed query must not look like a finished one";
  }
}

constexpr const char* kEndless =
    "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) % 7 = 0";

TEST_F(DuckTest, InterruptEndsARunningStatement) {
  auto connection = memory();
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    connection->interrupt();
  });
  const auto ran = connection->run(kEndless);
  ASSERT_FALSE(ran.ok());
  EXPECT_EQ(ran.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(connection->scalar("SELECT 7").value(), 7) << "the connection lives on";
}

TEST_F(DuckTest, AStopEndsAStreamHoweverEarlyItComes) {
  auto connection = memory();
  std::stop_source before;
  before.request_stop();
  EXPECT_EQ(connection->stream(kEndless, before.get_token()).error().kind, ErrorKind::cancelled);
  EXPECT_EQ(connection->run(kEndless, before.get_token()).error().kind, ErrorKind::cancelled);

  std::stop_source during;
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    during.request_stop();
  });
  EXPECT_EQ(connection->stream(kEndless, during.get_token()).error().kind, ErrorKind::cancelled);

  std::stop_source between;
  auto stream =
      std::move(connection->stream("SELECT * FROM range(10000000)", between.get_token()).value());
  ASSERT_TRUE(stream->next().ok());
  between.request_stop();
  EXPECT_EQ(stream->next().error().kind, ErrorKind::cancelled);
}

TEST_F(DuckTest, AStreamCutOffByAnotherStatementSaysSo) {
  auto connection = memory();
  auto stream = std::move(connection->stream("SELECT * FROM range(10000000)").value());
  ASSERT_TRUE(stream->next().ok());
  ASSERT_TRUE(connection->run("SELECT 1").ok());
  EXPECT_EQ(stream->next().error().kind, ErrorKind::conflict);
}

TEST_F(DuckTest, ReadOnlyFilesStayAsTheyAre) {
  const auto path = make_file("CREATE TABLE t AS SELECT 1 AS n");
  auto database = std::move(Database::open(path, {.read_only = true}).value());
  auto connection = std::move(database->connect().value());
  EXPECT_FALSE(connection->run("INSERT INTO t VALUES (2)").ok());
  EXPECT_FALSE(connection->run("DROP TABLE t").ok());
  EXPECT_EQ(connection->scalar("SELECT count(*) FROM t").value(), 1);
}

TEST_F(DuckTest, SelectOnlyRefusesEverythingElse) {
  auto connection = memory({.select_only = true});
  const auto file = (folder_ / "out.csv").string();
  for (const std::string& sql :
       {std::string("CREATE TABLE t (n INT)"), "COPY (SELECT 1) TO '" + file + "'",
        std::string("SET threads = 1"), std::string("ATTACH 'x.db'"),
        std::string("CALL pragma_version()"), std::string("EXPLAIN ANALYZE SELECT 1")}) {
    EXPECT_FALSE(connection->stream(sql).ok()) << sql;
  }
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(connection->scalar("WITH a AS (SELECT 3 AS n) SELECT n FROM a").value(), 3);
}

TEST_F(DuckTest, ReachesOnlyTheFoldersItMay) {
  std::filesystem::create_directories(folder_ / "open");
  std::ofstream(folder_ / "open" / "a.csv") << "n\n1\n";
  std::ofstream(folder_ / "secret.csv") << "n\n2\n";
  auto connection = memory({.reachable = std::vector<std::filesystem::path>{folder_ / "open"}});
  EXPECT_EQ(
      connection->scalar("SELECT n FROM '" + (folder_ / "open" / "a.csv").string() + "'").value(),
      1);
  const auto refused =
      connection->scalar("SELECT n FROM '" + (folder_ / "secret.csv").string() + "'");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::denied) << refused.error().text();
  EXPECT_FALSE(connection->run("SET enable_external_access = true").ok());
}

TEST_F(DuckTest, SpillsIntoItsOwnFolderAndLeavesNothingBehind) {
  {
    auto connection = memory({.memory_limit_mb = 48, .temp_directory = folder_ / "spill"});
    const auto n = connection->scalar(
        "SELECT count(*) FROM (SELECT DISTINCT range, md5(range::VARCHAR) FROM range(1500000))");
    ASSERT_TRUE(n.ok()) << n.error().text();
    EXPECT_EQ(*n, 1500000);
  }
  database_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "spill"));
}

TEST_F(DuckTest, RunningOutOfMemoryIsUnavailable) {
  auto connection = memory({.memory_limit_mb = 20, .temp_directory = folder_});
  const auto n = connection->scalar("SELECT len(list(md5(range::VARCHAR))) FROM range(3000000)");
  ASSERT_FALSE(n.ok());
  EXPECT_EQ(n.error().kind, ErrorKind::unavailable) << n.error().text();
  EXPECT_FALSE(n.error().remedy.empty());
}

TEST_F(DuckTest, RefusesAnExtensionThatIsNotSigned) {
  const auto path = folder_ / "evil.duckdb_extension";
  std::ofstream(path) << std::string(4096, '\0');
  const auto opened = Database::open(":memory:", {.extensions = {path}});
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().text(), HasSubstr("evil.duckdb_extension"));
}

TEST_F(DuckTest, TimesAreUtcWhateverTheMachineSays) {
  ::setenv("TZ", "America/New_York", 1);
  ::tzset();
  auto connection = memory();
  EXPECT_EQ(connection
                ->scalar("SELECT count(*) WHERE TIMESTAMPTZ '2026-07-01 12:00:00+00'::VARCHAR = "
                         "'2026-07-01 12:00:00+00'")
                .value(),
            1);
  ::unsetenv("TZ");
  ::tzset();
}

TEST(DuckQuoting, QuotesWhateverIsInside) {
  EXPECT_EQ(literal("it's"), "'it''s'");
  EXPECT_EQ(identifier("a\"b"), "\"a\"\"b\"");
  auto database = std::move(Database::open(":memory:").value());
  auto connection = std::move(database->connect().value());
  for (const std::string& text :
       {std::string("'; DROP TABLE x; --"), std::string("\\'"), std::string("''"),
        std::string("a\nb"), std::string("$$"), std::string("\"\"")}) {
    auto stream = std::move(
        connection->stream("SELECT " + literal(text) + " AS " + identifier(text)).value());
    EXPECT_EQ(stream->columns()[0].name, text);
    EXPECT_EQ(stream->next().value()->text(0, 0), text);
  }
}

}  // namespace
}  // namespace rollcall::duck
