// The neutral tree between text and values. YAML becomes a Node (JSON is a subset of YAML, so what
// the store keeps comes in by the same way), one decoder makes core's values of it, one encoder the
// Node of a value, and two printers the text of a Node.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "catalog/catalog.hpp"
#include "core/rule.hpp"

namespace rollcall::catalog {

struct Node {
  enum class Kind { null, scalar, list, map };
  struct Key {
    std::string text;
    Place place = {};
  };

  Kind kind = Kind::null;
  Place place = {};
  std::string text = {};  // scalars
  bool quoted = false;    // scalars: text, however much it looks like a number
  // Scalars: as written, when `text` came from elsewhere; may be a secret.
  std::string reference = {};
  std::vector<Key> keys = {};  // maps: one for each of `items`
  std::vector<Node> items = {};

  // Null when there is no such key.
  [[nodiscard]] const Node* find(std::string_view key) const;
  void add(std::string_view key, Node value);
  // Content alone: not the place, not where it came from.
  bool operator==(const Node& other) const;

  static Node scalar(std::string text, bool quoted);
  static Node string(std::string text) { return scalar(std::move(text), true); }
  static Node list() { return of(Kind::list); }
  static Node map() { return of(Kind::map); }

 private:
  static Node of(Kind kind);
};

// What a scalar is by YAML's core schema, read narrowly: only `true` and `false` are booleans, only
// decimal notation is a number, everything else is text.
enum class ScalarKind { text, boolean, number };
ScalarKind scalar_kind(const Node& scalar);
// "text `x`", "the number 5", "a list", "nothing": for messages. Never the value behind a
// reference.
std::string found(const Node& node);
// "`x`", cut short where it is long: for messages.
std::string excerpt(std::string_view text);

// Limits on what comes from outside. An alias counts as what it stands for, each time.
constexpr size_t kBytesMax = 4 << 20;
constexpr int kDepthMax = 64;
constexpr size_t kNodesMax = 200'000;
constexpr size_t kNodeTextMax = 16 << 20;  // all scalars together, aliases counted
constexpr size_t kProblemsMax = 100;       // told: more than a person reads at once
constexpr size_t kProblemsKept = 1'000;    // gathered: what follows is not looked at

// Null node and at least one problem when the text is no YAML or passes a limit. Duplicate keys and
// the like are problems too, but the tree is complete.
Node parse_yaml(std::string_view text, std::vector<Problem>& problems);

// Gives each problem the pointer of the node that stands at its place, if there is one; `start` is
// that of `root`. Where a map and its first key stand at one place, it is the map.
void add_pointers(const Node& root, const std::string& start, std::vector<Problem>& problems);

// `${NAME}` and `file:PATH` in every value, replaced by what they name. `$${` and a leading
// `$file:` stand for the same with one `$` less and no meaning.
void resolve_references(Node& node, const References& references, std::vector<Problem>& problems);
// The inverse of the second rule, so that text holding `${` survives writing and reading.
void escape_references(Node& node);

std::string to_yaml(const Node& node);
std::string to_json_text(const Node& node);

}  // namespace rollcall::catalog
