// Everything about the real service that nobody could check, as switches. The first position of a
// switch is its default and the one hardest on a client; kTable in switches.cpp says what each
// means. A plain value; the world's lock guards the one in use.
// Source: docs/facts/iterable.md, open questions, and every fact there marked unknown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/identity.hpp"
#include "sim/json.hpp"

namespace sim {

struct Switches {
  // Who is created, who is found.
  enum : int64_t { unsubscribe_creates, unsubscribe_reports_not_found, unsubscribe_ignores };
  int64_t unsubscribe_unknown_email = unsubscribe_creates;
  enum : int64_t { report_not_found, ignore_silently };
  int64_t unknown_existing_only = report_not_found;
  int64_t unsubscribe_unknown = report_not_found;
  enum : int64_t { named_not_found, named_invalid };
  int64_t email_project_user_id = named_not_found;
  int64_t user_id_project_email = named_not_found;
  enum : int64_t { both_conflict, both_user_id_wins, both_email_wins };
  int64_t hybrid_both = both_conflict;
  enum : int64_t { shared_all, shared_first };
  int64_t shared_user_id = shared_all;
  enum : int64_t { refuse_batch, refuse_row };
  int64_t no_identifier = refuse_batch;
  enum : int64_t { off, on };
  int64_t bulk_update_only = off;
  enum : int64_t { forgotten_409, forgotten_400 };
  int64_t forgotten_status = forgotten_409;
  enum : int64_t { letters_refused, letters_kept, letters_lowered };
  int64_t letters_beyond_ascii = letters_refused;

  // Fields.
  enum : int64_t { drop_new, add_new };
  int64_t project_new_fields = drop_new;
  int64_t type_conflict = refuse_batch;
  int64_t type_conflict_subscribe = refuse_batch;
  enum : int64_t { numbers_exact, numbers_coerced };
  int64_t numbers = numbers_exact;
  enum : int64_t { refuse, accept };
  int64_t number_texts = refuse;
  int64_t mixed_arrays = refuse;
  enum : int64_t { dotted_refuse, dotted_nest };
  int64_t dotted_names = dotted_refuse;
  enum : int64_t { merge_top_level, merge_deep };
  int64_t merge_nested = merge_top_level;
  int64_t field_limit = 1000;

  // The shape of answers.
  enum : int64_t { shape_current, shape_2022, shape_2021, shape_2017 };
  int64_t shape = shape_current;
  enum : int64_t { echo_lower, echo_as_sent };
  int64_t echo_case = echo_lower;
  enum : int64_t { echo_distinct, echo_repeated };
  int64_t echo_repeats = echo_distinct;
  enum : int64_t { echo_email_only, echo_user_id_only, echo_both_arrays };
  int64_t echo_both = echo_email_only;
  enum : int64_t { count_people, count_rows };
  int64_t counts = count_people;
  enum : int64_t { flipped_on, flipped_off };
  int64_t no_op_arrays = flipped_on;
  enum : int64_t { no_op_succeeds, no_op_uncounted };
  int64_t no_op_counts = no_op_succeeds;
  int64_t failed_updates = flipped_on;
  enum : int64_t { email_omitted, email_empty, email_null };
  int64_t missing_email = email_omitted;
  enum : int64_t { too_large_413, too_large_400 };
  int64_t too_large = too_large_413;
  int64_t batch_max = 0;
  int64_t body_max = 4'000'000;

  // Lists.
  int64_t list_ready_after_ms = 500;
  int64_t visible_after_ms = 100;
  int64_t size_lag_ms = 1000;
  enum : int64_t { list_bad_params, list_invalid_id };
  int64_t unknown_list = list_bad_params;
  int64_t non_standard_lists = refuse;
  int64_t duplicate_list_names = 0;  // accept, refuse
  int64_t list_name_max = 255;
  int64_t description_max = 140;
  int64_t get_users_order = 0;     // shuffled, sorted
  int64_t get_users_repeats = 0;   // off, on
  int64_t get_users_line_end = 0;  // lf, crlf
  int64_t get_users_slow_ms = 0;
  int64_t deleted_stay_ms = 2000;
  int64_t list_change_touches_profile = off;
  int64_t subscriptions_api = off;

  // Limits.
  int64_t retry_after_s = 0;
  enum : int64_t { bucket_shared, bucket_separate };
  int64_t list_read_bucket = bucket_shared;
  int64_t limit_subscribe_per_min = 0;
  int64_t limit_unsubscribe_per_min = 0;
  int64_t limit_lists_write_per_min = 0;
  int64_t limit_users_write_per_min = 0;

  // Exports.
  int64_t export_lag_ms = 2000;
  int64_t export_job_ms = 1000;
  int64_t export_url_ms = 1'800'000;
  int64_t export_file_bytes = 10'000'000;
  int64_t export_page = 10;
  int64_t export_total_bytes_max = 100'000'000'000;

  // The side door's own.
  int64_t log_body_max = 65'536;

  [[nodiscard]] Letters letters() const { return static_cast<Letters>(letters_beyond_ascii); }

  // Turns one switch. Empty if done, else the reason in words.
  std::string set(std::string_view name, std::string_view value);

  // Turns all of {name: position}, as read from JSON or YAML: true and false are on and off. Empty
  // if done, else the reason; then none is turned.
  std::string load(const Json& positions);

  // {"name": "position" or number, …}
  [[nodiscard]] OrderedJson to_json() const;
  // [{"name", "value", "default", "choices" or "unit": …, "meaning"}, …]
  static OrderedJson describe(const Switches& current);
};

}  // namespace sim
