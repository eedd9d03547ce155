// Kinds `parquet` and `csv`: files read by DuckDB.
#include <fmt/format.h>

#include <set>

#include "source/kinds.hpp"
#include "source/place.hpp"
#include "source/views.hpp"

namespace rollcall::source {

namespace {

namespace fs = std::filesystem;

// "orders" of "orders.csv.gz" among the endings of its kind; the name itself when it has none of
// them.
std::string without_ending(const std::string& name, const std::vector<std::string>& endings) {
  for (const std::string& ending : endings)
    if (name.size() > ending.size() && name.ends_with(ending))
      return name.substr(0, name.size() - ending.size());
  return name;
}

class FilesConnection : public ViewsConnection {
 public:
  FilesConnection(Place place, std::vector<std::string> endings, std::string reader,
                  std::string options)
      : place_(std::move(place)),
        endings_(std::move(endings)),
        reader_(std::move(reader)),
        options_(std::move(options)) {}

 private:
  // One of a path or pattern; of several, where only reading tells which there is.
  Result<std::vector<std::string>> selects_of(const std::string& table) override {
    std::vector<std::string> out;
    for (const std::string& path : TRY(paths_of(table)))
      out.push_back("SELECT * FROM " + reader_ + "(" + duck::literal(path) + options_ + ")");
    return out;
  }

  // Many programs write texts into Parquet without the mark that says so. Bytes that are no text
  // stay bytes; a column in which most are text and some are not is an error for who reads it.
  Result<std::string> with_types(const std::string& select) override {
    if (reader_ != "read_parquet") return select;
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
                   : "CAST(error(" +
                         duck::literal("column `" + column.name +
                                       "` holds texts, and bytes that are no UTF-8: mend them "
                                       "where the files are written") +
                         ") AS VARCHAR)") +
              " AS " + c;
    }
    return anew.empty() ? select : "SELECT * REPLACE (" + anew + ") FROM (" + select + ")";
  }

  Result<std::vector<std::string>> paths_of(const std::string& table) {
    using Paths = std::vector<std::string>;
    if (!place_.is_folder) {
      const std::string last = place_.last();
      return table == last || table == without_ending(last, endings_) || table == place_.root
                 ? Paths{place_.root}
                 : Paths{};
    }
    const std::string path = TRY(place_.below(table));
    if (has_pattern(table)) return Paths{path};
    Paths files = {path};
    for (const std::string& ending : endings_) files.push_back(path + ending);
    const std::string all = path + "/**/*" + endings_[0];
    if (place_.remote) {
      if (without_ending(table, endings_) == table) files.erase(files.begin());
      files.push_back(all);
      return files;
    }
    std::error_code ignored;
    for (const std::string& file : files)
      if (fs::is_regular_file(file, ignored)) return Paths{file};
    return fs::is_directory(path, ignored) ? Paths{all} : Paths{};
  }

  Error no_table(const std::string& table) override {
    const std::vector<std::string> there = names();
    return {.kind = ErrorKind::not_found,
            .message = "there is no file for the table `" + table + "`" +
                       did_you_mean(without_ending(table, endings_), there),
            .remedy = there.empty() ? "There are no such files in " + place_.root + "."
                                    : "Tables: " + some(there) + "."};
  }

  // What there is, as tables are named. Bounded: the folder may be a lake.
  std::vector<std::string> names() {
    if (!place_.is_folder) return {without_ending(place_.last(), endings_)};
    std::set<std::string> out;
    for (const auto& [name, folder] : place_.entries())
      if (folder || without_ending(name, endings_) != name)
        out.insert(without_ending(name, endings_));
    return {out.begin(), out.end()};
  }

  Place place_;
  std::vector<std::string> endings_;
  std::string reader_;
  std::string options_;  // ", name = value" for the reader
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
  std::vector<std::string> known = {"path", "union_by_name"};
  if (csv)
    for (const char* one : {"header", "delimiter", "quote", "escape", "encoding", "date_format",
                            "timestamp_format", "decimal", "nulls", "types", "sample"})
      known.emplace_back(one);
  TRY(check_options(source, with_store_options(known)));
  const auto endings = csv ? std::vector<std::string>{".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt"}
                           : std::vector<std::string>{".parquet"};
  const Place place = TRY(place_of(source, endings));
  const std::string read = TRY(reader_options(source));
  auto connection =
      std::make_unique<FilesConnection>(place, endings, csv ? "read_csv" : "read_parquet", read);
  ViewsConnection::Needs needs{.reachable = {place.fixed()}};
  TRY(add_store(source, place, needs));
  TRY(connection->open(needs, options));
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
