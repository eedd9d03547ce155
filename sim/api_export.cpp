#include "sim/answers.hpp"
#include "sim/api.hpp"
namespace sim {
Response export_json(Project&, Call& call) { return answer_not_found_page(call.request.target); }
Response export_csv(Project&, Call& call) { return answer_not_found_page(call.request.target); }
Response export_user_events(Project&, Call& call) {
  return answer_not_found_page(call.request.target);
}
Response start_export(Project&, Call& call) { return answer_not_found_page(call.request.target); }
Response get_export_jobs(Project&, Call& call) {
  return answer_not_found_page(call.request.target);
}
Response get_export_files(Project&, Call& call) {
  return answer_not_found_page(call.request.target);
}
Response cancel_export(Project&, Call& call) { return answer_not_found_page(call.request.target); }
Response download_export_file(Project&, const Request& request) {
  return answer_not_found_page(request.target);
}
}  // namespace sim
