// Text for a terminal's people and for spreadsheets: tables, CSV. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "operations/operations.hpp"

namespace rollcall::cli {

// The words that screens share with reports.
using operations::counted;
using operations::date;
using operations::date_ms;
using operations::duration;
using operations::in_words;
using operations::people;
using operations::share;

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

}  // namespace rollcall::cli
