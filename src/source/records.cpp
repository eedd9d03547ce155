#include "source/records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "source/sql_text.hpp"

namespace rollcall::source {

namespace {

constexpr size_t kRecordMax = 64 << 20;  // bytes
constexpr size_t kRowsOfHead = 1'000;    // that tell whether the first is a header
constexpr size_t kRowsOfTop = 10;        // among which the header stands, below a title
constexpr std::string_view kDelimiters[] = {",", ";", "\t", "|"};

std::string said(std::string_view text) {
  constexpr size_t kShown = 60;  // bytes
  std::string out(text.substr(0, kShown));
  while (!is_utf8(out) && !out.empty()) out.pop_back();
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return "`" + out + (text.size() > kShown ? "…`" : "`");
}

std::string fields(size_t n) { return fmt::format("{} field{}", n, n == 1 ? "" : "s"); }

}  // namespace

Records::Records(std::unique_ptr<Bytes> bytes, const Dialect& dialect, std::string name)
    : bytes_(std::move(bytes)), dialect_(dialect), name_(std::move(name)) {
  for (const char c : {'\n', '\r', dialect.delimiter.empty() ? ',' : dialect.delimiter[0]})
    stops_[static_cast<unsigned char>(c)] = true;
  if (dialect.comment != '\0') stops_[static_cast<unsigned char>(dialect.comment)] = true;
}

Error Records::error(int64_t line, std::string what, std::string remedy) const {
  return {.kind = ErrorKind::invalid,
          .message = fmt::format("{}, line {}: {}", name_, line, what),
          .remedy = std::move(remedy)};
}

Result<bool> Records::is_at(size_t position) {
  while (position >= buffer_.size()) {
    if (ended_) return false;
    const std::string_view more = TRY(bytes_->next());
    ended_ = more.empty();
    buffer_ += more;
    if (buffer_.size() - position_ > kRecordMax)
      return error(line_, "a row of more than 64 MB",
                   "A quotation mark that is never closed? Mend the file.");
  }
  return true;
}

Result<bool> Records::skip_lines() {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (TRY(is_at(kMark.size() - 1)) && std::string_view(buffer_).starts_with(kMark))
    position_ = kMark.size();
  for (int64_t i = 0; i < dialect_.skip; ++i) {
    while (TRY(is_at(position_)) && buffer_[position_] != '\n' && buffer_[position_] != '\r')
      ++position_;
    if (!TRY(is_at(position_))) return false;
    TRY(end_line(position_));
  }
  return true;
}

// Over the end of a line. CR among others may be a part of a value that lost its quotation marks.
Status Records::end_line(size_t& at) {
  std::string_view end = "\n";
  if (buffer_[at] == '\r') end = TRY(is_at(at + 1)) && buffer_[at + 1] == '\n' ? "\r\n" : "\r";
  if (line_end_.empty()) {
    line_end_ = end;
    line_end_seen_ = next_line_;
    odd_ |= end == "\r";
  } else if (end != line_end_ && end != "\r" && line_end_ != "\r") {
    mixes_line_ends_ = odd_ = true;
  } else if (end != line_end_) {
    const auto shown = [](std::string_view one) {
      return one == "\n" ? "LF" : one == "\r" ? "CR" : "CR LF";
    };
    return error(next_line_,
                 fmt::format("it ends with {}, and line {} with {}", shown(end), line_end_seen_,
                             shown(line_end_)),
                 "Write the whole file with one kind of line end; within a value it stands in "
                 "quotation marks.");
  }
  at += end.size();
  ++next_line_;
  return ok_status();
}

Result<bool> Records::delimiter_at(size_t at) {
  const std::string& delimiter = dialect_.delimiter;
  if (buffer_[at] != delimiter[0]) return false;
  if (delimiter.size() == 1) return true;
  (void)TRY(is_at(at + delimiter.size() - 1));
  return buffer_.compare(at, delimiter.size(), delimiter) == 0;
}

// A value in quotation marks, from the first of them to behind the second.
Status Records::quoted(size_t& at) {
  const int64_t opened = next_line_;
  Span span{++at, 0, false};
  for (;; ++at) {
    if (!TRY(is_at(at)))
      return error(opened, "a quotation mark is opened and never closed",
                   "Close it, or double it where it is a part of the value.");
    const char c = buffer_[at];
    if (c == dialect_.escape && TRY(is_at(at + 1)) &&
        (buffer_[at + 1] == dialect_.quote || buffer_[at + 1] == dialect_.escape)) {
      span.escaped = true;
      ++at;
    } else if (c == dialect_.quote) {
      break;
    } else if (c == '\n' || (c == '\r' && !(TRY(is_at(at + 1)) && buffer_[at + 1] == '\n'))) {
      ++next_line_;
    }
  }
  span.end = at++;
  spans_.push_back(span);
  while (TRY(is_at(at)) && buffer_[at] == ' ') ++at;
  if (!TRY(is_at(at)) || buffer_[at] == '\n' || buffer_[at] == '\r' ||
      (dialect_.comment != '\0' && buffer_[at] == dialect_.comment) || TRY(delimiter_at(at)))
    return ok_status();
  return error(next_line_, "text stands behind the quotation mark that closes a value",
               "Double a quotation mark that is a part of the value, or name another `quote` at "
               "the source.");
}

// A line without quotation marks and comments that is in the buffer whole, as most are: its values
// are what stands between the delimiters.
std::optional<size_t> Records::plain_line() {
  if (dialect_.delimiter.size() != 1 || line_end_ == "\r") return std::nullopt;
  const std::string_view rest = std::string_view(buffer_).substr(position_);
  const size_t line_feed = rest.find('\n');
  if (line_feed == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, line_feed);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto has = [&](char c) { return line.find(c) != std::string_view::npos; };
  if (has('\r') || (dialect_.quote != '\0' && has(dialect_.quote)) ||
      (dialect_.comment != '\0' && has(dialect_.comment)))
    return std::nullopt;
  const char delimiter = dialect_.delimiter[0];
  size_t count = 0;
  const auto add = [&](const char* from, const char* to) {
    if (count == cells_.size()) cells_.emplace_back();
    cells_[count++] = std::string_view(from, static_cast<size_t>(to - from));
  };
  const char* from = line.data();
  const char* const end = from + line.size();
  for (const char* at = from; at != end; ++at)
    if (*at == delimiter) {
      add(from, at);
      from = at + 1;
    }
  add(from, end);
  cells_.resize(count);
  return position_ + line.size();
}

Result<bool> Records::next() {
  if (!begun_) {
    begun_ = true;
    if (!TRY(skip_lines())) return false;
  }
  constexpr size_t kUsed = 1 << 20;
  if (position_ > kUsed) {
    buffer_.erase(0, position_);
    position_ = 0;
  }
  for (;;) {
    spans_.clear();
    blank_ = false;
    line_ = next_line_;
    if (!TRY(is_at(position_))) return false;
    const std::optional<size_t> plain = plain_line();
    size_t at = plain.value_or(position_);
    bool comment = false;
    while (!plain) {  // a value each
      const size_t begin = at;
      const bool there = TRY(is_at(at));
      const bool space = there && buffer_[at] == ' ' && TRY(is_at(at + 1));
      if (there && dialect_.quote != '\0' &&
          (buffer_[at] == dialect_.quote || (space && buffer_[at + 1] == dialect_.quote))) {
        if (space && buffer_[at] == ' ') ++at;
        TRY(quoted(at));
      } else {
        for (;; ++at) {
          while (at < buffer_.size() && !stops_[static_cast<unsigned char>(buffer_[at])]) ++at;
          if (at >= buffer_.size() && !TRY(is_at(at))) break;
          const char c = buffer_[at];
          if (!stops_[static_cast<unsigned char>(c)]) continue;
          if (c == '\n' || c == '\r' || (dialect_.comment != '\0' && c == dialect_.comment) ||
              TRY(delimiter_at(at)))
            break;
        }
        const std::string_view text = std::string_view(buffer_).substr(begin, at - begin);
        if (dialect_.quote != '\0' && trim(text).starts_with(dialect_.quote))
          return error(line_, "white space stands before a quotation mark",
                       "Take it away, so that the quotation mark begins the value.");
        spans_.push_back({begin, at, false});
      }
      if (!TRY(is_at(at))) break;
      if (buffer_[at] == '\n' || buffer_[at] == '\r') break;
      if (dialect_.comment != '\0' && buffer_[at] == dialect_.comment) {
        comment = true;
        break;
      }
      at += dialect_.delimiter.size();
    }
    if (comment)
      while (TRY(is_at(at)) && buffer_[at] != '\n' && buffer_[at] != '\r') ++at;
    blank_ = plain ? at == position_
                   : spans_.size() == 1 && spans_[0].begin == spans_[0].end &&
                         spans_[0].begin == position_;
    odd_ |= blank_ || next_line_ != line_;
    longest_ = std::max(longest_, at - position_);
    const bool whole = TRY(is_at(at));
    const std::string_view record = std::string_view(buffer_).substr(position_, at - position_);
    if (dialect_.utf8 && !is_utf8(record))
      return error(line_, "the text is not UTF-8",
                   "Name the `encoding` at the source (latin-1, utf-16), or write the file in "
                   "UTF-8.");
    if (whole) TRY(end_line(at));
    position_ = at;
    if (blank_ && comment) continue;
    if (!plain) resolve();
    return true;
  }
}

void Records::resolve() {
  cells_.clear();
  size_t need = 0;
  for (const Span& span : spans_)
    if (span.escaped) need += span.end - span.begin;
  unescaped_.clear();
  unescaped_.reserve(need);  // so that views into it stay
  for (const Span& span : spans_) {
    const std::string_view raw =
        std::string_view(buffer_).substr(span.begin, span.end - span.begin);
    if (!span.escaped) {
      cells_.push_back(raw);
      continue;
    }
    const size_t from = unescaped_.size();
    for (size_t i = 0; i < raw.size(); ++i) {
      const bool mark = raw[i] == dialect_.escape && i + 1 < raw.size() &&
                        (raw[i + 1] == dialect_.quote || raw[i + 1] == dialect_.escape);
      unescaped_ += raw[mark ? ++i : i];
    }
    cells_.push_back(std::string_view(unescaped_).substr(from));
  }
}

// --- How a file is written. ---

namespace {

// The rows at the beginning, as a delimiter makes them. The last one may be cut, and what is wrong
// with a row is said when all are read.
std::vector<TopLine> rows_by(const std::string& sample, bool whole, const Dialect& dialect,
                             const std::string& delimiter, const std::string& name) {
  Dialect tried = dialect;
  tried.delimiter = delimiter;
  Records records(bytes_of(sample), tried, name);
  std::vector<TopLine> out;
  while (out.size() < kRowsOfHead) {
    const auto more = records.next();
    if (!more.ok() || !*more) break;
    if (records.blank() && !out.empty() && out[0].cells.size() > 1) continue;
    TopLine& row = out.emplace_back();
    row.number = records.line();
    for (size_t i = 0; i < records.size(); ++i) row.cells.emplace_back(records[i]);
  }
  if (!whole && out.size() > 1) out.pop_back();
  return out;
}

// That by which most rows are as wide as the first; the widest of these.
std::string delimiter_of(const std::string& sample, bool whole, const Dialect& dialect,
                         const std::string& name) {
  std::string best = ",", wordy = ",";
  size_t best_rows = 0, best_width = 0, most_cells = 0;
  for (const std::string_view one : kDelimiters) {
    const auto rows = rows_by(sample, whole, dialect, std::string(one), name);
    if (rows.empty()) continue;
    const size_t width = rows[0].cells.size();
    size_t same = 0, cells = 0;
    for (const auto& row : rows) same += row.cells.size() == width, cells += row.cells.size() - 1;
    if (width > 1 && std::tuple(same, width) > std::tuple(best_rows, best_width)) {
      best = one;
      best_rows = same;
      best_width = width;
    }
    if (cells > most_cells) {
      wordy = one;
      most_cells = cells;
    }
  }
  return best_rows > 0 ? best : wordy;
}

constexpr uint32_t kTyped = kNumber | kInteger | kBoolean | kDate | kTimestamp | kZoned;

// Names of columns are words: a row with an address or a number in it is data, unless it heads a
// column of something else.
bool is_header(const std::vector<TopLine>& rows, const Dialect& dialect, const ColumnTypes& known) {
  const auto& first = rows[0].cells;
  bool data_like = false;
  for (const std::string& cell : first) {
    if (known.contains(std::string(trim(cell)))) return true;
    const uint32_t shapes = shapes_of(cell, dialect.writing);
    data_like |= trim(cell).empty() || (shapes & (kTyped | kLooseNumber)) != 0 ||
                 cell.find('@') != std::string::npos;
  }
  if (!data_like) return true;
  for (size_t i = 0; i < first.size(); ++i) {
    uint32_t shapes = kAll;
    for (size_t row = 1; row < rows.size(); ++row)
      if (i < rows[row].cells.size() && !rows[row].cells[i].empty())
        shapes &= shapes_of(rows[row].cells[i], dialect.writing);
    if (shapes != kAll && (shapes & kTyped) != 0 && !first[i].empty() &&
        (shapes_of(first[i], dialect.writing) & shapes & kTyped) == 0)
      return true;
  }
  return false;
}

// As DuckDB calls columns without a name.
std::string numbered(size_t i, size_t all) {
  const size_t digits = std::to_string(all > 0 ? all - 1 : 0).size();
  return fmt::format("column{:0{}}", i, digits);
}

std::vector<std::string> names_of(const std::vector<std::string>& first, bool header) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (size_t i = 0; i < first.size(); ++i) {
    std::string name = header ? std::string(trim(first[i])) : "";
    if (name.empty()) name = numbered(i, first.size());
    const auto folded = [](std::string text) {
      ascii_lower(text);
      return text;
    };
    std::string free = name;
    for (int n = 1; !seen.insert(folded(free)).second; ++n) free = fmt::format("{}_{}", name, n);
    out.push_back(std::move(free));
  }
  return out;
}

}  // namespace

Result<Head> read_head(const std::string& sample, bool whole, const Dialect& dialect,
                       const ColumnTypes& known, const std::string& name) {
  Head head;
  head.delimiter =
      dialect.delimiter.empty() ? delimiter_of(sample, whole, dialect, name) : dialect.delimiter;
  auto rows = rows_by(sample, whole, dialect, head.delimiter, name);
  if (rows.empty()) {
    // What is wrong with the first row, or that there is none.
    Dialect tried = dialect;
    tried.delimiter = head.delimiter;
    Records records(bytes_of(sample), tried, name);
    (void)TRY(records.next());
    return Error{.kind = ErrorKind::invalid,
                 .message = name + " is empty: it has no header",
                 .remedy = "Was it written to its end? Write the names of its columns first."};
  }
  head.header = dialect.header.value_or(is_header(rows, dialect, known));
  if (rows[0].cells.size() == 1 && rows[0].cells[0].empty())
    return Error{.kind = ErrorKind::invalid,
                 .message = fmt::format("{}, line {}: the line is empty, and should be the header",
                                        name, dialect.skip + 1),
                 .remedy = fmt::format("Take it away, or write `skip: {}` at the source.",
                                       dialect.skip + 1)};
  head.names = names_of(rows[0].cells, head.header);
  rows.resize(std::min(rows.size(), kRowsOfTop));
  head.top = std::move(rows);
  return head;
}

// --- What columns hold. ---

Scan::Scan(Dialect dialect, std::vector<std::string> names,
           std::vector<std::optional<ColumnType>> known, bool doubts)
    : dialect_(std::move(dialect)), names_(std::move(names)), doubts_(doubts) {
  CHECK(known.size() == names_.size());
  for (auto& type : known) states_.push_back({.type = std::move(type)});
}

bool Scan::is_null(std::string_view text) const {
  if (text.empty()) return true;
  return std::find(dialect_.nulls.begin(), dialect_.nulls.end(), text) != dialect_.nulls.end();
}

Status Scan::read(std::unique_ptr<Bytes> bytes, const Head& head, const std::vector<size_t>& places,
                  const std::string& name) {
  Dialect dialect = dialect_;
  dialect.delimiter = head.delimiter;
  Records records(std::move(bytes), dialect, name);
  bool heading = head.header;
  const size_t width = places.size();
  int64_t header_line = 0, row = 0;
  while (TRY(records.next())) {
    if (records.blank() && width > 1 && header_line != 0) continue;
    if (heading) {
      header_line = records.line();
      heading = false;
      continue;
    }
    if (header_line == 0) header_line = records.line();
    ++row;
    const bool padded = dialect_.null_padding && records.size() < width;
    if (records.size() != width && !padded) {
      const std::string what =
          fmt::format("{}, and the {} in line {} has {}", fields(records.size()),
                      head.header ? "header" : "first row", header_line, width);
      std::string remedy =
          records.size() < width
              ? "Mend the row; `null_padding: true` at the source fills rows that are too short."
              : "Mend the row: a value that holds the delimiter stands in quotation marks; two "
                "files joined are two files.";
      constexpr int64_t kRowsOfTitle = 10;
      const bool wider = records.size() > width;
      if (wider && (width == 1 || row == 1))
        remedy = fmt::format(
            "If the lines before it are a title, write `skip: {}` at the source. "
            "Otherwise mend the row, or name the `delimiter`.",
            records.line() - 1);
      else if (row == 1 || (wider && row <= kRowsOfTitle))
        remedy += fmt::format(" If what stands before it is a title, write `skip: {}`.",
                              records.line() - 1);
      return records.error(records.line(), what, remedy);
    }
    TRY(take(records, places));
    ++rows_;
  }
  longest_ = std::max(longest_, records.longest());
  mixes_line_ends_ |= records.mixes_line_ends();
  odd_ |= records.odd() || (!line_end_.empty() && records.line_end() != line_end_);
  line_end_ = records.line_end();
  return ok_status();
}

Status Scan::take(const Records& records, const std::vector<size_t>& places) {
  for (size_t cell = 0; cell < records.size(); ++cell) {
    const size_t i = places[cell];
    State& state = states_[i];
    const std::string_view text = records[cell];
    if (state.type && state.type->type == FieldType::text && !doubts_) continue;
    if (is_null(text)) continue;
    if (state.type && state.type->type != FieldType::text) {
      ColumnType& type = *state.type;
      if (type.type == FieldType::timestamp && type.declared && type.format.empty() &&
          !std::exchange(state.decided, true))
        type.zoned = (shapes_of(text, {}) & kZoned) != 0;
      if (!fits(text, type, dialect_.writing))
        return records.error(
            records.line(),
            fmt::format("{} in column `{}` is not {}", said(text), names_[i], expected(type)),
            type.declared
                ? "Correct the value, or the field's `type` and `format`."
                : "Correct the value. Or declare the field's `type` in the model: `text` takes "
                  "every value as it is written.");
      if (type.type == FieldType::boolean) state.spelled |= text != "true" && text != "false";
      if (type.type == FieldType::decimal) {
        const size_t point = text.find(dialect_.writing.decimal);
        if (point != std::string_view::npos)
          state.scale = std::max(state.scale, text.size() - point - 1);
      }
    } else if (state.shapes != 0) {
      state.shapes &= shapes_of(text, dialect_.writing);
    }
  }
  return ok_status();
}

std::vector<Scan::Column> Scan::columns() const {
  std::vector<Column> out;
  for (size_t i = 0; i < states_.size(); ++i) {
    const State& state = states_[i];
    Column column{.name = names_[i], .scale = state.scale, .spelled = state.spelled};
    column.type = state.type ? *state.type : type_of(state.shapes, dialect_.writing);
    const bool looked = !state.type || state.type->type == FieldType::text;
    if (looked && doubts_ && !(state.type && state.type->declared))
      column.doubt = doubt_of(state.shapes);
    out.push_back(std::move(column));
  }
  return out;
}

}  // namespace rollcall::source
