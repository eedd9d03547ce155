#include "catalog/form.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "catalog/time_words.hpp"

namespace rollcall::catalog {

bool take(const Node& node, Reading& reading, std::string_view key, std::string& value) {
  if (node.kind != Node::Kind::scalar) {
    reading.expected(node, key, "text");
    return false;
  }
  if (node.reference.empty() && scalar_kind(node) != ScalarKind::text) {
    reading.expected(node, key, "text");
    reading.problems.back().message +=
        fmt::format(": in quotation marks (\"{}\") it is text", node.text);
    return false;
  }
  value = node.text;
  return true;
}

namespace {
// What comes from elsewhere is a number or a boolean if it looks like one, also where the reference
// had to stand in quotation marks.
ScalarKind wanted_kind(const Node& node) {
  return scalar_kind(node.reference.empty() ? node : Node::scalar(node.text, false));
}
}  // namespace

bool take(const Node& node, Reading& reading, std::string_view key, bool& value) {
  if (node.kind != Node::Kind::scalar || wanted_kind(node) != ScalarKind::boolean) {
    reading.expected(node, key, "true or false");
    return false;
  }
  value = node.text == "true";
  return true;
}

namespace {

// Exact or not at all.
std::optional<Scalar> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  if (text.find_first_of(".eE") == std::string_view::npos) {
    int64_t value = 0;
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || at != end) return std::nullopt;
    return value;
  }
  double value = 0;
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

bool has_leading_zero(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

std::optional<Scalar> take_number(const Node& node, Reading& reading, std::string_view key,
                                  std::string_view what) {
  if (node.kind != Node::Kind::scalar || wanted_kind(node) != ScalarKind::number) {
    reading.expected(node, key, what);
    return std::nullopt;
  }
  if (has_leading_zero(node.text)) {
    reading.problem(node.place,
                    fmt::format("`{}` is a number with a leading zero: write it without, or in "
                                "quotation marks if it is text",
                                key));
    return std::nullopt;
  }
  auto value = number(node.text);
  if (!value)
    reading.problem(
        node.place,
        fmt::format("`{}` is beyond what can be held exactly: whole numbers go up to {}, "
                    "others up to about 1.8e308",
                    key, INT64_MAX));
  return value;
}

}  // namespace

bool take(const Node& node, Reading& reading, std::string_view key, int64_t& value) {
  const auto read = take_number(node, reading, key, "a whole number");
  if (!read) return false;
  if (!std::holds_alternative<int64_t>(*read)) {
    reading.expected(node, key, "a whole number");
    return false;
  }
  value = std::get<int64_t>(*read);
  return true;
}

bool take(const Node& node, Reading& reading, std::string_view key, double& value) {
  const auto read = take_number(node, reading, key, "a number");
  if (!read) return false;
  value = std::holds_alternative<double>(*read) ? std::get<double>(*read)
                                                : static_cast<double>(std::get<int64_t>(*read));
  return true;
}

bool take(const Node& node, Reading& reading, std::string_view key, Scalar& value) {
  if (node.kind != Node::Kind::scalar) {
    reading.expected(node, key, "one value (text, a number, true or false)");
    return false;
  }
  switch (scalar_kind(node)) {
    case ScalarKind::text:
      value = node.text;
      return true;
    case ScalarKind::boolean:
      value = node.text == "true";
      return true;
    case ScalarKind::number:
      break;
  }
  auto read = take_number(node, reading, key, "a number");
  if (!read) return false;
  value = std::move(*read);
  return true;
}

bool take(const Node& node, Reading& reading, std::string_view key,
          std::chrono::milliseconds& value) {
  const auto span = node.kind == Node::Kind::scalar ? parse_span(node.text) : std::nullopt;
  if (!span) {
    reading.expected(node, key, "a time span like 60s, 15m, 1h or 7d");
    return false;
  }
  value = *span;
  return true;
}

bool take(const Node& node, Reading& reading, std::string_view key, std::chrono::seconds& value) {
  std::chrono::milliseconds span{};
  if (!take(node, reading, key, span)) return false;
  if (span.count() % 1000 != 0) {
    reading.expected(node, key, "in whole seconds");
    return false;
  }
  value = std::chrono::duration_cast<std::chrono::seconds>(span);
  return true;
}

Node give(const std::string& value) { return Node::string(value); }
Node give(bool value) { return Node::scalar(value ? "true" : "false", false); }
Node give(int64_t value) { return Node::scalar(std::to_string(value), false); }
Node give(double value) {
  // The shortest text that reads back as the same number, and as one with a fraction.
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return Node::scalar(text, false);
}
Node give(std::chrono::milliseconds value) { return Node::string(span_text(value)); }
Node give(std::chrono::seconds value) { return give(std::chrono::milliseconds(value)); }
Node give(const Scalar& value) {
  return std::visit([](const auto& one) { return give(one); }, value);
}

const Node* In::ask(std::string_view key) {
  asked_.emplace_back(key);
  return node_.find(key);
}

bool Reading::complained(Place place) const {
  return std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
    return problem.place.line == place.line && problem.place.column == place.column;
  });
}

bool In::good(std::string_view key) const {
  return has(key) && std::find(failed_.begin(), failed_.end(), key) == failed_.end();
}

void In::one_of(std::string_view key, const std::string& text,
                const std::vector<std::string>& all) {
  const Node* node = node_.find(key);
  if (!good(key) || std::find(all.begin(), all.end(), text) != all.end()) return;
  reading_.expected(*node, key, "one of " + join(all, ", "));
  if (node->reference.empty()) reading_.problems.back().message += did_you_mean(text, all);
}

void In::filled(std::string_view key) {
  const Node* node = node_.find(key);
  if (node && node->kind == Node::Kind::scalar && !reading_.complained(node->place))
    check(!trim(node->text).empty(), key, fmt::format("`{}` is empty", key));
}

Place In::place(std::string_view key) const {
  const Node* node = reading_.from_store ? nullptr : node_.find(key);
  return node ? node->place : place();
}

void In::named(std::string_view key, std::string& value) {
  constexpr size_t kNameMax = 255;
  const Node* node = ask(key);
  if (!node) return missing(key);
  std::string name;
  if (!read(*node, key, name) || reading_.complained(node->place)) return;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (trim(name).empty())
    reading_.problem(node->place, fmt::format("`{}` is empty", key));
  else if (name.size() > kNameMax)
    reading_.problem(node->place, fmt::format("`{}` is too long: at most {} bytes", key, kNameMax));
  else if (std::any_of(name.begin(), name.end(), is_control))
    reading_.problem(node->place,
                     fmt::format("`{}` must be one line without control characters", key));
  else if (trim(name).size() != name.size())
    reading_.problem(node->place, fmt::format("`{}` begins or ends with a space", key));
  else
    value = std::move(name);
}

bool In::refers(std::string_view key, Kind kind, std::string& value) {
  const Node* node = ask(key);
  if (!node) return false;
  if (read(*node, key, value)) reading_.uses.push_back({node->place, kind, value});
  return true;
}

bool In::secret(std::string_view key, Secret& value, std::string& reference,
                const std::function<std::optional<std::pair<Secret, std::string>>()>& known) {
  constexpr size_t kSecretMax = 4096;
  const Node* node = ask(key);
  if (!node) return false;
  if (node->kind != Node::Kind::scalar) {
    reading_.problem(
        node->place,
        fmt::format("`{}` must be text: `${{NAME}}`, `file:PATH`, `stored` or the value", key));
    return true;
  }
  if (reading_.from_store) {
    reference = node->quoted ? node->text : "";
    return true;
  }
  if (node->text == "stored" && !node->quoted && node->reference.empty()) {
    auto stored = known();
    if (stored)
      std::tie(value, reference) = std::move(*stored);
    else
      reading_.problem(
          node->place,
          fmt::format("`{}: stored` means the value kept from before, and there is none: "
                      "write `${{NAME}}`, `file:PATH` or the value",
                      key));
    return true;
  }
  reference = node->reference;
  const std::string_view text = trim(node->text);
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
  if (reading_.complained(node->place)) return true;
  if (text.empty())
    reading_.problem(node->place,
                     fmt::format("`{}` is empty{}", key,
                                 reference.empty() ? "" : ": " + found(*node) + " is no value"));
  else if (!printable || text.size() > kSecretMax)
    reading_.problem(node->place,
                     fmt::format("`{}` must be one line of at most {} bytes", key, kSecretMax));
  else
    value = Secret(std::string(text));
  return true;
}

void In::distinct(std::string_view key, std::string_view child, std::string_view what) {
  const Node* list = node_.find(key);
  if (!list || list->kind != Node::Kind::list) return;
  std::set<std::string_view> seen;
  for (const Node& item : list->items) {
    const Node* name = item.kind == Node::Kind::map ? item.find(child) : nullptr;
    if (!name || name->kind != Node::Kind::scalar || name->text.empty()) continue;
    if (!seen.insert(name->text).second)
      reading_.problem(name->place,
                       fmt::format("{} {} stands here twice", what, excerpt(name->text)),
                       "name_taken");
  }
}

void In::done() {
  if (rest_allowed_) return;
  for (const Node::Key& key : node_.keys) {
    if (std::find(asked_.begin(), asked_.end(), key.text) != asked_.end()) continue;
    const std::string hint = did_you_mean(key.text, asked_);
    reading_.problem(key.place,
                     fmt::format("{} has no key {}{}", what_, excerpt(key.text),
                                 hint.empty() ? "; expected one of " + join(asked_, ", ") : hint),
                     "key_unknown");
  }
}

}  // namespace rollcall::catalog
