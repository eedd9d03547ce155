// Trino. What differs from DuckDB, whose meaning all printers keep:
//
// - NaN is equal to nothing and greater than nothing here, and max passes over it.
// - Halves, spaces, empty texts: round, trim, replace and the ends of texts are spelled out.
// - Numbers as text are written otherwise.
// - There are no infinite dates and timestamps. Those finer than microseconds are cut.
// - A query under a model is inlined wherever it is used: there is no other way.
//
// An expression that is needed more than once is given a name by a lambda, so that formulas within
// formulas do not double at every step.
#include <fmt/format.h>

#include <charconv>

#include "compile/dialect.hpp"
#include "compile/regex.hpp"
#include "core/words.hpp"

namespace rollcall::compile {

namespace {

constexpr size_t kBigintDigits = 18;  // what surely fits
constexpr int kFinest = 6;            // digits of a second

// body, in which `value` has the name.
std::string let(const std::string& value, std::string_view name, std::string_view body) {
  return fmt::format("transform(ARRAY[{}], {} -> {})[1]", value, name, body);
}

// Written out, and so no NaN.
bool is_literal(std::string_view number) {
  return number.find_first_not_of("0123456789.e+-() ") == std::string_view::npos;
}

// The digits of a second in `timestamp(9)`; as many as are kept where nothing is said.
int precision_of(std::string_view native) {
  const size_t open = native.find('(');
  int out = kFinest;
  if (open != std::string_view::npos)
    std::from_chars(native.data() + open + 1, native.data() + native.size(), out);
  return out;
}

// A finer timestamp without what is beyond microseconds, which a cast would round.
std::string cut(const std::string& timestamp, int precision) {
  return fmt::format("CAST({} AS timestamp({}))",
                     let(fmt::format("CAST({} AS varchar)", timestamp), "v",
                         fmt::format("substr(v, 1, length(v) - {})", precision - kFinest)),
                     kFinest);
}

class TrinoPrinter : public Printer {
 public:
  std::string inlined() const override { return ""; }
  std::string digits(std::string_view number) const override {
    const bool bigint =
        number.size() <= kBigintDigits || number.find('.') != std::string_view::npos;
    return bigint ? std::string(number) : "DECIMAL " + text(number);
  }

  std::string column(const std::string& value, const ColumnInfo& info) const override {
    const std::string_view native = info.native;
    switch (info.type) {
      case FieldType::text:
        return native.starts_with("varchar") ? value : text_of_native(value, native);
      case FieldType::number:
        // One of 32 bits by its own shortest digits.
        return native == "double" ? value
                                  : cast(fmt::format("CAST({} AS varchar)", value), info.type);
      case FieldType::timestamp: {
        const int precision = precision_of(native);
        if (precision <= kFinest) return value;
        if (!info.zoned) return cut(value, precision);
        return fmt::format(
            "with_timezone({}, 'UTC')",
            cut(fmt::format("CAST({} AT TIME ZONE 'UTC' AS timestamp({}))", value, precision),
                precision));
      }
      case FieldType::integer:
      case FieldType::decimal:
      case FieldType::boolean:
      case FieldType::date:
      case FieldType::list:
      case FieldType::object:
      case FieldType::json:
        break;
    }
    return value;
  }

  std::string compared(const std::string& left, std::string_view sign, const std::string& right,
                       FieldType type) const override {
    if (type != FieldType::number) return Printer::compared(left, sign, right, type);
    // One NaN at most: it must be greater, which it is where the contrary is false.
    const bool other = is_literal(right);
    if (other || is_literal(left)) {
      if (sign == (other ? ">" : "<"))
        return fmt::format("NOT ({} {} {})", left, other ? "<=" : ">=", right);
      if (sign == (other ? ">=" : "<="))
        return fmt::format("NOT ({} {} {})", left, other ? "<" : ">", right);
      return Printer::compared(left, sign, right, type);
    }
    constexpr std::string_view kEqual = "(p[1] = p[2] OR is_nan(p[1]) AND is_nan(p[2]))";
    constexpr std::string_view kLess = "(p[1] < p[2] OR is_nan(p[2]) AND NOT is_nan(p[1]))";
    constexpr std::string_view kGreater = "(p[1] > p[2] OR is_nan(p[1]) AND NOT is_nan(p[2]))";
    const std::string_view holds = sign == "=" || sign == "<>"   ? kEqual
                                   : sign == "<" || sign == ">=" ? kLess
                                                                 : kGreater;
    const bool negated = sign == "<>" || sign == ">=" || sign == "<=";
    return let(fmt::format("ROW({}, {})", cast(left, type), cast(right, type)), "p",
               fmt::format("{}{}", negated ? "NOT " : "", holds));
  }

  std::string lower(const std::string& value) const override {
    return fmt::format("lower({})", value);
  }
  std::string is_blank(const std::string& value) const override {
    return fmt::format("coalesce(NOT regexp_like({}, '[^ \\t\\n\\v\\f\\r]'), TRUE)", value);
  }
  std::string contains(const std::string& value, const std::string& part) const override {
    return fmt::format("(strpos({}, {}) > 0)", value, part);
  }
  std::string ends_with(const std::string& value, const std::string& part) const override {
    return fmt::format("(substr({0}, -length({1})) = {1})", value, part);
  }
  Result<std::string> matches(const std::string& value, const std::string& pattern,
                              bool ignore_case) const override {
    const std::string printed =
        TRY(portable_regex(pattern, {.begin = "\\A", .end = "\\z", .one_to_one = ignore_case}));
    return fmt::format("regexp_like({}, {})", value,
                       text((ignore_case ? "(?i:" : "(?:") + printed + ")"));
  }

  std::string list_has_text(const std::string& list, const ColumnInfo& info,
                            const std::string& value) const override {
    return fmt::format("contains({}, {})", texts_of(list, info), value);
  }
  std::string list_has_number(const std::string& list, const ColumnInfo& info,
                              const std::string& value) const override {
    // What is no number is none, and no error. A large exponent would keep the server busy.
    return fmt::format(
        "any_match({}, v -> CASE WHEN regexp_like(v, '\\A[ \\t\\n\\v\\f\\r]*[-+]?([0-9]+[.]?[0-9]*"
        "|[.][0-9]+)([eE][-+]?[0-9]{{1,3}})?[ \\t\\n\\v\\f\\r]*\\z') THEN try_cast(trim(v) AS "
        "decimal(38, 9)) = {} ELSE FALSE END)",
        texts_of(list, info), value);
  }
  std::string list_length(const std::string& list) const override {
    return fmt::format("cardinality({})", list);
  }

  std::string utc_from_zone(const std::string& zoneless, std::string_view zone) const override {
    if (zone == "UTC") return zoneless;
    return moved(zoneless, zone, "UTC");
  }
  std::string utc_from_zoned(const std::string& zoned) const override {
    return cast(fmt::format("({} AT TIME ZONE 'UTC')", zoned), FieldType::timestamp);
  }
  std::string zone_from_utc(const std::string& utc, std::string_view zone) const override {
    if (zone == "UTC") return utc;
    return moved(utc, "UTC", zone);
  }
  std::string plus(const std::string& moment, const Duration& duration, bool) const override {
    return fmt::format("date_add('{}', {}, {})", singular(duration.unit), duration.count, moment);
  }
  std::string anniversary(const std::string& date, const std::string& today,
                          int years_later) const override {
    return fmt::format("date_add('year', year({1}) - year({0}){2}, {0})", date, today,
                       years_later ? fmt::format(" + {}", years_later) : "");
  }
  std::string part_of_date(std::string_view part, const std::string& date) const override {
    return fmt::format("{}({})", part, date);
  }
  std::string days_between(const std::string& from, const std::string& to) const override {
    return fmt::format("date_diff('day', {}, {})", from, to);
  }
  std::string years_between(const std::string& from, const std::string& to) const override {
    // Months end on their last days, whatever their numbers; years, counted at once, would not.
    return fmt::format("(date_diff('month', {}, {}) / 12)", from, to);
  }

  std::string aggregate(Aggregate how, const std::string& value, FieldType type) const override {
    const bool floats = type == FieldType::number;
    if (how == Aggregate::max && floats)
      return fmt::format("CASE WHEN bool_or(is_nan({0})) THEN nan() ELSE max({0}) END", value);
    if (how == Aggregate::avg && !floats) {  // exact until it is divided
      const std::string wide =
          type == FieldType::integer ? fmt::format("CAST({} AS decimal(38, 0))", value) : value;
      return fmt::format("({} / count({}))", cast("sum(" + wide + ")", FieldType::number), value);
    }
    return Printer::aggregate(how, value, type);
  }
  std::string value_of_first(const std::string& value, const std::string& key,
                             const ColumnInfo& info) const override {
    // Lists that hold nulls have no order, and objects none at all: their texts have.
    const bool nested = !has_one_value(info.type);
    const std::string orderly = nested ? json_of(value) : value;
    return fmt::format("array_agg({} ORDER BY {}, {})[1]", value, key == value ? orderly : key,
                       orderly);
  }

  std::string function(std::string_view name,
                       const std::vector<std::string>& arguments) const override {
    const std::string& value = arguments[0];
    if (name == "upper") return fmt::format("upper(replace({}, 'ß', 'ẞ'))", value);
    if (name == "trim") return fmt::format("trim(BOTH '{}' FROM {})", kSpaces, value);
    if (name == "left" || name == "right") {
      // So many characters, or all but so many.
      constexpr std::string_view kKept =
          "CASE WHEN p[2] >= 0 THEN p[2] ELSE greatest(length(p[1]) + p[2], 0) END";
      return let(fmt::format("ROW({}, {})", value, arguments[1]), "p",
                 name == "left"
                     ? fmt::format("substr(p[1], 1, {})", kKept)
                     : fmt::format("substr(p[1], greatest(length(p[1]) - {}, 0) + 1)", kKept));
    }
    if (name == "replace")  // of nothing, nothing
      return let(fmt::format("ROW({})", join(arguments, ", ")), "p",
                 "CASE WHEN p[2] = '' AND p[3] IS NOT NULL THEN p[1] ELSE replace(p[1], p[2], "
                 "p[3]) END");
    if (name == "round") {
      // Halves go away from zero.
      const auto rounded = [](const std::string& number) {
        return let(number, "v",
                   "CASE WHEN abs(v - truncate(v)) >= 0.5 THEN truncate(v) + sign(v) ELSE "
                   "truncate(v) END");
      };
      if (arguments.size() == 1) return rounded(value);
      return let(fmt::format("ROW({}, {})", value, arguments[1]), "p",
                 let("power(10e0, abs(p[2]))", "f",
                     fmt::format("CASE WHEN p[2] >= 0 THEN {} ELSE {} END",
                                 let(rounded("p[1] * f") + " / f", "r",
                                     "CASE WHEN NOT is_finite(r) THEN p[1] ELSE r END"),
                                 let(rounded("p[1] / f") + " * f", "r",
                                     "CASE WHEN NOT is_finite(r) THEN 0e0 ELSE r END"))));
    }
    return Printer::function(name, arguments);
  }
  std::string null_if(const std::string& value, const std::string& other,
                      FieldType type) const override {
    if (type != FieldType::number || is_literal(other)) return Printer::null_if(value, other, type);
    return let(fmt::format("ROW({}, {})", value, other), "o",
               "CASE WHEN " + compared("o[1]", "=", "o[2]", type) + " THEN NULL ELSE o[1] END");
  }

  std::string text_of(const std::string& value, FieldType type) const override {
    switch (type) {
      case FieldType::number:
        // 5.0, 1e+16 and nan, as DuckDB writes them, from 5.0, 1.0E16 and NaN.
        return let("format('%s', " + cast(value, type) + ")", "v",
                   "CASE WHEN v = 'null' THEN NULL WHEN regexp_like(v, '[NI]') THEN "
                   "replace(lower(v), 'inity', '') WHEN "
                   "strpos(v, 'E') = 0 THEN v WHEN regexp_like(v, 'E(-4|[789]|1[0-5])\\z') THEN "
                   "regexp_replace(CAST(CAST(v AS decimal(38, 21)) AS varchar), "
                   "'([.][0-9]+?)0+\\z', '$1') ELSE replace(regexp_replace(regexp_replace("
                   "replace(v, '.0E', 'E'), 'E-([0-9])\\z', 'E-0$1'), 'E([0-9])', 'E+$1'), 'E', "
                   "'e') END");
      case FieldType::timestamp:
        return fmt::format("trim(TRAILING '.' FROM trim(TRAILING '0' FROM CAST({} AS varchar)))",
                           cast(value, type));
      case FieldType::list:
        return fmt::format("('[' || array_join({}, ', ', 'NULL') || ']')", value);
      case FieldType::object:
      case FieldType::json:
        return json_of(value);
      case FieldType::boolean:
      case FieldType::integer:
      case FieldType::decimal:
      case FieldType::text:
      case FieldType::date:
        break;
    }
    return fmt::format("CAST({} AS varchar)", value);
  }

 private:
  TypeNames type_names() const override {
    return {.boolean = "boolean",
            .integer = "bigint",
            .number = "double",
            .decimal = "varchar",
            .date = "date",
            .timestamp = "timestamp(6)",
            .text = "varchar"};
  }
  static std::string json_of(const std::string& value) {
    return fmt::format("json_format(CAST({} AS json))", value);
  }

  // A value that is of no type of ours, or within a list, as text.
  [[nodiscard]] std::string text_of_native(const std::string& value,
                                           std::string_view native) const {
    if (native.starts_with("char"))
      return fmt::format("trim(TRAILING ' ' FROM CAST({} AS varchar))", value);
    if (native == "varbinary") return fmt::format("lower(to_hex({}))", value);
    if (native == "double" || native == "real") return text_of(value, FieldType::number);
    if (native.starts_with("timestamp") && !native.ends_with("zone"))
      return text_of(value, FieldType::timestamp);
    for (const std::string_view nested : {"array", "map", "row", "json"})
      if (native.starts_with(nested)) return json_of(value);
    return fmt::format("CAST({} AS varchar)", value);
  }
  [[nodiscard]] std::string texts_of(const std::string& list, const ColumnInfo& info) const {
    constexpr std::string_view kArray = "array(";
    std::string_view native = info.native;
    if (!native.starts_with(kArray)) return fmt::format("CAST({} AS array(varchar))", list);
    native = native.substr(kArray.size(), native.size() - kArray.size() - 1);
    if (native.starts_with("varchar")) return list;
    return fmt::format("transform({}, v -> {})", list, text_of_native("v", native));
  }

  [[nodiscard]] std::string moved(const std::string& zoneless, std::string_view from,
                                  std::string_view to) const {
    return fmt::format("CAST(with_timezone({}, {}) AT TIME ZONE {} AS timestamp(6))", zoneless,
                       text(from), text(to));
  }
};

}  // namespace

const Printer& trino_printer() {
  static const TrinoPrinter kPrinter;
  return kPrinter;
}

}  // namespace rollcall::compile
