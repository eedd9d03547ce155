#include <fmt/format.h>

#include <algorithm>

#include "sim/answers.hpp"
#include "sim/api.hpp"
#include "sim/batch.hpp"

namespace sim {
namespace {

constexpr const char* kNoSuchUserId = "No user with that id exists!";

std::vector<int64_t> list_ids_of(const World& world, Slot slot, int64_t now_ms, int64_t lag_ms) {
  std::vector<int64_t> ids;
  for (const auto& [id, list] : world.lists()) {
    // Only static lists show on a profile.
    if (list.type == "Standard" && world.seen_member(list, slot, now_ms, lag_ms)) ids.push_back(id);
  }
  return ids;
}

Response answer_user(const Project& project, Slot slot, const Contact& contact, int64_t now_ms,
                     int64_t lag_ms) {
  OrderedJson user = OrderedJson::object();
  if (!contact.email.empty()) {
    user["email"] = contact.email;
  } else if (project.switches.missing_email == Switches::email_empty) {
    user["email"] = "";
  } else if (project.switches.missing_email == Switches::email_null) {
    user["email"] = nullptr;
  }
  user["dataFields"] =
      OrderedJson::parse(print(shown_fields(project, slot, contact, now_ms, lag_ms)));
  if (!contact.user_id.empty()) user["userId"] = contact.user_id;
  OrderedJson body = OrderedJson::object();
  body["user"] = std::move(user);
  return answer_json(200, body);
}

Response answer_no_user() { return answer_json(200, OrderedJson::object()); }

// email or userId of a call about one person.
struct Person {
  std::optional<std::string> email;  // as sent
  std::optional<std::string> user_id;
  std::optional<Response> refusal;
};

Person read_person(BodyReader& reader, const Switches& switches, const Json& body,
                   const char* email_name = "email", const char* user_id_name = "userId") {
  Person person;
  if (const auto* email = reader.text(body, email_name)) person.email = *email;
  if (const auto* user_id = reader.text(body, user_id_name)) person.user_id = *user_id;
  if (reader.failed()) {
    person.refusal = reader.refusal();
  } else if (!person.email && !person.user_id) {
    person.refusal =
        answer_bad_params(fmt::format("Either {} or {} must be set", email_name, user_id_name));
  } else if (person.email && !is_valid_email(lower_ascii(*person.email), switches.letters())) {
    person.refusal = answer_invalid_email(*person.email);
  } else if (!person.email && !is_valid_user_id(*person.user_id)) {
    person.refusal =
        answer_code(400, fmt::format("Invalid userId: {}", *person.user_id), "InvalidUserIdError");
  }
  return person;
}

std::vector<Slot> find_person(const World& world, const Person& person) {
  if (person.email && world.type() != ProjectType::user_id) {
    auto slot = world.find_email(world.spelled(*person.email));
    if (slot) return {*slot};
    return {};
  }
  return person.user_id ? world.find_user_id(*person.user_id) : std::vector<Slot>{};
}

bool is_forgotten(const World& world, const Person& person) {
  return (person.email && world.is_forgotten_email(world.spelled(*person.email))) ||
         (person.user_id && world.is_forgotten_user_id(*person.user_id));
}

Response answer_forgotten(const Switches& switches) {
  return answer_code(switches.forgotten_status == Switches::forgotten_400 ? 400 : 409,
                     "User is GDPR forgotten", "ForgottenUserError");
}

Response answer_unknown(const Person& person) {
  if (person.email) {
    return answer_code(400, fmt::format("User does not exist. Email: {}", *person.email),
                       "UnknownEmailError");
  }
  return answer_code(400, fmt::format("User does not exist. UserId: {}", *person.user_id),
                     "UnknownUserIdError");
}

// The status for what a batch would list in an array.
Response answer_failure(const Row& row, Failure failure, const Switches& switches) {
  switch (failure) {
    case Failure::invalid_emails:
      return answer_invalid_email(row.email.value_or(""));
    case Failure::invalid_user_ids:
      if (row.user_id && !row.user_id_is_valid) {
        return answer_code(400, fmt::format("Invalid userId: {}", *row.user_id),
                           "InvalidUserIdError");
      }
      return answer_code(400,
                         fmt::format("User does not exist. UserId: {}", row.user_id.value_or("")),
                         "UnknownUserIdError");
    case Failure::conflict_emails:
    case Failure::conflict_user_ids:
      return answer_code(409, "Email or userId belongs to another user", "ExternalKeyConflict");
    case Failure::forgotten_emails:
    case Failure::forgotten_user_ids:
      return answer_forgotten(switches);
    case Failure::invalid_data_emails:
    case Failure::invalid_data_user_ids:
      return answer_bad_params("dataFields holds a value that cannot be stored");
    case Failure::not_found_emails:
      return answer_code(400, "User does not exist", "UnknownEmailError");
    case Failure::not_found_user_ids:
      return answer_code(400, "User does not exist", "UnknownUserIdError");
  }
  return answer_bad_params("");
}

Response look_up_email(Project& project, const std::string& email) {
  std::lock_guard lock(project.mutex);
  std::string key = project.world.spelled(email);
  if (!project.world.accepts(key)) return answer_invalid_email(email);
  const World& world = project.world;
  if (world.type() == ProjectType::user_id) return answer_no_user();
  int64_t now_ms = project.clock.now_ms();
  int64_t lag_ms = project.switches.visible_after_ms;
  auto slot = world.seen_email(key, now_ms, lag_ms);
  if (!slot) return answer_no_user();
  return answer_user(project, *slot, *world.seen(*slot, now_ms, lag_ms), now_ms, lag_ms);
}

// The arrays updateSubscriptions overwrites, as fields of the profile.
Json read_subscriptions(BodyReader& reader, Json& body) {
  Json fields = Json::object();
  for (const char* name :
       {"subscribedMessageTypeIds", "unsubscribedChannelIds", "unsubscribedMessageTypeIds"}) {
    if (auto ids = reader.integers(body, name)) fields[name] = *ids;
  }
  return fields;
}

void overwrite_subscriptions(Project& project, Slot slot, const Json& fields,
                             const std::optional<std::vector<int64_t>>& list_ids, int64_t now_ms) {
  World& world = project.world;
  world.set_fields(slot, fields, {}, now_ms);
  world.touch(slot, now_ms);
  if (!list_ids) return;
  for (const auto& [id, known] : world.lists()) {
    if (known.type != "Standard") continue;
    bool wanted = std::find(list_ids->begin(), list_ids->end(), id) != list_ids->end();
    world.set_member(*world.list(id), slot, wanted, now_ms);
  }
}

std::optional<std::vector<int64_t>> read_list_ids(BodyReader& reader, Json& body) {
  auto ids = reader.integers(body, "emailListIds");
  return ids ? ids : reader.integers(body, "userListIds");
}

}  // namespace

Json shown_fields(const Project& project, const Contact& contact,
                  const std::vector<int64_t>& list_ids, int64_t now_ms) {
  const World& world = project.world;
  Json fields = world.fields_of(contact);
  if (!contact.email.empty()) fields["email"] = contact.email;
  if (!contact.user_id.empty()) fields["userId"] = contact.user_id;
  if (!contact.signup_date_is_own) fields["signupDate"] = format_date(contact.created_ms);
  if (!contact.signup_source_is_own) fields["signupSource"] = "API";
  fields["profileUpdatedAt"] = format_date(contact.updated_ms);
  if (contact.saw_list_operation || !list_ids.empty()) {
    fields[world.type() == ProjectType::email ? "emailListIds" : "userListIds"] = list_ids;
  }
  if (contact.saw_list_operation) {
    for (const char* name :
         {"subscribedMessageTypeIds", "unsubscribedChannelIds", "unsubscribedMessageTypeIds"}) {
      if (!fields.contains(name)) fields[name] = Json::array();
    }
  }
  if (project.switches.shape == Switches::shape_2017) return fields;  // no itblInternal yet
  // Indexed after it was accepted; a document cannot be shown before it is there.
  int64_t indexed_ms = std::min(contact.updated_ms + project.switches.visible_after_ms,
                                std::max(now_ms, contact.updated_ms));
  Json& internal = fields["itblInternal"];
  internal = {{"documentCreatedAt", format_date(contact.created_ms)},
              {"documentUpdatedAt", format_date(indexed_ms)}};
  if (size_t at = contact.email.rfind('@'); at != std::string::npos) {
    internal["emailDomain"] = contact.email.substr(at + 1);
  }
  return fields;
}

Json shown_fields(const Project& project, Slot slot, const Contact& contact, int64_t now_ms,
                  int64_t lag_ms) {
  return shown_fields(project, contact, list_ids_of(project.world, slot, now_ms, lag_ms), now_ms);
}

Response get_user_by_email(Project& project, Call& call) {
  if (!call.path_params.empty()) return look_up_email(project, call.path_params[0]);
  auto email = call.query.get("email");
  if (!email) return answer_bad_params("Missing parameter: email");
  return look_up_email(project, *email);
}

Response get_user_by_id(Project& project, Call& call) {
  auto user_id =
      call.path_params.empty() ? call.query.get("userId") : std::optional(call.path_params[0]);
  if (!user_id) return answer_bad_params("Missing parameter: userId");
  std::lock_guard lock(project.mutex);
  const World& world = project.world;
  int64_t now_ms = project.clock.now_ms();
  int64_t lag_ms = project.switches.visible_after_ms;
  if (auto slot = world.seen_user_id(*user_id, now_ms, lag_ms)) {
    return answer_user(project, *slot, *world.seen(*slot, now_ms, lag_ms), now_ms, lag_ms);
  }
  // Accepted but not yet to be seen: 200 without a user for a while.
  if (world.first_user_id(*user_id)) return answer_no_user();
  if (project.switches.shape != Switches::shape_current) return answer_text(400, kNoSuchUserId);
  return answer_code(400, kNoSuchUserId, "error.users.noUserWithIdExists");
}

Response update_user(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  Row row = read_row(reader, call.switches, *body, {}, true);
  auto create_new = reader.boolean(*body, "createNewFields");
  if (reader.failed()) return reader.refusal();
  if (!row.email && !row.user_id) return answer_bad_params("Either email or userId must be set");
  if (row.prefer_user_id) ++call.noted.prefer_user_id_true;
  WriteOptions options;
  options.kind = WriteKind::update;
  options.create_new_fields = create_new;
  BatchResult result = write_batch(project, call, {row}, options);
  if (result.refusal) return *result.refusal;
  if (result.first_failure) return answer_failure(row, *result.first_failure, call.switches);
  if (result.fail_count > 0) return answer_code(500, "Please try again later", "GenericError");
  return answer_success();
}

Response bulk_update_users(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  WriteOptions options;
  options.kind = WriteKind::bulk_update;
  options.create_new_fields = reader.boolean(*body, "createNewFields");
  bool update_only = reader.boolean(*body, "updateOnly").value_or(false);
  std::vector<Row> rows;
  if (Json* users = reader.array(*body, "users", true)) {
    rows.reserve(users->size());
    for (Json& one : *users) {
      rows.push_back(
          read_row(reader, call.switches, one, {"users", static_cast<int64_t>(rows.size())}, true));
      if (rows.back().prefer_user_id) ++call.noted.prefer_user_id_true;
    }
  }
  if (reader.failed()) return reader.refusal();
  if (rows.empty()) return answer_code(400, "Emails invalid: ", "InvalidEmailAddressError");
  if (call.switches.batch_max > 0 && rows.size() > static_cast<size_t>(call.switches.batch_max)) {
    return answer_code(400, "Batch too large", "BatchTooLarge");
  }
  options.existing_only = update_only && call.switches.bulk_update_only == Switches::on;
  return answer_batch(write_batch(project, call, std::move(rows), options), call.switches);
}

Response get_fields(Project& project, Call&) {
  OrderedJson fields = OrderedJson::object();
  std::lock_guard lock(project.mutex);
  for (const auto& [name, type] : project.world.fields().all()) fields[name] = to_string(type);
  OrderedJson body = OrderedJson::object();
  body["fields"] = std::move(fields);
  return answer_json(200, body);
}

Response delete_user_by_email(Project& project, Call& call) {
  const std::string& email = call.path_params[0];
  std::lock_guard lock(project.mutex);
  std::string key = project.world.spelled(email);
  if (!project.world.accepts(key)) return answer_invalid_email(email);
  if (project.world.type() == ProjectType::user_id) {
    return answer_bad_params("Users of this project cannot be deleted by email");
  }
  if (auto slot = project.world.find_email(key)) {
    project.world.remove(*slot, project.clock.now_ms());
    ++call.noted.deleted_contacts;
  }
  return answer_success();
}

Response delete_user_by_id(Project& project, Call& call) {
  const std::string& user_id = call.path_params[0];
  std::lock_guard lock(project.mutex);
  auto slots = project.world.find_user_id(user_id);
  if (slots.empty()) {
    return answer_bad_params(project.switches.shape == Switches::shape_current
                                 ? fmt::format("User does not exist. Email:  UserId: {}", user_id)
                                 : fmt::format("No users with userId {} exist", user_id));
  }
  for (Slot slot : slots) project.world.remove(slot, project.clock.now_ms());
  call.noted.deleted_contacts += static_cast<int64_t>(slots.size());
  return answer_success(
      fmt::format("All users associated with {} were successfully deleted", user_id));
}

Response forget_user(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  Person person = read_person(reader, call.switches, *body);
  if (person.refusal) return *person.refusal;
  std::lock_guard lock(project.mutex);
  World& world = project.world;
  if (world.type() == ProjectType::email && !person.email) {
    return answer_bad_params("Users of this project are forgotten by email");
  }
  if (world.type() == ProjectType::user_id && !person.user_id) {
    return answer_bad_params("Users of this project are forgotten by userId");
  }
  for (Slot slot : find_person(world, person)) {
    const Contact& contact = world.contact(slot);
    if (!contact.email.empty() && world.type() != ProjectType::user_id) {
      world.forgotten_emails().insert(hashed_identifier(contact.email));
    }
    if (!contact.user_id.empty() && world.type() != ProjectType::email) {
      world.forgotten_user_ids().insert(hashed_identifier(contact.user_id));
    }
    world.remove(slot, project.clock.now_ms());
    ++call.noted.deleted_contacts;
  }
  if (person.email) world.forgotten_emails().insert(hashed_identifier(*person.email));
  if (person.user_id && world.type() != ProjectType::email) {
    world.forgotten_user_ids().insert(hashed_identifier(*person.user_id));
  }
  return answer_success();
}

Response unforget_user(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  Person person = read_person(reader, call.switches, *body);
  if (person.refusal) return *person.refusal;
  std::lock_guard lock(project.mutex);
  if (person.email) project.world.forgotten_emails().erase(hashed_identifier(*person.email));
  if (person.user_id) project.world.forgotten_user_ids().erase(hashed_identifier(*person.user_id));
  return answer_success();
}

Response get_forgotten_emails(Project& project, Call&) {
  OrderedJson body = OrderedJson::object();
  std::lock_guard lock(project.mutex);
  body["hashedEmails"] = project.world.forgotten_emails();
  return answer_json(200, body);
}

Response get_forgotten_user_ids(Project& project, Call&) {
  OrderedJson body = OrderedJson::object();
  std::lock_guard lock(project.mutex);
  body["hashedUserIds"] = project.world.forgotten_user_ids();
  return answer_json(200, body);
}

Response update_email(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  const std::string* new_email = reader.text(*body, "newEmail", true);
  Person person = read_person(reader, call.switches, *body, "currentEmail", "currentUserId");
  if (person.refusal) return *person.refusal;
  std::lock_guard lock(project.mutex);
  std::string key = project.world.spelled(*new_email);
  if (!project.world.accepts(key)) return answer_invalid_email(*new_email);
  World& world = project.world;
  if (world.type() != ProjectType::email) {
    return answer_bad_params("updateEmail is for email-based projects");
  }
  if (world.is_forgotten_email(key) || is_forgotten(world, person)) {
    return answer_forgotten(project.switches);
  }
  auto slots = find_person(world, person);
  if (slots.empty()) {
    if (!person.email) return answer_unknown(person);
    return answer_code(400, fmt::format("Invalid currentEmail {}", *person.email),
                       "InvalidEmailAddressError");
  }
  auto owner = world.find_email(key);
  if (owner && *owner != slots.front()) {
    return answer_code(400, fmt::format("Email already exists: {}", *new_email),
                       "EmailAlreadyExists");
  }
  int64_t now_ms = project.clock.now_ms();
  world.set_email(slots.front(), key, now_ms);
  return answer_success();
}

Response update_subscriptions(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  Json fields = read_subscriptions(reader, *body);
  auto list_ids = read_list_ids(reader, *body);
  reader.integer(*body, "campaignId");
  reader.integer(*body, "templateId");
  reader.boolean(*body, "validateChannelAlignment");
  Person person = read_person(reader, call.switches, *body);
  if (person.refusal) return *person.refusal;
  std::lock_guard lock(project.mutex);
  if (is_forgotten(project.world, person)) return answer_forgotten(project.switches);
  auto slots = find_person(project.world, person);
  if (slots.empty()) return answer_unknown(person);
  for (Slot slot : slots) {
    overwrite_subscriptions(project, slot, fields, list_ids, project.clock.now_ms());
  }
  return answer_success();
}

Response bulk_update_subscriptions(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  Json* requests = reader.array(*body, "updateSubscriptionsRequests", true);
  if (requests == nullptr) return reader.refusal();
  int64_t done = 0;
  std::vector<std::string> invalid_emails, invalid_user_ids, failed_emails, failed_user_ids;
  for (size_t i = 0; i < requests->size(); ++i) {
    Json& one = (*requests)[i];
    Row row = read_row(reader, call.switches, one,
                       {"updateSubscriptionsRequests", static_cast<int64_t>(i)}, false);
    if (reader.failed()) return reader.refusal();
  }
  call.noted.rows += static_cast<int64_t>(requests->size());
  call.noted.largest_batch = static_cast<int64_t>(requests->size());
  std::lock_guard lock(project.mutex);
  for (size_t i = 0; i < requests->size(); ++i) {
    Json& one = (*requests)[i];
    Row row = read_row(reader, call.switches, one, {}, false);
    Json fields = read_subscriptions(reader, one);
    auto list_ids = read_list_ids(reader, one);
    if (reader.failed()) return reader.refusal();
    if (row.email && !row.email_is_valid) {
      invalid_emails.push_back(*row.email);
    } else if (!row.email && (!row.user_id || !row.user_id_is_valid)) {
      invalid_user_ids.push_back(row.user_id.value_or(""));
    } else {
      auto slots = find_person(project.world, {row.email, row.user_id, {}});
      for (Slot slot : slots) {
        overwrite_subscriptions(project, slot, fields, list_ids, project.clock.now_ms());
      }
      if (!slots.empty()) {
        ++done;
      } else if (row.email) {
        failed_emails.push_back(*row.email);
      } else {
        failed_user_ids.push_back(*row.user_id);
      }
    }
  }
  OrderedJson answer = {{"successCount", done},
                        {"failCount", static_cast<int64_t>(requests->size()) - done},
                        {"invalidEmails", invalid_emails}};
  if (call.switches.shape != Switches::shape_2017) answer["invalidUserIds"] = invalid_user_ids;
  answer["validEmailFailures"] = failed_emails;
  if (call.switches.shape != Switches::shape_2017) answer["validUserIdFailures"] = failed_user_ids;
  return answer_json(200, answer);
}

Response merge_users(Project& project, Call& call) {
  BodyReader reader(call.request, call.endpoint, call.switches.shape);
  Json* body = reader.object();
  if (body == nullptr) return reader.refusal();
  reader.array(*body, "arrayMerge");
  Person source = read_person(reader, call.switches, *body, "sourceEmail", "sourceUserId");
  if (source.refusal) return *source.refusal;
  Person destination =
      read_person(reader, call.switches, *body, "destinationEmail", "destinationUserId");
  if (destination.refusal) return *destination.refusal;
  if ((source.email && source.user_id) || (destination.email && destination.user_id)) {
    return answer_bad_params("Provide an email or a userId, but not both");
  }
  std::lock_guard lock(project.mutex);
  World& world = project.world;
  int64_t now_ms = project.clock.now_ms();
  if (is_forgotten(world, source) || is_forgotten(world, destination)) {
    return answer_code(409, "User is GDPR forgotten", "ForgottenUserError");
  }
  auto sources = find_person(world, source);
  if (sources.empty()) return answer_unknown(source);
  auto destinations = find_person(world, destination);
  Slot from = sources.front();
  if (destinations.empty()) {
    // The source takes the destination's name.
    if (destination.email && world.type() != ProjectType::user_id) {
      world.set_email(from, world.spelled(*destination.email), now_ms);
    } else if (destination.user_id) {
      world.set_user_id(from, *destination.user_id, now_ms);
    }
    return answer_success();
  }
  Slot into = destinations.front();
  if (from == into) return answer_bad_params("Source and destination are the same user");
  Json fields = world.fields_of(world.contact(from));
  Json kept = world.fields_of(world.contact(into));
  for (const auto& [name, value] : kept.items()) fields.erase(name);
  world.set_fields(into, fields, {}, now_ms);
  for (const auto& [id, list] : world.lists()) {
    if (list.has(from)) world.set_member(*world.list(id), into, true, now_ms);
  }
  world.touch(into, now_ms);
  world.remove(from, now_ms);
  ++call.noted.deleted_contacts;
  return answer_success();
}

Response get_sent_messages(Project&, Call& call) {
  if (!call.query.get("email") && !call.query.get("userId")) {
    return answer_bad_params("Either email or userId must be set");
  }
  OrderedJson body = OrderedJson::object();
  body["messages"] = OrderedJson::array();  // nothing is ever sent from here
  return answer_json(200, body);
}

}  // namespace sim
