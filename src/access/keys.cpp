#include "access/keys.hpp"

#include <sodium.h>

#include "base/base64.hpp"

namespace rollcall::access {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string Keys::fresh() const { return random_word(random_); }

std::string Keys::hash(std::string_view purpose, std::string_view text) const {
  std::string message(purpose);
  message += '\0';  // ends the purpose: none contains it
  message += text;
  std::string out(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(), bytes_of(message),
                     message.size(), bytes_of(key_.reveal()), key_.reveal().size());
  return base64url(out);
}

}  // namespace rollcall::access
