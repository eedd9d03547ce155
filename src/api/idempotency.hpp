// Requests that may come twice: with an `Idempotency-Key`, the second is given the answer of the
// first, for a day.
#pragma once

#include "api/routes.hpp"

namespace rollcall::api {

// `answer(ask)`, once for each key of a caller where that makes or starts something; elsewhere a key
// is of no meaning. A key is for one request: for another it is a
// problem, as it is while the first is under way.
Result<Response> once(const Ask& ask, Answer answer);

}  // namespace rollcall::api
