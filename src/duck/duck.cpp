// DuckDB's C API behind the door. Every handle is owned by one object below and destroyed by it;
// the API itself throws nothing.
#include "duck/duck.hpp"

#include <duckdb.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "duck/error.hpp"

namespace rollcall::duck {

namespace {

// The C API tells sizes and lengths as idx_t; ours are size_t.
static_assert(sizeof(idx_t) == sizeof(size_t));

std::string taken(char* text) {
  if (!text) return {};
  std::string out(text);
  duckdb_free(text);
  return out;
}

class LogicalType {
 public:
  explicit LogicalType(duckdb_logical_type type) : type_(type) {}
  ~LogicalType() { duckdb_destroy_logical_type(&type_); }
  LogicalType(const LogicalType&) = delete;
  LogicalType& operator=(const LogicalType&) = delete;
  [[nodiscard]] duckdb_logical_type get() const { return type_; }
  [[nodiscard]] duckdb_type id() const { return duckdb_get_type_id(type_); }

 private:
  duckdb_logical_type type_;
};

// As DuckDB's DESCRIBE prints it, except that an ENUM's values are left out.
std::string type_name(duckdb_logical_type type) {
  if (const std::string alias = taken(duckdb_logical_type_get_alias(type)); !alias.empty())
    return alias;
  const auto child = [](duckdb_logical_type of) { return type_name(LogicalType(of).get()); };
  switch (duckdb_get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT:
      return "TINYINT";
    case DUCKDB_TYPE_SMALLINT:
      return "SMALLINT";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UTINYINT:
      return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT:
      return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER:
      return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT:
      return "UHUGEINT";
    case DUCKDB_TYPE_BIGNUM:
      return "BIGNUM";
    case DUCKDB_TYPE_FLOAT:
      return "FLOAT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_DECIMAL:
      return fmt::format("DECIMAL({},{})", duckdb_decimal_width(type), duckdb_decimal_scale(type));
    case DUCKDB_TYPE_VARCHAR:
      return "VARCHAR";
    case DUCKDB_TYPE_BLOB:
      return "BLOB";
    case DUCKDB_TYPE_BIT:
      return "BIT";
    case DUCKDB_TYPE_UUID:
      return "UUID";
    case DUCKDB_TYPE_ENUM:
      return "ENUM";
    case DUCKDB_TYPE_DATE:
      return "DATE";
    case DUCKDB_TYPE_TIME:
      return "TIME";
    case DUCKDB_TYPE_TIME_NS:
      return "TIME_NS";
    case DUCKDB_TYPE_TIME_TZ:
      return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_S:
      return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return "TIMESTAMP_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_INTERVAL:
      return "INTERVAL";
    case DUCKDB_TYPE_SQLNULL:
      return "NULL";
    case DUCKDB_TYPE_LIST:
      return child(duckdb_list_type_child_type(type)) + "[]";
    case DUCKDB_TYPE_ARRAY:
      return fmt::format("{}[{}]", child(duckdb_array_type_child_type(type)),
                         duckdb_array_type_array_size(type));
    case DUCKDB_TYPE_MAP:
      return fmt::format("MAP({}, {})", child(duckdb_map_type_key_type(type)),
                         child(duckdb_map_type_value_type(type)));
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_UNION: {
      const bool is_struct = duckdb_get_type_id(type) == DUCKDB_TYPE_STRUCT;
      const idx_t count =
          is_struct ? duckdb_struct_type_child_count(type) : duckdb_union_type_member_count(type);
      std::string out = is_struct ? "STRUCT(" : "UNION(";
      for (idx_t i = 0; i < count; ++i) {
        const std::string name = taken(is_struct ? duckdb_struct_type_child_name(type, i)
                                                 : duckdb_union_type_member_name(type, i));
        out += (i ? ", " : "") + identifier(name) + " " +
               child(is_struct ? duckdb_struct_type_child_type(type, i)
                               : duckdb_union_type_member_type(type, i));
      }
      return out + ")";
    }
    default:
      return "UNKNOWN";
  }
}

enum class Owns { no, yes };

class DuckChunk : public Chunk {
 public:
  DuckChunk(duckdb_data_chunk chunk, Owns owns)
      : owned_(owns == Owns::yes ? chunk : nullptr), rows_(duckdb_data_chunk_get_size(chunk)) {
    const idx_t count = duckdb_data_chunk_get_column_count(chunk);
    columns_.reserve(count);
    for (idx_t i = 0; i < count; ++i) {
      duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
      columns_.push_back({LogicalType(duckdb_vector_get_column_type(vector)).id(),
                          duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)});
    }
  }
  ~DuckChunk() override {
    if (owned_) duckdb_destroy_data_chunk(&owned_);
  }
  DuckChunk(const DuckChunk&) = delete;
  DuckChunk& operator=(const DuckChunk&) = delete;

  [[nodiscard]] size_t rows() const override { return rows_; }

  [[nodiscard]] bool is_null(size_t column, size_t row) const override {
    const uint64_t* valid = columns_[column].valid;
    return valid && !(valid[row / 64] >> (row % 64) & 1);
  }

  [[nodiscard]] std::string_view text(size_t column, size_t row) const override {
    return text_of(texts_of(column)[row]);
  }

  [[nodiscard]] int64_t integer(size_t column, size_t row) const override {
    int64_t out = 0;
    as_integers(columns_[column],
                [&](const auto* values) { out = static_cast<int64_t>(values[row]); });
    return out;
  }

  [[nodiscard]] double number(size_t column, size_t row) const override {
    const Vector& v = columns_[column];
    if (v.type == DUCKDB_TYPE_FLOAT)
      return static_cast<double>(static_cast<const float*>(v.data)[row]);
    CHECK(v.type == DUCKDB_TYPE_DOUBLE);
    return static_cast<const double*>(v.data)[row];
  }

  void valid(size_t column, size_t from, std::span<uint8_t> out) const override {
    if (!columns_[column].valid) return (void)std::ranges::fill(out, uint8_t{1});
    for (size_t i = 0; i < out.size(); ++i) out[i] = is_null(column, from + i) ? 0 : 1;
  }

  void integers(size_t column, size_t from, std::span<int64_t> out) const override {
    as_integers(columns_[column], [&](const auto* values) {
      for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int64_t>(values[from + i]);
    });
    empty_nulls(column, from, out);
  }

  void numbers(size_t column, size_t from, std::span<double> out) const override {
    for (size_t i = 0; i < out.size(); ++i) out[i] = number(column, from + i);
    empty_nulls(column, from, out);
  }

  void texts(size_t column, size_t from, size_t rows, Texts& out) const override {
    const duckdb_string_t* const values = texts_of(column);
    for (size_t row = from; row < from + rows; ++row)
      is_null(column, row) ? out.end() : out.append(text_of(values[row]));
  }

  [[nodiscard]] size_t text_bytes(size_t column) const override {
    const duckdb_string_t* const values = texts_of(column);
    size_t out = 0;
    for (size_t row = 0; row < rows_; ++row)
      if (!is_null(column, row)) out += values[row].value.inlined.length;
    return out;
  }

 private:
  struct Vector {
    duckdb_type type;
    const void* data;
    const uint64_t* valid;  // null: no nulls
  };

  [[nodiscard]] const duckdb_string_t* texts_of(size_t column) const {
    const Vector& v = columns_[column];
    CHECK(v.type == DUCKDB_TYPE_VARCHAR || v.type == DUCKDB_TYPE_BLOB);
    return static_cast<const duckdb_string_t*>(v.data);
  }
  static std::string_view text_of(const duckdb_string_t& value) {
    const uint32_t length = value.value.inlined.length;
    return length <= sizeof value.value.inlined.inlined
               ? std::string_view(value.value.inlined.inlined, length)
               : std::string_view(value.value.pointer.ptr, length);
  }

  // Calls `with` with the column's values as what they are.
  template <class With>
  static void as_integers(const Vector& v, const With& with) {
    switch (v.type) {
      case DUCKDB_TYPE_BOOLEAN:  // a byte, of any value where there is a null
        return with(static_cast<const uint8_t*>(v.data));
      case DUCKDB_TYPE_TINYINT:
        return with(static_cast<const int8_t*>(v.data));
      case DUCKDB_TYPE_SMALLINT:
        return with(static_cast<const int16_t*>(v.data));
      case DUCKDB_TYPE_INTEGER:
      case DUCKDB_TYPE_DATE:
        return with(static_cast<const int32_t*>(v.data));
      case DUCKDB_TYPE_BIGINT:
      case DUCKDB_TYPE_TIME:
      case DUCKDB_TYPE_TIMESTAMP:
      case DUCKDB_TYPE_TIMESTAMP_S:
      case DUCKDB_TYPE_TIMESTAMP_MS:
      case DUCKDB_TYPE_TIMESTAMP_NS:
      case DUCKDB_TYPE_TIMESTAMP_TZ:
        return with(static_cast<const int64_t*>(v.data));
      case DUCKDB_TYPE_UTINYINT:
        return with(static_cast<const uint8_t*>(v.data));
      case DUCKDB_TYPE_USMALLINT:
        return with(static_cast<const uint16_t*>(v.data));
      case DUCKDB_TYPE_UINTEGER:
        return with(static_cast<const uint32_t*>(v.data));
      case DUCKDB_TYPE_UBIGINT:
        return with(static_cast<const uint64_t*>(v.data));
      default:
        CHECK(false && "integers of a column that holds none");
    }
  }

  // What DuckDB left where there is no value means nothing.
  template <class T>
  void empty_nulls(size_t column, size_t from, std::span<T> out) const {
    if (!columns_[column].valid) return;
    for (size_t i = 0; i < out.size(); ++i)
      if (is_null(column, from + i)) out[i] = 0;
  }

  duckdb_data_chunk owned_ = nullptr;
  std::vector<Vector> columns_;
  size_t rows_ = 0;
};

// What several threads may ask of one connection.
struct Handle {
  duckdb_connection connection = nullptr;
  Bounds bounds;
  std::atomic<uint64_t> interrupts{0};
  std::atomic<uint64_t> statements{0};  // counts what was begun, so that a Stream knows it is over

  void interrupt() {
    interrupts.fetch_add(1);
    duckdb_interrupt(connection);
  }
};

using StopCallback = std::stop_callback<std::function<void()>>;

// DuckDB forgets an interrupt when the next statement begins. So the stop token is looked at once
// more after the statement has begun: a stop before that is seen here, one after it by DuckDB.
class Running {
 public:
  Running(Handle& handle, std::stop_token stop)
      : handle_(&handle),
        stop_(std::move(stop)),
        interrupts_(handle.interrupts.load()),
        callback_(stop_, [this] { interrupt(); }),
        callback_of_all_(handle.bounds.stop, [this] { interrupt(); }) {
    if (handle.bounds.statement_timeout > Millis{})
      timer_ = std::jthread([this](const std::stop_token& ended) { wait(ended); });
  }
  [[nodiscard]] bool stopped() const { return late_ || told(); }
  // Why it is stopped.
  [[nodiscard]] Error why() const {
    return told() ? cancelled() : timed_out(handle_->bounds.statement_timeout);
  }
  void interrupt() const { duckdb_interrupt(handle_->connection); }

 private:
  [[nodiscard]] bool told() const {
    return stop_.stop_requested() || handle_->bounds.stop.stop_requested() ||
           handle_->interrupts.load() != interrupts_;
  }
  // DuckDB knows no limit of its own.
  void wait(const std::stop_token& ended) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any woken;
    woken.wait_for(lock, ended, handle_->bounds.statement_timeout, [] { return false; });
    if (ended.stop_requested()) return;
    late_ = true;
    interrupt();
  }

  Handle* handle_;
  std::stop_token stop_;
  uint64_t interrupts_;
  std::atomic<bool> late_ = false;
  StopCallback callback_;
  StopCallback callback_of_all_;
  std::jthread timer_;
};

// The statements below end in these; all are safe to destroy when empty.
struct Prepared {
  duckdb_prepared_statement handle = nullptr;
  Prepared() = default;
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;
  ~Prepared() { duckdb_destroy_prepare(&handle); }
};
struct Pending {
  duckdb_pending_result handle = nullptr;
  Pending() = default;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { duckdb_destroy_pending(&handle); }
};
struct Rows {
  duckdb_result handle{};
  Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() { duckdb_destroy_result(&handle); }
};

std::string_view or_empty(const char* text) { return text ? text : ""; }

// The API takes a statement up to its first NUL; what stands behind it must not be dropped in
// silence.
Status one_text(const std::string& sql) {
  if (sql.find('\0') == std::string::npos) return ok_status();
  return Error{.kind = ErrorKind::invalid, .message = "the statement holds a NUL character"};
}

// From then on the engine's workers are at it.
Status begin(Prepared& prepared, bool streaming, Pending& pending) {
  const auto begun = streaming ? duckdb_pending_prepared_streaming : duckdb_pending_prepared;
  if (begun(prepared.handle, &pending.handle) == DuckDBSuccess) return ok_status();
  return running_failed(or_empty(duckdb_pending_error(pending.handle)));
}

Status finish(Pending& pending, const Running& running, Rows& rows) {
  // A stop that came before it was begun has to be told again.
  if (running.stopped()) running.interrupt();
  if (duckdb_execute_pending(pending.handle, &rows.handle) != DuckDBSuccess) {
    if (running.stopped()) return running.why();
    const std::string_view first = or_empty(duckdb_result_error(&rows.handle));
    return running_failed(first.empty() ? or_empty(duckdb_pending_error(pending.handle)) : first);
  }
  if (running.stopped()) return running.why();
  return ok_status();
}

Status execute(Prepared& prepared, bool streaming, const Running& running, Rows& rows) {
  Pending pending;
  TRY(begin(prepared, streaming, pending));
  return finish(pending, running, rows);
}

// Which may read files, to tell their columns.
Status prepare(Handle& handle, const std::string& sql, const Running& running, Prepared& prepared) {
  if (duckdb_prepare(handle.connection, sql.c_str(), &prepared.handle) != DuckDBSuccess)
    return running.stopped() ? running.why()
                             : running_failed(or_empty(duckdb_prepare_error(prepared.handle)));
  return running.stopped() ? Status(running.why()) : ok_status();
}

class DuckStream : public Stream {
 public:
  DuckStream(Handle& handle, const std::stop_token& stop)
      : handle_(&handle), statement_(handle.statements.load()), running_(handle, stop) {}

  Status start(const std::string& sql, bool select_only) {
    if (auto whole = one_text(sql); !whole.ok()) return whole;
    TRY(prepare(*handle_, sql, running_, prepared_));
    if (select_only &&
        duckdb_prepared_statement_type(prepared_.handle) != DUCKDB_STATEMENT_TYPE_SELECT)
      return Error{.kind = ErrorKind::denied,
                   .message = "only a SELECT may run here",
                   .remedy = "Write the query as one SELECT statement."};
    if (auto ran = execute(prepared_, true, running_, rows_); !ran.ok()) return ran;
    const idx_t count = duckdb_column_count(&rows_.handle);
    for (idx_t i = 0; i < count; ++i)
      columns_.push_back(
          {std::string(or_empty(duckdb_column_name(&rows_.handle, i))),
           type_name(LogicalType(duckdb_column_logical_type(&rows_.handle, i)).get())});
    return ok_status();
  }

  [[nodiscard]] const std::vector<ColumnType>& columns() const override { return columns_; }

  Result<const Chunk*> next() override {
    chunk_ = TRY(take());
    return chunk_.get();
  }

  Result<std::unique_ptr<const Chunk>> take() override {
    if (ended_) return std::unique_ptr<const Chunk>();
    if (running_.stopped()) return running_.why();
    if (handle_->statements.load() != statement_)
      return Error{
          .kind = ErrorKind::conflict,
          .message = "the connection was asked something else before these rows were read"};
    duckdb_data_chunk chunk = duckdb_fetch_chunk(rows_.handle);
    if (chunk && duckdb_data_chunk_get_size(chunk) == 0) {
      duckdb_destroy_data_chunk(&chunk);
      chunk = nullptr;
    }
    if (!chunk) {
      // The end and a failure look alike but for the error beside it.
      const std::string_view error = or_empty(duckdb_result_error(&rows_.handle));
      if (!error.empty()) return running_.stopped() ? running_.why() : running_failed(error);
      ended_ = true;
      return std::unique_ptr<const Chunk>();
    }
    return std::unique_ptr<const Chunk>(std::make_unique<DuckChunk>(chunk, Owns::yes));
  }

 private:
  Handle* handle_;
  uint64_t statement_;
  Running running_;
  Prepared prepared_;
  Rows rows_;
  std::unique_ptr<const Chunk> chunk_;  // of next()
  std::vector<ColumnType> columns_;
  bool ended_ = false;
};

// Rows that gather in a data chunk.
template <class Sink>
class ChunkRows : public Sink {
 public:
  void text(std::string_view value) override {
    Column* column = next_column();
    if (!column) return;
    if (column->type != DUCKDB_TYPE_VARCHAR && column->type != DUCKDB_TYPE_BLOB)
      return mismatch("text");
    if (column->type == DUCKDB_TYPE_VARCHAR && !is_utf8(value)) {
      if (bad_.empty()) bad_ = fmt::format("the text for column {} is not UTF-8", at_ - 1);
      return;
    }
    bytes_ += value.size();
    assign(*column, value);
  }

  void integer(int64_t value) override {
    Column* column = next_column();
    if (!column) return;
    const auto put = [&]<class T>(T) {
      const T narrow = static_cast<T>(value);
      if (static_cast<int64_t>(narrow) != value) return mismatch("an integer that does not fit");
      static_cast<T*>(column->data)[row_] = narrow;
    };
    switch (column->type) {
      case DUCKDB_TYPE_BOOLEAN:
        static_cast<bool*>(column->data)[row_] = value != 0;
        return;
      case DUCKDB_TYPE_TINYINT:
        return put(int8_t{});
      case DUCKDB_TYPE_SMALLINT:
        return put(int16_t{});
      case DUCKDB_TYPE_INTEGER:
      case DUCKDB_TYPE_DATE:
        return put(int32_t{});
      case DUCKDB_TYPE_UTINYINT:
        return put(uint8_t{});
      case DUCKDB_TYPE_USMALLINT:
        return put(uint16_t{});
      case DUCKDB_TYPE_UINTEGER:
        return put(uint32_t{});
      case DUCKDB_TYPE_BIGINT:
      case DUCKDB_TYPE_UBIGINT:  // reinterpreted, as Chunk::integer reads it
      case DUCKDB_TYPE_TIMESTAMP:
      case DUCKDB_TYPE_TIMESTAMP_TZ:
        static_cast<int64_t*>(column->data)[row_] = value;
        return;
      default:
        return mismatch("an integer");
    }
  }

  void number(double value) override {
    Column* column = next_column();
    if (!column) return;
    if (column->type == DUCKDB_TYPE_DOUBLE) {
      static_cast<double*>(column->data)[row_] = value;
    } else if (column->type == DUCKDB_TYPE_FLOAT) {
      static_cast<float*>(column->data)[row_] = static_cast<float>(value);
    } else {
      mismatch("a number");
    }
  }

  void null() override {
    Column* column = next_column();
    if (!column) return;
    if (!column->valid) {
      duckdb_vector_ensure_validity_writable(column->vector);
      column->valid = duckdb_vector_get_validity(column->vector);
    }
    column->valid[row_ / 64] &= ~(uint64_t{1} << (row_ % 64));
  }

  Status end_row() override {
    if (!bad_.empty() || at_ != columns_.size()) {
      Error error{.kind = ErrorKind::invalid,
                  .message = !bad_.empty() ? bad_
                                           : fmt::format("a row of {} values for {} columns", at_,
                                                         columns_.size())};
      forget_row();
      return error;
    }
    at_ = 0;
    ++row_;
    return ok_status();
  }

  [[nodiscard]] bool is_full() const override {
    constexpr size_t kChunkBytes = 1'000'000;  // of texts
    return row_ == duckdb_vector_size() || bytes_ > kChunkBytes;
  }

 protected:
  // Of the chunk's columns; rows go into `chunk` from its first on.
  void begin(duckdb_data_chunk chunk, const std::vector<duckdb_type>& types) {
    columns_.clear();
    for (size_t i = 0; i < types.size(); ++i) {
      const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
      columns_.push_back({types[i], vector, duckdb_vector_get_data(vector),
                          nullptr /* every row of a fresh chunk is valid */});
    }
    row_ = bytes_ = 0;
  }
  [[nodiscard]] size_t rows() const { return row_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }  // of texts
  [[nodiscard]] bool is_within_row() const { return at_ != 0; }

 private:
  struct Column {
    duckdb_type type;
    duckdb_vector vector;
    void* data;
    uint64_t* valid;  // null: no nulls yet
  };

  void assign(const Column& column, std::string_view value) {
    auto& place = static_cast<duckdb_string_t*>(column.data)[row_];
    if (value.size() > sizeof place.value.inlined.inlined) {
      duckdb_vector_assign_string_element_len(column.vector, row_, value.data(), value.size());
      return;
    }
    // Short texts stand in the vector itself, which DuckDB's own call gets to by a longer way.
    place = {};
    place.value.inlined.length = static_cast<uint32_t>(value.size());
    if (!value.empty()) std::memcpy(place.value.inlined.inlined, value.data(), value.size());
  }

  Column* next_column() {
    if (at_ >= columns_.size()) {
      ++at_;
      return nullptr;
    }
    return &columns_[at_++];
  }

  void mismatch(std::string_view what) {
    if (bad_.empty())
      bad_ = fmt::format("{} was given for column {}, which holds none", what, at_ - 1);
  }

  void forget_row() {
    for (Column& column : columns_)
      if (column.valid) column.valid[row_ / 64] |= uint64_t{1} << (row_ % 64);
    at_ = 0;
    bad_.clear();
  }

  std::vector<Column> columns_;
  size_t row_ = 0;
  size_t at_ = 0;
  size_t bytes_ = 0;
  std::string bad_;  // why the current row cannot be taken
};

struct TableAppender {
  duckdb_appender handle = nullptr;
  TableAppender() = default;
  TableAppender(const TableAppender&) = delete;
  TableAppender& operator=(const TableAppender&) = delete;
  ~TableAppender() {
    if (handle) duckdb_appender_destroy(&handle);
  }

  Status open(duckdb_connection connection, const std::string& table) {
    return duckdb_appender_create(connection, nullptr, table.c_str(), &handle) == DuckDBSuccess
               ? ok_status()
               : failed();
  }
  [[nodiscard]] std::vector<std::unique_ptr<LogicalType>> types() const {
    std::vector<std::unique_ptr<LogicalType>> out;
    const idx_t count = duckdb_appender_column_count(handle);
    for (idx_t i = 0; i < count; ++i)
      out.push_back(std::make_unique<LogicalType>(duckdb_appender_column_type(handle, i)));
    return out;
  }
  [[nodiscard]] Status failed() const {
    return running_failed(or_empty(duckdb_appender_error(handle)));
  }
};

// Goes over a chunk at a time: several times as fast as the appender's own call per value.
class DuckAppender : public ChunkRows<Appender> {
 public:
  DuckAppender() = default;
  DuckAppender(const DuckAppender&) = delete;
  DuckAppender& operator=(const DuckAppender&) = delete;
  ~DuckAppender() override {
    if (chunk_) duckdb_destroy_data_chunk(&chunk_);
  }

  Status start(duckdb_connection connection, const std::string& table) {
    TRY(appender_.open(connection, table));
    const auto columns = appender_.types();
    std::vector<duckdb_logical_type> types;
    for (const auto& column : columns) {
      types.push_back(column->get());
      types_.push_back(column->id());
    }
    chunk_ = duckdb_create_data_chunk(types.data(), types.size());
    if (!chunk_)
      return Error{
          .kind = ErrorKind::invalid,
          .message = "a column of " + table + " has a type that rows cannot be appended to"};
    begin(chunk_, types_);
    return ok_status();
  }

  Status end_row() override {
    TRY(ChunkRows::end_row());
    return is_full() ? flush_chunk() : ok_status();
  }

  Status finish() override {
    if (is_within_row())
      return Error{.kind = ErrorKind::invalid, .message = "the last row was not ended"};
    TRY(flush_chunk());
    return duckdb_appender_close(appender_.handle) == DuckDBSuccess ? ok_status()
                                                                    : appender_.failed();
  }

 private:
  Status flush_chunk() {
    if (rows() == 0) return ok_status();
    duckdb_data_chunk_set_size(chunk_, rows());
    if (duckdb_append_data_chunk(appender_.handle, chunk_) != DuckDBSuccess)
      return appender_.failed();
    duckdb_data_chunk_reset(chunk_);  // also makes every row valid again
    // What was appended is kept outside of DuckDB's own limit until it is flushed, which by itself
    // it is for the number of rows alone.
    kept_bytes_ += bytes();
    begin(chunk_, types_);
    if (kept_bytes_ <= kKeptBytes) return ok_status();
    kept_bytes_ = 0;
    return duckdb_appender_flush(appender_.handle) == DuckDBSuccess ? ok_status()
                                                                    : appender_.failed();
  }

  static constexpr size_t kKeptBytes = 64'000'000;

  TableAppender appender_;
  duckdb_data_chunk chunk_ = nullptr;
  std::vector<duckdb_type> types_;
  size_t kept_bytes_ = 0;  // of texts, in the appender
};

// What a function of ours failed of, on whichever thread it was first.
class FirstFailure {
 public:
  void keep(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  // After the statement has ended.
  std::optional<Error> take() { return std::move(error_); }

 private:
  std::mutex mutex_;  // protects what follows
  std::optional<Error> error_;
};

// A producer as a table function of DuckDB's, which calls it on as many threads as it has. The
// function stays registered for as long as the database is open, and what it makes does not.
class Making {
 public:
  Making(Producer& producer, std::vector<std::unique_ptr<LogicalType>> columns)
      : producer_(&producer), columns_(std::move(columns)) {
    for (const auto& column : columns_) types_.push_back(column->id());
  }

  // `kept` goes with the function.
  static Status register_as(const std::string& name, duckdb_connection connection,
                            std::shared_ptr<Making> kept) {
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, name.c_str());
    duckdb_table_function_set_extra_info(
        function, new std::shared_ptr<Making>(std::move(kept)),
        [](void* owned) { delete static_cast<std::shared_ptr<Making>*>(owned); });
    duckdb_table_function_set_bind(function, [](duckdb_bind_info info) {
      Making& making = of(duckdb_bind_get_extra_info(info));
      for (size_t i = 0; i < making.columns_.size(); ++i)
        duckdb_bind_add_result_column(info, fmt::format("c{}", i).c_str(),
                                      making.columns_[i]->get());
    });
    duckdb_table_function_set_init(function, [](duckdb_init_info info) {
      duckdb_init_set_max_threads(info, std::thread::hardware_concurrency());
    });
    duckdb_table_function_set_local_init(function, [](duckdb_init_info info) {
      auto part = of(duckdb_init_get_extra_info(info)).producer_->part();
      duckdb_init_set_init_data(info, part.release(),
                                [](void* owned) { delete static_cast<Producer::Part*>(owned); });
    });
    duckdb_table_function_set_function(function, [](duckdb_function_info info,
                                                    duckdb_data_chunk chunk) {
      auto* const part = static_cast<Producer::Part*>(duckdb_function_get_local_init_data(info));
      of(duckdb_function_get_extra_info(info)).make(*part, info, chunk);
    });
    const bool registered = duckdb_register_table_function(connection, function) == DuckDBSuccess;
    duckdb_destroy_table_function(&function);
    if (registered) return ok_status();
    return Error{.kind = ErrorKind::unavailable, .message = "DuckDB takes no table function"};
  }

  FirstFailure failure;

 private:
  class Rows : public ChunkRows<RowSink> {
   public:
    Rows(duckdb_data_chunk chunk, const std::vector<duckdb_type>& types) { begin(chunk, types); }
    using ChunkRows::rows;
  };

  static Making& of(void* kept) { return **static_cast<std::shared_ptr<Making>*>(kept); }

  void make(Producer::Part& part, duckdb_function_info info, duckdb_data_chunk chunk) {
    Rows rows(chunk, types_);
    if (Status filled = part.fill(rows); !filled.ok()) {
      failure.keep(std::move(filled.error()));
      duckdb_function_set_error(info, "no more rows can be made");
      return;
    }
    duckdb_data_chunk_set_size(chunk, rows.rows());
  }

  Producer* producer_;
  std::vector<std::unique_ptr<LogicalType>> columns_;
  std::vector<duckdb_type> types_;
};

// A consumer as a scalar function of DuckDB's, which is given whole rows. What is said of `Making`
// holds for it.
class Taking {
 public:
  explicit Taking(Consumer& consumer) : consumer_(&consumer) {}

  static Status register_as(const std::string& name, duckdb_connection connection,
                            std::shared_ptr<Taking> kept) {
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_scalar_function_set_name(function, name.c_str());
    duckdb_scalar_function_set_varargs(
        function, LogicalType(duckdb_create_logical_type(DUCKDB_TYPE_ANY)).get());
    duckdb_scalar_function_set_return_type(
        function, LogicalType(duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN)).get());
    duckdb_scalar_function_set_special_handling(function);  // nulls are values like others
    duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_extra_info(
        function, new std::shared_ptr<Taking>(std::move(kept)),
        [](void* owned) { delete static_cast<std::shared_ptr<Taking>*>(owned); });
    duckdb_scalar_function_set_function(
        function, [](duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector out) {
          (*static_cast<std::shared_ptr<Taking>*>(duckdb_scalar_function_get_extra_info(info)))
              ->take(info, chunk, out);
        });
    const bool registered = duckdb_register_scalar_function(connection, function) == DuckDBSuccess;
    duckdb_destroy_scalar_function(&function);
    if (registered) return ok_status();
    return Error{.kind = ErrorKind::unavailable, .message = "DuckDB takes no function"};
  }

  FirstFailure failure;

 private:
  void take(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector out) {
    const DuckChunk rows(chunk, Owns::no);
    if (Status taken = consumer_->take(rows); !taken.ok()) {
      failure.keep(std::move(taken.error()));
      duckdb_scalar_function_set_error(info, "no more rows are taken");
      return;
    }
    std::fill_n(static_cast<bool*>(duckdb_vector_get_data(out)), rows.rows(), true);
  }

  Consumer* consumer_;
};

class DuckConsuming : public Consuming {
 public:
  DuckConsuming(Handle& handle, std::shared_ptr<Taking> taking, const std::stop_token& stop)
      : handle_(handle), taking_(std::move(taking)), running_(handle, stop) {}
  ~DuckConsuming() override {
    if (!pending_.handle || finished_) return;
    running_.interrupt();
    (void)finish();
  }
  DuckConsuming(const DuckConsuming&) = delete;
  DuckConsuming& operator=(const DuckConsuming&) = delete;

  Status start(const std::string& sql) {
    TRY(one_text(sql));
    TRY(prepare(handle_, sql, running_, prepared_));
    return begin(prepared_, false, pending_);
  }

  Status finish() override {
    CHECK(!std::exchange(finished_, true));
    Rows rows;
    Status taken = duck::finish(pending_, running_, rows);
    if (auto failed = taking_->failure.take()) return std::move(*failed);
    return taken;
  }

 private:
  Handle& handle_;
  std::shared_ptr<Taking> taking_;
  Running running_;
  Prepared prepared_;
  Pending pending_;
  bool finished_ = false;
};

// The rest of a stream of one column of texts.
Result<std::vector<std::string>> texts_of(Stream& stream) {
  std::vector<std::string> out;
  while (const Chunk* chunk = TRY(stream.next()))
    for (size_t row = 0; row < chunk->rows(); ++row) out.emplace_back(chunk->text(0, row));
  return out;
}

class DuckConnection : public Connection {
 public:
  // `select_only`: SELECTs alone, and none of the functions in `barred`.
  DuckConnection(duckdb_connection connection, bool select_only,
                 std::vector<std::string> barred = {}, const Bounds& bounds = {})
      : select_only_(select_only), barred_(std::move(barred)) {
    handle_.connection = connection;
    handle_.bounds = bounds;
  }
  ~DuckConnection() override { duckdb_disconnect(&handle_.connection); }
  DuckConnection(const DuckConnection&) = delete;
  DuckConnection& operator=(const DuckConnection&) = delete;

  Status run(const std::string& sql, const std::stop_token& stop) override {
    handle_.statements.fetch_add(1);
    if (auto whole = one_text(sql); !whole.ok()) return whole;
    const Running running(handle_, stop);
    struct Statements {
      duckdb_extracted_statements handle = nullptr;
      ~Statements() { duckdb_destroy_extracted(&handle); }
    } statements;
    const idx_t count =
        duckdb_extract_statements(handle_.connection, sql.c_str(), &statements.handle);
    if (count == 0) {
      const std::string_view error = or_empty(duckdb_extract_statements_error(statements.handle));
      return error.empty() ? ok_status() : running_failed(error);
    }
    for (idx_t i = 0; i < count; ++i) {
      Prepared prepared;
      if (duckdb_prepare_extracted_statement(handle_.connection, statements.handle, i,
                                             &prepared.handle) != DuckDBSuccess)
        return running.stopped() ? running.why()
                                 : running_failed(or_empty(duckdb_prepare_error(prepared.handle)));
      Rows rows;
      if (auto ran = execute(prepared, false, running, rows); !ran.ok()) return ran;
    }
    return ok_status();
  }

  Result<std::unique_ptr<Stream>> stream(const std::string& sql,
                                         const std::stop_token& stop) override {
    if (!barred_.empty()) TRY(check_functions(sql));
    return start(sql, stop, select_only_);
  }

  Result<std::vector<Stream::ColumnType>> describe(const std::string& sql) override {
    handle_.statements.fetch_add(1);
    TRY(one_text(sql));
    const Running running(handle_, {});
    Prepared prepared;
    TRY(prepare(handle_, sql, running, prepared));
    if (select_only_ &&
        duckdb_prepared_statement_type(prepared.handle) != DUCKDB_STATEMENT_TYPE_SELECT)
      return Error{.kind = ErrorKind::denied,
                   .message = "only a SELECT may run here",
                   .remedy = "Write the query as one SELECT statement."};
    if (!barred_.empty()) TRY(check_functions(sql));
    std::vector<Stream::ColumnType> columns;
    const idx_t count = duckdb_prepared_statement_column_count(prepared.handle);
    for (idx_t i = 0; i < count; ++i)
      columns.push_back(
          {taken(const_cast<char*>(duckdb_prepared_statement_column_name(prepared.handle, i))),
           type_name(LogicalType(duckdb_prepared_statement_column_logical_type(prepared.handle, i))
                         .get())});
    return columns;
  }

  std::vector<std::string> tables(const std::string& sql) override {
    std::vector<std::string> names;
    if (!one_text(sql).ok()) return names;
    struct Value {
      duckdb_value handle;
      ~Value() { duckdb_destroy_value(&handle); }
    };
    const Value list{duckdb_get_table_names(handle_.connection, sql.c_str(), false)};
    if (!list.handle) return names;
    const idx_t count = duckdb_get_list_size(list.handle);
    for (idx_t i = 0; i < count; ++i)
      names.push_back(
          taken(duckdb_get_varchar(Value{duckdb_get_list_child(list.handle, i)}.handle)));
    return names;
  }

  Result<int64_t> scalar(const std::string& sql) override {
    auto rows = TRY(stream(sql, {}));
    const Chunk* chunk = TRY(rows->next());
    if (!chunk || chunk->is_null(0, 0))
      return Error{.kind = ErrorKind::not_found, .message = "the query gave no number"};
    const std::string& type = rows->columns()[0].type;
    for (const std::string_view known : {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT",
                                         "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
      if (type == known) return chunk->integer(0, 0);
    return Error{.kind = ErrorKind::invalid,
                 .message = "the query gave a " + type + ", not an integer"};
  }

  Result<std::unique_ptr<Appender>> appender(const std::string& table) override {
    handle_.statements.fetch_add(1);
    auto appender = std::make_unique<DuckAppender>();
    if (auto started = appender->start(handle_.connection, table); !started.ok())
      return std::move(started.error());
    return std::unique_ptr<Appender>(std::move(appender));
  }

  Status insert(const std::string& table, Producer& producer,
                const std::stop_token& stop) override {
    std::shared_ptr<Making> making;
    {
      TableAppender like;
      TRY(like.open(handle_.connection, table));
      making = std::make_shared<Making>(producer, like.types());
    }
    const std::string name = TRY(registered(making, stop));
    Status ran = run("INSERT INTO " + table + " FROM " + name + "()", stop);
    if (auto failed = making->failure.take()) return std::move(*failed);
    return ran;
  }

  Result<std::unique_ptr<Consuming>> consume(const std::string& sql, Consumer& consumer,
                                             const std::stop_token& stop) override {
    auto taking = std::make_shared<Taking>(consumer);
    const std::string name = TRY(registered(taking, stop));
    handle_.statements.fetch_add(1);
    auto consuming = std::make_unique<DuckConsuming>(handle_, std::move(taking), stop);
    TRY(consuming->start("SELECT count(" + name + "(*COLUMNS(*))) FROM (" + sql + ")"));
    return std::unique_ptr<Consuming>(std::move(consuming));
  }

  void interrupt() override { handle_.interrupt(); }

 private:
  // The name that a function of ours can be called by.
  template <class Function>
  Result<std::string> registered(const std::shared_ptr<Function>& function,
                                 const std::stop_token& stop) {
    // A stream that was let go of before its end keeps its transaction until the next statement: the
    // function would go with it.
    TRY(run("SELECT 1", stop));
    const std::string name = new_name();
    TRY(Function::register_as(name, handle_.connection, function));
    return name;
  }
  static std::string new_name() {
    static std::atomic<uint64_t> named{0};
    return fmt::format("ours_{}", named.fetch_add(1));
  }

  Result<std::unique_ptr<Stream>> start(const std::string& sql, const std::stop_token& stop,
                                        bool select_only) {
    handle_.statements.fetch_add(1);
    auto stream = std::make_unique<DuckStream>(handle_, stop);
    if (auto started = stream->start(sql, select_only); !started.ok())
      return std::move(started.error());
    return std::unique_ptr<Stream>(std::move(stream));
  }

  // As DuckDB's own parser reads the query. What it does not read as a SELECT is refused later,
  // with a better message.
  Status check_functions(const std::string& sql) {
    auto names =
        TRY(start("SELECT DISTINCT lower(atom ->> '$') FROM json_tree(json_serialize_sql(" +
                      literal(sql) + ")) WHERE key = 'function_name'",
                  {}, false));
    const std::vector<std::string> called = TRY(texts_of(*names));
    for (const std::string& name : called)
      if (std::binary_search(barred_.begin(), barred_.end(), name))
        return Error{.kind = ErrorKind::denied,
                     .message = fmt::format("the function `{}` may not be used here", name),
                     .remedy = "Name the source's tables in the query."};
    return ok_status();
  }

  Handle handle_;
  bool select_only_;
  std::vector<std::string> barred_;  // sorted
};

std::filesystem::path spill_folder(const std::filesystem::path& database,
                                   const std::filesystem::path& wanted, bool in_memory) {
  // Two databases that spill into one folder would overwrite each other's files: each has its own.
  static std::atomic<uint64_t> opened{0};
  std::error_code ignored;
  std::filesystem::path parent = wanted;
  if (parent.empty())
    parent = in_memory ? std::filesystem::temp_directory_path(ignored)
                       : std::filesystem::absolute(database, ignored).parent_path();
  if (!wanted.empty()) std::filesystem::create_directories(wanted, ignored);
  return parent / fmt::format("duck-spill-{}-{}", ::getpid(), opened.fetch_add(1));
}

class DuckDatabase : public Database {
 public:
  DuckDatabase(duckdb_database database, Options options)
      : database_(database), options_(std::move(options)) {}
  ~DuckDatabase() override { duckdb_close(&database_); }
  DuckDatabase(const DuckDatabase&) = delete;
  DuckDatabase& operator=(const DuckDatabase&) = delete;

  Result<std::unique_ptr<Connection>> connect(const Bounds& bounds) override {
    duckdb_connection connection = nullptr;
    if (duckdb_connect(database_, &connection) != DuckDBSuccess)
      return Error{.kind = ErrorKind::unavailable, .message = "DuckDB gave no connection"};
    return std::unique_ptr<Connection>(
        std::make_unique<DuckConnection>(connection, options_.select_only, barred_, bounds));
  }

  Status prepare() {
    DuckConnection setup = [&] {
      duckdb_connection connection = nullptr;
      duckdb_connect(database_, &connection);
      return DuckConnection(connection, false);
    }();
    if (!options_.extensions.empty()) TRY(load_extensions(setup));
    TRY(setup.run(options_.setup, {}));
    std::string lock;
    if (options_.reachable) {
      std::vector<std::string> folders, files;
      for (const std::filesystem::path& path : *options_.reachable) {
        std::error_code ignored;
        const bool folder =
            path.native().ends_with('/') || std::filesystem::is_directory(path, ignored);
        (folder ? folders : files).push_back(literal(path.string()));
      }
      lock = "SET GLOBAL allowed_directories = [" + join(folders, ", ") + "];" +
             "SET GLOBAL allowed_paths = [" + join(files, ", ") + "];" +
             "SET GLOBAL enable_external_access = false;";
    }
    if (options_.reachable || options_.select_only) lock += "SET GLOBAL lock_configuration = true;";
    return setup.run("SET GLOBAL TimeZone = 'UTC';" + lock, {});
  }

 private:
  Status load_extensions(DuckConnection& setup) {
    TRY(setup.run("CREATE TEMP TABLE known AS SELECT function_name FROM duckdb_functions()", {}));
    for (const std::filesystem::path& extension : options_.extensions) {
      auto loaded = setup.run("LOAD " + literal(extension.string()), {});
      if (!loaded.ok())
        return std::move(loaded.error())
            .in("loading the extension " + extension.filename().string());
    }
    if (!options_.select_only) return ok_status();
    auto names = TRY(setup.stream(
        "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_name NOT IN "
        "(FROM known) OR function_name IN ('query', 'query_table') ORDER BY ALL",
        {}));
    barred_ = TRY(texts_of(*names));
    return ok_status();
  }

  duckdb_database database_;
  Options options_;
  std::vector<std::string> barred_;  // functions that came with extensions, and ways around
};

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path,
                                                 const Options& options) {
  const bool in_memory = path == ":memory:";
  std::error_code ignored;
  if (options.read_only && !in_memory && !std::filesystem::exists(path, ignored))
    return opening_failed("IO Error: does not exist", path.string());
  struct Config {
    duckdb_config handle = nullptr;
    ~Config() { duckdb_destroy_config(&handle); }
  } config;
  if (duckdb_create_config(&config.handle) != DuckDBSuccess)
    return Error{.kind = ErrorKind::unavailable, .message = "no memory to open DuckDB"};
  const std::pair<const char*, std::string> settings[] = {
      {"access_mode", in_memory           ? "AUTOMATIC"
                      : options.read_only ? "READ_ONLY"
                                          : "READ_WRITE"},
      {"memory_limit", fmt::format("{}MiB", options.memory_limit_mb)},
      {"threads", std::to_string(options.threads)},
      {"temp_directory", spill_folder(path, options.temp_directory, in_memory).string()},
      {"preserve_insertion_order", "false"},
      {"allow_unsigned_extensions", "false"},
      {"autoinstall_known_extensions", "false"},
      {"autoload_known_extensions", "false"},
      {"allow_community_extensions", "false"},
  };
  for (const auto& [name, value] : settings)
    if (duckdb_set_config(config.handle, name, value.c_str()) != DuckDBSuccess)
      return Error{.kind = ErrorKind::invalid,
                   .message = fmt::format("DuckDB does not take {} = {}", name, value)};
  duckdb_database database = nullptr;
  char* message = nullptr;
  if (duckdb_open_ext(in_memory ? nullptr : path.c_str(), &database, config.handle, &message) !=
      DuckDBSuccess)
    return opening_failed(taken(message), path.string());
  auto opened = std::make_unique<DuckDatabase>(database, options);
  if (auto prepared = opened->prepare(); !prepared.ok()) return std::move(prepared.error());
  return std::unique_ptr<Database>(std::move(opened));
}

std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + '\'';
}

std::string failing(const std::string& message, std::string_view remedy) {
  return fmt::format("error({} || {} || {})", literal(kOurs), message,
                     literal(std::string(kOurs) + std::string(remedy)));
}

std::string identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace rollcall::duck
