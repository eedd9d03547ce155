// A catalog file brought into what is stored.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "operations/world.hpp"
#include "segment/segment.hpp"

namespace rollcall::operations {

struct ApplyRequest {
  std::string text = {};  // of the file
  catalog::References references = {};
  bool dry_run = false;  // says what would change, stores nothing
  bool prune = false;    // removes what the file does not name; activations are archived
  bool look_at_data =
      true;  // else it is held against what is stored alone, and no source is opened
};

struct Applied {
  std::vector<catalog::Problem> problems;  // of the file; where there are any nothing was stored
  catalog::Comparison comparison;
  std::vector<std::string> warnings;
  std::vector<segment::TypesFound> types;  // of the models of the file that lie over files
};

// The data are looked at, too (data_check.hpp), unless they are not to be, which a dry run alone
// may say. All is stored or nothing.
// Errors: cancelled; conflict (others kept changing the catalog); those of the store.
Result<Applied> apply(const World& world, const ApplyRequest& request, const std::stop_token& stop);

// "created", "changed", "not_in_file"… and, for what pruning ends, "removed" or "archived".
std::string what_became(const catalog::Difference& difference, bool prune);

// Whether storing it would change anything.
bool differs(const Applied& applied, bool prune);

nlohmann::ordered_json to_json(const Applied& applied, const ApplyRequest& request);

}  // namespace rollcall::operations
