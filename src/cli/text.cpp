#include "cli/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rollcall::cli {
namespace {

struct Point {
  uint32_t code = 0;
  size_t bytes = 1;
  bool valid = false;
};

// The character that starts at `at`.
Point point_at(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t bytes = first < 0x80   ? 1
                       : first < 0xc2 ? 0
                       : first < 0xe0 ? 2
                       : first < 0xf0 ? 3
                       : first < 0xf5 ? 4
                                      : 0;
  if (bytes == 0 || !is_utf8(text.substr(at, bytes))) return {};
  uint32_t code = bytes == 1 ? first : first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i)
    code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3f);
  return {code, bytes, true};
}

// Also the characters that turn the direction of writing, which could make a line lie.
bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c ||
         (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

// Spaces that look like others or like nothing, and marks that nobody sees: a key with one of them
// is not the key it seems to be. Joiners are left alone, which shape letters and pictures.
bool is_invisible(uint32_t code) {
  return code == 0xa0 || code == 0xad || code == 0x1680 || code == 0x180e ||
         (code >= 0x2000 && code <= 0x200b) || code == 0x202f ||
         (code >= 0x205f && code <= 0x2064) || code == 0xfeff;
}

// Two columns: East Asian wide characters and pictures. None: combining marks. Coarse on purpose.
size_t width_of(uint32_t code) {
  const auto within = [&](uint32_t from, uint32_t to) { return code >= from && code <= to; };
  if (within(0x0300, 0x036f) || within(0x200b, 0x200d) || within(0xfe00, 0xfe0f)) return 0;
  if (within(0x1100, 0x115f) || within(0x2e80, 0xa4cf) || within(0xac00, 0xd7a3) ||
      within(0xf900, 0xfaff) || within(0xfe30, 0xfe6f) || within(0xff00, 0xff60) ||
      within(0x1f300, 0x1faff) || within(0x20000, 0x3fffd))
    return 2;
  return 1;
}

}  // namespace

size_t width(std::string_view text) {
  size_t out = 0;
  for (size_t at = 0; at < text.size();) {
    const Point point = point_at(text, at);
    out += point.valid ? width_of(point.code) : 1;
    at += point.bytes;
  }
  return out;
}

std::string plain(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Point point = point_at(text, at);
    if (point.valid && point.code == '\n') {
      out += ' ';
    } else if (!point.valid || is_control(point.code)) {
      out += '?';
    } else if (is_invisible(point.code)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", point.code);
    } else {
      out += text.substr(at, point.bytes);
    }
    at += point.bytes;
  }
  return out;
}

std::string cut(std::string_view text, size_t columns) {
  if (width(text) <= columns) return std::string(text);
  std::string out;
  size_t used = 1;  // the ellipsis
  for (size_t at = 0; at < text.size();) {
    const Point point = point_at(text, at);
    used += point.valid ? width_of(point.code) : 1;
    if (used > columns) break;
    out += text.substr(at, point.bytes);
    at += point.bytes;
  }
  return out + "…";
}

void Table::add(std::vector<std::string> cells) {
  CHECK(cells.size() == columns_.size());
  for (size_t i = 0; i < cells.size(); ++i) cells[i] = cut(plain(cells[i]), columns_[i].widest);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  if (rows_.empty()) return "";
  std::vector<size_t> widths;
  std::vector<std::string> head;
  for (const Column& column : columns_) {
    head.push_back(cut(plain(column.name), column.widest));
    widths.push_back(width(head.back()));
  }
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i) line += "  ";
      const std::string space(widths[i] - width(cells[i]), ' ');
      line += columns_[i].align == Align::right ? space + cells[i] : cells[i] + space;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  };
  add_line(head);
  for (const auto& row : rows_) add_line(row);
  return out;
}

}  // namespace rollcall::cli
