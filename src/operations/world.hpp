// What every operation is given, and the stored catalog it begins with.
#pragma once

#include <stop_token>
#include <string>
#include <utility>

#include "base/base.hpp"
#include "operations/stored.hpp"
#include "run/run.hpp"
#include "source/source.hpp"

namespace rollcall::operations {

using run::World;

// The same, but for who watches; outlived by both.
World watched_by(const World& world, Observer& observer);
// How sources are opened on behalf of `world`.
source::OpenOptions source_options(const World& world, const std::stop_token& stop);
// Whether an activation has a list. One whose state cannot be read is taken to have one.
bool has_list(const World& world, const std::string& uid);

Result<Stored> stored(const World& world);
// `change` of stored.hpp, on this home.
template <class Body>
auto change(const World& world, Body&& body) -> decltype(body(std::declval<const Stored&>())) {
  return change(
      world.store, [&](const std::string& uid) { return has_list(world, uid); },
      std::forward<Body>(body));
}

}  // namespace rollcall::operations
