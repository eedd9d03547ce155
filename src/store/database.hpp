// The database of the catalog, its statements, and its failures as values. Two engines keep it:
// SQLite in the home (sqlite.hpp) and PostgreSQL for several servers (postgres.hpp). Statements are
// written once, in what both understand; placeholders are SQLite's, `?` or `?1`.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/base.hpp"
#include "base/disk.hpp"

namespace rollcall::store {

struct Blob {
  std::string bytes;
};
using Value = std::variant<std::monostate, int64_t, std::string, Blob>;  // the first is null

enum class Step { row, done, failed };

// What a statement gives, row by row.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual Step step() = 0;
  [[nodiscard]] virtual int columns() const = 0;
  // Of the row that the last step gave.
  [[nodiscard]] virtual Value value(int column) const = 0;
};

class Database {
 public:
  Database() = default;
  virtual ~Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // A null pointer: it failed, see trouble(). No text has a NUL byte.
  virtual std::unique_ptr<Rows> run(const char* sql, const std::vector<Value>& values) = 0;
  // Several statements without values, whose rows nobody wants.
  virtual Status execute(const char* sql) = 0;
  // What went wrong in the last call.
  [[nodiscard]] virtual Error trouble() const = 0;
  // Whether that was a name that is taken.
  [[nodiscard]] virtual bool was_taken() const = 0;
  // Rows that the last statement wrote.
  [[nodiscard]] virtual int64_t changed() const = 0;

  using Work = std::function<Status()>;
  // `work` and its writes, all or nothing. Waits for other writers at the start and never in the
  // middle. It may be called again where others were in its way.
  virtual Status write(const Work& work) = 0;
  // All that `work` reads is of one moment.
  virtual Status read(const Work& work) = 0;
  // Every row of a query, however many, within one of those two.
  virtual Status scan(const std::string& sql, const std::function<Status(const Rows&)>& each) = 0;

  // Of a home that is in use, as it is at one moment, to a file of SQLite that is empty.
  virtual Status copy_to(Disk& disk, const std::filesystem::path& path) = 0;
  // After rows were written with numbers of their own, the next one gets a higher one.
  virtual Status renumber() = 0;
  // Where it is, in words, without a password.
  [[nodiscard]] virtual std::string place() const = 0;
};

// Binds in order, then steps, then reads in order.
class Statement {
 public:
  Statement(Database& database, const char* sql) : database_(database), sql_(sql) {}
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text) {
    has_nul_ = has_nul_ || text.find('\0') != std::string_view::npos;
    values_.emplace_back(std::string(text));
    return *this;
  }
  Statement& bind(int64_t number) {
    values_.emplace_back(number);
    return *this;
  }
  Statement& bind_blob(std::string bytes) {
    values_.emplace_back(Blob{std::move(bytes)});
    return *this;
  }
  Statement& bind(std::optional<Time> time) {
    if (time) return bind(*time);
    values_.emplace_back(std::monostate{});
    return *this;
  }
  Statement& bind(Time time) { return bind(int64_t{time.time_since_epoch().count()}); }
  Statement& bind_value(Value value) {
    if (const auto* text = std::get_if<std::string>(&value)) return bind(*text);
    values_.push_back(std::move(value));
    return *this;
  }

  Step step() {
    if (has_nul_) return Step::failed;
    if (!rows_) rows_ = database_.run(sql_, values_);
    return rows_ ? rows_->step() : Step::failed;
  }
  [[nodiscard]] std::string text(int column) const {
    Value value = rows_->value(column);
    if (auto* text = std::get_if<std::string>(&value)) return std::move(*text);
    if (auto* blob = std::get_if<Blob>(&value)) return std::move(blob->bytes);
    return "";
  }
  [[nodiscard]] int64_t number(int column) const {
    const Value value = rows_->value(column);
    const auto* number = std::get_if<int64_t>(&value);
    return number == nullptr ? 0 : *number;
  }
  [[nodiscard]] Time time(int column) const { return Time(Millis(number(column))); }
  [[nodiscard]] std::optional<Time> time_if_any(int column) const {
    if (std::holds_alternative<std::monostate>(rows_->value(column))) return std::nullopt;
    return time(column);
  }

  // Of one that gives no rows.
  Status finish() {
    if (step() != Step::done) return trouble();
    return ok_status();
  }
  [[nodiscard]] Error trouble() const {
    // PostgreSQL would cut the text there.
    if (has_nul_)
      return {.kind = ErrorKind::invalid, .message = "a text with a NUL byte cannot be stored"};
    return database_.trouble();
  }

 private:
  Database& database_;
  const char* sql_;
  std::vector<Value> values_;
  bool has_nul_ = false;
  std::unique_ptr<Rows> rows_;
};

// The number that a query gives.
Result<int64_t> number_of(Database& database, const char* sql);

}  // namespace rollcall::store
