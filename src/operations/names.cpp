#include "operations/names.hpp"

#include <algorithm>

namespace rollcall::operations {
namespace {

std::string full_name(const Activation& activation) {
  return activation.destination + "/" + activation.name;
}

// Shells take quotes away; what is pasted from a script may still have them.
std::string_view unquoted(std::string_view name) {
  const bool quoted = name.size() >= 2 && (name.front() == '"' || name.front() == '\'') &&
                      name.back() == name.front();
  return quoted ? name.substr(1, name.size() - 2) : name;
}

std::vector<const Activation*> bearing(const std::vector<Activation>& all, std::string_view name) {
  std::vector<const Activation*> out;
  for (const Activation& one : all)
    if (full_name(one) == name || one.name == name) out.push_back(&one);
  // A full name says more than a name that happens to read like one.
  const auto exact = std::find_if(out.begin(), out.end(),
                                  [&](const Activation* one) { return full_name(*one) == name; });
  if (exact != out.end()) return {*exact};
  return out;
}

Error unknown(const char* kind, std::string_view name, const std::vector<std::string>& names) {
  Error error{ErrorKind::invalid, std::string("there is no ") + kind + " `" + std::string(name) +
                                      "`" + did_you_mean(name, names)};
  if (names.empty()) {
    error.remedy =
        std::string("No ") + kind + " is stored yet: define it in a file and `rollcall apply` it.";
  } else if (!nearest(name, names)) {
    constexpr size_t kNamed = 10;
    std::vector<std::string> some(
        names.begin(), names.begin() + static_cast<ptrdiff_t>(std::min(kNamed, names.size())));
    if (names.size() > kNamed) some.emplace_back("…");
    error.remedy = "There are: " + join(some, ", ") + ".";
  }
  return error;
}

template <class T>
Result<const T*> find(const std::vector<T>& all, const char* kind, std::string_view name) {
  for (const std::string_view spelling : {name, unquoted(name)})
    for (const T& one : all)
      if (one.name == spelling) return &one;
  std::vector<std::string> names;
  for (const T& one : all) names.push_back(one.name);
  return unknown(kind, name, names);
}

}  // namespace

Error no_such_uid(catalog::Kind kind, const std::string& uid) {
  return {.kind = ErrorKind::not_found,
          .message =
              "there is no " + std::string(catalog::to_string(kind)) + " of the uid `" + uid + "`"};
}

std::string shown_name(const Catalog& catalog, const Activation& activation) {
  const auto same =
      std::count_if(catalog.activations.begin(), catalog.activations.end(),
                    [&](const Activation& one) { return one.name == activation.name; });
  return same > 1 ? full_name(activation) : activation.name;
}

const Activation* activation_named(const Catalog& catalog, std::string_view destination,
                                   std::string_view name) {
  for (const Activation& one : catalog.activations)
    if (one.destination == destination && one.name == name) return &one;
  return nullptr;
}

Result<const Activation*> find_activation(const Stored& stored, std::string_view name) {
  const std::vector<Activation>& all = stored.catalog.activations;
  for (const std::string_view spelling : {name, unquoted(name)}) {
    const auto found = bearing(all, spelling);
    if (found.size() == 1) return found[0];
    if (found.size() > 1) {
      std::vector<std::string> names;
      for (const Activation* one : found) names.push_back("`" + full_name(*one) + "`");
      return Error{ErrorKind::invalid,
                   "several activations are named `" + std::string(spelling) + "`",
                   "Name one of them in full: " + join(names, ", ") + "."};
    }
  }
  if (!bearing(stored.archived, unquoted(name)).empty())
    return Error{ErrorKind::invalid, "activation `" + std::string(unquoted(name)) + "` is archived",
                 "Its list and ledger are kept: put it into a file again and `rollcall apply` it."};
  std::vector<std::string> names;
  const bool in_full = name.find('/') != std::string_view::npos;
  for (const Activation& one : all)
    names.push_back(in_full ? full_name(one) : shown_name(stored.catalog, one));
  return unknown("activation", name, names);
}

Result<const Segment*> find_segment(const Catalog& catalog, std::string_view name) {
  return find(catalog.segments, "segment", name);
}

Result<const Destination*> find_destination(const Catalog& catalog, std::string_view name) {
  return find(catalog.destinations, "destination", name);
}

}  // namespace rollcall::operations
