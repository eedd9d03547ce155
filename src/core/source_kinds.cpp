#include "core/source_kinds.hpp"

#include <algorithm>

namespace rollcall {
namespace {

std::vector<SourceKind> all_kinds() {
  using K = SourceOption::Kind;
  // Of an object store that a `path` may lead to.
  const std::vector<SourceOption> store = {{"region", K::text},
                                           {"endpoint", K::text},
                                           {"access_key_id", K::text},
                                           {"secret_access_key", K::secret},
                                           {"session_token", K::secret}};
  const auto with_store = [&](std::vector<SourceOption> options) {
    options.insert(options.end(), store.begin(), store.end());
    return options;
  };
  std::vector<SourceKind> out = {
      {.name = "csv",
       .options = with_store({{"path", K::path, true},
                              {"union_by_name", K::flag},
                              {"hive", K::flag},
                              {"skip", K::lines},
                              {"comment", K::text},
                              {"null_padding", K::flag},
                              {"header", K::flag},
                              {"delimiter", K::text},
                              {"quote", K::text},
                              {"escape", K::text},
                              {"encoding", K::text},
                              {"date_format", K::text},
                              {"timestamp_format", K::text},
                              {"decimal", K::text},
                              {"nulls", K::text},
                              {"types", K::text, false, {"detect", "text"}},
                              {"sample", K::sample}}),
       .of_files = true,
       .of_texts = true},
      {.name = "delta", .options = with_store({{"path", K::path, true}})},
      {.name = "duckdb",
       .options = {{"path", K::path, true}, {"schema", K::text}, {"files", K::path}},
       .names_are_parted = true},
      {.name = "iceberg", .options = with_store({{"path", K::path, true}})},
      {.name = "mysql",
       .options = {{"host", K::text, true},
                   {"port", K::port},
                   {"database", K::text, true},
                   {"user", K::text, true},
                   {"password", K::secret},
                   {"ssl_mode",
                    K::text,
                    false,
                    {"disabled", "preferred", "required", "verify_ca", "verify_identity"}},
                   {"ssl_ca", K::path}}},
      {.name = "parquet",
       .options =
           with_store({{"path", K::path, true}, {"union_by_name", K::flag}, {"hive", K::flag}}),
       .of_files = true},
      {.name = "postgres",
       .options = {{"url", K::url},
                   {"host", K::text},
                   {"port", K::port},
                   {"database", K::text},
                   {"schema", K::text},
                   {"user", K::text},
                   {"password", K::secret},
                   {"sslmode",
                    K::text,
                    false,
                    {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
                   {"sslrootcert", K::path}},
       .dialect = Dialect::postgres,
       .names_are_parted = true,
       .keeps_state = true},
      {.name = "sqlite", .options = {{"path", K::path, true}}},
      {.name = "trino",
       .options = {{"url", K::url, true},
                   {"user", K::text, true},
                   {"password", K::secret},
                   {"token", K::secret},
                   {"catalog", K::text},
                   {"schema", K::text},
                   {"ca_file", K::path}},
       .dialect = Dialect::trino,
       .names_are_parted = true,
       .keeps_state = true},
  };
  for (SourceKind& kind : out) kind.options.push_back({"statement_timeout", K::span});
  return out;
}

}  // namespace

const std::vector<SourceKind>& source_kinds() {
  static const std::vector<SourceKind> all = all_kinds();
  return all;
}

const SourceKind& source_kind(std::string_view name) {
  static const SourceKind none;
  const auto& all = source_kinds();
  const auto found = std::ranges::find(all, name, &SourceKind::name);
  return found == all.end() ? none : *found;
}

std::vector<std::string> source_kind_names() {
  std::vector<std::string> out;
  for (const SourceKind& kind : source_kinds()) out.push_back(kind.name);
  return out;
}

}  // namespace rollcall
