// This process, as the system sees it.
#pragma once

namespace rollcall {

// No core dump, and no other process of this user may look into this one: secrets and keys are in
// its memory. Tools that attach to it, leak checkers among them, cannot do so any more.
void forbid_core_dumps();

}  // namespace rollcall
