// The one place where a match key is normalised and its form checked, and where it is decided which
// keys are one person's.
//
// E-mail: trimmed and lower-cased (ASCII), because Iterable stores it so; checked by form alone:
// one local part of at most 64 bytes, "@", a domain of at least two labels, 254 bytes in all, no
// white space and nothing invisible. At its ends whatever cannot be seen is trimmed: white space of
// every script, marks of the order of bytes. Whether a top-level domain exists is left to Iterable.
// User id: exact and case-sensitive, at most 52 printable ASCII characters, no space at its end.
// Source: docs/facts/iterable.md, identity.
//
// Whether Iterable lowers letters beyond ASCII, too, is not known. So an address is sent as it is
// written, while two that differ in the case of such letters alone count as one person: see ADR 12.
#pragma once

#include <string>
#include <string_view>

#include "core/activation.hpp"

namespace rollcall {

enum class KeyForm { good, blank, malformed };

// Normalises `key` in place and says what it is. `blank` means empty after trimming.
KeyForm normalise_key(KeyType type, std::string& key);

// The same for all keys of one person, whatever the case of their letters; of use for nothing but
// comparing. Both ways that programs lower the letters İ and Σ come to the same.
std::string folded_key(std::string_view key);
// The same in DuckDB's SQL, of a normalised key. What is ASCII alone stays as it is, user ids
// therefore among it.
std::string folded_key_sql(std::string_view column);

}  // namespace rollcall
