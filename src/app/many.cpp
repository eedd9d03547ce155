// Many commands, one after another, in one process: for tests, to which the start and the end of a
// process with sanitizers would cost more than most commands do.
//
// A command is read from stdin: the number of its words, then each as its length and its bytes.
// What became of it is written to stdout: exit code, bytes of its stdout, bytes of its stderr, a
// line break, and those. Ends with its stdin.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "adbc/adbc.hpp"
#include "app/test_hooks.hpp"
#include "app/wiring.hpp"

namespace {

using namespace rollcall;

// Where a command prints.
class Page {
 public:
  Page() : stream_(::open_memstream(&bytes_, &size_)) {}
  ~Page() {
    std::fclose(stream_);
    std::free(bytes_);
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  [[nodiscard]] std::FILE* stream() const { return stream_; }
  std::string_view text() {
    std::fflush(stream_);
    return {bytes_, size_};
  }

 private:
  char* bytes_ = nullptr;
  size_t size_ = 0;
  std::FILE* stream_;
};

bool read_command(std::vector<std::string>& words) {
  size_t count = 0;
  if (std::scanf("%zu", &count) != 1) return false;
  words.assign(count, "");
  for (std::string& word : words) {
    size_t size = 0;
    if (std::scanf("%zu", &size) != 1 || std::getchar() != ' ') return false;
    word.resize(size);
    if (std::fread(word.data(), 1, size, stdin) != size) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == adbc::kReaderWord) return adbc::reader_main();
  if (!app::begin_process()) return 1;
  std::vector<std::string> words;
  while (read_command(words)) {
    app::Machine machine;
    app::TestHooks hooks(app::environment("ROLLCALL_POINTS"), app::environment("ROLLCALL_KILL_AT"));
    Page out, err;
    cli::World world = app::world_on(machine, hooks);
    world.out = out.stream();
    world.err = err.stream();
    world.out_is_terminal = world.err_is_terminal = false;
    const int code = cli::main(world, words, {});
    std::printf("%d %zu %zu\n", code, out.text().size(), err.text().size());
    for (Page* const page : {&out, &err})
      std::fwrite(page->text().data(), 1, page->text().size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}
