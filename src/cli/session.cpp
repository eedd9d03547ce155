#include "cli/session.hpp"

#include <atomic>
#include <nlohmann/json.hpp>

#include "cli/text.hpp"

namespace rollcall::cli {

using Json = nlohmann::ordered_json;

void Session::use(std::optional<Secret> server) {
  server_ = std::move(server);
  if (server_) {
    leases_ = store::open_leases(*server_, world_.clock);
  } else {
    leases_ = std::make_unique<FileLeases>(home_, world_.clock);
  }
  states_ = state::open_local({home_}, world_.disk, *leases_);
}

Result<int> Session::keeping_leases(const std::function<Result<int>()>& body) {
  if (!server_) return body();
  Result<int> code(0);
  const auto ended = std::make_unique<std::stop_source>();
  std::atomic<bool> is_begun = false;
  const std::shared_ptr<Leases> leases = leases_;
  world_.workers.run(2, [&] {
    if (is_begun.exchange(true)) return leases->keep(ended->get_token());
    code = body();
    ended->request_stop();
  });
  return code;
}

Result<store::Store*> Session::store() {
  if (!store_) store_ = TRY(world_.open_store(home_, server_));
  return store_.get();
}

Result<operations::World> Session::run_world() {
  store::Store* const opened = TRY(store());
  return operations::World{world_.clock, world_.random, world_.transport, world_.workers,
                           world_.disk,  progress_,     *opened,          *leases_,
                           *states_,     {home_}};
}

void Session::print_text(const std::string& text) {
  progress_.wipe();
  (void)std::fwrite(text.data(), 1, text.size(), world_.out);
}

void Session::print_json(const Json& value) {
  print_text(value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void Session::say(const std::string& message) {
  progress_.wipe();
  std::fflush(world_.out);
  fmt::print(world_.err, "rollcall: {}\n", plain(message));
}

void Session::fail(const Error& error) {
  say(error.text());
  if (!json_) return;
  print_json({{"error", operations::to_json(error)}});
}

operations::JsonWriter Session::json_writer() {
  return operations::JsonWriter([this](std::string_view piece) -> Status {
    print_text(std::string(piece));
    if (heard()) return ok_status();
    return Error{ErrorKind::cancelled, "nobody reads what is printed"};
  });
}

bool Session::heard() const { return std::ferror(world_.out) == 0; }

}  // namespace rollcall::cli
