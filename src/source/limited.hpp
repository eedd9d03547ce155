// Limits on every value and row, whichever kind of source it comes from. What is larger is an error
// that names the column: it could not be sent, and a few of them would fill the memory.
#pragma once

#include <memory>

#include "source/source.hpp"

namespace rollcall::source {

// Iterable holds some 32,000 characters a value. Source: docs/facts/iterable.md, names, limits,
// null, merging.
constexpr size_t kValueBytesMax = 1'000'000;
// One body to Iterable. Source: docs/facts/iterable.md, batch size.
constexpr size_t kRowBytesMax = 4'000'000;

// `connection`, whose rows are held to the limits above and to kJsonLevelsMax.
std::unique_ptr<Connection> limited(std::unique_ptr<Connection> connection);

}  // namespace rollcall::source
