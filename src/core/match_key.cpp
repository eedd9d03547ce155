#include "core/match_key.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "base/text.hpp"

namespace rollcall {
namespace {

constexpr size_t kEmailBytesMax = 254;
constexpr size_t kLocalBytesMax = 64;
constexpr size_t kLabelBytesMax = 63;
constexpr size_t kUserIdCharactersMax = 52;

// Calls `each` with every character and its bytes, in order; of valid UTF-8.
template <class Each>
void for_each_character(std::string_view text, Each each) {
  while (!text.empty()) {
    utf8proc_int32_t character = 0;
    const auto bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                        static_cast<utf8proc_ssize_t>(text.size()), &character);
    if (bytes <= 0) return;
    each(character, text.substr(0, static_cast<size_t>(bytes)));
    text.remove_prefix(static_cast<size_t>(bytes));
  }
}

// White space and controls of every script, and what shapes or orders the text around it.
bool is_invisible(utf8proc_int32_t character) {
  switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return true;
    default:
      return false;
  }
}

// Within an address these two join letters of some scripts; elsewhere nobody can see them.
bool joins_letters(utf8proc_int32_t character) {
  return character == 0x200c || character == 0x200d;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

// What is_invisible says of ASCII, without asking its table: nearly every key is nothing else.
bool is_visible_ascii(char c) { return c > 0x20 && c < 0x7f; }

std::string_view trim_invisible(std::string_view text) {
  if (is_ascii(text)) {
    const auto first = std::ranges::find_if(text, is_visible_ascii);
    while (text.end() != first && !is_visible_ascii(text.back())) text.remove_suffix(1);
    text.remove_prefix(static_cast<size_t>(first - text.begin()));
    return text;
  }
  size_t from = text.size(), to = 0, at = 0;
  for_each_character(text, [&](utf8proc_int32_t character, std::string_view bytes) {
    if (!is_invisible(character)) {
      from = std::min(from, at);
      to = at + bytes.size();
    }
    at += bytes.size();
  });
  return from < to ? text.substr(from, to - from) : std::string_view();
}

bool all_visible(std::string_view text) {
  if (is_ascii(text)) return std::ranges::all_of(text, is_visible_ascii);
  bool out = true;
  for_each_character(text, [&](utf8proc_int32_t character, std::string_view) {
    out = out && (!is_invisible(character) || joins_letters(character));
  });
  return out;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c >= 0x80;
  });
}

bool is_domain(std::string_view domain) {
  size_t labels = 0;
  std::string_view last;
  while (true) {
    const size_t dot = domain.find('.');
    last = domain.substr(0, dot);
    if (!is_label(last)) return false;
    ++labels;
    if (dot == std::string_view::npos) break;
    domain.remove_prefix(dot + 1);
  }
  // A top-level domain is never all digits, and has two characters or more.
  const bool digits =
      std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
  return labels >= 2 && last.size() >= 2 && !digits;
}

// The characters of an atom, dots between atoms, and anything beyond ASCII (an internationalised
// mailbox). Quoted local parts are not taken: nobody mails them.
bool is_local(std::string_view local) {
  if (local.empty() || local.size() > kLocalBytesMax) return false;
  if (local.front() == '.' || local.back() == '.') return false;
  if (local.find("..") != std::string_view::npos) return false;
  constexpr std::string_view kForbidden = "()<>@,;:\\\"[] ";
  return std::all_of(local.begin(), local.end(), [&](unsigned char c) {
    return c > 0x20 && c != 0x7f && kForbidden.find(static_cast<char>(c)) == std::string_view::npos;
  });
}

KeyForm email_form(std::string_view email) {
  if (email.size() > kEmailBytesMax || !is_utf8(email)) return KeyForm::malformed;
  const size_t at = email.find('@');
  if (at == std::string_view::npos) return KeyForm::malformed;
  const bool good =
      is_local(email.substr(0, at)) && is_domain(email.substr(at + 1)) && all_visible(email);
  return good ? KeyForm::good : KeyForm::malformed;
}

KeyForm user_id_form(std::string_view id) {
  if (id.size() > kUserIdCharactersMax || id.back() == ' ') return KeyForm::malformed;
  const bool printable =
      std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  return printable ? KeyForm::good : KeyForm::malformed;
}

}  // namespace

KeyForm normalise_key(KeyType type, std::string& key) {
  const std::string_view bare = is_utf8(key) ? trim_invisible(key) : trim(key);
  if (bare.empty()) return KeyForm::blank;
  if (type == KeyType::user_id) return user_id_form(key);
  if (bare.size() != key.size()) key = std::string(bare);
  ascii_lower(key);
  return email_form(key);
}

std::string folded_key(std::string_view key) {
  std::string out;
  if (is_ascii(key) || !is_utf8(key)) {
    out = key;
    ascii_lower(out);
    return out;
  }
  constexpr utf8proc_int32_t kSigma = 0x3c3, kFinalSigma = 0x3c2, kDotAbove = 0x307;
  for_each_character(key, [&](utf8proc_int32_t character, std::string_view) {
    if (character == kDotAbove && out.ends_with('i')) return;  // what is left of İ
    const utf8proc_int32_t lower = utf8proc_tolower(character);
    utf8proc_uint8_t bytes[4];
    const auto size = utf8proc_encode_char(lower == kFinalSigma ? kSigma : lower, bytes);
    out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  });
  return out;
}

std::string folded_key_sql(std::string_view column) {
  const std::string key(column);
  // Bytes against characters: nothing but ASCII is a byte a character.
  return "CASE WHEN strlen(" + key + ") = length(" + key + ") THEN " + key +
         " ELSE replace(replace(lower(" + key + "), 'ς', 'σ'), 'i\u0307', 'i') END";
}

}  // namespace rollcall
