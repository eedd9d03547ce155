#include "segment/header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "segment/segment.hpp"

namespace rollcall::segment {

namespace {

bool holds(const source::TopLine& line, const std::string& column) {
  return std::any_of(line.cells.begin(), line.cells.end(), [&](const std::string& cell) {
    return is_column(std::string(trim(cell)), column);
  });
}

std::string read_as(const source::Look& look) {
  return fmt::format("{}, line {} was read as {}", look.first_file, look.top[0].number,
                     look.header ? "the header" : "data, and no line as the header");
}

bool is_right(const source::Look& look, const std::vector<std::string>& needed) {
  return look.header && std::any_of(needed.begin(), needed.end(), [&](const std::string& column) {
           return holds(look.top[0], column);
         });
}

std::optional<Error> header_below(const source::Look& look,
                                  const std::vector<std::string>& needed) {
  if (look.top.empty() || is_right(look, needed)) return std::nullopt;
  for (size_t i = 1; i < look.top.size(); ++i)
    for (const std::string& column : needed)
      if (holds(look.top[i], column))
        return Error{
            .kind = ErrorKind::invalid,
            .message = fmt::format("{}, and line {} has the column `{}`", read_as(look),
                                   look.top[i].number, column),
            .remedy = fmt::format("Write `skip: {}` at the source.", look.top[i].number - 1)};
  return std::nullopt;
}

std::string header_remedy(const source::Look& look) {
  const int64_t line = look.top[0].number;
  std::string out = fmt::format("If that line is a title, write `skip: {}` at the source; ", line);
  out += look.header ? "if the file has no header, write `header: false`, and its columns are "
                       "`column0`, `column1` and so on."
                     : "if it is the header, write `header: true`. The columns of a file without "
                       "one are `column0`, `column1` and so on: name them as the `column` of the "
                       "model's fields.";
  if (line > 1) out += " If the header stands before it, make `skip` smaller.";
  return out;
}

Error no_column(const source::Look& look, const std::vector<std::string>& needed,
                const std::string& missing) {
  std::vector<std::string> names;
  for (const std::string& cell : look.top[0].cells) names.emplace_back(trim(cell));
  return {.kind = ErrorKind::invalid,
          .message = fmt::format("there is no column `{}`{}: {}", missing,
                                 look.header ? did_you_mean(missing, names) : "", read_as(look)),
          .remedy =
              is_right(look, needed) ? "Columns: " + join(names, ", ") + "." : header_remedy(look)};
}

}  // namespace

std::vector<std::string> needed_of(const Catalog& catalog, const Model& model,
                                   const std::vector<std::string>& reached,
                                   const std::vector<std::string>& wanted) {
  std::vector<std::string> out;
  if (!model.fields.empty()) {
    for (const Field& field : model.fields)
      out.push_back(field.column.empty() ? field.name : field.column);
    return out;
  }
  const auto add = [&](const std::string& field) {
    const bool computed = std::any_of(model.computed.begin(), model.computed.end(),
                                      [&](const ComputedField& one) { return one.name == field; });
    if (!field.empty() && !computed) out.push_back(field);
  };
  const auto is_reached = [&](const std::string& name) {
    return std::find(reached.begin(), reached.end(), name) != reached.end();
  };
  add(model.primary_key);
  for (const Model& one : catalog.models) {
    if (!is_reached(one.name)) continue;
    for (const Relation& relation : one.relations) {
      if (!is_reached(relation.model)) continue;
      if (one.name == model.name) add(relation.key);
      if (relation.model == model.name) add(relation.foreign_key);
      if (relation.through == model.name) {
        add(relation.through_key);
        add(relation.through_foreign_key);
      }
    }
  }
  for (const std::string& field : wanted) add(field);
  return out;
}

Status check_columns(const Model& model, const std::vector<std::string>& needed,
                     const std::vector<ColumnInfo>& columns,
                     const std::vector<source::Look>& looks) {
  const auto missing = std::find_if(needed.begin(), needed.end(), [&](const std::string& column) {
    return std::none_of(columns.begin(), columns.end(),
                        [&](const ColumnInfo& one) { return is_column(one.name, column); });
  });
  if (missing == needed.end()) return ok_status();
  for (const source::Look& look : looks) {
    if (look.top.empty() || (model.sql.empty() && look.table != model.table)) continue;
    if (auto below = header_below(look, needed)) return std::move(*below);
    if (model.sql.empty()) return no_column(look, needed, *missing);
  }
  return ok_status();
}

Error about_headers(Error error, const std::vector<std::string>& needed,
                    const std::vector<source::Look>& looks) {
  if (error.kind != ErrorKind::invalid) return error;
  for (const source::Look& look : looks) {
    if (look.top.empty() || is_right(look, needed)) continue;
    if (auto below = header_below(look, needed)) return std::move(*below);
    error.remedy += (error.remedy.empty() ? "" : " ") + read_as(look) + ". " + header_remedy(look);
  }
  return error;
}

}  // namespace rollcall::segment
