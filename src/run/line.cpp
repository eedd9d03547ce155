#include <fmt/format.h>

#include "attributes/attributes.hpp"
#include "run/run.hpp"

namespace rollcall::run {
namespace {

std::filesystem::path pace_file(const Home& home, const iterable::Project& project) {
  return home.pace(fmt::format(
      "{:016x}",
      attributes::fingerprint(project.base_url + '\n' + std::string(project.api_key.reveal()))));
}

}  // namespace

Line::Line(const World& world, const Destination& destination)
    : pace(world.clock, world.disk, pace_file(world.home, iterable::project_of(destination))),
      reader(iterable::project_of(destination), world.transport, world.clock, world.random, pace,
             counter, &world.observer),
      world_(world) {}

iterable::Client Line::writer(const Permit& permit) {
  return {reader.project(), world_.transport, world_.clock,    world_.random, pace,
          counter,          permit,           &world_.observer};
}

}  // namespace rollcall::run
