// The stored catalog: the store's rows as core's values, and back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/base.hpp"
#include "catalog/catalog.hpp"
#include "core/catalog.hpp"
#include "store/store.hpp"

namespace rollcall::operations {

struct Stored {
  Catalog catalog;                   // without the archived activations
  std::vector<Activation> archived;  // their lists and ledgers are kept
  std::vector<store::ObjectRow> rows;
  // Stored under a name that another bears, which is the one in `catalog`. The next save of a
  // comparison ends them.
  std::vector<store::ObjectRow> doubles;
  int64_t revision = 0;
};

// Whether an activation has a list: of two under one name the one that does is the one in use.
using HasList = std::function<bool(const std::string& uid)>;
Result<Stored> load(store::Store& store, const HasList& has_list);

// Each of these writes only while the store is as it was read, else it is a conflict.
// Stores what a comparison with `before` came to, all or nothing. Activations that are no longer
// there are archived; everything else that is not is removed.
Status save(store::Store& store, const Stored& before, const catalog::Comparison& comparison);
// Stores one activation that was there before.
Status save(store::Store& store, const Stored& before, const Activation& activation);
// Archives one: its list and ledger are kept.
Status archive_activation(store::Store& store, const Stored& before, const Activation& activation);

// Reads what is stored and lets `body(stored)` decide and write; once more when somebody else wrote
// in between, so that neither change is lost. Who always comes too late is told so.
template <class Body>
auto change(store::Store& store, const HasList& has_list, Body&& body)
    -> decltype(body(std::declval<const Stored&>())) {
  constexpr int kTries = 100;  // two who write without a pause lose many races in a row
  for (int tried = 1;; ++tried) {
    const Stored stored = TRY(load(store, has_list));
    auto done = body(stored);
    // A conflict with a name of its own is the body's.
    const bool late =
        !done.ok() && done.error().kind == ErrorKind::conflict && done.error().code.empty();
    if (!late || tried == kTries) return done;
  }
}

// The part of the catalog that the activation is made of: itself, as if it neither rested nor had a
// schedule, its destination, and the segments, models and sources it reaches; where no run would get
// far, those that it names.
Catalog made_of(const Catalog& catalog, const Activation& activation);
// Differs when anything differs that the activation is made of: itself, its destination, the
// segments, models and sources it reaches; secrets by where they came from. When it runs and
// whether it rests is no part of it.
std::string hash_of(const Catalog& catalog, const Activation& activation);

}  // namespace rollcall::operations
