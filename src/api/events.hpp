// What the service tells of a job, as server-sent events.
#pragma once

#include <string>

#include "api/ask.hpp"

namespace rollcall::api {

// "event: step\ndata: {…}\n\n"
std::string event_text(const std::string& name, const std::string& data);
// Of an activation from now on; `until_end`: closed when its job ends. `first` comes first.
Response events_of(const Ask& ask, const std::string& uid, std::string first, bool until_end);
// A job under way, as JSON.
json json_of(const service::Live& live);
json json_of(const service::Standing& standing);

}  // namespace rollcall::api
