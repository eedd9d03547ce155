#include "operations/json_writer.hpp"

#include <nlohmann/json.hpp>

namespace rollcall::operations {
namespace {

using json = nlohmann::ordered_json;

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

void JsonWriter::write(std::string_view piece) {
  if (status_.ok()) status_ = sink_(piece);
}

// What parts this value from the one before it.
void JsonWriter::begin_value() {
  if (std::exchange(after_key_, false) || open_.empty()) return;
  Level& level = open_.back();
  CHECK(level.close == ']' && "a value in an object has a key");
  write(level.empty ? "\n  " : ",\n  ");
  level.empty = false;
}

JsonWriter& JsonWriter::open(char bracket, char close) {
  begin_value();
  write({&bracket, 1});
  open_.push_back({close});
  return *this;
}

JsonWriter& JsonWriter::end() {
  CHECK(!open_.empty() && !after_key_);
  const Level level = open_.back();
  open_.pop_back();
  if (level.close == ']' && !level.empty) write("\n");
  write({&level.close, 1});
  if (open_.empty()) write("\n");
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  CHECK(!open_.empty() && open_.back().close == '}' && !after_key_);
  if (!std::exchange(open_.back().empty, false)) write(",");
  write(dump(name) + ":");
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(const json& value) { return text(dump(value)); }

JsonWriter& JsonWriter::text(std::string_view json) {
  begin_value();
  write(json);
  return *this;
}

JsonWriter& JsonWriter::members(const json& object) {
  for (const auto& [name, member] : object.items()) key(name).value(member);
  return *this;
}

json to_json(const Error& error) {
  json out = {{"kind", to_string(error.kind)},
              {"message", error.placed()},
              {"remedy", error.remedy},
              {"context", error.context}};
  if (!error.code.empty()) out["code"] = error.code;
  if (!error.place) return out;
  json place = json::object();
  if (!error.place->file.empty()) place["file"] = error.place->file;
  if (error.place->line > 0) {
    place["line"] = error.place->line;
    place["column"] = error.place->column;
  }
  if (!error.place->object.empty()) place["object"] = error.place->object;
  if (!error.place->pointer.empty()) place["pointer"] = error.place->pointer;
  out["place"] = std::move(place);
  return out;
}

}  // namespace rollcall::operations
