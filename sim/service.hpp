// The simulator without sockets: a request in, an answer out. Checks the key, takes the endpoint's
// limit, draws the faults, calls the handler, counts and logs. Safe from any thread.
#pragma once

#include "sim/project.hpp"

namespace sim {

class Service {
 public:
  explicit Service(const Config& config);

  // Never fails: whatever is asked gets an answer, or a Delivery that says there is none.
  Response handle(const Request& request);

  Project& project() { return project_; }

 private:
  Response handle_api(const Request& request, std::string_view path, std::string_view raw_query,
                      std::string& endpoint, std::vector<Fault>& faults, Counter& noted);
  bool key_is_good(const Request& request) const;
  std::optional<Response> fail_before(Call& call);
  void delete_named(const Call& call);
  bool tell_another(Response& response);
  void spoil(const std::vector<Fault>& faults, Response& response);
  void add_headers(int64_t took_ms, Response& response);

  Project project_;
};

}  // namespace sim
