// Rows as a source hands them over: a batch of columns, each with its type. Exact: what cannot be
// held exactly (decimals, nested values) is text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

enum class FieldType {
  boolean,    // ints: 0 or 1
  integer,    // ints
  number,     // doubles
  decimal,    // texts: plain decimal notation; also integers beyond 64 bits
  text,       // texts: UTF-8
  date,       // ints: days since 1970-01-01
  timestamp,  // ints: microseconds since 1970-01-01T00:00:00Z (zoneless: in the model's tz)
  list,       // texts: a JSON array
  object,     // texts: a JSON object
  json,       // texts: any JSON value; which, only the value itself tells
};

std::string_view to_string(FieldType type);
// Neither a list nor anything nested.
inline bool has_one_value(FieldType type) { return type < FieldType::list; }

struct ColumnInfo {
  std::string name;
  FieldType type = FieldType::text;
  // Timestamps as a source stores them: their values name an instant by themselves.
  bool zoned = false;
  // The source's own name of the type, where its values have to be converted within a query.
  std::string native = {};
  bool operator==(const ColumnInfo&) const = default;
};

// Texts one after another in one piece of memory, which they keep when they are cleared.
class Texts {
 public:
  void clear() { bytes_.clear(), ends_.clear(); }
  void append(std::string_view text) { bytes_ += text, end(); }
  // What is appended to it until end() is the next text.
  [[nodiscard]] std::string& open() { return bytes_; }
  void end() { ends_.push_back(bytes_.size()); }
  [[nodiscard]] size_t size() const { return ends_.size(); }
  [[nodiscard]] bool empty() const { return ends_.empty(); }
  [[nodiscard]] std::string_view all() const { return bytes_; }  // without a gap
  // A view until the next change.
  std::string_view operator[](size_t i) const {
    const size_t from = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(from, ends_[i] - from);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

// One column of a batch. Only the vector its type uses is filled; the others are empty. Infinite
// dates and timestamps are INT64_MAX and INT64_MIN.
struct Column {
  FieldType type = FieldType::text;
  std::vector<uint8_t> valid;  // 0: null
  std::vector<int64_t> ints;
  std::vector<double> doubles;
  Texts texts;
};

struct RowBatch {
  size_t rows = 0;
  std::vector<Column> columns;
};

// A value as people write it: "2026-01-02", "true", "417.5"; nothing for a null. The one form of a
// key, whatever its type.
std::string text_of(const Column& column, size_t row);
void append_text(std::string& out, const Column& column, size_t row);

}  // namespace rollcall
