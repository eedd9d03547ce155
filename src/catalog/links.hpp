// Names that lead from one object to another, and whether they lead anywhere.
#pragma once

#include <functional>

#include "catalog/form.hpp"
#include "core/catalog.hpp"

namespace rollcall::catalog {

// The names that are not inside rules, each at the place of the object that says it.
std::vector<NameUse> names_used(const Catalog& all);

// A problem for each name that leads nowhere in `all`.
void check_names(const std::vector<NameUse>& uses, const Catalog& all,
                 std::vector<Problem>& problems);

// Relations and segments inside the rules of the objects that are wanted (by their place), models
// of segments that are compared, and activations of people only.
void check_rules(const Catalog& all, const std::function<bool(Place)>& wanted,
                 std::vector<Problem>& problems);

// Segments and computed fields that are defined by way of themselves. Each cycle once, at an object
// of the file if there is one.
void check_cycles(const Catalog& all, std::vector<Problem>& problems);

// Changes every use of the name `from` to `to`, in rules too.
void rename_uses(Catalog& catalog, Kind kind, const std::string& from, const std::string& to);

}  // namespace rollcall::catalog
