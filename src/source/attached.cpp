// Kinds `sqlite` and `mysql`: databases that DuckDB's extensions attach, read-only and within one
// transaction. Rows are filtered, counted and sorted here: a server's collation would take other
// texts for equal.
#include <fmt/format.h>

#include "source/kinds.hpp"
#include "source/views.hpp"

namespace rollcall::source {

namespace {

// A table of our own, filled when the database is attached: the type that each column was declared
// with, where the extension tells too little of it. Within one transaction, since sqlite_query is
// bound to that in which it was prepared.
constexpr std::string_view kDeclared =
    ";CREATE SCHEMA rollcall;BEGIN;CREATE TABLE rollcall.declared AS SELECT * FROM ({}) AS "
    "t(in_table, name, type);COMMIT";

// How a column of a declared type is read: with {} for the column.
struct Reading {
  std::string type;
  std::string as;
};

class AttachedConnection : public ViewsConnection {
 public:
  AttachedConnection(std::string where, std::string schema, std::vector<Reading> readings)
      : where_(std::move(where)), schema_(std::move(schema)), readings_(std::move(readings)) {}

 private:
  Result<std::vector<std::string>> selects_of(const std::string& table) override {
    if (tables_.empty())
      tables_ =
          TRY(texts("SELECT name FROM (SELECT table_name AS name, schema_name, database_name FROM "
                    "duckdb_tables() UNION ALL SELECT view_name, schema_name, database_name FROM "
                    "duckdb_views()) WHERE database_name = 'source' AND schema_name = " +
                    duck::literal(schema_) + " ORDER BY name LIMIT 10000"));
    for (const std::string& one : tables_) {
      if (!same_name(one, table)) continue;
      const std::string select = TRY(columns_of(one));
      return std::vector<std::string>{"SELECT " + select + " FROM source." +
                                      duck::identifier(schema_) + "." + duck::identifier(one)};
    }
    return std::vector<std::string>();
  }

  Result<std::string> columns_of(const std::string& table) {
    std::string anew;
    for (const auto& [type, as] : readings_) {
      const auto names =
          TRY(texts("SELECT name FROM rollcall.declared WHERE in_table = " + duck::literal(table) +
                    " AND type = " + duck::literal(type)));
      for (const std::string& name : names)
        anew += (anew.empty() ? "" : ", ") + fmt::format(fmt::runtime(as), duck::identifier(name)) +
                " AS " + duck::identifier(name);
    }
    return anew.empty() ? "*" : "* REPLACE (" + anew + ")";
  }

  Error no_table(const std::string& table) override {
    return {.kind = ErrorKind::not_found,
            .message = fmt::format("there is no table `{}` in {}{}", table, where_,
                                   did_you_mean(table, tables_)),
            .remedy = tables_.empty() ? "It holds no tables that this user may read."
                                      : "Tables: " + some(tables_) + "."};
  }

  std::string where_, schema_;
  std::vector<Reading> readings_;
  std::vector<std::string> tables_;
};

// What the extension says of a server that it did not get to.
Error explained(Error error) {
  constexpr std::string_view kMark = "Failed to connect to MySQL database with parameters \"\": ";
  if (!error.message.starts_with(kMark)) return error;
  const std::string said = error.message.substr(kMark.size());
  if (said.starts_with("Access denied"))
    return {.kind = ErrorKind::denied,
            .message = "the server does not let us in: " + said,
            .remedy = "Correct the source's user and password, or what the server allows them."};
  return {.kind = ErrorKind::unavailable,
          .message = "the server cannot be reached: " + said,
          .remedy = "Correct the source's host and port, or see to it that the server is up."};
}

}  // namespace

Result<std::unique_ptr<Connection>> open_sqlite(const Source& source, const OpenOptions& options) {
  TRY(check_options(source, {"path"}));
  const std::filesystem::path path = option(source, "path");
  if (path.empty())
    return Error{.kind = ErrorKind::invalid,
                 .message = "`path` is missing",
                 .remedy = "Name the SQLite file."};
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no file " + path.string(),
                 .remedy = "Correct the source's `path`."};
  // SQLite has no type for them, and its programs keep 0 and 1.
  const std::vector<Reading> readings = {{"BOOLEAN", "CAST({} AS BOOLEAN)"},
                                         {"BOOL", "CAST({} AS BOOLEAN)"}};
  auto connection = std::make_unique<AttachedConnection>(path.string(), "main", readings);
  TRY(connection->open(
      {.extensions = {"sqlite_scanner"},
       // The plan of a scan of SQLite cannot be copied, as it would be for a WITH that is used
       // twice.
       .setup = "SET GLOBAL disabled_optimizers = 'cte_inlining';ATTACH " +
                duck::literal(path.string()) + " AS source (TYPE sqlite, READ_ONLY)" +
                fmt::format(kDeclared,
                            "FROM sqlite_query('source', 'SELECT m.name AS t, p.name AS c, "
                            "upper(p.type) AS type FROM sqlite_schema m, "
                            "pragma_table_info(m.name) p')"),
       .one_transaction = true},
      options));
  return std::unique_ptr<Connection>(std::move(connection));
}

Result<std::unique_ptr<Connection>> open_mysql(const Source& source, const OpenOptions& options) {
  TRY(check_options(source,
                    {"host", "port", "database", "user", "password", "ssl_mode", "ssl_ca"}));
  for (const char* needed : {"host", "database", "user"})
    if (option(source, needed).empty())
      return Error{.kind = ErrorKind::invalid,
                   .message = fmt::format("`{}` is missing", needed),
                   .remedy = "Name host, database and user."};
  const Secret password = secret_option(source, "password");
  const std::string secret =
      secret_part("HOST", option(source, "host")) + secret_part("PORT", option(source, "port")) +
      secret_part("DATABASE", option(source, "database")) +
      secret_part("USER", option(source, "user")) + secret_part("PASSWORD", password.reveal()) +
      secret_part("SSL_MODE", option(source, "ssl_mode")) +
      secret_part("SSL_CA", option(source, "ssl_ca"));
  const std::string database = option(source, "database");
  // Its timestamps are instants, told in the session's zone, which is UTC.
  const std::vector<Reading> readings = {{"TIMESTAMP", "timezone('UTC', {})"}};
  auto connection =
      std::make_unique<AttachedConnection>("the database " + database, database, readings);
  auto opened =
      connection->open({.extensions = {"mysql_scanner"},
                        .setup = "SET GLOBAL mysql_session_time_zone = '+00:00';"
                                 "SET GLOBAL mysql_experimental_filter_pushdown = false;"
                                 "SET GLOBAL mysql_aggregate_pushdown_enabled = false;"
                                 "SET GLOBAL mysql_order_pushdown_enabled = false;"
                                 "SET GLOBAL mysql_query_timeout_enabled = false;"
                                 "SET GLOBAL mysql_sql_buffer_result = false;"
                                 "CREATE SECRET server (TYPE mysql" +
                                 secret +
                                 ");"
                                 "ATTACH '' AS source (TYPE mysql, READ_ONLY, SECRET server)" +
                                 fmt::format(kDeclared,
                                             "FROM mysql_query('source', 'SELECT table_name AS t, "
                                             "column_name AS c, upper(data_type) AS type FROM "
                                             "information_schema.columns WHERE table_schema = "
                                             "DATABASE()')"),
                        .secrets = {password},
                        .one_transaction = true},
                       options);
  if (!opened.ok()) return explained(std::move(opened.error()));
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
