#include "sim/switches.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace sim {
namespace {

struct Entry {
  std::string_view name;
  int64_t Switches::*member;
  std::vector<std::string_view> choices;  // empty: a number from 0 up
  std::string_view meaning;
};

const std::vector<Entry>& table() {
  using S = Switches;
  static const std::vector<Entry> kTable = {
      {"unsubscribe_unknown_email",
       &S::unsubscribe_unknown_email,
       {"create", "not_found", "ignore"},
       "email projects: what unsubscribe does with an unknown email"},
      {"unknown_existing_only",
       &S::unknown_existing_only,
       {"not_found", "ignore"},
       "subscribe with updateExistingUsersOnly: unknown people fail by name or vanish silently"},
      {"unsubscribe_unknown",
       &S::unsubscribe_unknown,
       {"not_found", "ignore"},
       "hybrid and user_id projects: what unsubscribe says of unknown people"},
      {"email_project_user_id",
       &S::email_project_user_id,
       {"not_found", "invalid"},
       "email projects: how a list call names an unknown userId without preferUserId"},
      {"user_id_project_email",
       &S::user_id_project_email,
       {"not_found", "invalid"},
       "user_id projects: how a list call names a row that has an email alone"},
      {"hybrid_both",
       &S::hybrid_both,
       {"conflict", "user_id_wins", "email_wins"},
       "hybrid: email and userId of one row belong to two profiles"},
      {"shared_user_id",
       &S::shared_user_id,
       {"all", "first"},
       "email projects: a write by a userId that several profiles bear"},
      {"no_identifier",
       &S::no_identifier,
       {"batch", "row"},
       "a row with neither email nor userId refuses the batch, or fails unnamed"},
      {"bulk_update_only",
       &S::bulk_update_only,
       {"off", "on"},
       "whether bulkUpdate honours the undocumented updateOnly"},
      {"forgotten_status",
       &S::forgotten_status,
       {"409", "400"},
       "status of ForgottenUserError on calls for one person"},
      {"letters_beyond_ascii",
       &S::letters_beyond_ascii,
       {"refuse", "keep", "lower"},
       "an address with such letters is invalid, is stored with É as it is, or with é in its "
       "place"},
      {"project_new_fields",
       &S::project_new_fields,
       {"drop", "add"},
       "the project's setting for unknown fields when createNewFields is absent"},
      {"type_conflict",
       &S::type_conflict,
       {"batch", "row"},
       "bulkUpdate: a type conflict refuses the whole batch, or lists the row under invalidData"},
      {"type_conflict_subscribe",
       &S::type_conflict_subscribe,
       {"batch", "row"},
       "the same for the dataFields of lists/subscribe"},
      {"numbers",
       &S::numbers,
       {"exact", "coerced"},
       "whether a whole number fits a double field and a fraction a long field"},
      {"number_texts",
       &S::number_texts,
       {"refuse", "accept"},
       "whether a text of digits fits a number field, and a number a text field"},
      {"mixed_arrays",
       &S::mixed_arrays,
       {"refuse", "accept"},
       "whether an array may hold values of several types; the first gives the type"},
      {"dotted_names",
       &S::dotted_names,
       {"refuse", "nest"},
       "a literal dot in a field name makes the row invalid, or nests"},
      {"merge_nested",
       &S::merge_nested,
       {"top", "deep"},
       "mergeNestedObjects merges one level, or all"},
      {"field_limit", &S::field_limit, {}, "custom fields a project may have"},
      {"shape",
       &S::shape,
       {"current", "2022", "2021", "2017"},
       "answers and headers in the form of that year"},
      {"echo_case", &S::echo_case, {"lower", "as_sent"}, "how failed emails come back"},
      {"echo_repeats",
       &S::echo_repeats,
       {"distinct", "repeated"},
       "whether an identifier that failed twice is listed twice"},
      {"echo_both",
       &S::echo_both,
       {"email", "user_id", "both"},
       "hybrid: under which identifier a failed row with both comes back"},
      {"counts",
       &S::counts,
       {"people", "rows"},
       "whether successCount and failCount count distinct people or rows sent"},
      {"no_op_arrays",
       &S::no_op_arrays,
       {"on", "off"},
       "whether noOpEmails and noOpUserIds are in the answer"},
      {"no_op_counts",
       &S::no_op_counts,
       {"success", "neither"},
       "whether a row that changed nothing is in successCount (recorded 2021), or in no count"},
      {"failed_updates",
       &S::failed_updates,
       {"on", "off"},
       "whether failedUpdates is in the answer; off leaves failures to be guessed"},
      {"missing_email",
       &S::missing_email,
       {"omit", "empty", "null"},
       "the email of a profile that has none"},
      {"too_large",
       &S::too_large,
       {"413", "400"},
       "a body above body_max: status 413, or 400 BatchTooLarge"},
      {"batch_max", &S::batch_max, {}, "most rows of a batch; 0 is no limit"},
      {"body_max", &S::body_max, {}, "most bytes of a request's body"},
      {"list_ready_after_ms", &S::list_ready_after_ms, {}, "time a new list answers invalidListId"},
      {"visible_after_ms", &S::visible_after_ms, {}, "time until reads see a write"},
      {"size_lag_ms",
       &S::size_lag_ms,
       {},
       "time until lists/{id}/size sees a write; never less than visible_after_ms"},
      {"unknown_list",
       &S::unknown_list,
       {"bad_params", "invalid_list_id"},
       "reads and DELETE of an unknown list: BadParams as recorded in 2017, or as subscribe does"},
      {"non_standard_lists",
       &S::non_standard_lists,
       {"refuse", "accept"},
       "subscribe and unsubscribe on Dynamic, Suppression and Internal lists"},
      {"duplicate_list_names",
       &S::duplicate_list_names,
       {"accept", "refuse"},
       "whether two lists may share a name"},
      {"list_name_max", &S::list_name_max, {}, "most characters of a list's name; 0 is no limit"},
      {"description_max",
       &S::description_max,
       {},
       "most characters of a list's description; 0 is no limit"},
      {"get_users_order",
       &S::get_users_order,
       {"shuffled", "sorted"},
       "order of getUsers, and of data and file exports"},
      {"get_users_repeats",
       &S::get_users_repeats,
       {"off", "on"},
       "whether getUsers names one person in fifty twice"},
      {"get_users_line_end", &S::get_users_line_end, {"lf", "crlf"}, "line ends of getUsers"},
      {"get_users_slow_ms", &S::get_users_slow_ms, {}, "time before getUsers starts to answer"},
      {"deleted_stay_ms",
       &S::deleted_stay_ms,
       {},
       "time getUsers still names a member who was deleted; never less than visible_after_ms"},
      {"list_change_touches_profile",
       &S::list_change_touches_profile,
       {"off", "on"},
       "whether joining or leaving a list moves profileUpdatedAt"},
      {"subscriptions_api",
       &S::subscriptions_api,
       {"off", "on"},
       "whether the calls under /api/subscriptions are open to the project"},
      {"retry_after_s", &S::retry_after_s, {}, "Retry-After of a 429 in seconds; 0 sends none"},
      {"list_read_bucket",
       &S::list_read_bucket,
       {"shared", "separate"},
       "whether getUsers, previewUsers and size share one limit"},
      {"limit_subscribe_per_min",
       &S::limit_subscribe_per_min,
       {},
       "calls of lists/subscribe a minute (unpublished); 0 is no limit"},
      {"limit_unsubscribe_per_min",
       &S::limit_unsubscribe_per_min,
       {},
       "calls of lists/unsubscribe a minute (unpublished); 0 is no limit"},
      {"limit_lists_write_per_min",
       &S::limit_lists_write_per_min,
       {},
       "calls of POST and DELETE /api/lists a minute each (unpublished); 0 is no limit"},
      {"limit_users_write_per_min",
       &S::limit_users_write_per_min,
       {},
       "calls of updateEmail and updateSubscriptions a minute each (unpublished); 0 is no limit"},
      {"export_lag_ms",
       &S::export_lag_ms,
       {},
       "time until an export of users sees a write; never less than visible_after_ms"},
      {"export_job_ms", &S::export_job_ms, {}, "time an export job runs"},
      {"export_url_ms", &S::export_url_ms, {}, "life of a download address"},
      {"export_file_bytes", &S::export_file_bytes, {}, "size at which an export file is full"},
      {"export_page", &S::export_page, {}, "files a page"},
      {"export_total_bytes_max",
       &S::export_total_bytes_max,
       {},
       "size at which an export is truncated"},
      {"log_body_max", &S::log_body_max, {}, "bytes of a body kept in /_sim/requests"},
  };
  return kTable;
}

OrderedJson shown(const Entry& entry, const Switches& switches) {
  int64_t value = switches.*entry.member;
  if (entry.choices.empty()) return value;
  return entry.choices[static_cast<size_t>(value)];
}

}  // namespace

std::string Switches::set(std::string_view name, std::string_view value) {
  for (const Entry& entry : table()) {
    if (entry.name != name) continue;
    if (entry.choices.empty()) {
      int64_t number = 0;
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
      if (error != std::errc() || end != value.data() + value.size() || number < 0) {
        return fmt::format("switch {} takes a whole number from 0 up, not '{}'", name, value);
      }
      this->*entry.member = number;
      return {};
    }
    for (size_t i = 0; i < entry.choices.size(); ++i) {
      if (entry.choices[i] == value) {
        this->*entry.member = static_cast<int64_t>(i);
        return {};
      }
    }
    return fmt::format("switch {} is one of {}, not '{}'", name, fmt::join(entry.choices, ", "),
                       value);
  }
  return fmt::format("there is no switch '{}'", name);
}

std::string Switches::load(const Json& positions) {
  if (!positions.is_object()) return "switches must be an object of {name: position}";
  Switches changed = *this;
  for (const auto& [name, value] : positions.items()) {
    std::string position = value.is_string() ? value.get<std::string>() : print(value);
    if (value.is_boolean()) position = value == true ? "on" : "off";
    if (std::string error = changed.set(name, position); !error.empty()) return error;
  }
  *this = changed;
  return {};
}

OrderedJson Switches::to_json() const {
  OrderedJson out = OrderedJson::object();
  for (const Entry& entry : table()) out[std::string(entry.name)] = shown(entry, *this);
  return out;
}

OrderedJson Switches::describe(const Switches& current) {
  OrderedJson out = OrderedJson::array();
  const Switches defaults;
  for (const Entry& entry : table()) {
    OrderedJson one = {{"name", entry.name},
                       {"value", shown(entry, current)},
                       {"default", shown(entry, defaults)}};
    if (!entry.choices.empty()) one["choices"] = entry.choices;
    one["meaning"] = entry.meaning;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace sim
