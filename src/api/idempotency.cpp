#include "api/idempotency.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/json.hpp"

namespace rollcall::api {
namespace {

constexpr const char* kKind = operations::kKeptAnswers;
constexpr auto kKept = std::chrono::hours(24);
// A first request that never was answered (we were killed) blocks its key no longer than any may
// take.
constexpr auto kUnderWay = std::chrono::hours(2);
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

// Where a second time would be a second thing. Neither what is shown once nor an answer that names
// people is kept.
bool is_kept(Answer answer) {
  return answer == make_object || answer == activate_segment || answer == run_activation;
}

// Of an answer, those that are its content.
constexpr std::string_view kHeaders[] = {"Content-Type", "ETag", "Location"};

}  // namespace

Result<Response> once(const Ask& ask, Answer answer) {
  const auto key = ask.request.header("idempotency-key");
  if (!key || !ask.caller || !is_kept(answer)) return answer(ask);
  if (key->empty() || key->size() > kKeyMax)
    return problem(400, "idempotency_key_invalid", "an `Idempotency-Key` has 1 to 255 characters");
  store::Store& store = ask.world().store;
  store::Record record{.kind = kKind,
                       .key = hash_of({ask.caller->uid, *key}),
                       .json = {},
                       .expires_at = ask.world().clock.now() + kUnderWay};
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
    out.headers = {{"Idempotent-Replayed", "true"}};
    const json headers = before.value("headers", json::object());
    for (const auto& [name, value] : headers.items())
      out.headers.emplace_back(name, value.get<std::string>());
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
  if (out.status < 500 && !out.stream && !out.channel && out.body.size() < kBodyMax) {
    const auto now = TRY(store.record(kKind, record.key));
    record.revision = now ? now->revision : 0;
    record.expires_at = ask.world().clock.now() + kKept;
    json headers = json::object();
    for (const auto& [name, value] : out.headers)
      if (std::find(std::begin(kHeaders), std::end(kHeaders), name) != std::end(kHeaders))
        headers[name] = value;
    record.json =
        json{{"request", request}, {"status", out.status}, {"headers", headers}, {"body", out.body}}
            .dump();
    TRY(store.put_record(record));
  } else {
    TRY(store.remove_record(kKind, record.key));
  }
  return out;
}

}  // namespace rollcall::api
