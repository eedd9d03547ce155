#include "core/match_key.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace rollcall {
namespace {

constexpr size_t kEmailBytesMax = 254;
constexpr size_t kLocalBytesMax = 64;
constexpr size_t kLabelBytesMax = 63;
constexpr size_t kUserIdCharactersMax = 52;

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
  const bool good = is_local(email.substr(0, at)) && is_domain(email.substr(at + 1));
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
  const std::string_view bare = trim(key);
  if (bare.empty()) return KeyForm::blank;
  if (type == KeyType::user_id) return user_id_form(key);
  if (bare.size() != key.size()) key = std::string(bare);
  ascii_lower(key);
  return email_form(key);
}

}  // namespace rollcall
