// Records: small things by kind and key. Whoever holds this holds the store's lock; what `now` is
// past has expired, and is as if it were not there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.hpp"
#include "store/key_file.hpp"
#include "store/store.hpp"

namespace rollcall::store {

class Records {
 public:
  Records(Database& database, Time now) : database_(database), now_(now) {}

  Result<std::optional<Record>> one(const std::string& kind, const std::string& key);
  Result<std::vector<Record>> all(const std::string& kind);
  Status put(const Record& record);
  Result<bool> remove(const std::string& kind, const std::string& key);
  Result<int64_t> remove_expired();

 private:
  Status take_revision();
  Status insert(const Record& record);
  Status update(const Record& record);

  Database& database_;
  Time now_;
};

// What sealed text begins with: by it the store knows that a record needs the key.
constexpr std::string_view kSealedMark = "sealed:";

// Text that JSON can hold, and back; nothing when it was sealed by another key or for another
// place, or was changed.
std::string seal_text(const Key& key, const Secret& text, std::string_view place);
std::optional<Secret> unseal_text(const Key& key, std::string_view sealed, std::string_view place);

}  // namespace rollcall::store
