#include "cli/session.hpp"

#include <nlohmann/json.hpp>

#include "cli/text.hpp"
#include "ledger/ledger.hpp"

namespace rollcall::cli {

using Json = nlohmann::ordered_json;

Result<store::Store*> Session::store() {
  if (!store_) store_ = TRY(world_.open_store(home_));
  return store_.get();
}

Result<Stored> Session::stored() {
  return load(*TRY(store()), [this](const std::string& uid) { return has_list(uid); });
}

bool Session::has_list(const std::string& uid) const {
  Activation activation;
  activation.uid = uid;
  const auto state = ledger::read_state(run::folder_of(home_, activation));
  return !state.ok() || state->list.has_value();
}

Result<run::World> Session::run_world() {
  store::Store* const opened = TRY(store());
  return run::World{world_.clock, world_.random, world_.transport, world_.workers,
                    progress_,    *opened,       leases_,          home_};
}

source::OpenOptions Session::source_options() const {
  source::OpenOptions options;
  options.transport = &world_.transport;
  options.clock = &world_.clock;
  options.stop = stop_;
  options.temp_directory = home_ / "tmp";
  std::error_code ignored;
  std::filesystem::create_directories(options.temp_directory, ignored);
  return options;
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
  print_json({{"error",
               {{"kind", to_string(error.kind)},
                {"message", error.message},
                {"remedy", error.remedy},
                {"context", error.context}}}});
}

bool Session::heard() const { return std::ferror(world_.out) == 0; }

}  // namespace rollcall::cli
