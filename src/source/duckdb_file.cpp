// Kind `duckdb`: a DuckDB file, opened read-only.
//
// Two openings of one file in one process share a database: the lock by which DuckDB keeps other
// programs from writing belongs to the process, and closing the second would give up the first
// one's.
#include <fmt/format.h>

#include <map>
#include <mutex>

#include "source/duck_rows.hpp"
#include "source/kinds.hpp"

namespace rollcall::source {

namespace {

std::mutex shared_mutex;
// By path and what it may reach.
std::map<std::string, std::weak_ptr<duck::Database>>& shared_databases() {
  static std::map<std::string, std::weak_ptr<duck::Database>> all;
  return all;
}

Result<std::shared_ptr<duck::Database>> open_shared(const std::filesystem::path& path,
                                                    const duck::Options& options) {
  std::error_code ignored;
  std::string key = std::filesystem::weakly_canonical(path, ignored).string();
  for (const auto& reachable : *options.reachable) key += '\n' + reachable.string();
  // Held while opening, so that two threads never open one file at once; opening takes
  // milliseconds.
  const std::lock_guard lock(shared_mutex);
  auto& all = shared_databases();
  std::erase_if(all, [](const auto& one) { return one.second.expired(); });
  if (auto open = all[key].lock()) return open;
  auto opened = duck::Database::open(path, options);
  if (!opened.ok()) {
    all.erase(key);
    return std::move(opened.error());
  }
  std::shared_ptr<duck::Database> database(std::move(opened.value()));
  all[key] = database;
  return database;
}

// Tables and views of the file.
constexpr std::string_view kThere =
    " FROM (SELECT table_name, schema_name, database_name FROM duckdb_tables() UNION ALL SELECT "
    "view_name, schema_name, database_name FROM duckdb_views() WHERE NOT internal) WHERE "
    "database_name = current_database()";

class DuckdbConnection : public Connection {
 public:
  DuckdbConnection(std::shared_ptr<duck::Database> database,
                   std::unique_ptr<duck::Connection> connection, std::string schema)
      : database_(std::move(database)),
        connection_(std::move(connection)),
        schema_(std::move(schema)) {}

  Status use_schema() {
    const auto schemas = TRY(texts("SELECT DISTINCT schema_name FROM duckdb_schemas()"));
    for (const std::string& one : schemas)
      if (one == schema_) return connection_->run("USE " + duck::identifier(schema_));
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no schema `" + schema_ + "`" + did_you_mean(schema_, schemas),
                 .remedy = "Correct the source's `schema`."};
  }

  Result<std::vector<std::string>> tables() override {
    const std::string own = duck::literal(schema_);
    return texts("SELECT CASE WHEN lower(schema_name) = lower(" + own +
                 ") THEN table_name ELSE schema_name || '.' || table_name END" +
                 std::string(kThere) + " ORDER BY lower(schema_name) <> lower(" + own +
                 "), schema_name, table_name LIMIT 10000");
  }

  Result<std::vector<ColumnInfo>> describe_table(const std::string& table) override {
    const auto [schema, name] = parts_of(table);
    const auto tables =
        TRY(texts("SELECT table_name" + std::string(kThere) + " AND lower(schema_name) = lower(" +
                  duck::literal(schema) + ") ORDER BY table_name LIMIT 10000"));
    bool found = false;
    for (const std::string& one : tables) found |= same_name(one, name);
    if (!found)
      return Error{.kind = ErrorKind::not_found,
                   .message = "there is no table `" + table + "`" + did_you_mean(name, tables),
                   .remedy = tables.empty() ? "Its schema holds no tables."
                                            : "Tables: " + some(tables) + "."};
    return in_context(
        describe_rows(*connection_, "SELECT * FROM " + Name{schema, name}.identifier()),
        "table " + table);
  }

  // Of integers, with a bit for each value there may be: a tenth of what groups of them take.
  Result<std::optional<ValueCounts>> count_values(const std::string& table,
                                                  const std::string& column) override {
    constexpr int64_t kBitsMax = 64'000'000;  // for each thread
    const Name name = parts_of(table);
    // A view would be worked out twice.
    const auto tables =
        TRY(texts("SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() "
                  "AND lower(schema_name) = lower(" +
                  duck::literal(name.schema) + ") AND lower(table_name) = lower(" +
                  duck::literal(name.table) + ")"));
    if (tables.empty()) return std::optional<ValueCounts>();
    const auto columns = TRY(describe_rows(
        *connection_, "SELECT " + duck::identifier(column) + " FROM " + name.identifier()));
    if (columns[0].type != FieldType::integer) return std::optional<ValueCounts>();
    const std::string values = " FROM (SELECT CAST(" + duck::identifier(column) +
                               " AS BIGINT) FROM " + name.identifier() + ") AS t(v)";
    const auto range =
        TRY(integers("SELECT count(*), count(v), coalesce(min(v), 0), "
                     "coalesce(max(v), 0)" +
                     values));
    int64_t bits = 0;
    if (__builtin_sub_overflow(range[3], range[2], &bits) || bits >= kBitsMax)
      return std::optional<ValueCounts>();
    const auto different = TRY(
        integers(fmt::format("SELECT coalesce(bit_count(bitstring_agg(v, {}, {})), 0)::BIGINT{}",
                             range[2], range[3], values)));
    return std::optional(ValueCounts{range[0], range[0] - range[1], different[0]});
  }

  Result<std::vector<ColumnInfo>> describe_query(const std::string& sql) override {
    return describe_rows(*connection_, as_subquery(sql));
  }

  Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                           const std::stop_token& stop) override {
    return stream_rows(*connection_, query.text, stop);
  }

 private:
  struct Name {
    std::string schema, table;
    [[nodiscard]] std::string identifier() const {
      return duck::identifier(schema) + "." + duck::identifier(table);
    }
  };
  [[nodiscard]] Name parts_of(const std::string& table) const {
    const size_t dot = table.rfind('.');
    if (dot == std::string::npos) return {schema_, table};
    return {table.substr(0, dot), table.substr(dot + 1)};
  }

  // The one row of a query.
  Result<std::vector<int64_t>> integers(const std::string& sql) {
    const auto rows = TRY(connection_->stream(sql));
    const duck::Chunk* chunk = TRY(rows->next());
    CHECK(chunk != nullptr && chunk->rows() == 1);
    std::vector<int64_t> out;
    for (size_t i = 0; i < rows->columns().size(); ++i) out.push_back(chunk->integer(i, 0));
    return out;
  }
  Result<std::vector<std::string>> texts(const std::string& sql) {
    std::vector<std::string> out;
    auto rows = TRY(connection_->stream(sql));
    for (;;) {
      const duck::Chunk* chunk = TRY(rows->next());
      if (!chunk) return out;
      for (size_t row = 0; row < chunk->rows(); ++row) out.emplace_back(chunk->text(0, row));
    }
  }

  std::shared_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> connection_;
  std::string schema_;
};

}  // namespace

Result<std::unique_ptr<Connection>> open_duckdb(const Source& source, const OpenOptions& options) {
  const std::filesystem::path path = option(source, "path");
  if (path.empty())
    return Error{.kind = ErrorKind::invalid,
                 .message = "`path` is missing",
                 .remedy = "Name the DuckDB file."};
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return Error{
        .kind = ErrorKind::invalid,
        .message = path.string() + " is a folder",
        .remedy = "Name a DuckDB file, or use the kind parquet or csv for a folder of files."};
  std::vector<std::filesystem::path> reachable;
  if (const std::string files = option(source, "files"); !files.empty()) {
    if (!std::filesystem::is_directory(files, ignored))
      return Error{.kind = ErrorKind::not_found,
                   .message = "there is no folder " + files,
                   .remedy = "Correct the source's `files`."};
    reachable.emplace_back(files);
  }
  auto database = TRY(open_shared(path, {.read_only = true,
                                         .memory_limit_mb = options.memory_limit_mb,
                                         .temp_directory = options.temp_directory,
                                         .select_only = true,
                                         .reachable = reachable}));
  auto raw = TRY(
      database->connect({.stop = options.stop, .statement_timeout = options.statement_timeout}));
  const std::string schema = option(source, "schema");
  auto connection = std::make_unique<DuckdbConnection>(std::move(database), std::move(raw),
                                                       schema.empty() ? "main" : schema);
  if (!schema.empty()) TRY(connection->use_schema());
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
