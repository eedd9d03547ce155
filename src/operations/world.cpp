#include "operations/world.hpp"

#include "state/state.hpp"

namespace rollcall::operations {

World watched_by(const World& world, Observer& observer) {
  return {world.clock, world.random, world.transport, world.workers, world.disk,
          observer,    world.store,  world.leases,    world.states,  world.home};
}

source::OpenOptions source_options(const World& world, const std::stop_token& stop) {
  source::OpenOptions options;
  options.transport = &world.transport;
  options.clock = &world.clock;
  options.stop = stop;
  options.temp_directory = world.home.temp();
  (void)world.disk.make_folder(options.temp_directory);
  return options;
}

bool has_list(const World& world, const std::string& uid) {
  const auto record = world.states.of(uid)->read();
  return !record.ok() || record->list.has_value();
}

Result<Stored> stored(const World& world) {
  return load(world.store, [&](const std::string& uid) { return has_list(world, uid); });
}

}  // namespace rollcall::operations
