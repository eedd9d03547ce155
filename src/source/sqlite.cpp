// Kind `sqlite`. SQLite keeps any value in any column, so what a column is declared as says little:
// names of types that it knows nothing of (TIME, UUID, or none at all) hold what was put there, and
// a DATE may hold a time of day, which the extension would cut off. A table with such columns is
// looked at once, when it is first named: which kinds of values they hold.
//
// A column is then read as what it is declared as, and one that is declared as nothing known as
// what it holds. A column with values that do not fit is an error for whoever reads that column.
// What the extension cannot hand over as it is comes as text by a query of SQLite's own.
#include <fmt/format.h>

#include <map>
#include <sstream>

#include "source/attached.hpp"

namespace rollcall::source {

namespace {

constexpr char kSeparator = '\x1f';

// What is told of a column in one number.
enum Bits : int { kIntegers = 1, kReals = 2, kTexts = 4, kBlobs = 8, kZoned = 16, kMisfits = 32 };

struct Column {
  std::string name;
  enum class Declared { integer, number, text, date, timestamp, boolean, nothing } declared;
  std::string native;  // the extension's type
  int holds = 0;
};

Column::Declared declared_as(std::string type) {
  ascii_lower(type);
  const auto has = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  const auto is = [&](std::string_view part) {
    return type == part || type.starts_with(std::string(part) + '(') ||
           type.starts_with(std::string(part) + ' ');
  };
  if (has("int") && !has("interval") && !has("point")) return Column::Declared::integer;
  if (has("char") || has("clob") || has("text")) return Column::Declared::text;
  if (has("real") || has("floa") || has("doub") || is("numeric") || is("decimal"))
    return Column::Declared::number;
  if (is("date")) return Column::Declared::date;
  if (type.starts_with("timestamp") || is("datetime")) return Column::Declared::timestamp;
  if (is("bool") || is("boolean")) return Column::Declared::boolean;
  return Column::Declared::nothing;
}

// SQLite's expression of Bits over all rows.
std::string look_at(const Column& column) {
  const std::string c = duck::identifier(column.name);
  const auto any = [](int bit, const std::string& condition) {
    return fmt::format("{} * coalesce(max({}), 0)", bit, condition);
  };
  const auto of_type = [&](int bit, std::string_view type) {
    return any(bit, fmt::format("typeof({}) = '{}'", c, type));
  };
  std::string out = of_type(kIntegers, "integer") + " + " + of_type(kReals, "real") + " + " +
                    of_type(kTexts, "text") + " + " + of_type(kBlobs, "blob");
  switch (column.declared) {
    case Column::Declared::date:
      // A whole day: the time of day, where there is one, is midnight. Integers are seconds.
      return out + " + " +
             any(kMisfits,
                 fmt::format("CASE typeof({0}) WHEN 'text' THEN trim(substr(trim({0}), 11), "
                             "' T0:.') <> '' WHEN 'integer' THEN {0} % 86400 <> 0 WHEN 'null' "
                             "THEN 0 ELSE 1 END",
                             c));
    case Column::Declared::timestamp: {
      // What follows the day, from which a zone's minus can be told.
      const std::string time = fmt::format("substr(trim({}), 11)", c);
      const std::string zoned =
          fmt::format("typeof({1}) = 'text' AND ({0} GLOB '*[Zz]' OR {0} GLOB '*[+-]*')", time, c);
      // Seconds; those beyond the year 9999 would be milliseconds.
      return out + " + " + any(kZoned, zoned) + " + " +
             any(kMisfits,
                 fmt::format("CASE typeof({0}) WHEN 'integer' THEN abs({0}) > 253402300799 WHEN "
                             "'real' THEN 1 WHEN 'blob' THEN 1 ELSE 0 END",
                             c)) +
             // Some with a zone and some without are no one type.
             fmt::format(
                 " + {} * coalesce(max({}) <> min(CASE WHEN {} IS NOT NULL THEN {} END), 0)",
                 2 * kMisfits, zoned, c, zoned);
    }
    case Column::Declared::boolean:
      return out + " + " +
             any(kMisfits,
                 fmt::format("{0} IS NOT NULL AND CAST({0} AS text) NOT IN ('0', '1')", c));
    case Column::Declared::integer:
    case Column::Declared::number:
    case Column::Declared::text:
    case Column::Declared::nothing:
      break;
  }
  return out;
}

std::string misfit(const std::string& table, const Column& column) {
  const std::string_view what =
      column.declared == Column::Declared::date ? "DATE, and holds times of day or other numbers"
      : column.declared == Column::Declared::boolean
          ? "BOOLEAN, and holds other values than 0 and 1"
      : column.holds & 2 * kMisfits
          ? "a timestamp, and holds some with an offset or a Z and some without"
          : "a timestamp, and holds numbers that are no seconds since 1970";
  return fmt::format(
      "column `{}` of table `{}` is declared as {}: mend them in the data, or declare it as TEXT",
      column.name, table, what);
}

// How DuckDB is told to read the column; nothing where only SQLite's own query can.
std::optional<std::string> directly(const Column& column) {
  const std::string c = duck::identifier(column.name);
  const int types = column.holds & (kIntegers | kReals | kTexts | kBlobs);
  switch (column.declared) {
    case Column::Declared::integer:
    case Column::Declared::number:
    case Column::Declared::text:
    case Column::Declared::date:
      return c;
    case Column::Declared::boolean:
      return "CAST(" + c + " AS BOOLEAN)";
    case Column::Declared::timestamp:
      if (column.holds & kZoned) return std::nullopt;
      return c;
    case Column::Declared::nothing:
      break;
  }
  if (types == 0) return "CAST(NULL AS VARCHAR)";
  // The bytes of a column that the extension takes for a BLOB are those of the text.
  const bool bytes = column.native == "BLOB";
  if (types == kBlobs && bytes) return c;
  if (types == kTexts && (bytes || column.native == "VARCHAR"))
    return bytes ? "decode(" + c + ")" : c;
  if (types == kIntegers && (bytes || column.native == "BIGINT"))
    return bytes ? "CAST(decode(" + c + ") AS BIGINT)" : c;
  return std::nullopt;
}

// SQLite's expression of the column as text, without a loss, and DuckDB's of the value.
std::pair<std::string, std::string> by_text(const Column& column) {
  const std::string c = duck::identifier(column.name);
  const std::string number =
      fmt::format("CASE typeof({0}) WHEN 'real' THEN quote({0}) ELSE {0} END", c);
  const auto as = [&](std::string_view type) { return fmt::format("CAST({} AS {})", c, type); };
  const int types = column.holds & (kIntegers | kReals | kTexts | kBlobs);
  switch (column.declared) {
    case Column::Declared::integer:
      return {c, as("BIGINT")};
    case Column::Declared::number:
      return {number, as("DOUBLE")};
    case Column::Declared::text:
      return {c, c};
    case Column::Declared::date:
      return {fmt::format(
                  "CASE typeof({0}) WHEN 'integer' THEN date({0}, 'unixepoch') ELSE {0} END", c),
              as("DATE")};
    case Column::Declared::timestamp:
      return {fmt::format("CASE typeof({0}) WHEN 'integer' THEN datetime({0}, 'unixepoch') ELSE "
                          "replace(replace({0}, ' +', '+'), ' -', '-') END",
                          c),
              as(column.holds & kZoned ? "TIMESTAMPTZ" : "TIMESTAMP")};
    case Column::Declared::boolean:
      return {c, as("BOOLEAN")};
    case Column::Declared::nothing:
      break;
  }
  if (types == kIntegers) return {c, as("BIGINT")};
  if ((types & (kTexts | kBlobs)) == 0) return {number, as("DOUBLE")};
  return {fmt::format("CASE typeof({0}) WHEN 'blob' THEN lower(hex({0})) ELSE {0} END", c), c};
}

class SqliteConnection : public AttachedConnection {
 public:
  using AttachedConnection::AttachedConnection;

 private:
  Result<std::string> select_of(const std::string& table) override {
    std::vector<Column> columns = TRY(columns_of(table));
    TRY(look(table, columns));
    std::string direct, texts, typed;
    bool all_direct = true;
    for (const Column& column : columns) {
      const std::string c = duck::identifier(column.name);
      const std::string comma = direct.empty() ? "" : ", ";
      std::string wrong;
      if (column.holds & (3 * kMisfits))
        wrong = fmt::format("CAST(error({}) AS {})", duck::literal(misfit(table, column)),
                            column.native);
      const auto read = wrong.empty() ? directly(column) : wrong;
      all_direct &= read.has_value();
      const auto [text, value] = by_text(column);
      direct += comma + read.value_or("") + " AS " + c;
      texts += comma + text + " AS " + c;
      typed += comma + (wrong.empty() ? value : wrong) + " AS " + c;
    }
    if (all_direct) return "SELECT " + direct + " FROM " + full_name(table);
    return "SELECT " + typed + " FROM " +
           query("SELECT " + texts + " FROM " + duck::identifier(table));
  }

  static std::string query(const std::string& sql) {
    return "sqlite_query('source', " + duck::literal(sql) + ")";
  }

  // As the extension has them, in their order.
  Result<std::vector<Column>> columns_of(const std::string& table) {
    std::map<std::string, Column::Declared> declared;
    for (const std::string& one :
         TRY(texts("SELECT type || chr(31) || name FROM rollcall.declared WHERE in_table = " +
                   duck::literal(table)))) {
      const size_t end = one.find(kSeparator);
      declared[one.substr(end + 1)] = declared_as(one.substr(0, end));
    }
    std::vector<Column> out;
    for (const auto& [name, type] : TRY(types_of("SELECT * FROM " + full_name(table)))) {
      const auto known = declared.find(name);
      out.push_back(
          {.name = name,
           .declared = known == declared.end() ? Column::Declared::nothing : known->second,
           .native = type});
    }
    return out;
  }

  // One pass over the table, if any column needs it.
  Status look(const std::string& table, std::vector<Column>& columns) {
    std::string all;
    std::vector<Column*> looked;
    for (Column& column : columns) {
      const bool known = column.declared == Column::Declared::integer ||
                         column.declared == Column::Declared::number ||
                         column.declared == Column::Declared::text;
      if (known) continue;
      all += fmt::format("{}{} AS c{}", all.empty() ? "" : ", ", look_at(column), looked.size());
      looked.push_back(&column);
    }
    if (looked.empty()) return ok_status();
    TRY(
        run("CREATE OR REPLACE TABLE rollcall.looked AS SELECT concat_ws(' ', *COLUMNS(*)) AS "
            "holds FROM " +
            query("SELECT " + all + " FROM " + duck::identifier(table))));
    const auto found = TRY(texts("SELECT holds FROM rollcall.looked"));
    std::istringstream numbers(found.empty() ? "" : found[0]);
    for (Column* column : looked) numbers >> column->holds;
    return ok_status();
  }
};

}  // namespace

Result<std::unique_ptr<Connection>> open_sqlite(const Source& source, const OpenOptions& options) {
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
  auto connection = std::make_unique<SqliteConnection>(path.string(), "main");
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

}  // namespace rollcall::source
