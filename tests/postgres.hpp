// The server that tests/postgres.py started, and tables in it that are made by DuckDB: one and the
// same data for every engine.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "core/source.hpp"
#include "duck/duck.hpp"
#include "tests/postgres_address.hpp"

namespace rollcall::tests {

class Postgres {
 public:
  static std::string port() { return postgres_port(); }

  // A schema of its own, which goes with it; it holds the two million rows of `many`.
  Postgres() {
    static int made = 0;
    schema_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(made++);
    sql("CREATE SCHEMA " + schema_ + "; GRANT USAGE ON SCHEMA " + schema_ +
        " TO reader; CREATE VIEW many AS SELECT * FROM public.many");
  }
  ~Postgres() { sql("DROP SCHEMA " + schema_ + " CASCADE"); }
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  [[nodiscard]] const std::string& schema() const { return schema_; }

  [[nodiscard]] Source source() const {
    return {.name = "shop",
            .kind = "postgres",
            .options = {{"host", "127.0.0.1"},
                        {"port", port()},
                        {"database", "postgres"},
                        {"user", "reader"},
                        {"schema", schema_}},
            .secrets = {{"password", Secret(kPostgresPassword)}}};
  }

  // As the administrator.
  void sql(const std::string& text) const {
    const auto file = std::filesystem::temp_directory_path() /
                      ("postgres-test-" + std::to_string(::getpid()) + ".sql");
    std::ofstream(file) << "SET client_min_messages = warning;\n"
                        << "SET search_path = " << schema_ << ", public;\n"
                        << text << ";\n";
    ::setenv("PGPASSWORD", kPostgresPassword.c_str(), 1);
    const std::string command = "psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p " + port() +
                                " -U postgres postgres -f '" + file.string() + "' >/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0) << text.substr(0, 2000);
    std::filesystem::remove(file);
  }

  // Every column of a table of DuckDB's, under its type here.
  void copy(duck::Connection& from, const std::string& table) const {
    const auto file = std::filesystem::temp_directory_path() /
                      ("postgres-test-" + std::to_string(::getpid()) + ".csv");
    std::string columns, select;
    const auto described = from.describe("SELECT * FROM " + duck::identifier(table));
    ASSERT_TRUE(described.ok()) << described.error().text();
    for (const auto& column : *described) {
      const std::string name = duck::identifier(column.name);
      columns += (columns.empty() ? "" : ", ") + name + " " + type_of(column.type);
      select += (select.empty() ? "" : ", ") + value_of(name, column.type);
    }
    const Status written =
        from.run("COPY (SELECT " + select + " FROM " + duck::identifier(table) + ") TO " +
                 duck::literal(file.string()) + " (FORMAT csv, HEADER false, NULLSTR '\\N')");
    ASSERT_TRUE(written.ok()) << written.error().text();
    sql("CREATE TABLE " + duck::identifier(table) + " (" + columns + ");\n\\copy " +
        duck::identifier(table) + " FROM '" + file.string() +
        "' (FORMAT csv, NULL '\\N')\nSELECT 1");
    std::filesystem::remove(file);
  }

 private:
  static std::string type_of(const std::string& type) {
    if (type.ends_with("[]")) return type_of(type.substr(0, type.size() - 2)) + "[]";
    if (type == "DOUBLE") return "double precision";
    if (type == "FLOAT") return "real";
    if (type == "HUGEINT") return "numeric";
    if (type == "BLOB") return "bytea";
    return type;  // of one name in both
  }
  static std::string value_of(const std::string& name, const std::string& type) {
    if (type == "BLOB") return "'\\x' || hex(" + name + ")";
    if (!type.ends_with("[]")) return name;
    return "'{' || array_to_string(list_transform(" + name +
           "::VARCHAR[], e -> CASE WHEN e IS NULL THEN 'NULL' ELSE '\"' || replace(replace(e, "
           "'\\', '\\\\'), '\"', '\\\"') || '\"' END), ',') || '}'";
  }

  std::string schema_;
};

}  // namespace rollcall::tests
