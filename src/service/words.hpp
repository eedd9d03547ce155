// Orders, rests and ends as texts: on a job's command line, in the store, for listeners.
#pragma once

#include <string>
#include <vector>

#include "service/service.hpp"

namespace rollcall::service {

// What follows the program's name: "job-run UID --trigger api".
std::vector<std::string> words_of(const std::string& uid, const Order& order);
// An order through the scheduler, which carries a note unread; and back.
std::string note_of(const Order& order);
Order order_of(const std::string& note);

std::string json_of(const Rest& rest);
std::string json_of(const Ended& ended);

}  // namespace rollcall::service
