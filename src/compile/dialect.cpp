#include "compile/dialect.hpp"

#include <fmt/format.h>

#include "core/quote.hpp"

namespace rollcall::compile {

std::string Printer::identifier(std::string_view name) const { return quoted(name, '"'); }

std::string Printer::text(std::string_view value) const { return quoted(value, '\''); }

std::string Printer::digits(std::string_view number) const { return std::string(number); }

std::string Printer::column(const std::string& value, const ColumnInfo&) const { return value; }

std::string Printer::compared(const std::string& left, std::string_view sign,
                              const std::string& right, FieldType) const {
  return fmt::format("{} {} {}", left, sign, right);
}

std::string Printer::starts_with(const std::string& value, const std::string& part) const {
  return fmt::format("starts_with({}, {})", value, part);
}

std::string Printer::timestamp(std::string_view literal) const {
  return "TIMESTAMP " + text(literal);
}

std::string Printer::date(std::string_view literal) const { return "DATE " + text(literal); }

std::string Printer::date_of(const std::string& timestamp) const {
  return cast(timestamp, FieldType::date);
}

std::string Printer::aggregate(Aggregate how, const std::string& value, FieldType type) const {
  const bool floats = type == FieldType::number;
  switch (how) {
    case Aggregate::count:
      return "count(" + value + ")";
    case Aggregate::count_distinct:
      return "count(DISTINCT " + value + ")";
    case Aggregate::min:
      return "min(" + value + ")";
    case Aggregate::max:
      return "max(" + value + ")";
    case Aggregate::sum:
      if (floats) return fmt::format("sum({0} ORDER BY {0})", value);
      return type == FieldType::integer ? cast("sum(" + value + ")", FieldType::integer)
                                        : "sum(" + value + ")";
    case Aggregate::avg:
      return floats ? fmt::format("avg({0} ORDER BY {0})", value)
                    : cast("avg(" + value + ")", FieldType::number);
  }
  return "count(*)";
}

std::string Printer::function(std::string_view name,
                              const std::vector<std::string>& arguments) const {
  return fmt::format("{}({})", name, join(arguments, ", "));
}

std::string Printer::null_if(const std::string& value, const std::string& other, FieldType) const {
  return fmt::format("nullif({}, {})", value, other);
}

std::string Printer::cast(const std::string& expression, FieldType type) const {
  const TypeNames names = type_names();
  const std::string_view name = type == FieldType::boolean     ? names.boolean
                                : type == FieldType::integer   ? names.integer
                                : type == FieldType::number    ? names.number
                                : type == FieldType::decimal   ? names.decimal
                                : type == FieldType::date      ? names.date
                                : type == FieldType::timestamp ? names.timestamp
                                                               : names.text;
  return fmt::format("CAST({} AS {})", expression, name);
}

}  // namespace rollcall::compile
