// Kind `trino`. A query is described first, and then, where one of its columns comes as something
// else than an exact value (a timestamp of some zone, bytes in base64, nested values whose parts
// have lost their names), wrapped in one that converts those columns on the server. Otherwise it is
// sent as it is.
#include "trino/trino.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "source/kinds.hpp"
#include "source/server.hpp"
#include "source/sql_text.hpp"

namespace rollcall::source {

namespace {

// --- Types, as Trino writes them: `decimal(12, 2)`, `array(row(a bigint, "B c" varchar))`.

// The word before the parentheses: "timestamp with time zone" of "timestamp(3) with time zone".
std::string word_of(std::string_view type) {
  const size_t open = type.find('(');
  if (open == std::string_view::npos) return std::string(type);
  const size_t close = type.rfind(')');
  return std::string(type.substr(0, open)) +
         (close == std::string_view::npos ? "" : std::string(type.substr(close + 1)));
}

// What stands between the outermost parentheses, cut at its commas.
std::vector<std::string_view> arguments_of(std::string_view type) {
  std::vector<std::string_view> out;
  const size_t open = type.find('('), close = type.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return out;
  std::string_view inside = type.substr(open + 1, close - open - 1);
  size_t depth = 0, from = 0;
  bool in_name = false;
  for (size_t i = 0; i <= inside.size(); ++i) {
    const char c = i < inside.size() ? inside[i] : ',';
    if (c == '"') in_name = !in_name;
    if (in_name && i < inside.size()) continue;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c == ',' && (depth == 0 || i == inside.size())) {
      out.push_back(trim(inside.substr(from, i - from)));
      from = i + 1;
    }
  }
  return out;
}

// The name of a row's field, still quoted where it was, and its type; no name where it has none.
std::pair<std::string_view, std::string_view> field_of(std::string_view argument) {
  size_t end = argument.find(' ');
  if (argument.starts_with('"')) {
    end = 1;
    while (end < argument.size() && (argument[end] != '"' || argument.substr(end, 2) == "\"\""))
      end += argument[end] == '"' ? 2 : 1;
    ++end;
  }
  const bool named = argument.starts_with('"') ||  // else the blank may be one of the type's
                     argument.substr(0, end).find('(') == std::string_view::npos;
  if (end >= argument.size() || !named) return {"", argument};
  return {argument.substr(0, end), trim(argument.substr(end))};
}

// A part of a nested value in a form that becomes JSON rightly; `value` itself where it does.
struct Part {
  std::string value;
  std::string type;  // of that
};
constexpr int kDeepest = 20;

Part json_part(const std::string& value, std::string_view type, int depth = 0) {
  const std::string word = word_of(type);
  const auto arguments = arguments_of(type);
  const std::string each = fmt::format("e{}", depth);
  if (word == "double" || word == "real")  // JSON has no NaN
    return {fmt::format("IF(is_finite({0}), {0})", value), std::string(type)};
  if (word == "varbinary") return {fmt::format("lower(to_hex({}))", value), "varchar"};
  if (word == "json" || word == "boolean" || word == "tinyint" || word == "smallint" ||
      word == "integer" || word == "bigint" || word == "decimal" || word == "varchar" ||
      word == "date" || word == "timestamp" || depth > kDeepest)
    return {value, std::string(type)};
  if (word == "timestamp with time zone")
    return {fmt::format("{} AT TIME ZONE 'UTC'", value), std::string(type)};
  if (word == "array" && arguments.size() == 1) {
    const Part part = json_part(each, arguments[0], depth + 1);
    if (part.value == each) return {value, std::string(type)};
    return {fmt::format("transform({}, {} -> {})", value, each, part.value),
            "array(" + part.type + ")"};
  }
  if (word == "map" && arguments.size() == 2) {
    const std::string key = fmt::format("k{}", depth);
    const Part part = json_part(each, arguments[1], depth + 1);
    return {fmt::format("transform_values(transform_keys({0}, ({1}, {2}) -> CAST({1} AS varchar)), "
                        "({1}, {2}) -> {3})",
                        value, key, each, part.value),
            "map(varchar, " + part.type + ")"};
  }
  if (word == "row" && !arguments.empty()) {
    std::string values, types;
    for (size_t i = 0; i < arguments.size(); ++i) {
      const auto [name, of] = field_of(arguments[i]);
      const Part part = json_part(fmt::format("{}[{}]", value, i + 1), of, depth + 1);
      values += (i ? ", " : "") + part.value;
      types += fmt::format("{}{} {}", i ? ", " : "",
                           name.empty() ? identifier(fmt::format("{}", i + 1)) : std::string(name),
                           part.type);
    }
    return {fmt::format("IF({} IS NOT NULL, CAST(ROW({}) AS row({})))", value, values, types),
            "row(" + types + ")"};
  }
  return {fmt::format("CAST({} AS varchar)", value), "varchar"};
}

// Names of fields may hold what marks the place of a column: doubled, it is only itself.
std::string without_marks(std::string_view type) {
  std::string out;
  for (const char c : type) out += c == '{' || c == '}' ? std::string(2, c) : std::string(1, c);
  return out;
}

ColumnPlan plan_for(const trino::ColumnType& column) {
  const std::string word = word_of(column.type);
  const auto plan = [&](FieldType type, std::string cast = {}, bool zoned = false) {
    return ColumnPlan{{column.name, type, zoned, column.type}, std::move(cast)};
  };
  if (word == "boolean") return plan(FieldType::boolean);
  if (word == "tinyint" || word == "smallint" || word == "integer" || word == "bigint")
    return plan(FieldType::integer);
  if (word == "double") return plan(FieldType::number);
  if (word == "real") return plan(FieldType::number, "CAST(CAST({} AS varchar) AS double)");
  if (word == "decimal") return plan(FieldType::decimal);
  if (word == "date") return plan(FieldType::date);
  if (word == "timestamp") return plan(FieldType::timestamp);
  if (word == "timestamp with time zone") {
    std::string zoneless = column.type.substr(0, column.type.find(" with"));
    return plan(FieldType::timestamp, "CAST({} AT TIME ZONE 'UTC' AS " + zoneless + ")", true);
  }
  if (word == "varbinary") return plan(FieldType::text, "lower(to_hex({}))");
  if (word == "char") return plan(FieldType::text, "rtrim(CAST({} AS varchar))");
  if (word == "json") return plan(FieldType::json, "json_format({})");
  if (word == "array" || word == "map" || word == "row")
    return plan(
        word == "array" ? FieldType::list : FieldType::object,
        "json_format(CAST(" + json_part("{0}", without_marks(column.type)).value + " AS json))");
  if (word == "varchar" || word == "uuid" || word == "ipaddress" || word.starts_with("time") ||
      word.starts_with("interval"))
    return plan(FieldType::text);
  return plan(FieldType::text, "CAST({} AS varchar)");
}

class TrinoConnection : public ServerConnection {
 public:
  TrinoConnection(trino::Settings settings, const OpenOptions& options)
      : ServerConnection(options.stop),
        catalog_(settings.catalog),
        schema_(settings.schema),
        session_(std::move(settings), *options.transport, *options.clock) {}

  // That the server lets us in, and that catalog and schema are there.
  Status begin() {
    const auto there = [&](const std::string& option, const std::string& name,
                           const std::vector<std::string>& names) -> Status {
      if (name.empty() || std::find(names.begin(), names.end(), name) != names.end())
        return ok_status();
      return Error{
          .kind = ErrorKind::not_found,
          .message = fmt::format("there is no {} `{}`{}", option, name, did_you_mean(name, names)),
          .remedy = "Correct the source's `" + option + "`."};
    };
    TRY(there("catalog", catalog_,
              TRY(texts("SELECT catalog_name FROM system.metadata.catalogs"))));
    if (catalog_.empty() || schema_.empty()) return ok_status();
    return there("schema", schema_,
                 TRY(texts("SELECT schema_name FROM " + identifier(catalog_) +
                           ".information_schema.schemata")));
  }

  Result<std::vector<std::string>> tables() override {
    if (catalog_.empty())
      return Error{.kind = ErrorKind::invalid,
                   .message = "the source names no catalog to look into",
                   .remedy =
                       "Write its `catalog`; models name other tables as "
                       "catalog.schema.table."};
    const std::string of = identifier(catalog_) + ".information_schema.tables";
    if (schema_.empty())
      return texts("SELECT table_schema || '.' || table_name FROM " + of +
                   " WHERE table_schema <> 'information_schema' ORDER BY 1 LIMIT 10000");
    return texts("SELECT IF(table_schema = " + literal(schema_) +
                 ", table_name, table_schema || '.' || table_name) FROM " + of +
                 " WHERE table_schema <> 'information_schema' ORDER BY IF(table_schema = " +
                 literal(schema_) + ", 0, 1), 1 LIMIT 10000");
  }

  Result<std::vector<ColumnInfo>> describe_table(const std::string& table) override {
    const auto parts = parts_of(table);
    const auto tables = TRY(tables_in(parts));
    if (std::find(tables.begin(), tables.end(), parts.table) == tables.end())
      return no_table(table, parts.table, tables);
    std::string full;
    for (const std::string& part : {parts.catalog, parts.schema, parts.table})
      if (!part.empty()) full += (full.empty() ? "" : ".") + identifier(part);
    return in_context(describe_query("SELECT * FROM " + full), "table " + table);
  }

  Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                           const std::stop_token& stop) override {
    std::string sql = as_subquery(query.text);
    const std::vector<ColumnPlan> plans = TRY(plans_of(sql, stop));
    std::vector<ColumnInfo> columns;
    std::string select, names;
    bool converted = false;
    for (size_t i = 0; i < plans.size(); ++i) {
      const std::string name = fmt::format("c{}", i), comma = i ? ", " : "";
      names += comma + name;
      select +=
          comma + (plans[i].cast.empty() ? name : fmt::format(fmt::runtime(plans[i].cast), name));
      converted |= !plans[i].cast.empty();
      columns.push_back(plans[i].info);
    }
    if (converted) sql = "WITH q(" + names + ") AS (\n" + sql + "\n) SELECT " + select + " FROM q";
    return stream(sql, std::move(columns), stop);
  }

 private:
  Status start(const std::string& sql, std::vector<ColumnInfo> columns,
               const std::stop_token& stop) override {
    std::vector<FieldType> types;
    for (const ColumnInfo& column : columns) types.push_back(column.type);
    return session_.query(sql, std::move(types), stop);
  }
  Result<bool> read(RowBatch& batch) override {
    const std::lock_guard lock(reading_);
    return session_.next(batch);
  }
  void finish() override { session_.finish(); }

  struct Parts {
    std::string catalog, schema, table;
  };
  [[nodiscard]] Parts parts_of(std::string table) const {
    ascii_lower(table);  // as Trino folds every name
    Parts out{catalog_, schema_, table};
    if (const size_t dot = table.rfind('.'); dot != std::string::npos) {
      out.table = table.substr(dot + 1);
      out.schema = table.substr(0, dot);
      if (const size_t first = out.schema.find('.'); first != std::string::npos) {
        out.catalog = out.schema.substr(0, first);
        out.schema = out.schema.substr(first + 1);
      }
    }
    return out;
  }

  Result<std::vector<ColumnPlan>> plans_of(const std::string& sql,
                                           const std::stop_token& stop) override {
    auto columns = session_.columns(sql, stop);
    if (!columns.ok()) return with_candidates(std::move(columns.error()));
    std::vector<ColumnPlan> out;
    for (const trino::ColumnType& column : *columns) out.push_back(plan_for(column));
    return out;
  }

  // Of a table or column that is not there: which was probably meant.
  Error with_candidates(Error error) {
    const size_t from = error.message.find('\''), to = error.message.find('\'', from + 1);
    if (to == std::string::npos) return error;
    const std::string name = error.message.substr(from + 1, to - from - 1);
    if (error.kind == ErrorKind::not_found && error.message.starts_with("Table '")) {
      const auto parts = parts_of(name);
      const auto tables = tables_in(parts);
      return tables.ok() ? no_table(name, parts.table, *tables) : error;
    }
    if (!error.message.starts_with("Column '") || catalog_.empty() || schema_.empty()) return error;
    const auto columns =
        texts("SELECT DISTINCT column_name FROM " + identifier(catalog_) +
              ".information_schema.columns WHERE table_schema = " + literal(schema_) +
              " ORDER BY 1 LIMIT 10000");
    if (columns.ok()) error.message += did_you_mean(name, *columns);
    return error;
  }

  Result<std::vector<std::string>> tables_in(const Parts& parts) {
    if (parts.catalog.empty() || parts.schema.empty())
      return Error{.kind = ErrorKind::invalid,
                   .message = "`" + parts.table + "` names no catalog and schema",
                   .remedy = "Write the source's `catalog` and `schema`, or catalog.schema.table."};
    return texts("SELECT table_name FROM " + identifier(parts.catalog) +
                 ".information_schema.tables WHERE table_schema = " + literal(parts.schema) +
                 " ORDER BY 1 LIMIT 10000");
  }

  std::string catalog_, schema_;
  trino::Session session_;
  std::mutex reading_;  // of read()
};

}  // namespace

Result<std::unique_ptr<Connection>> open_trino(const Source& source, const OpenOptions& options) {
  trino::Settings settings{.url = option(source, "url"),
                           .user = option(source, "user"),
                           .password = secret_option(source, "password"),
                           .token = secret_option(source, "token"),
                           .catalog = option(source, "catalog"),
                           .schema = option(source, "schema"),
                           .ca_file = option(source, "ca_file"),
                           .statement_timeout = options.statement_timeout};
  const auto refuse = [](std::string message, std::string remedy) {
    return Error{
        .kind = ErrorKind::invalid, .message = std::move(message), .remedy = std::move(remedy)};
  };
  const bool safe = settings.url.starts_with("https://");
  if (!safe && !settings.url.starts_with("http://"))
    return refuse("`url` is no address of a server", "Write http://host:port or https://….");
  if (settings.url.find('@') != std::string::npos)
    return refuse("`url` holds a user or a password",
                  "Write them under `user` and `password`, which is kept encrypted.");
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"user", settings.user},
                                    {"catalog", settings.catalog},
                                    {"schema", settings.schema}})
    if (value.find_first_of("\r\n") != std::string::npos)
      return refuse("`" + name + "` holds the end of a line", "Write it on one line.");
  if (settings.user.empty()) return refuse("`user` is missing", "Write whom Trino takes us for.");
  if (!settings.password.empty() && !settings.token.empty())
    return refuse("there are both `password` and `token`", "Write one of them.");
  if (!safe && !(settings.password.empty() && settings.token.empty()))
    return refuse("a password or token goes over https alone",
                  "Write the `url` of the server's https port.");
  CHECK(options.transport != nullptr && options.clock != nullptr);
  auto connection = std::make_unique<TrinoConnection>(std::move(settings), options);
  TRY(connection->begin());
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
