// Enumerators and how they are spelled, once for each: Words<E> is the list that everything else
// reads, in files, in JSON, in the store and in messages.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace rollcall {

template <class E>
struct Words;  // `all`: pairs of spelling and enumerator

template <class E>
using Word = std::pair<std::string_view, E>;

template <class E>
concept Worded = requires {
  Words<E>::all;
};

template <Worded E>
constexpr std::string_view word(E value) {
  for (const auto& [text, enumerator] : Words<E>::all)
    if (enumerator == value) return text;
  return Words<E>::all[0].first;
}

template <Worded E>
constexpr std::optional<E> from_word(std::string_view text) {
  for (const auto& [spelling, enumerator] : Words<E>::all)
    if (spelling == text) return enumerator;
  return std::nullopt;
}

template <Worded E>
std::vector<std::string> words() {
  std::vector<std::string> out;
  for (const auto& pair : Words<E>::all) out.emplace_back(pair.first);
  return out;
}

template <>
struct Words<ErrorKind> {
  using enum ErrorKind;
  static constexpr auto all = std::to_array<Word<ErrorKind>>({{"invalid", invalid},
                                                              {"not_found", not_found},
                                                              {"conflict", conflict},
                                                              {"busy", busy},
                                                              {"denied", denied},
                                                              {"throttled", throttled},
                                                              {"unavailable", unavailable},
                                                              {"corrupt", corrupt},
                                                              {"cancelled", cancelled}});
};

}  // namespace rollcall
