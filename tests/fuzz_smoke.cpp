// Stands in for libFuzzer where there is only g++: feeds a fuzz target the seeds it is given and a
// few thousand inputs made from them. The numbers come from one seed, so that a failure happens
// again.
//
//   fuzz_NAME RUNS SEED-FILE-OR-FOLDER…
//
// On a crash the input lies in the file that is named at the start.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

constexpr size_t kInputBytesMax = 8000;

uint64_t state = 1;
uint64_t draw(uint64_t below) {  // splitmix64
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return below == 0 ? 0 : (z ^ (z >> 31)) % below;
}

// One small change: a byte, a piece taken out, doubled or brought in from another seed, an odd
// token.
void change(std::string& text, const std::vector<std::string>& seeds) {
  static const std::string kTokens[] = {
      "null", "true", "-1", "0",       "1e999", "9223372036854775807", "18446744073709551616",
      "\"\"", "[]",   "{}", "\\u0000", "\xff",  "\xe6\x9d\x8e",        "[[[[[[[[",
      "\n",   "'",    ": ", "\""};
  const size_t at = draw(text.size() + 1);
  const size_t length = std::min<size_t>(text.size() - at, 1 + draw(16));
  switch (draw(6)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(draw(256));
      break;
    case 1:
      text.erase(at, length);
      break;
    case 2:
      text.insert(at, text.substr(at, length));
      break;
    case 3:
      text.insert(at, kTokens[draw(std::size(kTokens))]);
      break;
    case 4:
      text.replace(at, length, kTokens[draw(std::size(kTokens))]);
      break;
    case 5: {
      const std::string& other = seeds[draw(seeds.size())];
      text.insert(at, other.substr(draw(other.size() + 1), draw(200)));
      break;
    }
  }
  if (text.size() > kInputBytesMax) text.resize(kInputBytesMax);
}

void feed(const std::string& text, const fs::path& kept) {
  std::ofstream(kept, std::ios::binary) << text;
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> files;
  for (int i = 2; i < argc; ++i) {
    if (fs::is_directory(argv[i])) {
      for (const auto& entry : fs::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) files.push_back(entry.path());
    } else if (fs::exists(argv[i])) {
      files.emplace_back(argv[i]);
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds = {""};
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  const fs::path kept = fs::path(argv[0]).filename().string() + ".input";
  std::printf("%zu seeds; the last input is in %s\n", seeds.size(), fs::absolute(kept).c_str());
  std::fflush(stdout);
  for (const std::string& seed : seeds) feed(seed, kept);
  const int runs = argc > 1 ? std::atoi(argv[1]) : 1000;
  for (int i = 0; i < runs; ++i) {
    std::string text = seeds[draw(seeds.size())];
    for (uint64_t changes = 1 + draw(8); changes > 0; --changes) change(text, seeds);
    feed(text, kept);
  }
  fs::remove(kept);
  return 0;
}
