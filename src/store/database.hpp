// One SQLite database, its statements, and its failures as values.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.hpp"
#include "base/disk.hpp"

namespace rollcall::store {

// Binds in order, then steps, then reads in order. A statement that could not be prepared fails at
// its first step.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql) { sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr); }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text) {
    // A view without data would be bound as null.
    sqlite3_bind_text64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(),
                        SQLITE_TRANSIENT, SQLITE_UTF8);
    return *this;
  }
  Statement& bind(int64_t number) {
    sqlite3_bind_int64(statement_, ++bound_, number);
    return *this;
  }
  Statement& bind_blob(std::string_view bytes) {
    sqlite3_bind_blob64(statement_, ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(std::optional<Time> time) {
    if (time) return bind(*time);
    sqlite3_bind_null(statement_, ++bound_);
    return *this;
  }
  Statement& bind(Time time) { return bind(int64_t{time.time_since_epoch().count()}); }

  // SQLITE_ROW, SQLITE_DONE or a failure.
  int step() { return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_); }
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
    return bytes == nullptr ? "" : std::string(bytes, size);
  }
  [[nodiscard]] int64_t number(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] Time time(int column) const { return Time(Millis(number(column))); }
  [[nodiscard]] std::optional<Time> time_if_any(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
    return time(column);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

class Database {
 public:
  // Opens `rollcall.db` of a home that is there, making it if need be, and brings it to the newest
  // version. What is not ours, or newer than we are, is refused before anything is written to it.
  static Result<std::unique_ptr<Database>> open(Disk& disk, const std::filesystem::path& home);
  // One that is read and never written, and is ours.
  static Result<std::unique_ptr<Database>> look_at(const std::filesystem::path& path);
  ~Database() { sqlite3_close_v2(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] sqlite3* handle() const { return db_; }
  Status execute(const char* sql);
  // Of one that gives no rows.
  Status finish(Statement& statement);
  // What went wrong in the last call.
  [[nodiscard]] Error trouble() const;

  // `work` and its writes, all or nothing. Waits for other writers at the start and never in the
  // middle.
  template <class Work>
  Status write(Work&& work) {
    return transaction("BEGIN IMMEDIATE", std::forward<Work>(work));
  }
  // All that `work` reads is of one moment.
  template <class Work>
  Status read(Work&& work) {
    return transaction("BEGIN", std::forward<Work>(work));
  }

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  Result<int64_t> number(const char* sql);
  Result<int64_t> version();
  Status use_wal();

  template <class Work>
  Status transaction(const char* begin, Work&& work) {
    TRY(execute(begin));
    Status done = work();
    if (done.ok()) done = execute("COMMIT");
    if (!done.ok()) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    return done;
  }

  sqlite3* db_;
};

}  // namespace rollcall::store
