// What one engine says is what all say: formulas and rules over odd values, on DuckDB and on every
// other engine, compared value by value. And names and values that would be SQL if anyone let them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/base.hpp"
#include "world.hpp"

namespace rollcall::sql_tests {
namespace {

constexpr const char* kOdd = R"(
CREATE TABLE odd(id INTEGER, t VARCHAR, u VARCHAR, n BIGINT, d DECIMAL(12, 3), f DOUBLE, small SMALLINT, yes BOOLEAN,
                 day DATE, "at" TIMESTAMP, zoned TIMESTAMPTZ, tags VARCHAR[], ints INTEGER[], floats DOUBLE[]);
INSERT INTO odd VALUES
  (1, 'İΣΟΔΟΣ Éß', 'Straße', 7, 12.500, 2.5, 32767, true, '2000-02-29', '2026-03-29 02:30:00', '2026-01-02 03:04:05.5+00', ['a', NULL, '5'], [1, NULL, 5], [2.5, NULL]),
  (2, '  x' || chr(160), 'e' || chr(769) || '🎈', -7, -12.505, -2.5, -1, false, '2000-06-30', '2026-10-25 02:30:00', '1969-12-31 23:59:59.999999+00', ['b'], [], []),
  (3, '', ' ', 0, 0, 0.285, 0, NULL, '1999-12-31', '2026-02-28 00:00:00', NULL, [], [5], [5]),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (5, chr(9) || 'Tab' || chr(10) || 'line', 'a.b*c', 9007199254740993, 999999999.999, 'nan', 5, true, '2026-03-01', '2026-03-01 12:00:00', '2026-03-01 12:00:00+00', ['it''s', ' 5 ', '5.0', 'x"y\'], [0], [1e20]),
  (6, 'ŉﬁ ǆ Ω', 'back\slash', 100, 0.001, 1e300, 1, false, '2004-02-29', '2025-12-31 23:59:59.999999', '9999-12-31 23:59:59+00', ['5e0', 'abc'], [-5], [0.1]),
  (7, 'Z', 'é', 1, 1, 'infinity', 2, true, '9999-12-31', '1900-01-01 00:00:00', '0001-01-01 00:00:00+00', ['日本'], [2147483647], [1e-7, 2.5]),
  (8, 'a', 'Ä', 2, 2, 1234.5, 3, true, '1970-01-01', '2026-03-01 11:59:59.999999', NULL, ['5.0000000001'], [5, 5], [5, 2.5]),
  (9, 'paris', 'b', 3, -0.5, -0.5, 4, false, '2026-02-28', NULL, NULL, [NULL], [NULL], [NULL]),
  (10, 'PARIS', 'B', 4, 3, 0.1, 5, false, 'infinity', 'infinity', '-infinity', ['PARIS'], [7], [-2.5]);
CREATE TABLE other(id INTEGER, odd_id INTEGER, name VARCHAR, score DOUBLE, price DECIMAL(8, 3), tags VARCHAR[]);
INSERT INTO other VALUES (3, 1, 'late', 0.1, 1.001, ['x', 'y']), (20, 1, 'b', 0.2, 2, ['z']), (100, 1, 'c', 0.3, 2, NULL),
  (4, 2, NULL, NULL, NULL, []), (5, 2, 'ü', 1e-3, 0.5, ['w']), (6, 3, 'z', -0.0, -1, NULL), (7, 5, NULL, 'nan'::DOUBLE, NULL, []),
  (8, 5, NULL, 1, NULL, []), (9, 6, NULL, 'nan'::DOUBLE, NULL, []);
)";

// For an engine that has no infinite dates.
constexpr const char* kFinite = R"(
UPDATE odd SET day = '9999-01-01', "at" = '9999-12-31 23:59:59.999999', zoned = '0001-01-01 00:00:00+00' WHERE id = 10;
)";

const std::vector<std::string> kFormulas = {"lower(t)",
                                            "lower(u)",
                                            "trim(t)",
                                            "trim(u)",
                                            "length(t)",
                                            "length(u)",
                                            "left(t, 3)",
                                            "left(t, -2)",
                                            "right(t, 3)",
                                            "right(u, -1)",
                                            "replace(t, 'A', 'o')",
                                            "replace(u, '', 'x')",
                                            "replace(u, 'b', '')",
                                            "concat(t, '-', n, '-', yes)",
                                            "t || u",
                                            "n || '!'",
                                            "d || '!'",
                                            "f || '!'",
                                            "yes || '!'",
                                            "day || '!'",
                                            "at || '!'",
                                            "concat(ints)",
                                            "n + 1",
                                            "n - small",
                                            "small * small",
                                            "n / small",
                                            "d * 2",
                                            "d + n",
                                            "d / 3",
                                            "f * 2",
                                            "-n",
                                            "-d",
                                            "abs(n)",
                                            "abs(d)",
                                            "abs(f)",
                                            "floor(f)",
                                            "ceil(f)",
                                            "floor(d)",
                                            "round(f)",
                                            "round(f, 1)",
                                            "round(f, 2)",
                                            "round(n * 10, -2)",
                                            "round(d)",
                                            "round(d, 1)",
                                            "round(n / 3, 3)",
                                            "coalesce(t, u, 'none')",
                                            "coalesce(d, 0.125)",
                                            "nullif(n, 7)",
                                            "nullif(t, 'Z')",
                                            "if(f > 1, 'more', 'less')",
                                            "if(t < 'a', 'before', 'after')",
                                            "if(t < u, t, u)",
                                            "if(n is null, 0, n)",
                                            "year(day)",
                                            "month(day)",
                                            "day(day)",
                                            "year(at)",
                                            "day(zoned)",
                                            "days_since(day)",
                                            "years_since(day)",
                                            "days_since(at)",
                                            "years_since(zoned)",
                                            "upper(u)",
                                            "left(t, small - 3)",
                                            "right(u, small - 3)",
                                            "replace(t, u, 'x')",
                                            "replace(t, 'a', u)",
                                            "round(abs(f), small)",
                                            "(f * 10000000) || '!'",
                                            "(f / 100000) || '!'",
                                            "n + 12345678901234567890",
                                            "coalesce(n, -9)",
                                            "if(f < n, 1, 0)",
                                            "if(f <= n, 1, 0)",
                                            "if(n < f, 1, 0)",
                                            "if(n >= f, 1, 0)",
                                            "if(f <> f, 1, 0)",
                                            "if(0 <= f, 1, 0)",
                                            "nullif(f, f)",
                                            "nullif(f, n)",
                                            "if(f = f, 1, 0)",
                                            "if(f > 100000, 1, 0)",
                                            "'it''s; -- ' || t"};

const std::vector<std::string> kRules = {
    "{field: t, op: eq, value: PARIS, ignore_case: true}",
    "{field: t, op: eq, value: \"i\u03c3\u03bf\u03b4\u03bf\u03c3 \u00e9\u00df\", ignore_case: "
    "true}",
    "{field: t, op: starts_with, value: \"\"}",
    "{field: t, op: ends_with, value: \"\"}",
    "{field: t, op: contains, value: \"\"}",
    "{field: t, op: contains, value: ar, ignore_case: true}",
    "{field: t, op: not_contains, value: \"%\"}",
    "{field: u, op: contains, value: \"\\\\\"}",
    "{field: u, op: in, value: [b, \"\u00c4\", \" \"]}",
    "{field: u, op: not_in, value: [b, \"\u00e4\"], ignore_case: true}",
    "{field: t, op: is_blank}",
    "{field: u, op: is_blank}",
    "{field: t, op: matches, value: \"^[A-Z]+$\"}",
    "{field: t, op: matches, value: \"b.l\"}",
    "{field: t, op: matches, value: \"Tab.line\"}",
    "{field: t, op: matches, value: \"Tab\\\\sline$\"}",
    "{field: t, op: matches, value: \"\\\\bline\"}",
    "{field: t, op: matches, value: \"\\\\w\"}",
    "{field: u, op: matches, value: \"\\\\W\"}",
    "{field: u, op: matches, value: \"^\\\\w$\"}",
    "{field: u, op: matches, value: \"\u00c4|\u00e9\", ignore_case: true}",
    "{field: u, op: matches, value: \"^\u00e4$\", ignore_case: true}",
    "{field: u, op: matches, value: strasse, ignore_case: true}",
    "{field: u, op: matches, value: \"STRA\u1e9eE\", ignore_case: true}",
    "{field: u, op: matches, value: \"^stra[r-\u00ff]e$\", ignore_case: true}",
    "{field: u, op: matches, value: \"^stra[^\u00df]\", ignore_case: true}",
    "{field: u, op: matches, value: \"[[:alpha:]]\"}",
    "{field: u, op: matches, value: \"a\\\\.b[*]c\"}",
    "{field: u, op: matches, value: \"[a\\\\-z.]{1,2}?\\\\b\"}",
    "{field: u, op: matches, value: \"(?:s|\\\\\\\\)l\"}",
    "{field: u, op: matches, value: \"\\\\x{1f388}\"}",
    "{field: u, op: matches, value: \"[^\\\\x00-\\\\x7f]\"}",
    "{field: n, op: eq, value: 9007199254740993}",
    "{field: n, op: gt, value: 2.5}",
    "{field: d, op: between, value: [-0.5, 12.5]}",
    "{field: d, op: in, value: [\"0.001\", 3, 12.5]}",
    "{field: f, op: gt, value: 0}",
    "{field: f, op: ne, value: 2.5}",
    "{field: f, op: gte, value: 2.5}",
    "{field: f, op: lt, value: 2.5}",
    "{field: f, op: not_in, value: [2.5, 0.1]}",
    "{field: f, op: between, value: [0, 2.5]}",
    "{none: [{field: f, op: gt, value: 0}]}",
    "{field: n, op: gt, value: -9223372036854775808}",
    "{field: d, op: lt, value: \"12345678901234567890\"}",
    "{field: f, op: lte, value: 0.1}",
    "{field: small, op: gte, value: 40000}",
    "{field: yes, op: is_false}",
    "{field: day, op: on, value: 2000-02-29}",
    "{field: day, op: within_last, value: {months: 1}}",
    "{field: day, op: within_next, value: {years: 200}}",
    "{field: day, op: anniversary_within, value: {days: 60}}",
    "{field: day, op: anniversary_within, value: {years: 2}}",
    "{field: at, op: anniversary_within, value: {weeks: 5}}",
    "{field: at, op: before, value: \"2026-03-29T02:00:00Z\"}",
    "{field: at, op: between, value: [\"2026-10-25 01:30\", \"2026-10-25T01:00:00Z\"]}",
    "{field: at, op: within_last, value: {minutes: 1}}",
    "{field: at, op: not_within_last, value: {months: 3}}",
    "{field: zoned, op: after, value: 1969-12-31}",
    "{field: zoned, op: within_last, value: {years: 100}}",
    "{field: tags, op: has, value: \"5\"}",
    "{field: tags, op: has, value: 5}",
    "{field: tags, op: has_any, value: [\"it's\", \"x\\\"y\\\\\", \"\u65e5\u672c\"]}",
    "{field: tags, op: has_all, value: [a, \"5\"]}",
    "{field: tags, op: is_empty}",
    "{field: tags, op: is_not_empty}",
    "{field: ints, op: has, value: 5}",
    "{field: ints, op: has, value: \"5\"}",
    "{field: ints, op: has_any, value: [-5, 0]}",
    "{field: floats, op: has, value: 2.5}",
    "{field: floats, op: has, value: \"2.5\"}",
    "{none: [{field: floats, op: has, value: 2.5}]}",
    "{field: first_name, op: eq, value: late}",
    "{field: first_tags, op: has, value: x}",
    "{field: sum_score, op: gt, value: 0.6}",
    "{field: max_name, op: eq, value: late}",
    "{related: others, count: {op: gte, value: 2}, where: {field: name, op: ne, value: b}}"};

class Engines : public testing::TestWithParam<std::string> {
 protected:
  // The rows that the engine of the test can have.
  static std::unique_ptr<World> make(const std::string& engine) {
    std::string rows = kOdd;
    if (GetParam() == "trino") rows += kFinite;
    auto world = std::make_unique<World>(rows, engine);
    Model& odd = world->add_model("odd", "odd", "id");
    World::add_relation(odd, RelationKind::has_many, "others", "other", "id", "odd_id");
    for (size_t i = 0; i < kFormulas.size(); ++i)
      World::add_computed(odd, "f" + std::to_string(i), ComputedField::Formula{kFormulas[i]});
    World::add_computed(odd, "first_name", ComputedField::Related{"others", "name"});
    World::add_computed(odd, "first_tags", ComputedField::Related{"others", "tags"});
    World::add_computed(odd, "sum_score",
                        ComputedField::Aggregated{Aggregate::sum, "others", "score"});
    World::add_computed(odd, "avg_score",
                        ComputedField::Aggregated{Aggregate::avg, "others", "score"});
    World::add_computed(odd, "least_score",
                        ComputedField::Aggregated{Aggregate::min, "others", "score"});
    World::add_computed(odd, "greatest_score",
                        ComputedField::Aggregated{Aggregate::max, "others", "score"});
    World::add_computed(odd, "avg_price",
                        ComputedField::Aggregated{Aggregate::avg, "others", "price"});
    World::add_computed(odd, "avg_id", ComputedField::Aggregated{Aggregate::avg, "others", "id"});
    World::add_computed(odd, "max_name",
                        ComputedField::Aggregated{Aggregate::max, "others", "name"});
    World::add_computed(odd, "names",
                        ComputedField::Aggregated{Aggregate::count_distinct, "others", "name"});
    world->add_model("other", "other", "id");
    for (const char* zone : {"Europe/Paris", "America/New_York"}) {
      Model there = odd;
      there.name = zone;
      there.tz = zone;
      world->catalog.models.push_back(there);
    }
    return world;
  }
};

TEST_P(Engines, ReckonsAsDuckdbDoes) {
  const auto duckdb = make("duckdb"), other = make(GetParam());
  std::vector<std::string> fields = {"first_name",  "first_tags",     "sum_score", "avg_score",
                                     "least_score", "greatest_score", "avg_price", "avg_id",
                                     "max_name",    "names"};
  for (const char* plain :
       {"t", "n", "d", "f", "small", "yes", "day", "at", "zoned", "tags", "ints"})
    fields.emplace_back(plain);
  for (size_t i = 0; i < kFormulas.size(); ++i) fields.push_back("f" + std::to_string(i));
  for (const std::string model : {"odd", "Europe/Paris"}) {
    const auto expected = duckdb->values(model, fields), found = other->values(model, fields);
    ASSERT_EQ(found.size(), expected.size());
    for (const auto& [key, values] : expected)
      for (size_t i = 0; i < fields.size(); ++i) {
        const std::string& field = fields[i];
        const bool formula = field[0] == 'f' && field.size() > 1 && std::isdigit(field[1]);
        EXPECT_EQ(found.at(key)[i], values[i])
            << model << " " << key << ": "
            << (formula ? kFormulas[std::stoul(field.substr(1))] : field);
      }
  }
}

TEST_P(Engines, SelectsAsDuckdbDoes) {
  const auto duckdb = make("duckdb"), other = make(GetParam());
  for (const char* model : {"odd", "Europe/Paris", "America/New_York"})
    for (const std::string& text : kRules) {
      SCOPED_TRACE(std::string(model) + ": " + text);
      const Rule rule = rule_of(text);
      const auto expected = duckdb->members(model, rule), found = other->members(model, rule);
      ASSERT_TRUE(expected.ok()) << expected.error().text();
      ASSERT_TRUE(found.ok()) << found.error().text();
      EXPECT_EQ(*found, *expected);
    }
}

TEST_P(Engines, RefusesExpressionsThatNotAllEnginesUnderstandAlike) {
  const auto other = make(GetParam());
  for (const char* pattern :
       {"(?=a)", "(?i)a", "a**", "*a", "(a", "a)", "[a", "[z-a]", "[[:x:]]", "\\\\p{L}", "\\\\1",
        "a{300}", "a{3,2}", "\\\\Qa\\\\E", "\\\\x{110000}", "a\\\\"}) {
    const auto found = other->members(
        "odd", rule_of(std::string("{field: t, op: matches, value: \"") + pattern + "\"}"));
    ASSERT_FALSE(found.ok()) << pattern;
    EXPECT_EQ(found.error().kind, ErrorKind::invalid) << pattern << found.error().text();
    EXPECT_THAT(found.error().text(), testing::HasSubstr("regular expression")) << pattern;
  }
}

TEST(TrinoColumns, AreOfTheirFieldsTypesWhateverTheirOwn) {
  World world("CREATE TABLE one(id INTEGER)", "trino");
  world.trino().sql(
      "CREATE TABLE odd AS SELECT 1 AS id, CAST('ab' AS char(4)) AS padded, X'00ff' AS bytes, "
      "CAST(0.1 AS real) AS small, UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS uuid, TIME "
      "'01:02:03' AS clock, CAST('cd' AS varchar(5)) AS short, TIMESTAMP '2026-01-01 "
      "00:00:00.123456999' AS fine, TIMESTAMP '1969-12-31 23:59:59.999999999 +01:00' AS zoned, "
      "TIMESTAMP '2026-01-01 00:00:00.5' AS coarse, ARRAY[TIMESTAMP '2026-01-01 00:00:00'] AS "
      "times, ARRAY[ARRAY[1], NULL] AS lists, ARRAY[CAST('x' AS char(3))] AS pads, JSON '{\"a\": "
      "1}' AS object");
  world.add_model("odd", "odd", "id");
  const auto value = [&](const std::string& field) {
    return world.values("odd", field).at("1").value_or("null");
  };
  EXPECT_EQ(value("padded"), "ab");
  EXPECT_EQ(value("bytes"), "00ff");
  EXPECT_EQ(value("small"), "0.100000");
  EXPECT_EQ(value("uuid"), "12151fd2-7586-11e9-8f9e-2a86e4085a59");
  EXPECT_EQ(value("clock"), "01:02:03");
  EXPECT_EQ(value("short"), "cd");
  EXPECT_EQ(value("fine"), "1767225600123456");
  EXPECT_EQ(value("zoned"), "-3600000001");
  EXPECT_EQ(value("coarse"), "1767225600500000");
  for (const char* rule :
       {"{field: padded, op: eq, value: ab}", "{field: bytes, op: starts_with, value: \"00\"}",
        "{field: clock, op: eq, value: \"01:02:03\"}",
        "{field: fine, op: between, value: [\"2026-01-01 00:00:00.123456\", \"2026-01-01 "
        "00:00:00.123456\"]}",
        "{field: times, op: has, value: \"2026-01-01 00:00:00\"}",
        "{field: lists, op: has, value: \"[1]\"}", "{field: pads, op: has, value: x}",
        "{field: object, op: is_not_null}"}) {
    const auto found = world.members("odd", rule_of(rule));
    ASSERT_TRUE(found.ok()) << found.error().text();
    EXPECT_EQ(*found, std::vector<int64_t>{1}) << rule;
  }
}

// --- Nothing that people write is SQL.

const std::vector<std::string>& hostile() {
  static const std::vector<std::string> all = {"'",
                                               "''",
                                               "\"",
                                               "\"\"",
                                               "\\",
                                               "\\'",
                                               "\\\\'",
                                               ";",
                                               "--",
                                               "/*",
                                               "*/",
                                               "$$",
                                               "$1",
                                               "?",
                                               ":x",
                                               "%s",
                                               "{0}",
                                               "{}",
                                               "`",
                                               "\n",
                                               "\r\n",
                                               "\t",
                                               "'; DROP TABLE victims; --",
                                               "\"; DROP TABLE victims; --",
                                               "') OR TRUE --",
                                               "\\'; DROP TABLE victims; --",
                                               "$$; DROP TABLE victims; $$",
                                               "1 UNION SELECT 1",
                                               "\u02bc; DROP TABLE victims; --",
                                               "\uff07 OR 1=1",
                                               "\u00a0",
                                               "E'\\n'",
                                               "U&'\\0027'",
                                               "a\u200bb",
                                               "null",
                                               "NaN"};
  return all;
}

class Injection : public testing::TestWithParam<std::string> {};

TEST_P(Injection, ValuesAreOnlyValues) {
  std::string setup = "CREATE TABLE victims(id INTEGER, word VARCHAR, tags VARCHAR[]);";
  for (size_t i = 0; i < hostile().size(); ++i)
    setup += "INSERT INTO victims VALUES (" + std::to_string(i) + ", " +
             duck::literal(hostile()[i]) + ", [" + duck::literal(hostile()[i]) + "]);";
  World world(setup, GetParam());
  world.add_model("victims", "victims", "id");
  for (size_t i = 0; i < hostile().size(); ++i) {
    SCOPED_TRACE(hostile()[i]);
    const Scalar value = hostile()[i];
    const std::vector<int64_t> only = {static_cast<int64_t>(i)};
    const auto is = [&](Op op, Operand operand, const char* field = "word") {
      const auto found = world.members(
          "victims", {.test = FieldTest{.field = field, .op = op, .value = std::move(operand)}});
      EXPECT_TRUE(found.ok()) << found.error().text();
      return found.value_or(std::vector<int64_t>{-1});
    };
    EXPECT_EQ(is(Op::eq, value), only);
    EXPECT_EQ(is(Op::in, std::vector<Scalar>{value}), only);
    EXPECT_EQ(is(Op::has, value, "tags"), only);
    EXPECT_EQ(is(Op::ne, value).size(), hostile().size() - 1);
    EXPECT_THAT(is(Op::contains, value), testing::Contains(only[0]));
    EXPECT_THAT(is(Op::starts_with, value), testing::Contains(only[0]));
    EXPECT_THAT(is(Op::ends_with, value), testing::Contains(only[0]));
    const auto one = world.run(compile::Query{.segment = {.name = "case", .model = "victims"},
                                              .fields = {"id"},
                                              .only = std::pair("tags", hostile()[i])});
    EXPECT_TRUE(one.ok()) << one.error().text();
  }
  EXPECT_EQ(world.members("victims", {.test = AllOf{}})->size(), hostile().size());
}

TEST_P(Injection, RandomValuesAreOnlyValues) {
  const std::vector<std::string> pieces = {
      "'",  "''", "\"",     "\\", ";", "--", "/*",     "*/",     "$$",         "$1",   "\n",
      "\r", "\t", "\u0001", "%",  "_", "{",  "}",      "(",      ")",          ",",    "?",
      ":",  "E'", "U&'",    "a",  "0", " ",  "\u00e9", "\u65e5", "\U0001f388", "NULL", "OR TRUE"};
  SeededRandom random(20);
  std::set<std::string> words;
  while (words.size() < 400) {
    std::string word;
    for (uint64_t n = 1 + random.next() % 8; n > 0; --n)
      word += pieces[random.next() % pieces.size()];
    words.insert(word);
  }
  std::string setup = "CREATE TABLE victims(id INTEGER, word VARCHAR);";
  std::vector<int64_t> chosen;
  std::vector<Scalar> values;
  int64_t id = 0;
  for (const std::string& word : words) {
    setup +=
        "INSERT INTO victims VALUES (" + std::to_string(id) + ", " + duck::literal(word) + ");";
    if (random.next() % 2) {
      chosen.push_back(id);
      values.emplace_back(word);
    }
    ++id;
  }
  World world(setup, GetParam());
  world.add_model("victims", "victims", "id");
  const auto found =
      world.members("victims", {.test = FieldTest{.field = "word", .op = Op::in, .value = values}});
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(*found, chosen);
}

TEST_P(Injection, NamesAreOnlyNames) {
  std::string columns = "id INTEGER", table = "vic\"tims'; DROP TABLE x; --";
  std::vector<std::string> names;
  for (std::string name : hostile()) {
    if (GetParam() == "trino") ascii_lower(name);  // as it keeps them
    if (name.size() < 60) names.push_back(name);
  }
  names.push_back(std::string(60, 'x') + "1");
  for (const std::string& name : names) columns += ", " + duck::identifier(name) + " VARCHAR";
  World world(
      "CREATE TABLE " + duck::identifier(table) + "(" + columns + "); INSERT INTO " +
          duck::identifier(table) + " SELECT 1" +
          [&] {
            std::string values;
            for (size_t i = 0; i < names.size(); ++i) values += ", 'v" + std::to_string(i) + "'";
            return values;
          }(),
      GetParam());
  Model& model = world.add_model("o'dd \"model\"; --", table, "id");
  const std::string same(70, 'y');  // longer than some engines' names may be
  World::add_computed(model, same + "1", ComputedField::Formula{"id + 1"});
  World::add_computed(model, same + "2", ComputedField::Formula{"id + 2"});
  World::add_relation(model, RelationKind::has_many, "re\"l'; --", model.name, "id", "id");
  world.add_segment("se'g\"; --", model.name, rule_of("{field: id, op: eq, value: 1}"));
  for (size_t i = 0; i < names.size(); ++i) {
    SCOPED_TRACE(names[i]);
    const auto value = world.values(model.name, names[i]);
    ASSERT_EQ(value.size(), 1U);
    EXPECT_EQ(value.begin()->second, "v" + std::to_string(i));
  }
  EXPECT_EQ(world.values(model.name, same + "1").at("1"), "2");
  EXPECT_EQ(world.values(model.name, same + "2").at("1"), "3");
  const auto both = world.run(compile::Query{
      .segment = {.name = "case", .model = model.name, .where = rule_of("{all: []}")},
      .fields = {same + "1", same + "2"}});
  ASSERT_TRUE(both.ok()) << both.error().text();
  EXPECT_EQ(both->rows[0][1], "3");
  const auto members =
      world.members(model.name, {.test = AllOf{{{.test = RelatedTest{.relation = "re\"l'; --"}},
                                                {.test = SegmentTest{.segment = "se'g\"; --"}}}}});
  ASSERT_TRUE(members.ok()) << members.error().text();
  EXPECT_EQ(*members, std::vector<int64_t>{1});
}

INSTANTIATE_TEST_SUITE_P(Kinds, Engines, testing::Values("postgres", "trino"),
                         [](const auto& one) { return one.param; });
INSTANTIATE_TEST_SUITE_P(Kinds, Injection, testing::Values("duckdb", "postgres", "trino"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace rollcall::sql_tests
