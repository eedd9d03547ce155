// How often passwords were guessed, and who waits therefore.
//
// One record an address holds the accounts that were tried from it, at most ten, so that who tries
// a million of them leaves one record. A try counts before its password is hashed: of a hundred at
// once five are hashed. It no longer counts once it was right. What is counted is bound to the
// address, so nobody else's tries keep the owner of an account out; that many addresses try one
// account is slowed by the hashing alone.
#pragma once

#include <string>

#include "access/keys.hpp"
#include "store/store.hpp"

namespace rollcall::access {

class Guesses {
 public:
  static constexpr int kFree = 5;          // tries for one account
  static constexpr size_t kAccounts = 10;  // that may be tried from one address
  static constexpr Millis kFirstWait = std::chrono::seconds(30);
  static constexpr Millis kLongestWait = std::chrono::minutes(15);
  static constexpr Millis kForgiven = std::chrono::hours(1);

  Guesses(store::Store& store, Clock& clock, const Keys& keys)
      : store_(store), clock_(clock), keys_(keys) {}

  struct Try {
    std::string address, account;  // as they are kept
    bool counted_whole = false;    // for the address, not for the account alone
  };
  // Counts one. Errors: throttled, with retry_after.
  Result<Try> begin(const std::string& account, const std::string& address);
  Status was_right(const Try& one);
  // It came to nothing: nobody looked at the password.
  Status give_back(const Try& one);

 private:
  template <class Change>
  Status change(const std::string& address, Change&& change);

  store::Store& store_;
  Clock& clock_;
  const Keys& keys_;
};

// Whose tries are counted together: an IPv4 address, or the upper 64 bits of an IPv6 address, which
// is what one customer of a provider has. Anything else is itself.
std::string network_of(const std::string& address);

}  // namespace rollcall::access
