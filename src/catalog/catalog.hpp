// Catalog files: YAML to core's values and back, with every problem named at its line and column,
// and the comparison of what a file says with what is stored.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/catalog.hpp"
#include "core/words.hpp"

namespace rollcall::catalog {

struct Problem {
  Place place;
  std::string message;  // what is wrong, what was expected, the nearest right spelling, the remedy
  std::string code = {};     // as Error::code
  std::string pointer = {};  // as ErrorPlace::pointer, in the file: "/segments/0/where/all/1"
};
// An error at its place in the file.
Error to_error(const Problem& problem, std::string_view file);
// "shop.yaml:12:7: …"
std::string to_text(const Problem& problem, std::string_view file);

// How `${NAME}` and `file:PATH` are resolved; the caller does the I/O.
struct References {
  std::function<std::optional<std::string>(const std::string& name)> environment = {};
  std::function<Result<std::string>(const std::filesystem::path& path)> file = {};
  std::filesystem::path folder = {};  // relative paths in the file start here
};

struct ReadResult {
  Catalog catalog;  // as far as it could be read; only to be used when problems is empty
  std::vector<Problem> problems;
};

// Reads and validates one file together with what is `stored` (the file may name stored objects).
// Activations come back complete: defaults of the destination are filled in. Relative paths of
// sources are made absolute. Never throws; bounded in size, depth and aliases.
ReadResult read(std::string_view yaml, const Catalog& stored, const References& references);

// The stored catalog in the file's form; reading it changes nothing. Secrets print as the reference
// they came from, or `stored`.
std::string write(const Catalog& catalog);

// One object as the store keeps it, and back. JSON; secrets are left out (the store encrypts them).
// Where it cannot be read, `remains` takes what can be without a rule's being another.
std::string to_json(const Source&);
std::string to_json(const Model&);
std::string to_json(const Segment&);
std::string to_json(const Destination&);
std::string to_json(const Activation&);
Result<Source> source_from_json(std::string_view, Source* remains = nullptr);
Result<Model> model_from_json(std::string_view, Model* remains = nullptr);
Result<Segment> segment_from_json(std::string_view, Segment* remains = nullptr);
Result<Destination> destination_from_json(std::string_view, Destination* remains = nullptr);
Result<Activation> activation_from_json(std::string_view, Activation* remains = nullptr);

// A rule alone, for unsaved segments: YAML or JSON text. Errors name the node as it is found in the
// segment: "/where/all/1".
Result<Rule> read_rule(std::string_view text);
// The same of a schedule, as an activation has it: "/schedule/recurrences/0/at".
Result<Schedule> read_schedule(std::string_view text);

enum class Kind { source, model, segment, destination, activation };
std::string_view to_string(Kind kind);

struct Difference {
  // resumed: an archived activation that the file names again.
  enum class What { created, changed, renamed, resumed, unchanged, not_in_file };
  Kind kind;
  std::string name;  // activations: "Destination/Name" where the name alone is not unique
  What what;
  std::string detail = {};    // which keys changed: "where, tags"
  std::string old_name = {};  // for renamed
};
std::string_view to_string(Difference::What what);

struct Comparison {
  std::vector<Difference> differences;  // in the order of the file, then what it does not name
  Catalog merged;  // what to store, uids carried over by uid, id or name; without what is pruned
  std::vector<Problem> problems;  // why it must not be stored: changes that are refused (match key
                                  // type, destination or list of an activation that has a list),
                                  // names that would lead nowhere; each with the remedy
  std::vector<std::string> warnings = {};  // allowed, but somebody should know
};

// `stored` is without the archived activations; `archived` are these. `has_list(uid)`: whether an
// activation already has a list in Iterable. Only for a `file` that was read without problems.
Comparison compare(const Catalog& stored, const Catalog& file, bool prune,
                   const std::function<bool(const std::string& uid)>& has_list,
                   const std::vector<Activation>& archived = {});

}  // namespace rollcall::catalog

template <>
struct rollcall::Words<rollcall::catalog::Kind> {
  using enum catalog::Kind;
  static constexpr auto all = std::to_array<Word<catalog::Kind>>({{"source", source},
                                                                  {"model", model},
                                                                  {"segment", segment},
                                                                  {"destination", destination},
                                                                  {"activation", activation}});
};
template <>
struct rollcall::Words<rollcall::catalog::Difference::What> {
  using enum catalog::Difference::What;
  static constexpr auto all =
      std::to_array<Word<catalog::Difference::What>>({{"created", created},
                                                      {"changed", changed},
                                                      {"renamed", renamed},
                                                      {"resumed", resumed},
                                                      {"unchanged", unchanged},
                                                      {"not_in_file", not_in_file}});
};
