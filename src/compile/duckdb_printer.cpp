#include <fmt/format.h>

#include "compile/dialect.hpp"

namespace rollcall::compile {
namespace {

std::string doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    // No literal holds a zero byte; what follows one would be cut off by a driver.
    if (c != '\0') out += c;
  }
  return out + quote;
}

std::string unit_of(Duration::Unit unit) {
  switch (unit) {
    case Duration::Unit::minutes: return "MINUTE";
    case Duration::Unit::hours: return "HOUR";
    case Duration::Unit::days: return "DAY";
    case Duration::Unit::weeks: return "WEEK";
    case Duration::Unit::months: return "MONTH";
    case Duration::Unit::years: return "YEAR";
  }
  return "DAY";
}

class DuckdbPrinter : public Printer {
 public:
  std::string identifier(std::string_view name) const override { return doubled(name, '"'); }
  std::string text(std::string_view value) const override { return doubled(value, '\''); }
  std::string inlined() const override { return "NOT MATERIALIZED "; }
  std::string lower(const std::string& value) const override { return "lower(" + value + ")"; }
  std::string contains(const std::string& value, const std::string& part) const override { return "contains(" + value + ", " + part + ")"; }
  std::string starts_with(const std::string& value, const std::string& part) const override { return "starts_with(" + value + ", " + part + ")"; }
  std::string ends_with(const std::string& value, const std::string& part) const override { return "ends_with(" + value + ", " + part + ")"; }
  std::string matches(const std::string& value, const std::string& pattern, bool ignore_case) const override {
    return "regexp_matches(" + value + ", " + pattern + (ignore_case ? ", 'i')" : ")");
  }
  std::string list_has(const std::string& list, const std::string& value) const override { return "list_contains(" + list + ", " + value + ")"; }
  std::string list_length(const std::string& list) const override { return "len(" + list + ")"; }
  std::string utc_from_zone(const std::string& zoneless, std::string_view zone) const override {
    return zone == "UTC" ? zoneless : "timezone('UTC', timezone(" + text(zone) + ", " + zoneless + "))";
  }
  std::string utc_from_zoned(const std::string& zoned) const override { return "timezone('UTC', " + zoned + ")"; }
  std::string zone_from_utc(const std::string& utc, std::string_view zone) const override {
    return zone == "UTC" ? utc : "timezone(" + text(zone) + ", timezone('UTC', " + utc + "))";
  }
  std::string timestamp(std::string_view literal) const override { return "TIMESTAMP " + text(literal); }
  std::string date(std::string_view literal) const override { return "DATE " + text(literal); }
  std::string date_of(const std::string& moment) const override { return "CAST(" + moment + " AS DATE)"; }
  std::string plus(const std::string& moment, const Duration& duration, bool is_date) const override {
    const char* sign = duration.count < 0 ? "-" : "+";
    const uint64_t count = duration.count < 0 ? 0 - static_cast<uint64_t>(duration.count) : static_cast<uint64_t>(duration.count);
    const std::string sum = fmt::format("({} {} INTERVAL {} {})", moment, sign, count, unit_of(duration.unit));
    return is_date ? "CAST(" + sum + " AS DATE)" : sum;
  }
  std::string anniversary(const std::string& date, const std::string& today, int later) const override {
    return fmt::format("CAST(({0} + to_years(CAST(year({1}) - year({0}) + {2} AS INTEGER))) AS DATE)", date, today, later);
  }
  std::string cast(const std::string& expression, FieldType type) const override {
    const char* name = "VARCHAR";
    switch (type) {
      case FieldType::boolean: name = "BOOLEAN"; break;
      case FieldType::integer: name = "BIGINT"; break;
      case FieldType::number: name = "DOUBLE"; break;
      case FieldType::date: name = "DATE"; break;
      case FieldType::timestamp: name = "TIMESTAMP"; break;
      case FieldType::decimal:
      case FieldType::text:
      case FieldType::list:
      case FieldType::object: break;
    }
    return "CAST(" + expression + " AS " + name + ")";
  }
};

}  // namespace

const Printer& duckdb_printer() {
  static const DuckdbPrinter kPrinter;
  return kPrinter;
}

}  // namespace rollcall::compile
