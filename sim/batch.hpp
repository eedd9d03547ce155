// What a write does to people: who is found, who is created, who fails and under which name. The
// rules are the same for lists/subscribe, lists/unsubscribe, users/bulkUpdate and users/update;
// they differ by project type and by call.
//
// In short (docs/facts/iterable.md, lists/subscribe; lists/unsubscribe; project types):
//   email projects: an unknown email is created, whatever updateExistingUsersOnly says; an unknown
//     userId alone is refused unless preferUserId, which creates a placeholder address.
//   hybrid and user_id projects: unknown people are created unless updateExistingUsersOnly.
//   user_id projects: an email identifies nobody.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/answers.hpp"
#include "sim/project.hpp"

namespace sim {

// One subscriber or user of a request, its identifiers already examined.
struct Row {
  std::optional<std::string> email;  // as sent
  std::optional<std::string> user_id;
  std::string key;  // email in lower case
  bool email_is_valid = false;
  bool user_id_is_valid = false;
  Json fields;  // an object, or null
  bool merge = false;
  bool prefer_user_id = false;
};

// Reads one element of `array`, and takes its dataFields out of it. Wrong types are noted in
// `reader`.
Row read_row(BodyReader& reader, const Switches& switches, Json& json, BodyReader::At at,
             bool with_fields);
void examine(Row& row, Letters letters);

enum class WriteKind { subscribe, unsubscribe, bulk_update, update };

struct WriteOptions {
  WriteKind kind = WriteKind::subscribe;
  int64_t list_id = 0;  // subscribe and unsubscribe
  bool existing_only = false;
  bool channel_unsubscribe = false;
  std::optional<bool> create_new_fields;
};

// The ten arrays of failedUpdates, in the order of the API's description.
enum class Failure {
  invalid_emails,
  invalid_user_ids,
  conflict_emails,
  conflict_user_ids,
  forgotten_emails,
  forgotten_user_ids,
  invalid_data_emails,
  invalid_data_user_ids,
  not_found_emails,
  not_found_user_ids,
};
constexpr size_t kFailures = 10;
std::string_view to_string(Failure failure);

struct BatchResult {
  int64_t success_count = 0;
  int64_t fail_count = 0;
  std::array<std::vector<std::string>, kFailures> failed;
  std::vector<std::string> created_fields;
  std::vector<std::string> filtered_out_fields;
  std::vector<std::string> no_op_emails;
  std::vector<std::string> no_op_user_ids;
  // The first failure of a write for one person, for the calls that answer with a status.
  std::optional<Failure> first_failure;
  // Set if the whole request is refused; then nothing was applied.
  std::optional<Response> refusal;
};

// Applies a batch. Takes the project's lock, and carries out the faults of `call` that concern
// people, lists and rows.
BatchResult write_batch(Project& project, Call& call, std::vector<Row> rows,
                        const WriteOptions& options);

// The 200 of subscribe, unsubscribe and bulkUpdate in the form the switches ask for.
Response answer_batch(const BatchResult& result, const Switches& switches);

}  // namespace sim
