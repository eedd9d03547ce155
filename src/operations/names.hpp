// Objects by the names people type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/base.hpp"
#include "core/catalog.hpp"
#include "operations/stored.hpp"

namespace rollcall::operations {

// By what the store calls it for ever. Errors: not_found. The value points into `all`.
Error no_such_uid(catalog::Kind kind, const std::string& uid);
template <class T>
Result<const T*> by_uid(const std::vector<T>& all, catalog::Kind kind, const std::string& uid) {
  for (const T& one : all)
    if (one.uid == uid) return &one;
  return no_such_uid(kind, uid);
}

// "Lapsed VIPs", or "Iterable/Lapsed VIPs" where the name alone is not unique.
std::string shown_name(const Catalog& catalog, const Activation& activation);

// The activation of exactly this destination and name; null: there is none.
const Activation* activation_named(const Catalog& catalog, std::string_view destination,
                                   std::string_view name);

// Errors (invalid): nothing of that name, with the nearest right one; several, with their full
// names. The value points into the catalog.
Result<const Activation*> find_activation(const Stored& stored, std::string_view name);
Result<const Segment*> find_segment(const Catalog& catalog, std::string_view name);
Result<const Destination*> find_destination(const Catalog& catalog, std::string_view name);

}  // namespace rollcall::operations
