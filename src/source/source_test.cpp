// One suite over every kind of source. A World makes tables for one kind; the tests say what every
// kind must do, and what only those can do whose files know their types.
#include "source/source.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

#include "duck/duck.hpp"
#include "http/http.hpp"
#include "tests/postgres.hpp"
#include "tests/trino.hpp"

namespace rollcall::source {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

class Folder {
 public:
  Folder() {
    static int made = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("source-test-" + std::to_string(::getpid()) + "-" + std::to_string(made++));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

bool is_server(const std::string& kind) { return kind == "postgres" || kind == "trino"; }

// Makes tables of one kind and opens a source over them.
class World {
 public:
  explicit World(std::string kind) : kind_(std::move(kind)) {
    std::filesystem::create_directories(data());
    if (kind_ == "postgres") postgres_.emplace();
    if (kind_ == "trino") trino_.emplace();
  }

  // `select` is DuckDB's SQL.
  void make(const std::string& table, const std::string& select) {
    const bool file = kind_ == "duckdb";
    auto database = std::move(
        duck::Database::open(file ? data() / "shop.duckdb" : std::filesystem::path(":memory:"))
            .value());
    auto connection = std::move(database->connect().value());
    const std::string target = duck::literal((data() / (table + "." + kind_)).string());
    const Status made = connection->run(
        file || is_server(kind_) ? "CREATE TABLE " + duck::identifier(table) + " AS " + select
                                 : "COPY (" + select + ") TO " + target +
                                       (kind_ == "csv" ? " (HEADER, FORMAT csv)" : ""));
    ASSERT_TRUE(made.ok()) << made.error().text();
    if (postgres_) postgres_->copy(*connection, table);
    if (trino_) trino_->copy(*connection, table);
  }

  [[nodiscard]] Source source() const {
    if (postgres_) return postgres_->source();
    if (trino_) return trino_->source();
    const auto path = kind_ == "duckdb" ? data() / "shop.duckdb" : data();
    return {.name = "shop", .kind = kind_, .options = {{"path", path.string()}}};
  }

  std::unique_ptr<Connection> open() { return open(source()); }
  std::unique_ptr<Connection> open(const Source& source) {
    auto opened = source::open(source, options());
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    return std::move(opened.value());
  }
  [[nodiscard]] OpenOptions options() const {
    return {.temp_directory = folder_.path() / "temp",
            .program = ROLLCALL_PROGRAM,
            .transport = transport_.get(),
            .clock = clock_.get()};
  }

  [[nodiscard]] std::filesystem::path data() const { return folder_.path() / "data"; }
  [[nodiscard]] const std::string& kind() const { return kind_; }

 private:
  std::string kind_;
  Folder folder_;
  std::optional<tests::Postgres> postgres_;
  std::optional<tests::Trino> trino_;
  std::unique_ptr<http::Transport> transport_ = http::make_transport();
  std::unique_ptr<Clock> clock_ = std::make_unique<ManualClock>(Time{});
};

// A column of that name and type, whatever the source itself calls the type.
auto Is(const std::string& name, FieldType type) {
  return testing::AllOf(testing::Field(&ColumnInfo::name, name),
                        testing::Field(&ColumnInfo::type, type),
                        testing::Field(&ColumnInfo::zoned, false));
}

struct Table {
  std::vector<ColumnInfo> columns;
  std::vector<Column> values;  // all batches after one another
  size_t rows = 0;

  const Column& operator[](const std::string& name) const {
    for (size_t i = 0; i < columns.size(); ++i)
      if (columns[i].name == name) return values[i];
    ADD_FAILURE() << "no column " << name;
    return values[0];
  }
  [[nodiscard]] FieldType type(const std::string& name) const {
    for (const ColumnInfo& column : columns)
      if (column.name == name) return column.type;
    ADD_FAILURE() << "no column " << name;
    return FieldType::text;
  }
};

Result<Table> read(Connection& connection, const std::string& sql) {
  auto stream = TRY(connection.query({.text = sql}, {}));
  Table table{.columns = stream->columns(), .values = {}};
  table.values.resize(table.columns.size());
  RowBatch batch;
  while (TRY(stream->next(batch))) {
    table.rows += batch.rows;
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      const Column& from = batch.columns[i];
      Column& to = table.values[i];
      EXPECT_EQ(from.valid.size(), batch.rows);
      EXPECT_EQ(from.ints.size() + from.doubles.size() + from.texts.size(), batch.rows)
          << "only the vector of its type is filled";
      EXPECT_EQ(from.type, table.columns[i].type);
      to.type = from.type;
      to.valid.insert(to.valid.end(), from.valid.begin(), from.valid.end());
      to.ints.insert(to.ints.end(), from.ints.begin(), from.ints.end());
      to.doubles.insert(to.doubles.end(), from.doubles.begin(), from.doubles.end());
      for (size_t row = 0; row < from.texts.size(); ++row) to.texts.append(from.texts[row]);
    }
  }
  return table;
}

std::vector<std::string_view> all_of(const Texts& texts) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < texts.size(); ++i) out.push_back(texts[i]);
  return out;
}

Table must_read(Connection& connection, const std::string& sql) {
  auto table = read(connection, sql);
  EXPECT_TRUE(table.ok()) << table.error().text();
  return table.ok() ? std::move(table.value()) : Table{};
}

class EverySource : public testing::TestWithParam<std::string> {
 protected:
  World world_{GetParam()};
};

// The others are read through what is tested here, from places that other programs write: the
// black-box tests have those.
INSTANTIATE_TEST_SUITE_P(Kinds, EverySource,
                         testing::Values("duckdb", "parquet", "csv", "postgres", "trino"),
                         [](const auto& kind) { return kind.param; });

// The kinds that are files of ours to open.
class FileBasedSource : public EverySource {};
INSTANTIATE_TEST_SUITE_P(Kinds, FileBasedSource, testing::Values("duckdb", "parquet", "csv"),
                         [](const auto& kind) { return kind.param; });

constexpr const char* kPeople =
    "SELECT * FROM (VALUES (1, 'Ada', true, 1.5::DOUBLE, DATE '1815-12-10', TIMESTAMP '2026-01-02 "
    "03:04:05.678901'), (2, 'Zoë Łukasz 日本 🎈', false, -0.25::DOUBLE, DATE '1969-12-31', "
    "TIMESTAMP "
    "'1969-12-31 23:59:59.999999'), (NULL, NULL, NULL, NULL, NULL, NULL), (4, '\"quoted\", and, "
    "commas', "
    "true, 1234567890.25::DOUBLE, DATE '9999-12-31', TIMESTAMP '2026-07-01 00:00:00.123')) "
    "t(id, name, vip, score, born, seen)";

TEST_P(EverySource, ReadsTheCommonTypesExactly) {
  world_.make("people", kPeople);
  auto connection = world_.open();
  const auto described = connection->describe_table("people");
  ASSERT_TRUE(described.ok()) << described.error().text();
  EXPECT_THAT(*described,
              ElementsAre(Is("id", FieldType::integer), Is("name", FieldType::text),
                          Is("vip", FieldType::boolean), Is("score", FieldType::number),
                          Is("born", FieldType::date), Is("seen", FieldType::timestamp)));
  const Table table = must_read(*connection, "SELECT * FROM \"people\" ORDER BY id NULLS LAST");
  ASSERT_EQ(table.rows, 4U);
  EXPECT_EQ(table.columns, *described);
  EXPECT_THAT(table["id"].ints, ElementsAre(1, 2, 4, 0));
  EXPECT_THAT(all_of(table["name"].texts),
              ElementsAre("Ada", "Zoë Łukasz 日本 🎈", "\"quoted\", and, commas", ""));
  EXPECT_THAT(table["vip"].ints, ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(table["score"].doubles, ElementsAre(1.5, -0.25, 1234567890.25, 0));
  EXPECT_THAT(table["born"].ints, ElementsAre(-56270, -1, 2932896, 0));
  EXPECT_THAT(table["seen"].ints, ElementsAre(1767323045678901, -1, 1782864000123000, 0));
  for (const Column& column : table.values) EXPECT_THAT(column.valid, ElementsAre(1, 1, 1, 0));
}

TEST_P(EverySource, DescribesAQueryWithoutReadingIt) {
  world_.make("people", kPeople);
  auto connection = world_.open();
  const std::string never = is_server(GetParam()) ? "1 / (count(*) - count(*))" : "error('read')";
  const auto described = connection->describe_query("SELECT id AS \"the id\", count(*) AS n, " +
                                                    never + " AS never FROM people GROUP BY id;\n");
  ASSERT_TRUE(described.ok()) << described.error().text();
  ASSERT_EQ(described->size(), 3U);
  EXPECT_THAT((*described)[0], Is("the id", FieldType::integer));
  EXPECT_THAT((*described)[1], Is("n", FieldType::integer));
}

TEST_P(EverySource, ReadsTwoTablesInOneQuery) {
  world_.make("people", kPeople);
  world_.make("orders", "SELECT 1 AS person, range * 10 AS total FROM range(3)");
  auto connection = world_.open();
  const Table table =
      must_read(*connection,
                "SELECT CAST(sum(total) AS BIGINT) AS n FROM \"people\" p JOIN \"orders\" o ON "
                "o.person = p.id");
  EXPECT_THAT(table["n"].ints, ElementsAre(30));
}

TEST_P(EverySource, TellsWhichTablesThereAre) {
  world_.make("customers", "SELECT 1 AS id");
  world_.make("orders", "SELECT 1 AS id");
  auto connection = world_.open();
  const auto tables = connection->tables();
  ASSERT_TRUE(tables.ok()) << tables.error().text();
  EXPECT_THAT(*tables, testing::IsSupersetOf({"customers", "orders"}));
  for (const std::string& one : *tables) EXPECT_TRUE(connection->describe_table(one).ok()) << one;
}

TEST_P(EverySource, NamesTheTableThatWasProbablyMeant) {
  world_.make("customers", "SELECT 1 AS id");
  world_.make("orders", "SELECT 1 AS id");
  auto connection = world_.open();
  const auto table = connection->describe_table("custmers");
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().kind, ErrorKind::not_found);
  EXPECT_THAT(table.error().text(), HasSubstr("did you mean `customers`?"));
  EXPECT_THAT(table.error().text(), HasSubstr("orders"));
  const auto query = read(*connection, "SELECT * FROM custmers");
  ASSERT_FALSE(query.ok());
  EXPECT_EQ(query.error().kind, ErrorKind::not_found);
  EXPECT_THAT(query.error().text(), HasSubstr("custmers"));
  EXPECT_THAT(query.error().text(), HasSubstr("customers"));
}

TEST_P(EverySource, NamesTheColumnThatWasProbablyMeant) {
  world_.make("people", kPeople);
  auto connection = world_.open();
  const auto query = read(*connection, "SELECT nmae FROM people");
  ASSERT_FALSE(query.ok());
  EXPECT_EQ(query.error().kind, ErrorKind::invalid);
  EXPECT_THAT(query.error().text(), HasSubstr("name"));
  EXPECT_EQ(connection->describe_query("SELEC 1").error().kind, ErrorKind::invalid);
  EXPECT_EQ(must_read(*connection, "SELECT name FROM people").rows, 4U)
      << "an error is not the end";
}

TEST_P(FileBasedSource, SaysWhichFileIsMissing) {
  Source source = world_.source();
  source.options["path"] = (world_.data() / "nowhere").string();
  const auto opened = open(source);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::not_found);
  EXPECT_THAT(opened.error().text(), HasSubstr("nowhere"));
  EXPECT_THAT(opened.error().text(), HasSubstr("source shop"));
  source.options.erase("path");
  EXPECT_EQ(open(source).error().kind, ErrorKind::invalid);
}

TEST_P(EverySource, NamesTheOptionThatWasProbablyMeant) {
  Source source = world_.source();
  const bool server = is_server(GetParam());
  source.options[server ? "usre" : "paht"] = "x";
  const auto opened = open(source);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::invalid);
  EXPECT_THAT(opened.error().text(),
              HasSubstr(server ? "did you mean `user`?" : "did you mean `path`?"));
}

TEST_P(EverySource, RefusesEveryStatementThatIsNotASelect) {
  world_.make("people", kPeople);
  auto connection = world_.open();
  ASSERT_EQ(must_read(*connection, "SELECT * FROM people").rows, 4U);
  const auto outside = (world_.data().parent_path() / "leak.csv").string();
  for (const std::string& sql :
       {std::string("INSERT INTO people VALUES (9)"), std::string("DROP TABLE people"),
        std::string("CREATE TABLE t AS SELECT 1"), "COPY people TO '" + outside + "'",
        "ATTACH '" + outside + "'", std::string("SET memory_limit = '64GB'"),
        std::string("SELECT 1; DROP TABLE people"), "EXPORT DATABASE '" + outside + "'",
        std::string("INSTALL httpfs"), std::string("CHECKPOINT"), std::string("BEGIN"),
        std::string("COMMIT"), std::string("SELECT 1) AS q; DROP TABLE people; --"),
        std::string("INSERT INTO people VALUES (9) RETURNING id"), std::string("VACUUM"),
        std::string("EXPLAIN ANALYZE DELETE FROM people"), std::string(""), std::string(";"),
        std::string("WITH gone AS (DELETE FROM people RETURNING id) SELECT * FROM gone")}) {
    const auto query = connection->query({.text = sql}, {});
    ASSERT_FALSE(query.ok()) << sql;
    EXPECT_TRUE(query.error().kind == ErrorKind::denied || query.error().kind == ErrorKind::invalid)
        << sql << ": " << query.error().text();
    EXPECT_FALSE(connection->describe_query(sql).ok()) << sql;
  }
  EXPECT_FALSE(std::filesystem::exists(outside));
  EXPECT_EQ(must_read(*connection, "SELECT * FROM people").rows, 4U);
}

TEST_P(FileBasedSource, ReachesNoFileBesideIt) {
  world_.make("people", kPeople);
  const auto secret = world_.data().parent_path() / "secret.csv";
  std::ofstream(secret) << "n\n1\n";
  auto connection = world_.open();
  for (const std::string& from :
       {"read_csv('" + secret.string() + "')", "read_text('" + secret.string() + "')",
        "'" + secret.string() + "'", std::string("read_text('/etc/passwd')"),
        std::string("\"../secret.csv\""), std::string("glob('/etc/*')")})
    EXPECT_FALSE(read(*connection, "SELECT * FROM " + from).ok()) << from;
}

constexpr int kManyRows = 2'000'000;
constexpr const char* kMany =
    "SELECT range::BIGINT AS id, 'person' || range || '@example.com' AS email, 'First' || range % "
    "1000 AS "
    "first, md5(range::VARCHAR) AS hash, (range / 7)::DOUBLE AS score, DATE '2020-01-01' + (range "
    "% "
    "2000)::INT AS born FROM range(2000000)";

// Made once a kind, since making it takes longer than reading it.
World& many(const std::string& kind) {  // the servers start with theirs
  static std::map<std::string, std::unique_ptr<World>> made;
  auto& world = made[kind];
  if (!world) {
    world = std::make_unique<World>(kind);
    if (!is_server(kind)) world->make("many", kMany);
  }
  return *world;
}

// Of this process and those it started: what the system counted at their highest.
int64_t peak_memory_kb() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  int64_t all = usage.ru_maxrss;
  std::ifstream children("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  for (std::string child; children >> child;) {
    std::ifstream status("/proc/" + child + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("VmHWM:")) all += std::stoll(line.substr(6));
  }
  return all;
}

TEST_P(EverySource, StreamsManyRowsInBoundedMemory) {
  // In a process of its own: the peak is the process's, and other tests would blur it.
  World& world = many(GetParam());
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // Memory that a sanitizer keeps back in a reader is not the reader's.
    const char* const options = ::getenv("ASAN_OPTIONS");
    ::setenv("ASAN_OPTIONS",
             (std::string(options ? options : "") + ":quarantine_size_mb=1").c_str(), 1);
    auto connection = world.open();
    auto stream = connection->query({.text = "SELECT * FROM many"}, {});
    int64_t result[3] = {0, 0, 0};  // rows, sum of ids, growth
    if (stream.ok()) {
      RowBatch batch;
      (void)(*stream)->next(batch);
      const int64_t before = peak_memory_kb();
      do {
        result[0] += static_cast<int64_t>(batch.rows);
        for (const int64_t id : batch.columns[0].ints) result[1] += id;
      } while ((*stream)->next(batch).value_or(false));
      result[2] = peak_memory_kb() - before;
    }
    [[maybe_unused]] const auto n = ::write(out[1], result, sizeof result);
    ::_exit(0);
  }
  int64_t result[3] = {};
  ASSERT_EQ(::read(out[0], result, sizeof result), static_cast<ssize_t>(sizeof result));
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(result[0], kManyRows);
  EXPECT_EQ(result[1], int64_t{kManyRows} * (kManyRows - 1) / 2);
  // 2 M rows of 6 columns are some 250 MB: they must not be held at once.
  EXPECT_LT(result[2], 150'000) << "kilobytes";
}

TEST_P(EverySource, GivesEachRowOnceToSeveralThreadsThatRead) {
  auto connection = many(GetParam()).open();
  auto opened = connection->query({.text = "SELECT id, email FROM many WHERE id < 100000"}, {});
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  std::atomic<int64_t> rows = 0, ids = 0;
  std::atomic<bool> is_right = true;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&] {
        RowBatch batch;
        while (true) {
          const auto more = (*opened)->next(batch);
          is_right = is_right && more.ok();
          if (!more.ok() || !*more) break;
          rows += static_cast<int64_t>(batch.rows);
          for (size_t row = 0; row < batch.rows; ++row) {
            const int64_t id = batch.columns[0].ints[row];
            ids += id;
            is_right = is_right && batch.columns[1].texts[row] ==
                                       "person" + std::to_string(id) + "@example.com";
          }
        }
        is_right = is_right && (*opened)->next(batch).value_or(true) == false;
      });
  }
  EXPECT_TRUE(is_right);
  EXPECT_EQ(rows, 100'000);
  EXPECT_EQ(ids, int64_t{100'000} * 99'999 / 2);
}

TEST_P(EverySource, KeepsTheOrderAskedForEvenWhereItCasts) {
  auto connection = many(GetParam()).open();
  auto opened = connection->query({.text = "SELECT id, CAST(CAST(id AS DECIMAL(18,2)) / 4 AS "
                                           "DECIMAL(18,2)) AS part FROM many ORDER BY id DESC"},
                                  {});
  ASSERT_TRUE(opened.ok()) << opened.error().text();
  int64_t expected = kManyRows;
  RowBatch batch;
  for (;;) {
    const auto more = (*opened)->next(batch);
    ASSERT_TRUE(more.ok()) << more.error().text();
    if (!*more) break;
    for (const int64_t id : batch.columns[0].ints) ASSERT_EQ(id, --expected);
  }
  EXPECT_EQ(expected, 0);
}

TEST_P(EverySource, StopsWhenToldTo) {
  auto connection = many(GetParam()).open();
  const std::string endless =
      "SELECT count(*) AS n FROM many a, many b WHERE (a.id * 31 + b.id) % 7 = 3";
  std::stop_source before;
  before.request_stop();
  EXPECT_EQ(connection->query({.text = endless}, before.get_token()).error().kind,
            ErrorKind::cancelled);

  std::stop_source during;
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    during.request_stop();
  });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(connection->query({.text = endless}, during.get_token()).error().kind,
            ErrorKind::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));

  std::stop_source between;
  auto stream =
      std::move(connection->query({.text = "SELECT * FROM many"}, between.get_token()).value());
  RowBatch batch;
  ASSERT_TRUE(stream->next(batch).value());
  between.request_stop();
  EXPECT_EQ(stream->next(batch).error().kind, ErrorKind::cancelled);
}

TEST_P(EverySource, StopsWhateverItDoesWhenToldToFromOutside) {
  World world(GetParam());
  world.make("people", "SELECT 1 AS id");
  std::stop_source stop;
  OpenOptions options = world.options();
  options.stop = stop.get_token();
  const auto connection = std::move(source::open(world.source(), options).value());
  EXPECT_TRUE(connection->describe_table("people").ok());
  stop.request_stop();
  const auto described = connection->describe_table("people");
  ASSERT_FALSE(described.ok());
  EXPECT_EQ(described.error().kind, ErrorKind::cancelled) << described.error().text();
}

TEST_P(EverySource, NamesTheColumnOfAValueThatIsTooLarge) {
  if (GetParam() == "trino") GTEST_SKIP() << "its tables are made by statements, which are shorter";
  World world(GetParam());
  world.make("people", "SELECT 1 AS id, repeat('é', 500000) AS most, repeat('x', 1000001) AS more");
  const auto connection = world.open();
  EXPECT_TRUE(read(*connection, "SELECT id, most FROM people").ok()) << "1,000,000 bytes";
  const auto rows = read(*connection, "SELECT id, more FROM people");
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().kind, ErrorKind::invalid);
  EXPECT_THAT(rows.error().text(), HasSubstr("column `more` holds a value of 1,000,001 bytes"));
  const auto row = read(*connection,
                        "SELECT most AS a, most AS b, most AS c, most AS d, id AS e, "
                        "most AS f FROM people");
  ASSERT_FALSE(row.ok());
  EXPECT_THAT(row.error().text(), HasSubstr("column `f` ends a row of more than 4,000,000 bytes"));
}

TEST_P(EverySource, ABatchCanServeQueriesOfOtherTypes) {
  world_.make("people", kPeople);
  auto connection = world_.open();
  RowBatch batch;
  for (const char* sql :
       {"SELECT name, name FROM people", "SELECT id FROM people",
        "SELECT score, name, vip, id FROM people", "SELECT id FROM people WHERE false"}) {
    auto stream = std::move(connection->query({.text = sql}, {}).value());
    while (stream->next(batch).value())
      for (const Column& column : batch.columns)
        EXPECT_EQ(column.ints.size() + column.doubles.size() + column.texts.size(), batch.rows)
            << sql;
    EXPECT_EQ(batch.rows, 0U);
  }
}

// The kinds whose files know their types.
class TypedSource : public EverySource {};
INSTANTIATE_TEST_SUITE_P(Kinds, TypedSource, testing::Values("duckdb", "parquet"),
                         [](const auto& kind) { return kind.param; });

TEST_P(TypedSource, ReadsEveryOtherType) {
  auto database = std::move(duck::Database::open(":memory:").value());
  // Cast inside the query where a file cannot hold the type: what a source returns is what counts.
  world_.make(
      "t",
      "SELECT 12.50::DECIMAL(7,2) AS price, 18446744073709551615::UBIGINT AS big, "
      "'123e4567-e89b-12d3-a456-426614174000'::UUID AS u, TIME '09:08:07.5' AS at, "
      "'\\x00\\xFF'::BLOB AS bytes, [1, NULL, 3] AS ints, ['a\"b', 'é'] AS texts, {'k': 1, 'l': "
      "[true]} "
      "AS s, MAP {'x': 1} AS m, TIMESTAMPTZ '2026-01-02 03:04:05+02' AS zoned, "
      "TIMESTAMP_NS '2026-01-02 03:04:05.123456789' AS ns, 0.1::FLOAT AS f, 255::UTINYINT AS tiny, "
      "(-9223372036854775807 - 1)::BIGINT AS least, INTERVAL '3 days 04:05:06' AS gap");
  auto connection = world_.open();
  const Table t = must_read(
      *connection,
      "SELECT *, '{\"a\": [1, 2]}'::JSON AS j, price * -1 AS minus, "
      "170141183460469231731687303715884105727::HUGEINT AS huge, "
      "'on'::ENUM ('on', 'off') AS e, ['1.5', 'nan', 'infinity']::DOUBLE[] AS odd, "
      "[1, 2]::INTEGER[2] AS pair, TIMESTAMP_S '2026-01-02 03:04:05' AS sec, "
      "TIMESTAMP_MS '1969-12-31 23:59:59.999' AS ms, '101'::BIT AS bits, NULL AS nothing, "
      "{'says': 'NaN \\ \"Infinity\"', 'is': 'nan'::DOUBLE} AS tricky, "
      "TIMESTAMP_NS '1969-12-31 23:59:59.999999999' AS just_before "
      "FROM t");
  const auto text = [&](const std::string& name, FieldType type) {
    EXPECT_EQ(t.type(name), type) << name;
    return std::string(t[name].texts.empty() ? "" : t[name].texts[0]);
  };
  EXPECT_EQ(text("price", FieldType::decimal), "12.50");
  EXPECT_EQ(text("minus", FieldType::decimal), "-12.50");
  EXPECT_EQ(text("big", FieldType::decimal), "18446744073709551615");
  EXPECT_EQ(text("huge", FieldType::decimal), "170141183460469231731687303715884105727");
  EXPECT_EQ(text("u", FieldType::text), "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(text("e", FieldType::text), "on");
  EXPECT_EQ(text("at", FieldType::text), "09:08:07.5");
  EXPECT_EQ(text("bytes", FieldType::text), "00ff");
  EXPECT_EQ(text("bits", FieldType::text), "101");
  EXPECT_EQ(text("gap", FieldType::text), "3 days 04:05:06");
  EXPECT_EQ(text("ints", FieldType::list), "[1,null,3]");
  EXPECT_EQ(text("texts", FieldType::list), "[\"a\\\"b\",\"é\"]");
  EXPECT_EQ(text("pair", FieldType::list), "[1,2]");
  EXPECT_EQ(text("odd", FieldType::list), "[1.5,null,null]");
  EXPECT_EQ(text("s", FieldType::object), "{\"k\":1,\"l\":[true]}");
  EXPECT_EQ(text("m", FieldType::object), "{\"x\":1}");
  EXPECT_EQ(text("j", FieldType::json), "{\"a\": [1, 2]}");
  EXPECT_EQ(text("tricky", FieldType::object),
            "{\"says\":\"NaN \\\\ \\\"Infinity\\\"\",\"is\":null}");
  EXPECT_EQ(t["zoned"].ints[0], 1767315845000000);
  EXPECT_EQ(t["ns"].ints[0], 1767323045123456);
  EXPECT_EQ(t["just_before"].ints[0], -1) << "cut towards the past, never into 1970";
  EXPECT_EQ(t["sec"].ints[0], 1767323045000000);
  EXPECT_EQ(t["ms"].ints[0], -1000);
  EXPECT_EQ(t["f"].doubles[0], 0.1) << "its own shortest digits";
  EXPECT_EQ(t["tiny"].ints[0], 255);
  EXPECT_EQ(t["least"].ints[0], kLeast);
  EXPECT_EQ(t["nothing"].valid[0], 0);
}

TEST_P(TypedSource, TellsZonedTimestampsFromZonelessOnes) {
  world_.make(
      "t",
      "SELECT TIMESTAMPTZ '2026-01-02 03:04:05+02' AS zoned, TIMESTAMP '2026-01-02' AS zoneless");
  auto connection = world_.open();
  const auto columns = connection->describe_table("t");
  ASSERT_TRUE(columns.ok());
  EXPECT_TRUE((*columns)[0].zoned);
  EXPECT_FALSE((*columns)[1].zoned);
}

TEST_P(TypedSource, KeepsInfinitiesAndNaN) {
  world_.make(
      "t", "SELECT 'nan'::DOUBLE AS nan, 'infinity'::DOUBLE AS inf, '-infinity'::FLOAT AS minus");
  auto connection = world_.open();
  const Table t =
      must_read(*connection,
                "SELECT *, 'infinity'::DATE AS d1, '-infinity'::DATE AS d2, 'infinity'::TIMESTAMP "
                "AS t1, '-infinity'::TIMESTAMPTZ AS t2 FROM t");
  EXPECT_TRUE(std::isnan(t["nan"].doubles[0]));
  EXPECT_EQ(t["inf"].doubles[0], std::numeric_limits<double>::infinity());
  EXPECT_EQ(t["minus"].doubles[0], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(t["d1"].ints[0], kMost);
  EXPECT_EQ(t["d2"].ints[0], kLeast);
  EXPECT_EQ(t["t1"].ints[0], kMost);
  EXPECT_EQ(t["t2"].ints[0], kLeast);
}

TEST_P(TypedSource, ConvertsAMillionRowsQuickly) {
  auto connection = many(GetParam()).open();
  const auto began = std::chrono::steady_clock::now();
  auto stream =
      std::move(connection->query({.text = "SELECT * FROM many LIMIT 1000000"}, {}).value());
  RowBatch batch;
  size_t rows = 0;
  while (stream->next(batch).value()) rows += batch.rows;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  RecordProperty("seconds", std::to_string(took.count()));
  EXPECT_EQ(rows, 1'000'000U);
  EXPECT_LT(took.count(), 60)
      << "even under sanitizers; a release build needs a quarter of a second";
}

TEST(DuckdbSource, RefusesAValueThatNestsTooDeep) {
  World world("duckdb");
  world.make("people",
             "SELECT CAST(repeat('[', 256) || repeat(']', 256) AS JSON) AS most, "
             "CAST(repeat('[', 257) || repeat(']', 257) AS JSON) AS more");
  const auto connection = world.open();
  EXPECT_TRUE(read(*connection, "SELECT most FROM people").ok());
  const auto rows = read(*connection, "SELECT more FROM people");
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(rows.error().text(), HasSubstr("column `more`"));
  EXPECT_THAT(rows.error().text(), HasSubstr("256 levels"));
}

TEST(DuckdbSource, BatchesOfLargeRowsAreSmall) {
  World world("duckdb");
  world.make("people", "SELECT range AS id, repeat('x', 300000) AS note FROM range(20)");
  const auto connection = world.open();
  const auto stream =
      std::move(connection->query({.text = "SELECT id, note FROM people"}, {}).value());
  RowBatch batch;
  size_t rows = 0;
  while (*stream->next(batch)) {
    EXPECT_LE(batch.rows, 4U) << "a megabyte or so";
    rows += batch.rows;
  }
  EXPECT_EQ(rows, 20U);
}

TEST(DuckdbSource, CountsTheValuesOfAColumnOfIntegers) {
  World world("duckdb");
  world.make(
      "people",
      "SELECT range - 5 AS good, CASE WHEN range < 3 THEN NULL ELSE range % 7 END AS poor, "
      "range * 1000000 AS wide, CASE range WHEN 0 THEN -9223372036854775808 ELSE "
      "9223372036854775807 END::BIGINT AS widest, NULL::INTEGER AS none, 'n' || range AS text FROM "
      "range(100)");
  world.make("nobody", "SELECT 1 AS id WHERE false");
  const auto connection = world.open();
  const auto counted = [&](const std::string& column,
                           const std::string& table = "people") -> std::string {
    const auto counts = connection->count_values(table, column);
    if (!counts.ok()) return counts.error().text();
    return *counts
               ? fmt::format("{} {} {}", (*counts)->rows, (*counts)->nulls, (*counts)->different)
               : "not quicker";
  };
  EXPECT_EQ(counted("good"), "100 0 100");
  EXPECT_EQ(counted("good", "main.people"), "100 0 100");
  EXPECT_EQ(counted("poor"), "100 3 7");
  EXPECT_EQ(counted("none"), "100 100 0");
  EXPECT_EQ(counted("wide"), "not quicker");
  EXPECT_EQ(counted("widest"), "not quicker");
  EXPECT_EQ(counted("text"), "not quicker");
  EXPECT_EQ(counted("id", "nobody"), "0 0 0");
  EXPECT_EQ(counted("id", "nowhere"), "not quicker");
}

TEST(DuckdbSource, EndsAQueryThatTakesLongerThanItMay) {
  World world("duckdb");
  world.make("people", "SELECT 1 AS id");
  Source source = world.source();
  source.options["statement_timeout"] = "50ms";
  const auto connection = world.open(source);
  const auto rows = read(*connection, "SELECT count(*) FROM range(1000000) a, range(1000000) b");
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(rows.error().text(), HasSubstr("longer than 0.05 s"));
  EXPECT_THAT(rows.error().text(), HasSubstr("statement_timeout"));
  EXPECT_TRUE(read(*connection, "SELECT id FROM people").ok()) << "and the next one is fine";
  source.options["statement_timeout"] = "soon";
  const auto opened = source::open(source, world.options());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().kind, ErrorKind::invalid);
}

TEST(DuckdbSource, FindsTablesInSchemasAndViews) {
  Folder folder;
  const auto path = folder.path() / "shop.duckdb";
  {
    auto database = std::move(duck::Database::open(path).value());
    auto connection = std::move(database->connect().value());
    ASSERT_TRUE(
        connection
            ->run(
                "CREATE SCHEMA \"the sales\"; CREATE TABLE \"the sales\".Orders AS SELECT 7 AS n; "
                "CREATE VIEW v AS SELECT 8 AS m; CREATE TABLE plain AS SELECT 9 AS k")
            .ok());
  }
  Source source{.name = "shop", .kind = "duckdb", .options = {{"path", path.string()}}};
  {
    auto connection = std::move(open(source).value());
    EXPECT_EQ(connection->describe_table("the sales.Orders").value()[0].name, "n");
    EXPECT_EQ(connection->describe_table("the sales.orders").value()[0].name, "n");
    EXPECT_EQ(connection->describe_table("v").value()[0].name, "m");
    EXPECT_THAT(connection->describe_table("the sales.order").error().text(),
                HasSubstr("did you mean `Orders`?"));
  }
  source.options["schema"] = "the sales";
  {
    auto connection = std::move(open(source).value());
    EXPECT_EQ(connection->describe_table("Orders").value()[0].name, "n");
    EXPECT_EQ(must_read(*connection, "SELECT n FROM Orders")["n"].ints[0], 7);
  }
  source.options["schema"] = "teh sales";
  EXPECT_THAT(open(source).error().text(), HasSubstr("did you mean `the sales`?"));
}

TEST(DuckdbSource, ReadsFilesOnlyWhereItIsToldTo) {
  Folder folder;
  std::filesystem::create_directories(folder.path() / "lake");
  std::ofstream(folder.path() / "lake" / "a.csv") << "n\n5\n";
  const auto path = folder.path() / "shop.duckdb";
  {
    auto database = std::move(duck::Database::open(path).value());
    auto connection = std::move(database->connect().value());
    ASSERT_TRUE(connection
                    ->run("CREATE VIEW a AS SELECT * FROM '" +
                          (folder.path() / "lake/a.csv").string() + "'")
                    .ok());
  }
  Source source{.name = "shop", .kind = "duckdb", .options = {{"path", path.string()}}};
  EXPECT_EQ(open(source).value()->describe_table("a").error().kind, ErrorKind::denied);
  source.options["files"] = (folder.path() / "lake").string();
  EXPECT_EQ(open(source).value()->describe_table("a").value()[0].name, "n");
}

TEST(DuckdbSource, TwoOpeningsSeeOneDatabaseAndCloseIt) {
  Folder folder;
  const auto path = folder.path() / "shop.duckdb";
  {
    auto database = std::move(duck::Database::open(path).value());
    ASSERT_TRUE(database->connect().value()->run("CREATE TABLE t AS SELECT 1 AS n").ok());
  }
  const Source source{.name = "shop", .kind = "duckdb", .options = {{"path", path.string()}}};
  {
    auto one = std::move(open(source).value());
    {
      auto two = std::move(open(source).value());
      EXPECT_EQ(must_read(*two, "SELECT n FROM t").rows, 1U);
    }
    EXPECT_EQ(must_read(*one, "SELECT n FROM t").rows, 1U);
    // The first still keeps others from writing, although the second was closed.
    const pid_t child = ::fork();
    if (child == 0) ::_exit(duck::Database::open(path).ok() ? 1 : 0);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_TRUE(duck::Database::open(path).ok()) << "closed, so that others may write";
}

TEST(FileSource, FindsFilesByNamePatternAndFolder) {
  Folder folder;
  std::filesystem::create_directories(folder.path() / "orders" / "2026");
  std::ofstream(folder.path() / "people.csv") << "id,name\n1,Ada\n";
  std::ofstream(folder.path() / "orders" / "a.csv") << "n\n1\n";
  std::ofstream(folder.path() / "orders" / "2026" / "b.csv") << "n\n2\n";
  Source source{.name = "files", .kind = "csv", .options = {{"path", folder.path().string()}}};
  auto connection = std::move(open(source).value());
  EXPECT_EQ(connection->describe_table("people").value().size(), 2U);
  EXPECT_EQ(connection->describe_table("people.csv").value().size(), 2U);
  EXPECT_EQ(must_read(*connection, "SELECT * FROM \"orders\"").rows, 2U);
  EXPECT_EQ(must_read(*connection, "SELECT * FROM \"orders/*.csv\"").rows, 1U);
  EXPECT_EQ(must_read(*connection, "SELECT * FROM \"orders/a\"").rows, 1U);
  EXPECT_EQ(connection->describe_table("../x").error().kind, ErrorKind::denied);
  EXPECT_EQ(connection->describe_table("/etc/passwd").error().kind, ErrorKind::denied);
  EXPECT_EQ(connection->describe_table("nothing/*.csv").error().kind, ErrorKind::not_found);
  EXPECT_EQ(connection->describe_table("").error().kind, ErrorKind::denied);

  source.options["path"] = (folder.path() / "people.csv").string();
  connection = std::move(open(source).value());
  EXPECT_EQ(must_read(*connection, "SELECT * FROM people").rows, 1U);
  EXPECT_EQ(connection->describe_table("people.csv").value().size(), 2U);
  EXPECT_THAT(connection->describe_table("poeple").error().text(),
              HasSubstr("did you mean `people`?"));

  source.options["path"] = (folder.path() / "orders" / "*" / "*.csv").string();
  connection = std::move(open(source).value());
  EXPECT_EQ(must_read(*connection, "SELECT * FROM \"*.csv\"").rows, 1U);
}

TEST(CsvSource, TakesItsOptions) {
  Folder folder;
  std::ofstream(folder.path() / "p.csv") << "1;'a;b';01.02.2026;NULL;1,5\n2;c;03.02.2026;n/a;\n";
  Source source{.name = "files",
                .kind = "csv",
                .options = {{"path", folder.path().string()},
                            {"header", "false"},
                            {"delimiter", ";"},
                            {"quote", "'"},
                            {"nulls", "NULL, n/a"},
                            {"date_format", "%d.%m.%Y"},
                            {"decimal", ","}}};
  auto connection = std::move(open(source).value());
  const Table t = must_read(*connection, "SELECT * FROM p ORDER BY 1");
  ASSERT_EQ(t.columns.size(), 5U);
  EXPECT_EQ(t.values[1].texts[0], "a;b");
  EXPECT_EQ(t.columns[2].type, FieldType::date);
  EXPECT_EQ(t.values[2].ints[0], 20485);
  EXPECT_THAT(t.values[3].valid, ElementsAre(0, 0));
  EXPECT_EQ(t.values[4].doubles[0], 1.5);
  EXPECT_EQ(t.values[4].valid[1], 0);

  source.options["types"] = "text";
  EXPECT_EQ(open(source).value()->describe_table("p").value()[0].type, FieldType::text);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"types", "guess"}, {"sample", "-3"}, {"header", "yes"}, {"sample", "many"}}) {
    Source wrong = source;
    wrong.options[name] = value;
    const auto opened = open(wrong);
    ASSERT_FALSE(opened.ok()) << name;
    EXPECT_THAT(opened.error().text(), HasSubstr(name));
    EXPECT_FALSE(opened.error().remedy.empty());
  }
}

TEST(CsvSource, TextThatIsNotUtf8NeverPasses) {
  Folder folder;
  std::ofstream(folder.path() / "p.csv") << "id,name\n1,J\xe9r\xf4me\n";
  Source source{.name = "files", .kind = "csv", .options = {{"path", folder.path().string()}}};
  const auto table = [&] {
    auto connection = std::move(open(source).value());
    return read(*connection, "SELECT * FROM p");
  };
  const auto refused = table();
  ASSERT_FALSE(refused.ok());
  EXPECT_FALSE(refused.error().text().empty());
  source.options["encoding"] = "latin-1";
  const auto read_right = table();
  ASSERT_TRUE(read_right.ok()) << read_right.error().text();
  EXPECT_EQ((*read_right)["name"].texts[0], "Jérôme");
}

TEST(Sources, AnUnknownKindIsNamedWithTheNearest) {
  const auto opened = open({.name = "x", .kind = "duckbd"});
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().text(), HasSubstr("did you mean `duckdb`?"));
  EXPECT_THAT(opened.error().text(), HasSubstr("parquet"));
}

}  // namespace
}  // namespace rollcall::source
