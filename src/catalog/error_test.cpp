// What people are told: files in, the exact lines out. A line is FILE:LINE:COLUMN, what is wrong,
// what was expected, the nearest right spelling.
#include <gtest/gtest.h>

#include "catalog/catalog.hpp"

namespace rollcall::catalog {
namespace {

std::string problems_of(std::string_view yaml) {
  References references;
  references.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "KEY") return "k123";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  references.file = [](const std::filesystem::path&) -> Result<std::string> {
    return Error{ErrorKind::not_found, "no such file"};
  };
  references.folder = "/work";
  std::string out;
  for (const Problem& problem : read(yaml, {}, references).problems)
    out += to_text(problem, "f.yaml") + "\n";
  return out;
}

TEST(ErrorTest, NamesWhatIsNotYaml) {
  EXPECT_EQ(problems_of(R"y(version: 1
x: "abc
)y"),
            R"p(f.yaml:2:4: the quotation mark opened here is never closed
)p");
  EXPECT_EQ(
      problems_of(R"y(version: 1
	x: 3
)y"),
      R"p(f.yaml:2:1: this is not YAML: illegal tab when looking for indentation (indent with spaces: this line has a tab)
)p");
  EXPECT_EQ(problems_of(R"y(a: [1, 2
b: 3
)y"),
            R"p(f.yaml:2:2: this is not YAML: a `[` is not closed where it should be
)p");
  EXPECT_EQ(
      problems_of(R"y(a: b: c
)y"),
      R"p(f.yaml:1:5: this is not YAML: a `: ` too many: put text that holds one in quotation marks
)p");
  EXPECT_EQ(
      problems_of(R"y(a: @b
)y"),
      R"p(f.yaml:1:4: this is not YAML: text cannot begin with this character: put it in quotation marks
)p");
  EXPECT_EQ(problems_of(R"y(a: *b
)y"),
            R"p(f.yaml:1:4: this is not YAML: this alias names nothing that stands above it
)p");
  EXPECT_EQ(problems_of(R"y(a: &x [*x]
)y"),
            R"p(f.yaml:1:8: this alias stands inside what it names
)p");
  EXPECT_EQ(problems_of(R"y(a:
  - b
 c: d
)y"),
            R"p(f.yaml:3:2: this is not YAML: the indentation does not fit the lines above
)p");
  EXPECT_EQ(
      problems_of(R"y(a: {b: ${KEY}}
)y"),
      R"p(f.yaml:1:9: this is not YAML: a `{` is not closed where it should be (inside `{}` a reference stands in quotation marks: "${NAME}")
)p");
  EXPECT_EQ(problems_of(R"y(version: 1
---
version: 1
)y"),
            R"p(f.yaml:3:1: a second YAML document: one file is one document
)p");
  EXPECT_EQ(problems_of(R"y(version: !!int 1
)y"),
            R"p(f.yaml:1:10: YAML tags are not used here: leave `tag:yaml.org,2002:int` out
f.yaml:1:10: `version` must be a whole number, found text `1`
)p");
  EXPECT_EQ(problems_of(R"y(version: 1
? [x]
: y
)y"),
            R"p(f.yaml:2:3: a key must be a word, found a list
)p");
  EXPECT_EQ(problems_of(R"y(version: 1
version: 1
)y"),
            R"p(f.yaml:2:1: the key `version` stands here twice
)p");
  EXPECT_EQ(problems_of(R"y()y"),
            R"p(f.yaml:1:1: a catalog is a map that begins with `version: 1`, found nothing
)p");
}

TEST(ErrorTest, CountsColumnsInCharacters) {
  EXPECT_EQ(problems_of(R"y(version: 1
sources: [{name: Zoë 李, kindd: x}]
)y"),
            R"p(f.yaml:2:11: a source needs `kind`
f.yaml:2:25: a source has no key `kindd` (did you mean `kind`?)
)p");
}

TEST(ErrorTest, NamesWrongTopLevelKeys) {
  EXPECT_EQ(problems_of(R"y(version: 2
)y"),
            R"p(f.yaml:1:10: version 2 is not known here: expected `version: 1`
)p");
  EXPECT_EQ(problems_of(R"y(sources: []
)y"),
            R"p(f.yaml:1:1: a catalog needs `version`
)p");
  EXPECT_EQ(problems_of(R"y(- a
)y"),
            R"p(f.yaml:1:1: a catalog is a map that begins with `version: 1`, found a list
)p");
  EXPECT_EQ(problems_of(R"y(hello
)y"),
            R"p(f.yaml:1:1: a catalog is a map that begins with `version: 1`, found text `hello`
)p");
  EXPECT_EQ(problems_of(R"y(version: 1
sorces: []
x: 1
models: 12
)y"),
            R"p(f.yaml:2:1: a catalog has no key `sorces` (did you mean `sources`?)
f.yaml:3:1: a catalog has no key `x`; expected one of version, sources, models, segments, destinations, activations
f.yaml:4:9: `models` must be a list, found the number 12
)p");
  EXPECT_EQ(problems_of(R"y(version: one
models: [a]
)y"),
            R"p(f.yaml:1:10: `version` must be a whole number, found text `one`
f.yaml:2:10: `models` must be a list of maps (a model), found text `a`
)p");
}

TEST(ErrorTest, NamesEveryProblemOfSources) {
  EXPECT_EQ(problems_of(R"y(version: 1
sources:
  - {name: a, kind: duckdb, pth: x}
  - {name: a, kind: duckbd, path: x, whatever: 1}
  - {name: c, kind: csv, path: x, header: yes, delimiter: ","}
  - {name: d, kind: postgres, url: "postgres://u:p@h/db"}
  - {name: e, kind: postgres, host: h, port: 99999, password: "${NOPE}"}
  - {name: f, kind: trino, url: ftp://x, state: warehous, state_schema: y}
  - {name: " g", kind: parquet, path: ,}
  - kind: parquet
    path: ""
  - {name: "${KEY", kind: duckdb, path: "${EMPTY}", id: 5}
  - {name: "", kind: duckdb, path: x}
  - {name: "a\tb", kind: duckdb, path: x}
  - {name: h, kind: postgres, password: stored}
  - {name: i, kind: postgres, password: ""}
  - {name: j, kind: postgres, password: "${EMPTY}"}
  - {name: k, kind: postgres, password: [1]}
  - {name: l, kind: postgres, password: "file:/nowhere"}
  - {name: m, id: "1", kind: duckdb, path: x}
  - {name: n, id: "1", kind: duckdb, path: x}
  - {name: o, kind: csv, path: x, types: texts, sample: 0}
  - {name: p, kind: csv, path: x, sample: some, state: warehouse}
  - {name: q, kind: postgres, sslmode: requires, statement_timeout: 500ms}
)y"),
            R"p(f.yaml:3:5: a source needs `path`
f.yaml:3:29: a source has no key `pth` (did you mean `path`?)
f.yaml:4:12: the source `a` stands here twice
f.yaml:4:21: `kind` must be one of csv, delta, duckdb, iceberg, mysql, parquet, postgres, sqlite, trino, found text `duckbd` (did you mean `duckdb`?)
f.yaml:5:43: `header` must be true or false, found text `yes`
f.yaml:6:36: `url` must not hold a password: it would be shown; write it under its own key
f.yaml:7:46: `port` must be from 1 to 65535
f.yaml:7:63: the environment variable `NOPE` is not set: set it, or write the value here
f.yaml:8:5: a source needs `user`
f.yaml:8:33: `url` must be an address that starts with http:// or https://
f.yaml:8:49: `state` must be one of local, warehouse, found text `warehous` (did you mean `warehouse`?)
f.yaml:8:73: `state_schema` goes with `state: warehouse`
f.yaml:9:12: `name` begins or ends with a space
f.yaml:9:39: `path` has no value: write one, or leave the key out
f.yaml:10:5: a source needs `name`
f.yaml:11:11: `path` is empty
f.yaml:12:12: `${` opens a reference to the environment, written `${NAME}`; for the characters themselves write `$${`
f.yaml:12:41: `path` is empty
f.yaml:12:57: `id` must be text, found the number 5: in quotation marks ("5") it is text
f.yaml:13:12: `name` is empty
f.yaml:14:12: `name` must be one line without control characters
f.yaml:15:41: `password: stored` means the value kept from before, and there is none: write `${NAME}`, `file:PATH` or the value
f.yaml:16:41: `password` is empty
f.yaml:17:41: `password` is empty: what `${EMPTY}` holds is no value
f.yaml:18:41: `password` must be text: `${NAME}`, `file:PATH`, `stored` or the value
f.yaml:19:41: `file:/nowhere` cannot be read: no such file
f.yaml:21:19: the id `1` stands here twice
f.yaml:22:42: `types` must be one of detect, text, found text `texts` (did you mean `text`?)
f.yaml:22:57: `sample` must be `all` or from 1 to 999999999 rows
f.yaml:23:43: `sample` must be a whole number, found text `some`
f.yaml:23:56: a csv source cannot keep snapshots: leave `state` out, or write `local`
f.yaml:24:40: `sslmode` must be one of disable, allow, prefer, require, verify-ca, verify-full, found text `requires` (did you mean `require`?)
f.yaml:24:69: `statement_timeout` must be from 1s to 24d
)p");
}

TEST(ErrorTest, NamesEveryProblemOfModels) {
  EXPECT_EQ(problems_of(R"y(version: 1
sources:
  - {name: shop, kind: duckdb, path: x}
models:
  - {name: m, type: user, source: shp, table: t, sql: s, tz: Europe/Pariss}
  - {name: m, source: shop}
  - name: n
    source: shop
    table: 12
    primary_key: id
    fields: [{name: a}, {name: a}, {nam: b}]
    computed:
      - {name: a, formula: x}
      - {name: c, aggregate: sum, relation: ordrs}
      - {name: d, aggregate: count, relation: orders, field: x}
      - {name: e, aggregate: summ, relation: orders, field: x}
      - {name: f, formula: x, cases: []}
      - {name: g}
      - {name: h, cases: [{then: a}, {then: b}]}
      - {name: i, related: order, field: x}
      - {name: j, cases: []}
      - {name: k, cases: [{when: {field: a}, then: [1]}]}
      - {name: l, formula: " "}
    relations:
      - {name: orders, kind: has_meny, model: m, key: a, foreign_key: b}
      - {name: o2, kind: many_to_many, model: zz, key: a, foreign_key: b}
      - {name: o3, kind: has_many, model: m, key: a, through: m}
)y"),
            R"p(f.yaml:5:5: a model needs `primary_key`
f.yaml:5:21: `type` must be one of users, events, custom, found text `user` (did you mean `users`?)
f.yaml:5:35: there is no source `shp` (did you mean `shop`?)
f.yaml:5:55: a model has `table` or `sql`, not both
f.yaml:5:62: `Europe/Pariss` is no time zone of the IANA database (did you mean `Europe/Paris`?); expected a name like `Europe/Paris`, or `UTC`
f.yaml:6:5: a model needs `table` or `sql`
f.yaml:6:5: a model needs `primary_key`
f.yaml:6:12: the model `m` stands here twice
f.yaml:9:12: `table` must be text, found the number 12: in quotation marks ("12") it is text
f.yaml:11:32: the field `a` stands here twice
f.yaml:11:36: a field needs `name`
f.yaml:11:37: a field has no key `nam` (did you mean `name`?)
f.yaml:13:16: `a` is a field already: a computed field needs a name of its own
f.yaml:14:9: a computed field needs `field`
f.yaml:14:45: the model `n` has no relation `ordrs` (did you mean `orders`?)
f.yaml:15:62: `count` counts rows and takes no `field`; for its values there is count_distinct
f.yaml:16:30: `aggregate` must be one of count, count_distinct, sum, avg, min, max, found text `summ` (did you mean `sum`?)
f.yaml:17:38: a computed field is one of aggregate, formula, cases, related; found formula and cases
f.yaml:18:16: a computed field is one of aggregate, formula, cases, related; found none
f.yaml:19:26: only the last case may have no `when`: what follows it is never reached
f.yaml:20:28: the model `n` has no relation `order` (did you mean `orders`?)
f.yaml:21:26: `cases` needs at least one case
f.yaml:22:34: a rule with `field` needs `op`
f.yaml:22:52: `then` must be one value (text, a number, true or false), found a list
f.yaml:23:28: `formula` is empty
f.yaml:25:30: `kind` must be one of has_many, belongs_to, many_to_many, found text `has_meny` (did you mean `has_many`?)
f.yaml:26:26: a many_to_many relation needs `through`, `through_key` and `through_foreign_key`: the model in between and its two fields
f.yaml:26:47: there is no model `zz`
f.yaml:27:9: a relation needs `foreign_key`
f.yaml:27:63: `through` goes with `kind: many_to_many`
)p");
}

TEST(ErrorTest, NamesEveryProblemOfRules) {
  EXPECT_EQ(
      problems_of(R"y(version: 1
sources: [{name: s, kind: duckdb, path: x}]
models:
  - {name: people, source: s, table: t, primary_key: id, relations: [
      {name: orders, kind: has_many, model: orders, key: id, foreign_key: pid}]}
  - {name: orders, type: events, source: s, table: o}
segments:
  - {name: a, model: people, where: {al: []}}
  - {name: b, model: people, where: []}
  - {name: c, model: people, where: {}}
  - {name: d, model: people, where: }
  - {name: e, model: people, where: {field: x, op: gte}}
  - {name: h, model: people, where: {field: x, op: in, value: 3}}
  - {name: i, model: people, where: {field: x, op: in, value: []}}
  - {name: j, model: people, where: {field: x, op: between, value: [3]}}
  - {name: k, model: people, where: {field: x, op: between, value: [3, 2.5]}}
  - {name: l, model: people, where: {field: x, op: within_last, value: 90}}
  - {name: m, model: people, where: {field: x, op: within_last, value: {day: 90}}}
  - {name: n, model: people, where: {field: x, op: within_last, value: {days: 90.5}}}
  - {name: o, model: people, where: {field: x, op: within_last, value: {days: 90, hours: 1}}}
  - {name: p, model: people, where: {field: x, op: is_null, value: 1}}
  - {name: q, model: people, where: {field: x, op: gt, value: 1, ignore_case: true}}
  - {name: r, model: people, where: {field: x, op: eq, value: 99999999999999999999}}
  - {name: s, model: people, where: {field: x, op: eq, value: 007}}
  - {name: t, model: people, where: {field: x, op: eq, value: 1e999}}
  - {name: u, model: people, where: {field: x, op: contains, value: 12}}
  - {name: v, model: people, where: {related: order}}
  - {name: w, model: people, where: {related: orders, count: {op: contains, value: 1}}}
  - {name: x, model: people, where: {related: orders, count: {op: gte, value: -1}}}
  - {name: y, model: people, where: {related: orders, count: 3}}
  - {name: z, model: people, where: {in_segment: Opted}}
  - {name: A, model: people, where: {not_in_segment: B}}
  - {name: B, model: people, where: {any: [{in_segment: A}]}}
  - {name: C, model: people, where: {related: orders, where: {in_segment: A}}}
  - {name: D, model: orders, where: {in_segment: A}}
  - {name: E, model: peple, where: {all: [], any: []}, tags: vip}
  - {name: F, model: people, where: {field: x, op: eq, value: 1, case: 3}}
  - {name: G, model: people, where: {field: x, op: on, value: 20260101}}
  - {name: G, model: people, description: [x]}
  - {name: H, model: people, where: {all: {field: x, op: eq, value: 1}}}
  - {name: I, model: people, where: {field: x, op: eq, value: null}}
  - {name: J, model: people, where: {field: x, op: within_last, value: {days: 9000000}}}
)y"),
      R"p(f.yaml:8:37: a rule has one of the keys all, any, none, field, related, in_segment, not_in_segment, found `al` (did you mean `all`?)
f.yaml:9:37: `where` must be one rule, found a list: write `{all: [...]}` or `{any: [...]}` around it
f.yaml:10:37: a rule has one of the keys all, any, none, field, related, in_segment, not_in_segment; for everyone write {all: []}
f.yaml:11:37: `where` has no value: write one, or leave the key out
f.yaml:12:37: `gte` needs a `value`
f.yaml:13:63: `value` must be a list of values like [a, b], found the number 3
f.yaml:14:63: `in` needs at least one value in its list
f.yaml:15:68: `between` needs two values, the lower and the upper, found 1
f.yaml:16:68: `between` needs the lower or earlier value first: as it stands nobody can match
f.yaml:17:72: `value` must be a span like {days: 90}, in one of minutes, hours, days, weeks, months, years, found the number 90
f.yaml:18:72: `value` must be a span like {days: 90}, in one of minutes, hours, days, weeks, months, years, found a map (did you mean `days`?)
f.yaml:19:79: `days` must be a whole number, found the number 90.5
f.yaml:20:72: `value` must be a span like {days: 90}, in one of minutes, hours, days, weeks, months, years, found a map
f.yaml:21:68: `is_null` takes no value
f.yaml:22:79: `gt` has no `ignore_case`: only operators of text do
f.yaml:23:63: `value` is beyond what can be held exactly: whole numbers go up to 9223372036854775807, others up to about 1.8e308
f.yaml:24:63: `value` is a number with a leading zero: write it without, or in quotation marks if it is text
f.yaml:25:63: `value` is beyond what can be held exactly: whole numbers go up to 9223372036854775807, others up to about 1.8e308
f.yaml:26:69: `value` must be text, found the number 12: in quotation marks ("12") it is text
f.yaml:27:47: the model `people` has no relation `order` (did you mean `orders`?)
f.yaml:28:67: there is no operator `contains` here; expected one of eq, ne, gt, gte, lt, lte, between, in, not_in
f.yaml:29:79: a count is a whole number from 0 up
f.yaml:30:62: `count` must be a map like {op: gte, value: 2}, found the number 3
f.yaml:31:50: there is no segment `Opted`
f.yaml:32:5: defined by way of itself: segment `A` → segment `B` → segment `A`
f.yaml:34:75: the segment `A` is of the model `people`, and this rule of `orders`: only segments of one model can be compared
f.yaml:35:50: the segment `A` is of the model `people`, and this rule of `orders`: only segments of one model can be compared
f.yaml:36:22: there is no model `peple` (did you mean `people`?)
f.yaml:36:36: a rule has one of the keys all, any, none, field, related, in_segment, not_in_segment, found all and any: put several rules into the list of an `all` or `any`
f.yaml:36:62: `tags` must be a list, found text `vip`
f.yaml:37:66: a rule with `field` has no key `case`; expected one of field, op, value, ignore_case
f.yaml:38:63: `value` must be a date like 2026-01-31, a time like 2026-01-31T12:00:00Z or a span like {days: 90}, found the number 20260101
f.yaml:39:12: the segment `G` stands here twice
f.yaml:39:43: `description` must be text, found a list
f.yaml:40:43: `all` must be a list, found a map
f.yaml:41:63: `value` must be one value (text, a number, true or false), found nothing
f.yaml:42:79: `days` must be from 0 to 73000
)p");
}

TEST(ErrorTest, ListsTheOperatorsThereAre) {
  EXPECT_EQ(
      problems_of(R"y(version: 1
sources: [{name: s, kind: duckdb, path: x}]
models:
  - {name: people, source: s, table: t, primary_key: id, relations: [
      {name: orders, kind: has_many, model: orders, key: id, foreign_key: pid}]}
  - {name: orders, type: events, source: s, table: o}
segments:
  - {name: f, model: people, where: {field: x, op: ">=", value: 3}}
  - {name: g, model: people, where: {field: x, op: gtee, value: 3}}
)y"),
      R"p(f.yaml:8:52: there is no operator `>=` (did you mean `gte`?) here; expected one of eq, ne, gt, gte, lt, lte, between, in, not_in, contains, not_contains, starts_with, ends_with, matches, is_null, is_not_null, is_blank, is_true, is_false, before, after, on, within_last, not_within_last, within_next, anniversary_within, has, has_any, has_all, is_empty, is_not_empty
f.yaml:9:52: there is no operator `gtee` (did you mean `gte`?) here; expected one of eq, ne, gt, gte, lt, lte, between, in, not_in, contains, not_contains, starts_with, ends_with, matches, is_null, is_not_null, is_blank, is_true, is_false, before, after, on, within_last, not_within_last, within_next, anniversary_within, has, has_any, has_all, is_empty, is_not_empty
)p");
}

TEST(ErrorTest, NamesCyclesThroughComputedFields) {
  EXPECT_EQ(
      problems_of(R"y(version: 1
sources: [{name: s, kind: duckdb, path: x}]
models:
  - name: people
    source: s
    table: t
    primary_key: id
    computed:
      - {name: a, cases: [{when: {field: b, op: is_true}, then: 1}]}
      - {name: b, cases: [{when: {in_segment: loop}, then: true}]}
segments:
  - {name: loop, model: people, where: {field: a, op: eq, value: 1}}
)y"),
      R"p(f.yaml:12:5: defined by way of itself: segment `loop` → computed field `a` of `people` → computed field `b` of `people` → segment `loop`
)p");
}

TEST(ErrorTest, NamesEveryProblemOfDestinations) {
  EXPECT_EQ(
      problems_of(R"y(version: 1
sources: [{name: s, kind: duckdb, path: x}]
models:
  - {name: people, source: s, table: t, primary_key: id}
  - {name: orders, type: events, source: s, table: o}
segments: [{name: VIPs, model: people}, {name: Big orders, model: orders}]
destinations:
  - {name: It, project_type: hybird, api_key: stored, region: uk, base_url: "htp://x"}
  - {name: Em, project_type: email, api_key: "${KEY}", region: eu}
  - {name: Us, project_type: user_id, api_key: abc, platform: braze, service: contact_list, settle: 60,
     defaults: {match_key: {type: email, field: e}, model: peeple}}
  - {name: Ok, project_type: user_id, api_key: "${KEY}", settle: 2h}
  - {name: No, api_key: "${EMPTY}", base_url: "http://u@x?y"}
  - {name: No key}
  - {name: Lines, api_key: "a\nb"}
  - {name: Soon, api_key: "${KEY}", proof: {by: lookup, max_age: 0s}}
  - {name: Late, api_key: "${KEY}", proof: {max_age: 16m, at: noon}}
  - {name: Odd, api_key: "${KEY}", proof: fastest}
)y"),
      R"p(f.yaml:8:30: `project_type` must be one of email, user_id, hybrid, found text `hybird` (did you mean `hybrid`?)
f.yaml:8:47: `api_key: stored` means the value kept from before, and there is none: write `${NAME}`, `file:PATH` or the value
f.yaml:8:63: `region` must be one of us, eu, found text `uk` (did you mean `us`?)
f.yaml:8:77: `base_url` must be an address that starts with http:// or https://
f.yaml:9:64: Iterable's EU data centre has no projects of type email: use `region: us`, or correct `project_type`
f.yaml:10:63: `platform` must be one of iterable, found text `braze`
f.yaml:10:79: `service` must be one of contact_lists, found text `contact_list` (did you mean `contact_lists`?)
f.yaml:10:101: `settle` must be a time span like 60s, 15m, 1h or 7d, found the number 60
f.yaml:11:16: in a project of type user_id an e-mail address identifies nobody: match by `type: user_id`
f.yaml:11:60: there is no model `peeple` (did you mean `people`?)
f.yaml:12:66: `settle` must be at most 1h
f.yaml:13:25: `api_key` is empty: what `${EMPTY}` holds is no value
f.yaml:13:47: `base_url` must be a plain address without user, query or fragment
f.yaml:14:5: a destination needs `api_key`
f.yaml:15:28: `api_key` must be one line of at most 4096 bytes
f.yaml:16:49: `by` must be one of look_up, fastest, found text `lookup` (did you mean `look_up`?)
f.yaml:16:66: `max_age` must be at least 1s and at most 15m
f.yaml:17:54: `max_age` must be at least 1s and at most 15m
f.yaml:17:59: a proof has no key `at`; expected one of by, max_age
f.yaml:18:43: `proof` must be a map (a proof), found text `fastest`
)p");
}

TEST(ErrorTest, NamesEveryProblemOfActivations) {
  EXPECT_EQ(problems_of(R"y(version: 1
sources: [{name: s, kind: duckdb, path: x}]
models:
  - {name: people, source: s, table: t, primary_key: id}
  - {name: orders, type: events, source: s, table: o}
segments: [{name: VIPs, model: people}, {name: Big orders, model: orders}]
destinations:
  - {name: It, project_type: hybrid, api_key: "${KEY}"}
  - name: Ids
    project_type: user_id
    api_key: "${KEY}"
    defaults: {model: orders, match_key: {type: user_id, field: uid}}
activations:
  - {segment: VIPs, destination: It}
  - {segment: VIPs, destination: Ids}
  - {segment: Big orders, destination: Ids}
  - {segment: VIP, destination: Itt, match_key: {type: phone, field: x}}
  - {segment: VIPs, destination: Ids, name: by mail, match_key: {type: email, field: x}}
  - segment: VIPs
    destination: It
    match_key: {type: email, field: x}
    attributes:
      - {field: a, to: email}
      - {field: a, to: x}
      - {field: b, to: x, type: text}
      - {field: b, to: y, type: long, merge: true}
      - {field: b, to: emailListIds}
      - {field: b, to: geo, create: true, type: geo_location}
      - {feild: b, to: z}
    on_null: drop
    list: {adopt: 0}
    foreign_members: delete
    guard: {max_removed_share: 30, max_removed: -1, max_added_share: x, max_cleared_share: 1.1,
            allow_empty: no, maxremoved: 1}
    audit: weekly
    schedule: {every: 1m}
    paused: maybe
  - {segment: VIPs, destination: It, name: a, match_key: {type: email, field: x}, list: {adopt: 5}}
  - {segment: VIPs, destination: It, name: a, match_key: {type: email, field: x}, list: {adopt: 5}}
)y"),
            R"p(f.yaml:14:5: an activation needs `match_key`
f.yaml:15:5: an activation needs `match_key`: the defaults of `Ids` are for the model `orders`, and the segment `VIPs` is of `people`
f.yaml:16:5: the segment `Big orders` is of the model `orders`, which is of type events: only people can be put on a list, so its model must be of type users
f.yaml:17:15: there is no segment `VIP` (did you mean `VIPs`?)
f.yaml:17:33: there is no destination `Itt` (did you mean `It`?)
f.yaml:17:56: `type` must be one of email, user_id, found text `phone`
f.yaml:18:65: `Ids` is a project of type user_id, where an e-mail address identifies nobody: match by `type: user_id`
f.yaml:19:5: `It` has an activation `VIPs` already, in line 14: the name is the list's, so each needs its own; write a `name`
f.yaml:23:24: `email` says who a contact is and cannot be written as an attribute: the match key names people
f.yaml:25:24: Iterable's field `x` stands here twice
f.yaml:25:33: `type` must be one of string, long, double, boolean, date, object, geo_location, found text `text`
f.yaml:26:46: `merge` is for objects: write `type: object`, or leave it out
f.yaml:27:24: `emailListIds` is kept by Iterable and cannot be written as an attribute
f.yaml:28:24: the name of a new geo_location field must end in `_geo_location`: Iterable knows it by that
f.yaml:29:9: an attribute needs `field`
f.yaml:29:10: an attribute has no key `feild` (did you mean `field`?)
f.yaml:30:14: `on_null` must be one of clear, keep, found text `drop`
f.yaml:31:19: `adopt` is the id of a list in Iterable, a whole number above 0
f.yaml:32:22: `foreign_members` must be one of keep, remove, found text `delete`
f.yaml:33:32: `max_removed_share` is a share of the people on the list, from 0 to 1
f.yaml:33:49: `max_removed` is a number of people, from 0 up
f.yaml:33:70: `max_added_share` must be a number, found text `x`
f.yaml:33:92: `max_cleared_share` is a share of the people on the list, from 0 to 1
f.yaml:34:26: `allow_empty` must be true or false, found text `no`
f.yaml:34:30: a guard has no key `maxremoved` (did you mean `max_removed`?)
f.yaml:35:12: `audit` must be `never` or a map like {every: 7d}, found text `weekly`
f.yaml:36:23: `every` must be at least 5m and at most 366d
f.yaml:37:13: `paused` must be true or false, found text `maybe`
f.yaml:39:44: `It` has an activation `a` already, in line 38: the name is the list's, so each needs its own; write a `name`
f.yaml:39:89: the list 5 is adopted by the activation `a` already: a list belongs to one activation
)p");
}

TEST(ErrorTest, NamesEveryProblemOfSchedules) {
  EXPECT_EQ(
      problems_of(R"y(version: 1
sources: [{name: s, kind: duckdb, path: x}]
models:
  - {name: people, source: s, table: t, primary_key: id}
  - {name: orders, type: events, source: s, table: o}
segments: [{name: VIPs, model: people}, {name: Big orders, model: orders}]
destinations:
  - {name: It, project_type: hybrid, api_key: "${KEY}"}
  - name: Ids
    project_type: user_id
    api_key: "${KEY}"
    defaults: {model: orders, match_key: {type: user_id, field: uid}}
activations:
  - {segment: VIPs, destination: It, name: n0, match_key: {type: email, field: x},
     schedule: hourly}
  - {segment: VIPs, destination: It, name: n1, match_key: {type: email, field: x},
     schedule: {evry: 15m}}
  - {segment: VIPs, destination: It, name: n2, match_key: {type: email, field: x},
     schedule: {every: 15}}
  - {segment: VIPs, destination: It, name: n3, match_key: {type: email, field: x},
     schedule: {every: 400d}}
  - {segment: VIPs, destination: It, name: n4, match_key: {type: email, field: x},
     schedule: {recurrences: [{days: [mon, tu, mon], at: 9:00, tz: Paris}, {days: [], at: "24:00"}]}}
  - {segment: VIPs, destination: It, name: n5, match_key: {type: email, field: x},
     schedule: {recurrences: []}}
  - {segment: VIPs, destination: It, name: n6, match_key: {type: email, field: x},
     schedule: {cron: "0 7 * *"}}
  - {segment: VIPs, destination: It, name: n7, match_key: {type: email, field: x},
     schedule: {cron: "60 7 * * *", tz: X/Y}}
  - {segment: VIPs, destination: It, name: n8, match_key: {type: email, field: x},
     schedule: {cron: "0 5-2 * * *"}}
  - {segment: VIPs, destination: It, name: n9, match_key: {type: email, field: x},
     schedule: {cron: "0 0 * foo *"}}
  - {segment: VIPs, destination: It, name: n10, match_key: {type: email, field: x},
     schedule: {cron: "*/0 0 * * *"}}
  - {segment: VIPs, destination: It, name: n11, match_key: {type: email, field: x},
     schedule: {cron: "0 0 31 feb,apr *"}}
  - {segment: VIPs, destination: It, name: n12, match_key: {type: email, field: x},
     schedule: {cron: "0 7 * * *", every: 1h}}
  - {segment: VIPs, destination: It, name: n13, match_key: {type: email, field: x},
     audit: {every: 5m}}
  - {segment: VIPs, destination: It, name: n14, match_key: {type: email, field: x},
     schedule: {every: 1500ms}}
)y"),
      R"p(f.yaml:15:16: `schedule` must be `manual` or a map: {every: 15m}, {recurrences: [{days: [mon], at: "09:00", tz: Europe/Paris}]} or {cron: "0 7 * * *", tz: UTC}, found text `hourly`
f.yaml:17:16: `schedule` must be `manual` or a map: {every: 15m}, {recurrences: [{days: [mon], at: "09:00", tz: Europe/Paris}]} or {cron: "0 7 * * *", tz: UTC}, found a map with `evry` (did you mean `every`?)
f.yaml:19:24: `every` must be a time span like 60s, 15m, 1h or 7d, found the number 15
f.yaml:21:24: `every` must be at least 5m and at most 366d
f.yaml:23:44: `days` are mon, tue, wed, thu, fri, sat, sun; found text `tu` (did you mean `tue`?)
f.yaml:23:48: `mon` stands here twice
f.yaml:23:58: `at` must be a time of day from "00:00" to "23:59", found text `9:00`
f.yaml:23:68: `Paris` is no time zone of the IANA database (did you mean `Europe/Paris`?); expected a name like `Europe/Paris`, or `UTC`
f.yaml:23:83: `days` needs at least one of mon, tue, wed, thu, fri, sat, sun
f.yaml:23:91: `at` must be a time of day from "00:00" to "23:59", found text `24:00`
f.yaml:25:30: `recurrences` needs at least one entry
f.yaml:27:23: a cron text has five fields (minute, hour, day of month, month, day of week), like `0 7 * * *`; found 4
f.yaml:29:23: the minute of a cron text goes from 0 to 59, as `*`, a value, `a-b`, a list `a,b` or with a step `*/n`; found `60`
f.yaml:29:41: `X/Y` is no time zone of the IANA database; expected a name like `Europe/Paris`, or `UTC`
f.yaml:31:23: the hour of a cron text goes from 0 to 23, as `*`, a value, `a-b`, a list `a,b` or with a step `*/n`; found `5-2`
f.yaml:33:23: the month of a cron text goes from 1 to 12 or jan…dec, as `*`, a value, `a-b`, a list `a,b` or with a step `*/n`; found `foo`
f.yaml:35:23: the minute of a cron text goes from 0 to 59, as `*`, a value, `a-b`, a list `a,b` or with a step `*/n`; found `*/0`
f.yaml:37:23: this cron text never comes: no month it names has a day 31
f.yaml:39:16: `schedule` must be `manual` or a map: {every: 15m}, {recurrences: [{days: [mon], at: "09:00", tz: Europe/Paris}]} or {cron: "0 7 * * *", tz: UTC}, found a map with every and cron
f.yaml:41:21: `every` must be at least 1h and at most 366d
f.yaml:43:24: `every` must be in whole seconds, found text `1500ms`
)p");
}

TEST(ErrorTest, NamesWhatIsWrongWithTypes) {
  EXPECT_EQ(problems_of(R"y(version: 1
sources: [{name: s, kind: csv, path: x, skip: -1}]
models:
  - name: m
    source: s
    table: t
    primary_key: id
    types: {t: {id: intger, at: timestamp with offset}, u: text}
    fields:
      - {name: id, type: number, format: "%d"}
      - {name: born, type: day}
)y"),
            R"p(f.yaml:2:47: `skip` must be from 0 to 1000000 lines
f.yaml:8:21: `id` must be one of text, integer, decimal, number, boolean, date, timestamp, list, object, timestamp with offset, found text `intger` (did you mean `integer`?)
f.yaml:8:60: `types` must be a map like {people: {id: integer}}: of tables, each of columns, found text `text`
f.yaml:10:42: `format` says how dates are written: it goes with `type: date` or `type: timestamp`
f.yaml:11:28: `type` must be one of text, integer, decimal, number, boolean, date, timestamp, list, object, found text `day`
)p");
}

}  // namespace
}  // namespace rollcall::catalog
