#include "compile/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "compile/moment.hpp"

namespace rollcall::compile {

namespace {

constexpr size_t kStep = 2;  // spaces a level of indentation

std::string line(size_t indent) { return "\n" + std::string(indent, ' '); }

bool never_null(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::test:
      return condition.op == Op::is_null || condition.op == Op::is_not_null ||
             condition.op == Op::is_blank;
    case Condition::Kind::all:
    case Condition::Kind::any:
      return std::all_of(condition.parts.begin(), condition.parts.end(), never_null);
    case Condition::Kind::none:
    case Condition::Kind::related:
    case Condition::Kind::segment:
      return true;
  }
  return false;
}

// `all` and `any` of one are that one.
const Condition& unwrapped(const Condition& condition) {
  const bool group =
      condition.kind == Condition::Kind::all || condition.kind == Condition::Kind::any;
  return group && condition.parts.size() == 1 ? unwrapped(condition.parts[0]) : condition;
}

// --- Values.

// One value, or several as they are written; `exactly`: how many there must be, 0 for any number.
Result<std::vector<Scalar>> values_of(const Condition& condition, size_t exactly) {
  std::vector<Scalar> out;
  if (const auto* one = std::get_if<Scalar>(&condition.value)) out = {*one};
  if (const auto* many = std::get_if<std::vector<Scalar>>(&condition.value)) out = *many;
  if (exactly == 0 || out.size() == exactly) return out;
  return wrong(condition.at, "value_invalid",
               fmt::format("`{}` of `{}` needs {}", word(condition.op), condition.name,
                           exactly == 1 ? "one value" : "two values"),
               exactly == 1 ? "" : "Write [from, to].");
}

std::string number_text(double value) {
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos)
    out += ".0";  // digits alone would be a whole number
  return value < 0 ? "(" + out + ")" : out;
}

bool is_plain_decimal(std::string_view text) {
  constexpr size_t kMostDigits = 38;
  if (text.starts_with('-')) text.remove_prefix(1);
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? "0" : text.substr(dot + 1);
  constexpr std::string_view kDigits = "0123456789";
  return !whole.empty() && !part.empty() && text.size() <= kMostDigits &&
         whole.find_first_not_of(kDigits) == std::string_view::npos &&
         part.find_first_not_of(kDigits) == std::string_view::npos;
}

// Digits, perhaps after a minus.
std::string signed_digits(const Printer& printer, std::string_view number) {
  return number.starts_with('-') ? "(-" + printer.digits(number.substr(1)) + ")"
                                 : printer.digits(number);
}

Result<std::string> number_literal(const Printer& printer, const Condition& condition,
                                   const Scalar& value) {
  if (const auto* whole = std::get_if<int64_t>(&value))
    return signed_digits(printer, fmt::format("{}", *whole));
  if (const auto* number = std::get_if<double>(&value)) {
    if (std::isfinite(*number)) return number_text(*number);
    return wrong(condition.at, "value_invalid", "`" + condition.name + "` needs a finite number");
  }
  // Where no number of YAML or JSON is exact enough, digits in quotes are.
  const auto* text = std::get_if<std::string>(&value);
  const bool exact = condition.node && condition.node->type == FieldType::decimal;
  if (text && exact && is_plain_decimal(*text)) return signed_digits(printer, *text);
  return wrong(condition.at, "value_invalid",
               "`" + condition.name + "` is a number, and this value is not",
               "Write digits, without quotes.");
}

Result<std::string> checked_text(const Condition& condition, const Scalar& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (!text)
    return wrong(condition.at, "value_invalid",
                 "`" + condition.name + "` is text, and this value is not",
                 "Put the value in quotes.");
  if (text->find('\0') != std::string::npos || !is_utf8(*text))
    return wrong(condition.at, "value_invalid",
                 "the value for `" + condition.name + "` is not plain UTF-8 text");
  return *text;
}

}  // namespace

std::string ConditionPrinter::literal(const Scalar& value) const {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "TRUE" : "FALSE";
  if (const auto* whole = std::get_if<int64_t>(&value))
    return signed_digits(printer_, fmt::format("{}", *whole));
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number);
  return printer_.text(std::get<std::string>(value));
}

Result<std::string> ConditionPrinter::print_sure(const Condition& condition, const Row& row,
                                                 size_t indent) {
  if (never_null(condition)) return print(condition, row, indent);
  const Condition& inside = unwrapped(condition);
  if (inside.kind == Condition::Kind::test)
    return "coalesce(" + TRY(print(inside, row, indent)) + ", FALSE)";
  return "coalesce(" + line(indent + kStep) + TRY(print(inside, row, indent + kStep)) + "," +
         line(indent + kStep) + "FALSE" + line(indent) + ")";
}

Result<std::string> ConditionPrinter::print(const Condition& whole, const Row& row, size_t indent) {
  const Condition& condition = unwrapped(whole);
  switch (condition.kind) {
    case Condition::Kind::test:
      return test(condition, row);
    case Condition::Kind::related:
      return related_test(condition, row, indent);
    case Condition::Kind::segment:
      return (condition.member ? "" : "NOT ") + column(row, *condition.node);
    case Condition::Kind::none: {
      Condition any{.kind = Condition::Kind::any, .parts = condition.parts};
      if (any.parts.empty()) return std::string("TRUE");
      const Condition& inside = unwrapped(any);
      if (inside.kind == Condition::Kind::segment)
        return (inside.member ? "NOT " : "") + column(row, *inside.node);
      if (!never_null(inside) || inside.kind == Condition::Kind::related)
        return "NOT " + TRY(print_sure(inside, row, indent));
      return "NOT (" + TRY(print(inside, row, indent + kStep)) + ")";
    }
    case Condition::Kind::all:
    case Condition::Kind::any: {
      const bool all = condition.kind == Condition::Kind::all;
      if (condition.parts.empty()) return std::string(all ? "TRUE" : "FALSE");
      std::string out;
      for (const Condition& each : condition.parts) {
        const Condition& part = unwrapped(each);
        const bool group =
            (part.kind == Condition::Kind::all || part.kind == Condition::Kind::any) &&
            !part.parts.empty();
        if (!out.empty()) out += line(indent) + (all ? "AND " : "OR ");
        out += group ? "(" + line(indent + kStep) + TRY(print(part, row, indent + kStep)) +
                           line(indent) + ")"
                     : TRY(print(part, row, indent));
      }
      return out;
    }
  }
  return std::string("FALSE");
}

ConditionPrinter::Related ConditionPrinter::related(const Join& join, int level, size_t indent,
                                                    bool once) {
  // An alias a reader knows, and no word of SQL: the relation's name with a number.
  std::string name;
  for (const char c : join.relation->name) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9');
    name += plain ? small : '_';
  }
  if (name.empty() || !(name[0] >= 'a' && name[0] <= 'z')) name = "r" + name;
  const Row other{join.other, fmt::format("{}_{}", name, ++aliases_)};
  const std::string table = rows_(*join.other, level) + " AS " + other.alias;
  if (!join.through) return {table, column(other, *join.foreign), other};

  const Row link{join.through, other.alias + "_link"};
  const int link_level = std::max(join.through_key->level, join.through_foreign->level);
  std::string links = rows_(*join.through, link_level);
  if (once)
    links = fmt::format("(SELECT DISTINCT {}, {} FROM {})",
                        printer_.identifier(join.through_key->column),
                        printer_.identifier(join.through_foreign->column), links);
  return {links + " AS " + link.alias + line(indent) + "JOIN " + table + " ON " +
              column(other, *join.foreign) + " = " + column(link, *join.through_foreign),
          column(link, *join.through_key), other};
}

Result<std::string> ConditionPrinter::related_test(const Condition& condition, const Row& row,
                                                   size_t indent) {
  const Join& join = *condition.join;
  int level = join.foreign->level;
  for (const Condition& part : condition.parts) level = std::max(level, level_of_row(part));

  // At least one, and none, need no counting.
  const auto* scalar = std::get_if<Scalar>(&condition.value);
  const auto* number = scalar ? std::get_if<int64_t>(scalar) : nullptr;
  const auto is = [&](Op op, int64_t value) {
    return number && condition.op == op && *number == value;
  };
  const bool some = is(Op::gte, 1) || is(Op::gt, 0) || is(Op::ne, 0);
  const bool no = is(Op::eq, 0) || is(Op::lt, 1) || is(Op::lte, 0);

  const size_t inner = indent + kStep;
  const Related rows = related(join, level, inner, !some && !no);
  std::string select = line(inner) + (some || no ? "SELECT 1" : "SELECT count(*)") + line(inner) +
                       "FROM " + rows.from + line(inner) + "WHERE " + rows.key + " = " +
                       column(row, *join.key);
  for (const Condition& part : condition.parts) {
    const Condition all{.kind = Condition::Kind::all, .parts = {part}};
    const Condition& where = unwrapped(all);
    const bool any = where.kind == Condition::Kind::any && !where.parts.empty();
    select += line(inner + kStep) + "AND " +
              (any ? "(" + line(inner + 2 * kStep) +
                         TRY(print(where, rows.row, inner + 2 * kStep)) + line(inner + kStep) + ")"
                   : TRY(print(where, rows.row, inner + kStep)));
  }
  select = "(" + select + line(indent) + ")";
  if (some) return "EXISTS " + select;
  if (no) return "NOT EXISTS " + select;
  for (const Op op : operators_of_counts())
    if (condition.op == op) return number_test(condition, select);
  return wrong(condition.at, "operator_not_of_counts",
               fmt::format("a count has no operator `{}`", word(condition.op)),
               "Operators: eq, ne, gt, gte, lt, lte, between, in, not_in.");
}

Result<std::string> ConditionPrinter::test(const Condition& condition, const Row& row) const {
  const Node& node = *condition.node;
  const std::string value = column(row, node);
  if (condition.op == Op::is_null) return value + " IS NULL";
  if (condition.op == Op::is_not_null) return value + " IS NOT NULL";
  switch (node.type) {
    case FieldType::text:
      return text_test(condition, value);
    case FieldType::integer:
    case FieldType::number:
    case FieldType::decimal:
      return number_test(condition, value);
    case FieldType::boolean:
      return condition.op == Op::is_true ? value : "NOT " + value;
    case FieldType::list:
      return list_test(condition, value);
    case FieldType::date:
    case FieldType::timestamp: {
      const bool is_date = node.type == FieldType::date;
      const bool days = condition.op == Op::before || condition.op == Op::after ||
                        condition.op == Op::on || condition.op == Op::between;
      return days ? day_test(condition, value, is_date, row.model->tz)
                  : duration_test(condition, value, is_date, row.model->tz);
    }
    case FieldType::object:
    case FieldType::json:
      break;
  }
  CHECK(false && "operators of this type are checked where names are resolved");
  return value;
}

namespace {

// x IN (…). Of nothing: false, or for NOT IN whatever is no null.
std::string membership(const std::string& value, const std::vector<std::string>& list, bool in) {
  if (list.empty()) return in ? "FALSE" : value + " IS NOT NULL";
  return value + (in ? " IN (" : " NOT IN (") + join(list, ", ") + ")";
}

}  // namespace

Result<std::string> ConditionPrinter::text_test(const Condition& condition,
                                                const std::string& value) const {
  if (condition.op == Op::is_blank) return printer_.is_blank(value);
  const auto folded = [&](const std::string& sql) {
    return condition.ignore_case ? printer_.lower(sql) : sql;
  };
  const bool many = condition.op == Op::in || condition.op == Op::not_in;
  std::vector<std::string> literals;
  for (const Scalar& one : TRY(values_of(condition, many ? 0 : 1)))
    literals.push_back(TRY(checked_text(condition, one)));
  if (condition.op == Op::matches) {
    auto matches = printer_.matches(value, literals[0], condition.ignore_case);
    if (matches.ok()) return matches;
    return wrong(condition.at, "pattern_invalid", matches.error().message, matches.error().remedy);
  }
  for (std::string& one : literals) one = folded(printer_.text(one));
  const std::string x = folded(value);
  switch (condition.op) {
    case Op::in:
    case Op::not_in:
      return membership(x, literals, condition.op == Op::in);
    case Op::eq:
      return x + " = " + literals[0];
    case Op::ne:
      return x + " <> " + literals[0];
    case Op::contains:
      return printer_.contains(x, literals[0]);
    case Op::not_contains:
      return "NOT " + printer_.contains(x, literals[0]);
    case Op::starts_with:
      return printer_.starts_with(x, literals[0]);
    default:
      return printer_.ends_with(x, literals[0]);
  }
}

Result<std::string> ConditionPrinter::number_test(const Condition& condition,
                                                  const std::string& value) const {
  const bool many = condition.op == Op::in || condition.op == Op::not_in;
  std::vector<std::string> literals;
  for (const Scalar& one : TRY(values_of(condition, many                          ? 0
                                                    : condition.op == Op::between ? 2
                                                                                  : 1)))
    literals.push_back(TRY(number_literal(printer_, condition, one)));
  if (many) return membership(value, literals, condition.op == Op::in);
  // In parentheses, since its AND would take the next condition's place beside NOT.
  if (condition.op == Op::between)
    return fmt::format("({} BETWEEN {} AND {})", value, literals[0], literals[1]);
  const std::string_view sign = condition.op == Op::eq    ? "="
                                : condition.op == Op::ne  ? "<>"
                                : condition.op == Op::gt  ? ">"
                                : condition.op == Op::gte ? ">="
                                : condition.op == Op::lt  ? "<"
                                                          : "<=";
  return printer_.compared(value, sign, literals[0],
                           condition.node ? condition.node->type : FieldType::integer);
}

Result<std::string> ConditionPrinter::list_test(const Condition& condition,
                                                const std::string& value) const {
  if (condition.op == Op::is_empty) return printer_.list_length(value) + " = 0";
  if (condition.op == Op::is_not_empty) return printer_.list_length(value) + " > 0";
  const ColumnInfo info = condition.node->info();
  std::vector<std::string> tests;
  for (const Scalar& one : TRY(values_of(condition, condition.op == Op::has ? 1 : 0))) {
    if (const auto* flag = std::get_if<bool>(&one)) {
      tests.push_back(printer_.list_has_text(value, info, printer_.text(*flag ? "true" : "false")));
    } else if (std::holds_alternative<std::string>(one)) {
      tests.push_back(
          printer_.list_has_text(value, info, printer_.text(TRY(checked_text(condition, one)))));
    } else {
      tests.push_back(
          printer_.list_has_number(value, info, TRY(number_literal(printer_, condition, one))));
    }
  }
  if (tests.empty())
    return condition.op == Op::has_all ? value + " IS NOT NULL" : std::string("FALSE");
  const std::string all = join(tests, condition.op == Op::has_all ? " AND " : " OR ");
  return tests.size() == 1 ? all : "(" + all + ")";
}

// --- Time. Timestamps are in UTC; days are days of the model's zone.

std::string ConditionPrinter::now() const { return printer_.timestamp(instant_text(now_)); }

std::string ConditionPrinter::today(const std::string& zone) const {
  if (zone == "UTC") return printer_.date(day_text(now_));
  return printer_.date_of(printer_.zone_from_utc(now(), zone));
}

Result<std::string> ConditionPrinter::day_test(const Condition& condition, const std::string& value,
                                               bool is_date, const std::string& zone) const {
  std::vector<Moment> moments;
  for (const Scalar& one : TRY(values_of(condition, condition.op == Op::between ? 2 : 1))) {
    const auto* text = std::get_if<std::string>(&one);
    const auto moment = text ? read_moment(*text) : std::nullopt;
    if (!moment)
      return wrong(condition.at, "value_invalid",
                   fmt::format("`{}` of `{}` needs a {}", word(condition.op), condition.name,
                               is_date ? "date" : "date or time"),
                   is_date ? "Write 2026-01-31."
                           : "Write 2026-01-31, 2026-01-31 09:30 or 2026-01-31T09:30:00Z.");
    if (!moment->time.empty() && (is_date || condition.op == Op::on))
      return wrong(condition.at, "value_invalid",
                   is_date ? "`" + condition.name + "` is a date, without a time of day"
                           : "`on` takes a whole day",
                   "Write 2026-01-31.");
    moments.push_back(*moment);
  }
  const Moment& first = moments[0];
  const Moment& last = moments.back();
  if (is_date) {
    const std::string day = printer_.date(first.day);
    if (condition.op == Op::before) return value + " < " + day;
    if (condition.op == Op::after) return value + " > " + day;
    if (condition.op == Op::on) return value + " = " + day;
    return fmt::format("({} BETWEEN {} AND {})", value, day, printer_.date(last.day));
  }
  // A day without a time is the whole day: `after` it begins when it is over.
  const auto start = [&](const Moment& moment) {
    const std::string at = moment.day + " " + (moment.time.empty() ? "00:00:00" : moment.time);
    return moment.utc ? printer_.timestamp(at)
                      : printer_.utc_from_zone(printer_.timestamp(at), zone);
  };
  const auto day_after = [&](const Moment& moment) {
    return printer_.utc_from_zone(printer_.plus(printer_.timestamp(moment.day + " 00:00:00"),
                                                {Duration::Unit::days, 1}, false),
                                  zone);
  };
  const auto until = [&](const Moment& moment) {
    return moment.time.empty() ? value + " < " + day_after(moment) : value + " <= " + start(moment);
  };
  if (condition.op == Op::before) return value + " < " + start(first);
  if (condition.op == Op::after)
    return first.time.empty() ? value + " >= " + day_after(first) : value + " > " + start(first);
  return "(" + value + " >= " + start(first) + " AND " + until(last) + ")";
}

Result<std::string> ConditionPrinter::duration_test(const Condition& condition,
                                                    const std::string& value, bool is_date,
                                                    const std::string& zone) const {
  const auto* given = std::get_if<Duration>(&condition.value);
  if (!given || given->count < 0)
    return wrong(condition.at, "value_invalid",
                 fmt::format("`{}` of `{}` needs a duration", word(condition.op), condition.name),
                 "Write {days: 90}; units are minutes, hours, days, weeks, months and years.");
  const bool anniversary = condition.op == Op::anniversary_within;
  if ((is_date || anniversary) && given->unit <= Duration::Unit::hours)
    return wrong(condition.at, "value_invalid",
                 anniversary ? "`anniversary_within` counts days, weeks, months or years"
                             : "`" + condition.name +
                                   "` is a date: its durations are days, weeks, months or years");
  // Longer is as good as for ever, and no calendar holds it.
  const int64_t years = 4000;
  const int64_t per_year[] = {366 * 1440, 366 * 24, 366, 53, 12, 1};
  Duration duration = *given;
  duration.count = std::min(duration.count, years * per_year[static_cast<size_t>(duration.unit)]);

  if (anniversary) {
    const std::string day = is_date ? value : printer_.date_of(printer_.zone_from_utc(value, zone));
    const std::string from = today(zone);
    const std::string to = printer_.plus(from, duration, true);
    return fmt::format("({} BETWEEN {} AND {} OR {} BETWEEN {} AND {})",
                       printer_.anniversary(day, from, 0), from, to,
                       printer_.anniversary(day, from, 1), from, to);
  }
  const bool next = condition.op == Op::within_next;
  if (!next) duration.count = -duration.count;
  const std::string here = is_date ? today(zone) : now();
  std::string there;
  if (is_date) {
    there = printer_.plus(here, duration, true);
  } else if (duration.unit >= Duration::Unit::months && zone != "UTC") {
    there = printer_.utc_from_zone(
        printer_.plus(printer_.zone_from_utc(here, zone), duration, false), zone);
  } else {
    there = printer_.plus(here, duration, false);  // in UTC every day has 24 hours
  }
  const std::string within =
      fmt::format("({} BETWEEN {} AND {})", value, next ? here : there, next ? there : here);
  return condition.op == Op::not_within_last ? "NOT " + within : within;
}

}  // namespace rollcall::compile
