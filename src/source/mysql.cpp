// Kind `mysql`: MySQL and MariaDB.
#include <fmt/format.h>

#include "source/attached.hpp"

namespace rollcall::source {

namespace {

class MysqlConnection : public AttachedConnection {
 public:
  using AttachedConnection::AttachedConnection;

 private:
  // Its timestamps are instants, told in the session's zone, which is UTC.
  Result<std::string> select_of(const std::string& table) override {
    std::string anew;
    for (const std::string& name :
         TRY(texts("SELECT name FROM rollcall.declared WHERE type = 'TIMESTAMP' AND in_table = " +
                   duck::literal(table))))
      anew += fmt::format("{}timezone('UTC', {}) AS {}", anew.empty() ? "" : ", ",
                          duck::identifier(name), duck::identifier(name));
    return (anew.empty() ? "SELECT *" : "SELECT * REPLACE (" + anew + ")") + " FROM " +
           full_name(table);
  }
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

Result<std::unique_ptr<Connection>> open_mysql(const Source& source, const OpenOptions& options) {
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
  auto connection = std::make_unique<MysqlConnection>("the database " + database, database);
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
