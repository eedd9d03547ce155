#include "state/local/database.hpp"

#include <fmt/format.h>

namespace rollcall::state::local {
namespace {

// Two million people with five attributes fit; the process holds as much beside it.
constexpr int64_t kWorkMemoryMb = 144;
constexpr int64_t kPlentyMb = 1024;

}  // namespace

Result<std::unique_ptr<duck::Database>> open_work_database(const std::filesystem::path& path) {
  auto database = TRY(duck::Database::open(path, {.memory_limit_mb = kWorkMemoryMb}));
  // It lives as long as the run: packing it would take longer than it saves. Ledgers are never
  // changed: what their files tell of themselves is read once.
  TRY(TRY(database->connect())
          ->run(
              "SET GLOBAL force_compression = 'uncompressed'; SET GLOBAL parquet_metadata_cache = "
              "true"));
  return database;
}

Status give_plenty(duck::Connection& work) {
  return work.run(fmt::format("SET GLOBAL memory_limit = '{}MB'", kPlentyMb));
}

}  // namespace rollcall::state::local
