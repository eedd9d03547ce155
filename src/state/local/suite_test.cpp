// The local kind of state, held to what every kind is.
#include "state/suite.hpp"

namespace rollcall::state {

INSTANTIATE_TEST_SUITE_P(Local, StateSuite, testing::Values(Kind{"local", open_local}));

}  // namespace rollcall::state
