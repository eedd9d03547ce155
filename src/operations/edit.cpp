#include "operations/edit.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "core/source_kinds.hpp"
#include "operations/bring_in.hpp"
#include "operations/names.hpp"

namespace rollcall::operations {
namespace {

using catalog::Kind;
using json = nlohmann::ordered_json;

constexpr const char* kApiKey = "api_key";
constexpr const char* kStored = "stored";

std::string section_of(Kind kind) { return std::string(catalog::to_string(kind)) + "s"; }

std::vector<std::string> secret_keys(Kind kind, const json& object) {
  if (kind == Kind::destination) return {kApiKey};
  std::vector<std::string> out;
  if (kind != Kind::source || !object.contains("kind") || !object["kind"].is_string()) return out;
  for (const SourceOption& option : source_kind(object["kind"].get<std::string>()).options)
    if (option.kind == SourceOption::Kind::secret) out.push_back(option.key);
  return out;
}

// Of what is stored, a secret's change included: a sealed one differs whenever it is written.
std::string etag_of(const store::ObjectRow& row) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, 16);
  const auto add = [&](std::string_view text) {
    const uint64_t size = text.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(text.data()), size);
  };
  add(row.json);
  add(row.archived ? "archived" : "");
  for (const auto& [name, secret] : row.secrets) {
    add(name);
    add(secret.reveal());
  }
  std::array<unsigned char, 16> hash{};
  crypto_generichash_final(&state, hash.data(), hash.size());
  std::string out = "\"";
  for (const unsigned char byte : hash) out += fmt::format("{:02x}", byte);
  return out + '"';
}

Object object_of(const store::ObjectRow& row, Kind kind) {
  json fields = read_json<json>(row.json);
  if (!fields.is_object()) fields = json::object();
  for (const std::string& key : secret_keys(kind, fields)) {
    fields.erase(key);
    for (const auto& [name, secret] : row.secrets)
      if (name == key && !secret.empty()) fields[key] = kStored;
  }
  json whole = {{"uid", row.uid}};
  whole.update(fields);
  if (row.archived) whole["archived"] = true;
  return {.kind = kind,
          .uid = row.uid,
          .name = row.name,
          .json = whole.dump(),
          .etag = etag_of(row),
          .archived = row.archived};
}

const store::ObjectRow* row_of(const Stored& stored, Kind kind, const std::string& uid) {
  for (const store::ObjectRow& row : stored.rows)
    if (row.uid == uid && row.kind == catalog::to_string(kind)) return &row;
  return nullptr;
}

Result<const store::ObjectRow*> row_to_change(const Stored& stored, Kind kind,
                                              const std::string& uid,
                                              const std::optional<std::string>& etag) {
  const store::ObjectRow* const row = row_of(stored, kind, uid);
  if (row == nullptr) return no_such_uid(kind, uid);
  if (etag && *etag != "*" && *etag != etag_of(*row))
    return Error{.kind = ErrorKind::conflict,
                 .message = fmt::format("the {} `{}` was changed by somebody else in the meantime",
                                        catalog::to_string(kind), row->name),
                 .remedy = "Read it again, and make the change to what it is now.",
                 .code = "object_changed"};
  return row;
}

// A text that is itself once the catalog has read it: what would refer to something is escaped.
std::string escaped(const std::string& text) {
  const size_t dollars = std::min(text.find_first_not_of('$'), text.size());
  if (std::string_view(text).substr(dollars).starts_with("file:")) return "$" + text;
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') out += '$';
    out += text[i];
  }
  return out;
}
void escape(json& value) {
  if (value.is_string()) {
    value = escaped(value.get<std::string>());
  } else if (value.is_structured()) {
    for (json& one : value) escape(one);
  }
}

// A catalog file that holds this object alone.
std::string file_of(Kind kind, json fields, const json& before) {
  // What is told with an object and is no part of it.
  for (const char* told : {"uid", "archived", "next_run_at", "warnings"}) fields.erase(told);
  std::string secrets;
  for (const std::string& key : secret_keys(kind, fields)) {
    const bool is_kept = fields.contains(key) ? fields[key] == kStored : before.contains(key);
    if (!is_kept) continue;
    fields.erase(key);
    secrets += fmt::format("{}: {}, ", key, kStored);  // in quotes it would be a secret itself
  }
  // Pausing is an act of its own: an edit that does not speak of it does not undo it.
  if (kind == Kind::activation && !fields.contains("paused") && before.contains("paused"))
    fields["paused"] = before["paused"];
  escape(fields);
  const std::string text = fields.dump(-1, ' ', false, json::error_handler_t::replace);
  return fmt::format("{{version: 1, {}: [{{{}{}]}}", section_of(kind), secrets, text.substr(1));
}

// Problems as they are told of the object: there is no file, so no line.
void make_relative(std::vector<catalog::Problem>& problems, Kind kind) {
  const std::string root = "/" + section_of(kind) + "/0";
  for (catalog::Problem& one : problems) {
    one.place = {};
    if (one.pointer == root || one.pointer.starts_with(root + "/"))
      one.pointer.erase(0, root.size());
  }
}

template <class Body>
void with_section(Catalog& all, Kind kind, Body body) {
  switch (kind) {
    case Kind::source:
      return body(all.sources);
    case Kind::model:
      return body(all.models);
    case Kind::segment:
      return body(all.segments);
    case Kind::destination:
      return body(all.destinations);
    case Kind::activation:
      return body(all.activations);
  }
}

// Of another uid; for a new object: of any.
bool is_taken(const Stored& stored, Kind kind, const std::string& uid, const Catalog& file) {
  Catalog read = file;
  bool taken = false;
  with_section(read, kind, [&](auto& objects) {
    for (const auto& one : objects)
      for (const store::ObjectRow& row : stored.rows) {
        if (row.kind != catalog::to_string(kind) || row.name != one.name || row.uid == uid ||
            row.archived)
          continue;
        if constexpr (requires { one.destination; })
          if (row.destination != one.destination) continue;
        taken = true;
      }
  });
  return taken;
}

Result<json> object_in(const std::string& text) {
  json fields = read_json<json>(text);
  if (fields.is_object()) return fields;
  return Error{ErrorKind::invalid, "the body must be a JSON object, nested at most 256 levels"};
}

// What is kept of an object, its secrets, is kept under a new name as well.
template <class Object>
void also_named(std::vector<Object>& objects, const std::string& uid, const std::string& name) {
  const auto old = std::ranges::find(objects, uid, &Object::uid);
  if (old == objects.end() || old->name == name) return;
  Object renamed = *old;
  renamed.name = name;
  objects.push_back(std::move(renamed));
}

Result<Edited> edit(const World& world, const Stored& stored, const EditRequest& request,
                    const std::stop_token& stop) {
  Edited out;
  json before = json::object();
  if (!request.uid.empty()) {
    const store::ObjectRow* const row =
        TRY(row_to_change(stored, request.kind, request.uid, request.etag));
    if (row->archived)
      return Error{.kind = ErrorKind::conflict,
                   .message = "`" + row->name + "` is archived",
                   .remedy =
                       "Activate its segment anew under that name: it then takes up its list "
                       "again.",
                   .code = "object_archived"};
    out.object = object_of(*row, request.kind);
    out.before = out.object.json;
    before = read_json<json>(out.before);
  }
  json fields = TRY(object_in(request.json));
  Catalog known = stored.catalog;
  if (!request.uid.empty() && fields.contains("name") && fields["name"].is_string())
    with_section(known, request.kind, [&](auto& objects) {
      also_named(objects, request.uid, fields["name"].get<std::string>());
    });
  // A path without a folder is one of the files that were brought here.
  catalog::ReadResult read = catalog::read(file_of(request.kind, std::move(fields), before), known,
                                           {.folder = world.home.files()});
  out.problems = std::move(read.problems);
  if (out.problems.empty() && is_taken(stored, request.kind, request.uid, read.catalog)) {
    return Error{
        .kind = ErrorKind::conflict,
        .message = fmt::format("another {} bears this name", catalog::to_string(request.kind)),
        .remedy = "Choose another name, or change that one.",
        .code = "name_taken",
        .place = ErrorPlace{.pointer = "/name"}};
  }
  std::string name, destination;
  if (out.problems.empty()) {
    with_section(read.catalog, request.kind, [&](auto& objects) {
      objects.at(0).uid = request.uid;
      name = objects.at(0).name;
      if constexpr (requires { objects.at(0).destination; })
        destination = objects.at(0).destination;
    });
    Applied applied = TRY(bring_in(world, stored, read.catalog, false, request.dry_run, stop));
    out.problems = std::move(applied.problems);
    out.warnings = std::move(applied.warnings);
    for (const catalog::Difference& difference : applied.comparison.differences)
      out.changed = out.changed || (difference.what != catalog::Difference::What::unchanged &&
                                    difference.what != catalog::Difference::What::not_in_file);
  }
  make_relative(out.problems, request.kind);
  if (!out.problems.empty() || request.dry_run) return out;
  const Stored now = TRY(operations::stored(world));
  for (const store::ObjectRow& row : now.rows)
    if (row.kind == catalog::to_string(request.kind) && row.name == name && !row.archived &&
        (request.kind != Kind::activation || row.destination == destination))
      out.object = object_of(row, request.kind);
  return out;
}

}  // namespace

std::vector<Object> objects(const Stored& stored, Kind kind, bool archived) {
  std::vector<Object> out;
  for (const store::ObjectRow& row : stored.rows)
    if (row.kind == catalog::to_string(kind) && (archived || !row.archived))
      out.push_back(object_of(row, kind));
  return out;
}

Result<Object> object(const Stored& stored, Kind kind, const std::string& uid) {
  const store::ObjectRow* const row = row_of(stored, kind, uid);
  if (row == nullptr) return no_such_uid(kind, uid);
  return object_of(*row, kind);
}

Result<Edited> edit(const World& world, const EditRequest& request, const std::stop_token& stop) {
  return change(world, [&](const Stored& stored) { return edit(world, stored, request, stop); });
}

Result<Object> remove(const World& world, Kind kind, const std::string& uid,
                      const std::optional<std::string>& etag) {
  return change(world, [&](const Stored& stored) -> Result<Object> {
    const store::ObjectRow* const row = TRY(row_to_change(stored, kind, uid, etag));
    Object was = object_of(*row, kind);
    if (row->archived) return was;
    Catalog rest = stored.catalog;
    with_section(rest, kind, [&](auto& objects) {
      std::erase_if(objects, [&](const auto& one) { return one.uid == uid; });
    });
    if (kind == Kind::activation) {
      for (const Activation& one : stored.catalog.activations)
        if (one.uid == uid) TRY(archive_activation(world.store, stored, one));
      return was;
    }
    const catalog::Comparison comparison = catalog::compare(
        rest, {}, false, [](const std::string&) { return true; }, stored.archived);
    if (!comparison.problems.empty())
      return Error{.kind = ErrorKind::conflict,
                   .message = fmt::format("the {} `{}` is in use: {}", catalog::to_string(kind),
                                          was.name, comparison.problems[0].message),
                   .remedy = "Change or remove first what is made of it.",
                   .code = "object_in_use"};
    TRY(save(world.store, stored, comparison));
    return was;
  });
}

Result<Segment> unsaved_segment(const Stored& stored, const std::string& text) {
  json fields = TRY(object_in(text));
  json segment = {{"name", "this segment"}};
  segment.update(fields);
  catalog::ReadResult read = catalog::read(file_of(Kind::segment, segment, {}), stored.catalog, {});
  make_relative(read.problems, Kind::segment);
  if (!read.problems.empty()) return catalog::to_error(read.problems[0], "");
  Segment out = read.catalog.segments.at(0);
  if (stored.catalog.model(out.model) == nullptr) {
    std::vector<std::string> names;
    for (const Model& one : stored.catalog.models) names.push_back(one.name);
    return Error{
        .kind = ErrorKind::invalid,
        .message = "there is no model `" + out.model + "`" + did_you_mean(out.model, names),
        .code = "model_unknown",
        .place = ErrorPlace{.pointer = "/model"}};
  }
  return out;
}

Result<Model> unsaved_model(const Stored& stored, const std::string& text) {
  json fields = TRY(object_in(text));
  const std::string uid = fields.contains("uid") && fields["uid"].is_string() ? fields["uid"] : "";
  if (const store::ObjectRow* const row = row_of(stored, Kind::model, uid))
    fields["name"] = row->name;
  else if (!fields.contains("name"))
    fields["name"] = "this model";
  // Until somebody says by what its rows are told apart, they are no people.
  if (!fields.contains("primary_key")) fields["type"] = word(ModelType::custom);
  catalog::ReadResult read = catalog::read(file_of(Kind::model, fields, {}), stored.catalog, {});
  make_relative(read.problems, Kind::model);
  if (!read.problems.empty()) return catalog::to_error(read.problems[0], "");
  return read.catalog.models.at(0);
}

}  // namespace rollcall::operations
