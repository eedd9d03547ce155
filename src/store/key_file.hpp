// The key that seals secrets: 32 random bytes in the file `key` of the home, readable by its owner
// alone. Made once and whole, so that two processes that make a home at once end with one key.
#pragma once

#include <sodium.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/base.hpp"
#include "base/disk.hpp"

namespace rollcall::store {

class Key {
 public:
  Key() = default;
  ~Key() { sodium_memzero(bytes_.data(), bytes_.size()); }
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;

  // A new one, that nobody has seen.
  static Key fresh();
  // Puts it into a file, whole, durably.
  Status keep(Disk& disk, const std::filesystem::path& path) const;
  bool operator==(const Key& other) const {
    return sodium_memcmp(bytes_.data(), other.bytes_.data(), bytes_.size()) == 0;
  }

  // Sealed values are bound to where they belong: moved to another object they do not open.
  [[nodiscard]] std::string seal(std::string_view value, std::string_view belongs) const;
  // 32 bytes that only this key leads to; other purposes get others.
  [[nodiscard]] std::string derived(std::string_view purpose) const;
  // What the key file holds.
  [[nodiscard]] Secret content() const {
    return Secret({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
  }
  // Nothing when it was sealed by another key or for another place, or was changed since.
  [[nodiscard]] std::optional<std::string> unseal(std::string_view sealed,
                                                  std::string_view belongs) const;

 private:
  friend Result<Key> open_key(Disk& disk, const std::filesystem::path& home, bool may_make);
  friend Result<Key> read_key(Disk& disk, const std::filesystem::path& path);

  std::array<unsigned char, crypto_aead_xchacha20poly1305_ietf_KEYBYTES> bytes_{};
};

// Reads the key of the home. When there is none it is made if it may be; errors: not_found
// (missing, and secrets need it), denied (others can read it), corrupt (not a key), unavailable.
Result<Key> open_key(Disk& disk, const std::filesystem::path& home, bool may_make);
// Errors: as above.
Result<Key> read_key(Disk& disk, const std::filesystem::path& path);

}  // namespace rollcall::store
