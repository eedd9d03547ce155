// The demo shop's catalog, as it lies in catalog.yaml.
#pragma once

#include <string_view>

namespace rollcall::demo {

// `${PORT}` in it is that of the simulator; the path of its source starts in the demo's folder.
std::string_view catalog_text();

}  // namespace rollcall::demo
