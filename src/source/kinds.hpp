// The kinds of source there are, each opened from its options.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "source/source.hpp"

namespace rollcall::source {

Result<std::unique_ptr<Connection>> open_duckdb(const Source& source, const OpenOptions& options);
Result<std::unique_ptr<Connection>> open_parquet(const Source& source, const OpenOptions& options);
Result<std::unique_ptr<Connection>> open_csv(const Source& source, const OpenOptions& options);
// Delta and Iceberg.
Result<std::unique_ptr<Connection>> open_lake(const Source& source, const OpenOptions& options);
Result<std::unique_ptr<Connection>> open_sqlite(const Source& source, const OpenOptions& options);
Result<std::unique_ptr<Connection>> open_mysql(const Source& source, const OpenOptions& options);
Result<std::unique_ptr<Connection>> open_postgres(const Source& source, const OpenOptions& options);
Result<std::unique_ptr<Connection>> open_trino(const Source& source, const OpenOptions& options);

// The option's text, or nothing when it is missing or empty.
std::string option(const Source& source, const std::string& name);
// The secret of that name; empty when it is missing.
Secret secret_option(const Source& source, const std::string& name);
// true, false, or nothing when it is missing. Errors: another word.
Result<std::optional<bool>> switch_option(const Source& source, const std::string& name);

}  // namespace rollcall::source
