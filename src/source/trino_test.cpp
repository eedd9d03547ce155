// What Trino alone has: its types, its names, its ways in, its ways to fail.
#include "tests/trino.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <optional>
#include <thread>

#include "http/http.hpp"
#include "source/server_test.hpp"
#include "source/source.hpp"

namespace rollcall::source {
namespace {

using testing::HasSubstr;
using testing::Not;

// As tests/trino.py has it.
const std::string kPassword = "p'a\\ss %&=\u00e9\"word";

class TrinoSource : public testing::Test {
 protected:
  Result<std::unique_ptr<Connection>> open(const Source& source) {
    return source::open(source, {.transport = transport_.get(), .clock = &clock_});
  }
  std::unique_ptr<Connection> open() {
    auto opened = open(trino_.source());
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    return std::move(opened.value());
  }
  [[nodiscard]] Source secure() const {
    Source source = trino_.source();
    source.options["url"] = "https://127.0.0.1:" + tests::Trino::told("secure_port");
    source.options["ca_file"] = std::string(TRINO_FOLDER) + "/ca.pem";
    return source;
  }

  tests::Trino trino_;
  std::unique_ptr<http::Transport> transport_ = http::make_transport();
  ManualClock clock_{Time{}};
};

TEST_F(TrinoSource, ReadsEveryTypeExactlyOrNotAtAll) {
  auto connection = open();
  expect_values(
      *connection,
      {{"DECIMAL '12.50'", FieldType::decimal, "12.50"},
       {"DECIMAL '-0.00000000000000000000000000000000000001'", FieldType::decimal,
        "-0.00000000000000000000000000000000000001"},
       {"DECIMAL '99999999999999999999999999999999999999'", FieldType::decimal,
        "99999999999999999999999999999999999999"},
       {"true", FieldType::boolean, "1"},
       {"TINYINT '-128'", FieldType::integer, "-128"},
       {"SMALLINT '-32768'", FieldType::integer, "-32768"},
       {"BIGINT '-9223372036854775808'", FieldType::integer, "-9223372036854775808"},
       {"BIGINT '9223372036854775807'", FieldType::integer, "9223372036854775807"},
       {"REAL '0.5'", FieldType::number, "0.500000"},
       {"1E0", FieldType::number, "1.000000"},
       {"nan()", FieldType::number, "nan"},
       {"-infinity()", FieldType::number, "-inf"},
       {"CAST(infinity() AS real)", FieldType::number, "inf"},
       {"DATE '1969-12-31'", FieldType::date, "-1"},
       {"DATE '0001-01-01'", FieldType::date, "-719162"},
       {"DATE '-0044-03-15'", FieldType::date, "-735525"},
       {"DATE '12026-01-01'", FieldType::date, "3672879"},
       {"TIMESTAMP '1969-12-31 23:59:59.999999'", FieldType::timestamp, "-1"},
       {"TIMESTAMP '1969-12-31 23:59:59.999999999999'", FieldType::timestamp, "-1"},
       {"TIMESTAMP '2026-01-02 03:04:05'", FieldType::timestamp, "1767323045000000"},
       {"TIMESTAMP '2026-01-02 03:04:05.6'", FieldType::timestamp, "1767323045600000"},
       {"TIMESTAMP '9999-12-31 23:59:59.999999'", FieldType::timestamp, "253402300799999999"},
       {"TIMESTAMP '2026-01-02 03:04:05.678901 +02:00'", FieldType::timestamp, "1767315845678901"},
       {"TIMESTAMP '2026-07-01 00:00:00.5 Europe/Paris'", FieldType::timestamp, "1782856800500000"},
       {"TIME '09:08:07.5'", FieldType::text, "09:08:07.5"},
       {"TIME '09:08:07 +02:00'", FieldType::text, "09:08:07+02:00"},
       {"INTERVAL '3' DAY", FieldType::text, "3 00:00:00.000"},
       {"INTERVAL '14' MONTH", FieldType::text, "1-2"},
       {"X'00ff'", FieldType::text, "00ff"},
       {"UUID '123e4567-e89b-12d3-a456-426614174000'", FieldType::text,
        "123e4567-e89b-12d3-a456-426614174000"},
       {"IPADDRESS '10.0.0.1'", FieldType::text, "10.0.0.1"},
       {"CAST('ab' AS char(5))", FieldType::text, "ab"},
       {"CAST('ab' AS varchar(5))", FieldType::text, "ab"},
       {"'Zoë Łukasz 日本 🎈 \"q\" \\'", FieldType::text, "Zoë Łukasz 日本 🎈 \"q\" \\"},
       {"JSON '{\"b\":1,\"a\":[1.0,null]}'", FieldType::json, "{\"a\":[1.0,null],\"b\":1}"},
       {"CAST(ROW(1, 'x\"y', nan()) AS row(a integer, \"B c\" varchar, d double))",
        FieldType::object, "{\"a\":1,\"B c\":\"x\\\"y\",\"d\":null}"},
       {"CAST(ROW(ROW(X'0a', UUID '123e4567-e89b-12d3-a456-426614174000')) AS row(r row(b "
        "varbinary, u uuid)))",
        FieldType::object, "{\"r\":{\"b\":\"0a\",\"u\":\"123e4567-e89b-12d3-a456-426614174000\"}}"},
       {"CAST(ROW(1, ROW(nan())) AS row(\"a{b}, (\" integer, r row(\"{0}\" double)))",
        FieldType::object, "{\"a{b}, (\":1,\"r\":{\"{0}\":null}}"},
       {"MAP(ARRAY['x', 'y'], ARRAY[1, NULL])", FieldType::object, "{\"x\":1,\"y\":null}"},
       {"MAP(ARRAY[DATE '2026-01-02'], ARRAY[infinity()])", FieldType::object,
        "{\"2026-01-02\":null}"},
       {"ARRAY['a\"b', NULL, 'é']", FieldType::list, "[\"a\\\"b\",null,\"é\"]"},
       {"ARRAY[ARRAY[1, 2], ARRAY[3]]", FieldType::list, "[[1,2],[3]]"},
       {"ARRAY[]", FieldType::list, "[]"},
       {"ARRAY[1.5E0, nan(), -infinity()]", FieldType::list, "[1.5,null,null]"},
       {"ARRAY[ARRAY[nan()]]", FieldType::list, "[[null]]"},
       {"ARRAY[DECIMAL '1.50', NULL]", FieldType::list, "[1.50,null]"},
       {"ARRAY[X'0aff']", FieldType::list, "[\"0aff\"]"},
       {"ARRAY[TIME '01:02:03']", FieldType::list, "[\"01:02:03\"]"},
       {"ARRAY[CAST(ROW(1) AS row(n integer)), NULL]", FieldType::list, "[{\"n\":1},null]"},
       {"CAST(NULL AS date)", FieldType::date, std::nullopt},
       {"CAST(NULL AS timestamp(3) with time zone)", FieldType::timestamp, std::nullopt},
       {"CAST(NULL AS boolean)", FieldType::boolean, std::nullopt},
       {"CAST(NULL AS array(double))", FieldType::list, std::nullopt},
       {"CAST(NULL AS row(a integer))", FieldType::object, std::nullopt},
       {"NULL", FieldType::text, std::nullopt}});
  EXPECT_EQ(failing(*connection, "SELECT DATE '40000-01-01'").kind, ErrorKind::corrupt);
  EXPECT_EQ(read(*connection, "SELECT 1")->text, "1") << "an error is not the end";
}

TEST_F(TrinoSource, TellsZonedTimestampsAndItsOwnNamesOfTypes) {
  auto connection = open();
  const auto columns = connection->describe_query(
      "SELECT TIMESTAMP '2026-01-01 00:00:00.123 UTC' AS a, TIMESTAMP '2026-01-01 00:00:00' AS b, "
      "X'00' AS c, ARRAY[DECIMAL '1.5'] AS d, 'x' AS \"a\"");
  ASSERT_TRUE(columns.ok()) << columns.error().text();
  EXPECT_TRUE((*columns)[0].zoned);
  EXPECT_EQ((*columns)[0].native, "timestamp(3) with time zone");
  EXPECT_FALSE((*columns)[1].zoned);
  EXPECT_EQ((*columns)[2].native, "varbinary");
  EXPECT_EQ((*columns)[3].native, "array(decimal(2, 1))");
  EXPECT_EQ((*columns)[4].name, "a");
}

TEST_F(TrinoSource, FindsTablesViewsSchemasAndCatalogs) {
  trino_.sql("CREATE TABLE \"The Orders\" AS SELECT 7 AS n");
  auto connection = open();
  EXPECT_EQ(connection->describe_table("the orders").value()[0].name, "n");
  EXPECT_EQ(connection->describe_table(trino_.schema() + ".many").value()[0].name, "id");
  EXPECT_EQ(connection->describe_table("tpch.tiny.nation").value()[0].name, "nationkey");
  EXPECT_EQ(read(*connection, "SELECT count(*) FROM tpch.tiny.nation")->text, "25");
  EXPECT_THAT(connection->describe_table("tpch.tiny.nations").error().text(),
              HasSubstr("did you mean `nation`?"));
  Source source = trino_.source();
  source.options["schema"] = "defautl";
  EXPECT_THAT(open(source).error().text(), HasSubstr("did you mean `default`?"));
  source.options["schema"] = "\"; DROP TABLE v; --";
  EXPECT_EQ(open(source).error().kind, ErrorKind::not_found);
  source.options["catalog"] = "memroy";
  EXPECT_THAT(open(source).error().text(), HasSubstr("did you mean `memory`?"));
  source.options.erase("schema");
  source.options.erase("catalog");
  connection = std::move(open(source).value());
  EXPECT_EQ(connection->describe_table("tpch.tiny.nation").value().size(), 4U);
  EXPECT_THAT(connection->describe_table("nation").error().text(), HasSubstr("catalog"));
}

TEST_F(TrinoSource, CannotBeMadeToWrite) {
  auto connection = open();
  for (const char* sql : {"CREATE TABLE t AS SELECT 1 AS n", "CALL system.runtime.kill_query('x')",
                          "SET SESSION query_max_run_time = '1d'", "SHOW TABLES", "COMMIT",
                          "EXECUTE IMMEDIATE 'SELECT 1'"}) {
    const Error error = failing(*connection, sql);
    EXPECT_EQ(error.kind, ErrorKind::invalid) << error.text();
  }
  EXPECT_EQ(read(*connection, "TABLE tpch.tiny.region")->type, FieldType::integer)
      << "is a query, too";
}

// --- What cannot be reached.

TEST_F(TrinoSource, SaysWhatKeepsItFromConnecting) {
  struct Case {
    std::map<std::string, std::string> options;
    std::string password;
    ErrorKind kind;
    const char* says;
  };
  const std::string https = secure().options["url"];
  const Case cases[] = {
      {{}, "wr0ng'\\ secret", ErrorKind::denied, "`password`"},
      {{}, "", ErrorKind::denied, "`password`"},
      {{{"user", "nobody"}}, kPassword, ErrorKind::denied, "`user`"},
      {{{"ca_file", ""}}, kPassword, ErrorKind::unavailable, "certificate"},
      {{{"ca_file", "/nowhere"}}, kPassword, ErrorKind::invalid, "certificates"},
      {{{"url", "https://127.0.0.1:1"}}, kPassword, ErrorKind::unavailable, "127.0.0.1:1"},
      {{{"url", "https://nowhere.invalid"}}, kPassword, ErrorKind::unavailable, "nowhere"},
      {{{"url", "http" + https.substr(5)}}, kPassword, ErrorKind::invalid, "https"},
      {{{"url", "ftp://x"}}, "", ErrorKind::invalid, "`url`"},
      {{{"url", "https://a:hush@" + https.substr(8)}}, "", ErrorKind::invalid, "`url` holds"},
      {{{"url", https + "/elsewhere"}}, kPassword, ErrorKind::invalid, "`url`"},
      {{{"user", ""}}, kPassword, ErrorKind::invalid, "`user`"},
      {{{"user", "a\r\nX-Trino-User: admin"}}, kPassword, ErrorKind::invalid, "`user`"}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.says);
    Source source = secure();
    for (const auto& [name, value] : one.options) source.options[name] = value;
    source.secrets["password"] = Secret(one.password);
    const auto opened = open(source);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, one.kind) << opened.error().text();
    EXPECT_THAT(opened.error().text(), HasSubstr(one.says));
    EXPECT_THAT(opened.error().text(), HasSubstr("source lake"));
    EXPECT_FALSE(opened.error().remedy.empty());
    const std::string shown = one.password.empty() ? "no password at all" : one.password;
    EXPECT_THAT(opened.error().text(), Not(HasSubstr(shown)));
  }
}

TEST_F(TrinoSource, LetsItselfInByPasswordOrByToken) {
  Source source = secure();
  source.secrets["password"] = Secret(kPassword);
  auto connection = open(source);
  ASSERT_TRUE(connection.ok()) << connection.error().text();
  EXPECT_EQ(read(**connection, "SELECT current_user")->text, "reader");

  source.secrets = {{"token", Secret(tests::Trino::told("token"))}};
  connection = open(source);
  ASSERT_TRUE(connection.ok()) << connection.error().text();
  EXPECT_EQ(read(**connection, "SELECT current_user")->text, "reader");

  source.secrets["token"] = Secret(tests::Trino::told("token") + "x");
  EXPECT_EQ(open(source).error().kind, ErrorKind::denied);
  source.secrets["password"] = Secret(kPassword);
  EXPECT_EQ(open(source).error().kind, ErrorKind::invalid) << "both";
}

TEST_F(TrinoSource, NamesThePermissionThatIsMissing) {
  trino_.sql("CREATE TABLE hidden AS SELECT 1 AS n");
  auto connection = open();
  const Error error = failing(*connection, "SELECT n FROM hidden");
  EXPECT_EQ(error.kind, ErrorKind::denied) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("hidden"));
  EXPECT_THAT(error.text(), HasSubstr("GRANT SELECT"));
}

// --- What breaks off.

TEST_F(TrinoSource, EndsAQueryThatTakesTooLong) {
  Source source = trino_.source();
  source.options["statement_timeout"] = "1s";
  auto connection = std::move(open(source).value());
  const Error error =
      failing(*connection, "SELECT count(*) FROM many a, many b WHERE (a.id * 31 + b.id) % 7 = 3");
  EXPECT_EQ(error.kind, ErrorKind::unavailable) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("statement_timeout"));
  EXPECT_EQ(read(*connection, "SELECT 1")->text, "1");
  source.options["statement_timeout"] = "soon";
  EXPECT_EQ(open(source).error().kind, ErrorKind::invalid);
}

TEST_F(TrinoSource, AnErrorInMidReadIsNoShortResultAndTellsNoValue) {
  auto connection = open();
  const Error error = failing(*connection,
                              "SELECT CASE WHEN id < 1999999 THEN 1 ELSE CAST(email AS integer) "
                              "END, hash FROM many");
  EXPECT_EQ(error.kind, ErrorKind::invalid) << error.text();
  EXPECT_THAT(error.text(), HasSubstr("Cannot cast"));
  EXPECT_THAT(error.text(), Not(HasSubstr("example.com")));
  EXPECT_EQ(read(*connection, "SELECT 1")->text, "1");
}

TEST_F(TrinoSource, LeavesNoQueryBehind) {
  const auto count = [&](const std::string& mark) {
    return read(*open(), "SELECT count(*) FROM system.runtime.queries WHERE query LIKE '%" + mark +
                             "%' AND query NOT LIKE '%runtime%' AND state NOT IN ('FINISHED', "
                             "'FAILED')")
        ->text;
  };
  {
    auto connection = open();
    auto stream = std::move(
        connection->query({.text = "SELECT id, hash, 'given up' AS g FROM many"}, {}).value());
    EXPECT_EQ(count("given up"), "1");
  }
  EXPECT_EQ(count("given up"), "0");

  std::stop_source stop;
  auto connection = open();
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    stop.request_stop();
  });
  EXPECT_EQ(connection
                ->query({.text = "SELECT count(*) AS cancelled FROM many a, many b WHERE (a.id * "
                                 "31 + b.id) % 7 = 3"},
                        stop.get_token())
                .error()
                .kind,
            ErrorKind::cancelled);
  EXPECT_EQ(count("AS cancelled"), "0");
}

TEST_F(TrinoSource, AValueThatIsTooLargeIsAnErrorAndNoFlood) {
  auto connection = open();
  const Error error =
      failing(*connection, "SELECT array_join(repeat(rpad('x', 10000, 'x'), 8000), '') AS large");
  EXPECT_FALSE(error.text().empty());
  EXPECT_EQ(read(*connection, "SELECT length(rpad('x', 1000000, 'x'))")->text, "1000000");
}

}  // namespace
}  // namespace rollcall::source
