#include "state/work.hpp"

namespace rollcall::state {

Which writes() {
  return {.kinds = {ChangeKind::entered, ChangeKind::changed, ChangeKind::retried}};
}
Which removals() { return {.kinds = {ChangeKind::left}}; }
Which entrants() { return {.kinds = {ChangeKind::entered, ChangeKind::retried}}; }

std::array<Which, 4> parts() {
  std::array<Which, 4> out = {writes(), removals(), writes(), removals()};
  for (size_t i = 0; i < out.size(); ++i) out[i].waiting = i >= 2;
  return out;
}

}  // namespace rollcall::state
