// Whatever Iterable answers to the client's reads: read, or an error that says something. What is
// believed of a profile bears the key that was asked for.
//
// Input: a body, answered with each status to each kind of call.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "iterable/iterable.hpp"

using namespace rollcall;
using namespace rollcall::iterable;

namespace {

class Always : public http::Transport {
 public:
  int status = 200;
  std::string_view body;
  http::Answer send(const http::Request& request, const std::stop_token&) override {
    if (request.on_body && status == 200) {
      for (size_t at = 0; at < body.size(); at += kPiece)
        if (!request.on_body(body.substr(at, kPiece)))
          return tl::unexpected(http::Failure{{ErrorKind::corrupt, "makes no sense"}, true});
      return http::Response{.status = status};
    }
    return http::Response{.status = status, .body = std::string(body)};
  }

 private:
  static constexpr size_t kPiece = 7;
};

template <class R>
void check(const R& result) {
  if (!result.ok()) CHECK(!result.error().message.empty());
}

}  // namespace

struct Held : Permit {
  [[nodiscard]] bool outlasts(Millis) const override { return true; }
};

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ManualClock clock{Time(std::chrono::hours(500'000))};
  SeededRandom random{1};
  Pace pace(clock);
  CallCounter counter;
  const Held permit;
  Always transport;
  transport.body = {reinterpret_cast<const char*>(data), size};
  for (const ProjectType type : {ProjectType::email, ProjectType::hybrid}) {
    const Client client({"http://iterable", Secret("k"), type}, transport, clock, random, pace,
                        counter, permit);
    for (const int status : {200, 400, 401, 404, 429}) {
      transport.status = status;
      check(client.lists({}));
      check(client.fields({}));
      check(client.create_list("a", "b", {}).id);
      check(client.list_members(1, KeyType::user_id, [](std::string_view) {}, {}));
      check(client.contacts({}, [](std::string_view, std::string_view) {}, {}));
      for (const KeyType key : {KeyType::email, KeyType::user_id}) {
        const auto seen = client.look_up(key, "a@x.co", {});
        check(seen);
        if (!seen.ok() || !seen->profile) continue;
        CHECK(!seen->of_another);
        CHECK((key == KeyType::email ? seen->profile->email : seen->profile->user_id).size() == 6);
      }
    }
  }
  return 0;
}
