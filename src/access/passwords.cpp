#include "access/passwords.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>

namespace rollcall::access {
namespace {

constexpr size_t kPasswordBytesMax = 1024;

// What is tried first everywhere, of the usual length and of the shorter ones that settings allow.
constexpr auto kBestKnown = std::to_array<std::string_view>({"123456",
                                                             "12345678",
                                                             "123456789",
                                                             "1234567890",
                                                             "123456789012",
                                                             "1234567890123",
                                                             "password",
                                                             "password1",
                                                             "password123",
                                                             "password1234",
                                                             "passwordpassword",
                                                             "qwerty123",
                                                             "qwertyuiop",
                                                             "qwertyuiop12",
                                                             "qwertyuiop123",
                                                             "1q2w3e4r5t6y",
                                                             "administrator",
                                                             "administrator1",
                                                             "letmeinletmein",
                                                             "iloveyou1234",
                                                             "changeme1234",
                                                             "welcome12345",
                                                             "correcthorsebatterystaple",
                                                             "trustno1trustno1"});

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

Error busy() {
  return {.kind = ErrorKind::throttled,
          .message = "too many sign in at this moment",
          .remedy = "Try again in some seconds.",
          .retry_after = Millis(std::chrono::seconds(3)),
          .code = "busy"};
}

}  // namespace

Result<Gate::Turn> Gate::enter() {
  std::unique_lock lock(mutex_);
  if (inside_ == kAtOnce) {
    if (waiting_ == kWaiting) return busy();
    ++waiting_;
    freed_.wait(lock, [&] { return inside_ < kAtOnce; });
    --waiting_;
  }
  ++inside_;
  return Turn(*this);
}

void Gate::leave() {
  {
    const std::lock_guard lock(mutex_);
    --inside_;
  }
  freed_.notify_one();
}

Passwords::Passwords(const Settings& settings)
    : settings_(settings),
      // A salt of 16 and a hash of 32 bytes, all of them null.
      nobodys_(fmt::format("$argon2id$v=19$m={},t={},p=1${:A>22}${:A>43}",
                           settings.hash_memory / 1024, settings.hash_passes, "", "")) {}

Status Passwords::may_be(const Secret& password, std::string_view email) const {
  const std::string& text = password.reveal();
  if (text.size() > kPasswordBytesMax || !is_utf8(text))
    return Error{
        .message = fmt::format("a password has at most {} bytes, and is text", kPasswordBytesMax),
        .code = "password_invalid"};
  if (characters(text) < settings_.password_min)
    return Error{.message = fmt::format("the password is shorter than {} characters",
                                        settings_.password_min),
                 .remedy = "Four words that do not belong together are easy to keep in mind.",
                 .code = "password_short"};
  std::string lowered = text;
  ascii_lower(lowered);
  const bool is_one_letter =
      std::all_of(lowered.begin(), lowered.end(), [&](char c) { return c == lowered.front(); });
  const bool is_known =
      std::find(kBestKnown.begin(), kBestKnown.end(), lowered) != kBestKnown.end();
  const std::string_view name = email.substr(0, email.find('@'));
  if (is_one_letter || is_known || lowered == email || lowered == name)
    return Error{.message = "this password is among those that are guessed first",
                 .remedy = "Choose another.",
                 .code = "password_known"};
  return ok_status();
}

Result<std::string> Passwords::hash(const Secret& password) {
  const Gate::Turn turn = TRY(gate_.enter());
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str(out.data(), password.reveal().data(), password.reveal().size(),
                        settings_.hash_passes, settings_.hash_memory) != 0)
    return Error{.kind = ErrorKind::unavailable,
                 .message = fmt::format("there is no memory to hash a password: it takes {} MiB",
                                        settings_.hash_memory >> 20)};
  return std::string(out.data());
}

Result<bool> Passwords::is(const Secret& password, const std::string& kept) {
  const Gate::Turn turn = TRY(gate_.enter());
  const bool may_be_right = !kept.empty() && password.reveal().size() <= kPasswordBytesMax;
  const std::string_view text = std::string_view(password.reveal()).substr(0, kPasswordBytesMax);
  const std::string& against = may_be_right ? kept : nobodys_;
  return crypto_pwhash_str_verify(against.c_str(), text.data(), text.size()) == 0 && may_be_right;
}

bool Passwords::is_outdated(const std::string& kept) const {
  return crypto_pwhash_str_needs_rehash(kept.c_str(), settings_.hash_passes,
                                        settings_.hash_memory) != 0;
}

}  // namespace rollcall::access
