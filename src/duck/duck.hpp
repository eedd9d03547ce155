// The one room that names DuckDB: opening databases, running SQL, streaming results and appending
// rows through its C API, with errors as values. DuckDB is used in two ways: as a source, and as
// the engine that compares a snapshot with the ledger on this machine.
//
// Threads: a Database may be shared; a Connection and what comes from it belong to one thread, save
// for Connection::interrupt, which any thread may call, and the stop token. A Stream must not
// outlive its Connection, nor a Connection its Database, nor what Stream::next gave the next call of
// it. A chunk may be read by any thread.
//
// Every session's time zone is UTC, whatever the machine's. Rows come in the order of ORDER BY, and
// in no order at all without one: keeping the order of insertion would cost memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/rows.hpp"

namespace rollcall::duck {

struct Options {
  bool read_only = false;
  int64_t memory_limit_mb = 160;  // DuckDB spills to `temp_directory` beyond it
  int threads = 2;
  // Where DuckDB spills to, each open database into a folder of its own that goes when it is
  // closed. Default: beside the database file; for ":memory:" the system's folder for temporary
  // files.
  std::filesystem::path temp_directory = {};
  std::vector<std::filesystem::path> extensions = {};  // files, loaded in order; must be signed
  std::string setup = {};  // statements that are run at once, before the limits below come to hold
  // stream() and describe() refuse whatever is not one SELECT, and one that calls a function of an
  // extension: these reach files, servers and settings as they like. Views may call them.
  bool select_only = false;
  // The only folders or files beside the database that SQL may touch; nothing: no limit. What ends
  // with a slash, or is a folder of this machine, stands for all below it.
  std::optional<std::vector<std::filesystem::path>> reachable = std::nullopt;
};

class Chunk {
 public:
  virtual ~Chunk() = default;
  [[nodiscard]] virtual size_t rows() const = 0;
  [[nodiscard]] virtual bool is_null(size_t column, size_t row) const = 0;
  // Views into the chunk; the column must be a VARCHAR or BLOB.
  [[nodiscard]] virtual std::string_view text(size_t column, size_t row) const = 0;
  // BOOLEAN, any integer type up to 64 bits, signed or not (unsigned ones are reinterpreted), and
  // DATE, TIME and every TIMESTAMP as DuckDB's own count.
  [[nodiscard]] virtual int64_t integer(size_t column, size_t row) const = 0;
  // FLOAT and DOUBLE.
  [[nodiscard]] virtual double number(size_t column, size_t row) const = 0;

  // The same of many rows, from `from` on as many as `out` holds, column by column. Nulls are told
  // by `valid` (0), and are 0 and "" elsewhere.
  virtual void valid(size_t column, size_t from, std::span<uint8_t> out) const = 0;
  virtual void integers(size_t column, size_t from, std::span<int64_t> out) const = 0;
  virtual void numbers(size_t column, size_t from, std::span<double> out) const = 0;
  virtual void texts(size_t column, size_t from, size_t rows, Texts& out) const = 0;  // appended
  // Of all its texts.
  [[nodiscard]] virtual size_t text_bytes(size_t column) const = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;
  // DuckDB's own names of the types ("VARCHAR", "DECIMAL(7,2)", "TIMESTAMP WITH TIME ZONE"…).
  struct ColumnType {
    std::string name;
    std::string type;
  };
  [[nodiscard]] virtual const std::vector<ColumnType>& columns() const = 0;
  // The next chunk, or null at the end.
  virtual Result<const Chunk*> next() = 0;
  // The same, to be kept.
  virtual Result<std::unique_ptr<const Chunk>> take() = 0;
};

// Takes rows for one table, column after column. Types must match the table's: text for VARCHAR and
// BLOB, integer for BIGINT/UBIGINT/INTEGER/SMALLINT/TINYINT/BOOLEAN/DATE/TIMESTAMP, number for
// FLOAT/DOUBLE. A value that does not fit makes end_row fail (invalid), and so does text that is
// not UTF-8 in a VARCHAR; the row is left out.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void text(std::string_view value) = 0;
  virtual void integer(int64_t value) = 0;
  virtual void number(double value) = 0;
  virtual void null() = 0;
  virtual Status end_row() = 0;
  // Whether it is to be handed on before it takes more.
  [[nodiscard]] virtual bool is_full() const = 0;
};

// Hands on what is full by itself.
class Appender : public RowSink {
 public:
  // Flushes; nothing is promised for rows before this has returned ok.
  virtual Status finish() = 0;
};

// Makes the rows of an insertion: as many at a time as the engine has threads for them.
class Producer {
 public:
  // One thread's share of it.
  class Part {
   public:
    virtual ~Part() = default;
    // Writes rows until the sink is full or there are no more. None written: the end.
    virtual Status fill(RowSink& rows) = 0;
  };
  virtual ~Producer() = default;
  virtual std::unique_ptr<Part> part() = 0;  // any thread
};

// Takes the rows of a query: as many chunks at a time as the engine has threads for them.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual Status take(const Chunk& rows) = 0;  // any thread
};

// The rows of a query on their way to a consumer, by the engine's own threads.
class Consuming {
 public:
  virtual ~Consuming() = default;  // ends it
  // Helps them, until the consumer has all. Once. Errors: the consumer's first.
  virtual Status finish() = 0;
};

// What every statement of a connection is held to.
struct Bounds {
  std::stop_token stop = {};      // ends it as cancelled, as its own stop token does
  Millis statement_timeout = {};  // after which it ends as unavailable, its rows included; 0: never
};

class Connection {
 public:
  virtual ~Connection() = default;
  // One or several statements whose result nobody wants. A requested stop ends it as cancelled.
  virtual Status run(const std::string& sql, const std::stop_token& stop = {}) = 0;
  // One statement; rows are produced as they are asked for, in bounded memory. A requested stop
  // ends it as cancelled, here or in Stream::next. A connection has one stream at a time: whatever
  // it is asked next ends the stream before.
  virtual Result<std::unique_ptr<Stream>> stream(const std::string& sql,
                                                 const std::stop_token& stop = {}) = 0;
  // Column names and types of a query, without running it.
  virtual Result<std::vector<Stream::ColumnType>> describe(const std::string& sql) = 0;
  // The names of tables a query reads that are not those of its own WITH, whether or not they
  // exist; without their schema. Nothing when the query cannot be understood: running it says why.
  virtual std::vector<std::string> tables(const std::string& sql) = 0;
  // First column of the first row as an integer; no row or a null is an error.
  virtual Result<int64_t> scalar(const std::string& sql) = 0;
  virtual Result<std::unique_ptr<Appender>> appender(const std::string& table) = 0;
  // Puts into a table what `producer` makes. Errors: the producer's first.
  virtual Status insert(const std::string& table, Producer& producer,
                        const std::stop_token& stop = {}) = 0;
  // Hands all rows of a query to `consumer`, in no order, while the caller does something else. It
  // must not outlive the connection, nor the consumer it; the connection does nothing else meanwhile.
  virtual Result<std::unique_ptr<Consuming>> consume(const std::string& sql, Consumer& consumer,
                                                     const std::stop_token& stop = {}) = 0;
  // Ends what is running with an Error of kind cancelled. Any thread.
  virtual void interrupt() = 0;
};

class Database {
 public:
  virtual ~Database() = default;
  // `path` ":memory:" keeps everything in memory. Errors: not_found (read_only and no file),
  // conflict (another program holds the file), corrupt, invalid.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path,
                                                const Options& options = {});
  virtual Result<std::unique_ptr<Connection>> connect(const Bounds& bounds = {}) = 0;
};

// 'it''s' — quotes a literal; "a""b" — quotes an identifier.
std::string literal(std::string_view text);
std::string identifier(std::string_view name);
// SQL that fails as it is worked out, with this message (SQL itself) and remedy.
std::string failing(const std::string& message, std::string_view remedy);

}  // namespace rollcall::duck
