// A small source for tests, on every engine from the same SQL, and the way from a rule to rows:
// catalog, compile, source.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "compile/compile.hpp"
#include "duck/duck.hpp"
#include "http/http.hpp"
#include "source/source.hpp"
#include "tests/postgres.hpp"
#include "tests/trino.hpp"

namespace rollcall::sql_tests {

struct Rows {
  std::vector<ColumnInfo> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;  // every value as text
};

class World {
 public:
  // `setup`: DuckDB's SQL that makes the tables. The source is called `shop`.
  explicit World(const std::string& setup, const std::string& engine = "duckdb") {
    static int made = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("sql-test-" + std::to_string(::getpid()) + "-" + std::to_string(made++) + ".duckdb");
    std::filesystem::remove(path_);
    Source source{.name = "shop", .kind = "duckdb", .options = {{"path", path_.string()}}};
    {
      auto database = std::move(duck::Database::open(path_).value());
      auto connection = std::move(database->connect().value());
      const auto ran = connection->run(setup);
      EXPECT_TRUE(ran.ok()) << ran.error().text();
      const auto copy_to = [&](const auto& server) {
        source = server.source();
        source.name = "shop";
        const auto tables = connection->stream("SELECT table_name FROM duckdb_tables()");
        std::vector<std::string> names;
        while (const duck::Chunk* chunk = (*tables)->next().value())
          for (size_t row = 0; row < chunk->rows(); ++row) names.emplace_back(chunk->text(0, row));
        for (const std::string& name : names) server.copy(*connection, name);
      };
      if (engine == "postgres") copy_to(*(postgres_ = std::make_unique<tests::Postgres>()));
      if (engine == "trino") copy_to(*(trino_ = std::make_unique<tests::Trino>()));
    }
    catalog.models.reserve(32);  // so that what add_model returns stays where it is
    catalog.sources = {source};
    auto opened = source::open(
        source, {.program = ROLLCALL_PROGRAM, .transport = transport_.get(), .clock = &clock_});
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    connection_ = std::move(opened.value());
  }
  ~World() {
    connection_.reset();
    std::filesystem::remove(path_);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Catalog catalog;
  Time now = *parse_iso_utc("2026-03-01T12:00:00Z");

  Model& add_model(const std::string& name, const std::string& table, const std::string& key) {
    return catalog.models.emplace_back(
        Model{.name = name, .source = "shop", .table = table, .primary_key = key});
  }
  static void add_relation(Model& model, RelationKind kind, const std::string& name,
                           const std::string& other, const std::string& key,
                           const std::string& foreign_key) {
    model.relations.push_back(
        {.name = name, .kind = kind, .model = other, .key = key, .foreign_key = foreign_key});
  }
  template <class How>
  static void add_computed(Model& model, const std::string& name, How how) {
    model.computed.push_back({.name = name, .how = std::move(how)});
  }
  Segment& add_segment(const std::string& name, const std::string& model, Rule where) {
    return catalog.segments.emplace_back(
        Segment{.name = name, .model = model, .where = std::move(where)});
  }

  Result<compile::Schemas> schemas(const std::vector<std::string>& models) {
    for (const std::string& name : models) {
      if (described_.contains(name)) continue;
      const Model& model = *catalog.model(name);
      described_[name] = TRY(model.table.empty() ? connection_->describe_query(model.sql)
                                                 : connection_->describe_table(model.table));
    }
    return described_;
  }

  source::Connection& connection() { return *connection_; }
  tests::Trino& trino() { return *trino_; }

  Result<SqlQuery> compile(compile::Query query) {
    query.now = now;
    const auto reached = TRY(compile::reached(catalog, query.segment, query.fields)).models;
    return compile::compile(catalog, TRY(schemas(reached)), query,
                            compile::dialect_of(catalog.sources[0]));
  }

  Result<Rows> run(const SqlQuery& query) {
    auto stream = TRY(in_context(connection_->query(query, {}), "running\n" + query.text));
    Rows out{.columns = stream->columns(), .rows = {}};
    RowBatch batch;
    while (TRY(stream->next(batch)))
      for (size_t row = 0; row < batch.rows; ++row) {
        auto& values = out.rows.emplace_back();
        for (const Column& column : batch.columns) {
          if (!column.valid[row])
            values.emplace_back(std::nullopt);
          else if (!column.texts.empty())
            values.emplace_back(column.texts[row]);
          else if (!column.doubles.empty())
            values.emplace_back(std::to_string(column.doubles[row]));
          else
            values.emplace_back(std::to_string(column.ints[row]));
        }
      }
    return out;
  }

  Result<Rows> run(const compile::Query& query) { return run(TRY(compile(query))); }

  // The ids that a rule selects, sorted as numbers.
  Result<std::vector<int64_t>> members(const std::string& model, const Rule& where) {
    const std::string& key = catalog.model(model)->primary_key;
    const Rows rows = TRY(run(compile::Query{
        .segment = {.name = "case", .model = model, .where = where}, .fields = {key}}));
    std::vector<int64_t> out;
    for (const auto& row : rows.rows) out.push_back(std::stoll(row[0].value_or("-1")));
    std::sort(out.begin(), out.end());
    return out;
  }

  // Some fields of every row, by primary key.
  using Values = std::map<std::string, std::vector<std::optional<std::string>>>;
  Values values(const std::string& model, const std::vector<std::string>& fields) {
    std::vector<std::string> all = {catalog.model(model)->primary_key};
    all.insert(all.end(), fields.begin(), fields.end());
    const auto rows = run(compile::Query{.segment = {.name = "case", .model = model, .where = {}},
                                         .fields = std::move(all)});
    EXPECT_TRUE(rows.ok()) << rows.error().text();
    Values out;
    if (!rows.ok()) return out;
    for (const auto& row : rows->rows) {
      const bool first =
          out.emplace(row[0].value_or("null"), std::vector(row.begin() + 1, row.end())).second;
      EXPECT_TRUE(first) << "a row came twice";
    }
    return out;
  }
  // One of them.
  std::map<std::string, std::optional<std::string>> values(const std::string& model,
                                                           const std::string& field) {
    std::map<std::string, std::optional<std::string>> out;
    for (auto& [key, all] : values(model, std::vector{field})) out.emplace(key, std::move(all[0]));
    return out;
  }

 private:
  std::filesystem::path path_;
  std::unique_ptr<tests::Postgres> postgres_;
  std::unique_ptr<tests::Trino> trino_;
  std::unique_ptr<http::Transport> transport_ = http::make_transport();
  ManualClock clock_{Time{}};
  std::unique_ptr<source::Connection> connection_;
  compile::Schemas described_;
};

inline Rule rule_of(const std::string& text) {
  auto rule = catalog::read_rule(text);
  EXPECT_TRUE(rule.ok()) << text << ": " << rule.error().text();
  return rule.ok() ? *rule : Rule{};
}

inline std::shared_ptr<const Rule> shared_rule(const std::string& text) {
  return std::make_shared<const Rule>(rule_of(text));
}

}  // namespace rollcall::sql_tests
