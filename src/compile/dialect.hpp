// What differs between engines, as a few printing functions. Identifiers and literals are quoted here,
// at the moment of printing, and nowhere else.
#pragma once

#include <string>
#include <string_view>

#include "core/model.hpp"
#include "core/rows.hpp"
#include "core/rule.hpp"

namespace rollcall::compile {

class Printer {
 public:
  virtual ~Printer() = default;
  [[nodiscard]] virtual std::string identifier(std::string_view name) const = 0;
  [[nodiscard]] virtual std::string text(std::string_view value) const = 0;
  // The name of a common table expression that is inlined, so that conditions reach the table below.
  [[nodiscard]] virtual std::string inlined() const = 0;  // printed after AS
  [[nodiscard]] virtual std::string lower(const std::string& text) const = 0;
  [[nodiscard]] virtual std::string contains(const std::string& text, const std::string& part) const = 0;
  [[nodiscard]] virtual std::string starts_with(const std::string& text, const std::string& part) const = 0;
  [[nodiscard]] virtual std::string ends_with(const std::string& text, const std::string& part) const = 0;
  // A regular expression that matches anywhere in the text.
  [[nodiscard]] virtual std::string matches(const std::string& text, const std::string& pattern, bool ignore_case) const = 0;
  [[nodiscard]] virtual std::string list_has(const std::string& list, const std::string& value) const = 0;
  [[nodiscard]] virtual std::string list_length(const std::string& list) const = 0;
  // Within SQL every timestamp is a zoneless one in UTC. A zoneless column is in the model's zone.
  [[nodiscard]] virtual std::string utc_from_zone(const std::string& zoneless, std::string_view zone) const = 0;
  [[nodiscard]] virtual std::string utc_from_zoned(const std::string& zoned) const = 0;
  [[nodiscard]] virtual std::string zone_from_utc(const std::string& utc, std::string_view zone) const = 0;
  [[nodiscard]] virtual std::string timestamp(std::string_view literal) const = 0;  // "2026-01-02 03:04:05.000"
  [[nodiscard]] virtual std::string date(std::string_view literal) const = 0;       // "2026-01-02"
  [[nodiscard]] virtual std::string date_of(const std::string& timestamp) const = 0;
  // Plus (or minus, for a negative count) so many units; of a timestamp, or of a date where whole days.
  [[nodiscard]] virtual std::string plus(const std::string& moment, const Duration& duration, bool is_date) const = 0;
  // This year's (plus `later` years) return of a date; the 29th of February returns on the 28th.
  [[nodiscard]] virtual std::string anniversary(const std::string& date, const std::string& today, int later) const = 0;
  [[nodiscard]] virtual std::string cast(const std::string& expression, FieldType type) const = 0;
};

const Printer& duckdb_printer();

}  // namespace rollcall::compile
