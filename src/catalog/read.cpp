// A whole file: text to tree, tree to objects, then what can only be seen once all of them are
// there.
#include <algorithm>
#include <map>
#include <set>

#include "catalog/links.hpp"
#include "catalog/objects.hpp"

namespace rollcall::catalog {

std::string_view to_string(Kind kind) { return word(kind); }

Error to_error(const Problem& problem, std::string_view file) {
  return {.kind = ErrorKind::invalid,
          .message = problem.message,
          .code = problem.code,
          .place = ErrorPlace{.file = std::string(file),
                              .line = problem.place.line,
                              .column = problem.place.column,
                              .pointer = problem.pointer}};
}

std::string to_text(const Problem& problem, std::string_view file) {
  std::string text = to_error(problem, file).text();
  // One line a problem, whatever was quoted in it.
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

namespace {

// A section is a list of maps; one without a value is empty, as in a file somebody has begun.
const Node* section(In& in, std::string_view key) {
  const Node* node = in.node(key);
  if (!node || node->kind == Node::Kind::null) return nullptr;
  if (node->kind == Node::Kind::list) return node;
  in.reading().expected(*node, key, "a list");
  return nullptr;
}

template <class T>
void take_section(In& in, std::string_view key, std::string_view what, std::vector<T>& objects) {
  const Node* list = section(in, key);
  if (!list) return;
  take(*list, in.reading(), key, objects);
  in.distinct(key, "name", fmt::format("the {}", what));
  in.distinct(key, "id", "the id");
}

// What the names in the file may lead to: its own objects, and stored ones it does not replace. A
// stored object that the file names anew (same id) is reached by its new name alone.
template <class T>
void add_stored(std::vector<T>& all, const std::vector<T>& stored) {
  std::set<std::string, std::less<>> names, ids;
  for (const T& one : all) {
    names.insert(one.name);
    if (one.id) ids.insert(*one.id);
  }
  for (const T& one : stored) {
    if (names.contains(one.name) || (one.id && ids.contains(*one.id))) continue;
    all.push_back(one);
    all.back().place = {};
  }
}

Catalog with_stored(const Catalog& file, const Catalog& stored) {
  Catalog all = file;
  add_stored(all.sources, stored.sources);
  add_stored(all.models, stored.models);
  add_stored(all.segments, stored.segments);
  add_stored(all.destinations, stored.destinations);
  all.take_unsound(stored, file);
  return all;
}

void take_activation(const Node& node, Reading& reading, const Catalog& all,
                     Activation& activation) {
  if (node.kind != Node::Kind::map)
    return reading.expected(node, "activations", "a list of maps (an activation)");
  const auto peek = [&](std::string_view key) {
    const Node* value = node.find(key);
    return value && value->kind == Node::Kind::scalar ? value->text : std::string();
  };
  const Destination* destination = all.destination(peek("destination"));
  const Segment* segment = all.segment(peek("segment"));
  const ActivationDefaults* defaults =
      destination && destination->defaults ? &*destination->defaults : nullptr;
  In in(node, reading, Called<Activation>::text);
  // Without its segment nobody knows whose fields the defaults name; that it is missing is said
  // elsewhere.
  const std::string model = segment ? segment->model : defaults ? defaults->model.value_or("") : "";
  form_with_defaults(in, activation, defaults, model);
  in.done();
  // Pausing is an operator's act: a file that does not speak of it does not undo it.
  if (!in.has("paused"))
    for (const Activation& stored : reading.stored->activations) {
      const bool same = activation.id && stored.id ? activation.id == stored.id
                                                   : stored.destination == activation.destination &&
                                                         stored.name == activation.name;
      if (same) activation.paused = stored.paused;
    }
  if (destination && activation.match_key.type == KeyType::email &&
      !activation.match_key.field.empty() && destination->project_type == ProjectType::user_id)
    in.check(false, "match_key",
             fmt::format("`{}` is a project of type user_id, where an e-mail address identifies "
                         "nobody: match by "
                         "`type: user_id`",
                         destination->name));
}

void take_activations(In& in, const Catalog& all, std::vector<Activation>& activations) {
  const Node* list = section(in, "activations");
  if (!list) return;
  std::map<std::pair<std::string, std::string>, Place> names;
  std::map<std::pair<std::string, int64_t>, std::string> adopted;
  for (const Node& item : list->items) {
    Activation& activation = activations.emplace_back();
    take_activation(item, in.reading(), all, activation);
    if (activation.name.empty() || activation.destination.empty()) continue;
    const Node* name = item.find("name");
    const Place place = name ? name->place : item.place;
    const auto [first, is_new] =
        names.emplace(std::pair(activation.destination, activation.name), place);
    if (!is_new)
      in.reading().problem(
          place,
          fmt::format("`{}` has an activation `{}` already, in line {}: the name is the list's, so "
                      "each needs its own; write a `name`",
                      activation.destination, activation.name, first->second.line));
    if (!activation.adopt_list) continue;
    const auto [other, is_free] =
        adopted.emplace(std::pair(activation.destination, *activation.adopt_list), activation.name);
    if (!is_free)
      in.reading().problem(item.find("list")->place,
                           fmt::format("the list {} is adopted by the activation `{}` already: a "
                                       "list belongs to one activation",
                                       *activation.adopt_list, other->second));
  }
  in.distinct("activations", "id", "the id");
}

Catalog take_catalog(const Node& root, Reading& reading) {
  Catalog catalog;
  if (root.kind != Node::Kind::map) {
    reading.problem(root.place,
                    "a catalog is a map that begins with `version: 1`, found " + found(root));
    return catalog;
  }
  In in(root, reading, "a catalog");
  int64_t version = 1;
  in.required("version", version);
  in.check(version == 1, "version",
           fmt::format("version {} is not known here: expected `version: 1`", version));
  take_section(in, "sources", "source", catalog.sources);
  take_section(in, "models", "model", catalog.models);
  take_section(in, "segments", "segment", catalog.segments);
  take_section(in, "destinations", "destination", catalog.destinations);
  take_activations(in, with_stored(catalog, *reading.stored), catalog.activations);
  in.done();
  return catalog;
}

void sort_and_cut(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
  if (problems.size() <= kProblemsMax) return;
  const std::string more =
      problems.size() < kProblemsKept ? std::to_string(problems.size() - kProblemsMax) : "many";
  problems.resize(kProblemsMax);
  problems.push_back({problems.back().place, fmt::format("and {} more problems", more)});
}

}  // namespace

ReadResult read(std::string_view yaml, const Catalog& stored, const References& references) {
  Reading reading;
  reading.references = &references;
  reading.stored = &stored;
  ReadResult result;
  Node root = parse_yaml(yaml, reading.problems);
  // A text that could not be read to its end is not judged by the part that was.
  if (root.kind != Node::Kind::null || reading.problems.empty()) {
    resolve_references(root, references, reading.problems);
    result.catalog = take_catalog(root, reading);
    const Catalog all = with_stored(result.catalog, stored);
    const auto in_file = [](Place place) { return place.line > 0; };
    check_names(reading.uses, all, reading.problems);
    check_rules(all, in_file, reading.problems);
    check_cycles(all, reading.problems);
  }
  sort_and_cut(reading.problems);
  add_pointers(root, "", reading.problems);
  result.problems = std::move(reading.problems);
  return result;
}

std::string write(const Catalog& catalog) {
  Node root = Node::map();
  root.add("version", Node::scalar("1", false));
  const auto add = [&](std::string_view key, Node list) {
    if (!list.items.empty()) root.add(key, std::move(list));
  };
  // What is unsound stands as it is stored.
  const auto stored = [&](std::string_view kind, std::string_view name,
                          std::string_view destination) -> std::optional<Node> {
    const Unsound* one = catalog.unsound_one(kind, name, destination);
    if (one == nullptr) return std::nullopt;
    std::vector<Problem> problems;
    Node node = parse_yaml(one->json, problems);
    return problems.empty() ? std::optional(std::move(node)) : std::nullopt;
  };
  const auto add_all = [&](std::string_view key, std::string_view kind, const auto& objects) {
    Node list = give(objects);
    for (size_t i = 0; i < objects.size(); ++i)
      if (auto node = stored(kind, objects[i].name, "")) list.items[i] = std::move(*node);
    add(key, std::move(list));
  };
  add_all("sources", "source", catalog.sources);
  add_all("models", "model", catalog.models);
  add_all("segments", "segment", catalog.segments);
  add_all("destinations", "destination", catalog.destinations);
  Node activations = Node::list();
  for (Activation activation : catalog.activations) {
    const Destination* destination = catalog.destination(activation.destination);
    const Segment* segment = catalog.segment(activation.segment);
    Out out;
    form_with_defaults(out, activation,
                       destination && destination->defaults ? &*destination->defaults : nullptr,
                       segment ? segment->model : "");
    auto node = stored("activation", activation.name, activation.destination);
    activations.items.push_back(node ? std::move(*node) : out.take());
  }
  add("activations", std::move(activations));
  escape_references(root);
  return to_yaml(root);
}

namespace {

// Half a rule would be another rule, so there is none.
template <class T>
T sure(T value) {
  return value;
}
Model sure(const Model& all) {
  return {.name = all.name,
          .id = all.id,
          .type = all.type,
          .source = all.source,
          .table = all.table,
          .sql = all.sql,
          .primary_key = all.primary_key,
          .tz = all.tz};
}
Segment sure(const Segment& all) { return {.name = all.name, .id = all.id, .model = all.model}; }

template <class T>
Result<T> from_json(std::string_view json, T* remains) {
  Reading reading;
  reading.from_store = true;
  T value;
  const Node node = parse_yaml(json, reading.problems);
  if (reading.problems.empty()) take(node, reading, "object", value);
  if (reading.problems.empty()) return value;
  if (remains != nullptr) *remains = sure(value);
  return Error{ErrorKind::corrupt, reading.problems.front().message};
}

// A secret's reference is kept; `stored` would say nothing.
template <class T>
std::string json_of(T value) {
  return to_json_text(give(std::move(value)));
}

}  // namespace

std::string to_json(const Source& source) {
  Source open = source;
  open.secrets.clear();
  return json_of(std::move(open));
}
std::string to_json(const Model& model) { return json_of(model); }
std::string to_json(const Segment& segment) { return json_of(segment); }
std::string to_json(const Destination& destination) {
  Destination open = destination;
  open.api_key = {};
  return json_of(std::move(open));
}
std::string to_json(const Activation& activation) { return json_of(activation); }

Result<Source> source_from_json(std::string_view json, Source* remains) {
  return from_json(json, remains);
}
Result<Model> model_from_json(std::string_view json, Model* remains) {
  return from_json(json, remains);
}
Result<Segment> segment_from_json(std::string_view json, Segment* remains) {
  return from_json(json, remains);
}
Result<Destination> destination_from_json(std::string_view json, Destination* remains) {
  return from_json(json, remains);
}
Result<Activation> activation_from_json(std::string_view json, Activation* remains) {
  return from_json(json, remains);
}

}  // namespace rollcall::catalog
