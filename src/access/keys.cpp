#include "access/keys.hpp"

#include <sodium.h>

#include <array>
#include <cstring>

namespace rollcall::access {
namespace {

using Bytes = std::array<unsigned char, 32>;

std::string text_of(const Bytes& bytes) {
  constexpr int kEncoding = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string out(sodium_base64_ENCODED_LEN(bytes.size(), kEncoding), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), kEncoding);
  out.pop_back();  // its NUL
  return out;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string Keys::fresh() const {
  Bytes bytes;
  for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
    const uint64_t drawn = random_.next();
    std::memcpy(bytes.data() + at, &drawn, sizeof drawn);
  }
  return text_of(bytes);
}

std::string Keys::hash(std::string_view purpose, std::string_view text) const {
  std::string message(purpose);
  message += '\0';  // ends the purpose: none contains it
  message += text;
  Bytes out;
  crypto_generichash(out.data(), out.size(), bytes_of(message), message.size(),
                     bytes_of(key_.reveal()), key_.reveal().size());
  return text_of(out);
}

}  // namespace rollcall::access
