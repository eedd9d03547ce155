#include "catalog/node.hpp"

#include <algorithm>
#include <map>
#include <utility>

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

namespace {

// Of the nodes that stand at one of the places, by place; the first of several.
class Pointers {
 public:
  explicit Pointers(const std::vector<Problem>& problems) {
    for (const Problem& problem : problems) found_[key_of(problem.place)];
  }

  void walk(const Node& node, const std::string& pointer) {
    take(node.place, pointer);
    for (size_t i = 0; i < node.items.size(); ++i) {
      const bool is_map = node.kind == Node::Kind::map;
      const std::string child =
          pointer + '/' + (is_map ? escaped(node.keys[i].text) : std::to_string(i));
      if (is_map) take(node.keys[i].place, child);
      walk(node.items[i], child);
    }
  }

  [[nodiscard]] std::string at(Place place) const { return found_.at(key_of(place)).value_or(""); }

 private:
  static std::pair<int, int> key_of(Place place) { return {place.line, place.column}; }

  void take(Place place, const std::string& pointer) {
    const auto wanted = found_.find(key_of(place));
    if (place.line > 0 && wanted != found_.end() && !wanted->second) wanted->second = pointer;
  }

  // RFC 6901.
  static std::string escaped(const std::string& key) {
    std::string out;
    for (const char c : key) {
      if (c == '~')
        out += "~0";
      else if (c == '/')
        out += "~1";
      else
        out += c;
    }
    return out;
  }

  std::map<std::pair<int, int>, std::optional<std::string>> found_;
};

}  // namespace

void add_pointers(const Node& root, const std::string& start, std::vector<Problem>& problems) {
  if (problems.empty()) return;
  Pointers pointers(problems);
  pointers.walk(root, start);
  for (Problem& problem : problems) problem.pointer = pointers.at(problem.place);
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
