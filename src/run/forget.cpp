#include "prove/prove.hpp"
#include "run/proof.hpp"
#include "run/record.hpp"

namespace rollcall::run {

Result<state::Forgotten> forget(const World& world, const Activation& activation,
                                state::Writer& writer, const std::string& key) {
  if (writer.record.open_run) {
    // Its snapshot and its plan tell of them, and what is left of it cannot be carried on.
    const std::string& run_id = writer.record.open_run->run_id;
    TRY(give_up(world, activation, writer, world.clock,
                {ErrorKind::corrupt,
                 "run " + run_id + " was interrupted, and closed when somebody was forgotten"}));
  }
  auto done = TRY(writer.forget(key));
  writer.tidy();
  return done;
}

Result<bool> forget_contact(const World& world, const Destination& destination,
                            const MatchKey& match_key, const std::string& key) {
  const prove::IndexFile file = index_file(world, destination);
  const auto index = prove::Index::open(file, match_key.type);
  if (index && !index->holds(key)) return false;
  // One that does not open may tell of anybody.
  std::error_code ignored;
  if (!std::filesystem::exists(file.path, ignored)) return false;
  TRY(world.disk.remove(file.path));
  return true;
}

}  // namespace rollcall::run
