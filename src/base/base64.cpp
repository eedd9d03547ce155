#include "base/base64.hpp"

#include <sodium.h>

#include <array>

namespace rollcall {
namespace {

constexpr int kUrl = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string encoded(std::string_view bytes, int variant) {
  std::string out(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), variant);
  out.pop_back();  // its NUL
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
  return encoded(bytes, sodium_base64_VARIANT_ORIGINAL);
}
std::string base64url(std::string_view bytes) { return encoded(bytes, kUrl); }

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out(text.size(), '\0');
  size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, kUrl) != 0)
    return std::nullopt;
  out.resize(size);
  return out;
}

std::string random_word(Random& random) {
  std::array<uint64_t, 4> bits{};
  for (uint64_t& part : bits) part = random.next();
  return base64url({reinterpret_cast<const char*>(bits.data()), sizeof bits});
}

}  // namespace rollcall
