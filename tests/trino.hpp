// The server that tests/trino.py started, and tables in it that are made by DuckDB: one and the
// same data for every engine.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/source.hpp"
#include "duck/duck.hpp"

namespace rollcall::tests {

class Trino {
 public:
  // What tests/trino.py left in a file: port, secure_port, token. Empty where no server was
  // started.
  static std::string told(const std::string& name) {
    std::ifstream in(std::filesystem::path(TRINO_FOLDER) / name);
    std::string out;
    std::getline(in, out);
    return out;
  }

  // A schema of its own, which goes with it; it holds the two million rows of `many`.
  Trino() {
    static int made = 0;
    schema_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(made++);
    sql("CREATE SCHEMA memory." + schema_);
    sql("CREATE VIEW many AS SELECT * FROM memory.default.many");
  }
  ~Trino() { sql("DROP SCHEMA memory." + schema_ + " CASCADE"); }
  Trino(const Trino&) = delete;
  Trino& operator=(const Trino&) = delete;

  [[nodiscard]] const std::string& schema() const { return schema_; }

  [[nodiscard]] Source source() const {
    return {.name = "lake",
            .kind = "trino",
            .options = {{"url", "http://127.0.0.1:" + told("port")},
                        {"user", "reader"},
                        {"catalog", "memory"},
                        {"schema", schema_}}};
  }

  // As the administrator, one statement.
  void sql(const std::string& text) const {
    const auto file = std::filesystem::temp_directory_path() /
                      ("trino-test-" + std::to_string(::getpid()) + ".sql");
    std::ofstream(file) << text;
    const std::string command = "/usr/bin/python3 " + std::string(TRINO_SCRIPT) + " sql " +
                                TRINO_FOLDER + " " + schema_ + " <'" + file.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << text.substr(0, 2000);
    std::filesystem::remove(file);
  }

  // Every column of a table of DuckDB's, under its type here. What is infinite becomes null: there
  // are no such dates here.
  void copy(duck::Connection& from, const std::string& table) const {
    const auto described = from.describe("SELECT * FROM " + duck::identifier(table));
    ASSERT_TRUE(described.ok()) << described.error().text();
    std::string columns, sent, row, values;
    for (size_t i = 0; i < described->size(); ++i) {
      const auto& [name, type] = (*described)[i];
      const std::string comma = i == 0 ? "" : ", ", given = "c" + std::to_string(i);
      columns += comma + duck::identifier(name) + " " + type_of(type);
      sent += comma + text_of(duck::identifier(name), type);
      row += comma + given + (type.ends_with("[]") ? " array(varchar)" : " varchar");
      values += comma + value_of(given, type);
    }
    sql("CREATE TABLE " + duck::identifier(table) + " (" + columns + ")");
    auto stream = from.stream("SELECT CAST(json_array(" + sent + ") AS VARCHAR) FROM " +
                              duck::identifier(table));
    ASSERT_TRUE(stream.ok()) << stream.error().text();
    std::string rows;
    const auto insert = [&] {
      if (rows.empty()) return;
      sql("INSERT INTO " + duck::identifier(table) + " SELECT " + values +
          " FROM UNNEST(CAST(json_parse(" + duck::literal("[" + rows + "]") + ") AS array(row(" +
          row + "))))");
      rows.clear();
    };
    while (true) {
      const auto chunk = (*stream)->next();
      ASSERT_TRUE(chunk.ok()) << chunk.error().text();
      if (*chunk == nullptr) break;
      for (size_t i = 0; i < (*chunk)->rows(); ++i) {
        rows += (rows.empty() ? "" : ",") + std::string((*chunk)->text(0, i));
        if (rows.size() > 500'000) insert();
      }
    }
    insert();
  }

 private:
  static std::string type_of(const std::string& type) {
    if (type.ends_with("[]")) return "array(" + type_of(type.substr(0, type.size() - 2)) + ")";
    if (type == "FLOAT") return "real";
    if (type == "HUGEINT") return "decimal(38, 0)";
    if (type == "BLOB") return "varbinary";
    if (type == "TIMESTAMP") return "timestamp(6)";
    if (type == "TIMESTAMP WITH TIME ZONE") return "timestamp(6) with time zone";
    if (type == "TIME") return "time(6)";
    return type;  // of one name in both
  }
  // In DuckDB: as text.
  static std::string text_of(const std::string& name, const std::string& type) {
    if (type.ends_with("[]")) return "CAST(" + name + " AS VARCHAR[])";
    if (type == "BLOB") return "hex(" + name + ")";
    if (type == "DATE" || type.starts_with("TIMESTAMP"))
      return "CASE WHEN isfinite(" + name + ") THEN CAST(" +
             (type.ends_with("ZONE") ? name + " AT TIME ZONE 'UTC'" : name) + " AS VARCHAR) END";
    if (type == "DOUBLE" || type == "FLOAT")
      return "replace(replace(CAST(" + name + " AS VARCHAR), 'nan', 'NaN'), 'inf', 'Infinity')";
    return "CAST(" + name + " AS VARCHAR)";
  }
  // In Trino: from that text.
  static std::string value_of(const std::string& text, const std::string& type) {
    if (type == "BLOB") return "from_hex(" + text + ")";
    if (type.ends_with("ZONE")) return "with_timezone(CAST(" + text + " AS timestamp(6)), 'UTC')";
    return "CAST(" + text + " AS " + type_of(type) + ")";
  }

  std::string schema_;
};

}  // namespace rollcall::tests
