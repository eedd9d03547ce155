// Kind `csv`. Every file is read through by us (see records.hpp) when its table is first named;
// DuckDB is then told how it is written, reads texts alone, and casts them to the types that were
// found or declared, which all of them are known to fit.
#include <fmt/format.h>

#include <algorithm>

#include "source/files.hpp"
#include "source/records.hpp"

namespace rollcall::source {

namespace {

constexpr size_t kSample = 1 << 20;       // bytes, that tell how a file is written
constexpr size_t kBuffer = 8 << 20;       // DuckDB's own 32 MB a thread leave too little for a sort
constexpr int64_t kRemoteMax = 64 << 20;  // bytes of a compressed file in a store
constexpr size_t kPlainRow = 1 << 16;     // bytes, far below DuckDB's buffers
constexpr int64_t kColumnsOfUsualMemory = 200;

struct Options {
  Dialect dialect;
  std::string encoding;  // of DuckDB's words; UTF-8 when empty
  std::optional<bool> union_by_name;
  bool hive = false;
  bool all_text = false;
  TableTypes types;
  bool doubts = false;
};

// The lines of a file in a store, through DuckDB.
class Lines : public Bytes {
 public:
  explicit Lines(std::unique_ptr<duck::Stream> stream) : stream_(std::move(stream)) {}
  Result<std::string_view> next() override {
    const duck::Chunk* chunk = TRY(stream_->next());
    out_.clear();
    if (chunk == nullptr) return std::string_view();
    for (size_t row = 0; row < chunk->rows(); ++row) {
      if (!chunk->is_null(0, row)) out_ += chunk->text(0, row);
      out_ += '\n';
    }
    return std::string_view(out_);
  }

 private:
  std::unique_ptr<duck::Stream> stream_;
  std::string out_;
};

// Bytes that own what they are of.
class Kept : public Bytes {
 public:
  Kept(std::string text, const std::string& name)
      : text_(std::move(text)), bytes_(decompressed(bytes_of(text_), name)) {}
  Result<std::string_view> next() override { return bytes_->next(); }

 private:
  std::string text_;
  std::unique_ptr<Bytes> bytes_;
};

class CsvConnection : public FilesConnection {
 public:
  CsvConnection(Place place, std::vector<std::string> endings, Options options)
      : FilesConnection(std::move(place), std::move(endings)), options_(std::move(options)) {}

 private:
  struct Part {  // files that are written alike
    Head head;
    std::vector<size_t> places;
    std::vector<std::string> files;
  };

  Result<std::string> select_of(const std::string& table, const std::vector<std::string>& files,
                                Look& look) override {
    const auto known = options_.types.find(table);
    const ColumnTypes types = known == options_.types.end() ? ColumnTypes() : known->second;
    std::vector<std::string> names;
    std::vector<Part> parts;
    for (const std::string& file : files) {
      Head head = TRY(head_of(file, types));
      if (parts.empty()) {
        names = head.names;
        look.first_file = file;
        look.top = head.top;
        look.header = head.header;
      } else {
        for (const Part& part : parts) {
          TRY(stands_first(part.head, head, file));
          TRY(stands_first(head, part.head, part.files[0]));
        }
      }
      std::vector<size_t> places = TRY(places_of(head, file, files[0], names));
      const auto same = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
        return part.head.names == head.names && part.head.header == head.header &&
               part.head.delimiter == head.delimiter;
      });
      if (same != parts.end())
        same->files.push_back(file);
      else
        parts.push_back({std::move(head), std::move(places), {file}});
    }
    Scan scan(options_.dialect, names, known_types(names, types), options_.doubts);
    for (const Part& part : parts)
      for (const std::string& file : part.files)
        TRY(scan.read(TRY(bytes_of_file(file)), part.head, part.places, file));
    memory_mb_ = std::max(memory_mb_, memory_for(names.size()));
    TRY(check_count(parts, scan));
    for (const Scan::Column& column : scan.columns())
      look.columns.push_back({column.name, column.type, column.doubt});
    return select(parts, scan);
  }

  // A file that begins otherwise than another of its table, and has that one's header further below.
  static Status stands_first(const Head& other, const Head& head, const std::string& file) {
    if (!other.header || head.names == other.names) return ok_status();
    std::vector<std::string> header = other.names;
    std::sort(header.begin(), header.end());
    for (size_t i = 1; i < head.top.size(); ++i) {
      std::vector<std::string> cells;
      for (const std::string& cell : head.top[i].cells) cells.emplace_back(trim(cell));
      std::sort(cells.begin(), cells.end());
      if (cells != header) continue;
      return Error{.kind = ErrorKind::invalid,
                   .message = fmt::format("{}, line {}: the header stands here, and in other files "
                                          "of the table in the first line",
                                          file, head.top[i].number),
                   .remedy =
                       "Take away what stands before it. `skip` counts for all files of a "
                       "source."};
    }
    return ok_status();
  }

  // Where the columns of a file stand in the table.
  Result<std::vector<size_t>> places_of(const Head& head, const std::string& file,
                                        const std::string& first, std::vector<std::string>& names) {
    std::vector<size_t> places;
    const bool by_position = options_.union_by_name == false || !head.header;
    if (by_position && head.names.size() == names.size()) {
      for (size_t i = 0; i < names.size(); ++i) places.push_back(i);
      return places;
    }
    const bool united = options_.union_by_name == true;
    for (const std::string& name : head.names) {
      auto at = std::find(names.begin(), names.end(), name);
      if (at == names.end()) {
        if (!united) return lacks_column(name, {.has = file, .has_not = first});
        at = names.insert(names.end(), name);
      }
      places.push_back(static_cast<size_t>(at - names.begin()));
    }
    if (!united)
      for (const std::string& name : names)
        if (std::find(head.names.begin(), head.names.end(), name) == head.names.end())
          return lacks_column(name, {.has = first, .has_not = file});
    return places;
  }

  // Nothing for a column that is to be found out.
  [[nodiscard]] std::vector<std::optional<ColumnType>> known_types(
      const std::vector<std::string>& names, const ColumnTypes& types) const {
    const bool found = std::any_of(types.begin(), types.end(),
                                   [](const auto& one) { return !one.second.declared; });
    std::vector<std::optional<ColumnType>> out;
    for (const std::string& name : names) {
      const auto type = std::find_if(types.begin(), types.end(),
                                     [&](const auto& one) { return same_name(one.first, name); });
      if (type != types.end())
        out.emplace_back(type->second);
      else if (options_.all_text)
        out.emplace_back(ColumnType{.declared = true});
      else if (found && !options_.doubts)
        out.emplace_back(ColumnType{});  // it was not there when the others were found
      else
        out.emplace_back(std::nullopt);
    }
    return out;
  }

  Result<std::unique_ptr<Bytes>> bytes_of_file(const std::string& file) {
    if (!remote()) {
      auto bytes = TRY(open_bytes(file));
      return options_.encoding == "utf-16" ? from_utf16(std::move(bytes)) : std::move(bytes);
    }
    if (!is_compressed(file)) {
      auto lines = TRY(connection().stream(
          "SELECT line FROM read_csv(" + duck::literal(literal_path(file)) +
          ", auto_detect = false, delim = '\x02', quote = '', escape = '', header = false, "
          "parallel = false, strict_mode = false, hive_partitioning = false, columns = {'line': "
          "'VARCHAR'}, buffer_size = 8388608, max_line_size = 4194304" +
          encoding() + ")"));
      return std::unique_ptr<Bytes>(std::make_unique<Lines>(std::move(lines)));
    }
    // Whether it is whole can only be told by all of it.
    const std::string from = " FROM read_blob(" + duck::literal(literal_path(file)) + ")";
    if (TRY(connection().scalar("SELECT max(size)" + from)) > kRemoteMax)
      return Error{.kind = ErrorKind::invalid,
                   .message = file +
                              " is compressed and larger than 64 MB: in a store, whether "
                              "such a file is whole cannot be told",
                   .remedy = "Write it in parts, without compression, or as Parquet."};
    auto stream = TRY(connection().stream("SELECT content" + from));
    const duck::Chunk* chunk = TRY(stream->next());
    const std::string content(chunk != nullptr && chunk->rows() > 0 ? chunk->text(0, 0) : "");
    std::unique_ptr<Bytes> bytes = std::make_unique<Kept>(content, file);
    return options_.encoding == "utf-16" ? from_utf16(std::move(bytes)) : std::move(bytes);
  }

  Result<Head> head_of(const std::string& file, const ColumnTypes& types) {
    const auto bytes = TRY(bytes_of_file(file));
    std::string sample;
    bool whole = false;
    while (sample.size() < kSample && !whole) {
      const std::string_view more = TRY(bytes->next());
      whole = more.empty();
      sample += more;
    }
    return read_head(sample, whole, options_.dialect, types, file);
  }

  static int64_t memory_for(size_t columns) {
    const auto count = static_cast<int64_t>(columns);
    return count <= kColumnsOfUsualMemory ? 0 : 128 + count;
  }
  [[nodiscard]] int64_t memory_needed_mb() const override { return memory_mb_; }

  [[nodiscard]] std::string encoding() const {
    return options_.encoding.empty() ? "" : ", encoding = " + duck::literal(options_.encoding);
  }

  // It is strict but for line ends of two kinds, where DuckDB refuses more than it needs to.
  [[nodiscard]] std::string reader(const Part& part, const Scan& scan) const {
    const size_t longest = scan.longest();
    const auto one = [](char c) { return duck::literal(c == '\0' ? "" : std::string(1, c)); };
    const auto flag = [](bool on) { return on ? "true" : "false"; };
    const Dialect& dialect = options_.dialect;
    std::string columns, nulls = "''";
    for (const std::string& name : part.head.names)
      columns += (columns.empty() ? "" : ", ") + duck::literal(name) + ": 'VARCHAR'";
    for (const std::string& null : dialect.nulls) nulls += ", " + duck::literal(null);
    return fmt::format(
        "read_csv({}, auto_detect = false, delim = {}, quote = {}, escape = {}, header = {}, skip "
        "= "
        "{}, comment = {}, null_padding = {}, strict_mode = {}, ignore_errors = false, "
        "hive_partitioning = {}, hive_types_autocast = false, columns = {{{}}}, nullstr = [{}], "
        "buffer_size = {}, max_line_size = {}{})",
        path_list(part.files), duck::literal(part.head.delimiter), one(dialect.quote),
        one(dialect.escape), flag(part.head.header), dialect.skip, one(dialect.comment),
        flag(dialect.null_padding), flag(!scan.mixes_line_ends()), flag(options_.hive), columns,
        nulls, std::max(kBuffer, 2 * longest), std::max<size_t>(2'000'000, 2 * longest),
        encoding());
  }

  // That DuckDB finds as many rows as there are. Where a row is a line of few bytes and nothing is
  // passed over, it has no other way to read them, and a second reading is spared.
  Status check_count(const std::vector<Part>& parts, const Scan& scan) {
    const Dialect& dialect = options_.dialect;
    const bool plain =
        !scan.odd() && scan.longest() < kPlainRow && dialect.skip == 0 && dialect.comment == '\0' &&
        dialect.escape == dialect.quote && !dialect.null_padding && options_.encoding.empty() &&
        std::all_of(parts.begin(), parts.end(),
                    [](const Part& part) { return part.head.delimiter.size() == 1; });
    if (plain) return ok_status();
    std::string sum;
    for (const Part& part : parts)
      sum += (sum.empty() ? "(SELECT count(*) FROM " : " + (SELECT count(*) FROM ") +
             reader(part, scan) + ")";
    const int64_t rows = TRY(connection().scalar("SELECT " + sum));
    if (rows == scan.rows()) return ok_status();
    return Error{.kind = ErrorKind::corrupt,
                 .message = fmt::format("{} holds {} rows, of which DuckDB reads {}",
                                        parts[0].files[0], thousands(scan.rows()), thousands(rows)),
                 .remedy =
                     "Something in it is written out of the ordinary: a line break in the "
                     "header, or an empty line before it? Write it anew."};
  }

  [[nodiscard]] std::string select(const std::vector<Part>& parts, const Scan& scan) const {
    const auto columns = scan.columns();
    std::string out;
    for (const Part& part : parts) {
      std::string list;
      for (size_t i = 0; i < columns.size(); ++i) {
        const auto at = std::find(part.places.begin(), part.places.end(), i);
        const std::string value =
            at == part.places.end()
                ? "NULL"
                : duck::identifier(part.head.names[static_cast<size_t>(at - part.places.begin())]);
        list += (i ? ", " : "") + read_as(columns[i], value) + " AS " +
                duck::identifier(columns[i].name);
      }
      if (options_.hive) {
        list += ", * EXCLUDE (";
        for (size_t i = 0; i < part.head.names.size(); ++i)
          list += (i ? ", " : "") + duck::identifier(part.head.names[i]);
        list += ")";
      }
      out += (out.empty() ? "SELECT " : " UNION ALL BY NAME SELECT ") + list + " FROM " +
             reader(part, scan);
    }
    return out;
  }

  // A text as what it stands for; that it fits is known.
  [[nodiscard]] std::string read_as(const Scan::Column& column, const std::string& text) const {
    const ColumnType& type = column.type;
    const char decimal = options_.dialect.writing.decimal;
    const auto cast = [](const std::string& value, std::string_view to) {
      return fmt::format("CAST({} AS {})", value, to);
    };
    const std::string number = decimal == '.' ? text
                                              : fmt::format("replace({}, {}, '.')", text,
                                                            duck::literal(std::string(1, decimal)));
    const std::string read =
        type.format.empty() ? text
                            : fmt::format("strptime({}, {})", text, duck::literal(type.format));
    switch (type.type) {
      case FieldType::integer:
        return cast(text, "BIGINT");
      case FieldType::number:
        return cast(number, "DOUBLE");
      case FieldType::decimal:
        return cast(number, fmt::format("DECIMAL(38, {})", column.scale));
      case FieldType::boolean:
        return column.spelled
                   ? fmt::format("lower({}) IN ('true', 'yes', 'y', 't', '1', 'on')", text)
                   : fmt::format("{} = 'true'", text);
      case FieldType::date:
        return cast(read, "DATE");
      case FieldType::timestamp:
        return cast(read, type.zoned ? "TIMESTAMP WITH TIME ZONE" : "TIMESTAMP");
      case FieldType::list:
        return cast(cast(text, "JSON"), "JSON[]");
      case FieldType::object:
      case FieldType::json:
        return cast(text, "JSON");
      case FieldType::text:
        break;
    }
    return cast(text, "VARCHAR");
  }

  Options options_;
  int64_t memory_mb_ = 0;
};

Result<char> character(const Source& source, const std::string& name, char usual) {
  const std::string value = option(source, name);
  if (value.empty()) return usual;
  if (value.size() == 1) return value[0];
  return Error{.kind = ErrorKind::invalid,
               .message = "option `" + name + "` is `" + value + "`",
               .remedy = "Write one character."};
}

Result<std::string> date_format(const Source& source, const std::string& name) {
  std::string value = option(source, name);
  if (value.empty() || is_format(value)) return value;
  return Error{
      .kind = ErrorKind::invalid,
      .message = "option `" + name + "` is `" + value + "`",
      .remedy = "Write it of %Y %y %m %d %H %I %M %S %f %p %z %b %B %a %A, like %d.%m.%Y."};
}

Result<Options> options_of(const Source& source, const OpenOptions& given) {
  Options out;
  out.types = given.types;
  out.doubts = given.doubts;
  Dialect& dialect = out.dialect;
  out.union_by_name = TRY(switch_option(source, "union_by_name"));
  out.hive = TRY(switch_option(source, "hive")).value_or(false);
  dialect.header = TRY(switch_option(source, "header"));
  dialect.null_padding = TRY(switch_option(source, "null_padding")).value_or(false);
  dialect.delimiter = option(source, "delimiter");
  if (dialect.delimiter == "\\t") dialect.delimiter = "\t";
  dialect.quote = TRY(character(source, "quote", '"'));
  dialect.escape = TRY(character(source, "escape", dialect.quote));
  dialect.comment = TRY(character(source, "comment", '\0'));
  dialect.writing.decimal = TRY(character(source, "decimal", '.'));
  dialect.writing.date_format = TRY(date_format(source, "date_format"));
  dialect.writing.timestamp_format = TRY(date_format(source, "timestamp_format"));
  for (const auto& [table, columns] : out.types)
    for (const auto& [column, type] : columns)
      if (!type.format.empty() && !is_format(type.format))
        return Error{
            .kind = ErrorKind::invalid,
            .message = fmt::format("the `format` of column `{}` is `{}`", column, type.format),
            .remedy =
                "Write it of %Y %y %m %d %H %I %M %S %f %p %z %b %B %a %A, like "
                "%d.%m.%Y."};
  if (const std::string skip = option(source, "skip"); !skip.empty()) {
    constexpr size_t kDigits = 7;
    if (skip.size() > kDigits || skip.find_first_not_of("0123456789") != std::string::npos)
      return Error{.kind = ErrorKind::invalid,
                   .message = "option `skip` is `" + skip + "`",
                   .remedy = "Write a number of lines."};
    dialect.skip = std::stoll(skip);
  }
  if (const std::string nulls = option(source, "nulls"); !nulls.empty())
    for (size_t from = 0; from <= nulls.size();) {
      const size_t to = std::min(nulls.find(',', from), nulls.size());
      dialect.nulls.emplace_back(trim(std::string_view(nulls).substr(from, to - from)));
      from = to + 1;
    }
  out.encoding = option(source, "encoding");
  ascii_lower(out.encoding);
  if (out.encoding == "utf-8") out.encoding.clear();
  if (!out.encoding.empty() && out.encoding != "utf-16" && out.encoding != "latin-1")
    return Error{.kind = ErrorKind::invalid,
                 .message = "option `encoding` is `" + option(source, "encoding") + "`",
                 .remedy = "Write utf-8, utf-16 or latin-1."};
  dialect.utf8 = out.encoding != "latin-1";
  const std::string types = option(source, "types");
  out.all_text = types == "text";
  if (!types.empty() && types != "text" && types != "detect")
    return Error{.kind = ErrorKind::invalid,
                 .message = "option `types` is `" + types + "`",
                 .remedy = "Write detect or text."};
  if (const std::string sample = option(source, "sample"); !sample.empty()) {
    constexpr size_t kDigits = 9;
    const bool digits = sample.find_first_not_of("0123456789") == std::string::npos;
    if (sample != "all" && (!digits || sample.size() > kDigits || sample == "0"))
      return Error{.kind = ErrorKind::invalid,
                   .message = "option `sample` is `" + sample + "`",
                   .remedy = "Leave it out: all rows are looked at."};
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Connection>> open_csv(const Source& source, const OpenOptions& options) {
  const std::vector<std::string> endings = {".csv",    ".csv.gz",  ".csv.zst", ".tsv",
                                            ".tsv.gz", ".tsv.zst", ".txt"};
  const Place place = TRY(place_of(source, endings));
  auto connection =
      std::make_unique<CsvConnection>(place, endings, TRY(options_of(source, options)));
  ViewsConnection::Needs needs{.reachable = place.reachable()};
  TRY(add_store(source, place, needs));
  TRY(connection->open(needs, options));
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
