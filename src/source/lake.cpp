// Kinds `delta` and `iceberg`: tables that are folders of files and a history, read by DuckDB's
// extensions. A table is read as of the version that was the newest when it was first named.
#include <fmt/format.h>

#include <set>

#include "source/kinds.hpp"
#include "source/place.hpp"
#include "source/views.hpp"

namespace rollcall::source {

namespace {

namespace fs = std::filesystem;

class LakeConnection : public ViewsConnection {
 public:
  LakeConnection(Place place, bool delta) : place_(std::move(place)), delta_(delta) {}

  Result<std::vector<std::string>> tables() override {
    std::error_code ignored;
    if (fs::is_directory(fs::path(place_.root) / mark(), ignored))
      return std::vector<std::string>{place_.last()};
    return names();
  }

 private:
  Result<std::vector<std::string>> selects_of(const std::string& table) override {
    std::vector<std::string> folders;
    if (table == place_.last()) folders.push_back(place_.root);
    folders.push_back(TRY(place_.below(table)));
    using Selects = std::vector<std::string>;
    if (has_pattern(table)) return Selects{};
    for (const std::string& folder : folders)
      if (std::string select = TRY(delta_ ? delta(folder) : iceberg(folder)); !select.empty())
        return Selects{std::move(select)};
    return Selects{};
  }

  // Of the newest version; empty when the folder is no table.
  Result<std::string> delta(const std::string& folder) {
    const auto newest =
        TRY(texts("SELECT coalesce(max(regexp_extract(file, '/([0-9]{20})\\.json$', 1)), '') "
                  "FROM glob(" +
                  duck::literal(folder + "/_delta_log/*.json") + ")"));
    constexpr size_t kDigits = 20;
    const std::string version = newest.empty() ? "" : newest[0];
    if (version.size() != kDigits) return std::string();
    const size_t first = std::min(version.find_first_not_of('0'), kDigits - 1);
    return fmt::format("SELECT * FROM delta_scan({}, version = {})", duck::literal(folder),
                       version.substr(first));
  }

  // The newest metadata is what a hint names, or else the file with the highest number.
  Result<std::string> iceberg(const std::string& folder) {
    const std::string metadata = folder + "/metadata/";
    // The hint is looked for as a pattern: it may not be there.
    const auto newest = TRY(texts(fmt::format(
        "WITH hint AS (SELECT trim(content, E' \\r\\n\\t') AS name FROM read_text({})), "
        "found AS (SELECT file, TRY_CAST(regexp_extract(file, "
        "'/v?([0-9]+)[^/]*\\.metadata\\.json$', 1) AS BIGINT) AS number FROM glob({})) "
        "SELECT coalesce(arg_max(file, number), '') FROM found WHERE NOT EXISTS (FROM hint) OR "
        "number = (SELECT TRY_CAST(name AS BIGINT) FROM hint)",
        duck::literal(metadata + "version-hint.tex[t]"),
        duck::literal(metadata + "*.metadata.json"))));
    if (newest.empty() || newest[0].empty()) return std::string();
    return "SELECT * FROM iceberg_scan(" + duck::literal(newest[0]) + ")";
  }

  // Of a folder that holds one.
  [[nodiscard]] std::string mark() const { return delta_ ? "_delta_log" : "metadata"; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::set<std::string> there;
    std::error_code ignored;
    for (const auto& [name, folder] : place_.entries())
      if (folder && fs::is_directory(fs::path(place_.root) / name / mark(), ignored))
        there.insert(name);
    return {there.begin(), there.end()};
  }

  Error no_table(const std::string& table) override {
    const std::vector<std::string> names = this->names();
    return {
        .kind = ErrorKind::not_found,
        .message = fmt::format("there is no {} table `{}` in {}{}", delta_ ? "Delta" : "Iceberg",
                               table, place_.root, did_you_mean(table, names)),
        .remedy = names.empty() ? "A table is a folder that holds " + mark() + "/."
                                : "Tables: " + some(names) + "."};
  }

  Place place_;
  bool delta_;
};

}  // namespace

Result<std::unique_ptr<Connection>> open_lake(const Source& source, const OpenOptions& options) {
  const Place place = TRY(place_of(source, {}));
  if (!place.is_folder)
    return Error{.kind = ErrorKind::invalid,
                 .message = place.root + " is no folder",
                 .remedy = "Name the folder of a table, or one of several tables."};
  const bool delta = source.kind == "delta";
  ViewsConnection::Needs needs;
  if (delta)
    needs.extensions = {"delta"};
  else
    needs.extensions = {"avro", "iceberg"};
  needs.reachable = {place.fixed()};
  TRY(add_store(source, place, needs));
  auto connection = std::make_unique<LakeConnection>(place, delta);
  TRY(connection->open(needs, options));
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace rollcall::source
