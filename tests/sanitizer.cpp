// DuckDB takes and gives back millions of small pieces of memory in a few runs. What the address
// sanitizer remembers of each would cost more than the runs: a short stack, and not for long. What it keeps back after it was
// given up would also look, to tests that measure memory, as if it grew.
extern "C" const char* __asan_default_options();   // NOLINT: the sanitizer's name
extern "C" const char* __asan_default_options() {  // NOLINT
  return "malloc_context_size=4:quarantine_size_mb=4";
}
