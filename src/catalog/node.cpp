#include "catalog/node.hpp"

#include <algorithm>

namespace rollcall::catalog {

const Node* Node::find(std::string_view key) const {
  for (size_t i = 0; i < keys.size(); ++i)
    if (keys[i].text == key) return &items[i];
  return nullptr;
}

void Node::add(std::string_view key, Node value) {
  keys.push_back({std::string(key)});
  items.push_back(std::move(value));
}

bool Node::operator==(const Node& other) const {
  return kind == other.kind && text == other.text && quoted == other.quoted &&
         std::equal(keys.begin(), keys.end(), other.keys.begin(), other.keys.end(),
                    [](const Key& a, const Key& b) { return a.text == b.text; }) &&
         items == other.items;
}

Node Node::scalar(std::string text, bool quoted) {
  Node node = of(Kind::scalar);
  node.text = std::move(text);
  node.quoted = quoted;
  return node;
}

Node Node::of(Kind kind) {
  Node node;
  node.kind = kind;
  return node;
}

namespace {
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// [-+]? digits [. digits] [e [-+]? digits], with a digit before or after the point.
bool is_number(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t from = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i - from;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  size_t mantissa = digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    mantissa += digits();
  }
  if (mantissa == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}
}  // namespace

ScalarKind scalar_kind(const Node& scalar) {
  if (scalar.quoted) return ScalarKind::text;
  if (scalar.text == "true" || scalar.text == "false") return ScalarKind::boolean;
  return is_number(scalar.text) ? ScalarKind::number : ScalarKind::text;
}

std::string excerpt(std::string_view text) {
  constexpr size_t kShown = 60;
  if (text.size() <= kShown) return "`" + std::string(text) + "`";
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return "`" + std::string(text.substr(0, end)) + "…`";
}

std::string found(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
      break;
  }
  if (!node.reference.empty()) return "what `" + node.reference + "` holds";
  if (node.text.empty()) return "empty text";
  switch (scalar_kind(node)) {
    case ScalarKind::text:
      return "text " + excerpt(node.text);
    case ScalarKind::boolean:
      return node.text;
    case ScalarKind::number:
      break;
  }
  return node.text.size() <= 30 ? "the number " + node.text : "a long number";
}

}  // namespace rollcall::catalog
