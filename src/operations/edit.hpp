// One stored object at a time, as programs and the page have it: JSON with the keys of a catalog
// file, known by its uid. Secrets read `stored`, and so written stay what they are; nothing from the
// server's environment or files can be referred to.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "operations/world.hpp"

namespace rollcall::operations {

struct Object {
  catalog::Kind kind = catalog::Kind::source;
  std::string uid, name;
  std::string json;  // of an object
  std::string etag;  // another whenever it is; in double quotes, as HTTP has it
  bool archived = false;
};
// In the order of creation; archived activations only where they are asked for.
std::vector<Object> objects(const Stored& stored, catalog::Kind kind, bool archived = false);
// Errors: not_found.
Result<Object> object(const Stored& stored, catalog::Kind kind, const std::string& uid);

struct EditRequest {
  catalog::Kind kind = catalog::Kind::source;
  std::string uid = {};                            // empty: a new one
  std::string json;                                // the whole object; `uid` in it is of no meaning
  std::optional<std::string> etag = std::nullopt;  // only while this is the stored one's
  bool dry_run = false;
};
struct Edited {
  std::vector<catalog::Problem> problems;  // pointers begin at the object; then nothing was stored
  Object object = {};                      // as it is now; of a dry run without uid and etag
  std::string before = {};                 // its JSON before
  bool changed = false;
  std::vector<std::string> warnings = {};
};
// Errors: not_found; conflict (code `object_changed`: the etag is of an older one; `name_taken`);
// cancelled; those of the store.
Result<Edited> edit(const World& world, const EditRequest& request, const std::stop_token& stop);

// Ends it, unless others are made of it. An activation is archived: its list stays. Returns what
// it was. Errors: as above; conflict (code `object_in_use`, saying by whom).
Result<Object> remove(const World& world, catalog::Kind kind, const std::string& uid,
                      const std::optional<std::string>& etag);

// A segment under construction: `model` and `where` alone, `name` and what else a segment has where it has them. Errors:
// invalid, at its place.
Result<Segment> unsaved_segment(const Stored& stored, const std::string& json);
// A model under construction: `source`, and one of `table` and `sql`. With the `uid` of a stored one
// it stands for that, whatever its name. Errors: invalid, at its place.
Result<Model> unsaved_model(const Stored& stored, const std::string& json);

}  // namespace rollcall::operations
