#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/catalog.hpp"
#include "catalog/example_test.hpp"

namespace rollcall::catalog {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

References references() {
  References out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "ITERABLE_API_KEY") return "secret-key-0123";
    if (name == "PORT") return "5433";
    if (name == "HOST") return "db.example.com";
    return std::nullopt;
  };
  out.file = [](const std::filesystem::path& path) -> Result<std::string> {
    if (path == "/etc/rollcall/key") return std::string("secret-from-file\n");
    if (path == "/work/query.sql") return std::string("select 1 as customer_id\n");
    if (path == "/usr/share/zoneinfo/UTC") return std::string("TZif2");
    if (path == "/usr/share/zoneinfo/Pacific/Chatham") return std::string("TZif2");
    return Error{ErrorKind::not_found, "no such file"};
  };
  out.folder = "/work";
  return out;
}

std::vector<std::string> texts(const ReadResult& result) {
  std::vector<std::string> out;
  for (const Problem& problem : result.problems) out.push_back(to_text(problem, "f.yaml"));
  return out;
}

// Reads what must be right.
Catalog good(std::string_view yaml, const Catalog& stored = {}) {
  ReadResult result = read(yaml, stored, references());
  EXPECT_THAT(texts(result), IsEmpty()) << yaml;
  return std::move(result.catalog);
}

constexpr std::string_view kPeople = R"(version: 1
sources: [{name: s, kind: duckdb, path: x}]
models: [{name: people, source: s, table: t, primary_key: id}]
)";

std::string with_people(std::string_view rest) { return std::string(kPeople) + std::string(rest); }

TEST(ReadTest, ReadsTheWholeExample) {
  const Catalog catalog = good(kExample);
  ASSERT_EQ(catalog.sources.size(), 2U);
  EXPECT_EQ(catalog.sources[0].options.at("path"), "/work/shop.duckdb");
  EXPECT_EQ(catalog.sources[1].options.at("state"), "warehouse");
  ASSERT_EQ(catalog.models.size(), 3U);
  const Model& customers = catalog.models[0];
  EXPECT_EQ(customers.fields[1], (Field{"lifetime_value", "ltv", "Lifetime value"}));
  ASSERT_EQ(customers.computed.size(), 5U);
  const auto& spent = std::get<ComputedField::Aggregated>(customers.computed[1].how);
  EXPECT_EQ(spent.aggregate, Aggregate::sum);
  EXPECT_EQ(std::get<FieldTest>(spent.where->test),
            (FieldTest{"ordered_at", Op::within_last, Duration{Duration::Unit::days, 365}, false}));
  const auto& tier = std::get<ComputedField::Cases>(customers.computed[3].how);
  EXPECT_EQ(tier.cases[1].when, nullptr);
  EXPECT_EQ(tier.cases[1].then, Scalar(std::string("silver")));
  EXPECT_EQ(catalog.models[2].sql, "select *\nfrom addresses\nwhere not deleted\n");
  const auto& all = std::get<AllOf>(catalog.segments[0].where.test);
  const auto& related = std::get<RelatedTest>(all.rules[1].test);
  EXPECT_EQ(related.op, Op::eq);
  EXPECT_EQ(related.value, Operand(Scalar(int64_t{0})));
  EXPECT_EQ(std::get<SegmentTest>(all.rules[2].test), (SegmentTest{"Opted out", false}));
  const Destination& destination = catalog.destinations[0];
  EXPECT_EQ(destination.api_key.reveal(), "secret-key-0123");
  EXPECT_EQ(destination.api_key_reference, "${ITERABLE_API_KEY}");
  EXPECT_EQ(destination.settle, std::chrono::seconds(60));
  EXPECT_EQ(destination.proof, (ProofRules{ProofRules::By::fastest, std::chrono::seconds(30)}));
  const Activation& activation = catalog.activations[0];
  EXPECT_EQ(activation.attributes[1].type, AttributeType::double_);
  EXPECT_TRUE(activation.attributes[1].create);
  EXPECT_EQ(activation.adopt_list, 12345);
  EXPECT_EQ(activation.schedule.every, std::chrono::minutes(15));
  EXPECT_EQ(activation.guard, GuardLimits{});
  EXPECT_EQ(activation.audit_every, std::chrono::hours(24 * 7));
}

TEST(ReadTest, ReadsTheOptionsOfFiles) {
  const Catalog catalog = good(R"(version: 1
sources:
  - {name: a, kind: csv, path: data, header: true, delimiter: "\t", nulls: "NA,-", types: text, sample: 100}
  - {name: b, kind: csv, path: "*.csv", sample: all, state: local}
  - {name: c, kind: duckdb, path: /x/y.duckdb, files: lake, schema: main}
  - {name: d, kind: parquet, path: "s3://bucket/x", union_by_name: true}
)");
  using Options = std::map<std::string, std::string>;
  EXPECT_EQ(catalog.sources[0].options, (Options{{"path", "/work/data"},
                                                 {"header", "true"},
                                                 {"delimiter", "\t"},
                                                 {"nulls", "NA,-"},
                                                 {"types", "text"},
                                                 {"sample", "100"}}));
  EXPECT_EQ(catalog.sources[1].options, (Options{{"path", "/work/*.csv"}, {"sample", "all"}}));
  EXPECT_EQ(catalog.sources[2].options,
            (Options{{"path", "/x/y.duckdb"}, {"files", "/work/lake"}, {"schema", "main"}}));
  EXPECT_EQ(catalog.sources[3].options,
            (Options{{"path", "s3://bucket/x"}, {"union_by_name", "true"}}));
  const std::string written = write(catalog);
  EXPECT_EQ(write(good(written)), written);
}

TEST(ReadTest, RulesPointAtTheNameTheySpeakOf) {
  const Catalog catalog = good(kExample);
  const auto& all = std::get<AllOf>(catalog.segments[0].where.test);
  EXPECT_EQ(all.rules[0].place.line, 52);
  EXPECT_EQ(all.rules[0].place.column, 19);
  EXPECT_EQ(catalog.segments[0].place.line, 46);
}

TEST(ReadTest, FillsAnActivationFromTheDefaults) {
  const Catalog catalog = good(with_people(R"(
segments: [{name: VIPs, model: people}]
destinations:
  - name: It
    api_key: abc
    defaults:
      model: people
      match_key: {type: user_id, field: uid}
      attributes: [{field: a, to: A}]
      schedule: {every: 1h}
      guard: {max_removed: 5}
      on_null: keep
activations:
  - {segment: VIPs, destination: It}
  - {segment: VIPs, destination: It, name: Own, match_key: {type: email, field: mail}, attributes: [],
     schedule: manual, guard: {max_removed_share: 0.5}, on_null: clear}
)"));
  const Activation& plain = catalog.activations[0];
  EXPECT_EQ(plain.name, "VIPs");
  EXPECT_EQ(plain.match_key, (MatchKey{KeyType::user_id, "uid"}));
  EXPECT_EQ(plain.attributes, (std::vector<Attribute>{{"a", "A"}}));
  EXPECT_EQ(plain.schedule.every, std::chrono::hours(1));
  EXPECT_EQ(plain.guard.max_removed, 5);
  EXPECT_EQ(plain.on_null, OnNull::keep);
  const Activation& own = catalog.activations[1];
  EXPECT_EQ(own.match_key, (MatchKey{KeyType::email, "mail"}));
  EXPECT_TRUE(own.attributes.empty());
  EXPECT_EQ(own.schedule.kind, Schedule::Kind::manual);
  EXPECT_EQ(own.guard.max_removed, 5) << "a guard that names one number keeps the others";
  EXPECT_EQ(own.guard.max_removed_share, 0.5);
  EXPECT_EQ(own.on_null, OnNull::clear);
  // Written, each keeps what it has although the defaults say otherwise.
  const Catalog again = good(write(catalog), catalog);
  EXPECT_EQ(again.activations, catalog.activations);
}

TEST(ReadTest, NamesMayLeadToStoredObjects) {
  const Catalog stored = good(kExample);
  const Catalog file = good(R"(version: 1
segments:
  - {name: Big, model: customers, where: {all: [{in_segment: Lapsed VIPs}, {related: orders}]}}
activations:
  - {segment: Big, destination: Iterable}
)",
                            stored);
  EXPECT_EQ(file.activations[0].attributes[0].to, "firstName");
  EXPECT_EQ(file.segments.size(), 1U) << "what is stored is no part of the file";
}

TEST(ReadTest, AStoredObjectIsReachedByItsNewNameAlone) {
  Catalog stored = good(kExample);
  stored.segments[1].id = "opted";
  const ReadResult result = read(R"(version: 1
segments:
  - {name: Unsubscribed, id: opted, model: customers, where: {field: opted_out, op: is_true}}
  - {name: Others, model: customers, where: {in_segment: Opted out}}
)",
                                 stored, references());
  EXPECT_THAT(texts(result), ElementsAre("f.yaml:4:58: there is no segment `Opted out`"));
}

TEST(ReadTest, PausedStaysAsItIsWhereTheFileIsSilent) {
  Catalog stored = good(kExample);
  stored.activations[0].paused = true;
  std::string silent(kExample);
  silent.erase(silent.find("    paused: false\n"));
  EXPECT_TRUE(good(silent, stored).activations[0].paused);
  EXPECT_FALSE(good(kExample, stored).activations[0].paused);
}

TEST(ReadTest, TakesValuesFromTheEnvironmentAndFromFiles) {
  const Catalog catalog = good(R"(version: 1
sources:
  - {name: db, kind: postgres, host: "${HOST}", port: "${PORT}", user: "u-${HOST}-${PORT}",
     password: "file:/etc/rollcall/key"}
models:
  - name: m
    source: db
    primary_key: id
    sql: file:query.sql
  - {name: literal, source: db, primary_key: id, sql: "select '$${HOST}', '$$${x', '$'"}
  - {name: "$file:x", source: db, primary_key: id, table: "$$file:x"}
)");
  const Source& source = catalog.sources[0];
  EXPECT_EQ(source.options.at("host"), "db.example.com");
  EXPECT_EQ(source.options.at("port"), "5433");
  EXPECT_EQ(source.options.at("user"), "u-db.example.com-5433");
  EXPECT_EQ(source.secrets.at("password").reveal(), "secret-from-file");
  EXPECT_EQ(source.secret_references.at("password"), "file:/etc/rollcall/key");
  EXPECT_EQ(catalog.models[0].sql, "select 1 as customer_id");
  EXPECT_EQ(catalog.models[1].sql, "select '${HOST}', '$${x', '$'");
  EXPECT_EQ(catalog.models[2].name, "file:x");
  EXPECT_EQ(catalog.models[2].table, "$file:x");
  const std::string written = write(catalog);
  EXPECT_THAT(written, HasSubstr("password: file:/etc/rollcall/key\n"));
  const Catalog again = good(written);
  EXPECT_EQ(again.models, catalog.models);
  EXPECT_EQ(write(again), written);
}

TEST(ReadTest, ASecretIsNeverShown) {
  constexpr std::string_view kSecret = "secret-key-0123";
  // In the wrong place, and of the wrong kind, where messages quote what they found.
  const ReadResult result = read(R"(version: 1
sources:
  - {name: a, kind: "${ITERABLE_API_KEY}", path: x}
  - {name: b, kind: postgres, port: "${ITERABLE_API_KEY}", password: "${ITERABLE_API_KEY}"}
destinations:
  - {name: d, api_key: "${ITERABLE_API_KEY}", region: "${ITERABLE_API_KEY}", settle: "${ITERABLE_API_KEY}",
     base_url: "${ITERABLE_API_KEY}", project_type: "${ITERABLE_API_KEY}"}
segments:
  - {name: s, model: x, where: {field: f, op: "${ITERABLE_API_KEY}"}}
activations:
  - {segment: s, destination: d, schedule: "${ITERABLE_API_KEY}"}
)",
                                 {}, references());
  EXPECT_GE(result.problems.size(), 8U);
  for (const std::string& text : texts(result)) EXPECT_THAT(text, Not(HasSubstr(kSecret)));

  const Catalog catalog = good(kExample);
  EXPECT_THAT(write(catalog), Not(HasSubstr(kSecret)));
  EXPECT_THAT(to_json(catalog.destinations[0]), Not(HasSubstr(kSecret)));
}

TEST(ReadTest, StoredMeansTheKeyAsItIs) {
  const Catalog typed = good("version: 1\ndestinations: [{name: d, api_key: typed-in-clear}]\n");
  const std::string written = write(typed);
  EXPECT_THAT(written, HasSubstr("api_key: stored\n"));
  const Catalog again = good(written, typed);
  EXPECT_EQ(again.destinations, typed.destinations);

  const Catalog referenced =
      good("version: 1\ndestinations: [{name: d, api_key: \"${ITERABLE_API_KEY}\"}]\n");
  EXPECT_EQ(good(written, referenced).destinations, referenced.destinations)
      << "what it came from stays, too";
  // In quotation marks it is a key like any other.
  EXPECT_EQ(good("version: 1\ndestinations: [{name: d, api_key: \"stored\"}]\n")
                .destinations[0]
                .api_key.reveal(),
            "stored");
}

TEST(ReadTest, ReadsJsonAsWell) {
  const Catalog catalog = good(
      "{\"version\": 1, \"sources\": [{\"name\": \"caf\\u00e9 \\ud83d\\ude00 \\\\ud83d\\\\ude00 "
      "\\/\","
      "\"kind\":\"duckdb\",\"path\":\"x\\\\y\"}]}");
  EXPECT_EQ(catalog.sources[0].name, "café 😀 \\ud83d\\ude00 /");
  EXPECT_EQ(catalog.sources[0].options.at("path"), "/work/x\\y");
}

TEST(ReadTest, ReadsEveryScheduleThereIs) {
  const auto schedule = [](const std::string& text) {
    return good(with_people("segments: [{name: s, model: people}]\n"
                            "destinations: [{name: d, api_key: k}]\n"
                            "activations: [{segment: s, destination: d, match_key: {type: email, "
                            "field: e}, schedule: " +
                            text + "}]\n"))
        .activations[0]
        .schedule;
  };
  EXPECT_EQ(schedule("manual"), Schedule{});
  EXPECT_EQ(schedule("{every: 7d}").every, std::chrono::hours(24 * 7));
  const Schedule weekly = schedule(
      "{recurrences: [{days: [mon, wed], at: \"09:00\", tz: Europe/Paris}, {days: [sun], at: "
      "\"23:59\"}]}");
  ASSERT_EQ(weekly.recurrences.size(), 2U);
  EXPECT_EQ(weekly.recurrences[0], (Recurrence{{"mon", "wed"}, "09:00", "Europe/Paris"}));
  EXPECT_EQ(weekly.recurrences[1].tz, "UTC");
  for (const char* cron : {"0 7 * * *", "*/5 1-5,7 1-31/2 jan-mar MON,fri", "0 0 29 2 *",
                           "0 0 31 2 1", "59 23 31 12 7", "5/15 * * * *"})
    EXPECT_EQ(schedule("{cron: \"" + std::string(cron) + "\"}").cron, cron);
  EXPECT_EQ(schedule("{cron: \"0 7 * * *\", tz: Asia/Tokyo}").tz, "Asia/Tokyo");
}

TEST(ReadTest, TakesEveryTimeZoneOfTheDatabase) {
  const auto read_zone = [](const std::string& zone) {
    return texts(
        read("version: 1\nsources: [{name: s, kind: duckdb, path: x}]\nmodels:\n"
             "  - {name: m, source: s, table: t, primary_key: id, tz: \"" +
                 zone + "\"}\n",
             {}, references()));
  };
  for (const char* zone : {"Pacific/Chatham", "Japan", "GB", "EST5EDT", "Etc/GMT+5", "NZ-CHAT",
                           "America/Argentina/Buenos_Aires", "UTC", "Zulu"})
    EXPECT_THAT(read_zone(zone), IsEmpty()) << zone;
  EXPECT_THAT(
      read_zone("Pacific/Chattam"),
      ElementsAre("f.yaml:4:57: `Pacific/Chattam` is no time zone of the IANA database (did "
                  "you mean `Pacific/Chatham`?); expected a name like `Europe/Paris`, or "
                  "`UTC`"));
  EXPECT_THAT(read_zone("europe/paris"), ElementsAre(HasSubstr("(did you mean `Europe/Paris`?)")));
  EXPECT_THAT(read_zone("Tokyo"), ElementsAre(HasSubstr("(did you mean `Asia/Tokyo`?)")));
  for (const char* none : {"../../../etc/passwd", "posix/Europe/Paris", "right/UTC"})
    EXPECT_THAT(read_zone(none), ElementsAre(HasSubstr("is no time zone"))) << none;
}

TEST(ReadTest, RefusesAPairOfDatesThatIsTurnedRound) {
  const auto refused = [](const std::string& from, const std::string& to) {
    const auto rule =
        read_rule("{field: f, op: between, value: [\"" + from + "\", \"" + to + "\"]}");
    return !rule.ok() && rule.error().text().find("earlier") != std::string::npos;
  };
  EXPECT_TRUE(refused("2026-02-01", "2026-01-31"));
  EXPECT_TRUE(refused("2026-01-31 09:30", "2026-01-31 09:29:59"));
  EXPECT_TRUE(refused("2026-01-31T09:30:00+02:00", "2026-01-31T09:30:00+03:00"));
  EXPECT_TRUE(refused("2026-01-31T09:30:00.5Z", "2026-01-31T09:30:00.4Z"));
  EXPECT_FALSE(refused("2026-01-31", "2026-01-31"));
  EXPECT_FALSE(refused("2026-01-31 09:30", "2026-01-31"));
  EXPECT_FALSE(refused("2026-01-31 09:30:00", "2026-01-31 09:30"));
  EXPECT_FALSE(refused("2026-01-31T09:30:00+03:00", "2026-01-31T09:30:00+02:00"));
  EXPECT_FALSE(refused("2026-01-31 09:30", "2026-01-31T02:00:00Z")) << "in Tokyo it is earlier";
}

TEST(ReadTest, ReadsARuleAlone) {
  const auto rule =
      read_rule(R"({"any": [{"field": "a", "op": "in", "value": ["x", 1, 2.5, true]}]})");
  ASSERT_TRUE(rule.ok()) << rule.error().text();
  const auto& test = std::get<FieldTest>(std::get<AnyOf>(rule->test).rules[0].test);
  EXPECT_EQ(test.value, Operand(std::vector<Scalar>{std::string("x"), int64_t{1}, 2.5, true}));
  const auto wrong = read_rule("{field: a, op: eqq, value: 1}");
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(
      wrong.error().text(),
      testing::StartsWith("line 1, column 16: there is no operator `eqq` (did you mean `eq`?)"));
  EXPECT_THAT(wrong.error().message, testing::StartsWith("there is no operator `eqq`"));
  EXPECT_EQ(wrong.error().code, "operator_unknown");
  EXPECT_EQ(wrong.error().place, (ErrorPlace{.line = 1, .column = 16, .pointer = "/where/op"}));
  EXPECT_EQ(read_rule(R"({"all": [{"field": "a", "op": "is_null"}, {"feild": "b"}]})")
                .error()
                .place->pointer,
            "/where/all/1");
}

TEST(ReadTest, NamesTheNodeOfEachProblem) {
  const auto found = read(R"(version: 1
"a/b~": 1
segments:
  - {name: VIPs, model: people, where: {all: [{field: a, op: is_null, valeu: 1}]}}
  - {name: "", model: people}
)",
                          {}, {});
  std::vector<std::string> pointers, codes;
  for (const Problem& problem : found.problems) {
    pointers.push_back(problem.pointer);
    codes.push_back(problem.code);
  }
  EXPECT_THAT(pointers, ElementsAre("/a~1b~0", "/segments/0/model", "/segments/0/where/all/0/valeu",
                                    "/segments/1/name", "/segments/1/model"));
  EXPECT_THAT(codes, ElementsAre("key_unknown", "model_unknown", "key_unknown", "value_invalid",
                                 "model_unknown"));
}

TEST(ReadTest, GivesNoPlaceToWhatIsStored) {
  const auto segment = segment_from_json(
      R"({"name": "VIPs", "model": "m", "where": {"any": [{"field": "a", "op": "is_null"}]}})");
  ASSERT_TRUE(segment.ok());
  EXPECT_EQ(segment->place.line, 0);
  EXPECT_EQ(segment->where.place.line, 0);
  EXPECT_EQ(std::get<AnyOf>(segment->where.test).rules[0].place.line, 0);
}

TEST(ReadTest, RefusesWhatIsTooLarge) {
  EXPECT_THAT(texts(read(std::string((4 << 20) + 1, 'x'), {}, {})),
              ElementsAre("f.yaml:1:1: too large: at most 4,194,304 bytes"));
  EXPECT_THAT(texts(read(std::string(100'000, '['), {}, {})),
              ElementsAre(HasSubstr("nested too deeply: at most 64 levels")));
  EXPECT_THAT(texts(read(std::string(100'000, '{'), {}, {})),
              ElementsAre(HasSubstr("nested too deeply: at most 64 levels")));
  const auto nested = [](size_t levels) {
    return texts(
        read("version: 1\nx: " + std::string(levels, '[') + std::string(levels, ']'), {}, {}));
  };
  EXPECT_THAT(nested(63), ElementsAre(HasSubstr("no key `x`")));
  EXPECT_THAT(nested(64), ElementsAre("f.yaml:2:67: nested too deeply: at most 64 levels"));
  std::string deep = "version: 1\n";
  for (int i = 0; i < 1000; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(texts(read(deep, {}, {})), ElementsAre(HasSubstr("nested too deeply")));
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) laughs += (k ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_THAT(texts(read(laughs, {}, {})),
              ElementsAre(HasSubstr("too much: at most 200,000 values")));
  std::string many = "version: 1\n";
  for (int i = 0; i < 300; ++i) many += "x" + std::to_string(i) + ": 1\n";
  const auto problems = texts(read(many, {}, {}));
  EXPECT_EQ(problems.size(), 101U);
  EXPECT_THAT(problems.back(), HasSubstr("and 200 more problems"));
}

TEST(ReadTest, RefusesWhatIsNoPlainText) {
  EXPECT_THAT(texts(read("version: 1\n# \xff\n", {}, {})),
              ElementsAre("f.yaml:1:1: not UTF-8: save the file in that encoding"));
  EXPECT_THAT(texts(read(std::string_view("version: 1\nab\0c", 15), {}, {})),
              ElementsAre("f.yaml:2:3: a control character: a catalog is plain text"));
  EXPECT_THAT(texts(read("version: 1\nx: \x04", {}, {})),
              ElementsAre(HasSubstr("a control character")));
  EXPECT_THAT(texts(read("version: 1\nx: \"\\0\"", {}, {})),
              testing::Contains(HasSubstr("must not hold the character NUL")));
  EXPECT_THAT(texts(read("\xef\xbb\xbfversion: 1\r\nsources: []\r\n", {}, {})), IsEmpty());
}

}  // namespace
}  // namespace rollcall::catalog
