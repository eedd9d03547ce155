// Text for people's eyes and for spreadsheets: tables, CSV, dates, durations. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/activation.hpp"

namespace rollcall::cli {

// How many columns of a terminal the text takes.
size_t width(std::string_view text);
// What a terminal would obey is shown instead: control characters, and bytes that are not UTF-8, as
// "?"; so is what nobody would see, as "\u200b".
std::string plain(std::string_view text);
// At most `columns` wide; what is left out is shown as "…".
std::string cut(std::string_view text, size_t columns);

// Columns lined up, two spaces between them. Nothing when there are no rows.
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string name;
    Align align = Align::left;
    size_t widest = 48;  // what is longer is cut
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// One line of CSV with its line break, quoted as RFC 4180 says. A cell that a spreadsheet would
// take for a formula gets an apostrophe in front; numbers stay as they are.
std::string csv_line(const std::vector<std::string>& cells);

// "2026-01-02 03:04:05" (UTC); "–" for a time that never was.
std::string date(const std::optional<Time>& time);
std::string date_ms(int64_t ms);
// "850 ms", "12 s", "3 min 20 s", "2 h 5 min".
std::string duration(Millis length);
// "1 person", "1,234 people".
std::string people(int64_t count);
std::string counted(int64_t count, std::string_view one, std::string_view many);
// "12 %", "0.4 %", "< 0.1 %".
std::string share(int64_t part, int64_t whole);

// "every 15 min", "manual", "cron 0 7 * * * (UTC)", "mon wed 09:00 (Europe/Paris)".
std::string in_words(const Schedule& schedule);

}  // namespace rollcall::cli
