#include "operations/tar.hpp"

#include <fmt/format.h>

#include <array>
#include <numeric>

namespace rollcall::operations {
namespace {

constexpr size_t kBlock = 512;
constexpr uint64_t kBytesMax = uint64_t{1} << 33;  // eleven octal digits
using Block = std::array<char, kBlock>;

// Where a field of the header is.
struct Field {
  size_t at, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kOwner{108, 8}, kGroup{116, 8}, kSize{124, 12},
    kTime{136, 12}, kSum{148, 8}, kType{156, 1}, kMagic{257, 8}, kPrefix{345, 155};
constexpr std::string_view kUstar("ustar\00000", 8);

std::string_view text_in(const Block& block, Field field) {
  return {block.data() + field.at, field.size};
}
void put(Block& block, Field field, std::string_view text) {
  text.copy(block.data() + field.at, field.size);
}
void put_number(Block& block, Field field, uint64_t number) {
  put(block, field, fmt::format("{:0{}o}", number, field.size - 1));
}
std::optional<uint64_t> number_in(const Block& block, Field field) {
  uint64_t out = 0;
  for (const char c : text_in(block, field).substr(0, field.size - 1)) {
    if (c < '0' || c > '7') return std::nullopt;
    out = out * 8 + static_cast<uint64_t>(c - '0');
  }
  return out;
}
// Of all bytes, those of the sum itself as blanks; as its field has it.
std::string sum_of(Block block) {
  put(block, kSum, "        ");
  const unsigned sum = std::accumulate(block.begin(), block.end(), 0U, [](unsigned so_far, char c) {
    return so_far + static_cast<unsigned char>(c);
  });
  return fmt::format("{:06o}", sum) + std::string("\0 ", 2);
}

Error corrupt(const char* why) {
  return {.kind = ErrorKind::corrupt, .message = std::string("this is no backup of ours: ") + why};
}

}  // namespace

Status TarWriter::begin(const std::string& name, uint64_t bytes, Time at) {
  CHECK(name.size() <= kName.size && open_ == 0);
  if (bytes >= kBytesMax)
    return Error{.kind = ErrorKind::invalid, .message = name + " is too large for a tar archive"};
  TRY(fill());
  Block block{};
  put(block, kName, name);
  put_number(block, kMode, 0600);
  put_number(block, kOwner, 0);
  put_number(block, kGroup, 0);
  put_number(block, kSize, bytes);
  put_number(block, kTime, static_cast<uint64_t>(at.time_since_epoch().count()) / 1000);
  put(block, kType, "0");
  put(block, kMagic, kUstar);
  put(block, kSum, sum_of(block));
  open_ = kBlock;
  TRY(write({block.data(), block.size()}));
  open_ = bytes;
  return ok_status();
}

Status TarWriter::write(std::string_view piece) {
  CHECK(piece.size() <= open_);
  TRY(to_.write(end_, piece));
  end_ += piece.size();
  open_ -= piece.size();
  return ok_status();
}

Status TarWriter::fill() {
  open_ = (kBlock - end_ % kBlock) % kBlock;
  return write(std::string(open_, '\0'));
}

Status TarWriter::finish() {
  CHECK(open_ == 0);
  TRY(fill());
  open_ = 2 * kBlock;
  return write(std::string(open_, '\0'));
}

Result<std::optional<TarReader::Entry>> TarReader::next() {
  Block block{};
  if (TRY(from_.read(next_, block.data(), block.size())) != block.size())
    return corrupt("it is cut short");
  if (block == Block{}) return std::optional<Entry>();
  if (text_in(block, kMagic) != kUstar || text_in(block, kSum) != sum_of(block))
    return corrupt("a header in it is damaged, or of another kind of archive");
  const std::string_view name = text_in(block, kName).substr(0, text_in(block, kName).find('\0'));
  const auto bytes = number_in(block, kSize);
  const bool plain = text_in(block, kType) == "0" && text_in(block, kPrefix).front() == '\0';
  if (!plain || !bytes || name.empty()) return corrupt("it holds something that is no plain file");
  at_ = next_ + kBlock;
  left_ = *bytes;
  next_ = at_ + (*bytes + kBlock - 1) / kBlock * kBlock;
  return std::optional(Entry{std::string(name), *bytes});
}

Result<size_t> TarReader::read(char* into, size_t size) {
  const size_t wanted = std::min<uint64_t>(size, left_);
  if (TRY(from_.read(at_, into, wanted)) != wanted) return corrupt("it is cut short");
  at_ += wanted;
  left_ -= wanted;
  return wanted;
}

}  // namespace rollcall::operations
