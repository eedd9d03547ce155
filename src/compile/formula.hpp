// The expression language of computed fields. It is read into tokens, typed, and printed by the
// dialect; nothing of its text reaches SQL unread.
//
//   concat(first_name, ' ', last_name)        round(lifetime_value / order_count, 2)
//   if(country = 'FR' or zip is null, 'home', 'abroad')         years_since(birth_date)
//
// Values     fields by name ("in double quotes" where the name is no word), 12, 12.5, true, false,
//            'text' (a quote is doubled)
// Operators  or, and, not; = <> != < <= > >=, is null, is not null; ||; + -; * /; unary -; ( )
//            / always divides with a fraction, and gives null for a division by 0. || joins what is
//            not text as text. As in SQL, what is reckoned with a null is null.
// Functions  lower upper trim length(text)  left(text, n) right(text, n) replace(text, from, to)
//            concat(…): joins, passing over nulls
//            abs floor ceil(number)  round(number) round(number, digits)
//            coalesce(…): the first that is no null  nullif(a, b)  if(condition, then, else)
//            year month day(date or time)
//            days_since years_since(date or time): until the run's day
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "compile/dialect.hpp"
#include "core/rows.hpp"

namespace rollcall::compile {

// A printed expression.
struct Typed {
  std::string sql;
  FieldType type = FieldType::text;
};

struct FormulaContext {
  const Printer& printer;
  std::string today;  // printed
  std::string zone;   // of the model: the zone of its days
  // A field by name, printed.
  std::function<Result<Typed>(const std::string& name)> field;
};

// Errors (invalid) name the column in the formula, from 1.
Result<Typed> print_formula(std::string_view formula, const FormulaContext& context);
// The fields a formula names.
Result<std::vector<std::string>> fields_in_formula(std::string_view formula);

bool is_number(FieldType type);

}  // namespace rollcall::compile
