// The one place where a match key is normalised and its form checked.
//
// E-mail: trimmed and lower-cased (ASCII), because Iterable stores it so; checked by form alone:
// one local part of at most 64 bytes, "@", a domain of at least two labels, 254 bytes in all.
// Whether a top-level domain exists is left to Iterable. User id: exact and case-sensitive, at most
// 52 printable ASCII characters, no space at its end. Source: docs/facts/iterable.md, identity.
#pragma once

#include <string>
#include <string_view>

#include "core/activation.hpp"

namespace rollcall {

enum class KeyForm { good, blank, malformed };

// Normalises `key` in place and says what it is. `blank` means empty after trimming.
KeyForm normalise_key(KeyType type, std::string& key);

}  // namespace rollcall
