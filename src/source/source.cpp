#include "source/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/source_kinds.hpp"
#include "source/kinds.hpp"
#include "source/limited.hpp"
#include "source/sql_text.hpp"

namespace rollcall::source {

namespace {

// "1500ms", "90s", "30m", "1h", "1d" as milliseconds.
std::optional<Millis> duration(const std::string& text) {
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  constexpr int64_t kMostMs = 24 * int64_t{86'400'000};  // PostgreSQL's own limit is 24.8 days
  constexpr size_t kMostDigits = 10;
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string::npos || digits > kMostDigits) return std::nullopt;
  for (const auto& [unit, ms] : kUnits)
    if (text.substr(digits) == unit) {
      const int64_t count = std::stoll(text.substr(0, digits));
      if (count > 0 && count <= kMostMs / ms) return Millis{count * ms};
    }
  return std::nullopt;
}

Result<Millis> statement_timeout(const Source& source) {
  const std::string given = option(source, "statement_timeout");
  if (const auto timeout = duration(given.empty() ? "1h" : given)) return *timeout;
  return Error{.kind = ErrorKind::invalid,
               .message = "option `statement_timeout` is `" + given + "`",
               .remedy = "Write 90s, 30m, 1h or 1d; 24d at most."};
}

using Opened = Result<std::unique_ptr<Connection>> (*)(const Source&, const OpenOptions&);
constexpr std::pair<std::string_view, Opened> kOpen[] = {
    {"duckdb", open_duckdb}, {"parquet", open_parquet},   {"csv", open_csv},
    {"delta", open_lake},    {"iceberg", open_lake},      {"sqlite", open_sqlite},
    {"mysql", open_mysql},   {"postgres", open_postgres}, {"trino", open_trino}};

// Refuses options the kind does not have, with the nearest right name.
Status check_options(const Source& source) {
  std::vector<std::string> known;
  for (const SourceOption& option : source_kind(source.kind).options)
    if (option.kind != SourceOption::Kind::secret) known.push_back(option.key);
  for (const auto& [name, value] : source.options) {
    const bool of_state = name == "state" || name == "state_schema";
    if (of_state || std::ranges::find(known, name) != known.end()) continue;
    return Error{.kind = ErrorKind::invalid,
                 .message = "a " + source.kind + " source has no option `" + name + "`" +
                            did_you_mean(name, known),
                 .remedy = "Its options are " + join(known, ", ") + "."};
  }
  return ok_status();
}

Result<std::unique_ptr<Connection>> open_limited(Opened opened, const Source& source,
                                                 OpenOptions options) {
  TRY(check_options(source));
  options.statement_timeout = TRY(statement_timeout(source));
  return limited(TRY(opened(source, options)));
}

}  // namespace

Result<std::unique_ptr<Connection>> open(const Source& source, const OpenOptions& options) {
  const std::string where = "source " + source.name;
  for (const auto& [name, opened] : kOpen)
    if (source.kind == name) return in_context(open_limited(opened, source, options), where);
  return Error{.kind = ErrorKind::invalid,
               .message = "there is no kind of source `" + source.kind + "`" +
                          did_you_mean(source.kind, source_kind_names()),
               .remedy = "Kinds are " + join(source_kind_names(), ", ") + "."}
      .in(where);
}

std::string option(const Source& source, const std::string& name) {
  const auto at = source.options.find(name);
  return at == source.options.end() ? std::string() : at->second;
}

Secret secret_option(const Source& source, const std::string& name) {
  const auto at = source.secrets.find(name);
  return at == source.secrets.end() ? Secret() : at->second;
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

bool same_name(std::string a, std::string b) {
  ascii_lower(a);
  ascii_lower(b);
  return a == b;
}

std::string some(const std::vector<std::string>& names) {
  constexpr size_t kShown = 20;
  const std::vector<std::string> first(names.begin(),
                                       names.begin() + std::min(names.size(), kShown));
  return join(first, ", ") +
         (names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

}  // namespace rollcall::source
