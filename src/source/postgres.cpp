// Kind `postgres`: one connection and one transaction, which is repeatable read and read only, so
// that everything is of one instant and nothing can be changed. Every query runs behind a
// savepoint, to which an error goes back.
//
// The driver hands out some types wrongly and without a word (infinite dates, money, arrays of two
// dimensions, numeric, oid). So a query is described first, by the server itself, and then wrapped
// in one that casts every column to one of three types the driver reads right: bigint, double
// precision, text.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "adbc/adbc.hpp"
#include "source/kinds.hpp"
#include "source/server.hpp"
#include "source/sql_text.hpp"

namespace rollcall::source {

namespace {

constexpr std::string_view kSavepoint = "SAVEPOINT rollcall";
constexpr std::string_view kBack = "ROLLBACK TO SAVEPOINT rollcall";

// --- Errors.

// The first line without its severity, and what PostgreSQL advises. The lines between echo the
// query or the data, and so does what the driver puts before.
struct Said {
  std::string message, hint;
};
Said said(const std::string& text) {
  Said out;
  std::string_view first(text);
  size_t start = std::string::npos;
  for (const std::string_view mark : {"ERROR:  ", "FATAL:  ", "PANIC:  "})
    if (const size_t at = first.find(mark); at < start) start = at + mark.size();
  if (start != std::string::npos)
    first.remove_prefix(start);
  else if (first.starts_with("[libpq] Failed to execute"))
    first = "the server does not answer";
  constexpr std::string_view kHint = "\nHINT:  ";
  if (const size_t at = first.find(kHint); at != std::string_view::npos) {
    const std::string_view hint = first.substr(at + kHint.size());
    out.hint = hint.substr(0, hint.find('\n'));
  }
  out.message = trim(first.substr(0, first.find('\n')));
  return out;
}

// What stands between quotes may be a value.
std::string without_quoted(const std::string& text) {
  const size_t from = text.find('"'), to = text.rfind('"');
  if (from == std::string::npos || from == to) return text;
  return text.substr(0, from) + "…" + text.substr(to + 1);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Error connecting_failed(const adbc::Failure& failure) {
  Error out{.kind = ErrorKind::unavailable,
            .message = "cannot connect: " + said(failure.message).message,
            .remedy = "See that the server runs, and that host, port and network let us reach it."};
  const std::string& text = failure.message;
  if (has(text, "password authentication failed") || has(text, "no password supplied") ||
      has(text, "pg_hba.conf") || has(text, "role \"") || has(text, "permission denied")) {
    out.kind = ErrorKind::denied;
    out.remedy = "Correct the source's `user` and `password`, or let the server accept them.";
  } else if (has(text, "database \"")) {
    out.kind = ErrorKind::not_found;
    out.remedy = "Correct the source's `database`.";
  } else if (has(text, "SSL") || has(text, "certificate")) {
    out.kind = ErrorKind::denied;
    out.remedy = "Correct `sslmode` and `sslrootcert`.";
  }
  return out;
}

Error explain(const adbc::Failure& failure) {
  if (failure.connecting) return connecting_failed(failure);
  Said what = said(failure.message);
  const std::string_view state = failure.sqlstate;
  const std::string_view kind = state.substr(0, std::min<size_t>(state.size(), 2));
  const auto error = [&](ErrorKind as, std::string message, std::string remedy = {}) {
    return Error{.kind = as, .message = std::move(message), .remedy = std::move(remedy)};
  };
  if (state.empty() && has(failure.message, "out of memory"))
    return error(ErrorKind::invalid, "a row is larger than a reader may hold",
                 "Leave the large column out of the model.");
  const bool lost = kind == "08" || state == "57P01" || state == "57P02" || state == "57P03" ||
                    what.message == "the server does not answer" ||
                    has(failure.message, "server closed the connection") ||
                    has(failure.message, "terminating connection") ||
                    has(failure.message, "no connection to the server") ||
                    has(failure.message, "could not receive data") ||
                    has(failure.message, "could not send data") ||
                    has(failure.message, "SSL SYSCALL") || has(failure.message, "SSL connection");
  if (lost)
    return error(ErrorKind::unavailable, "the connection to the server was lost: " + what.message,
                 "Run it again once the server is back.");
  if (state == "57014" || has(failure.message, "statement timeout"))
    return error(ErrorKind::unavailable, "the server ended the query: " + what.message,
                 "Where it takes that long, raise the source's `statement_timeout`.");
  constexpr std::string_view kHidden = "query would be affected by row-level security policy";
  if (state == "42501" && what.message.starts_with(kHidden))
    return error(ErrorKind::denied,
                 "a row level security policy hides rows from the source's user, who would be "
                 "taken for gone:" +
                     what.message.substr(kHidden.size()),
                 "Let that user see all rows (ALTER ROLE … BYPASSRLS), or name a view of the "
                 "table's owner under `table`.");
  if (state == "42501")
    return error(ErrorKind::denied, what.message,
                 "Grant the source's user to read it (GRANT SELECT ON …).");
  if (state == "25006")
    return error(ErrorKind::denied, what.message, "A source is only read: write one SELECT.");
  if (state == "42P01" || state == "3F000")
    return error(ErrorKind::not_found, what.message, what.hint);
  if (kind == "42") return error(ErrorKind::invalid, what.message, what.hint);
  if (kind == "53" || kind == "55" || kind == "57" || kind == "40")
    return error(ErrorKind::unavailable, what.message, "Run it again later.");
  if (kind == "58" || kind == "XX") return error(ErrorKind::corrupt, without_quoted(what.message));
  return error(ErrorKind::invalid, without_quoted(what.message),
               "Mend it in the data or in the model's sql.");
}

// --- Types.

constexpr std::string_view kInfinite =
    " WHEN {0} = 'infinity' THEN CAST('9223372036854775807' AS bigint) WHEN {0} = '-infinity' THEN "
    "CAST('-9223372036854775808' AS bigint) END";
constexpr std::string_view kDays =
    "CASE WHEN isfinite({0}) THEN CAST({0} - DATE '1970-01-01' AS bigint)";
// Whole seconds and the rest apart: together they are exact on every version.
constexpr std::string_view kMicros =
    "CASE WHEN isfinite({0}) THEN CAST(extract(epoch FROM date_trunc('second', {0})) AS bigint) * "
    "1000000 + CAST(extract(microseconds FROM {0}) AS bigint) % 1000000";

// `name`: the base type's own; of an array, its elements'. `shown`: as SQL takes it.
ColumnPlan plan_for(std::string column, std::string_view name, std::string_view shown,
                    std::string_view form) {
  const auto plan = [&](FieldType type, std::string_view cast, bool zoned = false) {
    return ColumnPlan{{std::move(column), type, zoned, {}}, std::string(cast)};
  };
  const auto native = [&](FieldType type, std::string_view cast) {
    ColumnPlan out = plan(type, cast);
    out.info.native = shown;
    return out;
  };
  constexpr std::string_view kBigint = "CAST({0} AS bigint)";
  constexpr std::string_view kText = "CAST({0} AS text)";
  constexpr std::string_view kJson = "CAST(to_json({0}) AS text)";
  if (form == "array") {
    for (const std::string_view number : {"float4", "float8", "numeric"})
      if (name == number)  // what is no number JSON has in quotes, and there are no other texts
        return native(FieldType::list,
                      "regexp_replace(CAST(to_json({0}) AS text), '\"[^\"]*\"', 'null', 'g')");
    if (name == "money")
      return native(FieldType::list, "CAST(to_json(CAST({0} AS numeric[])) AS text)");
    if (name == "bytea")
      return native(FieldType::list,
                    "replace(CAST(to_json(CAST({0} AS text[])) AS text), '\\\\x', '')");
    return native(FieldType::list, kJson);
  }
  if (form == "composite") return plan(FieldType::object, kJson);
  if (name == "bool") return plan(FieldType::boolean, "CAST(CAST({0} AS integer) AS bigint)");
  if (name == "int2" || name == "int4" || name == "int8") return plan(FieldType::integer, kBigint);
  if (name == "oid") return native(FieldType::integer, kBigint);
  if (name == "float4")
    return native(FieldType::number, "CAST(CAST({0} AS text) AS double precision)");
  if (name == "float8") return plan(FieldType::number, "{0}");
  if (name == "numeric") return plan(FieldType::decimal, kText);
  if (name == "money") return native(FieldType::decimal, "CAST(CAST({0} AS numeric) AS text)");
  if (name == "json" || name == "jsonb") return plan(FieldType::json, kText);
  if (name == "bytea") return native(FieldType::text, "encode({0}, 'hex')");
  if (name == "date") return plan(FieldType::date, std::string(kDays).append(kInfinite));
  if (name == "timestamp" || name == "timestamptz")
    return plan(FieldType::timestamp, std::string(kMicros).append(kInfinite),
                name == "timestamptz");
  return plan(FieldType::text, kText);
}

// Oids by column to the names plan_for takes; domains are what they are made of.
constexpr std::string_view kTypes = R"(
WITH RECURSIVE base(n, oid) AS (
  SELECT n, oid FROM given
  UNION ALL
  SELECT b.n, t.typbasetype FROM base AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.oid WHERE t.typtype = 'd'
)
SELECT
  CAST(coalesce(e.typname, t.typname) AS text),
  CAST(format_type(t.oid, NULL) AS text),
  CAST(CASE
    WHEN e.oid IS NOT NULL THEN 'array'
    WHEN t.typtype = 'c' OR t.typname = 'record' THEN 'composite'
    ELSE 'plain'
  END AS text)
FROM base AS b
JOIN pg_catalog.pg_type AS t ON t.oid = b.oid
LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A' AND t.typlen = -1 AND e.typarray = t.oid
WHERE t.typtype <> 'd'
ORDER BY b.n)";

std::string column_names(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += fmt::format("{}c{}", i ? ", " : "", i);
  return out;
}

class PostgresConnection : public ServerConnection {
 public:
  PostgresConnection(std::unique_ptr<adbc::Reader> reader, std::stop_token stop)
      : ServerConnection(std::move(stop)), reader_(std::move(reader)) {}

  // What is set is so for this transaction alone: connections may be pooled.
  Status begin(const std::string& schema, Millis timeout) {
    TRY(reader_->run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", stop_));
    TRY(reader_->run(std::string(kSavepoint), stop_));
    // Only a superuser may choose the language of messages, and it is no great matter.
    if (!reader_->run("SELECT set_config('lc_messages', 'C', true)", stop_).ok())
      transaction_ = Transaction::failed;
    TRY(ready());
    std::string settings;
    const auto set = [&](std::string_view name, std::string_view value) {
      settings += fmt::format("{}set_config('{}', {}, true)", settings.empty() ? "SELECT " : ", ",
                              name, literal(value));
    };
    set("TimeZone", "UTC");
    set("DateStyle", "ISO, YMD");
    set("IntervalStyle", "postgres");
    set("extra_float_digits", "1");
    set("standard_conforming_strings", "on");
    set("bytea_output", "hex");
    set("xmloption", "content");
    set("client_min_messages", "error");
    set("statement_timeout", std::to_string(timeout.count()));
    set("row_security", "off");  // an error instead of fewer rows
    set("lock_timeout", "60s");  // a table that is being rebuilt
    if (!schema.empty()) set("search_path", identifier(schema));
    TRY(reader_->run(settings, stop_));
    // So that a query ends soon after its reader died, where the server can notice.
    TRY(
        reader_->run("SELECT set_config(name, '5s', true) FROM pg_catalog.pg_settings WHERE name = "
                     "'client_connection_check_interval'",
                     stop_));
    TRY(reader_->run(std::string(kSavepoint), stop_));  // beyond what was set
    if (schema.empty()) return ok_status();
    const auto there =
        TRY(texts("SELECT CAST(nspname AS text) FROM pg_catalog.pg_namespace ORDER BY 1"));
    if (std::find(there.begin(), there.end(), schema) != there.end()) return ok_status();
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no schema `" + schema + "`" + did_you_mean(schema, there),
                 .remedy = "Correct the source's `schema`."};
  }

  Result<std::vector<std::string>> tables() override {
    return texts(
        "SELECT CASE WHEN n.nspname = ANY (pg_catalog.current_schemas(false)) THEN "
        "CAST(c.relname AS text) ELSE n.nspname || '.' || c.relname END FROM pg_catalog.pg_class "
        "AS "
        "c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', "
        "'v', 'm', 'f', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND "
        "pg_catalog.has_schema_privilege(n.oid, 'USAGE') ORDER BY n.nspname <> ALL "
        "(pg_catalog.current_schemas(false)), n.nspname, c.relname LIMIT 10000");
  }

  Result<std::vector<ColumnInfo>> describe_table(const std::string& table) override {
    const Name name = parts_of(table);
    const auto tables = TRY(tables_in(name.schema));
    if (std::find(tables.begin(), tables.end(), name.table) == tables.end())
      return no_table(table, name.table, tables);
    return in_context(describe_query("SELECT * FROM " + name.identifiers()), "table " + table);
  }

  // Where an index says that no two are the same. One of a table says nothing of those that inherit
  // from it; of a partitioned one it holds for all.
  Result<std::optional<ValueCounts>> count_values(const std::string& table,
                                                  const std::string& column) override {
    const std::string name = parts_of(table).identifiers();
    const auto unique = TRY(texts(
        "SELECT CAST(a.attname AS text) FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS "
        "c "
        "ON c.oid = i.indrelid JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND "
        "a.attnum = i.indkey[0] WHERE i.indrelid = CAST(" +
        literal(name) + " AS regclass) AND a.attname = " + literal(column) +
        " AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL AND "
        "(c.relkind = 'p' OR NOT EXISTS "
        "(SELECT 1 FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = c.oid)) LIMIT 1"));
    std::optional<ValueCounts> out;
    if (unique.empty()) return out;
    TRY(start("SELECT CAST(count(*) AS bigint), CAST(count(" + identifier(column) +
                  ") AS bigint) FROM " + name,
              {{.name = "rows", .type = FieldType::integer},
               {.name = "values", .type = FieldType::integer}},
              stop_));
    RowBatch batch;
    while (TRY(read(batch)))
      for (size_t row = 0; row < batch.rows; ++row) {
        const int64_t rows = batch.columns[0].ints[row], values = batch.columns[1].ints[row];
        out = {rows, rows - values, values};
      }
    return out;
  }

  Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                           const std::stop_token& stop) override {
    const std::string sql = as_subquery(query.text);
    const std::vector<ColumnPlan> plans = TRY(plans_of(sql, stop));
    std::string select;
    std::vector<ColumnInfo> columns;
    for (size_t i = 0; i < plans.size(); ++i) {
      select += (i ? ", " : "") + fmt::format(fmt::runtime(plans[i].cast), fmt::format("q.c{}", i));
      columns.push_back(plans[i].info);
    }
    return stream(
        "SELECT " + select + " FROM (\n" + sql + "\n) AS q(" + column_names(plans.size()) + ")",
        std::move(columns), stop);
  }

 private:
  struct Name {
    std::string schema, table;  // no schema: one of the search path's
    [[nodiscard]] std::string identifiers() const {
      return schema.empty() ? identifier(table) : identifier(schema) + "." + identifier(table);
    }
  };
  static Name parts_of(const std::string& table) {
    const size_t dot = table.rfind('.');
    if (dot == std::string::npos) return {"", table};
    return {table.substr(0, dot), table.substr(dot + 1)};
  }

  // Whatever fails leaves the transaction unusable until it goes back to the savepoint; and so may
  // what was not read to its end.
  template <class T>
  Result<T> kept(Result<T> result) {
    if (!result.ok()) transaction_ = Transaction::failed;
    return result;
  }
  Status ready() {
    reader_->finish();
    if (transaction_ == Transaction::good) return ok_status();
    TRY(reader_->run(std::string(kBack), stop_));
    transaction_ = Transaction::good;
    return ok_status();
  }
  Status start(const std::string& sql, std::vector<ColumnInfo> columns,
               const std::stop_token& stop) override {
    TRY(ready());
    transaction_ = Transaction::reading;
    return reader_->query(sql, std::move(columns), stop);
  }
  void finish() override { reader_->finish(); }
  Result<bool> read(RowBatch& batch) override {
    const bool more = TRY(kept(reader_->next(batch)));
    // Another thread may have met with an error meanwhile.
    auto reading = Transaction::reading;
    if (!more) transaction_.compare_exchange_strong(reading, Transaction::good);
    return more;
  }

  Result<std::vector<ColumnPlan>> plans_of(const std::string& sql,
                                           const std::stop_token& stop) override {
    TRY(ready());
    const auto names = TRY(with_candidates(kept(reader_->names(sql, stop))));
    if (names.empty())
      return Error{.kind = ErrorKind::denied,
                   .message = "the statement returns no columns",
                   .remedy = "A source is only read: write one SELECT."};
    // One row of nulls, whose types the server names; nothing of the query is run.
    std::string oids;
    for (size_t i = 0; i < names.size(); ++i)
      oids += fmt::format("{}CAST(CAST(pg_typeof(q.c{}) AS oid) AS bigint)", i ? ", " : "", i);
    const std::string given =
        "WITH given(n, oid) AS (SELECT u.n, CAST(u.oid AS oid) FROM (SELECT ARRAY[" + oids +
        "] AS oids FROM (SELECT 1) AS one LEFT JOIN (SELECT * FROM (\n" + sql + "\n) AS q(" +
        column_names(names.size()) +
        ") LIMIT 0) AS q ON TRUE) AS o, unnest(o.oids) WITH ORDINALITY AS u(oid, n))";
    RowBatch batch;
    TRY(with_candidates(start(given + "\nSELECT * FROM (" + std::string(kTypes) + "\n) AS t",
                              std::vector<ColumnInfo>(3), stop)));
    std::vector<ColumnPlan> out;
    while (TRY(with_candidates(read(batch))))
      for (size_t row = 0; row < batch.rows && out.size() < names.size(); ++row)
        out.push_back(plan_for(names[out.size()], batch.columns[0].texts[row],
                               batch.columns[1].texts[row], batch.columns[2].texts[row]));
    if (out.size() != names.size())
      return Error{.kind = ErrorKind::corrupt, .message = "the server did not tell all types"};
    return out;
  }

  // Of a table that is not there: which was probably meant.
  template <class T>
  Result<T> with_candidates(Result<T> result) {
    constexpr std::string_view kStart = "relation \"";
    if (result.ok() || result.error().kind != ErrorKind::not_found ||
        !result.error().message.starts_with(kStart))
      return result;
    Error error = std::move(result.error());
    const std::string rest = error.message.substr(kStart.size());
    const std::string name = rest.substr(0, rest.find('"'));
    const size_t dot = name.rfind('.');
    const auto tables = tables_in(dot == std::string::npos ? "" : name.substr(0, dot));
    if (!tables.ok()) return error;
    error.message = "there is no table `" + name + "`" +
                    did_you_mean(dot == std::string::npos ? name : name.substr(dot + 1), *tables);
    if (!tables->empty()) error.remedy = "Tables: " + some(*tables) + ".";
    return error;
  }

  Result<std::vector<std::string>> tables_in(const std::string& schema) {
    const std::string where = schema.empty() ? "n.nspname = ANY (pg_catalog.current_schemas(false))"
                                             : "n.nspname = " + literal(schema);
    return texts(
        "SELECT CAST(c.relname AS text) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace "
        "AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND " +
        where + " ORDER BY 1 LIMIT 10000");
  }

  std::unique_ptr<adbc::Reader> reader_;
  enum class Transaction { good, reading, failed };
  std::atomic<Transaction> transaction_ = Transaction::good;
};

// --- Options.

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// How libpq takes a connection's parameters: an address with a query, or words with values.
Result<std::string> connection_text(const Source& source, const std::string& password) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"application_name", "rollcall"}, {"client_encoding", "UTF8"},   {"connect_timeout", "10"},
      {"keepalives_idle", "30"},        {"keepalives_interval", "10"}, {"keepalives_count", "3"}};
  const std::string url = option(source, "url");
  const auto take = [&](const std::string& name, const std::string& as, bool needed) -> Status {
    const std::string value = option(source, name);
    if (!value.empty() && !url.empty() && needed)
      return Error{.kind = ErrorKind::invalid,
                   .message = "there are both `url` and `" + name + "`",
                   .remedy = "Write one of them."};
    if (value.empty() && url.empty() && needed)
      return Error{.kind = ErrorKind::invalid,
                   .message = "`" + name + "` is missing",
                   .remedy = "Write host, database and user, or a url."};
    if (!value.empty()) all.emplace_back(as, value);
    return ok_status();
  };
  TRY(take("host", "host", true));
  TRY(take("database", "dbname", true));
  TRY(take("user", "user", true));
  TRY(take("port", "port", false));
  TRY(take("sslmode", "sslmode", false));
  TRY(take("sslrootcert", "sslrootcert", false));
  if (!password.empty()) all.emplace_back("password", password);
  std::string out = url;
  if (!url.empty()) {
    if (url.find("password=") != std::string::npos)
      return Error{.kind = ErrorKind::invalid,
                   .message = "`url` holds a password",
                   .remedy = "Write it under `password`, where it is kept encrypted."};
    for (const auto& [name, value] : all)
      out += (out.find('?') == std::string::npos ? "?" : "&") + name + "=" + percent_encoded(value);
    return out;
  }
  for (const auto& [name, value] : all) {
    out += (out.empty() ? "" : " ") + name + "='";
    for (const char c : value) out += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
    out += "'";
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Connection>> open_postgres(const Source& source,
                                                  const OpenOptions& options) {
  const Secret password = secret_option(source, "password");
  const std::string text = TRY(connection_text(source, password.reveal()));
  auto reader =
      TRY(adbc::Reader::start({.driver = "postgresql",
                               .database = {{"uri", Secret(text)}},
                               .statement = {{"adbc.postgresql.batch_size_hint_bytes", "1048576"}},
                               .secrets = {password, Secret(percent_encoded(password.reveal()))},
                               .explain = explain,
                               .program = options.program},
                              options.stop));
  auto connection = std::make_unique<PostgresConnection>(std::move(reader), options.stop);
  TRY(connection->begin(option(source, "schema"), options.statement_timeout));
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
