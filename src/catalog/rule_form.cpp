// Rules: which key makes a rule what it is, and what each operator takes as its value. Whether a
// field has the operator is for the compiler, which knows the columns' types.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "catalog/form.hpp"
#include "core/operators.hpp"

namespace rollcall::catalog {
namespace {

// The keys one of which makes a map a rule.
const std::vector<std::string>& heads() {
  static const std::vector<std::string> all = {"all",     "any",        "none",          "field",
                                               "related", "in_segment", "not_in_segment"};
  return all;
}

// What people write who think of another language.
std::string usual_sign(std::string_view sign) {
  static const std::vector<std::pair<std::string_view, std::string_view>> all = {
      {"=", "eq"},      {"==", "eq"},         {"!=", "ne"},         {"<>", "ne"},
      {">", "gt"},      {">=", "gte"},        {"<", "lt"},          {"<=", "lte"},
      {"~", "matches"}, {"like", "contains"}, {"regex", "matches"}, {"exists", "is_not_null"}};
  for (const auto& [from, to] : all)
    if (from == sign) return " (did you mean `" + std::string(to) + "`?)";
  return "";
}

bool take_op(In& in, Op& op, const std::vector<std::string>& allowed) {
  const Node* node = in.node("op");
  if (!node) {
    in.missing("op");
    return false;
  }
  const auto read = node->kind == Node::Kind::scalar ? from_word<Op>(node->text) : std::nullopt;
  if (read && std::find(allowed.begin(), allowed.end(), node->text) != allowed.end()) {
    op = *read;
    return true;
  }
  const bool is_word =
      node->kind == Node::Kind::scalar && node->reference.empty() && node->text.size() <= 30;
  std::string hint = is_word ? usual_sign(node->text) : "";
  if (is_word && hint.empty()) hint = did_you_mean(node->text, allowed);
  in.reading().problem(node->place,
                       fmt::format("there is no operator {}{} here; expected one of {}",
                                   is_word ? "`" + node->text + "`" : "like " + found(*node), hint,
                                   join(allowed, ", ")),
                       "operator_unknown");
  return false;
}

// So that no sum of times leaves the range of dates: some 200 years.
int64_t span_max(Duration::Unit unit) {
  switch (unit) {
    case Duration::Unit::minutes:
      return 100'000'000;
    case Duration::Unit::hours:
      return 1'750'000;
    case Duration::Unit::days:
      return 73'000;
    case Duration::Unit::weeks:
      return 10'400;
    case Duration::Unit::months:
      return 2'400;
    case Duration::Unit::years:
      return 200;
  }
  return 0;
}

bool take_span(const Node& node, Reading& reading, std::string_view key, Duration& value) {
  const auto units = words<Duration::Unit>();
  const auto unit = node.kind == Node::Kind::map && node.keys.size() == 1
                        ? from_word<Duration::Unit>(node.keys[0].text)
                        : std::nullopt;
  if (!unit) {
    const std::string hint = node.kind == Node::Kind::map && node.keys.size() == 1
                                 ? did_you_mean(node.keys[0].text, units)
                                 : "";
    reading.expected(node, key, "a span like {days: 90}, in one of " + join(units, ", "));
    reading.problems.back().message += hint;
    return false;
  }
  int64_t count = 0;
  if (!take(node.items[0], reading, node.keys[0].text, count)) return false;
  if (count < 0 || count > span_max(*unit)) {
    reading.problem(node.items[0].place,
                    fmt::format("`{}` must be from 0 to {}", node.keys[0].text, span_max(*unit)));
    return false;
  }
  value = {*unit, count};
  return true;
}

// A day or a moment as rules write them; of a day its start or its end.
struct Instant {
  double seconds = 0;    // since 1970
  bool anywhere = true;  // in the model's zone, whatever that is
};
std::optional<Instant> as_instant(const Scalar& value, bool end) {
  constexpr double kDay = 86'400, kHour = 3'600, kMinute = 60;
  const auto* text = std::get_if<std::string>(&value);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, read = 0;
  if (!text || std::sscanf(text->c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &read) != 3)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  Instant out{.seconds = kDay * static_cast<double>(
                                    std::chrono::sys_days(date).time_since_epoch().count())};
  const char* rest = text->c_str() + read;
  if (*rest == '\0') {
    constexpr double kMoment = 1e-3;
    if (end) out.seconds += kDay - kMoment;
    return out;
  }
  if (std::sscanf(rest + 1, "%2d:%2d%n", &hour, &minute, &read) != 2) return std::nullopt;
  rest += 1 + read;
  out.seconds += kHour * hour + kMinute * minute;
  if (double seconds = 0; std::sscanf(rest, ":%lf%n", &seconds, &read) == 1) {
    rest += read;
    out.seconds += seconds;
  }
  out.anywhere = *rest == '\0';
  if (std::sscanf(rest, "%3d:%2d", &hour, &minute) == 2)
    out.seconds -= kHour * hour + (*rest == '-' ? -kMinute : kMinute) * minute;
  return out;
}

// What names no zone is not held against what names one, unless no zone is that far away.
bool is_before(const Instant& one, const Instant& other) {
  constexpr double kFarthestZone = 14 * 3'600;
  return one.seconds + (one.anywhere == other.anywhere ? 0 : kFarthestZone) < other.seconds;
}

std::optional<double> as_number(const Scalar& value) {
  if (const auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* fraction = std::get_if<double>(&value)) return *fraction;
  return std::nullopt;
}

bool take_list(const Node& node, Reading& reading, std::string_view key,
               std::vector<Scalar>& values) {
  if (node.kind != Node::Kind::list) {
    reading.expected(node, key, "a list of values like [a, b]");
    return false;
  }
  return take(node, reading, key, values);
}

bool take_operand(const Node& node, Reading& reading, Op op, Operand& operand) {
  constexpr std::string_view key = "value";
  const std::string name(word(op));
  switch (operator_of(op).takes) {
    case Takes::nothing:
      reading.problem(node.place, "`" + name + "` takes no value");
      return false;
    case Takes::value: {
      Scalar value;
      if (!take(node, reading, key, value)) return false;
      operand = std::move(value);
      return true;
    }
    case Takes::text: {
      std::string value;
      if (!take(node, reading, key, value)) return false;
      operand = Scalar(std::move(value));
      return true;
    }
    case Takes::number: {
      Scalar value;
      if (!take(node, reading, key, value)) return false;
      if (std::holds_alternative<bool>(value)) {
        reading.expected(node, key, "a number");
        return false;
      }
      operand = std::move(value);
      return true;
    }
    case Takes::values: {
      std::vector<Scalar> values;
      if (!take_list(node, reading, key, values)) return false;
      if (values.empty()) {
        reading.problem(node.place, "`" + name + "` needs at least one value in its list");
        return false;
      }
      operand = std::move(values);
      return true;
    }
    case Takes::range: {
      std::vector<Scalar> values;
      if (!take_list(node, reading, key, values)) return false;
      if (values.size() != 2) {
        reading.problem(node.place,
                        fmt::format("`between` needs two values, the lower and the upper, found {}",
                                    values.size()));
        return false;
      }
      const auto low = as_number(values[0]), high = as_number(values[1]);
      const auto first = as_instant(values[0], false), last = as_instant(values[1], true);
      const bool turned = low && high ? *high < *low : first && last && is_before(*last, *first);
      if (turned) {
        reading.problem(
            node.place,
            "`between` needs the lower or earlier value first: as it stands nobody can match");
        return false;
      }
      operand = std::move(values);
      return true;
    }
    case Takes::day: {
      if (node.kind == Node::Kind::map) {
        Duration span;
        if (!take_span(node, reading, key, span)) return false;
        operand = span;
        return true;
      }
      if (node.kind != Node::Kind::scalar || scalar_kind(node) != ScalarKind::text) {
        reading.expected(
            node, key,
            "a date like 2026-01-31, a time like 2026-01-31T12:00:00Z or a span like {days: 90}");
        return false;
      }
      operand = Scalar(node.text);
      return true;
    }
    case Takes::span: {
      Duration span;
      if (!take_span(node, reading, key, span)) return false;
      operand = span;
      return true;
    }
  }
  return false;
}

void form_field_test(In& in, FieldTest& test) {
  in.required("field", test.field);
  const bool known = take_op(in, test.op, words<Op>());
  const Node* value = in.node("value");
  if (known && value) {
    take_operand(*value, in.reading(), test.op, test.value);
  } else if (known && operator_of(test.op).takes != Takes::nothing) {
    in.reading().problem(in.place(), fmt::format("`{}` needs a `value`", word(test.op)),
                         "key_missing");
  }
  in.optional("ignore_case", test.ignore_case);
  if (known && test.ignore_case)
    in.check(operator_of(test.op).ignores_case, "ignore_case",
             fmt::format("`{}` has no `ignore_case`: only operators of text do", word(test.op)));
}

// {op: gte, value: 2}; of another aggregate than count, with the field that it is of.
void form_aggregate(In& in, RelatedTest& test) {
  if (test.aggregate != Aggregate::count && test.aggregate != Aggregate::count_distinct) {
    FieldTest of;
    form_field_test(in, of);
    in.check(!of.ignore_case, "ignore_case", "an aggregate has no `ignore_case`");
    test.field = of.field;
    test.op = of.op;
    test.value = of.value;
    return;
  }
  if (test.aggregate == Aggregate::count_distinct) in.required("field", test.field);

  std::vector<std::string> counting;
  for (const Op op : operators_of_counts()) counting.emplace_back(word(op));
  const bool known = take_op(in, test.op, counting);
  const Node* value = in.node("value");
  if (!value) return in.missing("value");
  if (!known || !take_operand(*value, in.reading(), test.op, test.value)) return;
  const auto counts = [](const Scalar& one) {
    const auto* number = std::get_if<int64_t>(&one);
    return number && *number >= 0;
  };
  const auto* one = std::get_if<Scalar>(&test.value);
  const auto* several = std::get_if<std::vector<Scalar>>(&test.value);
  const bool ok =
      one ? counts(*one) : several && std::all_of(several->begin(), several->end(), counts);
  in.check(ok, "value", "a count is a whole number from 0 up");
}

bool take_rules(In& in, std::string_view key, std::vector<Rule>& rules) {
  return in.optional(key, rules);
}

}  // namespace

bool take(const Node& node, Reading& reading, std::string_view key, Rule& rule) {
  if (!reading.from_store) rule.place = node.place;
  if (node.kind == Node::Kind::list) {
    reading.problem(node.place,
                    fmt::format("`{}` must be one rule, found a list: write `{{all: [...]}}` or "
                                "`{{any: [...]}}` around it",
                                key));
    return false;
  }
  if (node.kind != Node::Kind::map) {
    reading.expected(node, key, "a rule (a map)");
    return false;
  }
  std::vector<std::string> present;
  for (const std::string& head : heads())
    if (node.find(head)) present.push_back(head);
  if (present.size() != 1) {
    std::string message = "a rule has one of the keys " + join(heads(), ", ");
    if (present.empty() && !node.keys.empty()) {
      message += ", found " + excerpt(node.keys[0].text) + did_you_mean(node.keys[0].text, heads());
    } else if (present.empty()) {
      message += "; for everyone write {all: []}";
    } else {
      message += ", found " + join(present, " and ") +
                 ": put several rules into the list of an `all` or `any`";
    }
    reading.problem(node.place, std::move(message));
    return false;
  }

  const size_t before = reading.problems.size();
  const std::string& head = present[0];
  In in(node, reading, "a rule with `" + head + "`");
  // Where the compiler will point at: the name in question rather than the brace before it.
  if (head != "all" && head != "any" && head != "none") rule.place = in.place(head);
  if (head == "all") {
    AllOf all;
    take_rules(in, head, all.rules);
    rule.test = std::move(all);
  } else if (head == "any") {
    AnyOf any;
    take_rules(in, head, any.rules);
    rule.test = std::move(any);
  } else if (head == "none") {
    NoneOf none;
    take_rules(in, head, none.rules);
    rule.test = std::move(none);
  } else if (head == "field") {
    FieldTest test;
    form_field_test(in, test);
    rule.test = std::move(test);
  } else if (head == "related") {
    RelatedTest test;
    in.required("related", test.relation);
    std::vector<std::string> given;
    for (const std::string& aggregate : words<Aggregate>())
      if (node.find(aggregate)) given.push_back(aggregate);
    if (given.size() > 1)
      reading.problem(in.place(), "a rule compares one thing, found " + join(given, " and ") +
                                      ": put several rules into the list of an `all` or `any`");
    for (const std::string& aggregate : given) {
      const Node* of = in.node(aggregate);
      test.aggregate = from_word<Aggregate>(aggregate).value_or(Aggregate::count);
      if (of->kind == Node::Kind::map) {
        In inner(*of, reading, "a rule's `" + aggregate + "`");
        form_aggregate(inner, test);
        inner.done();
      } else {
        reading.expected(*of, aggregate,
                         test.aggregate == Aggregate::count
                             ? "a map like {op: gte, value: 2}"
                             : "a map like {field: total, op: gte, value: 2}");
      }
    }
    in.optional("where", test.where);
    rule.test = std::move(test);
  } else {
    SegmentTest test;
    test.member = head == "in_segment";
    in.required(head, test.segment);
    rule.test = std::move(test);
  }
  in.done();
  return reading.problems.size() == before;
}

bool take(const Node& node, Reading& reading, std::string_view key,
          std::shared_ptr<const Rule>& value) {
  auto rule = std::make_shared<Rule>();
  const bool ok = take(node, reading, key, *rule);
  value = std::move(rule);
  return ok;
}

namespace {

Node give_operand(const Operand& operand) {
  if (const auto* one = std::get_if<Scalar>(&operand)) return give(*one);
  if (const auto* several = std::get_if<std::vector<Scalar>>(&operand)) return give(*several);
  if (const auto* span = std::get_if<Duration>(&operand)) {
    Node node = Node::map();
    node.add(word(span->unit), give(span->count));
    return node;
  }
  return {};
}

struct GiveTest {
  Node operator()(const AllOf& all) const { return only("all", give(all.rules)); }
  Node operator()(const AnyOf& any) const { return only("any", give(any.rules)); }
  Node operator()(const NoneOf& none) const { return only("none", give(none.rules)); }
  Node operator()(const FieldTest& test) const {
    Node node = only("field", give(test.field));
    node.add("op", give(test.op));
    if (!std::holds_alternative<std::monostate>(test.value))
      node.add("value", give_operand(test.value));
    if (test.ignore_case) node.add("ignore_case", give(true));
    return node;
  }
  Node operator()(const RelatedTest& test) const {
    Node node = only("related", give(test.relation));
    const RelatedTest usual;
    if (test.aggregate != usual.aggregate || test.op != usual.op || test.value != usual.value) {
      Node of = Node::map();
      if (!test.field.empty()) of.add("field", give(test.field));
      of.add("op", give(test.op));
      if (!std::holds_alternative<std::monostate>(test.value))
        of.add("value", give_operand(test.value));
      node.add(word(test.aggregate), std::move(of));
    }
    if (test.where) node.add("where", give(*test.where));
    return node;
  }
  Node operator()(const SegmentTest& test) const {
    return only(test.member ? "in_segment" : "not_in_segment", give(test.segment));
  }
  static Node only(std::string_view key, Node value) {
    Node node = Node::map();
    node.add(key, std::move(value));
    return node;
  }
};

}  // namespace

Node give(const Rule& rule) { return std::visit(GiveTest{}, rule.test); }
Node give(const std::shared_ptr<const Rule>& rule) { return rule ? give(*rule) : Node{}; }

namespace {
// One value of a file by itself, which stands at `pointer` in what it belongs to.
template <class T>
Result<T> read_alone(std::string_view text, const char* key, const char* pointer) {
  Reading reading;
  T value;
  const Node node = parse_yaml(text, reading.problems);
  if (reading.problems.empty()) take(node, reading, key, value);
  if (reading.problems.empty()) return value;
  add_pointers(node, pointer, reading.problems);
  Error error = to_error(reading.problems.front(), "");
  if (reading.problems.size() > 1)
    error.message += fmt::format(" (and {} more problems)", reading.problems.size() - 1);
  return error;
}
}  // namespace

Result<Rule> read_rule(std::string_view text) { return read_alone<Rule>(text, "rule", "/where"); }
Result<Schedule> read_schedule(std::string_view text) {
  return read_alone<Schedule>(text, "schedule", "/schedule");
}

}  // namespace rollcall::catalog
