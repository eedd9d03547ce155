#include "api/events.hpp"

#include "base/json.hpp"

namespace rollcall::api {

std::string event_text(const std::string& name, const std::string& data) {
  return "event: " + name + "\ndata: " + data + "\n\n";
}

Response events_of(const Ask& ask, const std::string& uid, std::string first, bool until_end) {
  std::shared_ptr<http_server::Channel> channel = http_server::Channel::make();
  const std::weak_ptr<http_server::Channel> weak = channel;
  auto listening = ask.shared.service.listen([weak, uid, until_end](const std::string& of,
                                                                    const std::string& event,
                                                                    const std::string& data) {
    const auto still = weak.lock();
    if (!still || of != uid) return;
    still->tell(event_text(event, data));
    if (until_end && event == "end") still->close();
  });
  // Lives as long as the channel does.
  const std::shared_ptr<http_server::Channel> owner(
      channel.get(), [channel, listening](http_server::Channel*) mutable {
        listening.reset();
        channel.reset();
      });
  return {.headers = {{"Content-Type", "text/event-stream"}, {"X-Accel-Buffering", "no"}},
          .body = std::move(first),
          .channel = owner};
}

json json_of(const service::Live& live) {
  json steps = json::array();
  for (const service::Live::Step& one : live.steps)
    steps.push_back({{"step", one.name},
                     {"begun_at", iso_utc(one.begun_at)},
                     {"done", one.done},
                     {"total", one.total}});
  return {{"work", live.work == scheduler::Work::run ? "run" : "audit"},
          {"run_id", live.run_id.empty() ? json(nullptr) : json(live.run_id)},
          {"started_at", iso_utc(live.started_at)},
          {"steps", std::move(steps)},
          {"notes", live.notes}};
}

json json_of(const service::Standing& standing) {
  json rest = nullptr;
  if (standing.rest)
    rest = {{"kind", standing.rest->kind},
            {"name", standing.rest->name},
            {"problem", standing.rest->problem},
            {"remedy", standing.rest->remedy},
            {"since", iso_utc(standing.rest->since)}};
  return {{"under_way", standing.live ? json_of(*standing.live) : json(nullptr)},
          {"waiting", standing.waiting},
          {"next_run_at", standing.next_at ? json(iso_utc(*standing.next_at)) : json(nullptr)},
          {"rests", std::move(rest)}};
}

}  // namespace rollcall::api
