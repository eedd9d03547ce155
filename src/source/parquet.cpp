// Kind `parquet`. Files of one table say their types each for itself: where they differ, what they
// hold is widened to a type that holds all of it, or the table is refused. It is never read as the
// first file has it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "source/files.hpp"

namespace rollcall::source {

namespace {

struct Options {
  std::optional<bool> union_by_name;
  bool hive = false;
  TableTypes types;
};

// Whole numbers: bits that hold the value without its sign, and whether it may have one.
struct Whole {
  int bits = 0;
  bool sign = false;
};
std::optional<Whole> whole(std::string_view type) {
  constexpr std::pair<std::string_view, Whole> kAll[] = {
      {"TINYINT", {7, true}},     {"SMALLINT", {15, true}},  {"INTEGER", {31, true}},
      {"BIGINT", {63, true}},     {"HUGEINT", {127, true}},  {"UTINYINT", {8, false}},
      {"USMALLINT", {16, false}}, {"UINTEGER", {32, false}}, {"UBIGINT", {64, false}}};
  for (const auto& [name, one] : kAll)
    if (name == type) return one;
  return std::nullopt;
}
// The least type that holds whole numbers of both.
std::string whole_type(Whole a, Whole b) {
  const int bits = std::max(a.bits, b.bits);
  if (!a.sign && !b.sign)
    return bits <= 8 ? "UTINYINT" : bits <= 16 ? "USMALLINT" : bits <= 32 ? "UINTEGER" : "UBIGINT";
  return bits <= 7    ? "TINYINT"
         : bits <= 15 ? "SMALLINT"
         : bits <= 31 ? "INTEGER"
         : bits <= 63 ? "BIGINT"
                      : "HUGEINT";
}

struct Decimal {
  int width = 0, scale = 0;
};
std::optional<Decimal> decimal(const std::string& type) {
  Decimal out;
  if (std::sscanf(type.c_str(), "DECIMAL(%d,%d)", &out.width, &out.scale) == 2) return out;
  return std::nullopt;
}
// Digits of the largest whole number of a type.
int digits_of(Whole one) { return one.bits * 3 / 10 + 1; }

bool is_text(std::string_view type) { return type == "VARCHAR" || type.starts_with("ENUM"); }

// The type that holds what both hold, with nothing lost; empty where there is none.
std::string wider(const std::string& a, const std::string& b) {
  if (a == b) return a;
  if (a == "\"NULL\"" || a == "NULL") return b;
  if (b == "\"NULL\"" || b == "NULL") return a;
  const auto wa = whole(a), wb = whole(b);
  if (wa && wb) return whole_type(*wa, *wb);
  const auto da = decimal(a), db = decimal(b);
  if ((da || wa) && (db || wb)) {
    const auto before = [](const std::optional<Decimal>& d, const std::optional<Whole>& w) {
      return d ? d->width - d->scale : digits_of(*w);
    };
    const int scale = std::max(da ? da->scale : 0, db ? db->scale : 0);
    const int width = std::max(before(da, wa), before(db, wb)) + scale;
    return width <= 38 ? fmt::format("DECIMAL({},{})", width, scale) : "";
  }
  const bool fa = a == "FLOAT" || a == "DOUBLE", fb = b == "FLOAT" || b == "DOUBLE";
  // A double holds whole numbers up to 2^53: beyond them, the value itself is refused.
  if ((fa && fb) || (fa && wb) || (wa && fb)) return "DOUBLE";
  if (is_text(a) && is_text(b)) return "VARCHAR";
  const auto zoneless = [](const std::string& one) {
    return one == "TIMESTAMP" || one == "TIMESTAMP_S" || one == "TIMESTAMP_MS";
  };
  if (zoneless(a) && zoneless(b)) return "TIMESTAMP";
  return "";
}

class ParquetConnection : public FilesConnection {
 public:
  ParquetConnection(Place place, std::vector<std::string> endings, Options options)
      : FilesConnection(std::move(place), std::move(endings)), options_(std::move(options)) {}

 private:
  using Columns = std::vector<duck::Stream::ColumnType>;
  struct Part {  // files of the same columns
    Columns columns;
    std::vector<std::string> files;
  };
  struct Wide {
    std::string name;
    std::string type;
    std::string first;  // the file that has it so
    std::string last;   // and the last that did not stop it from being so
  };

  Result<std::string> select_of(const std::string& table, const std::vector<std::string>& files,
                                Look&) override {
    std::vector<Part> parts;
    for (const std::string& file : files) {
      Columns columns = TRY(connection().describe("SELECT * FROM " + reader({file})));
      const auto same = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
        return std::equal(
            part.columns.begin(), part.columns.end(), columns.begin(), columns.end(),
            [](const auto& a, const auto& b) { return a.name == b.name && a.type == b.type; });
      });
      if (same != parts.end())
        same->files.push_back(file);
      else
        parts.push_back({std::move(columns), {file}});
    }
    const auto known = options_.types.find(table);
    const ColumnTypes types = known == options_.types.end() ? ColumnTypes() : known->second;
    std::vector<Wide> all;
    for (const Part& part : parts) TRY(add(part, parts[0], types, all));
    for (const auto& [column, type] : types)
      if (type.type == FieldType::text)
        for (Wide& one : all)
          if (same_name(one.name, column)) one.type = "VARCHAR";
    std::string out;
    for (const Part& part : parts)
      out += (out.empty() ? "SELECT " : " UNION ALL SELECT ") + list(part, all) + " FROM " +
             reader(part.files);
    return out;
  }

  // Many programs write texts into Parquet without the mark that says so. Bytes that are no text
  // stay bytes; a column in which most are text and some are not is an error for who reads it.
  Result<std::string> with_types(const std::string& select) override {
    std::string anew;
    for (const auto& column : TRY(types_of(select))) {
      if (column.type != "BLOB") continue;
      const std::string c = duck::identifier(column.name);
      const std::string not_empty =
          "SELECT " + c + " AS c FROM (" + select + ") WHERE " + c + " <> ''";
      const auto texts_in = [&](const std::string& some, const std::string& what) {
        return texts("SELECT CAST(" + what +
                     " AS VARCHAR) FROM (SELECT c, TRY(decode(c)) AS t FROM (" + some + "))");
      };
      constexpr std::string_view kFirst = " LIMIT 2000";
      const auto most = TRY(texts_in(not_empty + std::string(kFirst), "2 * count(t) > count(c)"));
      if (most != std::vector<std::string>{"true"}) continue;
      const auto all = TRY(texts_in(not_empty, "count(t) = count(c)"));
      anew += (anew.empty() ? "" : ", ") +
              (all == std::vector<std::string>{"true"}
                   ? "decode(" + c + ")"
                   : "CAST(" +
                         duck::failing(duck::literal("column `" + column.name +
                                                     "` holds texts, and bytes that are no UTF-8"),
                                       "Mend them where the files are written.") +
                         " AS VARCHAR)") +
              " AS " + c;
    }
    return anew.empty() ? select : "SELECT * REPLACE (" + anew + ") FROM (" + select + ")";
  }

  // The column that the table has at this place of a file; null when it is new.
  Wide* place_in(std::vector<Wide>& all, const Columns& columns, size_t i) const {
    if (options_.union_by_name == false) return i < all.size() ? &all[i] : nullptr;
    for (Wide& one : all)
      if (same_name(one.name, columns[i].name)) return &one;
    return nullptr;
  }

  Status add(const Part& part, const Part& first, const ColumnTypes& types,
             std::vector<Wide>& all) const {
    const std::string& file = part.files[0];
    const bool begun = !all.empty(), united = options_.union_by_name == true;
    for (size_t i = 0; i < part.columns.size(); ++i) {
      const auto& column = part.columns[i];
      Wide* const there = place_in(all, part.columns, i);
      if (there == nullptr) {
        if (begun && !united)
          return lacks_column(column.name, {.has = file, .has_not = first.files[0]});
        all.push_back({column.name, column.type, file, file});
        continue;
      }
      const auto said = types.find(there->name);
      const bool text = said != types.end() && said->second.type == FieldType::text;
      const std::string type = text ? "VARCHAR" : wider(there->type, column.type);
      if (type.empty())
        return Error{.kind = ErrorKind::invalid,
                     .message = fmt::format("column `{}` is {} in {}, and {} in {}", there->name,
                                            there->type, there->first, column.type, file),
                     .remedy =
                         "Write it with one type in all files of the table, or declare the "
                         "field with `type: text`."};
      if (type != there->type) there->first = file;
      there->type = type;
    }
    if (begun && !united)
      for (size_t i = 0; i < all.size(); ++i) {
        const bool found =
            options_.union_by_name == false
                ? i < part.columns.size()
                : std::any_of(part.columns.begin(), part.columns.end(),
                              [&](const auto& one) { return same_name(one.name, all[i].name); });
        if (!found) return lacks_column(all[i].name, {.has = first.files[0], .has_not = file});
      }
    return ok_status();
  }

  [[nodiscard]] std::string list(const Part& part, const std::vector<Wide>& all) const {
    std::string out;
    for (size_t i = 0; i < all.size(); ++i) {
      const Wide& one = all[i];
      auto column = part.columns.end();
      if (options_.union_by_name == false) {
        if (i < part.columns.size()) column = part.columns.begin() + static_cast<long>(i);
      } else {
        column = std::find_if(part.columns.begin(), part.columns.end(),
                              [&](const auto& c) { return same_name(c.name, one.name); });
      }
      out += (i ? ", " : "") +
             (column == part.columns.end() ? fmt::format("CAST(NULL AS {})", one.type)
                                           : as(*column, one, part)) +
             " AS " + duck::identifier(one.name);
    }
    return out;
  }

  static std::string as(const duck::Stream::ColumnType& column, const Wide& wide,
                        const Part& part) {
    const std::string& type = wide.type;
    const std::string name = duck::identifier(column.name);
    if (column.type == type) return name;
    const auto bits = whole(column.type);
    constexpr int kBitsOfDouble = 53;
    if (type == "DOUBLE" && bits && bits->bits > kBitsOfDouble)
      return fmt::format(
          "CASE WHEN {0} BETWEEN -9007199254740992 AND 9007199254740992 THEN CAST({0} AS DOUBLE) "
          "WHEN {0} IS NOT NULL THEN CAST({1} AS DOUBLE) END",
          name,
          duck::failing(
              fmt::format("{} || CAST({} AS VARCHAR) || {}",
                          duck::literal("column `" + column.name + "` of " + part.files[0] +
                                        (part.files.size() > 1 ? " or of one like it" : "") +
                                        " holds the whole number "),
                          name,
                          duck::literal(", which no number with a fraction can hold, and such it "
                                        "is in " +
                                        wide.first)),
              "Write the column with one type in all files of the table."));
    return fmt::format("CAST({} AS {})", name, type);
  }

  [[nodiscard]] std::string reader(const std::vector<std::string>& files) const {
    return fmt::format("read_parquet({}, hive_partitioning = {}{})", path_list(files),
                       options_.hive ? "true" : "false",
                       options_.hive ? ", hive_types_autocast = false" : "");
  }

  Options options_;
};

}  // namespace

Result<std::unique_ptr<Connection>> open_parquet(const Source& source, const OpenOptions& options) {
  const std::vector<std::string> endings = {".parquet"};
  const Place place = TRY(place_of(source, endings));
  auto connection = std::make_unique<ParquetConnection>(
      place, endings,
      Options{.union_by_name = TRY(switch_option(source, "union_by_name")),
              .hive = TRY(switch_option(source, "hive")).value_or(false),
              .types = options.types});
  ViewsConnection::Needs needs{.reachable = place.reachable()};
  TRY(add_store(source, place, needs));
  TRY(connection->open(needs, options));
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
