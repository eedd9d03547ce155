// Each kind of object is described once, by a function template form(f, value) that names its keys
// in order. With an In it reads a map into the value, with an Out it makes the map of the value, so
// the two cannot drift apart. In takes note of every key it is asked for; what is left over is a
// problem, with the nearest of the keys that could have been meant.
//
//   template <class F> void form(F& f, Segment& s) {
//     f.required("name", s.name);
//     f.optional("description", s.description);
//   }
//
// In leaves a value alone when its key is not there, so whatever was in it is the default. Out
// leaves an optional key out when the value equals the baseline.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "catalog/node.hpp"
#include "core/words.hpp"

namespace rollcall::catalog {

// A name that must lead somewhere; looked up when everything has been read.
struct NameUse {
  Place place;
  Kind kind;
  std::string name;
  std::string owner = {};  // who says so, when the place does not: "the stored segment `VIPs`"
};

// One reading, from text to values.
struct Reading {
  // What the store keeps has no secrets in it and was valid once; a file has both still to be seen.
  bool from_store = false;
  const References* references = nullptr;
  const Catalog* stored = nullptr;
  std::vector<Problem> problems = {};
  std::vector<NameUse> uses = {};

  void problem(Place place, std::string message, std::string code = "value_invalid") {
    if (problems.size() < kProblemsKept)
      problems.push_back({place, std::move(message), std::move(code)});
  }
  // Whether something was wrong at this place already, so that one mistake is named once.
  [[nodiscard]] bool complained(Place place) const;
  // "`paused` must be true or false, found text `maybe`"
  void expected(const Node& node, std::string_view key, std::string_view what) {
    problem(node.place, fmt::format("`{}` must be {}, found {}", key, what, found(node)));
  }
};

// Types that have a form, and what they are called in messages.
template <class T>
struct Called;  // `text`
template <class T>
concept Formed = requires {
  Called<T>::text;
};

// --- Reading: a node into a value. `key` names it in messages. False when there was a problem. ---

bool take(const Node&, Reading&, std::string_view key, std::string& value);
bool take(const Node&, Reading&, std::string_view key, bool& value);
bool take(const Node&, Reading&, std::string_view key, int64_t& value);
bool take(const Node&, Reading&, std::string_view key, double& value);
bool take(const Node&, Reading&, std::string_view key, std::chrono::milliseconds& value);
bool take(const Node&, Reading&, std::string_view key, std::chrono::seconds& value);
bool take(const Node&, Reading&, std::string_view key, Scalar& value);
bool take(const Node&, Reading&, std::string_view key, Rule& value);
bool take(const Node&, Reading&, std::string_view key, std::shared_ptr<const Rule>& value);
bool take(const Node&, Reading&, std::string_view key, Schedule& value);
bool take(const Node&, Reading&, std::string_view key, TableTypes& value);
template <Formed T>
bool take(const Node&, Reading&, std::string_view key, T& value);
template <class T>
bool take(const Node&, Reading&, std::string_view key, std::vector<T>& values);

template <Worded E>
bool take(const Node& node, Reading& reading, std::string_view key, E& value) {
  if (node.kind == Node::Kind::scalar)
    if (const auto read = from_word<E>(node.text)) {
      value = *read;
      return true;
    }
  const std::string hint = node.kind == Node::Kind::scalar && node.reference.empty()
                               ? did_you_mean(node.text, words<E>())
                               : "";
  reading.expected(node, key, "one of " + join(words<E>(), ", "));
  reading.problems.back().message += hint;
  return false;
}

// --- Writing: a value into a node. ---

Node give(const std::string& value);
Node give(bool value);
Node give(int64_t value);
Node give(double value);
Node give(std::chrono::milliseconds value);
Node give(std::chrono::seconds value);
Node give(const Scalar& value);
Node give(const Rule& value);
Node give(const std::shared_ptr<const Rule>& value);
Node give(const Schedule& value);
Node give(const TableTypes& value);
template <Formed T>
Node give(T value);
template <class T>
Node give(const std::vector<T>& values);

template <Worded E>
Node give(E value) {
  return Node::string(std::string(word(value)));
}

// --- Maps. ---

class In {
 public:
  static constexpr bool kReads = true;

  // `what` is the kind of thing in messages: "a segment". `node` must be a map.
  In(const Node& node, Reading& reading, std::string_view what)
      : node_(node), reading_(reading), what_(what) {}

  template <class T>
  void required(std::string_view key, T& value) {
    if (!optional(key, value)) missing(key);
  }
  // Whether the key is there.
  template <class T>
  bool optional(std::string_view key, T& value, const T& = {}) {
    const Node* node = ask(key);
    if (node) read(*node, key, value);
    return node != nullptr;
  }
  template <class T>
  bool optional(std::string_view key, std::optional<T>& value) {
    const Node* node = ask(key);
    if (!node) return false;
    T read_value = value.value_or(T{});
    if (read(*node, key, read_value)) value = std::move(read_value);
    return true;
  }
  // Optional when reading, always written.
  template <class T>
  bool kept(std::string_view key, T& value) {
    return optional(key, value);
  }
  // A name people give: one line, not blank, not endless.
  void named(std::string_view key, std::string& value);
  // The name of another object, which must exist.
  bool refers(std::string_view key, Kind kind, std::string& value);
  // A value that is never shown. `known` is what `stored` stands for, if there is something.
  bool secret(std::string_view key, Secret& value, std::string& reference,
              const std::function<std::optional<std::pair<Secret, std::string>>()>& known);

  [[nodiscard]] bool has(std::string_view key) const { return node_.find(key) != nullptr; }
  // The key is there and was read without a problem.
  [[nodiscard]] bool good(std::string_view key) const;
  // A problem when the key was read and its text is none of `all`.
  void one_of(std::string_view key, const std::string& text, const std::vector<std::string>& all);
  // A problem when the key is there and its text blank.
  void filled(std::string_view key);
  // A problem at the value of `key` (or at the map, when it has no such key) unless `ok`.
  template <class Message>
  void check(bool ok, std::string_view key, Message&& message) {
    if (!ok) reading_.problem(place(key), std::string(std::forward<Message>(message)));
  }
  // Every entry of the list at `key` must have its own `child`: problems name the second of two.
  void distinct(std::string_view key, std::string_view child, std::string_view what);
  void missing(std::string_view key) {
    reading_.problem(node_.place, fmt::format("{} needs `{}`", what_, key), "key_missing");
  }
  // What is stored has none: places are of files alone.
  [[nodiscard]] Place place() const { return reading_.from_store ? Place{} : node_.place; }
  [[nodiscard]] Place place(std::string_view key) const;
  [[nodiscard]] const Node* node(std::string_view key) { return ask(key); }
  [[nodiscard]] Reading& reading() { return reading_; }
  // Complains of keys nobody asked for.
  void done();
  // Whatever other keys there are is no problem: what would say which are right is itself wrong.
  void allow_rest() { rest_allowed_ = true; }

 private:
  const Node* ask(std::string_view key);
  template <class T>
  bool read(const Node& node, std::string_view key, T& value) {
    if (node.kind == Node::Kind::null) {
      reading_.problem(node.place,
                       fmt::format("`{}` has no value: write one, or leave the key out", key));
    } else if (take(node, reading_, key, value)) {
      return true;
    }
    failed_.emplace_back(key);
    return false;
  }

  const Node& node_;
  Reading& reading_;
  std::string what_;
  std::vector<std::string> asked_;
  std::vector<std::string> failed_;
  bool rest_allowed_ = false;
};

class Out {
 public:
  static constexpr bool kReads = false;

  template <class T>
  void required(std::string_view key, const T& value) {
    node_.add(key, give(value));
  }
  template <class T>
  bool optional(std::string_view key, const T& value, const T& baseline = {}) {
    if (!(value == baseline)) node_.add(key, give(value));
    return true;
  }
  template <class T>
  bool optional(std::string_view key, const std::optional<T>& value) {
    if (value) node_.add(key, give(*value));
    return true;
  }
  template <class T>
  bool kept(std::string_view key, const T& value) {
    node_.add(key, give(value));
    return true;
  }
  void named(std::string_view key, const std::string& value) { required(key, value); }
  bool refers(std::string_view key, Kind, const std::string& value) { return optional(key, value); }
  template <class Known>
  bool secret(std::string_view key, const Secret& value, const std::string& reference,
              const Known&) {
    Node node = Node::scalar(reference.empty() ? "stored" : reference, !reference.empty());
    node.reference = node.text;
    if (!reference.empty() || !value.empty()) node_.add(key, std::move(node));
    return true;
  }
  [[nodiscard]] bool has(std::string_view) const { return true; }
  [[nodiscard]] bool good(std::string_view) const { return true; }
  void filled(std::string_view) {}
  template <class Message>
  void check(bool, std::string_view, Message&&) {}
  void distinct(std::string_view, std::string_view, std::string_view) {}
  void missing(std::string_view) {}
  [[nodiscard]] Place place() const { return {}; }
  void add(std::string_view key, Node node) { node_.add(key, std::move(node)); }
  Node take() { return std::move(node_); }

 private:
  Node node_ = Node::map();
};

template <Formed T>
bool take(const Node& node, Reading& reading, std::string_view key, T& value) {
  if (node.kind != Node::Kind::map) {
    reading.expected(node, key, std::string("a map (") + std::string(Called<T>::text) + ")");
    return false;
  }
  const size_t before = reading.problems.size();
  In in(node, reading, Called<T>::text);
  form(in, value);
  in.done();
  return reading.problems.size() == before;
}

template <Formed T>
Node give(T value) {
  Out out;
  form(out, value);
  return out.take();
}

// One value for each item, also where an item had a problem, so that positions agree.
template <class T>
bool take(const Node& node, Reading& reading, std::string_view key, std::vector<T>& values) {
  if (node.kind != Node::Kind::list) {
    reading.expected(node, key, "a list");
    return false;
  }
  values.clear();
  bool ok = true;
  for (const Node& item : node.items) {
    T& value = values.emplace_back();
    if constexpr (Formed<T>)
      if (item.kind != Node::Kind::map) {
        reading.expected(item, key, fmt::format("a list of maps ({})", Called<T>::text));
        ok = false;
        continue;
      }
    ok = take(item, reading, key, value) && ok;
  }
  return ok;
}

template <class T>
Node give(const std::vector<T>& values) {
  Node node = Node::list();
  for (const T& value : values) node.items.push_back(give(value));
  return node;
}

}  // namespace rollcall::catalog
