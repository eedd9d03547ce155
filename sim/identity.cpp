#include "sim/identity.hpp"

#include <sodium.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace sim {
namespace {

constexpr size_t kLocalPartMax = 64;
constexpr size_t kDomainMax = 253;
constexpr size_t kLabelMax = 63;
constexpr size_t kUserIdMax = 52;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_atom_char(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+/=?^_`{|}~-").find(c) != std::string_view::npos;
}

bool is_valid_local_part(std::string_view local, Letters letters) {
  if (local.empty() || local.size() > kLocalPartMax) return false;
  if (local.front() == '"') {
    if (local.size() < 3 || local.back() != '"') return false;
    for (char c : local.substr(1, local.size() - 2)) {
      if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') return false;
    }
    return true;
  }
  bool after_dot = true;
  for (char c : local) {
    if (c == '.') {
      if (after_dot) return false;
      after_dot = true;
    } else {
      const bool beyond_ascii = (c & 0x80) != 0;
      if (beyond_ascii ? letters == Letters::refuse : !is_atom_char(c)) return false;
      after_dot = false;
    }
  }
  return !after_dot;
}

bool is_valid_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  for (char c : label) {
    if (!is_alnum(c) && c != '-') return false;
  }
  return true;
}

bool is_valid_domain(std::string_view domain) {
  if (domain.size() > kDomainMax) return false;
  size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos) return false;
  if (!is_known_tld(lower_ascii(domain.substr(dot + 1)))) return false;
  while (!domain.empty()) {
    dot = domain.find('.');
    if (!is_valid_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) break;
    domain.remove_prefix(dot + 1);
  }
  return true;
}

}  // namespace

std::optional<ProjectType> parse_project_type(std::string_view text) {
  if (text == "hybrid") return ProjectType::hybrid;
  if (text == "email") return ProjectType::email;
  if (text == "user_id") return ProjectType::user_id;
  return std::nullopt;
}

std::string_view to_string(ProjectType type) {
  switch (type) {
    case ProjectType::hybrid:
      return "hybrid";
    case ProjectType::email:
      return "email";
    case ProjectType::user_id:
      return "user_id";
  }
  return "";
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string spelled(std::string_view email, Letters letters) {
  std::string out;
  for (auto* at = reinterpret_cast<const utf8proc_uint8_t*>(email.data());;) {
    const auto* const end = reinterpret_cast<const utf8proc_uint8_t*>(email.data() + email.size());
    utf8proc_int32_t letter = 0;
    const utf8proc_ssize_t bytes = utf8proc_iterate(at, end - at, &letter);
    if (at == end || bytes <= 0) break;
    if (letters != Letters::lower || letter < 0x80) {
      out.append(reinterpret_cast<const char*>(at), static_cast<size_t>(bytes));
    } else {
      utf8proc_uint8_t lower[4];
      out.append(reinterpret_cast<const char*>(lower),
                 static_cast<size_t>(utf8proc_encode_char(utf8proc_tolower(letter), lower)));
    }
    at += bytes;
  }
  return lower_ascii(out);
}

size_t count_characters(std::string_view text) {
  // Every byte but the later ones of a character.
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_valid_email(std::string_view email, Letters letters) {
  size_t at = email.rfind('@');
  if (at == std::string_view::npos) return false;
  return is_valid_local_part(email.substr(0, at), letters) && is_valid_domain(email.substr(at + 1));
}

bool is_valid_user_id(std::string_view user_id) {
  if (user_id.empty() || user_id.size() > kUserIdMax || user_id.back() == ' ') return false;
  for (char c : user_id) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

std::string hashed_identifier(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r\n");
  size_t end = text.find_last_not_of(" \t\r\n");
  std::string plain =
      begin == std::string_view::npos ? "" : lower_ascii(text.substr(begin, end - begin + 1));
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(plain.data()),
                     plain.size());
  std::array<char, crypto_hash_sha256_BYTES * 2 + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

}  // namespace sim
