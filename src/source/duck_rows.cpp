// A query is described first. The common types are read as they are; a query that returns any other
// is wrapped in one that casts those columns to text, so that DuckDB itself, and nothing of ours,
// decides how they are written.
#include "source/duck_rows.hpp"

#include <fmt/format.h>

#include <limits>
#include <mutex>
#include <utility>

namespace rollcall::source {

namespace {

enum class Read {
  boolean,
  integer,
  number,
  text,
  json,  // text that may hold NaN or Infinity where JSON has no word for them
  date,
  timestamp_s,
  timestamp_ms,
  timestamp_us,
  timestamp_ns,
};

struct Plan {
  ColumnInfo info;
  Read read = Read::text;
  std::string_view cast = {};  // printed around the column; empty: as it is
};

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  for (const std::string_view start : starts)
    if (text.starts_with(start)) return true;
  return false;
}

Plan plan_for(const duck::Stream::ColumnType& column) {
  const std::string_view type = column.type;
  const auto plan = [&](FieldType as, Read read, std::string_view cast = {}, bool zoned = false) {
    return Plan{{column.name, as, zoned}, read, cast};
  };
  // One that a query has to convert where it names the column.
  const auto native = [&](FieldType as, Read read, std::string_view cast) {
    Plan out = plan(as, read, cast);
    out.info.native = type;
    return out;
  };
  constexpr std::string_view kText = "CAST({} AS VARCHAR)";
  constexpr std::string_view kShortest = "CAST(CAST({} AS VARCHAR) AS DOUBLE)";
  constexpr std::string_view kJson = "CAST(to_json({}) AS VARCHAR)";
  // The nested ones first: their names begin with those of their elements.
  const bool floats = type.find("FLOAT") != std::string_view::npos;
  if (type.ends_with("]"))
    return floats ? native(FieldType::list, Read::json, kJson)
                  : plan(FieldType::list, Read::json, kJson);
  if (starts_with_any(type, {"STRUCT(", "MAP(", "UNION("}))
    return floats ? native(FieldType::object, Read::json, kJson)
                  : plan(FieldType::object, Read::json, kJson);
  if (type == "BOOLEAN") return plan(FieldType::boolean, Read::boolean);
  for (const std::string_view known :
       {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
    if (type == known) return plan(FieldType::integer, Read::integer);
  if (starts_with_any(type, {"DECIMAL(", "UBIGINT", "HUGEINT", "UHUGEINT", "BIGNUM"}))
    return plan(FieldType::decimal, Read::text, kText);
  if (type == "DOUBLE") return plan(FieldType::number, Read::number);
  if (type == "FLOAT") return native(FieldType::number, Read::number, kShortest);
  if (type == "VARCHAR") return plan(FieldType::text, Read::text);
  if (type == "JSON") return plan(FieldType::json, Read::text);
  if (type == "BLOB") return native(FieldType::text, Read::text, "lower(hex({}))");
  if (type == "DATE") return plan(FieldType::date, Read::date);
  if (type == "TIMESTAMP") return plan(FieldType::timestamp, Read::timestamp_us);
  if (type == "TIMESTAMP WITH TIME ZONE")
    return plan(FieldType::timestamp, Read::timestamp_us, {}, true);
  if (type == "TIMESTAMP_S") return plan(FieldType::timestamp, Read::timestamp_s);
  if (type == "TIMESTAMP_MS") return plan(FieldType::timestamp, Read::timestamp_ms);
  if (type == "TIMESTAMP_NS") return plan(FieldType::timestamp, Read::timestamp_ns);
  return native(FieldType::text, Read::text, kText);
}

// DuckDB writes numbers that are none as NaN, Infinity and -Infinity.
void append_mended(std::string& out, std::string_view json) {
  if (json.find('N') == std::string::npos && json.find('I') == std::string::npos) {
    out += json;
    return;
  }
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      if (c == '"') quoted = false;
      continue;
    }
    bool replaced = false;
    for (const std::string_view word : {"NaN", "-NaN", "Infinity", "-Infinity"}) {
      if (!json.substr(i).starts_with(word)) continue;
      out += "null";
      i += word.size() - 1;
      replaced = true;
      break;
    }
    if (replaced) continue;
    quoted = c == '"';
    out += c;
  }
}

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

// DuckDB's infinite values are the largest count and its negative.
int64_t as_days(int64_t raw) {
  constexpr int64_t kInfinite = std::numeric_limits<int32_t>::max();
  return raw == kInfinite ? kMost : raw == -kInfinite ? kLeast : raw;
}

// False: beyond what 64 bits of microseconds can hold.
bool as_micros(Read read, int64_t& value) {
  if (value == kMost || value == -kMost) {
    value = value == kMost ? kMost : kLeast;
    return true;
  }
  switch (read) {
    case Read::timestamp_s:
      return !__builtin_mul_overflow(value, int64_t{1'000'000}, &value);
    case Read::timestamp_ms:
      return !__builtin_mul_overflow(value, int64_t{1'000}, &value);
    case Read::timestamp_ns:
      value = value / 1000 - (value % 1000 < 0 ? 1 : 0);
      return true;
    default:
      return true;
  }
}

class DuckRows : public RowStream {
 public:
  DuckRows(std::unique_ptr<duck::Stream> stream, std::vector<Plan> plans)
      : plans_(std::move(plans)), stream_(std::move(stream)) {
    for (const Plan& plan : plans_) columns_.push_back(plan.info);
  }

  [[nodiscard]] const std::vector<ColumnInfo>& columns() const override { return columns_; }

  Result<bool> next(RowBatch& batch) override {
    batch.columns.resize(plans_.size());
    const Piece piece = TRY(next_piece());
    batch.rows = piece.to - piece.from;
    for (size_t i = 0; i < plans_.size(); ++i) TRY(fill(piece, i, batch.columns[i]));
    return batch.rows > 0;
  }

 private:
  // Rows of a chunk, which may be none.
  struct Piece {
    std::shared_ptr<const duck::Chunk> chunk;
    size_t from = 0, to = 0;
  };

  static bool is_text(Read read) { return read == Read::text || read == Read::json; }

  Result<Piece> next_piece() {
    const std::lock_guard lock(mutex_);
    if (!ahead_.chunk || ahead_.to == ahead_.chunk->rows()) {
      auto chunk = TRY(stream_->take());
      ahead_ = Piece{.chunk = std::move(chunk)};
      if (!ahead_.chunk) return ahead_;
    }
    ahead_.from = ahead_.to;
    ahead_.to = end_of_batch(*ahead_.chunk, ahead_.from);
    return ahead_;
  }

  // A chunk has as many rows whatever is in them: of large ones a batch takes a part of it.
  [[nodiscard]] size_t end_of_batch(const duck::Chunk& chunk, size_t row) const {
    constexpr size_t kBatchBytes = 1'000'000;
    size_t bytes = 0;
    for (size_t i = 0; i < plans_.size(); ++i)
      if (is_text(plans_[i].read)) bytes += chunk.text_bytes(i);
    if (bytes < kBatchBytes) return chunk.rows();
    for (bytes = 0; row < chunk.rows() && bytes < kBatchBytes; ++row)
      for (size_t i = 0; i < plans_.size(); ++i)
        if (is_text(plans_[i].read) && !chunk.is_null(i, row)) bytes += chunk.text(i, row).size();
    return row;
  }

  Status fill(const Piece& piece, size_t index, Column& column) const {
    const Plan& plan = plans_[index];
    const size_t rows = piece.to - piece.from;
    const bool texts = is_text(plan.read);
    const bool doubles = plan.read == Read::number;
    column.type = plan.info.type;
    column.valid.resize(rows);
    // A batch may come from a query of other types: what this one does not use is emptied.
    column.texts.clear();
    column.doubles.resize(doubles ? rows : 0);
    column.ints.resize(texts || doubles ? 0 : rows);
    if (rows == 0) return ok_status();
    const duck::Chunk& chunk = *piece.chunk;
    chunk.valid(index, piece.from, column.valid);
    switch (plan.read) {
      case Read::boolean:
      case Read::integer:
        chunk.integers(index, piece.from, column.ints);
        break;
      case Read::number:
        chunk.numbers(index, piece.from, column.doubles);
        break;
      case Read::date:
        chunk.integers(index, piece.from, column.ints);
        for (int64_t& value : column.ints) value = as_days(value);
        break;
      case Read::timestamp_s:
      case Read::timestamp_ms:
      case Read::timestamp_us:
      case Read::timestamp_ns:
        chunk.integers(index, piece.from, column.ints);
        for (int64_t& value : column.ints)
          if (!as_micros(plan.read, value))
            return Error{
                .kind = ErrorKind::invalid,
                .message = "column `" + plan.info.name +
                           "` holds a timestamp beyond the years 290,000 before or after ours",
                .remedy = "Leave such rows out in the model's sql."};
        break;
      case Read::text:
        chunk.texts(index, piece.from, rows, column.texts);
        return check_utf8(plan, column.texts);
      case Read::json:
        for (size_t row = piece.from; row < piece.to; ++row) {
          if (!chunk.is_null(index, row))
            append_mended(column.texts.open(), chunk.text(index, row));
          column.texts.end();
        }
        return check_utf8(plan, column.texts);
    }
    return ok_status();
  }

  static Status check_utf8(const Plan& plan, const Texts& texts) {
    unsigned char bits = 0;
    for (const char c : texts.all()) bits |= static_cast<unsigned char>(c);
    if (bits < 0x80) return ok_status();  // ASCII, as nearly always
    for (size_t row = 0; row < texts.size(); ++row)
      if (!is_utf8(texts[row]))
        return Error{.kind = ErrorKind::corrupt,
                     .message = "column `" + plan.info.name + "` holds text that is not UTF-8",
                     .remedy = "Repair it in the data, or leave the column out of the model."};
    return ok_status();
  }

  std::vector<Plan> plans_;
  std::vector<ColumnInfo> columns_;
  std::mutex mutex_;  // protects what follows
  std::unique_ptr<duck::Stream> stream_;
  Piece ahead_;  // what was read last
};

}  // namespace

Result<std::vector<ColumnInfo>> describe_rows(duck::Connection& connection,
                                              const std::string& sql) {
  std::vector<ColumnInfo> out;
  for (const auto& column : TRY(connection.describe(sql))) out.push_back(plan_for(column).info);
  return out;
}

Result<std::unique_ptr<RowStream>> stream_rows(duck::Connection& connection, const std::string& sql,
                                               const std::stop_token& stop) {
  std::vector<Plan> plans;
  bool wrap = false;
  for (const auto& column : TRY(connection.describe(sql))) {
    plans.push_back(plan_for(column));
    wrap |= !plans.back().cast.empty();
  }
  std::string text = sql;
  if (wrap) {
    // Columns get names of their own inside, since a query may return two of one name.
    std::string select, names;
    for (size_t i = 0; i < plans.size(); ++i) {
      const std::string name = fmt::format("c{}", i);
      const std::string cast =
          plans[i].cast.empty() ? name : fmt::format(fmt::runtime(plans[i].cast), name);
      select += (i ? ", " : "") + cast;
      names += (i ? ", " : "") + name;
    }
    text = "SELECT " + select + " FROM (\n" + as_subquery(sql) + "\n) AS q(" + names + ")";
  }
  auto stream = TRY(connection.stream(text, stop));
  return std::unique_ptr<RowStream>(
      std::make_unique<DuckRows>(std::move(stream), std::move(plans)));
}

}  // namespace rollcall::source
