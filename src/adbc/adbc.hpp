// Warehouses read through ADBC drivers (Arrow database connectivity), each connection by a reader:
// this program, executed again, with the driver loaded into it. What a driver does to memory,
// threads and signals stays there, and a driver that crashes ends a reader and no run.
//
// A reader inherits nothing but one socket: requests go in, rows come out in small batches, and
// secrets travel that way alone. It goes when its Reader does, or when this process dies. Memory is
// bounded on both sides: a reader waits until what it sent was taken.
//
// Values come as whole numbers, floating-point numbers or UTF-8 texts; queries cast everything else
// to one of them. Threads: a Reader belongs to the thread that started it, but for next().
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/base.hpp"
#include "core/rows.hpp"

namespace rollcall::adbc {

// What a driver said.
struct Failure {
  bool connecting = false;
  std::string sqlstate;  // five characters, or empty
  std::string message;   // secrets replaced by ***
};

struct Options {
  std::string driver;  // postgresql
  // Of the database, and of every statement.
  std::vector<std::pair<std::string, Secret>> database = {};
  std::vector<std::pair<std::string, std::string>> statement = {};
  std::vector<Secret> secrets = {};              // never to be seen in a message
  std::function<Error(const Failure&)> explain;  // what it means to the caller
  std::string program = "/proc/self/exe";        // what is executed again
};

class Reader {
 public:
  virtual ~Reader() = default;
  // Starts a reader and connects. Errors: what `explain` made of a refusal; unavailable (the
  // reader could not be started, or died).
  static Result<std::unique_ptr<Reader>> start(Options options, const std::stop_token& stop = {});

  // A statement whose result nobody wants.
  virtual Status run(const std::string& sql, const std::stop_token& stop = {}) = 0;
  // The names of the columns of one statement, without running it.
  virtual Result<std::vector<std::string>> names(const std::string& sql,
                                                 const std::stop_token& stop = {}) = 0;
  // Begins a query with columns of these types, ending the one before. Errors also: cancelled; the
  // reader goes on, unless the driver did not let go within seconds.
  virtual Status query(const std::string& sql, std::vector<ColumnInfo> columns,
                       const std::stop_token& stop) = 0;
  // Its next rows; false at the end. Several threads may call it at once.
  virtual Result<bool> next(RowBatch& batch) = 0;
  // Ends the query, if it has not come to its end.
  virtual void finish() = 0;
  [[nodiscard]] virtual int process() const = 0;
};

// The word on the command line that makes this program a reader, and what it then does.
inline constexpr std::string_view kReaderWord = "reader";
int reader_main();

}  // namespace rollcall::adbc
