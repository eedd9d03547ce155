#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <unordered_map>

#include "sim/side_door.hpp"

namespace sim {
namespace {

constexpr std::string_view kFormat = "iterable-sim 1";

OrderedJson head_of(Project& project) {
  World& world = project.world;
  OrderedJson fields = OrderedJson::array();
  for (const auto& [name, type] : world.fields().all()) {
    fields.push_back(OrderedJson::array({name, to_string(type)}));
  }
  OrderedJson lists = OrderedJson::array();
  for (const auto& [id, list] : world.lists()) {
    lists.push_back({{"id", id},
                     {"name", list.name},
                     {"description", list.description},
                     {"type", list.type},
                     {"created", list.created_ms},
                     {"ready", list.ready_ms},
                     {"inUse", list.in_use}});
  }
  return {{"format", kFormat},
          {"projectType", to_string(world.type())},
          {"clockOffset", project.clock.offset_ms()},
          {"fields", fields},
          {"lists", lists},
          {"forgottenEmails", world.forgotten_emails()},
          {"forgottenUserIds", world.forgotten_user_ids()}};
}

OrderedJson contact_line(const World& world, Slot slot) {
  const Contact& contact = world.contact(slot);
  OrderedJson line = {{"e", contact.email},
                      {"u", contact.user_id},
                      {"c", contact.created_ms},
                      {"m", contact.updated_ms}};
  int flags = (contact.signup_date_is_own ? 1 : 0) | (contact.signup_source_is_own ? 2 : 0) |
              (contact.saw_list_operation ? 4 : 0);
  if (flags != 0) line["f"] = flags;
  if (!contact.packed.empty()) line["d"] = OrderedJson::parse(print(world.fields_of(contact)));
  OrderedJson lists = OrderedJson::array();
  for (const auto& [id, list] : world.lists()) {
    if (list.has(slot)) lists.push_back(id);
  }
  if (!lists.empty()) line["l"] = std::move(lists);
  return line;
}

void read_head(Project& project, const Json& head) {
  World& world = project.world;
  project.clock.set_offset_ms(head.at("clockOffset").get<int64_t>());
  for (const Json& field : head.at("fields")) {
    auto type = parse_field_type(field.at(1).get<std::string>());
    if (type) world.fields().add(field.at(0).get<std::string>(), *type);
  }
  for (const Json& one : head.at("lists")) {
    int64_t created_ms = one.at("created").get<int64_t>();
    List& list = world.add_list_with_id(one.at("id").get<int64_t>(),
                                        one.at("name").get<std::string>(), created_ms);
    list.description = one.at("description").get<std::string>();
    list.type = one.at("type").get<std::string>();
    list.ready_ms = one.at("ready").get<int64_t>();
    list.in_use = one.at("inUse").get<bool>();
  }
  for (const Json& hash : head.at("forgottenEmails")) {
    world.forgotten_emails().insert(hash.get<std::string>());
  }
  for (const Json& hash : head.at("forgottenUserIds")) {
    world.forgotten_user_ids().insert(hash.get<std::string>());
  }
}

void read_contact(World& world, const Json& line) {
  int64_t created_ms = line.at("c").get<int64_t>();
  Slot slot =
      world.create(line.at("e").get<std::string>(), line.at("u").get<std::string>(), created_ms);
  if (auto fields = line.find("d"); fields != line.end()) {
    world.set_fields(slot, *fields, {}, created_ms);
  }
  if (auto lists = line.find("l"); lists != line.end()) {
    for (const Json& id : *lists) {
      if (List* list = world.list(id.get<int64_t>())) {
        world.set_member(*list, slot, true, created_ms);
      }
    }
  }
  Contact& contact = world.loaded(slot);
  contact.updated_ms = line.at("m").get<int64_t>();
  int flags = line.value("f", 0);
  contact.signup_date_is_own = (flags & 1) != 0;
  contact.signup_source_is_own = (flags & 2) != 0;
  contact.saw_list_operation = (flags & 4) != 0;
}

std::string read_lines(Project& project, const std::string& file, std::ifstream& in) {
  std::string text;
  int64_t number = 0;
  // A state is the simulator's own writing, so one catch for anything odd in it is enough.
  try {
    while (std::getline(in, text)) {
      ++number;
      auto json = parse_json(text);
      if (!json) return fmt::format("{} line {} is not JSON", file, number);
      if (number > 1) {
        read_contact(project.world, *json);
        continue;
      }
      if (json->value("format", "") != kFormat) {
        return fmt::format("{} is not a state of this simulator", file);
      }
      if (json->value("projectType", "") != to_string(project.world.type())) {
        return fmt::format("{} holds a project of another type", file);
      }
      read_head(project, *json);
    }
  } catch (const Json::exception& e) {
    return fmt::format("{} line {}: {}", file, number, e.what());
  }
  return number == 0 ? fmt::format("{} is empty", file) : std::string();
}

}  // namespace

std::string save_state(Project& project, const std::string& file) {
  // Written beside and moved into place, so that a crash leaves the old state whole.
  std::string beside = file + ".new";
  std::lock_guard lock(project.mutex);
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  if (!out) return fmt::format("cannot write {}", beside);
  out << print(head_of(project)) << '\n';
  std::string chunk;
  for (size_t i = 0; i < project.world.slot_count(); ++i) {
    Slot slot = static_cast<Slot>(i);
    if (!project.world.contact(slot).alive) continue;
    chunk += print(contact_line(project.world, slot));
    chunk += '\n';
    if (chunk.size() > 1'000'000) {
      out << chunk;
      chunk.clear();
    }
  }
  out << chunk;
  out.close();
  if (!out) return fmt::format("cannot write {}", beside);
  if (std::rename(beside.c_str(), file.c_str()) != 0) return fmt::format("cannot replace {}", file);
  return {};
}

std::string load_state(Project& project, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fmt::format("cannot read {}", file);
  std::lock_guard lock(project.mutex);
  if (project.world.slot_count() > 0) return "a state is loaded into an empty project only";
  project.world.set_remembering(false);
  std::string error = read_lines(project, file, in);
  project.world.set_remembering(true);
  return error;
}

}  // namespace sim
