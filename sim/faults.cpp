#include "sim/faults.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

#include "sim/http.hpp"

namespace sim {
namespace {

constexpr size_t kRulesMax = 1000;
constexpr size_t kPeopleNotedMax = 100'000;

constexpr std::array kKinds = {
    std::pair{FaultKind::refused, std::string_view("refused")},
    std::pair{FaultKind::reset_before, std::string_view("reset_before")},
    std::pair{FaultKind::applied_then_reset, std::string_view("applied_then_reset")},
    std::pair{FaultKind::cut_body, std::string_view("cut_body")},
    std::pair{FaultKind::slow, std::string_view("slow")},
    std::pair{FaultKind::slow_before, std::string_view("slow_before")},
    std::pair{FaultKind::http_429, std::string_view("http_429")},
    std::pair{FaultKind::http_429_retry_after, std::string_view("http_429_retry_after")},
    std::pair{FaultKind::http_500, std::string_view("http_500")},
    std::pair{FaultKind::http_503, std::string_view("http_503")},
    std::pair{FaultKind::http_502, std::string_view("http_502")},
    std::pair{FaultKind::http_504, std::string_view("http_504")},
    std::pair{FaultKind::http_400_success, std::string_view("http_400_success")},
    std::pair{FaultKind::http_401, std::string_view("http_401")},
    std::pair{FaultKind::partial, std::string_view("partial")},
    std::pair{FaultKind::counts_disagree, std::string_view("counts_disagree")},
    std::pair{FaultKind::whole_batch_type_conflict, std::string_view("whole_batch_type_conflict")},
    std::pair{FaultKind::list_deleted, std::string_view("list_deleted")},
    std::pair{FaultKind::list_filled, std::string_view("list_filled")},
    std::pair{FaultKind::contact_deleted, std::string_view("contact_deleted")},
    std::pair{FaultKind::contact_forgotten, std::string_view("contact_forgotten")},
    std::pair{FaultKind::another_profile, std::string_view("another_profile")},
};

constexpr std::array<std::string_view, 16> kArrays = {"random",
                                                      "invalid",
                                                      "conflict",
                                                      "forgotten",
                                                      "invalidData",
                                                      "notFound",
                                                      "invalidEmails",
                                                      "invalidUserIds",
                                                      "conflictEmails",
                                                      "conflictUserIds",
                                                      "forgottenEmails",
                                                      "forgottenUserIds",
                                                      "invalidDataEmails",
                                                      "invalidDataUserIds",
                                                      "notFoundEmails",
                                                      "notFoundUserIds"};

// splitmix64: well mixed from any input, so neighbouring calls draw independently.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

double unit(uint64_t random) { return static_cast<double>(random >> 11) * 0x1.0p-53; }

Json from_yaml(const YAML::Node& node, int depth) {
  if (depth > kJsonDepthMax) return nullptr;
  if (node.IsSequence()) {
    Json out = Json::array();
    for (const auto& item : node) out.push_back(from_yaml(item, depth + 1));
    return out;
  }
  if (node.IsMap()) {
    Json out = Json::object();
    for (const auto& pair : node) {
      out[pair.first.as<std::string>("")] = from_yaml(pair.second, depth + 1);
    }
    return out;
  }
  if (!node.IsScalar()) return nullptr;
  std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (auto number = parse_int(text)) return *number;
  if (text == "true") return true;
  if (text == "false") return false;
  double real = 0;
  if (YAML::convert<double>::decode(node, real)) return real;
  return text;
}

bool read_count(const Json& rule, const char* name, int64_t& out, std::string& error) {
  if (!rule.contains(name)) return false;
  if (!rule[name].is_number_integer() || rule[name].get<int64_t>() < 0) {
    error = fmt::format("{} must be a whole number from 0 up", name);
    return false;
  }
  out = rule[name].get<int64_t>();
  return true;
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

std::optional<FaultKind> parse_fault_kind(std::string_view text) {
  for (const auto& [kind, name] : kKinds) {
    if (name == text) return kind;
  }
  return std::nullopt;
}

std::optional<Json> Faults::parse(const std::string& text, std::string& error) {
  if (auto json = parse_json(text)) return json;
  try {
    return from_yaml(YAML::Load(text), 0);
  } catch (const YAML::Exception& e) {
    error = e.what();
    return std::nullopt;
  }
}

std::string Faults::read_rule(const Json& json, Rule& rule) {
  if (!json.is_object()) return "a rule must be an object";
  static constexpr std::array<std::string_view, 15> kKeys = {
      "about", "after", "kind",    "endpoint", "rate", "nth",      "every", "first",
      "max",   "ms",    "seconds", "array",    "echo", "fraction", "people"};
  for (const auto& [key, value] : json.items()) {
    // A misspelt key would be a fault that silently never fires.
    if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
      return fmt::format("a rule has no '{}'", key);
    }
  }
  if (!json.contains("kind") || !json["kind"].is_string()) return "a rule needs a kind";
  auto kind = parse_fault_kind(json["kind"].get<std::string>());
  if (!kind) return fmt::format("there is no fault '{}'", json["kind"].get<std::string>());
  rule.fault.kind = *kind;

  for (const char* name : {"about", "endpoint", "array", "echo"}) {
    if (json.contains(name) && !json[name].is_string()) return fmt::format("{} must be text", name);
  }
  rule.about = json.value("about", "");
  if (rule.about.empty() && json.contains("about")) return "about must name somebody";
  if (!rule.about.empty() && *kind == FaultKind::refused)
    return "a refused connection is about nobody";
  std::string endpoint = json.value("endpoint", "");
  if (size_t space = endpoint.find(' '); space != std::string::npos) {
    rule.method = endpoint.substr(0, space);
    endpoint.erase(0, space + 1);
  }
  if (!endpoint.empty() && endpoint.front() != '/') return "endpoint must begin with /";
  rule.path = endpoint;
  rule.fault.array = json.value("array", "random");
  if (std::find(kArrays.begin(), kArrays.end(), rule.fault.array) == kArrays.end()) {
    return fmt::format("there is no array '{}'", rule.fault.array);
  }
  rule.fault.echo = json.value("echo", "");
  if (!rule.fault.echo.empty() && rule.fault.echo != "as_sent" && rule.fault.echo != "lower" &&
      rule.fault.echo != "distinct") {
    return "echo is as_sent, lower or distinct";
  }

  int ways = 0;
  std::string error;
  if (json.contains("rate")) {
    if (!json["rate"].is_number()) return "rate must be a number";
    rule.rate = json["rate"].get<double>();
    if (!(rule.rate >= 0 && rule.rate <= 1)) return "rate must be between 0 and 1";
    ++ways;
  }
  ways += read_count(json, "nth", rule.nth, error) ? 1 : 0;
  ways += read_count(json, "every", rule.every, error) ? 1 : 0;
  ways += read_count(json, "first", rule.first, error) ? 1 : 0;
  ways += read_count(json, "after", rule.after, error) ? 1 : 0;
  read_count(json, "max", rule.max, error);
  read_count(json, "ms", rule.fault.ms, error);
  read_count(json, "seconds", rule.fault.seconds, error);
  read_count(json, "people", rule.fault.people, error);
  if (!error.empty()) return error;
  if (ways != 1) return "a rule needs exactly one of rate, nth, every, first, after";
  if (json.contains("fraction")) {
    if (!json["fraction"].is_number()) return "fraction must be a number";
    rule.fault.fraction = json["fraction"].get<double>();
    if (!(rule.fault.fraction > 0 && rule.fault.fraction <= 1)) {
      return "fraction must be above 0 and at most 1";
    }
  }
  rule.as_given = OrderedJson::parse(print(json));
  return {};
}

std::string Faults::load(const Json& plan, uint64_t default_seed) {
  uint64_t seed = default_seed;
  const Json* rules = &plan;
  if (plan.is_object()) {
    for (const auto& [key, value] : plan.items()) {
      if (key != "seed" && key != "rules") return fmt::format("a fault plan has no '{}'", key);
    }
    if (plan.contains("seed")) {
      if (!plan["seed"].is_number_integer()) return "seed must be a whole number";
      seed = static_cast<uint64_t>(plan["seed"].get<int64_t>());
    }
    static const Json kNone = Json::array();
    rules = plan.contains("rules") ? &plan["rules"] : &kNone;
  }
  if (!rules->is_array() && !rules->is_null()) return "rules must be an array";
  if (rules->size() > kRulesMax) return fmt::format("at most {} rules", kRulesMax);
  std::vector<Rule> read;
  for (const Json& json : *rules) {
    Rule rule;
    rule.fault.rule = read.size();
    if (std::string error = read_rule(json, rule); !error.empty()) {
      return fmt::format("rule {}: {}", read.size(), error);
    }
    read.push_back(std::move(rule));
  }
  std::lock_guard lock(mutex_);
  seed_ = seed;
  rules_ = std::move(read);
  kinds_.clear();
  for (const Rule& rule : rules_) kinds_.emplace(to_string(rule.fault.kind), 0);
  deleted_ = OrderedJson::array();
  forgotten_ = OrderedJson::array();
  return {};
}

bool Faults::strikes(Rule& rule, size_t index, uint64_t& random) {
  int64_t n = ++rule.matched;
  random = mix(mix(seed_ ^ mix(index + 1)) ^ static_cast<uint64_t>(n));
  bool hit = false;
  if (rule.rate >= 0) {
    hit = unit(random) < rule.rate;
  } else if (rule.nth > 0) {
    hit = n == rule.nth;
  } else if (rule.every > 0) {
    hit = n % rule.every == 0;
  } else if (rule.after >= 0) {
    hit = n > rule.after;
  } else {
    hit = n <= rule.first;
  }
  if (hit && rule.max > 0 && rule.drawn >= rule.max) hit = false;
  if (hit) ++rule.drawn;
  random = mix(random);
  return hit;
}

std::vector<Fault> Faults::draw(std::string_view method, std::string_view path,
                                std::initializer_list<std::string_view> said) {
  std::vector<Fault> out;
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < rules_.size(); ++i) {
    Rule& rule = rules_[i];
    if (rule.fault.kind == FaultKind::refused) continue;
    if (!rule.method.empty() && rule.method != method) continue;
    if (!rule.path.empty() && rule.path != path) continue;
    const auto about = [&](std::string_view text) {
      return text.find(rule.about) != std::string_view::npos;
    };
    if (!rule.about.empty() && std::none_of(said.begin(), said.end(), about)) continue;
    uint64_t random = 0;
    if (!strikes(rule, i, random)) continue;
    out.push_back(rule.fault);
    out.back().random = random;
  }
  return out;
}

bool Faults::draw_refusal() {
  std::lock_guard lock(mutex_);
  bool refuse = false;
  for (size_t i = 0; i < rules_.size(); ++i) {
    Rule& rule = rules_[i];
    if (rule.fault.kind != FaultKind::refused) continue;
    uint64_t random = 0;
    if (!strikes(rule, i, random)) continue;
    ++rule.fired;
    ++kinds_[std::string(to_string(FaultKind::refused))];
    refuse = true;
  }
  return refuse;
}

void Faults::fired(const Fault& fault) {
  std::lock_guard lock(mutex_);
  // The plan may have been replaced while the call was under way.
  if (fault.rule >= rules_.size() || rules_[fault.rule].fault.kind != fault.kind) return;
  ++rules_[fault.rule].fired;
  ++kinds_[std::string(to_string(fault.kind))];
}

void Faults::note_person(FaultKind kind, std::string email, std::string user_id) {
  std::lock_guard lock(mutex_);
  OrderedJson& people = kind == FaultKind::contact_forgotten ? forgotten_ : deleted_;
  if (people.size() >= kPeopleNotedMax) return;
  people.push_back({{"email", std::move(email)}, {"userId", std::move(user_id)}});
}

OrderedJson Faults::report() const {
  std::lock_guard lock(mutex_);
  OrderedJson rules = OrderedJson::array();
  for (const Rule& rule : rules_) {
    OrderedJson one = rule.as_given;
    one["matched"] = rule.matched;
    one["fired"] = rule.fired;
    rules.push_back(std::move(one));
  }
  OrderedJson kinds = OrderedJson::object();
  for (const auto& [kind, count] : kinds_) kinds[kind] = count;
  return {{"seed", seed_},
          {"rules", std::move(rules)},
          {"kinds", std::move(kinds)},
          {"deleted", deleted_},
          {"forgotten", forgotten_}};
}

}  // namespace sim
