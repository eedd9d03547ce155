// What `sqlite` and `mysql` have in common: databases that DuckDB's extensions attach, read-only
// and within one transaction, as the schema `source`. Rows are filtered, counted and sorted here: a
// server's collation would take other texts for equal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/kinds.hpp"
#include "source/views.hpp"

namespace rollcall::source {

// A table of our own, filled when the database is attached: the type that each column was declared
// with, where the extension tells too little of it. Within one transaction, since what it is read
// with is bound to that in which it was prepared.
inline constexpr std::string_view kDeclared =
    ";CREATE SCHEMA rollcall;BEGIN;CREATE TABLE rollcall.declared AS SELECT * FROM ({}) AS "
    "t(in_table, name, type);COMMIT";

class AttachedConnection : public ViewsConnection {
 public:
  AttachedConnection(std::string where, std::string schema)
      : where_(std::move(where)), schema_(std::move(schema)) {}

 protected:
  // The query that reads a table which is there.
  virtual Result<std::string> select_of(const std::string& table) = 0;
  // How the table is named in a query.
  [[nodiscard]] std::string full_name(const std::string& table) const;

 public:
  Result<std::vector<std::string>> tables() override;

 private:
  Result<std::vector<std::string>> selects_of(const std::string& table) override;
  Error no_table(const std::string& table) override;

  std::string where_, schema_;
  std::vector<std::string> tables_;
};

}  // namespace rollcall::source
