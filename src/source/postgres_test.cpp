// What PostgreSQL alone has: its types, its transaction, its ways to fail.
#include "tests/postgres.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <thread>

#include "source/server_test.hpp"
#include "source/source.hpp"

namespace rollcall::source {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

class PostgresSource : public testing::Test {
 protected:
  Result<std::unique_ptr<Connection>> open(const Source& source) const {
    return source::open(source, {.program = ROLLCALL_PROGRAM});
  }
  std::unique_ptr<Connection> open() const {
    auto opened = open(postgres_.source());
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    return std::move(opened.value());
  }

  // The processes that this one started and that are still there.
  static std::vector<pid_t> readers() {
    std::vector<pid_t> out;
    std::ifstream in("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    for (pid_t one = 0; in >> one;) out.push_back(one);
    return out;
  }

  tests::Postgres postgres_;
};

TEST_F(PostgresSource, CountsTheValuesOfAColumnThatAnIndexKeepsApart) {
  postgres_.sql(
      "CREATE TABLE people AS SELECT n AS id, CASE WHEN n > 3 THEN 'c' || n END AS code, 'x' || n "
      "AS "
      "name FROM generate_series(1, 9) AS s(n); ALTER TABLE people ADD PRIMARY KEY (id); "
      "CREATE UNIQUE INDEX ON people (code); CREATE INDEX ON people (name); CREATE UNIQUE INDEX ON "
      "people (name) WHERE id > 5; CREATE UNIQUE INDEX ON people (name, id); CREATE UNIQUE INDEX "
      "ON "
      "people (lower(name)); CREATE VIEW seen AS SELECT * FROM people; "
      "CREATE TABLE parent(id integer PRIMARY KEY); CREATE TABLE child() INHERITS (parent); "
      "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1); "
      "CREATE TABLE parted(id integer PRIMARY KEY) PARTITION BY RANGE (id); "
      "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10); INSERT INTO parted "
      "VALUES "
      "(1), (2)");
  const auto connection = open();
  const auto counted = [&](const std::string& table, const std::string& column) -> std::string {
    const auto counts = connection->count_values(table, column);
    if (!counts.ok()) return counts.error().text();
    return *counts ? std::to_string((*counts)->rows) + " " + std::to_string((*counts)->nulls) +
                         " " + std::to_string((*counts)->different)
                   : "not quicker";
  };
  EXPECT_EQ(counted("people", "id"), "9 0 9");
  EXPECT_EQ(counted(postgres_.schema() + ".people", "id"), "9 0 9");
  EXPECT_EQ(counted("people", "code"), "9 3 6");
  EXPECT_EQ(counted("people", "name"), "not quicker");
  EXPECT_EQ(counted("seen", "id"), "not quicker");
  EXPECT_EQ(counted("parent", "id"), "not quicker");
  EXPECT_EQ(counted("parted", "id"), "2 0 2");
  EXPECT_FALSE(connection->count_values("nowhere", "id").ok());
  EXPECT_EQ(counted("people", "id"), "9 0 9") << "and the next one is fine";
}
TEST_F(PostgresSource, ReadsEveryTypeExactlyOrNotAtAll) {
  postgres_.sql(
      "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN level AS integer CHECK (VALUE > 0); "
      "CREATE DOMAIN deep AS level; CREATE TYPE pair AS (a integer, b text)");
  auto connection = open();
  expect_values(
      *connection,
      {{"12.50::numeric(7,2)", FieldType::decimal, "12.50"},
       {"-0.000000000000000000000000000000000001::numeric", FieldType::decimal,
        "-0.000000000000000000000000000000000001"},
       {"123456789012345678901234567890123456789012345678901234567890::numeric", FieldType::decimal,
        "123456789012345678901234567890123456789012345678901234567890"},
       {"'NaN'::numeric", FieldType::decimal, "NaN"},
       {"'infinity'::numeric", FieldType::decimal, "Infinity"},
       {"'12.34'::money", FieldType::decimal, "12.34"},
       {"'-92233720368547758.08'::money", FieldType::decimal, "-92233720368547758.08"},
       {"true", FieldType::boolean, "1"},
       {"(-32768)::smallint", FieldType::integer, "-32768"},
       {"'-9223372036854775808'::bigint", FieldType::integer, "-9223372036854775808"},
       {"4294967295::oid", FieldType::integer, "4294967295"},
       {"0.5::real", FieldType::number, "0.500000"},
       {"'nan'::float8", FieldType::number, "nan"},
       {"'-infinity'::real", FieldType::number, "-inf"},
       {"DATE '1969-12-31'", FieldType::date, "-1"},
       {"DATE '5874897-12-31'", FieldType::date, "2145042905"},
       {"DATE '4713-01-01 BC'", FieldType::date, "-2440550"},
       {"'infinity'::date", FieldType::date, std::to_string(kMost)},
       {"'-infinity'::date", FieldType::date, std::to_string(kLeast)},
       {"TIMESTAMP '1969-12-31 23:59:59.999999'", FieldType::timestamp, "-1"},
       {"TIMESTAMP '9999-12-31 23:59:59.999999'", FieldType::timestamp, "253402300799999999"},
       {"TIMESTAMP '0001-01-01 00:00:00.000001'", FieldType::timestamp, "-62135596799999999"},
       {"TIMESTAMP '294246-12-31 23:59:59.999999'", FieldType::timestamp, "9223371244799999999"},
       {"'infinity'::timestamp", FieldType::timestamp, std::to_string(kMost)},
       {"'-infinity'::timestamptz", FieldType::timestamp, std::to_string(kLeast)},
       {"TIMESTAMPTZ '2026-01-02 03:04:05.678901+02'", FieldType::timestamp, "1767315845678901"},
       {"TIMETZ '09:08:07.5+02'", FieldType::text, "09:08:07.5+02"},
       {"TIME '23:59:59.999999'", FieldType::text, "23:59:59.999999"},
       {"INTERVAL '1 year 2 mons 3 days 04:05:06'", FieldType::text,
        "1 year 2 mons 3 days 04:05:06"},
       {"'\\x00ff'::bytea", FieldType::text, "00ff"},
       {"B'101'", FieldType::text, "101"},
       {"'::1/64'::inet", FieldType::text, "::1/64"},
       {"'10.0.0.0/8'::cidr", FieldType::text, "10.0.0.0/8"},
       {"'08:00:2b:01:02:03'::macaddr", FieldType::text, "08:00:2b:01:02:03"},
       {"'123E4567-e89b-12d3-a456-426614174000'::uuid", FieldType::text,
        "123e4567-e89b-12d3-a456-426614174000"},
       {"'[1,5)'::int4range", FieldType::text, "[1,5)"},
       {"'(1,2)'::point", FieldType::text, "(1,2)"},
       {"'<a>1</a>'::xml", FieldType::text, "<a>1</a>"},
       {"to_tsvector('simple', 'b a')", FieldType::text, "'a':2 'b':1"},
       {"'ab'::char(5)", FieldType::text, "ab"},
       {"'x'::\"char\"", FieldType::text, "x"},
       {"'pg_class'::regclass", FieldType::text, "pg_class"},
       {"'glad'::mood", FieldType::text, "glad"},
       {"7::deep", FieldType::integer, "7"},
       {"ROW(1, 'x\"y')::pair", FieldType::object, "{\"a\":1,\"b\":\"x\\\"y\"}"},
       {"'{\"a\": [1, 2]}'::json", FieldType::json, "{\"a\": [1, 2]}"},
       {"'{\"b\":1,\"a\":1.0}'::jsonb", FieldType::json, "{\"a\": 1.0, \"b\": 1}"},
       {"ARRAY['a\"b', NULL, 'é']", FieldType::list, "[\"a\\\"b\",null,\"é\"]"},
       {"ARRAY[[1, 2], [3, 4]]", FieldType::list, "[[1,2],[3,4]]"},
       {"'{}'::int[]", FieldType::list, "[]"},
       {"'{1.5,nan,-infinity}'::float8[]", FieldType::list, "[1.5,null,null]"},
       {"'{1.50,NaN}'::numeric[]", FieldType::list, "[1.50,null]"},
       {"ARRAY['1.10'::money]", FieldType::list, "[1.10]"},
       {"ARRAY['\\x0aff'::bytea]", FieldType::list, "[\"0aff\"]"},
       {"ARRAY[7::deep]", FieldType::list, "[7]"},
       {"NULL::date", FieldType::date, std::nullopt},
       {"NULL::timestamptz", FieldType::timestamp, std::nullopt},
       {"NULL::boolean", FieldType::boolean, std::nullopt},
       {"NULL::numeric[]", FieldType::list, std::nullopt},
       {"NULL", FieldType::text, std::nullopt}});
  EXPECT_EQ(failing(*connection, "SELECT TIMESTAMP '294276-12-31 23:59:59'").kind,
            ErrorKind::invalid);
  EXPECT_EQ(read(*connection, "SELECT 1")->text, "1") << "an error is not the end";
}

TEST_F(PostgresSource, TellsZonedTimestampsAndTypesThatRulesMustConvert) {
  auto connection = open();
  const auto columns = connection->describe_query(
      "SELECT now() AS a, localtimestamp AS b, ''::bytea AS c, 1::oid AS d, 1::money AS e, "
      "ARRAY[1] AS f, 'x' AS \"a\"");
  ASSERT_TRUE(columns.ok()) << columns.error().text();
  EXPECT_TRUE((*columns)[0].zoned);
  EXPECT_FALSE((*columns)[1].zoned);
  EXPECT_EQ((*columns)[2].native, "bytea");
  EXPECT_EQ((*columns)[3].native, "oid");
  EXPECT_EQ((*columns)[4].native, "money");
  EXPECT_EQ((*columns)[5].native, "integer[]");
  EXPECT_EQ((*columns)[6].name, "a");
}

TEST_F(PostgresSource, SeesOneInstantHoweverLongItIsOpen) {
  postgres_.sql("CREATE TABLE t AS SELECT 1 AS n");
  auto connection = open();
  EXPECT_EQ(read(*connection, "SELECT count(*) FROM t")->text, "1");
  postgres_.sql("INSERT INTO t VALUES (2)");
  EXPECT_FALSE(connection->describe_table("nothing").ok());
  EXPECT_EQ(read(*connection, "SELECT count(*) FROM t")->text, "1") << "even after an error";
  EXPECT_EQ(read(*open(), "SELECT count(*) FROM t")->text, "2");
}

TEST_F(PostgresSource, FindsTablesViewsAndSchemas) {
  postgres_.sql(
      "CREATE TABLE \"The Orders\" AS SELECT 7 AS n; CREATE VIEW v AS SELECT 8 AS m; CREATE "
      "MATERIALIZED VIEW mv AS SELECT 9 AS k");
  auto connection = open();
  EXPECT_EQ(connection->describe_table("The Orders").value()[0].name, "n");
  EXPECT_EQ(connection->describe_table(postgres_.schema() + ".v").value()[0].name, "m");
  EXPECT_EQ(connection->describe_table("mv").value()[0].name, "k");
  EXPECT_EQ(connection->describe_table("pg_catalog.pg_class").value()[0].name, "oid");
  Source source = postgres_.source();
  source.options["schema"] = "publik";
  EXPECT_THAT(open(source).error().text(), HasSubstr("did you mean `public`?"));
  source.options["schema"] = "\"; DROP TABLE v; --";
  EXPECT_EQ(open(source).error().kind, ErrorKind::not_found);
}

TEST_F(PostgresSource, CannotBeMadeToWrite) {
  postgres_.sql(
      "CREATE TABLE t AS SELECT 1 AS n; GRANT ALL ON t TO reader; CREATE SEQUENCE s; GRANT "
      "ALL ON s TO reader; CREATE FUNCTION grow() RETURNS integer LANGUAGE sql AS 'INSERT "
      "INTO " +
      postgres_.schema() + ".t VALUES (2) RETURNING n'");
  auto connection = open();
  for (const char* sql : {"SELECT grow()", "SELECT nextval('s')",
                          "SELECT set_config('transaction_read_only', 'off', false), grow()",
                          "SELECT * FROM t FOR UPDATE"}) {
    const Error error = failing(*connection, sql);
    EXPECT_THAT(error.kind, AnyOf(ErrorKind::denied, ErrorKind::invalid)) << error.text();
  }
  EXPECT_EQ(read(*open(), "SELECT count(*) FROM t")->text, "1");
}

// --- What cannot be reached.

TEST_F(PostgresSource, SaysWhatKeepsItFromConnecting) {
  struct Case {
    std::map<std::string, std::string> options;
    std::string password;
    ErrorKind kind;
    const char* says;
  };
  const Case cases[] = {
      {{}, "wr0ng'\\ secret", ErrorKind::denied, "password"},
      {{}, "", ErrorKind::denied, "password"},
      {{{"user", "nobody"}}, "wr0ng'\\ secret", ErrorKind::denied, "nobody"},
      {{{"database", "nowhere"}}, tests::kPostgresPassword, ErrorKind::not_found, "nowhere"},
      {{{"port", "1"}}, tests::kPostgresPassword, ErrorKind::unavailable, "refused"},
      {{{"host", "nowhere.invalid"}}, tests::kPostgresPassword, ErrorKind::unavailable, "nowhere"},
      {{{"sslmode", "require"}}, tests::kPostgresPassword, ErrorKind::denied, "SSL"},
      {{{"sslmode", "maybe"}}, tests::kPostgresPassword, ErrorKind::unavailable, "sslmode"}};
  for (const Case& one : cases) {
    Source source = postgres_.source();
    for (const auto& [name, value] : one.options) source.options[name] = value;
    source.secrets["password"] = Secret(one.password);
    const auto opened = open(source);
    ASSERT_FALSE(opened.ok()) << one.says;
    EXPECT_EQ(opened.error().kind, one.kind) << opened.error().text();
    EXPECT_THAT(opened.error().text(), HasSubstr(one.says));
    EXPECT_THAT(opened.error().text(), HasSubstr("source shop"));
    EXPECT_FALSE(opened.error().remedy.empty());
    const std::string shown = one.password.empty() ? "no password at all" : one.password;
    EXPECT_THAT(opened.error().text(), Not(HasSubstr(shown)));
  }
  EXPECT_TRUE(readers().empty());
}

TEST_F(PostgresSource, TakesAnAddressInPlaceOfItsParts) {
  Source source = postgres_.source();
  const std::string at = "127.0.0.1:" + tests::Postgres::port() + "/postgres";
  source.options = {{"url", "postgresql://reader@" + at + "?sslmode=disable"}};
  EXPECT_TRUE(open(source).ok());
  source.options["url"] = "postgres://reader@" + at;
  EXPECT_TRUE(open(source).ok());
  source.options["host"] = "127.0.0.1";
  EXPECT_THAT(open(source).error().text(), HasSubstr("both `url` and `host`"));
  source.options = {{"url", "postgresql://reader@" + at + "?password=open"}};
  EXPECT_THAT(open(source).error().text(), Not(HasSubstr("open")));
  EXPECT_EQ(open(source).error().kind, ErrorKind::invalid);
  // libpq repeats an address that it cannot read.
  source.options = {{"url", "postgresql://[::1"}};
  const auto broken = open(source);
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().text(), Not(HasSubstr("ss%20")));
  EXPECT_THAT(broken.error().text(), Not(HasSubstr("ss %")));
  source.options = {{"host", "127.0.0.1"}};
  EXPECT_THAT(open(source).error().text(), HasSubstr("`database` is missing"));
}

TEST_F(PostgresSource, NamesThePermissionThatIsMissing) {
  const std::string role = "poor_" + postgres_.schema();
  postgres_.sql("CREATE TABLE kept AS SELECT 1 AS n; CREATE ROLE " + role +
                " LOGIN PASSWORD 'poor'; GRANT USAGE ON SCHEMA " + postgres_.schema() + " TO " +
                role);
  Source source = postgres_.source();
  source.options["user"] = role;
  source.secrets["password"] = Secret("poor");
  const auto described = open(source).value()->describe_table("kept");
  postgres_.sql("DROP OWNED BY " + role + "; DROP ROLE " + role);
  ASSERT_FALSE(described.ok());
  EXPECT_EQ(described.error().kind, ErrorKind::denied);
  EXPECT_THAT(described.error().text(), HasSubstr("kept"));
  EXPECT_THAT(described.error().text(), HasSubstr("GRANT SELECT"));
}

TEST_F(PostgresSource, RefusesATableOfWhichAPolicyHidesRows) {
  const std::string role = "tenant_" + postgres_.schema();
  const std::string schema = postgres_.schema();
  postgres_.sql(
      "CREATE TABLE rows AS SELECT n FROM generate_series(1, 4) AS s(n); ALTER TABLE rows "
      "ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON rows USING (n < 3); CREATE VIEW "
      "all_rows AS SELECT * FROM rows; CREATE TABLE other AS SELECT 1 AS n; CREATE ROLE " +
      role + " LOGIN PASSWORD 'poor'; GRANT USAGE ON SCHEMA " + schema + " TO " + role +
      "; GRANT SELECT ON ALL TABLES IN SCHEMA " + schema + " TO " + role);
  Source source = postgres_.source();
  source.options["user"] = role;
  source.secrets["password"] = Secret("poor");
  auto connection = std::move(open(source).value());
  const auto described = connection->describe_table("rows");
  const auto by_the_owner = connection->describe_table("all_rows");
  const auto other = connection->describe_table("other");
  connection.reset();
  postgres_.sql("DROP OWNED BY " + role + "; DROP ROLE " + role);
  ASSERT_FALSE(described.ok());
  EXPECT_EQ(described.error().kind, ErrorKind::denied);
  EXPECT_THAT(described.error().text(), HasSubstr("rows"));
  EXPECT_THAT(described.error().text(), HasSubstr("BYPASSRLS"));
  EXPECT_TRUE(by_the_owner.ok()) << by_the_owner.error().text();
  EXPECT_TRUE(other.ok());
}

TEST_F(PostgresSource, EndsAQueryThatTakesTooLong) {
  Source source = postgres_.source();
  source.options["statement_timeout"] = "1s";
  auto connection = std::move(open(source).value());
  const Error error = failing(*connection, "SELECT pg_sleep(20)");
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.text(), HasSubstr("statement_timeout"));
  EXPECT_EQ(read(*connection, "SELECT 1")->text, "1");
  for (const char* wrong : {"0s", "1", "soon", "-1s", "1.5h", "99d", "9999999s", "1h "}) {
    source.options["statement_timeout"] = wrong;
    EXPECT_EQ(open(source).error().kind, ErrorKind::invalid) << wrong;
  }
}

TEST_F(PostgresSource, WorksWhereThereIsNoInput) {
  const int kept = ::dup(STDIN_FILENO);
  ::close(STDIN_FILENO);
  const auto one = read(*open(), "SELECT 1");
  ::dup2(kept, STDIN_FILENO);
  ::close(kept);
  ASSERT_TRUE(one.ok()) << one.error().text();
  EXPECT_EQ(one->text, "1");
}

TEST_F(PostgresSource, AnErrorInMidReadIsNoShortResultAndTellsNoValue) {
  auto connection = open();
  const Error error = failing(
      *connection, "SELECT CASE WHEN id < 1500000 THEN 1 ELSE email::integer END FROM many");
  EXPECT_EQ(error.kind, ErrorKind::invalid) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("integer"));
  EXPECT_THAT(error.text(), Not(HasSubstr("@example")));
  EXPECT_EQ(read(*connection, "SELECT 1")->text, "1");
}

TEST_F(PostgresSource, AConnectionLostInMidReadIsAnErrorThatSaysSo) {
  auto connection = open();
  const std::string backend = read(*connection, "SELECT pg_backend_pid()")->text.value();
  auto stream = std::move(connection->query({.text = "SELECT * FROM many"}, {}).value());
  RowBatch batch;
  ASSERT_TRUE(stream->next(batch).value());
  postgres_.sql("SELECT pg_terminate_backend(" + backend + ")");
  int64_t rows = 0;
  Result<bool> more = true;
  while ((more = stream->next(batch)).ok() && *more) rows += static_cast<int64_t>(batch.rows);
  ASSERT_FALSE(more.ok()) << rows;
  EXPECT_EQ(more.error().kind, ErrorKind::unavailable) << more.error().text();
  EXPECT_THAT(more.error().text(), HasSubstr("connection"));
  stream.reset();
  const auto after = read(*connection, "SELECT 1");
  ASSERT_FALSE(after.ok());
  EXPECT_EQ(after.error().kind, ErrorKind::unavailable) << after.error().text();
}

TEST_F(PostgresSource, AReaderThatDiesIsAnErrorAndNoMore) {
  auto connection = open();
  auto stream = std::move(connection->query({.text = "SELECT * FROM many"}, {}).value());
  RowBatch batch;
  ASSERT_TRUE(stream->next(batch).value());
  ASSERT_EQ(readers().size(), 1U);
  ::kill(readers()[0], SIGKILL);
  Result<bool> more = true;
  while ((more = stream->next(batch)).ok() && *more) continue;
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(more.error().text(), HasSubstr("the reader died (signal 9: Killed)"));
  EXPECT_TRUE(readers().empty()) << "and is no zombie";
}

TEST_F(PostgresSource, LeavesNoReaderAndNoQueryBehind) {
  {
    auto connection = open();
    auto stream = std::move(connection->query({.text = "SELECT * FROM many"}, {}).value());
    EXPECT_EQ(readers().size(), 1U);
  }
  EXPECT_TRUE(readers().empty());
  // One whose run is killed: it goes, and what it was running too.
  const pid_t child = ::fork();
  if (child == 0) {
    auto connection = open();
    (void)connection->query({.text = "SELECT pg_sleep(1000), 'orphan'"}, {});
    ::_exit(0);
  }
  const auto count = [&] {
    return read(*open(),
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE "
                "'SELECT%pg_sleep(1000)%' OR query LIKE 'COPY%pg_sleep(1000)%' AND state = "
                "'active' AND pid <> pg_backend_pid()")
        ->text;
  };
  const auto wait_for = [&](const std::string& wanted) {
    for (int i = 0; i < 100 && count() != wanted; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return count();
  };
  EXPECT_EQ(wait_for("1"), "1");
  ::kill(child, SIGKILL);
  EXPECT_EQ(wait_for("0"), "0");
}

TEST_F(PostgresSource, AValueThatIsTooLargeIsAnErrorAndNoFlood) {
  auto connection = open();
  EXPECT_THAT(failing(*connection, "SELECT repeat('x', 100000000)").text(), HasSubstr("32 MB"));
  EXPECT_EQ(read(*connection, "SELECT length(repeat('x', 1000000))")->text, "1000000");
}

TEST_F(PostgresSource, AProgramThatIsNoReaderIsAnError) {
  for (const char* program : {"/bin/false", "/nowhere/at/all"}) {
    const auto opened = source::open(postgres_.source(), {.program = program});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(opened.error().text(), HasSubstr("the reader ended early"));
  }
}

}  // namespace
}  // namespace rollcall::source
