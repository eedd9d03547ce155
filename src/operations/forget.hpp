// One person out of what this home keeps, and where they still are.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "operations/world.hpp"
#include "state/state.hpp"

namespace rollcall::operations {

// The kind of the records in which the service keeps answers for a day, to give them once more.
inline constexpr const char* kKeptAnswers = "idempotency";

struct ForgetRequest {
  std::string key;      // an e-mail address or user id, as it was given
  bool really = false;  // otherwise nothing is removed
};

struct ForgottenPerson {
  struct Activation {
    std::string name, destination, segment;
    bool archived = false;
    // By the ledger as it was.
    std::optional<state::ListRecord> list;
    int on_list = 0;  // 1 on, 2 perhaps
    bool in_ledger = false;
    int64_t in_past_runs = 0;  // removed from there
    // By the data now; nothing: they could not be asked, and why.
    std::optional<bool> in_segment;
    std::string not_asked;
  };
  std::vector<Activation> activations;  // of all, in the order of the catalog
  std::vector<std::string> indexes;     // of these destinations the contact index was removed
  int64_t answers = 0;                  // kept by the service, removed
  bool removed = false;
};

// Nothing is removed unless no activation is running: they are all held meanwhile. The catalog, the
// company's data and Iterable stay as they are. Errors: busy (an activation is running, named),
// invalid (a blank key), those of store and state; killed in the middle, it is done again.
Result<ForgottenPerson> forget(const World& world, const Stored& stored,
                               const ForgetRequest& request, const std::stop_token& stop);

nlohmann::ordered_json to_json(const ForgottenPerson& person);

}  // namespace rollcall::operations
