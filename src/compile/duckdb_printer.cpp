// DuckDB, whose meaning all printers keep. A column whose type is none of a field's is that type
// from where it enters the query on: what is shown as text is text, and a number of 32 bits is the
// one that its own shortest digits name.
#include <fmt/format.h>

#include "compile/dialect.hpp"
#include "core/words.hpp"

namespace rollcall::compile {

namespace {

// The name of a type with another for FLOAT, wherever it stands but in a field's name.
std::string with_floats_as(std::string_view type, std::string_view other) {
  constexpr std::string_view kFloat = "FLOAT";
  std::string out;
  bool in_name = false;
  for (size_t i = 0; i < type.size(); ++i) {
    if (type[i] == '"') in_name = !in_name;
    if (!in_name && type.substr(i).starts_with(kFloat)) {
      out += other;
      i += kFloat.size() - 1;
    } else {
      out += type[i];
    }
  }
  return out;
}

std::string keyword_of(Duration::Unit unit) {
  std::string out(singular(unit));
  for (char& c : out) c = static_cast<char>(c - 'a' + 'A');  // small letters all
  return out;
}

class DuckdbPrinter : public Printer {
 public:
  std::string inlined() const override { return "NOT MATERIALIZED "; }

  std::string column(const std::string& value, const ColumnInfo& info) const override {
    if (info.native.empty()) return value;
    switch (info.type) {
      case FieldType::text:
        return info.native == "BLOB" ? fmt::format("lower(hex({}))", value)
                                     : text_of(value, info.type);
      case FieldType::number:
      case FieldType::list:
      case FieldType::object:
      case FieldType::json:
        return fmt::format("CAST(CAST({} AS {}) AS {})", value,
                           with_floats_as(info.native, "VARCHAR"),
                           with_floats_as(info.native, "DOUBLE"));
      case FieldType::boolean:
      case FieldType::integer:
      case FieldType::decimal:
      case FieldType::date:
      case FieldType::timestamp:
        break;
    }
    return value;
  }

  std::string lower(const std::string& value) const override {
    return fmt::format("lower({})", value);
  }
  std::string is_blank(const std::string& value) const override {
    return fmt::format(R"(coalesce(regexp_full_match({}, '[\s\v]*'), TRUE))", value);
  }
  std::string contains(const std::string& value, const std::string& part) const override {
    return fmt::format("contains({}, {})", value, part);
  }
  std::string ends_with(const std::string& value, const std::string& part) const override {
    return fmt::format("ends_with({}, {})", value, part);
  }
  Result<std::string> matches(const std::string& value, const std::string& pattern,
                              bool ignore_case) const override {
    return fmt::format("regexp_matches({}, {}{})", value, text(pattern),
                       ignore_case ? ", 'i'" : "");
  }

  std::string list_has_text(const std::string& list, const ColumnInfo&,
                            const std::string& value) const override {
    return fmt::format("list_contains(CAST({} AS VARCHAR[]), {})", list, value);
  }
  std::string list_has_number(const std::string& list, const ColumnInfo&,
                              const std::string& value) const override {
    // Decimal, so that 5, 5.0 and '5' are one number and large ids keep every digit.
    return fmt::format("list_contains(TRY_CAST({} AS DECIMAL(38, 9)[]), {})", list, value);
  }
  std::string list_length(const std::string& list) const override {
    return fmt::format("len({})", list);
  }

  std::string utc_from_zone(const std::string& zoneless, std::string_view zone) const override {
    if (zone == "UTC") return zoneless;
    // timezone() knows no infinity and gives null for it.
    return fmt::format("coalesce(timezone('UTC', timezone({0}, CAST({1} AS TIMESTAMP))), {1})",
                       text(zone), zoneless);
  }
  std::string utc_from_zoned(const std::string& zoned) const override {
    return fmt::format("timezone('UTC', {})", zoned);
  }
  std::string zone_from_utc(const std::string& utc, std::string_view zone) const override {
    if (zone == "UTC") return utc;
    return fmt::format("coalesce(timezone({0}, timezone('UTC', CAST({1} AS TIMESTAMP))), {1})",
                       text(zone), utc);
  }
  std::string plus(const std::string& moment, const Duration& duration,
                   bool is_date) const override {
    const bool minus = duration.count < 0;
    const uint64_t count =
        minus ? 0 - static_cast<uint64_t>(duration.count) : static_cast<uint64_t>(duration.count);
    const std::string sum = fmt::format("{} {} INTERVAL {} {}", moment, minus ? "-" : "+", count,
                                        keyword_of(duration.unit));
    return is_date ? "CAST(" + sum + " AS DATE)" : "(" + sum + ")";
  }
  std::string anniversary(const std::string& date, const std::string& today,
                          int years_later) const override {
    return fmt::format("CAST({0} + to_years(CAST(year({1}) - year({0}){2} AS INTEGER)) AS DATE)",
                       date, today, years_later ? fmt::format(" + {}", years_later) : "");
  }
  std::string part_of_date(std::string_view part, const std::string& date) const override {
    return fmt::format("{}({})", part, date);
  }
  std::string days_between(const std::string& from, const std::string& to) const override {
    return fmt::format("date_diff('day', {}, {})", from, to);
  }
  std::string years_between(const std::string& from, const std::string& to) const override {
    return fmt::format("date_sub('year', {}, {})", from, to);
  }

  std::string value_of_first(const std::string& value, const std::string& key,
                             const ColumnInfo&) const override {
    return fmt::format("arg_min_null({0}, row({1}, {0}))", value, key);
  }

  std::string text_of(const std::string& expression, FieldType) const override {
    return fmt::format("CAST({} AS VARCHAR)", expression);
  }

 private:
  TypeNames type_names() const override {
    return {.boolean = "BOOLEAN",
            .integer = "BIGINT",
            .number = "DOUBLE",
            .decimal = "VARCHAR",
            .date = "DATE",
            .timestamp = "TIMESTAMP",
            .text = "VARCHAR"};
  }
};

}  // namespace

const Printer& duckdb_printer() {
  static const DuckdbPrinter kPrinter;
  return kPrinter;
}

}  // namespace rollcall::compile
