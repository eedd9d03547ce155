// PostgreSQL 12 and later, in an UTF-8 database. What differs from DuckDB, whose meaning all
// printers keep:
//
// - Texts compare by bytes: every text column is given COLLATE "C" where it enters the query.
// - Upper and lower case are of single characters, as in Unicode's simple mappings: ICU's own are
//   of whole texts, so what it would do otherwise (İ, Σ, ß, ligatures) is kept from it.
// - Infinite dates have no parts and no distances.
// - A number beyond a double's range is an error here, and infinity there.
#include <fmt/format.h>

#include "compile/dialect.hpp"
#include "compile/regex.hpp"
#include "core/quote.hpp"
#include "core/words.hpp"

namespace rollcall::compile {

namespace {

constexpr size_t kLongestName = 63;  // bytes: PostgreSQL cuts off what is beyond

// Long names would be cut and might then be one: they end with a digest of the whole.
std::string short_name(std::string_view name) {
  if (name.size() <= kLongestName) return std::string(name);
  uint64_t digest = 14695981039346656037U;  // FNV-1a
  for (const char c : name) digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211U;
  size_t kept = kLongestName - 17;
  while (kept > 0 && (static_cast<unsigned char>(name[kept]) & 0xc0) == 0x80) --kept;
  return fmt::format("{}~{:016x}", name.substr(0, kept), digest);
}

class PostgresPrinter : public Printer {
 public:
  std::string identifier(std::string_view name) const override {
    return quoted(short_name(name), '"');
  }
  std::string inlined() const override { return "NOT MATERIALIZED "; }

  std::string column(const std::string& value, const ColumnInfo& info) const override {
    switch (info.type) {
      case FieldType::text:
        return info.native == "bytea" ? bytewise(fmt::format("encode({}, 'hex')", value))
                                      : bytewise(fmt::format("CAST({} AS text)", value));
      case FieldType::number:
        // One of 32 bits by its own shortest digits.
        return info.native == "real" ? cast(fmt::format("CAST({} AS text)", value), info.type)
                                     : value;
      case FieldType::decimal:
        return info.native == "money" ? cast(value, info.type) : value;
      case FieldType::integer:
        return info.native == "oid" ? cast(value, info.type) : value;
      case FieldType::boolean:
      case FieldType::date:
      case FieldType::timestamp:
      case FieldType::list:
      case FieldType::object:
      case FieldType::json:
        break;
    }
    return value;
  }

  std::string lower(const std::string& value) const override {
    return bytewise(fmt::format("lower(translate({}, 'İΣ', 'iσ') COLLATE \"und-x-icu\")", value));
  }
  std::string is_blank(const std::string& value) const override {
    return fmt::format("coalesce({} !~ '[^ \\t\\n\\v\\f\\r]', TRUE)", value);
  }
  std::string contains(const std::string& value, const std::string& part) const override {
    return fmt::format("(strpos({}, {}) > 0)", value, part);
  }
  std::string ends_with(const std::string& value, const std::string& part) const override {
    return fmt::format("(right({0}, length({1})) = {1})", value, part);
  }
  Result<std::string> matches(const std::string& value, const std::string& pattern,
                              bool ignore_case) const override {
    // ICU knows the case of letters beyond ASCII. (?: keeps it a plain expression.
    const std::string printed = text("(?:" + TRY(portable_regex(pattern)) + ")");
    return ignore_case ? fmt::format("({} COLLATE \"und-x-icu\" ~* {})", value, printed)
                       : fmt::format("({} ~ {})", value, printed);
  }

  std::string list_has_text(const std::string& list, const ColumnInfo&,
                            const std::string& value) const override {
    return fmt::format("({} COLLATE \"C\" = ANY (CAST({} AS text[])))", value, list);
  }
  std::string list_has_number(const std::string& list, const ColumnInfo&,
                              const std::string& value) const override {
    // What is no number is none, and no error.
    return fmt::format(
        "EXISTS (SELECT 1 FROM unnest(CAST({} AS text[])) AS e(v) WHERE CASE WHEN v ~ "
        "'^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{{1,3}})? *$' THEN round(CAST(v AS "
        "numeric), 9) = {} ELSE FALSE END)",
        list, value);
  }
  std::string list_length(const std::string& list) const override {
    return fmt::format("cardinality({})", list);
  }

  std::string utc_from_zone(const std::string& zoneless, std::string_view zone) const override {
    if (zone == "UTC") return zoneless;
    return fmt::format("timezone('UTC', timezone({}, CAST({} AS timestamp)))", text(zone),
                       zoneless);
  }
  std::string utc_from_zoned(const std::string& zoned) const override {
    return fmt::format("timezone('UTC', {})", zoned);
  }
  std::string zone_from_utc(const std::string& utc, std::string_view zone) const override {
    if (zone == "UTC") return utc;
    return fmt::format("timezone({}, timezone('UTC', CAST({} AS timestamp)))", text(zone), utc);
  }
  std::string plus(const std::string& moment, const Duration& duration,
                   bool is_date) const override {
    const bool minus = duration.count < 0;
    const uint64_t count =
        minus ? 0 - static_cast<uint64_t>(duration.count) : static_cast<uint64_t>(duration.count);
    const std::string sum = fmt::format("{} {} INTERVAL '{} {}s'", moment, minus ? "-" : "+", count,
                                        singular(duration.unit));
    return is_date ? "CAST(" + sum + " AS date)" : "(" + sum + ")";
  }
  std::string anniversary(const std::string& date, const std::string& today,
                          int years_later) const override {
    return fmt::format(
        "(CASE WHEN isfinite({0}) THEN CAST({0} + make_interval(years => CAST(extract(year FROM "
        "{1}) - extract(year FROM {0}){2} AS integer)) AS date) END)",
        date, today, years_later ? fmt::format(" + {}", years_later) : "");
  }
  std::string part_of_date(std::string_view part, const std::string& date) const override {
    return fmt::format("(CASE WHEN isfinite({1}) THEN CAST(extract({0} FROM {1}) AS bigint) END)",
                       part, date);
  }
  std::string days_between(const std::string& from, const std::string& to) const override {
    return fmt::format(
        "(CASE WHEN isfinite({0}) AND isfinite({1}) THEN CAST({1} - {0} AS bigint) END)", from, to);
  }
  std::string years_between(const std::string& from, const std::string& to) const override {
    // Whole months first. The last day of a month is its end, whatever its number: who was born on
    // the 29th of February is a year older on the 28th.
    return fmt::format(
        "(SELECT CASE WHEN f <= t THEN 1 ELSE -1 END * CAST(trunc((12 * (extract(year FROM b) - "
        "extract(year FROM a)) + extract(month FROM b) - extract(month FROM a) - CASE WHEN "
        "extract(day FROM b) < extract(day FROM a) AND extract(day FROM b + 1) <> 1 THEN 1 ELSE 0 "
        "END) / 12) AS bigint) FROM (SELECT f, t, least(f, t) AS a, greatest(f, t) AS b FROM "
        "(SELECT {} AS f, {} AS t) AS ft) AS ab WHERE isfinite(f) AND isfinite(t))",
        from, to);
  }

  std::string value_of_first(const std::string& value, const std::string& key,
                             const ColumnInfo& info) const override {
    // Arrays of several lengths cannot be gathered in one: their texts can.
    if (info.type != FieldType::list)
      return fmt::format("(array_agg({0} ORDER BY {1}, {0}))[1]", value, key);
    return fmt::format("CAST((array_agg(CAST({0} AS text) ORDER BY {1}, {0}))[1] AS {2})", value,
                       key, info.native);
  }

  std::string function(std::string_view name,
                       const std::vector<std::string>& arguments) const override {
    if (name == "upper") {
      // Character by character where one would become several.
      return bytewise(fmt::format(
          "(SELECT CASE WHEN length(u) = length(v) THEN u ELSE (SELECT string_agg(CASE WHEN "
          "length(upper(c COLLATE \"und-x-icu\")) = 1 THEN upper(c COLLATE \"und-x-icu\") ELSE c "
          "END, '' ORDER BY n) FROM regexp_split_to_table(v, '') WITH ORDINALITY AS s(c, n)) END "
          "FROM (SELECT v, upper(v COLLATE \"und-x-icu\") AS u FROM (SELECT translate({}, 'ß', "
          "'ẞ') AS v) AS vs) AS us)",
          arguments[0]));
    }
    if (name == "trim") return fmt::format("btrim({}, '{}')", arguments[0], kSpaces);
    if (name == "left" || name == "right")
      return fmt::format("{}({}, CAST({} AS integer))", name, arguments[0], arguments[1]);
    if (name == "round") {
      // Halves go away from zero; what has no fraction left stays as it is.
      const std::string digits = arguments.size() == 2 ? arguments[1] : "0";
      return fmt::format(
          "(SELECT CASE WHEN d >= 0 AND abs(x) >= 1e15 THEN x WHEN d >= 0 THEN r / p ELSE r * p "
          "END FROM "
          "(SELECT x, d, p, trunc(y) + CASE WHEN abs(y - trunc(y)) >= 0.5 THEN sign(y) ELSE 0 END "
          "AS r FROM (SELECT x, d, p, CASE WHEN d >= 0 THEN x * p ELSE x / p END AS y FROM (SELECT "
          "x, d, power(CAST(10 AS double precision), abs(d)) AS p FROM (SELECT {} AS x, "
          "greatest(least({}, 15), -15) AS d) AS xd) AS xdp) AS xdpy) AS xdpr)",
          arguments[0], digits);
    }
    return Printer::function(name, arguments);
  }

  std::string text_of(const std::string& value, FieldType type) const override {
    if (type == FieldType::number)  // 5.0 and nan, as DuckDB writes them
      return bytewise(fmt::format(
          "(SELECT CASE WHEN v ~ '^-?[0-9]+$' THEN v || '.0' WHEN v ~ '[NI]' THEN "
          "replace(lower(v), 'inity', '') ELSE v END FROM (SELECT CAST({} AS text) AS v) AS s)",
          value));
    if (type == FieldType::list)
      return bytewise(fmt::format("('[' || array_to_string({}, ', ', 'NULL') || ']')", value));
    return bytewise(fmt::format("CAST({} AS text)", value));
  }

 private:
  TypeNames type_names() const override {
    return {.boolean = "boolean",
            .integer = "bigint",
            .number = "double precision",
            .decimal = "numeric",
            .date = "date",
            .timestamp = "timestamp",
            .text = "text"};
  }
  static std::string bytewise(const std::string& value) {
    return fmt::format("({} COLLATE \"C\")", value);
  }
};

}  // namespace

const Printer& postgres_printer() {
  static const PostgresPrinter kPrinter;
  return kPrinter;
}

}  // namespace rollcall::compile
