// A table of rows that come one by one, nobody knows how many: printed some at a time, under one
// line of headings.
#pragma once

#include "cli/session.hpp"
#include "cli/text.hpp"

namespace rollcall::cli {

class TableStream {
 public:
  TableStream(Session& session, std::vector<Table::Column> columns)
      : session_(session), columns_(std::move(columns)), table_(columns_) {}

  void add(std::vector<std::string> cells) {
    table_.add(std::move(cells));
    if (++rows_ % kAtOnce == 0) flush();
  }
  // Prints what is left.
  void flush() {
    if (table_.empty()) return;
    std::string text = table_.text();
    if (headed_) text = text.substr(text.find('\n') + 1);
    headed_ = true;
    session_.print_text(text);
    table_ = Table(columns_);
  }

 private:
  static constexpr int64_t kAtOnce = 500;
  Session& session_;
  std::vector<Table::Column> columns_;
  Table table_;
  int64_t rows_ = 0;
  bool headed_ = false;
};

}  // namespace rollcall::cli
