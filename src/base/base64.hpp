// Bytes as letters, and letters that nobody can guess.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace rollcall {

// RFC 4648, section 4.
std::string base64(std::string_view bytes);
// Section 5, of letters that addresses hold as they are; without padding.
std::string base64url(std::string_view bytes);
// Nothing: it is no such text.
std::optional<std::string> from_base64url(std::string_view text);

// 256 random bits as 43 letters of base64url. A secret, where `random` is one that nobody can
// foretell.
std::string random_word(Random& random);

}  // namespace rollcall
