#include "api/routes.hpp"

namespace rollcall::api {

// A table.
// clang-format off
const std::vector<Route>& routes() {
  using enum Role;
  static const std::vector<Route> all = {
    // Without signing in.
    {"GET",    "/api/v1/health",                                {},      get_health},
    {"GET",    "/api/v1/ready",                                 {},      get_readiness},
    {"GET",    "/api/v1/openapi.yaml",                          {},      get_openapi},
    {"POST",   "/api/v1/session",                               {},      begin_session},
    {"POST",   "/api/v1/setup",                                 {},      redeem_word},
    {"GET",    "/api/v1/sign-in",                               {},      ways_in},
    {"GET",    "/api/v1/sign-in/provider",                      {},      to_provider},
    {"GET",    "/api/v1/sign-in/provider/callback",             {},      from_provider},
    // Objects and numbers.
    {"GET",    "/metrics",                                      viewer,  get_metrics},
    {"GET",    "/api/v1/session",                               viewer,  get_session},
    {"DELETE", "/api/v1/session",                               viewer,  end_session},
    {"PUT",    "/api/v1/session/password",                      viewer,  change_own_password},
    {"GET",    "/api/v1/meta",                                  viewer,  get_meta},
    {"GET",    "/api/v1/status",                                viewer,  get_status},
    {"GET",    "/api/v1/catalog",                               viewer,  export_catalog},
    {"GET",    "/api/v1/runs",                                  viewer,  list_runs},
    {"GET",    "/api/v1/runs/{uid}",                            viewer,  get_run},
    {"GET",    "/api/v1/runs/{uid}/events",                     viewer,  run_events},
    {"GET",    "/api/v1/demo",                                  viewer,  get_demo},
    {"POST",   "/api/v1/schedules/next",                        viewer,  next_times},
    {"POST",   "/api/v1/segments/count",                        viewer,  count_segment},
    {"POST",   "/api/v1/segments/sql",                          viewer,  segment_sql},
    {"POST",   "/api/v1/segments/sentence",                     viewer,  segment_sentence},
    {"POST",   "/api/v1/segments/overlap",                      viewer,  overlap_segments},
    {"GET",    "/api/v1/segments/{uid}/count",                  viewer,  count_segment},
    {"GET",    "/api/v1/segments/{uid}/sql",                    viewer,  segment_sql},
    {"GET",    "/api/v1/segments/{uid}/sentence",               viewer,  segment_sentence},
    {"GET",    "/api/v1/segments/{uid}/history",                viewer,  segment_history},
    {"GET",    "/api/v1/models/{uid}/fields",                   viewer,  model_fields},
    {"GET",    "/api/v1/destinations/{uid}/fields",             viewer,  destination_fields},
    {"GET",    "/api/v1/activations/{uid}/status",              viewer,  activation_status},
    {"GET",    "/api/v1/activations/{uid}/events",              viewer,  activation_events},
    // People, and what starts something.
    {"POST",   "/api/v1/segments/preview",                      operate, preview_segment},
    {"GET",    "/api/v1/segments/{uid}/preview",                operate, preview_segment},
    {"GET",    "/api/v1/models/{uid}/values",                   operate, model_values},
    {"GET",    "/api/v1/activations/{uid}/why",                 operate, activation_why},
    {"GET",    "/api/v1/runs/{uid}/rejects",                    operate, run_rejects},
    {"POST",   "/api/v1/activations/{uid}/run",                 operate, run_activation},
    {"POST",   "/api/v1/activations/{uid}/stop",                operate, stop_activation},
    {"POST",   "/api/v1/activations/{uid}/plan",                operate, plan_activation},
    {"POST",   "/api/v1/activations/{uid}/audit",               operate, audit_activation},
    {"POST",   "/api/v1/activations/{uid}/pause",               operate, pause_activation},
    {"POST",   "/api/v1/activations/{uid}/resume",              operate, resume_activation},
    {"POST",   "/api/v1/{kind}/{uid}/check",                    operate, check_object},
    {"POST",   "/api/v1/demo/days",                             operate, pass_demo_day},
    // The catalog.
    {"POST",   "/api/v1/catalog",                               editor,  apply_catalog},
    {"GET",    "/api/v1/sources/{uid}/tables",                  editor,  source_tables},
    {"GET",    "/api/v1/sources/{uid}/columns",                 editor,  source_columns},
    {"GET",    "/api/v1/files",                                 editor,  list_files},
    {"POST",   "/api/v1/files",                                 editor,  bring_file},
    {"DELETE", "/api/v1/files/{name}",                          editor,  delete_file},
    {"POST",   "/api/v1/models/preview",                        editor,  preview_model},
    {"POST",   "/api/v1/segments/{uid}/activate",               editor,  activate_segment},
    {"POST",   "/api/v1/activations/{uid}/archive",             editor,  archive_activation},
    // Who may.
    {"GET",    "/api/v1/users",                                 admin,   list_users},
    {"POST",   "/api/v1/users",                                 admin,   make_user},
    {"GET",    "/api/v1/users/{uid}",                           admin,   get_user},
    {"PATCH",  "/api/v1/users/{uid}",                           admin,   change_user},
    {"DELETE", "/api/v1/users/{uid}",                           admin,   delete_user},
    {"POST",   "/api/v1/users/{uid}/invite",                    admin,   invite_user},
    {"GET",    "/api/v1/tokens",                                admin,   list_tokens},
    {"POST",   "/api/v1/tokens",                                admin,   make_token},
    {"DELETE", "/api/v1/tokens/{uid}",                          admin,   delete_token},
    {"GET",    "/api/v1/log",                                   admin,   list_log},
    {"POST",   "/api/v1/demo",                                  admin,   make_demo},
    {"DELETE", "/api/v1/demo",                                  admin,   delete_demo},
    {"GET",    "/api/v1/alerts",                                admin,   list_alerts},
    {"POST",   "/api/v1/alerts",                                admin,   make_alert},
    {"GET",    "/api/v1/alerts/{uid}",                          admin,   get_alert},
    {"PUT",    "/api/v1/alerts/{uid}",                          admin,   put_alert},
    {"DELETE", "/api/v1/alerts/{uid}",                          admin,   delete_alert},
    {"POST",   "/api/v1/alerts/{uid}/test",                     admin,   test_alert},
    // Behind all others, whose words are no kinds.
    {"GET",    "/api/v1/{kind}",                                viewer,  list_objects},
    {"POST",   "/api/v1/{kind}",                                editor,  make_object},
    {"GET",    "/api/v1/{kind}/{uid}",                          viewer,  get_object},
    {"PUT",    "/api/v1/{kind}/{uid}",                          editor,  put_object},
    {"DELETE", "/api/v1/{kind}/{uid}",                          editor,  delete_object},
  };
  return all;
}
// clang-format on

}  // namespace rollcall::api
