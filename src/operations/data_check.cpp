#include "operations/data_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "attributes/attributes.hpp"
#include "run/run.hpp"
#include "segment/segment.hpp"

namespace rollcall::operations {
namespace {

bool is_from_file(const Place& place) { return place.line > 0; }

class Checker {
 public:
  Checker(const Catalog& catalog, const source::OpenOptions& options)
      : catalog_(catalog), options_(options) {}

  DataCheck check() {
    for (const Source& source : catalog_.sources)
      if (const std::string said = state_warning(source);
          is_from_file(source.place) && !said.empty())
        out_.warnings.push_back("source `" + source.name + "`: " + said);
    for (const Model& model : catalog_.models)
      if (concerns(model) && !options_.stop.stop_requested()) check(model);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool concerns(const Model& model) const {
    if (is_from_file(model.place)) return true;
    const auto segments = segments_of(model);
    return std::any_of(segments.begin(), segments.end(), [&](const Segment* segment) {
      const auto activations = activations_of(*segment);
      return is_from_file(segment->place) ||
             std::any_of(activations.begin(), activations.end(),
                         [](const Activation* one) { return is_from_file(one->place); });
    });
  }

  [[nodiscard]] std::vector<const Segment*> segments_of(const Model& model) const {
    std::vector<const Segment*> out;
    for (const Segment& segment : catalog_.segments)
      if (segment.model == model.name) out.push_back(&segment);
    return out;
  }
  [[nodiscard]] std::vector<const Activation*> activations_of(const Segment& segment) const {
    std::vector<const Activation*> out;
    for (const Activation& activation : catalog_.activations)
      if (activation.segment == segment.name) out.push_back(&activation);
    return out;
  }

  void check(const Model& model) {
    // One connection for all of the model's segments.
    Segment everyone;
    everyone.model = model.name;
    Segment all = everyone;
    AnyOf rules;
    for (const Segment* segment : segments_of(model)) rules.rules.push_back(segment->where);
    all.where.test = std::move(rules);
    std::vector<std::string> computed;
    for (const ComputedField& field : model.computed) computed.push_back(field.name);
    auto reader = segment::Reader::open(catalog_, all, computed, options_);
    if (!reader.ok()) {
      // What is wrong with the files themselves, a run would trip over as well.
      const Source* from = catalog_.source(model.source);
      const ErrorKind kind = reader.error().kind;
      if (from != nullptr && source_kind(from->kind).of_files && is_from_file(model.place) &&
          (kind == ErrorKind::invalid || kind == ErrorKind::corrupt))
        return add(reader.error(), model.place, "", model);
      return warn(reader.error());
    }
    const auto columns = reader->fields();
    if (!columns.ok()) {
      add(columns.error(), model.place, "", model);
      return;
    }
    if (const auto key = reader->sql({.segment = everyone, .fields = {model.primary_key}});
        !key.ok())
      add(key.error(), model.place, "", model);
    else if (is_from_file(model.place) && model.type == ModelType::users)
      check_key(*reader, model);
    for (const Segment* segment : segments_of(model)) {
      const bool shown = is_from_file(segment->place);
      if (const auto query = reader->sql({.segment = *segment}); !query.ok())
        shown ? add(query.error(), segment->place, "", *segment)
              : add(query.error(), model.place,
                    "the stored segment `" + segment->name + "`: ", model);
      else if (shown)
        try_out(*reader, *segment, *query);
      for (const Activation* activation : activations_of(*segment))
        check(*activation, *segment, model, *columns, *reader);
    }
  }

  // What the engine says to the rule, and to the data that a run would read by it.
  void try_out(segment::Reader& reader, const Segment& segment, const SqlQuery& query) {
    if (const auto columns = reader.describe(query); !columns.ok()) {
      if (columns.error().kind == ErrorKind::invalid)
        add(columns.error(), segment.place, "", segment);
      else
        warn(columns.error());
    } else if (const auto size = reader.count(segment, Time{}, options_.stop); !size.ok()) {
      const ErrorKind kind = size.error().kind;
      const std::string said = "segment `" + segment.name + "` cannot be counted: ";
      if (kind == ErrorKind::invalid || kind == ErrorKind::corrupt)
        add(size.error(), segment.place, said, segment);
      else
        out_.warnings.push_back(said + size.error().text());
    }
  }

  void check_key(segment::Reader& reader, const Model& model) {
    const auto key = reader.check_key(Time{}, options_.stop);
    if (!key.ok()) return warn(key.error());
    if (key->refused())
      return add({ErrorKind::invalid, key->text(), segment::KeyCheck::remedy()}, model.place, "",
                 model, "/primary_key");
    if (!key->good()) out_.warnings.push_back("model `" + model.name + "`: " + key->text());
  }

  void check(const Activation& activation, const Segment& segment, const Model& model,
             const std::vector<ColumnInfo>& columns, const segment::Reader& reader) {
    const bool shown = is_from_file(activation.place);
    const Place place = shown                         ? activation.place
                        : is_from_file(segment.place) ? segment.place
                                                      : model.place;
    const std::string who = shown ? "" : "the stored activation `" + activation.name + "`: ";
    const std::string& key = activation.match_key.field;
    const auto complain = [&](Error error, Place at, const std::string& pointer) {
      shown                         ? add(std::move(error), at, who, activation, pointer)
      : is_from_file(segment.place) ? add(std::move(error), at, who, segment)
                                    : add(std::move(error), at, who, model);
    };
    if (const Status valid = run::validate(catalog_, activation); !valid.ok())
      complain(valid.error(), place, "");
    else if (const auto query = reader.sql({.segment = activated_segment(catalog_, activation)});
             !query.ok())
      complain(query.error(), place, "");
    std::vector<std::string> names;
    for (const ColumnInfo& column : columns) {
      names.push_back(column.name);
      if (column.name != key) continue;
      if (const Status fit = run::check_key_type(activation.match_key, column); !fit.ok())
        complain(fit.error(), place, "/match_key");
    }
    if (std::find(names.begin(), names.end(), key) == names.end())
      complain({ErrorKind::invalid, "there is no field `" + key + "` in `" + model.name +
                                        "` for the match key" + did_you_mean(key, names)},
               place, "/match_key/field");
    for (size_t i = 0; i < activation.attributes.size(); ++i) {
      const Attribute& attribute = activation.attributes[i];
      if (const auto target = attributes::targets({attribute}, columns); !target.ok())
        complain(target.error(), shown && is_from_file(attribute.place) ? attribute.place : place,
                 fmt::format("/attributes/{}", i));
    }
  }

  // The object in the file: "/segments/2". Empty for one that is not from there.
  template <class Object>
  static std::string pointer_to(const std::vector<Object>& all, const std::string& section,
                                const Place& place) {
    if (!is_from_file(place)) return "";
    const auto before = std::count_if(all.begin(), all.end(), [&](const Object& one) {
      return is_from_file(one.place) &&
             std::pair(one.place.line, one.place.column) < std::pair(place.line, place.column);
    });
    return fmt::format("/{}/{}", section, before);
  }
  [[nodiscard]] std::string pointer_to(const Model& one) const {
    return pointer_to(catalog_.models, "models", one.place);
  }
  [[nodiscard]] std::string pointer_to(const Segment& one) const {
    return pointer_to(catalog_.segments, "segments", one.place);
  }
  [[nodiscard]] std::string pointer_to(const Activation& one) const {
    return pointer_to(catalog_.activations, "activations", one.place);
  }

  // Where an error says itself that it is: in a rule, as compile's door says. Of an object that is
  // not from the file, it is at what is made of it.
  [[nodiscard]] std::string pointer_to(const ErrorPlace& place) const {
    std::string root;
    for (const Segment& one : catalog_.segments)
      if (place.object == "segment " + one.name) root = pointer_to(one);
    for (const Model& one : catalog_.models)
      if (place.object == "model " + one.name) root = pointer_to(one);
    return root.empty() ? "" : root + place.pointer;
  }

  // Of `object`, at the node of it that `pointer` names.
  template <class Object>
  void add(Error error, Place place, const std::string& who, const Object& object,
           const std::string& pointer = {}) {
    std::string found = error.place ? pointer_to(*error.place) : "";
    if (found.empty()) found = pointer_to(object) + (is_from_file(object.place) ? pointer : "");
    if (error.place && error.place->line > 0) place = {error.place->line, error.place->column};
    error.place.reset();
    std::string message = error.text();
    message.insert(0, who);
    const bool known =
        std::any_of(out_.problems.begin(), out_.problems.end(), [&](const catalog::Problem& one) {
          return one.place.line == place.line && one.place.column == place.column &&
                 one.message == message;
        });
    if (!known)
      out_.problems.push_back({place, std::move(message), std::move(error.code), std::move(found)});
  }

  void warn(const Error& error) {
    std::string message = "fields were not held against the data: " + error.text();
    if (std::find(out_.warnings.begin(), out_.warnings.end(), message) == out_.warnings.end())
      out_.warnings.push_back(std::move(message));
  }

  const Catalog& catalog_;
  const source::OpenOptions& options_;
  DataCheck out_;
};

}  // namespace

std::string state_warning(const Source& source) {
  const auto state = source.options.find("state");
  if (state == source.options.end() || state->second != "warehouse") return "";
  return "`state: warehouse` is not followed yet: snapshots are kept and compared with Rollcall";
}

std::string type_text(const ColumnType& type) {
  std::string out(to_string(type.type));
  if (type.type == FieldType::timestamp && type.zoned) out += " with offset";
  if (!type.format.empty()) out += " written " + type.format;
  return out;
}

std::string types_text(const source::Look& table) {
  constexpr size_t kShown = 40;
  std::vector<std::string> out;
  for (const auto& column : table.columns) {
    if (out.size() == kShown) {
      out.push_back(std::to_string(table.columns.size() - kShown) + " more");
      break;
    }
    out.push_back(column.name + " " + type_text(column.type));
  }
  return join(out, ", ");
}

std::vector<std::string> doubts_of(const source::Look& table) {
  constexpr size_t kShown = 20;
  std::vector<std::string> out;
  for (const auto& column : table.columns)
    if (!column.doubt.empty() && out.size() < kShown)
      out.push_back("`" + column.name + "` is text: it " + column.doubt);
  if (!table.left_out.empty()) {
    std::vector<std::string> names;
    for (const std::string& file : table.left_out) {
      if (names.size() == kShown) {
        names.push_back(std::to_string(table.left_out.size() - kShown) + " more");
        break;
      }
      names.push_back(file);
    }
    out.push_back("not read, for their endings are none of the source's: " + join(names, ", "));
  }
  return out;
}

DataCheck hold_against_data(const Catalog& catalog, const source::OpenOptions& options) {
  return Checker(catalog, options).check();
}

}  // namespace rollcall::operations
