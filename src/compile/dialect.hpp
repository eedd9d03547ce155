// What differs between engines, as a few printing functions: a new engine is one file that
// implements them; what most engines share stands in dialect.cpp. Identifiers and literals are
// quoted here, at the moment of printing, and nowhere else.
//
// Inside a query every timestamp is a zoneless one in UTC, whatever its column is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/model.hpp"
#include "core/rows.hpp"
#include "core/rule.hpp"

namespace rollcall::compile {

// What DuckDB's trim takes for a space: Unicode's space separators.
inline constexpr std::string_view kSpaces =
    " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
    "\u3000";

// An engine's names of the types that values are cast to; of the others, as they are: text.
struct TypeNames {
  std::string_view boolean, integer, number, decimal, date, timestamp, text;
};

class Printer {
 public:
  virtual ~Printer() = default;
  [[nodiscard]] virtual std::string identifier(std::string_view name) const;
  [[nodiscard]] virtual std::string text(std::string_view value) const;
  // A number that is written as digits, with a point or without.
  [[nodiscard]] virtual std::string digits(std::string_view number) const;
  // Printed after AS where a common table expression only renames columns: conditions then reach
  // the table itself.
  [[nodiscard]] virtual std::string inlined() const = 0;

  // A source's own column as a value of its field's type, which every function here takes.
  [[nodiscard]] virtual std::string column(const std::string& value, const ColumnInfo& info) const;

  // Two values of one type, compared by = <> < <= > or >=. NaN is equal to itself and greater than
  // any other number.
  [[nodiscard]] virtual std::string compared(const std::string& left, std::string_view sign,
                                             const std::string& right, FieldType type) const;

  [[nodiscard]] virtual std::string lower(const std::string& text) const = 0;
  // Null, or nothing but ASCII white space. Never null itself.
  [[nodiscard]] virtual std::string is_blank(const std::string& text) const = 0;
  [[nodiscard]] virtual std::string contains(const std::string& text,
                                             const std::string& part) const = 0;
  [[nodiscard]] virtual std::string starts_with(const std::string& text,
                                                const std::string& part) const;
  [[nodiscard]] virtual std::string ends_with(const std::string& text,
                                              const std::string& part) const = 0;
  // A regular expression that matches anywhere in the text. The pattern is no literal yet. Errors:
  // one that this engine cannot be told.
  [[nodiscard]] virtual Result<std::string> matches(const std::string& text,
                                                    const std::string& pattern,
                                                    bool ignore_case) const = 0;

  // Whether a list holds a value that is written as a text, or is a number.
  [[nodiscard]] virtual std::string list_has_text(const std::string& list, const ColumnInfo& info,
                                                  const std::string& value) const = 0;
  [[nodiscard]] virtual std::string list_has_number(const std::string& list, const ColumnInfo& info,
                                                    const std::string& value) const = 0;
  [[nodiscard]] virtual std::string list_length(const std::string& list) const = 0;

  [[nodiscard]] virtual std::string utc_from_zone(const std::string& zoneless,
                                                  std::string_view zone) const = 0;
  [[nodiscard]] virtual std::string utc_from_zoned(const std::string& zoned) const = 0;
  [[nodiscard]] virtual std::string zone_from_utc(const std::string& utc,
                                                  std::string_view zone) const = 0;
  [[nodiscard]] virtual std::string timestamp(
      std::string_view literal) const;                                     // 2026-01-02 03:04:05
  [[nodiscard]] virtual std::string date(std::string_view literal) const;  // 2026-01-02
  [[nodiscard]] virtual std::string date_of(const std::string& timestamp) const;
  // Plus, or minus for a negative count, so many units; of a date in whole days.
  [[nodiscard]] virtual std::string plus(const std::string& moment, const Duration& duration,
                                         bool is_date) const = 0;
  // The return of a date in the year of `today`, or so many years later; the 29th of February
  // returns on the 28th.
  [[nodiscard]] virtual std::string anniversary(const std::string& date, const std::string& today,
                                                int years_later) const = 0;
  // year, month or day of a date, as a whole number.
  [[nodiscard]] virtual std::string part_of_date(std::string_view part,
                                                 const std::string& date) const = 0;
  // Whole days from a date to another; whole years likewise, as ages are counted.
  [[nodiscard]] virtual std::string days_between(const std::string& from,
                                                 const std::string& to) const = 0;
  [[nodiscard]] virtual std::string years_between(const std::string& from,
                                                  const std::string& to) const = 0;

  // Of the related rows; `value` is * for count alone. A sum of floating-point numbers depends on
  // their order, and a run that finds another last digit would send everybody anew: so the order is
  // fixed.
  [[nodiscard]] virtual std::string aggregate(Aggregate how, const std::string& value,
                                              FieldType type) const;
  // The value (null or not) of the row with the smallest key; of several such, of the smallest
  // value.
  [[nodiscard]] virtual std::string value_of_first(const std::string& value, const std::string& key,
                                                   const ColumnInfo& info) const = 0;

  // The functions of formulas on texts and numbers: upper, trim, length, left, right, replace, abs,
  // floor, ceil, round.
  [[nodiscard]] virtual std::string function(std::string_view name,
                                             const std::vector<std::string>& arguments) const;
  // Null where the two are equal, else the first.
  [[nodiscard]] virtual std::string null_if(const std::string& value, const std::string& other,
                                            FieldType type) const;
  // To a type that is not text.
  [[nodiscard]] std::string cast(const std::string& expression, FieldType type) const;
  [[nodiscard]] virtual std::string text_of(const std::string& expression,
                                            FieldType type) const = 0;

 private:
  [[nodiscard]] virtual TypeNames type_names() const = 0;
};

const Printer& duckdb_printer();
const Printer& postgres_printer();
const Printer& trino_printer();

}  // namespace rollcall::compile
