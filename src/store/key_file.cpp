#include "store/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/home.hpp"

namespace rollcall::store {
namespace fs = std::filesystem;

namespace {

constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string Key::seal(std::string_view value, std::string_view belongs) const {
  std::string out(kNonceBytes + value.size() + kTagBytes, '\0');
  randombytes_buf(out.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(out) + kNonceBytes, nullptr, bytes(value),
                                             value.size(), bytes(belongs), belongs.size(), nullptr,
                                             bytes(out), bytes_.data());
  return out;
}

std::string Key::derived(std::string_view purpose) const {
  std::string out(32, '\0');
  crypto_generichash(bytes(out), out.size(), bytes(purpose), purpose.size(), bytes_.data(),
                     bytes_.size());
  return out;
}

std::optional<std::string> Key::unseal(std::string_view sealed, std::string_view belongs) const {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::string out(sealed.size() - kNonceBytes - kTagBytes, '\0');
  const std::string_view body = sealed.substr(kNonceBytes);
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
      bytes(out), nullptr, nullptr, bytes(body), body.size(), bytes(belongs), belongs.size(),
      bytes(sealed), bytes_.data());
  if (failed != 0) return std::nullopt;
  return out;
}

Result<Key> read_key(const fs::path& path) {
  const File file(open_ours(path, O_RDONLY));
  if (file.fd < 0) return cannot("read", path, errno);
  struct stat about {};
  if (::fstat(file.fd, &about) != 0) return cannot("read", path, errno);
  if ((about.st_mode & 077) != 0)
    return Error{.kind = ErrorKind::denied,
                 .message = path.string() + " can be read by others",
                 .remedy = "chmod 600 " + path.string() +
                           ", and change the API keys if somebody may have read it."};
  Key key;
  const auto size = static_cast<ssize_t>(key.bytes_.size());
  const bool whole =
      about.st_size == size && ::read(file.fd, key.bytes_.data(), key.bytes_.size()) == size;
  if (!whole)
    return Error{.kind = ErrorKind::corrupt,
                 .message = path.string() + " is no key of ours",
                 .remedy =
                     "Restore it from a backup. Without it the secrets are lost: remove it, start "
                     "a new home and apply the catalog again."};
  return key;
}

Result<Key> open_key(const fs::path& home, bool may_make) {
  const fs::path path = Home{home}.key();
  std::error_code ignored;
  if (fs::exists(path, ignored)) return read_key(path);
  if (!may_make)
    return Error{.kind = ErrorKind::not_found,
                 .message = "the key file " + path.string() +
                            " is missing, and secrets are stored that only it opens",
                 .remedy =
                     "Restore it from a backup. Without it the secrets are lost: start a new home "
                     "and apply the catalog again."};

  // Written beside its place under a name nobody else uses, then put there only if nobody was
  // faster.
  Key key;
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  char suffix[17];
  unsigned char random[8];
  randombytes_buf(random, sizeof random);
  sodium_bin2hex(suffix, sizeof suffix, random, sizeof random);
  const fs::path fresh = home / (std::string("key.") + suffix);
  {
    const File file(open_ours(fresh, O_WRONLY | O_CREAT | O_EXCL));
    if (file.fd < 0) return cannot("write", fresh, errno);
    const auto size = static_cast<ssize_t>(key.bytes_.size());
    if (::write(file.fd, key.bytes_.data(), key.bytes_.size()) != size || ::fsync(file.fd) != 0) {
      const int why = errno;
      ::unlink(fresh.c_str());
      return cannot("write", fresh, why);
    }
  }
  const bool placed = ::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int why = errno;
  ::unlink(fresh.c_str());
  if (!placed) return cannot("write", path, why);
  if (!sync_folder(home)) return cannot("write", path, errno);
  return read_key(path);  // which may be another process's
}

}  // namespace rollcall::store
