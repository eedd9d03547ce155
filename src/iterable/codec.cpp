// Bodies out, answers in. The wire's spellings are here and in client.cpp, nowhere else.
//
// How an answer becomes verdicts: the status first, then the content, since a 200 can carry
// failures and a 400 can say `code: "Success"`. In a 200 every person named in a failure array
// failed for that array's reason, and everybody else is confirmed, provided the counts agree:
// failCount must be the number of people named, and successCount (with or without the no-ops) the
// rest. Where they do not, nobody of the batch is believed and it is sent again in halves; one
// person alone whose answer still contradicts itself stays unknown to the caller. Source:
// docs/facts/iterable.md, lists/subscribe and failedUpdates.
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/json.hpp"
#include "core/match_key.hpp"
#include "iterable/iterable.hpp"

namespace rollcall::iterable {
namespace {

using nlohmann::json;

struct FailureArray {
  const char* name;
  KeyType key_type;
  Verdict verdict;
};

// The ten arrays of failedUpdates. Someone forgotten can never be accepted again.
const std::vector<FailureArray>& failure_arrays() {
  using V = Verdict;
  static const std::vector<FailureArray> kArrays = {
      {"notFoundEmails", KeyType::email, {V::Kind::not_found}},
      {"notFoundUserIds", KeyType::user_id, {V::Kind::not_found}},
      {"forgottenEmails", KeyType::email, {V::Kind::rejected, "forgotten", true}},
      {"forgottenUserIds", KeyType::user_id, {V::Kind::rejected, "forgotten", true}},
      {"conflictEmails", KeyType::email, {V::Kind::rejected, "conflict"}},
      {"conflictUserIds", KeyType::user_id, {V::Kind::rejected, "conflict"}},
      {"invalidDataEmails", KeyType::email, {V::Kind::rejected, "invalid_data"}},
      {"invalidDataUserIds", KeyType::user_id, {V::Kind::rejected, "invalid_data"}},
      {"invalidEmails", KeyType::email, {V::Kind::rejected, "invalid_email"}},
      {"invalidUserIds", KeyType::user_id, {V::Kind::rejected, "invalid_user_id"}},
  };
  return kArrays;
}

std::vector<std::string> strings_in(const json& object, const char* name) {
  std::vector<std::string> out;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return out;
  for (const json& entry : *found)
    if (entry.is_string()) out.push_back(entry.get<std::string>());
  return out;
}

// Of people; nothing for what cannot be a count of one call's.
std::optional<int64_t> count_in(const json& object, const char* name) {
  constexpr int64_t kCountMax = 1'000'000;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<uint64_t>() > kCountMax) return std::nullopt;
  const auto count = found->get<int64_t>();
  return count < 0 || count > kCountMax ? std::nullopt : std::optional(count);
}

// Finds who an answer names. Iterable may echo an identifier as sent or lower-cased, letters beyond
// ASCII among it.
class Roster {
 public:
  explicit Roster(std::span<const Person> people) {
    for (size_t i = 0; i < people.size(); ++i) {
      exact_.emplace(people[i].key, i);
      const auto [at, first] = lower_.emplace(folded_key(people[i].key), i);
      if (!first) at->second = kAmbiguous;
    }
  }
  [[nodiscard]] std::optional<size_t> find(const std::string& name) const {
    if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
    if (const auto found = lower_.find(folded_key(name));
        found != lower_.end() && found->second != kAmbiguous)
      return found->second;
    return std::nullopt;
  }

 private:
  static constexpr size_t kAmbiguous = static_cast<size_t>(-1);
  std::unordered_map<std::string_view, size_t> exact_;
  std::unordered_map<std::string, size_t> lower_;
};

BatchAnswer read_success(const Batch& batch, const json& body) {
  BatchAnswer answer{.kind = BatchAnswer::Kind::answered};
  answer.created_fields = strings_in(body, "createdFields");
  answer.filtered_out_fields = strings_in(body, "filteredOutFields");
  answer.verdicts.resize(batch.people.size());
  const auto success = count_in(body, "successCount"), fail = count_in(body, "failCount");
  if (!success || !fail) {
    answer.kind = BatchAnswer::Kind::doubtful;
    return answer;
  }
  const auto failed_updates = body.find("failedUpdates");
  const json none = json::object();
  const json& nested =
      failed_updates != body.end() && failed_updates->is_object() ? *failed_updates : none;
  std::optional<Roster> roster;  // only when somebody is named: most answers name nobody
  size_t named = 0;
  const Verdict* stranger = nullptr;  // what is said of somebody we did not send
  std::vector<bool> seen(batch.people.size());
  for (const FailureArray& array : failure_arrays()) {
    for (const json* where : {&nested, &body}) {
      for (const std::string& name : strings_in(*where, array.name)) {
        if (!roster) roster.emplace(batch.people);
        const auto who = array.key_type == batch.key_type ? roster->find(name) : std::nullopt;
        if (!who) {
          stranger = &array.verdict;
          continue;
        }
        if (seen[*who]) continue;  // named twice: the older copy at top level, or not de-duplicated
        seen[*who] = true;
        ++named;
        answer.verdicts[*who] = array.verdict;
      }
    }
  }
  const auto people = static_cast<int64_t>(batch.people.size());
  const auto no_ops = static_cast<int64_t>(strings_in(body, "noOpEmails").size() +
                                           strings_in(body, "noOpUserIds").size());
  const bool agree = !stranger && *fail == static_cast<int64_t>(named) &&
                     (*success + *fail == people || *success + *fail + no_ops == people);
  if (agree) return answer;
  if (people == 1 && named == 0 && *fail == 1 && *success == 0) {
    // One person alone, refused without a name: refused it is, though nobody says why.
    if (!stranger) {
      answer.verdicts[0] = {Verdict::Kind::rejected, "unnamed"};
      return answer;
    }
    // Or under another name, as an address inside dataFields is. A stranger who is not found,
    // though, is no ground to believe that this one is not a contact.
    if (stranger->kind == Verdict::Kind::rejected) {
      answer.verdicts[0] = {stranger->kind, stranger->reason};
      return answer;
    }
  }
  answer.kind = BatchAnswer::Kind::doubtful;
  return answer;
}

struct Refusal {
  const char* code;
  const char* reason;
  bool final;
};
// Codes that blame somebody's data. Source: docs/facts/iterable.md, status and code table.
constexpr Refusal kRefusals[] = {
    {"BadJsonBody", "bad_json_body", false},
    {"RequestFieldsTypesMismatched", "type_conflict", false},
    {"UniqueFieldsLimitExceeded", "field_limit", false},
    {"InvalidEmailAddressError", "invalid_email", false},
    {"InvalidUserIdError", "invalid_user_id", false},
    {"ForgottenUserError", "forgotten", true},
    {"UnknownEmailError", "unknown_email", false},
    {"UnknownUserIdError", "unknown_user_id", false},
    {"error.users.noUserWithIdExists", "unknown_user_id", false},
    {"EmailAlreadyExists", "conflict", false},
    {"UserIdAlreadyExists", "conflict", false},
    {"ExternalKeyConflict", "conflict", false},
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  bool plain = true;
  for (const char c : text)
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
      plain = false;  // also every byte beyond ASCII, which the library checks and passes on
      break;
    }
  if (plain) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

std::string encode(const Batch& batch) {
  std::string body;
  size_t data_bytes = 0;
  for (const Person& person : batch.people)
    data_bytes += person.key.size() + person.data_fields.size();
  body.reserve(data_bytes + batch.people.size() * 48 + 96);
  const bool on_list = batch.call != BatchCall::bulk_update;
  if (on_list) {
    body += R"({"listId":)" + std::to_string(batch.list_id) + R"(,"subscribers":[)";
  } else {
    body += R"({"users":[)";
  }
  const std::string_view key_name =
      batch.key_type == KeyType::email ? R"({"email":)" : R"({"userId":)";
  bool first = true;
  for (const Person& person : batch.people) {
    if (!first) body += ',';
    first = false;
    body += key_name;
    append_json_string(body, person.key);
    if (batch.call != BatchCall::unsubscribe && !person.data_fields.empty()) {
      body += R"(,"dataFields":)";
      body += person.data_fields;
      if (batch.merge_objects) body += R"(,"mergeNestedObjects":true)";
    }
    body += '}';
  }
  body += ']';
  switch (batch.call) {
    case BatchCall::subscribe:
      body += R"(,"updateExistingUsersOnly":true)";
      break;
    case BatchCall::unsubscribe:
      body += R"(,"channelUnsubscribe":false)";  // true would unsubscribe people from everything
      break;
    case BatchCall::bulk_update:
      body +=
          batch.create_new_fields ? R"(,"createNewFields":true)" : R"(,"createNewFields":false)";
      break;
  }
  body += '}';
  return body;
}

BatchAnswer read_answer(const Batch& batch, int status, std::string_view body) {
  const json parsed = read_json<json>(body);
  if (status == 200) {
    if (!parsed.is_object()) return {.kind = BatchAnswer::Kind::doubtful};
    return read_success(batch, parsed);
  }
  if (status == 413) return {.kind = BatchAnswer::Kind::too_large};
  std::string code;
  if (parsed.is_object() && parsed.contains("code") && parsed["code"].is_string())
    code = parsed["code"].get<std::string>();
  if (code == "BatchTooLarge") return {.kind = BatchAnswer::Kind::too_large};
  BatchAnswer answer{.kind = BatchAnswer::Kind::refused, .reason = "refused", .final = false};
  for (const Refusal& refusal : kRefusals) {
    if (code == refusal.code) {
      answer.reason = refusal.reason;
      answer.final = refusal.final;
    }
  }
  return answer;
}

}  // namespace rollcall::iterable
