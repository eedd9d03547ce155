// CSV as RFC 4180 has it, read by us alone: how a file is written, whether every row of it is as
// wide as its header, and what its columns hold. DuckDB reads the rows that are used; what it is
// told about them comes from here, so that nothing is guessed from a sample, and nothing it would
// pass over is lost.
//
// A quotation mark opens a value at its beginning, or after one space. Lines end with LF or CR LF,
// or all of a file with CR.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/bytes.hpp"
#include "source/cell.hpp"
#include "source/source.hpp"

namespace rollcall::source {

struct Dialect {
  std::string delimiter = {};  // found out when empty
  std::optional<bool> header = std::nullopt;
  char quote = '"';
  char escape = '"';
  char comment = '\0';  // none
  int64_t skip = 0;     // lines before the header
  bool null_padding = false;
  bool utf8 = true;  // otherwise every byte is a letter
  std::vector<std::string> nulls = {};
  Writing writing = {};
};

class Records {
 public:
  // `name` is the file's, for errors.
  Records(std::unique_ptr<Bytes> bytes, const Dialect& dialect, std::string name);
  // The next record; false at the end. Errors: corrupt, with the line.
  Result<bool> next();
  [[nodiscard]] size_t size() const { return cells_.size(); }
  // Valid until the next call of next().
  [[nodiscard]] std::string_view operator[](size_t i) const { return cells_[i]; }
  [[nodiscard]] int64_t line() const { return line_; }
  [[nodiscard]] size_t longest() const { return longest_; }  // record until now, in bytes
  [[nodiscard]] bool mixes_line_ends() const { return mixes_line_ends_; }
  [[nodiscard]] std::string_view line_end() const { return line_end_; }  // the file's
  // Whether anything until now was other than a row a line, all with LF or all with CR LF.
  [[nodiscard]] bool odd() const { return odd_; }
  // Such a record is one of no values, unless it has a single column.
  [[nodiscard]] bool blank() const { return blank_; }
  [[nodiscard]] Error error(int64_t line, std::string what, std::string remedy) const;

 private:
  struct Span {
    size_t begin, end;
    bool escaped;
  };
  Result<bool> is_at(size_t position);  // whether there is a byte
  Result<bool> skip_lines();
  std::optional<size_t> plain_line();  // its end
  Status end_line(size_t& at);
  Status quoted(size_t& at);
  Result<bool> delimiter_at(size_t at);
  void resolve();

  std::unique_ptr<Bytes> bytes_;
  const Dialect dialect_;
  std::string name_;
  std::string buffer_;
  size_t position_ = 0;
  bool ended_ = false;
  bool begun_ = false;
  std::array<bool, 256> stops_{};
  std::vector<Span> spans_;
  std::vector<std::string_view> cells_;
  std::string unescaped_;
  int64_t line_ = 0, next_line_ = 1;
  std::string_view line_end_;  // the file's
  int64_t line_end_seen_ = 0;
  bool mixes_line_ends_ = false;
  bool odd_ = false;
  size_t longest_ = 0;
  bool blank_ = false;
};

// How a file is written, found from its beginning.
struct Head {
  std::string delimiter;
  bool header = true;
  std::vector<std::string> names;
  std::vector<TopLine> top;  // the first rows, that which may be the header included
};
// Columns of a table that are known already tell which line is the header.
Result<Head> read_head(const std::string& sample, bool whole, const Dialect& dialect,
                       const ColumnTypes& known, const std::string& name);

// All files of a table, one after another.
class Scan {
 public:
  // `known`: the types of the columns that are not to be found out.
  Scan(Dialect dialect, std::vector<std::string> names,
       std::vector<std::optional<ColumnType>> known, bool doubts);
  // `places`: where in the table each column of the file stands. Errors: corrupt, invalid (a row of
  // another width, a value that does not fit), with file, line, column and value.
  Status read(std::unique_ptr<Bytes> bytes, const Head& head, const std::vector<size_t>& places,
              const std::string& name);

  struct Column {
    std::string name;
    ColumnType type = {};
    std::string doubt = {};
    size_t scale = 0;      // digits after the decimal point, at most
    bool spelled = false;  // a boolean in other words than `true` and `false`
  };
  [[nodiscard]] std::vector<Column> columns() const;
  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] size_t longest() const { return longest_; }
  [[nodiscard]] bool mixes_line_ends() const { return mixes_line_ends_; }
  [[nodiscard]] bool odd() const { return odd_; }

 private:
  struct State {
    std::optional<ColumnType> type;
    uint32_t shapes = kAll;
    size_t scale = 0;
    bool spelled = false;
    bool decided = false;  // whether a declared timestamp has offsets
  };
  Status take(const Records& records, const std::vector<size_t>& places);
  [[nodiscard]] bool is_null(std::string_view text) const;

  Dialect dialect_;
  std::vector<std::string> names_;
  std::vector<State> states_;
  bool doubts_;
  int64_t rows_ = 0;
  size_t longest_ = 0;
  bool mixes_line_ends_ = false;
  bool odd_ = false;
  std::string_view line_end_;  // of the last file
};

}  // namespace rollcall::source
