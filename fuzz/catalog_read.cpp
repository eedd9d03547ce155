// Enters catalog::read with any bytes. Beyond not crashing: what reads without problems is written,
// and what was written reads back the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "catalog/catalog.hpp"

using namespace rollcall;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  catalog::References references;
  references.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "UNSET") return std::nullopt;
    return "value of " + name;
  };
  references.file = [](const std::filesystem::path&) -> Result<std::string> {
    return std::string("text of a file\n");
  };
  references.folder = "/work";

  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const catalog::ReadResult first = catalog::read(text, {}, references);
  for (const catalog::Problem& problem : first.problems) {
    CHECK(problem.place.line >= 0);
    CHECK(is_utf8(catalog::to_text(problem, "fuzz.yaml")));
  }
  (void)catalog::read_rule(text);
  (void)catalog::segment_from_json(text);
  if (!first.problems.empty()) return 0;

  const std::string written = catalog::write(first.catalog);
  const catalog::ReadResult second = catalog::read(written, first.catalog, references);
  CHECK(second.problems.empty());
  CHECK(catalog::write(second.catalog) == written);
  const catalog::Comparison same = catalog::compare(first.catalog, second.catalog, true,
                                                    [](const std::string&) { return true; });
  for (const catalog::Difference& difference : same.differences)
    CHECK(difference.what == catalog::Difference::What::unchanged);
  return 0;
}
