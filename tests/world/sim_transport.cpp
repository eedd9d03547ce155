#include "tests/world/sim_transport.hpp"

#include <charconv>

namespace rollcall::testing {
namespace {

constexpr Millis kRoundTrip{5};

http::Answer none(std::string message, bool may_have_arrived,
                  ErrorKind kind = ErrorKind::unavailable) {
  return tl::unexpected(http::Failure{{kind, std::move(message)}, may_have_arrived});
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

sim::Request request_of(const http::Request& request) {
  sim::Request out;
  out.method = request.method;
  const size_t host = request.url.find("://") + 3;
  out.target = request.url.substr(request.url.find('/', host));
  out.headers = request.headers;
  out.body = request.body;
  out.peer_ip = "127.0.0.1";
  return out;
}

// The body piece by piece; false: `take` refused one.
bool take_body(sim::Response& response, const std::function<bool(std::string_view)>& take) {
  const bool cut = response.delivery.cut_body;
  if (!response.next_chunk)
    return take(std::string_view(response.body)
                    .substr(0, cut ? response.body.size() / 2 : response.body.size()));
  std::string chunk;
  while (response.next_chunk(chunk)) {
    if (chunk.empty()) continue;
    if (!take(std::string_view(chunk).substr(0, cut ? chunk.size() / 2 : chunk.size())))
      return false;
    if (cut) break;
  }
  return true;
}

}  // namespace

http::Answer SimTransport::send(const http::Request& request, const std::stop_token& stop) {
  if (stop.stop_requested()) return none("stopped before talking", false, ErrorKind::cancelled);
  if (service_->project().faults.draw_refusal()) return none("refused", false);
  if (request.may_leave && !request.may_leave()) return none("held back", false);

  const Millis left_at = clock_.monotonic();
  clock_.sleep(kRoundTrip, stop);
  sim::Response answer = service_->handle(request_of(request));
  http::Response out{.status = answer.status};
  out.date =
      std::chrono::floor<std::chrono::seconds>(Time(Millis(service_->project().clock.now_ms())));
  const Millis left = request.timeout - (clock_.monotonic() - left_at);
  const Millis delay(answer.delivery.delay_ms);
  clock_.sleep(std::max(Millis(0), std::min(delay, left)), stop);
  if (stop.stop_requested()) return none("stopped while talking", true, ErrorKind::cancelled);
  if (delay > left) return none("no answer in time", true);
  if (answer.delivery.reset) return none("reset", true);

  const bool streamed = request.on_body && answer.status == 200;
  const bool taken = take_body(answer, [&](std::string_view piece) {
    if (streamed) return request.on_body(piece);
    out.body += piece;
    return out.body.size() <= request.response_bytes_max;
  });
  if (!taken) return none("a body that is not taken", true, ErrorKind::corrupt);
  if (answer.delivery.cut_body) return none("the body broke off", true);

  out.content_type = answer.content_type;
  for (auto& [name, value] : answer.headers) {
    if (int seconds = 0;
        lower(name) == "retry-after" &&
        std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc())
      out.retry_after = std::chrono::seconds(seconds);
    out.headers.emplace_back(lower(name), value);
  }
  return out;
}

sim::Machine machine_of(Clock& clock) {
  return {.now_us = [&clock] { return clock.now().time_since_epoch().count() * 1000; },
          .pass_us = [&clock](int64_t us) { clock.sleep(Millis((us + 999) / 1000), {}); }};
}

}  // namespace rollcall::testing
