// The stored catalog: the store's rows as core's values, and back.
#pragma once

#include <string>
#include <vector>

#include "base/base.hpp"
#include "catalog/catalog.hpp"
#include "core/catalog.hpp"
#include "store/store.hpp"

namespace rollcall::cli {

struct Stored {
  Catalog catalog;                   // without the archived activations
  std::vector<Activation> archived;  // their lists and ledgers are kept
  std::vector<store::ObjectRow> rows;
};

Result<Stored> load(store::Store& store);
// Stores what a comparison with `before` came to, all or nothing. Activations that are no longer
// there are archived; everything else that is not is removed.
Status save(store::Store& store, const Stored& before, const catalog::Comparison& comparison);
// Stores one activation that was there before.
Status save(store::Store& store, const Stored& before, const Activation& activation);

// Archives one: its list and ledger are kept.
Status archive_activation(store::Store& store, const Stored& before, const Activation& activation);

// Differs when anything that is defined differs; secrets by where they came from.
std::string hash_of(const Catalog& catalog);

}  // namespace rollcall::cli
