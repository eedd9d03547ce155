// Kinds `parquet` and `csv`: files read by DuckDB. A file becomes a view of its name the first time
// that a query names it, in a database that lives in memory and holds nothing else.
#include <fmt/format.h>

#include <set>

#include "source/duck_rows.hpp"
#include "source/kinds.hpp"

namespace rollcall::source {

namespace {

namespace fs = std::filesystem;

bool has_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// The folder above the first part that is a pattern.
fs::path fixed_folder(const fs::path& pattern) {
  fs::path out;
  for (const fs::path& part : pattern.parent_path()) {
    if (has_pattern(part.string())) break;
    out /= part;
  }
  return out.empty() ? fs::path(".") : out;
}

// "orders" of "orders.csv.gz" among the endings of its kind; the name itself when it has none of
// them.
std::string without_ending(const std::string& name, const std::vector<std::string>& endings) {
  for (const std::string& ending : endings)
    if (name.size() > ending.size() && name.ends_with(ending))
      return name.substr(0, name.size() - ending.size());
  return name;
}

class FilesConnection : public Connection {
 public:
  FilesConnection(std::unique_ptr<duck::Database> database,
                  std::unique_ptr<duck::Connection> connection, fs::path root,
                  std::vector<std::string> endings, std::string reader, std::string options)
      : database_(std::move(database)),
        connection_(std::move(connection)),
        root_(std::move(root)),
        endings_(std::move(endings)),
        reader_(std::move(reader)),
        options_(std::move(options)) {}

  Result<std::vector<ColumnInfo>> describe_table(const std::string& table) override {
    TRY(make_view(table));
    return in_context(describe_rows(*connection_, "SELECT * FROM " + duck::identifier(table)),
                      "table " + table);
  }

  Result<std::vector<ColumnInfo>> describe_query(const std::string& sql) override {
    const std::string text = as_subquery(sql);
    TRY(make_views(text));
    return describe_rows(*connection_, text);
  }

  Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                           const std::stop_token& stop) override {
    TRY(make_views(query.text));
    return stream_rows(*connection_, query.text, stop);
  }

 private:
  Status make_views(const std::string& sql) {
    for (const std::string& table : connection_->tables(sql)) TRY(make_view(table));
    return ok_status();
  }

  Status make_view(const std::string& table) {
    if (views_.contains(table)) return ok_status();
    const std::string files = TRY(files_of(table));
    auto made = connection_->run("CREATE VIEW " + duck::identifier(table) + " AS SELECT * FROM " +
                                 reader_ + "(" + duck::literal(files) + options_ + ")");
    if (!made.ok()) return std::move(made.error()).in("table " + table);
    views_.insert(table);
    return ok_status();
  }

  // The path or pattern of the files that a table's name stands for.
  Result<std::string> files_of(const std::string& table) {
    std::error_code ignored;
    if (!fs::is_directory(root_, ignored)) {
      const std::string last = root_.filename().string();
      if (table == last || table == without_ending(last, endings_) || table == root_.string())
        return root_.string();
      return not_found(table, {without_ending(last, endings_)});
    }
    const fs::path name(table);
    bool inside = !table.empty() && name.is_relative();
    for (const fs::path& part : name) inside &= part != "..";
    if (!inside)
      return Error{.kind = ErrorKind::denied,
                   .message = "the table `" + table + "` is not below the source's folder",
                   .remedy = "Name it relative to that folder, without `..`."};
    if (has_pattern(table)) return (root_ / name).string();
    if (fs::is_regular_file(root_ / name, ignored)) return (root_ / name).string();
    for (const std::string& ending : endings_)
      if (fs::is_regular_file(root_ / (table + ending), ignored))
        return (root_ / (table + ending)).string();
    if (fs::is_directory(root_ / name, ignored))
      return (root_ / name / ("**/*" + endings_[0])).string();
    return not_found(table, names());
  }

  Error not_found(const std::string& table, const std::vector<std::string>& names) {
    constexpr size_t kShown = 20;
    const std::vector<std::string> first(names.begin(),
                                         names.begin() + std::min(names.size(), kShown));
    return {.kind = ErrorKind::not_found,
            .message = "there is no file for the table `" + table + "`" +
                       did_you_mean(without_ending(table, endings_), names),
            .remedy = first.empty() ? "There are no such files in " + root_.string() + "."
                                    : "Tables: " + join(first, ", ") + "."};
  }

  // What there is in the folder, as tables are named. Bounded: the folder may be a lake.
  std::vector<std::string> names() {
    constexpr int kLooked = 10'000;
    std::set<std::string> out;
    std::error_code error;
    int looked = 0;
    for (fs::directory_iterator at(root_, error), end; !error && at != end && looked < kLooked;
         at.increment(error), ++looked) {
      const std::string name = at->path().filename().string();
      if (at->is_directory(error) || without_ending(name, endings_) != name)
        out.insert(without_ending(name, endings_));
    }
    return {out.begin(), out.end()};
  }

  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> connection_;
  fs::path root_;  // a folder, a file or a pattern
  std::vector<std::string> endings_;
  std::string reader_;
  std::string options_;  // ", name = value" for the reader
  std::set<std::string> views_;
};

Result<std::string> reader_options(const Source& source) {
  std::string out;
  const auto put = [&](std::string_view name, const std::string& value) {
    out += fmt::format(", {} = {}", name, value);
  };
  const auto union_by_name = TRY(switch_option(source, "union_by_name"));
  if (union_by_name) put("union_by_name", *union_by_name ? "true" : "false");
  if (source.kind != "csv") return out;
  // Bytes. DuckDB's own 32 MB a thread leave too little for a sort beside.
  put("buffer_size", "8388608");

  const auto header = TRY(switch_option(source, "header"));
  if (header) put("header", *header ? "true" : "false");
  const std::pair<const char*, const char*> texts[] = {{"delimiter", "delim"},
                                                       {"quote", "quote"},
                                                       {"escape", "escape"},
                                                       {"encoding", "encoding"},
                                                       {"date_format", "dateformat"},
                                                       {"timestamp_format", "timestampformat"},
                                                       {"decimal", "decimal_separator"}};
  for (const auto& [ours, theirs] : texts)
    if (const std::string value = option(source, ours); !value.empty())
      put(theirs, duck::literal(value));
  if (const std::string nulls = option(source, "nulls"); !nulls.empty()) {
    std::string list = "''";
    for (size_t from = 0; from <= nulls.size();) {
      const size_t to = std::min(nulls.find(',', from), nulls.size());
      list += ", " + duck::literal(trim(std::string_view(nulls).substr(from, to - from)));
      from = to + 1;
    }
    put("nullstr", "[" + list + "]");
  }
  if (const std::string types = option(source, "types"); types == "text") {
    put("all_varchar", "true");
  } else if (!types.empty() && types != "detect") {
    return Error{.kind = ErrorKind::invalid,
                 .message = "option `types` is `" + types + "`",
                 .remedy = "Write detect or text."};
  }
  if (const std::string sample = option(source, "sample"); !sample.empty()) {
    constexpr size_t kDigits = 9;
    const bool digits = sample.find_first_not_of("0123456789") == std::string::npos;
    if (sample != "all" && (!digits || sample.size() > kDigits || sample == "0"))
      return Error{.kind = ErrorKind::invalid,
                   .message = "option `sample` is `" + sample + "`",
                   .remedy = "Write a number of rows, or all."};
    put("sample_size", sample == "all" ? "-1" : sample);
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Connection>> open_files(const Source& source, const OpenOptions& options) {
  const bool csv = source.kind == "csv";
  if (csv)
    TRY(check_options(
        source, {"path", "union_by_name", "header", "delimiter", "quote", "escape", "encoding",
                 "date_format", "timestamp_format", "decimal", "nulls", "types", "sample"}));
  else
    TRY(check_options(source, {"path", "union_by_name"}));
  const std::string path = option(source, "path");
  if (path.empty())
    return Error{.kind = ErrorKind::invalid,
                 .message = "`path` is missing",
                 .remedy = "Name a file, a pattern or a folder."};
  if (path.find("://") != std::string::npos)
    return Error{.kind = ErrorKind::invalid,
                 .message = "`path` is an address, and only files of this machine can be read",
                 .remedy = "Name a file, a pattern or a folder."};
  std::error_code ignored;
  const fs::path root = fs::absolute(path, ignored);
  const bool pattern = !fs::exists(root, ignored) && has_pattern(path);
  if (!pattern && !fs::exists(root, ignored))
    return Error{.kind = ErrorKind::not_found,
                 .message = "there is no file or folder " + root.string(),
                 .remedy = "Correct the source's `path`."};
  const std::string read = TRY(reader_options(source));
  auto database =
      TRY(duck::Database::open(":memory:", {.memory_limit_mb = options.memory_limit_mb,
                                            .temp_directory = options.temp_directory,
                                            .select_only = true,
                                            .reachable = {{pattern ? fixed_folder(root) : root}}}));
  auto connection = TRY(database->connect());
  return std::unique_ptr<Connection>(std::make_unique<FilesConnection>(
      std::move(database), std::move(connection), root,
      csv ? std::vector<std::string>{".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt"}
          : std::vector<std::string>{".parquet"},
      csv ? "read_csv" : "read_parquet", read));
}

}  // namespace rollcall::source
