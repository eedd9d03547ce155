// What kinds have in common that DuckDB reads in this program: a database in memory that holds
// views alone. A table becomes one, of its name, the first time that a query names it.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "source/duck_rows.hpp"
#include "source/source.hpp"

namespace rollcall::source {

// A part of DuckDB's CREATE SECRET; nothing where the value is empty.
inline std::string secret_part(std::string_view name, const std::string& value) {
  return value.empty() ? "" : ", " + std::string(name) + " " + duck::literal(value);
}

class ViewsConnection : public Connection {
 public:
  // What the database is opened with, beside the memory and the threads it may use.
  struct Needs {
    std::vector<std::string_view> extensions = {};  // of DuckDB, by name
    std::string setup = {};
    std::vector<std::filesystem::path> reachable = {};
    std::vector<Secret> secrets = {};  // never to be seen in a message
    // Everything is read within one, until something fails: then another begins.
    bool one_transaction = false;
  };
  Status open(const Needs& needs, const OpenOptions& options);

  Result<std::vector<ColumnInfo>> describe_table(const std::string& table) override;
  Result<std::vector<ColumnInfo>> describe_query(const std::string& sql) override;
  Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                           const std::stop_token& stop) override;

 protected:
  // The queries that a table's name may stand for: the first is taken that finds something.
  virtual Result<std::vector<std::string>> selects_of(const std::string& table) = 0;
  // A query with the types of its columns set right.
  virtual Result<std::string> with_types(const std::string& select) { return select; }
  // That it stands for nothing.
  virtual Error no_table(const std::string& table) = 0;

  // Whether what was looked at when a table was named is still what was read. Asked at the end of
  // each stream.
  virtual Status unchanged() { return ok_status(); }
  // How much memory the tables that were named need, beyond what is usual.
  [[nodiscard]] virtual int64_t memory_needed_mb() const { return 0; }

  // All values of a query with one column of texts.
  Result<std::vector<std::string>> texts(const std::string& sql);
  Status run(const std::string& sql);
  Result<std::vector<duck::Stream::ColumnType>> types_of(const std::string& sql);
  duck::Connection& connection() { return *connection_; }

 private:
  class Rows;
  Status ready();
  Status start();
  Status make_views(const std::vector<std::string>& tables);
  Status make_view(const std::string& table);
  Error told(Error error) const;
  template <class T>
  Result<T> kept(Result<T> result);

  Needs needs_;
  OpenOptions options_;
  int64_t memory_mb_ = 0;
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> connection_;
  std::set<std::string> views_;
  bool in_transaction_ = false;  // and nothing has failed in it
};

}  // namespace rollcall::source
