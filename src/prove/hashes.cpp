#include "prove/hashes.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <queue>

#include "base/file.hpp"

namespace rollcall::prove {
namespace {

constexpr size_t kPage = 4096;  // hashes read or written at once

Error trouble(const char* doing, int file) {
  const int problem = errno;
  std::error_code ignored;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), ignored);
  return cannot(doing, path.empty() ? "the contact index" : path, problem);
}

// Part of a sorted file, or of memory.
class Run {
 public:
  explicit Run(std::span<const Hash> held) : ahead_(held) {}
  Run(int file, size_t from, size_t to) : file_(file), next_(from), to_(to) {}
  [[nodiscard]] bool ended() const { return ahead_.empty(); }
  [[nodiscard]] const Hash& first() const { return ahead_.front(); }
  Status fill() {
    if (!ahead_.empty() || next_ == to_) return ok_status();
    page_.resize(std::min(kPage, to_ - next_));
    TRY(read_at(file_, page_.data(), page_.size() * sizeof(Hash), next_ * sizeof(Hash)));
    next_ += page_.size();
    ahead_ = page_;
    return ok_status();
  }
  Status step() {
    ahead_ = ahead_.subspan(1);
    return fill();
  }

 private:
  std::span<const Hash> ahead_;
  std::vector<Hash> page_;
  int file_ = -1;
  size_t next_ = 0, to_ = 0;
};

}  // namespace

Status read_at(int file, void* bytes, size_t size, size_t offset) {
  auto* at = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = ::pread(file, at, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return trouble("read", file);
    at += got;
    offset += static_cast<size_t>(got);
    size -= static_cast<size_t>(got);
  }
  return ok_status();
}

Status write_at(int file, const void* bytes, size_t size, size_t offset) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t put = ::pwrite(file, at, size, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return trouble("write", file);
    at += put;
    offset += static_cast<size_t>(put);
    size -= static_cast<size_t>(put);
  }
  return ok_status();
}

Hash hash_of(std::string_view key, const Secret& secret) {
  static_assert(sizeof(Hash) == crypto_shorthash_siphashx24_BYTES);
  CHECK(secret.reveal().size() >= crypto_shorthash_siphashx24_KEYBYTES);
  Hash out;
  crypto_shorthash_siphashx24(reinterpret_cast<unsigned char*>(out.data()),
                              reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                              reinterpret_cast<const unsigned char*>(secret.reveal().data()));
  return out;
}

Sorter::~Sorter() {
  if (file_ >= 0) ::close(file_);
}

void Sorter::clear() {
  held_.clear();
  ends_.clear();
}

Status Sorter::add(const Hash& hash) {
  if (held_.size() == held_max_) TRY(put_away());
  held_.push_back(hash);
  return ok_status();
}

Status Sorter::put_away() {
  if (file_ < 0) {
    std::string name = folder_ / "sorting.XXXXXX";
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ < 0) return cannot("write", name, errno);
    ::unlink(name.c_str());
  }
  std::sort(held_.begin(), held_.end());
  const size_t from = ends_.empty() ? 0 : ends_.back();
  TRY(write_at(file_, held_.data(), held_.size() * sizeof(Hash), from * sizeof(Hash)));
  ends_.push_back(from + held_.size());
  held_.clear();
  return ok_status();
}

Status Sorter::merge(std::span<const Hash> more,
                     const std::function<Status(std::span<const Hash>)>& write) {
  std::sort(held_.begin(), held_.end());
  std::vector<Run> runs;
  runs.emplace_back(held_);
  runs.emplace_back(more);
  size_t from = 0;
  for (const size_t end : ends_) {
    runs.emplace_back(file_, from, end);
    from = end;
  }
  const auto later = [&](size_t a, size_t b) { return runs[b].first() < runs[a].first(); };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> next(later);
  for (size_t i = 0; i < runs.size(); ++i) {
    TRY(runs[i].fill());
    if (!runs[i].ended()) next.push(i);
  }
  std::vector<Hash> page;
  page.reserve(kPage);
  std::optional<Hash> last;
  while (!next.empty()) {
    const size_t run = next.top();
    next.pop();
    if (last != runs[run].first()) {
      if (page.size() == kPage) {
        TRY(write(page));
        page.clear();
      }
      page.push_back(runs[run].first());
      last = page.back();
    }
    TRY(runs[run].step());
    if (!runs[run].ended()) next.push(run);
  }
  return page.empty() ? ok_status() : write(page);
}

}  // namespace rollcall::prove
