#include "prove/index.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "core/match_key.hpp"

namespace rollcall::prove {
namespace fs = std::filesystem;

namespace {

constexpr std::array<char, 8> kMagic = {'r', 'c', 'i', 'n', 'd', 'e', 'x', '1'};
constexpr size_t kSecretBytes = 32;
constexpr size_t kCheckedAtOnce = 1 << 18;

using SealBytes = std::array<unsigned char, 32>;
struct Head {
  std::array<char, 8> magic = kMagic;
  Hash project{};
  int64_t whole_at_ms = 0, complete_to_ms = 0, brought_up_at_ms = 0;
  uint64_t emails = 0, user_ids = 0;
  SealBytes seal{};
};
static_assert(std::is_trivially_copyable_v<Head> && sizeof(Head) == 96 &&
              sizeof(Head) % sizeof(Hash) == 0);

// Over the hashes first and then the head, whose numbers are known last.
class Seal {
 public:
  explicit Seal(const Secret& secret) {
    CHECK(secret.reveal().size() == kSecretBytes);
    crypto_generichash_init(
        &state_, reinterpret_cast<const unsigned char*>(secret.reveal().data()) + kSecretBytes / 2,
        kSecretBytes / 2, SealBytes().size());
  }
  void add(const void* bytes, size_t size) {
    crypto_generichash_update(&state_, static_cast<const unsigned char*>(bytes), size);
  }
  SealBytes of(Head head) {
    head.seal = {};
    add(&head, sizeof head);
    SealBytes out;
    crypto_generichash_final(&state_, out.data(), out.size());
    return out;
  }

 private:
  crypto_generichash_state state_;
};

int64_t millis(Time time) { return time.time_since_epoch().count(); }

// The head of a file that is whole and ours; nothing otherwise.
std::optional<Head> read_head(int file, const IndexFile& index_file) {
  struct stat about {};
  Head head;
  if (::fstat(file, &about) != 0 || about.st_size < static_cast<off_t>(sizeof head) ||
      !read_at(file, &head, sizeof head, 0).ok() || head.magic != kMagic ||
      head.project != hash_of(index_file.project, index_file.secret))
    return std::nullopt;
  const uint64_t hashes = (static_cast<uint64_t>(about.st_size) - sizeof head) / sizeof(Hash);
  if (head.emails > hashes || head.user_ids != hashes - head.emails ||
      static_cast<uint64_t>(about.st_size) != sizeof head + hashes * sizeof(Hash))
    return std::nullopt;
  // Read, not mapped: what is checked once need not stay in memory.
  Seal seal(index_file.secret);
  std::vector<unsigned char> piece(kCheckedAtOnce);
  for (size_t at = sizeof head; at < static_cast<size_t>(about.st_size); at += piece.size()) {
    piece.resize(std::min(piece.size(), static_cast<size_t>(about.st_size) - at));
    if (!read_at(file, piece.data(), piece.size(), at).ok()) return std::nullopt;
    seal.add(piece.data(), piece.size());
  }
  const SealBytes found = seal.of(head);
  if (sodium_memcmp(found.data(), head.seal.data(), found.size()) != 0) return std::nullopt;
  return head;
}

}  // namespace

std::shared_ptr<const Index> Index::open(const IndexFile& index_file, KeyType type) {
  const File file(open_ours(index_file.path, O_RDONLY));
  if (file.fd < 0) return nullptr;
  const auto head = read_head(file.fd, index_file);
  if (!head) return nullptr;
  const size_t bytes = sizeof *head + (head->emails + head->user_ids) * sizeof(Hash);
  void* const mapped = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.fd, 0);
  if (mapped == MAP_FAILED) return nullptr;
  ::madvise(mapped, bytes, MADV_RANDOM);
  std::shared_ptr<Index> out(new Index(index_file.secret, type));
  out->mapped_ = mapped;
  out->bytes_ = bytes;
  out->emails_ = head->emails;
  out->moments_ = {Time(Millis(head->whole_at_ms)), Time(Millis(head->complete_to_ms)),
                   Time(Millis(head->brought_up_at_ms))};
  return out;
}

Index::~Index() {
  if (mapped_ != nullptr) ::munmap(mapped_, bytes_);
}

std::span<const Hash> Index::hashes(KeyType type) const {
  const auto* const first =
      reinterpret_cast<const Hash*>(static_cast<const char*>(mapped_) + sizeof(Head));
  const std::span<const Hash> all(first, (bytes_ - sizeof(Head)) / sizeof(Hash));
  return type == KeyType::email ? all.first(emails_) : all.subspan(emails_);
}

bool Index::holds(std::string_view key) const {
  const auto hashes = this->hashes(type_);
  const auto has = [&](std::string_view text) {
    return std::binary_search(hashes.begin(), hashes.end(), hash_of(text, secret_));
  };
  if (has(key)) return true;
  if (type_ == KeyType::user_id) return false;
  const std::string folded = folded_key(key);
  return folded != key && has(folded);
}

Result<std::unique_ptr<Lease>> take_to_write(const IndexFile& index_file, Clock& clock,
                                             const std::stop_token& stop) {
  return FileLeases(index_file.path.parent_path(), clock)
      .take(index_file.path.filename().string() + ".lock", stop, Millis::max());
}

Status write_index(Disk& disk, const IndexFile& index_file, const Moments& moments, Sorters told,
                   const Index* before, Observer& observer) {
  const fs::path fresh = index_file.path.string() + ".new";
  const auto file = TRY(disk.open(fresh, Disk::Open::anew));
  Head head{.project = hash_of(index_file.project, index_file.secret),
            .whole_at_ms = millis(moments.whole_at),
            .complete_to_ms = millis(moments.complete_to),
            .brought_up_at_ms = millis(moments.brought_up_at)};
  Seal seal(index_file.secret);
  size_t end = sizeof head;
  const auto append = [&](std::span<const Hash> page) -> Status {
    seal.add(page.data(), page.size_bytes());
    TRY(file->write(end, {reinterpret_cast<const char*>(page.data()), page.size_bytes()}));
    end += page.size_bytes();
    return ok_status();
  };
  for (auto& [sorter, type, count] :
       {std::tuple<Sorter&, KeyType, uint64_t&>(told.emails, KeyType::email, head.emails),
        std::tuple<Sorter&, KeyType, uint64_t&>(told.user_ids, KeyType::user_id, head.user_ids)}) {
    const size_t from = end;
    TRY(sorter.merge(before != nullptr ? before->hashes(type) : std::span<const Hash>(), append));
    count = (end - from) / sizeof(Hash);
    observer.reached("index.part");
  }
  head.seal = seal.of(head);
  TRY(file->write(0, {reinterpret_cast<const char*>(&head), sizeof head}));
  observer.reached("index.written");
  TRY(disk.put_in_place(fresh, *file, index_file.path));
  observer.reached("index.kept");
  return ok_status();
}

}  // namespace rollcall::prove
