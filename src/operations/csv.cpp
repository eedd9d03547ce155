#include "operations/csv.hpp"

#include <string_view>

#include "base/text.hpp"

namespace rollcall::operations {
namespace {

bool looks_like_a_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("+-0123456789.,") == std::string_view::npos &&
         text.find_last_of("+-") == text.find_first_of("+-");
}

}  // namespace

std::string csv_line(const std::vector<std::string>& cells) {
  std::string out;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i) out += ',';
    std::string cell = cells[i];
    const bool formula =
        !cell.empty() && std::string_view("=+-@\t\r").find(cell[0]) != std::string_view::npos;
    const bool has_digit = cell.find_first_of("0123456789") != std::string::npos;
    if (formula && !(has_digit && looks_like_a_number(cell))) cell.insert(0, "'");
    if (cell.find_first_of(",\"\r\n") == std::string::npos && cell == trim(cell)) {
      out += cell;
      continue;
    }
    out += '"';
    for (const char c : cell) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  return out + '\n';
}

}  // namespace rollcall::operations
