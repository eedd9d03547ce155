#include "service/words.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "core/words.hpp"

namespace rollcall::service {

using json = nlohmann::ordered_json;
using scheduler::Work;

std::vector<std::string> words_of(const std::string& uid, const Order& order) {
  std::vector<std::string> out = {order.work == Work::run ? "job-run" : "job-audit", uid};
  if (order.work == Work::audit) return out;
  out.insert(out.end(), {"--trigger", std::string(to_string(order.trigger))});
  if (order.full) out.emplace_back("--full");
  if (order.new_list) out.emplace_back("--new-list");
  if (order.repair) out.emplace_back("--repair");
  if (order.approve) out.insert(out.end(), {"--approve", *order.approve});
  if (order.until)
    out.insert(out.end(), {"--until", std::to_string(order.until->time_since_epoch().count())});
  return out;
}

std::string note_of(const Order& order) {
  json out = {{"audit", order.work == Work::audit},
              {"trigger", to_string(order.trigger)},
              {"full", order.full},
              {"new_list", order.new_list},
              {"repair", order.repair},
              {"ticket", order.ticket}};
  if (order.approve) out["approve"] = *order.approve;
  return out.dump();
}

Order order_of(const std::string& note) {
  const json in = read_json<json>(note);
  Order out{.trigger = Trigger::schedule};
  if (!in.is_object()) return out;  // of a run that is carried on
  out.work = in.value("audit", false) ? Work::audit : Work::run;
  out.trigger = from_word<Trigger>(in.value("trigger", "")).value_or(Trigger::schedule);
  out.full = in.value("full", false);
  out.new_list = in.value("new_list", false);
  out.repair = in.value("repair", false);
  out.ticket = in.value("ticket", uint64_t{0});
  if (in.contains("approve")) out.approve = in["approve"].get<std::string>();
  return out;
}

std::string json_of(const Rest& rest) {
  return json{{"kind", rest.kind},
              {"name", rest.name},
              {"problem", rest.problem},
              {"remedy", rest.remedy},
              {"since", iso_utc(rest.since)}}
      .dump();
}

std::string json_of(const Ended& ended) {
  const auto part = [](const std::string& text) {
    return text.empty() ? json(nullptr) : read_json<json>(text);
  };
  return json{{"work", ended.work == Work::run ? "run" : "audit"},
              {"code", ended.code},
              {"report", part(ended.json)},
              {"error", part(ended.error)}}
      .dump();
}

}  // namespace rollcall::service
