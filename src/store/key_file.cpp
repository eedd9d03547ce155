#include "store/key_file.hpp"

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

Error key_is_missing(const fs::path& path) {
  return {.kind = ErrorKind::not_found,
          .message = "the key file " + path.string() +
                     " is missing, and secrets are stored that only it opens",
          .remedy =
              "Restore it from a backup. Without it the secrets are lost: start a new home "
              "and apply the catalog again."};
}

}  // namespace

Key Key::fresh() {
  Key out;
  randombytes_buf(out.bytes_.data(), out.bytes_.size());
  return out;
}

Status Key::keep(Disk& disk, const fs::path& path) const {
  return disk.replace(path, [&](const std::string&) { return content().reveal(); });
}

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

Result<Key> read_key(Disk& disk, const fs::path& path) {
  const auto file = TRY(disk.open(path, Disk::Open::read));
  if (!file) return key_is_missing(path);
  const DiskFile::About about = TRY(file->about());
  if (about.others_may_read)
    return Error{.kind = ErrorKind::denied,
                 .message = path.string() + " can be read by others",
                 .remedy = "chmod 600 " + path.string() +
                           ", and change the API keys if somebody may have read it."};
  Key key;
  const size_t size = key.bytes_.size();
  if (about.bytes != size || TRY(file->read(0, key.bytes_.data(), size)) != size)
    return Error{.kind = ErrorKind::corrupt,
                 .message = path.string() + " is no key of ours",
                 .remedy =
                     "Restore it from a backup. Without it the secrets are lost: remove it, start "
                     "a new home and apply the catalog again."};
  return key;
}

Result<Key> open_key(Disk& disk, const fs::path& home, bool may_make) {
  const fs::path path = Home{home}.key();
  std::error_code ignored;
  if (fs::exists(path, ignored)) return read_key(disk, path);
  if (!may_make) return key_is_missing(path);

  // Written beside its place under a name nobody else uses, then put there only if nobody was
  // faster.
  const Key key = Key::fresh();
  char suffix[17];
  unsigned char random[8];
  randombytes_buf(random, sizeof random);
  sodium_bin2hex(suffix, sizeof suffix, random, sizeof random);
  const fs::path fresh = home / (std::string("key.") + suffix);
  {
    const auto file = TRY(disk.open(fresh, Disk::Open::first));
    Status written = file->write(0, key.content().reveal());
    if (written.ok()) written = file->sync();
    if (!written.ok()) {
      (void)disk.remove(fresh);
      return Error(written.error());
    }
  }
  (void)TRY(disk.place(fresh, path));
  TRY(disk.sync_folder(home));
  return read_key(disk, path);  // which may be another process's
}

}  // namespace rollcall::store
