#include <fmt/format.h>

#include "sim/batch.hpp"
#include "sim/side_door.hpp"

namespace sim {
namespace {

// Lines between two moments at which others get the lock.
constexpr int64_t kLinesPerLock = 1000;

struct Line {
  std::string email;
  std::string user_id;
  Json fields;
};

std::string read_line(const World& world, std::string_view text, Line& line) {
  const ProjectType type = world.type();
  auto json = parse_json(text);
  if (!json || !json->is_object()) return "not a JSON object";
  for (const char* name : {"email", "userId"}) {
    auto found = json->find(name);
    if (found == json->end() || found->is_null()) continue;
    if (!found->is_string()) return fmt::format("{} must be text", name);
    (std::string_view(name) == "email" ? line.email : line.user_id) = found->get<std::string>();
  }
  line.email = world.spelled(line.email);
  if (!line.email.empty() && !world.accepts(line.email)) return "invalid email";
  if (!line.user_id.empty() && !is_valid_user_id(line.user_id)) return "invalid userId";
  if (type == ProjectType::email && line.email.empty()) return "email is missing";
  if (type == ProjectType::user_id && line.user_id.empty()) return "userId is missing";
  if (line.email.empty() && line.user_id.empty()) return "email and userId are missing";
  auto fields = json->find("dataFields");
  if (fields != json->end() && !fields->is_null()) {
    if (!fields->is_object()) return "dataFields must be an object";
    line.fields = std::move(*fields);
  }
  return {};
}

std::string take_line(Project& project, Line& line, LoadReport& report) {
  World& world = project.world;
  int64_t now_ms = project.clock.now_ms();
  std::optional<Slot> slot;
  if (world.type() != ProjectType::user_id && !line.email.empty()) {
    slot = world.find_email(line.email);
  }
  if (world.type() != ProjectType::email && !line.user_id.empty()) {
    auto by_id = world.first_user_id(line.user_id);
    if (slot && by_id && *slot != *by_id) return "email and userId belong to two contacts";
    if (!slot) slot = by_id;
  }
  if (line.fields.is_object()) {
    for (const char* own : {"email", "userId", "profileUpdatedAt", "itblInternal", "emailListIds",
                            "userListIds", "devices"}) {
      line.fields.erase(own);
    }
    FieldPolicy policy = project.field_policy();
    FieldCheck check(world.fields(), policy, true);
    if (check.check(line.fields) != FieldCheck::Verdict::fits) return "a field does not fit";
    if (check.is_over_limit()) return "too many fields";
    check.commit(world.fields());
  }
  if (slot) {
    ++report.updated;
    if (!line.email.empty()) world.set_email(*slot, line.email, now_ms);
    if (!line.user_id.empty()) world.set_user_id(*slot, line.user_id, now_ms);
  } else {
    ++report.added;
    slot = world.create(std::move(line.email), std::move(line.user_id), now_ms);
  }
  if (line.fields.is_object()) {
    world.set_fields(*slot, line.fields, {}, now_ms);
    world.touch(*slot, now_ms);
  }
  return {};
}

}  // namespace

LoadReport load_contacts(Project& project, std::string_view ndjson) {
  LoadReport report;
  std::unique_lock lock(project.mutex);
  project.world.set_remembering(false);
  while (!ndjson.empty()) {
    size_t end = std::min(ndjson.find('\n'), ndjson.size());
    std::string_view text = ndjson.substr(0, end);
    ndjson.remove_prefix(std::min(end + 1, ndjson.size()));
    ++report.line;
    if (report.line % kLinesPerLock == 0) {
      project.world.set_remembering(true);
      lock.unlock();
      lock.lock();
      project.world.set_remembering(false);
    }
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Line line;
    report.error = read_line(project.world, text, line);
    if (report.error.empty()) report.error = take_line(project, line, report);
    if (!report.error.empty()) break;
  }
  project.world.set_remembering(true);
  return report;
}

void make_contacts(Project& project, int64_t count) {
  std::lock_guard lock(project.mutex);
  int64_t now_ms = project.clock.now_ms();
  project.world.set_remembering(false);
  project.world.reserve(project.world.slot_count() + static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    project.world.create(fmt::format("user{}@example.com", i), fmt::format("U{}", i), now_ms);
  }
  project.world.set_remembering(true);
}

}  // namespace sim
