#include "sim/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace sim {
namespace {

constexpr std::string_view kGeoSuffix = "_geo_location";

// Reads exactly `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "+05:30" or "-05:30" as minutes; the whole of `text` must be used up.
std::optional<int> take_offset(std::string_view text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  int sign = text.front() == '-' ? -1 : 1;
  text.remove_prefix(1);
  auto hours = take_number(text, 2);
  if (!hours || !take_char(text, ':')) return std::nullopt;
  auto minutes = take_number(text, 2);
  if (!minutes || !text.empty() || *hours > 18 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 60 + *minutes);
}

struct TimeOfDay {
  int hour, minute, second;
};

std::optional<TimeOfDay> take_time(std::string_view& text) {
  auto hour = take_number(text, 2);
  if (!hour || !take_char(text, ':')) return std::nullopt;
  auto minute = take_number(text, 2);
  if (!minute || !take_char(text, ':')) return std::nullopt;
  auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return TimeOfDay{*hour, *minute, *second};
}

bool is_geo_location(std::string_view leaf, const Json& value) {
  return leaf.size() > kGeoSuffix.size() && leaf.ends_with(kGeoSuffix) && value.is_object() &&
         value.size() == 2 && value.contains("lat") && value.contains("lon") &&
         value["lat"].is_number() && value["lon"].is_number();
}

FieldType infer(std::string_view leaf, const Json& value) {
  if (value.is_object()) {
    return is_geo_location(leaf, value) ? FieldType::geo_location : FieldType::object;
  }
  if (value.is_boolean()) return FieldType::boolean;
  if (value.is_number_float()) return FieldType::double_;
  if (value.is_number()) return FieldType::long_;
  if (value.is_string() && parse_date(value.get_ref<const std::string&>())) return FieldType::date;
  return FieldType::string;
}

std::vector<std::string> incoming_types(FieldType type) {
  // "string, keyword" is recorded; the rest follows the names getFields uses.
  if (type == FieldType::string) return {"string", "keyword"};
  return {std::string(to_string(type))};
}

bool is_number(FieldType type) { return type == FieldType::long_ || type == FieldType::double_; }

bool is_text_of_number(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() && text.size() < 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool accepts(FieldType known, FieldType incoming, const Json& value, const FieldPolicy& policy) {
  if (known == incoming) return true;
  if (!policy.refuse_number_texts && ((is_number(known) && is_text_of_number(value)) ||
                                      (known == FieldType::string && is_number(incoming)))) {
    return true;
  }
  // A text that looks like a date is still a text; nothing a client could send instead.
  if (known == FieldType::string && incoming == FieldType::date) return true;
  return is_number(known) && is_number(incoming) && !policy.numbers_are_exact;
}

constexpr std::array kTypeNames = {
    std::pair{FieldType::string, std::string_view("string")},
    std::pair{FieldType::long_, std::string_view("long")},
    std::pair{FieldType::double_, std::string_view("double")},
    std::pair{FieldType::boolean, std::string_view("boolean")},
    std::pair{FieldType::date, std::string_view("date")},
    std::pair{FieldType::object, std::string_view("object")},
    std::pair{FieldType::geo_location, std::string_view("geo_location")},
};

}  // namespace

std::string_view to_string(FieldType type) {
  for (const auto& [known, name] : kTypeNames) {
    if (known == type) return name;
  }
  return "";
}

std::optional<FieldType> parse_field_type(std::string_view text) {
  for (const auto& [type, name] : kTypeNames) {
    if (name == text) return type;
  }
  return std::nullopt;
}

std::optional<int64_t> parse_date(std::string_view text) {
  using namespace std::chrono;
  auto y = take_number(text, 4);
  if (!y || !take_char(text, '-')) return std::nullopt;
  auto m = take_number(text, 2);
  if (!m || !take_char(text, '-')) return std::nullopt;
  auto d = take_number(text, 2);
  if (!d) return std::nullopt;
  year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  int64_t ms = duration_cast<milliseconds>(sys_days{date}.time_since_epoch()).count();
  if (text.empty()) return ms;

  bool iso = text.front() == 'T';
  if (!iso && text.front() != ' ') return std::nullopt;
  text.remove_prefix(1);
  auto time = take_time(text);
  if (!time) return std::nullopt;
  ms += ((time->hour * 60 + time->minute) * 60 + time->second) * int64_t{1000};
  if (!iso) {
    if (text.empty()) return ms;
    if (!take_char(text, ' ')) return std::nullopt;
    auto offset = take_offset(text);
    if (!offset) return std::nullopt;
    return ms - *offset * int64_t{60'000};
  }
  // Only the forms with exactly three digits of fraction are on record for the ISO spelling.
  if (!take_char(text, '.')) return std::nullopt;
  auto fraction = take_number(text, 3);
  if (!fraction) return std::nullopt;
  ms += *fraction;
  if (text == "Z") return ms;
  auto offset = take_offset(text);
  if (!offset) return std::nullopt;
  return ms - *offset * int64_t{60'000};
}

std::string format_date(int64_t ms) {
  using namespace std::chrono;
  sys_seconds at = floor<seconds>(sys_time<milliseconds>(milliseconds(ms)));
  sys_days date = floor<days>(at);
  year_month_day ymd{date};
  hh_mm_ss time{at - date};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} +00:00", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

FieldRegistry::FieldRegistry(ProjectType type) {
  add_own("email", FieldType::string);
  add_own("userId", FieldType::string);
  add_own("signupDate", FieldType::date);
  add_own("signupSource", FieldType::string);
  add_own("profileUpdatedAt", FieldType::date);
  add_own(type == ProjectType::email ? "emailListIds" : "userListIds", FieldType::long_);
  add_own("subscribedMessageTypeIds", FieldType::long_);
  add_own("unsubscribedChannelIds", FieldType::long_);
  add_own("unsubscribedMessageTypeIds", FieldType::long_);
  add_own("devices", FieldType::object);
  add_own("devices.applicationName", FieldType::string);
  add_own("devices.endpointEnabled", FieldType::boolean);
  add_own("devices.platform", FieldType::string);
  add_own("devices.token", FieldType::string);
  add_own("itblInternal", FieldType::object);
  add_own("itblInternal.documentCreatedAt", FieldType::date);
  add_own("itblInternal.documentUpdatedAt", FieldType::date);
  add_own("itblInternal.emailDomain", FieldType::string);
}

void FieldRegistry::add_own(const std::string& dotted, FieldType type) {
  add(dotted, type);
  custom_count_ = 0;
}

std::optional<FieldType> FieldRegistry::type_of(const std::string& dotted) const {
  auto found = types_.find(dotted);
  if (found == types_.end()) return std::nullopt;
  return found->second;
}

bool FieldRegistry::add(const std::string& dotted, FieldType type) {
  auto [found, added] = types_.emplace(dotted, type);
  if (!added) return found->second == type;
  all_.emplace_back(dotted, type);
  ++custom_count_;
  if (dotted.find('.') == std::string::npos) {
    ids_.emplace(dotted, static_cast<FieldId>(names_.size()));
    names_.push_back(dotted);
  }
  return true;
}

std::optional<FieldId> FieldRegistry::id_of(const std::string& top_level) const {
  auto found = ids_.find(top_level);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

FieldCheck::FieldCheck(const FieldRegistry& registry, const FieldPolicy& policy, bool create_new)
    : registry_(registry), policy_(policy), create_new_(create_new) {}

std::optional<FieldType> FieldCheck::type_of(const std::string& dotted) const {
  if (auto known = registry_.type_of(dotted)) return known;
  if (overlay_.empty()) return std::nullopt;
  auto found = overlay_.find(dotted);
  if (found == overlay_.end()) return std::nullopt;
  return found->second;
}

FieldCheck::Verdict FieldCheck::check(Json& fields) {
  size_t created_before = created_.size();
  for (auto it = fields.begin(); it != fields.end();) {
    switch (visit(it.key(), it.key(), it.value(), /*top=*/true)) {
      case Fate::keep:
        ++it;
        break;
      case Fate::drop:
        it = fields.erase(it);
        break;
      case Fate::conflict:
        discard_created(created_before);
        return Verdict::conflict;
      case Fate::invalid:
        discard_created(created_before);
        return Verdict::invalid;
    }
  }
  return Verdict::fits;
}

void FieldCheck::discard_created(size_t from) {
  for (size_t i = from; i < created_.size(); ++i) overlay_.erase(created_[i]);
  created_.resize(from);
}

FieldCheck::Fate FieldCheck::visit(const std::string& path, std::string_view leaf, Json& value,
                                   bool top) {
  if (leaf.empty()) return Fate::invalid;
  if (policy_.refuse_dotted_names && leaf.find('.') != std::string_view::npos) {
    return Fate::invalid;
  }
  if (value.is_null()) {
    // Null removes; it neither creates a field nor gives it a type.
    return !top || type_of(path) ? Fate::keep : Fate::drop;
  }
  if (!value.is_array()) return visit_single(path, leaf, value);
  // An array has its elements' type. An empty one, in a field nobody knows, has none to give.
  if (value.empty()) return type_of(path) ? Fate::keep : Fate::drop;
  for (size_t i = 0; i < value.size(); ++i) {
    Json& element = value[i];
    if (element.is_array() || element.is_null()) return Fate::invalid;
    Fate fate = visit_single(path, leaf, element);
    if (fate == Fate::conflict && i > 0 && !policy_.refuse_mixed_arrays) continue;
    if (fate != Fate::keep) return fate;
  }
  return Fate::keep;
}

FieldCheck::Fate FieldCheck::visit_single(const std::string& path, std::string_view leaf,
                                          Json& value) {
  if (value.is_string() && value.get_ref<const std::string&>().size() > policy_.value_length_max) {
    return Fate::invalid;
  }
  FieldType incoming = infer(leaf, value);
  auto known = type_of(path);
  if (!known) {
    if (!create_new_) {
      if (filtered_seen_.insert(path).second) filtered_.push_back(path);
      return Fate::drop;
    }
    overlay_.emplace(path, incoming);
    created_.push_back(path);
    known = incoming;
  } else if (!accepts(*known, incoming, value, policy_)) {
    conflict_ = {path, incoming_types(incoming), *known, value};
    return Fate::conflict;
  }
  if (*known == FieldType::date) {
    value = format_date(*parse_date(value.get_ref<const std::string&>()));
  }
  if (*known != FieldType::object) return Fate::keep;
  for (auto it = value.begin(); it != value.end();) {
    Fate fate = visit(path + "." + it.key(), it.key(), it.value(), /*top=*/false);
    if (fate == Fate::conflict || fate == Fate::invalid) return fate;
    it = fate == Fate::keep ? std::next(it) : value.erase(it);
  }
  return Fate::keep;
}

bool FieldCheck::is_over_limit() const {
  return !created_.empty() &&
         registry_.custom_count() + static_cast<int64_t>(created_.size()) > policy_.limit;
}

void FieldCheck::commit(FieldRegistry& registry) const {
  for (const auto& name : created_) registry.add(name, overlay_.at(name));
}

}  // namespace sim
