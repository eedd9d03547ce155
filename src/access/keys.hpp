// What bearers hold, and what the store keeps of it: a hash, keyed by a secret of the home.
#pragma once

#include <string>
#include <string_view>

#include "base/base.hpp"

namespace rollcall::access {

class Keys {
 public:
  Keys(Secret key, Random& random) : key_(std::move(key)), random_(random) {}

  // 32 random bytes as 43 letters, digits, - and _.
  [[nodiscard]] std::string fresh() const;
  // Of `text`, for one purpose; as many letters.
  [[nodiscard]] std::string hash(std::string_view purpose, std::string_view text) const;

 private:
  Secret key_;
  Random& random_;
};

}  // namespace rollcall::access
