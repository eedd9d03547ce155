#include "demo/catalog.hpp"

asm(R"(
  .section .rodata
  .global rollcall_demo_begin
  .global rollcall_demo_end
rollcall_demo_begin:
  .incbin ")" ROLLCALL_DEMO_CATALOG R"("
rollcall_demo_end:
  .previous
)");
extern "C" const char rollcall_demo_begin[], rollcall_demo_end[];

namespace rollcall::demo {

std::string_view catalog_text() { return {rollcall_demo_begin, rollcall_demo_end}; }

}  // namespace rollcall::demo
