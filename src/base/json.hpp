// JSON from outside, whatever library reads it. How deep it nests is bounded: what walks, prints or
// copies a tree goes down as deep as the tree does, and a stack ends.
#pragma once

#include <cstddef>
#include <string_view>

namespace rollcall {

// Levels of arrays and objects. Nobody's data come near; PostgreSQL alone allows some thousands.
constexpr size_t kJsonLevelsMax = 256;

// Whether brackets and braces, those in strings aside, are open so many at once. Any text will do.
bool nests_deeper(std::string_view json, size_t levels = kJsonLevelsMax);

// `Json` is one of the library's types, json or ordered_json; discarded where the text is no JSON, or
// nests too deep. The library's parser is compiled here alone: it is a quarter of what a source that
// calls it would compile.
template <class Json>
Json read_json(std::string_view text);

}  // namespace rollcall
