// The project's fields: names, types, and what happens to a value that does not fit.
//
// A field comes into being with its first value, whose type it keeps for ever; nested names are
// dotted ("address.city"). Checking is separate from recording, so that a batch can be examined as
// a whole before any of it is applied. Not thread-safe: the caller holds the world's lock. Source:
// docs/facts/iterable.md, creating fields; types; names, limits, null, merging.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sim/identity.hpp"
#include "sim/json.hpp"

namespace sim {

enum class FieldType { string, long_, double_, boolean, date, object, geo_location };

// As getFields spells it.
std::string_view to_string(FieldType type);
std::optional<FieldType> parse_field_type(std::string_view text);

// Milliseconds since 1970 of a text the service recognises as a date; nothing otherwise. Notably
// "2020-04-13 14:04:09.000" (a space and a fraction) is not a date.
std::optional<int64_t> parse_date(std::string_view text);
// "2021-07-01 18:00:44 +00:00", the way every date comes back.
std::string format_date(int64_t ms);

using FieldId = uint32_t;

// What a registry refuses and what it lets through; see switches.hpp for the meaning of each.
struct FieldPolicy {
  bool numbers_are_exact = true;     // a long is refused where a double is expected, and back
  bool refuse_number_texts = true;   // a text of digits in a number field, a number in a text field
  bool refuse_mixed_arrays = true;   // an array's later values of another type than its first
  bool refuse_dotted_names = true;   // a literal dot in a key makes the row's data invalid
  int64_t limit = 1000;              // custom fields, nested ones included
  size_t value_length_max = 32'000;  // characters of one text
};

// The first value of a row that did not fit.
struct FieldConflict {
  std::string field;
  std::vector<std::string> incoming_types;
  FieldType expected = FieldType::string;
  Json offending;
};

class FieldRegistry {
 public:
  explicit FieldRegistry(ProjectType type);

  std::optional<FieldType> type_of(const std::string& dotted) const;
  // Adds a field (tests, side door, restored state). False if the name is taken by another type.
  bool add(const std::string& dotted, FieldType type);

  // Top-level fields have small numbers so that contacts need not repeat names.
  std::optional<FieldId> id_of(const std::string& top_level) const;
  const std::string& name_of(FieldId id) const { return names_[id]; }

  // All fields by dotted name, the service's own included. Order of creation.
  const std::vector<std::pair<std::string, FieldType>>& all() const { return all_; }
  int64_t custom_count() const { return custom_count_; }

 private:
  void add_own(const std::string& dotted, FieldType type);

  std::unordered_map<std::string, FieldType> types_;
  std::unordered_map<std::string, FieldId> ids_;
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, FieldType>> all_;
  int64_t custom_count_ = 0;
};

// One request's look at the registry: collects the fields it would create, so that two rows of a
// batch agree with each other as well as with the past.
class FieldCheck {
 public:
  // `registry` outlives the check.
  FieldCheck(const FieldRegistry& registry, const FieldPolicy& policy, bool create_new);

  enum class Verdict { fits, conflict, invalid };

  // Examines `fields` (an object) and rewrites it: unknown fields are dropped when nothing may be
  // created, dates become canonical. After a conflict nothing of this row counts as created.
  Verdict check(Json& fields);
  const FieldConflict& conflict() const { return conflict_; }

  // True if recording would pass the limit; custom_count() + created.
  bool is_over_limit() const;

  const std::vector<std::string>& created() const { return created_; }
  const std::vector<std::string>& filtered_out() const { return filtered_; }
  void commit(FieldRegistry& registry) const;

 private:
  enum class Fate { keep, drop, conflict, invalid };

  std::optional<FieldType> type_of(const std::string& dotted) const;
  void discard_created(size_t from);
  Fate visit(const std::string& path, std::string_view leaf, Json& value, bool top);
  Fate visit_single(const std::string& path, std::string_view leaf, Json& value);

  const FieldRegistry& registry_;
  const FieldPolicy& policy_;
  const bool create_new_;
  std::unordered_map<std::string, FieldType> overlay_;
  std::vector<std::string> created_;
  std::vector<std::string> filtered_;
  std::unordered_set<std::string> filtered_seen_;
  FieldConflict conflict_;
};

}  // namespace sim
