#include "access/guesses.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace rollcall::access {
namespace {

using Json = nlohmann::json;

constexpr const char* kKind = "failures";

struct Account {
  int tries = 0;
  Time last = {}, until = {};
};
struct Address {
  std::map<std::string, Account> accounts;
  int whole = 0;  // tries since there were too many accounts
  Time until = {};
};

int64_t number(Time time) { return time.time_since_epoch().count(); }

std::string to_json(const Address& address) {
  Json accounts = Json::object();
  for (const auto& [name, one] : address.accounts)
    accounts[name] = {
        {"tries", one.tries}, {"last_ms", number(one.last)}, {"until_ms", number(one.until)}};
  return Json{{"accounts", accounts}, {"whole", address.whole}, {"until_ms", number(address.until)}}
      .dump();
}

// What cannot be read counts as nothing: a lock-out is no place to fail.
Address from_json(const std::string& text) {
  const auto json = read_json<Json>(text);
  Address out;
  try {
    for (const auto& [name, one] : json.at("accounts").items())
      out.accounts[name] = {.tries = one.at("tries"),
                            .last = Time(Millis(one.at("last_ms"))),
                            .until = Time(Millis(one.at("until_ms")))};
    out.whole = json.at("whole");
    out.until = Time(Millis(json.at("until_ms")));
  } catch (const Json::exception&) {
    return {};
  }
  return out;
}

// The nth wait, from 0.
Millis wait(int nth) {
  Millis out = Guesses::kFirstWait;
  for (int i = 0; i < nth && out < Guesses::kLongestWait; ++i) out *= 2;
  return std::min(out, Guesses::kLongestWait);
}

Status must_not_wait(Time until, Time now) {
  if (until <= now) return ok_status();
  return Error{.kind = ErrorKind::throttled,
               .message = "too many wrong passwords",
               .remedy = "Wait, and try again.",
               .retry_after = until - now,
               .code = "locked_out"};
}

}  // namespace

std::string network_of(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET6, address.substr(0, address.find('%')).c_str(), bytes.data()) != 1)
    return address;
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin()))
    return inet_ntop(AF_INET, bytes.data() + kMapped.size(), out.data(), out.size());
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return inet_ntop(AF_INET6, bytes.data(), out.data(), out.size()) + std::string("/64");
}

// `change` may be asked several times, and refuse.
template <class Change>
Status Guesses::change(const std::string& address, Change&& change) {
  constexpr int kTries = 100;
  for (int tried = 1;; ++tried) {
    const auto kept = TRY(store_.record(kKind, address));
    Address now_there = kept ? from_json(kept->json) : Address{};
    TRY(change(now_there));
    Status done = store_.put_record({.kind = kKind,
                                     .key = address,
                                     .json = to_json(now_there),
                                     .revision = kept ? kept->revision : 0,
                                     .expires_at = clock_.now() + kForgiven});
    if (done.ok() || done.error().kind != ErrorKind::conflict || tried == kTries) return done;
  }
}

Result<Guesses::Try> Guesses::begin(const std::string& account, const std::string& address) {
  Try out{.address = keys_.hash("address", network_of(address)),
          .account = keys_.hash("account", account)};
  TRY(change(out.address, [&](Address& there) -> Status {
    const Time now = clock_.now();
    TRY(must_not_wait(there.until, now));
    std::erase_if(there.accounts,
                  [&](const auto& one) { return one.second.last + kForgiven <= now; });
    if (there.accounts.size() < kAccounts) there.accounts.try_emplace(out.account);
    if (const auto found = there.accounts.find(out.account); found != there.accounts.end()) {
      Account& one = found->second;
      TRY(must_not_wait(one.until, now));
      one.last = now;
      if (++one.tries >= kFree) one.until = now + wait(one.tries - kFree);
    }
    out.counted_whole = there.accounts.size() == kAccounts;
    if (out.counted_whole) there.until = now + wait(there.whole++);
    return ok_status();
  }));
  return out;
}

Status Guesses::was_right(const Try& one) {
  return change(one.address, [&](Address& there) {
    there.accounts.erase(one.account);
    if (one.counted_whole) {
      there.whole = std::max(there.whole - 1, 0);
      there.until = {};
    }
    return ok_status();
  });
}

Status Guesses::give_back(const Try& one) {
  return change(one.address, [&](Address& there) {
    if (const auto found = there.accounts.find(one.account); found != there.accounts.end()) {
      found->second.until = {};
      if (--found->second.tries <= 0) there.accounts.erase(found);
    }
    if (one.counted_whole) {
      there.whole = std::max(there.whole - 1, 0);
      there.until = {};
    }
    return ok_status();
  });
}

}  // namespace rollcall::access
