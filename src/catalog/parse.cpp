// YAML text to a Node, by yaml-cpp's events rather than its own tree: events carry the place of
// every token, and the limits hold while the text is being read, before memory is spent on it.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <unordered_set>

#include "catalog/node.hpp"

namespace rollcall::catalog {
namespace {

// Ends the parse from within a handler; never leaves parse_yaml.
struct Abandoned {
  Problem problem;
};

// Lines of the text, to turn yaml-cpp's columns (bytes, from 0) into columns a person counts.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }

  [[nodiscard]] size_t offset(const YAML::Mark& mark) const {
    if (mark.line < 0) return 0;
    const size_t line = std::min(static_cast<size_t>(mark.line), starts_.size() - 1);
    return std::min(starts_[line] + static_cast<size_t>(std::max(mark.column, 0)), text_.size());
  }

  // Marks come mostly in the order of the text: counting goes on from the last one, so that a text
  // on one line takes no longer than any other.
  [[nodiscard]] Place place(const YAML::Mark& mark) const {
    if (mark.line < 0) return {1, 1};
    const size_t line = std::min(static_cast<size_t>(mark.line), starts_.size() - 1);
    const size_t end = offset(mark);
    if (line != last_line_ || end < last_end_)
      last_line_ = line, last_end_ = starts_[line], last_column_ = 1;
    for (; last_end_ < end; ++last_end_)
      if ((static_cast<unsigned char>(text_[last_end_]) & 0xc0) != 0x80) ++last_column_;
    return {static_cast<int>(line) + 1, last_column_};
  }

  [[nodiscard]] std::string_view line(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<size_t>(mark.line) >= starts_.size()) return {};
    const std::string_view rest = text_.substr(starts_[static_cast<size_t>(mark.line)]);
    return rest.substr(0, rest.find('\n'));
  }

  // Whether the line is indented with a tab, the usual reason for errors that speak of something
  // else.
  [[nodiscard]] bool has_tab_indent(const YAML::Mark& mark) const {
    const std::string_view all = line(mark);
    return all.substr(0, all.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
  }

 private:
  std::string_view text_;
  std::vector<size_t> starts_;
  mutable size_t last_line_ = 0;
  mutable size_t last_end_ = 0;
  mutable int last_column_ = 1;
};

class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, const Lines& lines, std::vector<Problem>& problems)
      : text_(text), lines_(lines), problems_(problems) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    put(new_node(Node::Kind::null, mark), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = new_node(Node::Kind::scalar, mark);
    check_tag(tag, mark);
    node.text = value;
    node.quoted = tag != "?";
    if (value.find('\0') != std::string::npos)
      problems_.push_back({node.place, "text must not hold the character NUL"});
    check_closed(mark);
    put(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    // An anchor is complete only when its collection has ended: one that holds itself is not there
    // yet.
    if (it == anchors_.end())
      throw Abandoned{{lines_.place(mark), "this alias stands inside what it names"}};
    count(it->second, lines_.place(mark));
    put(it->second, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Node> key;  // maps: read, its value not yet
    std::unordered_set<std::string> seen;
  };

  Node new_node(Node::Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind = kind;
    node.place = lines_.place(mark);
    return node;
  }

  void check_tag(const std::string& tag, const YAML::Mark& mark) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return;
    problems_.push_back(
        {lines_.place(mark), "YAML tags are not used here: leave " + excerpt(tag) + " out"});
  }

  // yaml-cpp takes a quotation mark that is never closed for text up to the end of the file.
  void check_closed(const YAML::Mark& mark) {
    const size_t from = lines_.offset(mark);
    if (from >= text_.size() || (text_[from] != '"' && text_[from] != '\'')) return;
    const char quote = text_[from];
    for (size_t i = from + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote == '"')
        ++i;
      else if (text_[i] == quote)
        return;
    }
    throw Abandoned{{lines_.place(mark), "the quotation mark opened here is never closed"}};
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check_tag(tag, mark);
    if (stack_.size() >= static_cast<size_t>(kDepthMax))
      throw Abandoned{{lines_.place(mark),
                       "nested too deeply: at most " + std::to_string(kDepthMax) + " levels"}};
    stack_.push_back({new_node(kind, mark), anchor, std::nullopt, {}});
  }

  void close() {
    Open done = std::move(stack_.back());
    stack_.pop_back();
    put(std::move(done.node), done.anchor);
  }

  void put(Node node, YAML::anchor_t anchor) {
    add_size(1, node.kind == Node::Kind::scalar ? node.text.size() : 0, node.place);
    if (anchor) {
      count(node, node.place);  // the copy kept for its aliases is memory too
      anchors_[anchor] = node;
    }
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == Node::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      Node key = std::move(*parent.key);
      parent.key.reset();
      if (key.kind != Node::Kind::scalar) {
        problems_.push_back({key.place, "a key must be a word, found " + found(key)});
      } else if (!parent.seen.insert(key.text).second) {
        problems_.push_back({key.place, "the key " + excerpt(key.text) + " stands here twice"});
      } else {
        parent.node.keys.push_back({std::move(key.text), key.place});
        parent.node.items.push_back(std::move(node));
      }
    }
  }

  void count(const Node& node, Place place) {
    add_size(1, node.text.size(), place);
    for (const Node& item : node.items) count(item, place);
  }

  void add_size(size_t nodes, size_t bytes, Place place) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (problems_.size() >= kProblemsKept)
      throw Abandoned{{place, "too many problems: what follows was not read"}};
    if (nodes_ > kNodesMax || bytes_ > kNodeTextMax)
      throw Abandoned{{place, "too much: at most " + thousands(kNodesMax) +
                                  " values, aliases counted as what they stand for"}};
  }

  std::string_view text_;
  const Lines& lines_;
  std::vector<Problem>& problems_;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  Node root_;
  size_t nodes_ = 0;
  size_t bytes_ = 0;
};

// JSON writes characters beyond the first 65,536 as two escapes, YAML as one: "\ud83d\ude00"
// becomes "\U0001f600". Only in a text that is JSON, where a backslash stands in double quotes alone.
std::string join_surrogates(std::string_view json) {
  const auto unit = [&](size_t at) -> uint32_t {
    if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u') return 0;
    uint32_t value = 0;
    for (size_t i = at + 2; i < at + 6; ++i) {
      const char c = json[i];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return 0;
      value = value << 4 | static_cast<uint32_t>(digit);
    }
    return value;
  };
  std::string out;
  out.reserve(json.size());
  for (size_t i = 0; i < json.size();) {
    if (json[i] != '\\') {
      out += json[i++];
      continue;
    }
    const uint32_t high = unit(i), low = unit(i + 6);
    if (high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
      char buffer[16];
      std::snprintf(buffer, sizeof buffer, "\\U%08x",
                    0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
      out += buffer;
      i += 12;
    } else {
      out += json.substr(i, 2);
      i += 2;
    }
  }
  return out;
}

// yaml-cpp's words for what people do wrong most often, in the words of somebody who looks at a
// file.
std::string syntax_message(const YAML::Exception& error, const Lines& lines) {
  static const std::map<std::string, std::string, std::less<>> kWords = {
      {"end of map not found", "the indentation does not fit the lines above"},
      {"end of sequence not found", "the indentation does not fit the lines above"},
      {"end of map flow not found", "a `{` is not closed where it should be"},
      {"end of sequence flow not found", "a `[` is not closed where it should be"},
      {"illegal flow end", "a bracket closes that was not opened"},
      {"illegal map value", "a `: ` too many: put text that holds one in quotation marks"},
      {"illegal block entry", "a `- ` where none can stand"},
      {"unknown token", "text cannot begin with this character: put it in quotation marks"},
      {"the referenced anchor is not defined", "this alias names nothing that stands above it"},
  };
  const auto words = kWords.find(error.msg);
  std::string message = "this is not YAML: " + (words == kWords.end() ? error.msg : words->second);
  if (lines.has_tab_indent(error.mark)) {
    message += " (indent with spaces: this line has a tab)";
  } else if (const std::string_view line = lines.line(error.mark);
             line.find("${") != std::string_view::npos && line.find('{') < line.find("${")) {
    message += " (inside `{}` a reference stands in quotation marks: \"${NAME}\")";
  }
  return message;
}

// What YAML forbids, and yaml-cpp would take for the end of the text or another encoding.
std::optional<Problem> forbidden_character(std::string_view text) {
  int line = 1, column = 1;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f)
      return Problem{{line, column}, "a control character: a catalog is plain text"};
    if (c == '\n')
      ++line, column = 1;
    else if ((byte & 0xc0) != 0x80)
      ++column;
  }
  return std::nullopt;
}

}  // namespace

Node parse_yaml(std::string_view text, std::vector<Problem>& problems) {
  if (text.size() > kBytesMax) {
    problems.push_back({{1, 1}, "too large: at most " + thousands(kBytesMax) + " bytes"});
    return {};
  }
  if (!is_utf8(text)) {
    problems.push_back({{1, 1}, "not UTF-8: save the file in that encoding"});
    return {};
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (auto problem = forbidden_character(text)) {
    problems.push_back(std::move(*problem));
    return {};
  }
  std::string json;
  const std::string_view start = trim(text);
  if ((start.starts_with('{') || start.starts_with('[')) &&
      text.find("\\u") != std::string_view::npos) {
    json = join_surrogates(text);
    text = json;
  }

  const Lines lines(text);
  Builder builder(text, lines, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return {};
    Node node = builder.take();
    Builder second(text, lines, problems);
    if (parser.HandleNextDocument(second))
      problems.push_back({second.take().place, "a second YAML document: one file is one document"});
    return node;
  } catch (const Abandoned& abandoned) {
    problems.push_back(abandoned.problem);
  } catch (const YAML::Exception& error) {
    problems.push_back({lines.place(error.mark), syntax_message(error, lines)});
  } catch (const std::exception& error) {
    problems.push_back({{1, 1}, std::string("this is not YAML: ") + error.what()});
  }
  return {};
}

}  // namespace rollcall::catalog
