// Everything that is defined: what a catalog file says and the store keeps.
#pragma once

#include <string_view>
#include <vector>

#include "core/activation.hpp"
#include "core/model.hpp"
#include "core/segment.hpp"
#include "core/source.hpp"

namespace rollcall {

struct Catalog {
  std::vector<Source> sources;
  std::vector<Model> models;
  std::vector<Segment> segments;
  std::vector<Destination> destinations;
  std::vector<Activation> activations;

  // Null when there is none of that name. Valid until the catalog changes.
  [[nodiscard]] const Source* source(std::string_view name) const { return find(sources, name); }
  [[nodiscard]] const Model* model(std::string_view name) const { return find(models, name); }
  [[nodiscard]] const Segment* segment(std::string_view name) const { return find(segments, name); }
  [[nodiscard]] const Destination* destination(std::string_view name) const {
    return find(destinations, name);
  }

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
