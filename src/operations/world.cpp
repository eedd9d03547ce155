#include "operations/world.hpp"

#include "ledger/ledger.hpp"

namespace rollcall::operations {

source::OpenOptions source_options(const World& world, const std::stop_token& stop) {
  source::OpenOptions options;
  options.transport = &world.transport;
  options.clock = &world.clock;
  options.stop = stop;
  options.temp_directory = world.home / "tmp";
  std::error_code ignored;
  std::filesystem::create_directories(options.temp_directory, ignored);
  return options;
}

bool has_list(const World& world, const std::string& uid) {
  Activation activation;
  activation.uid = uid;
  const auto state = ledger::read_state(run::folder_of(world.home, activation));
  return !state.ok() || state->list.has_value();
}

Result<Stored> stored(const World& world) {
  return load(world.store, [&](const std::string& uid) { return has_list(world, uid); });
}

}  // namespace rollcall::operations
