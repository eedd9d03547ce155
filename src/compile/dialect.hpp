// What differs between engines, as a few printing functions: a new engine is one file that
// implements them. Identifiers and literals are quoted here, at the moment of printing, and nowhere
// else.
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

class Printer {
 public:
  virtual ~Printer() = default;
  [[nodiscard]] virtual std::string identifier(std::string_view name) const = 0;
  [[nodiscard]] virtual std::string text(std::string_view value) const = 0;
  // Printed after AS where a common table expression only renames columns: conditions then reach
  // the table itself.
  [[nodiscard]] virtual std::string inlined() const = 0;

  // A source's own column as a value of its field's type, which every function here takes.
  [[nodiscard]] virtual std::string column(const std::string& value,
                                           const ColumnInfo& info) const = 0;

  [[nodiscard]] virtual std::string lower(const std::string& text) const = 0;
  // Null, or nothing but ASCII white space. Never null itself.
  [[nodiscard]] virtual std::string is_blank(const std::string& text) const = 0;
  [[nodiscard]] virtual std::string contains(const std::string& text,
                                             const std::string& part) const = 0;
  [[nodiscard]] virtual std::string starts_with(const std::string& text,
                                                const std::string& part) const = 0;
  [[nodiscard]] virtual std::string ends_with(const std::string& text,
                                              const std::string& part) const = 0;
  // A regular expression that matches anywhere in the text. The pattern is no literal yet. Errors:
  // one that this engine cannot be told.
  [[nodiscard]] virtual Result<std::string> matches(const std::string& text,
                                                    const std::string& pattern,
                                                    bool ignore_case) const = 0;

  // Whether a list holds a value that is written as a text, or is a number.
  [[nodiscard]] virtual std::string list_has_text(const std::string& list,
                                                  const std::string& value) const = 0;
  [[nodiscard]] virtual std::string list_has_number(const std::string& list,
                                                    const std::string& value) const = 0;
  [[nodiscard]] virtual std::string list_length(const std::string& list) const = 0;

  [[nodiscard]] virtual std::string utc_from_zone(const std::string& zoneless,
                                                  std::string_view zone) const = 0;
  [[nodiscard]] virtual std::string utc_from_zoned(const std::string& zoned) const = 0;
  [[nodiscard]] virtual std::string zone_from_utc(const std::string& utc,
                                                  std::string_view zone) const = 0;
  [[nodiscard]] virtual std::string timestamp(
      std::string_view literal) const = 0;  // 2026-01-02 03:04:05
  [[nodiscard]] virtual std::string date(std::string_view literal) const = 0;  // 2026-01-02
  [[nodiscard]] virtual std::string date_of(const std::string& timestamp) const = 0;
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

  // Aggregates. A sum of floating-point numbers depends on their order, and a run that finds
  // another last digit would send everybody anew: so the order is fixed.
  [[nodiscard]] virtual std::string sum_of_floats(std::string_view aggregate,
                                                  const std::string& value) const = 0;
  // The value (null or not) of the row with the smallest key; of several such, of the smallest
  // value.
  [[nodiscard]] virtual std::string value_of_first(const std::string& value, const std::string& key,
                                                   const ColumnInfo& info) const = 0;

  // The functions of formulas on texts and numbers: upper, trim, length, left, right, replace, abs,
  // floor, ceil, round.
  [[nodiscard]] virtual std::string function(std::string_view name,
                                             const std::vector<std::string>& arguments) const = 0;
  // To a type that is not text.
  [[nodiscard]] virtual std::string cast(const std::string& expression, FieldType type) const = 0;
  [[nodiscard]] virtual std::string text_of(const std::string& expression,
                                            FieldType type) const = 0;
};

const Printer& duckdb_printer();
const Printer& postgres_printer();

}  // namespace rollcall::compile
