#include "api/idempotency.hpp"

#include <sodium.h>

#include <array>

#include "base/json.hpp"

namespace rollcall::api {
namespace {

constexpr const char* kKind = "idempotency";
constexpr auto kKept = std::chrono::hours(24);
constexpr size_t kKeyMax = 255;
constexpr size_t kBodyMax = 1 << 20;  // of an answer that is kept

std::string hash_of(std::initializer_list<std::string_view> parts) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, 32);
  for (const std::string_view part : parts) {
    const uint64_t size = part.size();
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), size);
  }
  std::array<unsigned char, 32> hash{};
  crypto_generichash_final(&state, hash.data(), hash.size());
  std::array<char, 65> hex{};
  return sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
}

}  // namespace

Result<Response> once(const Ask& ask, Answer answer) {
  const auto key = ask.request.header("idempotency-key");
  if (!key || ask.request.method != "POST" || !ask.caller) return answer(ask);
  // What is shown once is kept nowhere.
  for (const char* secret :
       {"/api/v1/tokens", "/api/v1/users", "/api/v1/session", "/api/v1/setup", "/api/v1/alerts"})
    if (ask.request.path.starts_with(secret)) return answer(ask);
  if (key->empty() || key->size() > kKeyMax)
    return problem(400, "idempotency_key_invalid", "an `Idempotency-Key` has 1 to 255 characters");
  store::Store& store = ask.world().store;
  store::Record record{.kind = kKind,
                       .key = hash_of({ask.caller->uid, *key}),
                       .json = {},
                       .expires_at = ask.world().clock.now() + kKept};
  const std::string request = hash_of({ask.request.target, ask.request.body});
  const auto kept = TRY(store.record(kKind, record.key));
  const json before = kept ? read_json<json>(kept->json) : json::object();
  if (kept) {
    if (before.value("request", "") != request)
      return problem(422, "idempotency_key_reused",
                     "this `Idempotency-Key` was used for another request",
                     "Take a new key for each request.");
    if (!before.contains("status"))
      return problem(409, "idempotency_key_busy", "the first request of this key is under way",
                     "Try again when it has been answered.");
    Response out = answer_text("", before["status"].get<int>());
    out.body = before.value("body", "");
    out.headers = {{"Content-Type", before.value("type", "application/json")},
                   {"Idempotent-Replayed", "true"}};
    return out;
  }
  record.json = json{{"request", request}}.dump();
  if (const Status taken = store.put_record(record); !taken.ok()) {
    if (taken.error().kind != ErrorKind::conflict) return Error(taken.error());
    return problem(409, "idempotency_key_busy", "the first request of this key is under way",
                   "Try again when it has been answered.");
  }
  auto answered = answer(ask);
  // What failed on our side may be tried again under the same key.
  Response out = answered.ok() ? std::move(*answered) : problem(answered.error());
  const bool is_kept =
      out.status < 500 && !out.stream && !out.channel && out.body.size() < kBodyMax;
  if (is_kept) {
    const auto now = TRY(store.record(kKind, record.key));
    record.revision = now ? now->revision : 0;
    std::string type = "application/json";
    for (const auto& [name, value] : out.headers)
      if (name == "Content-Type") type = value;
    record.json =
        json{{"request", request}, {"status", out.status}, {"type", type}, {"body", out.body}}
            .dump();
    TRY(store.put_record(record));
  } else {
    TRY(store.remove_record(kKind, record.key));
  }
  return out;
}

}  // namespace rollcall::api
