#include "source/source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "source/kinds.hpp"
#include "source/sql_text.hpp"

namespace rollcall::source {

const std::vector<std::string>& kinds() {
  static const std::vector<std::string> all = {"duckdb", "parquet", "csv", "postgres"};
  return all;
}

Result<std::unique_ptr<Connection>> open(const Source& source, const OpenOptions& options) {
  const std::string where = "source " + source.name;
  if (source.kind == "duckdb") return in_context(open_duckdb(source, options), where);
  if (source.kind == "parquet" || source.kind == "csv")
    return in_context(open_files(source, options), where);
  if (source.kind == "postgres") return in_context(open_postgres(source, options), where);
  return Error{.kind = ErrorKind::invalid,
               .message = "there is no kind of source `" + source.kind + "`" +
                          did_you_mean(source.kind, kinds()),
               .remedy = "Kinds are " + join(kinds(), ", ") + "."}
      .in(where);
}

Status check_options(const Source& source, const std::vector<std::string>& known) {
  for (const auto& [name, value] : source.options) {
    bool found = false;
    for (const std::string& one : known) found |= one == name;
    if (!found)
      return Error{.kind = ErrorKind::invalid,
                   .message = "a " + source.kind + " source has no option `" + name + "`" +
                              did_you_mean(name, known),
                   .remedy = "Its options are " + join(known, ", ") + "."};
  }
  return ok_status();
}

std::string option(const Source& source, const std::string& name) {
  const auto at = source.options.find(name);
  return at == source.options.end() ? std::string() : at->second;
}

Result<std::optional<bool>> switch_option(const Source& source, const std::string& name) {
  const std::string value = option(source, name);
  if (value.empty()) return std::optional<bool>();
  if (value == "true") return std::optional(true);
  if (value == "false") return std::optional(false);
  return Error{.kind = ErrorKind::invalid,
               .message = "option `" + name + "` is `" + value + "`",
               .remedy = "Write true or false."};
}

std::string as_subquery(std::string_view sql) {
  std::string_view text = trim(sql);
  while (text.ends_with(';')) text = trim(text.substr(0, text.size() - 1));
  return std::string(text);
}

std::string some(const std::vector<std::string>& names) {
  constexpr size_t kShown = 20;
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + std::min(names.size(), kShown));
  return join(first, ", ") +
         (names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

}  // namespace rollcall::source
