// Nodes as text. YAML is printed for people: sections and objects one key a line, what is small and
// inside them on one line, long text as a block. Text is left without quotation marks only where
// nobody, and no other YAML reader, could take it for something else.
#include <fmt/format.h>

#include <array>

#include "catalog/node.hpp"

namespace rollcall::catalog {
namespace {

constexpr size_t kWidth = 100;

// Double-quoted, as JSON and YAML both read it. Characters that some YAML readers take for line
// breaks are escaped as well.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::string_view rest = text.substr(i);
    if (c == '"' || c == '\\')
      (out += '\\') += static_cast<char>(c);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (c < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", c);
    else if (rest.starts_with("\xc2") && i + 1 < text.size() &&
             static_cast<unsigned char>(text[i + 1]) < 0xa0)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[++i]));
    else if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) {
      out += rest[2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (rest.starts_with("\xef\xbb\xbf")) {
      out += "\\ufeff";
      i += 2;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + '"';
}

enum class Where { block, flow };  // inside brackets fewer characters are safe

// Also any byte of a character beyond ASCII; those that are not safe are those that quote()
// escapes.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_plain(std::string_view text, Where where) {
  // What some YAML readers take for a boolean, nothing or a number, and words that mean something
  // here.
  static constexpr std::array<std::string_view, 12> kWords = {
      "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "stored"};
  if (text.empty() || text.size() > kWidth || text.back() == ' ' || text.back() == ':')
    return false;
  if (is_digit(text.front())) {
    // A span of time (`15m`), which no reader takes for a number.
    const size_t unit = text.find_first_not_of("0123456789");
    if (unit == std::string_view::npos) return false;
    const std::string_view suffix = text.substr(unit);
    return suffix == "ms" || suffix == "s" || suffix == "m" || suffix == "h" || suffix == "d";
  }
  if (!is_letter(text.front()) && text.front() != '/' && !text.starts_with("${")) return false;
  const std::string_view safe = where == Where::flow ? " ./-+()@$'" : " ./-+()@$',{}:";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_letter(c) && !is_digit(c) && safe.find(c) == std::string_view::npos) return false;
    if (c == ':' && text[i + 1] == ' ') return false;
  }
  std::string lower(text);
  ascii_lower(lower);
  for (const std::string_view word : kWords)
    if (lower == word) return false;
  return true;
}

std::string scalar(const Node& node, Where where) {
  if (!node.quoted) return node.text;
  return is_plain(node.text, where) ? node.text : quote(node.text);
}

std::string key_text(const std::string& key) {
  return is_plain(key, Where::flow) ? key : quote(key);
}

std::string flow(const Node& node, Where where = Where::flow) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return scalar(node, where);
    case Node::Kind::list:
    case Node::Kind::map:
      for (size_t i = 0; i < node.items.size(); ++i) {
        if (i) out += ", ";
        if (node.kind == Node::Kind::map) out += key_text(node.keys[i].text) + ": ";
        out += flow(node.items[i]);
      }
      return node.kind == Node::Kind::map ? "{" + out + "}" : "[" + out + "]";
  }
  return out;
}

// Whether the text can stand as a block (`|`) and come back unchanged.
bool is_block(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text.front() == ' ' || text.front() == '\n')
    return false;
  if (text.ends_with("\n\n")) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n') || c >= 0x7f) return false;
    if (c == '\n' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == ' ' && (i + 1 == text.size() || text[i + 1] == '\n')) return false;
  }
  return true;
}

class Printer {
 public:
  std::string take() { return std::move(out_); }

  // A map in block form; `depth` objects have a line of their own for every key.
  void map(const Node& node, size_t indent, int depth) {
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (i || first_line_) out_.append(first_line_ && !i ? 0 : indent, ' ');
      first_line_ = false;
      const std::string key = key_text(node.keys[i].text);
      out_ += key + ":";
      value(node.items[i], indent, key.size() + 1, depth);
    }
  }

 private:
  void value(const Node& node, size_t indent, size_t used, int depth) {
    if (node.kind == Node::Kind::scalar && node.quoted && is_block(node.text))
      return block(node.text, indent + 2);
    const bool collection = node.kind == Node::Kind::list || node.kind == Node::Kind::map;
    if (!collection || node.items.empty() || (depth >= 2 && fits(node, indent + used + 1))) {
      out_ += " " + flow(node, Where::block) + "\n";
      return;
    }
    out_ += '\n';
    if (node.kind == Node::Kind::map) {
      out_.append(indent + 2, ' ');
      map_after_indent(node, indent + 2, depth + 1);
    } else {
      list(node, indent + 2, depth + 1);
    }
  }

  void map_after_indent(const Node& node, size_t indent, int depth) {
    first_line_ = true;
    map(node, indent, depth);
  }

  void list(const Node& node, size_t indent, int depth) {
    for (const Node& item : node.items) {
      out_.append(indent, ' ');
      out_ += "-";
      const bool collection = item.kind == Node::Kind::list || item.kind == Node::Kind::map;
      if (item.kind == Node::Kind::scalar && item.quoted && is_block(item.text)) {
        block(item.text, indent + 2);
      } else if (!collection || item.items.empty() || (depth >= 2 && fits(item, indent + 2))) {
        out_ += " " + flow(item, Where::block) + "\n";
      } else if (item.kind == Node::Kind::map) {
        out_ += ' ';
        map_after_indent(item, indent + 2, depth + 1);
      } else {
        out_ += '\n';
        list(item, indent + 2, depth + 1);
      }
    }
  }

  void block(std::string_view text, size_t indent) {
    out_ += text.ends_with('\n') ? " |\n" : " |-\n";
    if (text.ends_with('\n')) text.remove_suffix(1);
    while (true) {
      const size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      if (!line.empty()) out_.append(indent, ' ') += line;
      out_ += '\n';
      if (end == std::string_view::npos) return;
      text.remove_prefix(end + 1);
    }
  }

  static bool fits(const Node& node, size_t at) { return at + flow(node).size() <= kWidth; }

  std::string out_;
  bool first_line_ = false;  // the indent of the next line is printed already
};

}  // namespace

std::string to_yaml(const Node& node) {
  Printer printer;
  printer.map(node, 0, 0);
  return printer.take();
}

std::string to_json_text(const Node& node) {
  std::string out;
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return node.quoted ? quote(node.text) : node.text;
    case Node::Kind::list:
    case Node::Kind::map:
      for (size_t i = 0; i < node.items.size(); ++i) {
        if (i) out += ',';
        if (node.kind == Node::Kind::map) out += quote(node.keys[i].text) + ':';
        out += to_json_text(node.items[i]);
      }
      return node.kind == Node::Kind::map ? "{" + out + "}" : "[" + out + "]";
  }
  return out;
}

}  // namespace rollcall::catalog
