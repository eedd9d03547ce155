// Every route, and who may take it: one table.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "api/ask.hpp"

namespace rollcall::api {

using Answer = Result<Response> (*)(const Ask&);

struct Route {
  std::string_view method;
  std::string_view path;      // "/api/v1/segments/{uid}"
  std::optional<Role> needs;  // nothing: anybody, signed in or not
  Answer answer;
};
const std::vector<Route>& routes();

// --- What they answer with, by the file it stands in.

// objects.cpp: {kind} is one of sources, models, segments, destinations, activations.
Result<Response> list_objects(const Ask&);
Result<Response> make_object(const Ask&);
Result<Response> get_object(const Ask&);
Result<Response> put_object(const Ask&);
Result<Response> delete_object(const Ask&);
Result<Response> apply_catalog(const Ask&);
Result<Response> export_catalog(const Ask&);
Result<Response> check_object(const Ask&);
Result<Response> destination_fields(const Ask&);
Result<Response> source_tables(const Ask&);
Result<Response> source_columns(const Ask&);
Result<Response> model_fields(const Ask&);
Result<Response> model_values(const Ask&);
Result<Response> preview_model(const Ask&);

// segments.cpp: without a uid the segment is in the body.
Result<Response> count_segment(const Ask&);
Result<Response> preview_segment(const Ask&);
Result<Response> segment_sql(const Ask&);
Result<Response> segment_sentence(const Ask&);
Result<Response> segment_history(const Ask&);
Result<Response> overlap_segments(const Ask&);
Result<Response> activate_segment(const Ask&);

// files.cpp: what people bring for sources of files.
Result<Response> list_files(const Ask&);
Result<Response> bring_file(const Ask&);
Result<Response> delete_file(const Ask&);

// activations.cpp
Result<Response> next_times(const Ask&);
Result<Response> activation_status(const Ask&);
Result<Response> run_activation(const Ask&);
Result<Response> stop_activation(const Ask&);
Result<Response> plan_activation(const Ask&);
Result<Response> audit_activation(const Ask&);
Result<Response> pause_activation(const Ask&);
Result<Response> resume_activation(const Ask&);
Result<Response> archive_activation(const Ask&);
Result<Response> activation_why(const Ask&);
Result<Response> activation_events(const Ask&);

// runs.cpp
Result<Response> list_runs(const Ask&);
Result<Response> get_run(const Ask&);
Result<Response> run_rejects(const Ask&);
Result<Response> run_events(const Ask&);

// people.cpp: sessions, users, tokens, the log.
Result<Response> get_session(const Ask&);
Result<Response> begin_session(const Ask&);
Result<Response> end_session(const Ask&);
Result<Response> change_own_password(const Ask&);
Result<Response> redeem_word(const Ask&);
Result<Response> list_users(const Ask&);
Result<Response> make_user(const Ask&);
Result<Response> get_user(const Ask&);
Result<Response> change_user(const Ask&);
Result<Response> delete_user(const Ask&);
Result<Response> invite_user(const Ask&);
Result<Response> list_tokens(const Ask&);
Result<Response> make_token(const Ask&);
Result<Response> delete_token(const Ask&);
Result<Response> list_log(const Ask&);

// single_sign_on.cpp
Result<Response> ways_in(const Ask&);
Result<Response> to_provider(const Ask&);
Result<Response> from_provider(const Ask&);

// demo.cpp
Result<Response> get_demo(const Ask&);
Result<Response> make_demo(const Ask&);
Result<Response> pass_demo_day(const Ask&);
Result<Response> delete_demo(const Ask&);

// alerts.cpp
Result<Response> list_alerts(const Ask&);
Result<Response> make_alert(const Ask&);
Result<Response> get_alert(const Ask&);
Result<Response> put_alert(const Ask&);
Result<Response> delete_alert(const Ask&);
Result<Response> test_alert(const Ask&);

// meta.cpp
Result<Response> get_meta(const Ask&);
Result<Response> get_status(const Ask&);
Result<Response> get_health(const Ask&);
Result<Response> get_readiness(const Ask&);
Result<Response> get_metrics(const Ask&);
Result<Response> get_openapi(const Ask&);

// The cookie of a session, and the header that ends one.
std::string cookie_name(bool is_secure);
std::string session_cookie(bool is_secure, const Secret& value);
std::string ended_cookie(bool is_secure);

}  // namespace rollcall::api
