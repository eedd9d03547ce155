// A destination (one Iterable project and how to reach it) and an activation (the standing order
// that keeps one list there equal to one segment).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/rule.hpp"

namespace rollcall {

enum class KeyType { email, user_id };
enum class ProjectType { email, user_id, hybrid };
// Iterable's field types. Source: docs/facts/iterable.md, field types.
enum class AttributeType { string, long_, double_, boolean, date, object, geo_location };

struct MatchKey {
  KeyType type = KeyType::email;
  std::string field;  // of the segment's model
  bool operator==(const MatchKey&) const = default;
};

// One mapped attribute: a field of the model and the name of Iterable's field.
struct Attribute {
  std::string field;
  std::string to;
  std::optional<AttributeType> type = std::nullopt;  // default: what the field's own type becomes
  bool create = false;  // make the field in Iterable if it is not there
  bool merge = false;   // objects only: merge instead of replace
  Place place = {};
  bool operator==(const Attribute&) const = default;
};

struct Recurrence {
  std::vector<std::string> days;  // mon…sun
  std::string at;                 // HH:MM
  std::string tz = "UTC";
  bool operator==(const Recurrence&) const = default;
};

struct Schedule {
  enum class Kind { manual, every, recurrences, cron };
  Kind kind = Kind::manual;
  std::chrono::seconds every{0};
  std::vector<Recurrence> recurrences = {};
  std::string cron = {};
  std::string tz = "UTC";  // of cron
  bool operator==(const Schedule&) const = default;
};

// Shares are of the people on the list before the run.
struct GuardLimits {
  double max_removed_share = 0.3;
  int64_t max_removed = 100'000;
  double max_added_share = 3;
  double max_cleared_share = 0.3;
  bool allow_empty = false;
  bool operator==(const GuardLimits&) const = default;
};

std::string_view to_string(KeyType type);
std::string_view to_string(ProjectType type);
std::string_view to_string(AttributeType type);

enum class OnNull { clear, keep };

// "Default activation settings" of a destination: what one-click activation uses.
struct ActivationDefaults {
  std::optional<std::string> model = std::nullopt;
  std::optional<MatchKey> match_key = std::nullopt;
  std::vector<Attribute> attributes = {};
  std::optional<Schedule> schedule = std::nullopt;
  std::optional<GuardLimits> guard = std::nullopt;
  std::optional<OnNull> on_null = std::nullopt;
  bool operator==(const ActivationDefaults&) const = default;
};

// How people are shown to be contacts before a write that might create them.
struct ProofRules {
  enum class By {
    look_up,  // each of them, in the run; an export may choose whom to ask
    fastest,  // or an export of everybody that was begun in the run
  };
  By by = By::look_up;
  std::chrono::milliseconds max_age{60'000};  // of a look-up, as the call that relies on it ends
  bool operator==(const ProofRules&) const = default;
};
std::string_view to_string(ProofRules::By by);

struct Destination {
  std::string name;
  std::string uid = {};  // given by the store, for ever; names folders and rows. Never in a file
  std::optional<std::string> id = std::nullopt;
  std::string platform = "iterable";
  std::string service = "contact_lists";
  std::string region = "us";                           // us | eu
  std::optional<std::string> base_url = std::nullopt;  // instead of the region's host
  ProjectType project_type = ProjectType::hybrid;
  Secret api_key = {};
  // "${NAME}" or "file:PATH" as written, or empty: typed in clear.
  std::string api_key_reference = {};
  std::chrono::milliseconds settle{60'000};  // how long Iterable may take to show a write
  ProofRules proof = {};
  std::vector<std::string> exclusions = {};  // segments of people never to be on its lists
  std::optional<ActivationDefaults> defaults = std::nullopt;
  Place place = {};
  bool operator==(const Destination&) const = default;
};

struct Activation {
  std::string uid = {};  // as a destination's
  std::string segment;
  std::string destination;
  std::string name;  // the list's name; the segment's name when not given
  std::optional<std::string> id = std::nullopt;
  std::string description = {};
  MatchKey match_key = {};
  std::vector<Attribute> attributes = {};
  OnNull on_null = OnNull::clear;
  std::optional<int64_t> adopt_list = std::nullopt;
  bool remove_foreign = false;
  GuardLimits guard = {};
  std::optional<std::chrono::seconds> audit_every = std::chrono::hours(24 * 7);  // nothing: never
  Schedule schedule = {};
  bool paused = false;
  Place place = {};
  bool operator==(const Activation&) const = default;
};

}  // namespace rollcall
