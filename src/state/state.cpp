#include "state/state.hpp"

namespace rollcall::state {

Error State::lost(const std::string& what) {
  return {ErrorKind::corrupt, what,
          "`rollcall run --full` of this activation rebuilds it from the list in Iterable; nothing "
          "is sent until then."};
}

}  // namespace rollcall::state
