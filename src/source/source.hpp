// A source: where the company's data is. One small interface, one implementation a kind, and one
// conformance suite over all of them.
//
// Kinds and their options (`?`: may be left out):
//   duckdb   path     a DuckDB file
//            schema?  where unqualified table names are looked up; "main" when not given
//            files?   a folder of files that views and queries may read; none when not given
//   parquet  path     one file, a pattern (`sales/*.parquet`), or a folder. A name that is there
//                     letter by letter is no pattern
//            union_by_name?  true: columns of several files are matched by name, and filled with
//                            nulls where a file has them not; false: by position. When not given
//                            they are matched by name, and all files must have the same
//            hive?    true: folders named key=value are columns
//   csv      path, union_by_name?, hive?  as for parquet
//            skip?    lines before the header; 0 when not given
//            comment? what begins a comment, to the end of its line; nothing when not given
//            null_padding?  true: rows that are too short are filled with nulls
//            header?, delimiter?  found out when not given
//            quote?, escape?  the character `"` when not given, and it again
//            encoding? (utf-8, utf-16, latin-1), date_format?, timestamp_format?, decimal? (the
//            character before decimals)
//            nulls?   texts that stand for a null beside the empty one, separated by commas
//            types?   detect (default), or text: every column as it is written
//            sample?  of no meaning any more: all rows are looked at
//   parquet, csv, delta and iceberg, where `path` starts with s3://
//            region?, endpoint?, access_key_id?, secret_access_key?, session_token?  the last two
//                                secrets; an endpoint is an address of a store that is not Amazon's
//   delta, iceberg  path         the folder of a table, or one of several tables
//   sqlite   path                a SQLite file
//   mysql    host, database, user
//            password?           a secret
//            port?               3306
//            ssl_mode?           disabled, preferred (default), required, verify_ca,
//                                verify_identity
//            ssl_ca?             a file of certificates to verify the server's with
//   postgres host, database, user; or url  postgresql://user@host/database?key=value, without a
//                                          password
//            password?           a secret
//            port?               5432
//            sslmode?            disable, allow, prefer (default), require, verify-ca, verify-full
//            sslrootcert?        a file of certificates to verify the server's with
//            schema?             where unqualified names are looked up; the user's own search path
//                                when not given
//   trino    url                 http://host:port, or https://… (the only one a password or token
//                                goes over)
//            user                whom Trino takes us for
//            password? or token? a secret; a token is a JSON web token or what else the server
//                                takes for a bearer
//            catalog?, schema?   where names without them are looked up
//            ca_file?            a file of certificates to verify the server's with
// A model's `table` names
//   duckdb   a table or view, perhaps with its schema: `orders`, `sales.orders`. A name that
//            holds a dot itself needs the model's `sql`
//   postgres likewise: a table, view, materialized view or foreign table, letter by letter as the
//            catalog of the database has it
//   sqlite, mysql   a table or view of the database, in letters of either case
//   delta, iceberg  a folder below the path, or the path's own last name
//   trino    table, schema.table or catalog.schema.table, as Trino has them: in lower case
//   parquet, csv    where path is a folder: a file, pattern or folder in it, relative to it; the
//            ending may be left out (`orders`, `orders.parquet`, `orders/2026-*.parquet`, and the
//            folder `orders` with all below it). Where path is one file or pattern: its last part,
//            with or without the ending
// In a model's `sql` those names stand in double quotes: SELECT * FROM "orders.parquet".
//
// Every kind has
//   statement_timeout?  how long one query may take: 90s, 30m, 1h (default), 1d
//
// Limits, of every kind: a value has at most 1,000,000 bytes, a row 4,000,000, a list or object 256
// levels. What is beyond them is an error that names the column.
//
// Types. Integers beyond 64 bits, decimals: decimal. Enums, UUIDs, times of day, intervals, bit
// strings as DuckDB prints them: text. Blobs: text, two lower-case hexadecimal digits a byte. Lists
// and arrays: list; structs, maps, unions and JSON: object (what is not a number inside them
// becomes null). Timestamps are cut to microseconds. A zoneless timestamp is taken for UTC: compile
// has moved it there from the model's tz, and describe tells which are `zoned`. Text that is not
// UTF-8 is an error.
//
// From PostgreSQL the same: numeric: decimal (with NaN and Infinity under those names), money too.
// oid: integer. Enums, uuid, inet, bit strings, ranges, times of day, intervals and all other
// types: text, as the server prints them. bytea: hexadecimal digits. Arrays: list, of several
// dimensions as lists of lists. json, jsonb and composite types: object. A timestamp beyond the
// year 294246 is an error.
//
// From Trino: numbers of up to 64 bits: integer. real, double: number. decimal: decimal. json, maps
// and rows: object. Arrays: list. uuid, ipaddress, times of day, intervals, char(n) without the
// spaces that fill it up, and all other types: text. varbinary: hexadecimal digits. Beyond the year
// 32767 a date is an error. A query with columns that are converted on the server (arrays, rows,
// maps, json, varbinary, zoned timestamps, char) keeps its order only where it has a LIMIT.
//
// A Connection is one consistent view of the data for as long as it lives: everything a run reads
// comes from one Connection. It is opened read-only for the snapshot alone and closed after it,
// because another program may hold the file. (In Trino one instant is what its catalog makes of a
// transaction: Iceberg keeps to a table's snapshot; after an error, or a stream that was not read
// to its end, there is another instant.) Errors: invalid (SQL or settings; names the place),
// not_found, denied (also: a statement that is not one SELECT, a file outside the source), conflict
// (locked by another program), unavailable (lost, timed out, memory or disk full), corrupt,
// cancelled. Files are read as they are at that moment: replace them by renaming, not by writing
// into them. Threads: a Connection and its streams belong to one thread, but for RowStream::next;
// cancelling goes by the stop token. One stream at a time, and none outlives its Connection.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "core/model.hpp"
#include "core/rows.hpp"
#include "core/source.hpp"
#include "core/sql_query.hpp"

namespace rollcall::http {
class Transport;
}

namespace rollcall::source {

class RowStream {
 public:
  virtual ~RowStream() = default;
  [[nodiscard]] virtual const std::vector<ColumnInfo>& columns() const = 0;
  // Fills `batch` (reusing its memory) with the next rows, a megabyte or so; false at the end, and
  // from then on. Several threads may call it at once, each with a batch of its own: what is read
  // one after another is turned into batches side by side.
  virtual Result<bool> next(RowBatch& batch) = 0;
};

// A row at the top of a file.
struct TopLine {
  int64_t number = 0;  // of the line it begins in
  std::vector<std::string> cells = {};
};

// Of a column: how many rows its table has, how many of them have no value, and how many different
// values the others have.
struct ValueCounts {
  int64_t rows = 0, nulls = 0, different = 0;
};

// What files were found to hold that do not say so themselves.
struct Look {
  struct Found {
    std::string name;
    ColumnType type;
    // What the texts might be, and how to declare that; only when asked for.
    std::string doubt = {};
  };
  std::string table;
  std::vector<Found> columns = {};
  std::vector<std::string> left_out = {};  // files in the table's folder that are none of its own
  // Of texts: the first file, how it begins, and whether its first row was read as the header.
  std::string first_file = {};
  std::vector<TopLine> top = {};
  bool header = true;
};

class Connection {
 public:
  virtual ~Connection() = default;
  // What there is, as a model's `table` names it, in order; at most 10,000. Of a database with
  // schemas those of the default one stand without it, all others with theirs.
  virtual Result<std::vector<std::string>> tables() = 0;
  // Columns and types of a table (as named in a model's `table`) or of a query, without reading
  // rows.
  virtual Result<std::vector<ColumnInfo>> describe_table(const std::string& table) = 0;
  virtual Result<std::vector<ColumnInfo>> describe_query(const std::string& sql) = 0;
  virtual Result<std::unique_ptr<RowStream>> query(const SqlQuery& query,
                                                   const std::stop_token& stop) = 0;
  // Of a table's column, where this kind counts its values quicker than a query groups them. Nothing:
  // it does not.
  virtual Result<std::optional<ValueCounts>> count_values(const std::string& table,
                                                          const std::string& column) {
    (void)table, (void)column;
    return std::optional<ValueCounts>();
  }
  // Of the tables that were named until now.
  [[nodiscard]] virtual std::vector<Look> looks() const { return {}; }
};

struct OpenOptions {
  std::filesystem::path temp_directory = {};
  int64_t memory_limit_mb = 128;
  // What the texts of columns stand for, in files that do not say so; what is left out is found by
  // a look at the whole table, and is text in a table of which other columns are known.
  TableTypes types = {};
  bool doubts = false;                     // looks() shall say what texts might be
  std::string program = "/proc/self/exe";  // executed again as a reader, where one is needed
  std::stop_token stop = {};      // ends whatever the connection is doing, opening it included
  Millis statement_timeout = {};  // open() takes it from the source
  // What a source that is reached over HTTP needs.
  http::Transport* transport = nullptr;
  Clock* clock = nullptr;
};

// Opens by `source.kind`.
Result<std::unique_ptr<Connection>> open(const Source& source, const OpenOptions& options = {});

}  // namespace rollcall::source
