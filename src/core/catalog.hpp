// Everything that is defined: what a catalog file says and the store keeps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/activation.hpp"
#include "core/model.hpp"
#include "core/segment.hpp"
#include "core/source.hpp"

namespace rollcall {

// What an older program stored and this one would not: it is read as far as it goes, so that all
// else can be read and it can be mended, and nothing is done with it.
struct Unsound {
  std::string kind, name;
  std::string destination = {};  // of an activation
  std::string json = {};         // as it is stored
  std::string problem = {};
  bool operator==(const Unsound&) const = default;
};

struct Catalog {
  std::vector<Source> sources;
  std::vector<Model> models;
  std::vector<Segment> segments;
  std::vector<Destination> destinations;
  std::vector<Activation> activations;
  std::vector<Unsound> unsound = {};  // which of them are

  // Null when there is none of that name. Valid until the catalog changes.
  [[nodiscard]] const Source* source(std::string_view name) const { return find(sources, name); }
  [[nodiscard]] const Model* model(std::string_view name) const { return find(models, name); }
  [[nodiscard]] const Segment* segment(std::string_view name) const { return find(segments, name); }
  [[nodiscard]] const Destination* destination(std::string_view name) const {
    return find(destinations, name);
  }

  // Null when it is sound, or not there.
  [[nodiscard]] const Unsound* unsound_one(std::string_view kind, std::string_view name,
                                           std::string_view destination = "") const;
  // Takes over those that are not sound in `from`, but for the names that `anew` defines.
  void take_unsound(const Catalog& from, const Catalog& anew);
  // An error when it is not.
  [[nodiscard]] Status sound(std::string_view kind, std::string_view name,
                             std::string_view destination = "") const;

  [[nodiscard]] bool has(const Unsound& one) const;  // an object of its kind and name

 private:
  template <class T>
  static const T* find(const std::vector<T>& all, std::string_view name) {
    for (const T& one : all)
      if (one.name == name) return &one;
    return nullptr;
  }
};

// Whom an activation is for: its segment, which must be there, less the destination's exclusions.
Segment activated_segment(const Catalog& catalog, const Activation& activation);

}  // namespace rollcall
