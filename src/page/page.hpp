// The page: what web/ was built into, inside the binary. It is the same for everybody, and public:
// whoever is not signed in sees no data by it, since all of that comes from the API.
//
// Scripts, styles and pictures are kept and sent compressed (gzip), named by their content and kept
// by browsers for good. Every other path is answered with index.html, whose script finds out what is
// meant by it; its policy lets nothing run or be asked for that is not ours, and its nonce, for the
// styles that a script writes, is another each time.
//
// Threads: any number may call at once.
#pragma once

#include "base/base.hpp"
#include "base/random.hpp"
#include "http_server/http_server.hpp"

namespace rollcall::page {

// To a GET of any path that is not the API's.
http_server::Response answer(const http_server::Request& request, Random& random);

}  // namespace rollcall::page
