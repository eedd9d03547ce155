// The expression language of computed fields: fields, numbers, 'texts', + - * / ||, comparisons, and a
// few functions. Read into a tree, typed, and printed by the dialect; never pasted into SQL.
//
//   first_name || ' ' || last_name          coalesce(nickname, first_name)
//   round(total / 100, 2)                   upper(substring_before(email, '@')) is refused: no such function
//
// Functions: lower upper trim length coalesce round abs floor ceil concat if.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/base.hpp"
#include "compile/dialect.hpp"
#include "core/rows.hpp"

namespace rollcall::compile {

struct Typed {
  std::string sql;
  FieldType type = FieldType::text;
};

// `field`: the SQL and type of a field by name. Errors name the column in the formula (from 1).
Result<Typed> print_formula(std::string_view formula, const Printer& printer,
                            const std::function<Result<Typed>(const std::string& name)>& field);
// The fields a formula names.
Result<std::vector<std::string>> fields_in_formula(std::string_view formula);

}  // namespace rollcall::compile
